//! The dialect holds what the machines rely on, and the programs that are made with it speak it.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use lottery_proto::testing::{Samples, check_detection, check_wire};
use lottery_proto::{AgencyId, Bet, Dialect};
use lottery_testkit::process::{Process, SOON};
use ndjson::NDJSON;

fn bet<'a>(first: &'a str, last: &'a str, document: &'a str) -> Bet<'a> {
    Bet::new([first, last, document, "2000-02-29", "7574"]).unwrap()
}

#[test]
fn ndjson_passes_the_checks_of_a_wire() {
    let long = "\"ñ\\".repeat(60);
    let bets =
        [bet("Ana", "Paz", "20000001"), bet("José \"Pepe\"", "Núñez\\{},:", "1"), bet(&long, &long, "2")];
    check_wire(
        NDJSON,
        &Samples {
            agency: AgencyId::new(99_999).unwrap(),
            bets: &bets,
            unsendable: &[],
            requests: &[
                b"{\"agency\" : 1, \"finished\":true}\n",
                b"{\"agency\":2,\"winners\":true}\r\n",
                b"{\"agency\":3,\"bets\":[]}\n",
                b"{\"agency\":3,\"bets\":[{\"number\":1,\"last_name\":\"N\\u00fa\\u00f1ez\",\"first_name\":\"\\ud83d\\ude00\",\
                  \"document\":\"007\", \"birthdate\":\"1999-12-31\"}]}\n",
            ],
            documents: &["20000001", "7", "12345678901234567890"],
        },
    );
}

#[test]
fn no_other_dialect_is_detected_as_ndjson() {
    let first: [(Dialect, &[u8]); 5] = [
        (NDJSON, b"{\"agency\":1,\"finished\":true}\n"),
        (Dialect::FRAMED, b"00000003END"),
        (Dialect::FIXED, b"F00001"),
        (Dialect::BRACES, b"N{AgencyID:1};"),
        (Dialect::ECHO, b"{\"agent\":1}\n"),
    ];
    check_detection(&[&[NDJSON], Dialect::ALL].concat(), &first);
}

/// Starts the server for one agency, and returns it with its address.
fn serve(dir: &Path, dialects: &[&str]) -> (Process, String) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_ndjson-server"));
    server.args(["--agencies=1", "--listen=127.0.0.1:0", "--store=memory", "--config=/dev/null"]);
    let server = Process::start(server.args(dialects).current_dir(dir));
    let line = server.line("action: listen");
    let address = line.split("127.0.0.1:").nth(1).unwrap().split([' ', '|']).next().unwrap();
    (server, format!("127.0.0.1:{address}"))
}

#[test]
fn programs_that_are_made_with_ndjson_hold_a_lottery() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, address) = serve(dir.path(), &[]);
    let bets = dir.path().join("bets.csv");
    let line =
        |n: u32| format!("José,\"Núñez, \"\"N\"\"\",{n},1980-01-01,{}\n", if n % 50 == 7 { 7574 } else { n });
    fs::write(&bets, (1..=230).map(line).collect::<String>()).unwrap();
    let mut client = Command::new(env!("CARGO_BIN_EXE_ndjson-client"));
    client.args([
        "--agency=1",
        "--dialect=ndjson",
        "--winners=-",
        "--config=/dev/null",
        "--server",
        &address,
    ]);
    let output = client.arg("--bets").arg(&bets).current_dir(dir.path()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed} {}", String::from_utf8_lossy(&output.stderr));
    assert!(
        ["7", "57", "107", "157", "207"].iter().all(|won| printed.lines().any(|line| line == *won)),
        "{printed}"
    );
}

#[test]
fn lines_by_hand_are_answered_and_their_mistakes_named() {
    let dir = tempfile::tempdir().unwrap();
    let (server, address) = serve(dir.path(), &["--dialects=ndjson,echo"]);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    for (line, reply) in [
        (
            r#"{"agency":1,"bets":[{"first_name":"Ana","last_name":"N\u00fa\u00f1ez","document":"7","birthdate":"1980-01-01","number":7574}]}"#,
            r#"{"stored":true}"#,
        ),
        (r#"{"agency":1,"winners":true}"#, r#"{"pending":true}"#),
        (r#"{"agency":1,"finished":true}"#, r#"{"stored":true}"#),
        (r#"{"agency":1,"winners":true}"#, r#"{"winners":["7"]}"#),
        (r#"{"agency":1,"winners":7}"#, r#"{"error":"malformed: expected JSON as documented (at byte 22)"}"#),
    ] {
        writeln!(stream, "{line}").unwrap();
        assert_eq!(replies.next().unwrap(), reply, "{line}");
    }
    drop(server);
}

#[test]
fn the_guide_shows_this_code() {
    let root = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let root = Path::new(&root);
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let code = [read("src/lib.rs"), read("src/bin/ndjson-server.rs")].concat();
    let lines: Vec<_> = code.lines().map(str::trim).collect();
    let guide = read("../../docs/your-own-wire.md");
    let mut shown = 0;
    for block in guide.split("```rust,ignore\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for line in block.lines().map(str::trim).filter(|line| !line.contains('…')) {
            assert!(lines.contains(&line), "{line}");
            shown += 1;
        }
    }
    assert!(shown > 30);
}
