//! Real programs that speak over a socket in the file system: `--listen unix:PATH`, `--server unix:PATH`.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::{Process, SOON, client, server};

on_every_runtime!(a_lottery_over_a_socket_in_the_file_system, a_place_that_cannot_be_listened_at_is_named);

fn at(runtime: &str, dir: &Path, listen: &str) -> Command {
    // The port of the helper is another setting of the same origin.
    let mut started = Command::new(server(runtime, dir).get_program());
    started.current_dir(dir).env_clear().args(["--agencies", "1", "--listen", listen]);
    started
}

fn an_agency(runtime: &str, dir: &Path, at: &str) -> Command {
    let program = client(runtime, dir, 1, ([127, 0, 0, 1], 1).into());
    let mut agency = Command::new(program.get_program());
    agency.current_dir(dir).env_clear().args(["--agency", "1", "--server", at]);
    agency
}

fn a_lottery_over_a_socket_in_the_file_system(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let path = dir.join("lottery.socket");
    let address = format!("unix:{}", path.display());
    fs::write(dir.join("bets.csv"), "Ana,Paz,20000001,1980-01-01,7574\n").unwrap();
    // A server that is killed leaves its file, and the next one takes its place.
    let first = Process::start(&mut at(runtime, dir, &address));
    first.line("action: listen | result: success");
    let (code, _, stderr) =
        Process::start(at(runtime, dir, &address).args(["--data-dir", "other"])).end(SOON);
    let expected = format!("error: cannot listen at {address}: a server listens there");
    assert_eq!((code, stderr), (Some(1), vec![expected]));
    first.signal(Signal::KILL);
    first.end(SOON);
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket());
    let second = Process::start(&mut at(runtime, dir, &address));
    second.line("action: listen | result: success");
    assert_eq!(fs::symlink_metadata(&path).unwrap().mode() & 0o777, 0o660);
    let mut agency = an_agency(runtime, dir, &address);
    let (code, stdout, stderr) =
        Process::start(agency.args(["--bets", "bets.csv", "--winners", "won"])).end(SOON);
    assert_eq!((code, stderr.len()), (Some(0), 0), "{stdout:#?} {stderr:#?}");
    assert_eq!(fs::read_to_string(dir.join("won")).unwrap(), "20000001\n");
    second.line("action: accept_connections | result: success | ip: local");
    let (code, _, stderr) = Process::start(at(runtime, dir, &address).arg("health")).end(SOON);
    let expected = format!("error: {address} has no port: health asks servers that have one");
    assert_eq!((code, stderr), (Some(1), vec![expected]));
    second.stop(Signal::TERM);
    assert!(!path.exists(), "its file is gone at a clean end");
    let (code, _, stderr) =
        Process::start(an_agency(runtime, dir, &address).args(["--bets", "bets.csv", "--retry-for", "0s"]))
            .end(SOON);
    assert_eq!(code, Some(1));
    assert!(stderr[0].contains(&address) && stderr[0].contains("No such file or directory"), "{stderr:#?}");
}

fn a_place_that_cannot_be_listened_at_is_named(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let precious = dir.join("precious");
    fs::write(&precious, "precious").unwrap();
    for (place, expected) in [
        ("precious", "the file there is no socket, and was left alone"),
        ("missing/socket", "No such file or directory"),
    ] {
        let address = format!("unix:{}", dir.join(place).display());
        let (code, _, stderr) = Process::start(&mut at(runtime, dir, &address)).end(SOON);
        assert_eq!(code, Some(1));
        assert!(
            stderr[0].starts_with(&format!("error: cannot listen at {address}: {expected}")),
            "{stderr:#?}"
        );
    }
    assert_eq!(fs::read_to_string(precious).unwrap(), "precious");
}
