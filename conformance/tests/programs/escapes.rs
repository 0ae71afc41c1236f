//! Bytes that a peer, or the name of a file, would like to write to standard output and standard error: they are
//! escaped.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::support::{Process, SOON, client, command, server_program};

on_every_runtime!(text_of_a_server_is_escaped, names_of_files_are_escaped);

/// Text that would turn a terminal red, end a line and begin another one.
const EVIL: &str = "\u{1b}[31mred\r\n22:11:15 INFO     action: forged | result: success\u{202e}";

/// Escaped text of [`EVIL`] on standard error, where there are no fields.
const TAMED: &str = r"\x1b[31mred\r\n22:11:15 INFO     action: forged | result: success\u{202e}";

fn text_of_a_server_is_escaped(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = dir.path().join("one-bet.csv");
    std::fs::write(&bets, "Ana,Paz,20000001,1980-01-01,7574\r\n").unwrap();
    let block = |kind: u8, payload: &str| {
        let size = u16::try_from(4 + payload.len()).unwrap().to_le_bytes();
        let mut block = vec![kind, 1, size[0], size[1]];
        block.extend_from_slice(payload.as_bytes());
        block.resize(8192, 0);
        block
    };
    let framed = format!("error;{EVIL}");
    for (dialect, answer) in [
        ("session", block(9, &format!("malformed|{EVIL}"))),
        ("framed", format!("{:08}{framed}", framed.len()).into_bytes()),
        ("braces", format!("ERROR:{EVIL};").into_bytes()),
        ("fixed", format!("E{:05}{EVIL}", EVIL.chars().count()).into_bytes()),
        ("echo", format!("{EVIL}\n").into_bytes()),
    ] {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let said = answer.clone();
        let server = thread::spawn(move || {
            let (mut socket, _) = server.accept().unwrap();
            let mut some = [0; 1];
            let _ = socket.read_exact(&mut some);
            let _ = socket.write_all(&said);
            socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
            let _ = socket.read_to_end(&mut Vec::new());
        });
        let mut agency = client(runtime, dir.path(), 1, address);
        agency.args(["--retry-for", "0s", "--answer-timeout", "2s"]);
        match dialect {
            "echo" => agency.args(["echo", "--loop-amount", "1"]),
            _ => agency.args(["--dialect", dialect, "--bets"]).arg(&bets),
        };
        let (code, stdout, stderr) = Process::start(&mut agency).end(2 * SOON);
        assert_ne!(code, Some(0), "{dialect}: {stdout:#?}");
        // Ends the thread in case nobody has connected.
        drop(TcpStream::connect(address));
        server.join().unwrap();
        for line in stdout.iter().chain(&stderr) {
            let raw = line.contains(|c: char| c.is_control() || c == '\u{202e}');
            assert!(!raw, "{dialect}: {line:?}");
        }
        // `echo` shows the last line, which is the one behind the line end.
        let shown = if dialect == "echo" { r"\x1b[31mred" } else { TAMED };
        for (lines, shown) in [(&stdout, shown.replace('|', r"\x7c")), (&stderr, shown.to_owned())] {
            assert!(lines.iter().any(|line| line.contains(&shown)), "{dialect}: {stdout:#?}, {stderr:#?}");
        }
    }
}

fn names_of_files_are_escaped(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(EVIL), "a file").unwrap();
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut bets = client(runtime, dir.path(), 1, nowhere);
    bets.arg("--bets").arg(format!("{EVIL}/bets"));
    let mut config = client(runtime, dir.path(), 1, nowhere);
    config.arg("--config").arg(format!("{EVIL}/config"));
    let mut winners = client(runtime, dir.path(), 1, nowhere);
    winners.args(["--bets", "/dev/null", "--winners"]).arg(format!("{EVIL}/winners"));
    let mut data = command(server_program(runtime), dir.path());
    data.args(["--listen", "127.0.0.1:0", "--data-dir", EVIL]);
    let mut count = command(server_program(runtime), dir.path());
    count.args(["count", "--data-dir", EVIL]);
    // A program with such a name prints it.
    let named = dir.path().join("\u{1b}[31mred\r\nserver");
    std::os::unix::fs::symlink(server_program(runtime), &named).unwrap();
    let mut help = command(&named, dir.path());
    help.arg("--help");
    for (mut command, tamed) in [
        (bets, TAMED),
        (config, TAMED),
        (winners, TAMED),
        (data, TAMED),
        (count, TAMED),
        (help, r"\x1b[31mred\r\nserver"),
    ] {
        let (_, stdout, stderr) = Process::start(&mut command).end(SOON);
        let lines = [stdout, stderr].concat();
        assert!(lines.iter().any(|line| line.contains(tamed)), "{command:?}: {lines:#?}");
        assert!(lines.iter().all(|line| !line.contains('\u{1b}')), "{lines:#?}");
    }
}
