//! Store that is taken away from a running server, which acknowledges nothing more and ends with 74; and
//! directories that may not be written.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::faults::skip;
use crate::support::{Process, SOON, client, command, server, server_program, without_coverage};

on_every_runtime!(
    a_server_whose_files_are_taken_away_ends,
    an_idle_server_notices_missing_files,
    nothing_is_acknowledged_into_a_replaced_directory,
    a_directory_that_is_mounted_over_or_unmounted_ends_the_server,
    a_directory_that_may_not_be_written_names_user_owner_and_mode,
);

const SEGMENT: &str = "log/00000001.log";
const STORE: &[&str] = &[SEGMENT];
const LOCK: &[&str] = &["lottery.lock"];
/// Files of a directory that is taken away while they are checked, one after the other.
const EITHER: &[&str] = &["lottery.lock", SEGMENT];

/// Checks that the server has ended by itself, because of one of these files.
fn ended(server: Process, files: &[&str], case: &str) {
    let (code, stdout, stderr) = server.end(2 * SOON);
    assert_eq!((code, stderr.len()), (Some(74), 1), "{case}: {stdout:#?} {stderr:#?}");
    let reason = "failed, the last group may be stored or not: it was moved, replaced or deleted, or something is \
                  mounted over it";
    let says = |file: &&str| stderr[0] == format!("error: data/{file}: {reason}");
    assert!(files.iter().any(says), "{case}: {}", stderr[0]);
    assert!(stdout.last().unwrap().contains("action: exit | result: fail"), "{case}: {stdout:#?}");
}

pub(crate) fn agency(runtime: &str, dir: &Path, bets: &Bets, server: &Process) -> Command {
    let mut client = client(runtime, dir, bets.agency, server.address());
    client.arg("--bets").arg(&bets.path).args(["--retry-for", "0s", "--batch-max-amount", "20"]);
    client
}

/// Way to take something away, and the files of which the server then names one.
type Taken = (&'static str, fn(&Path), &'static [&'static str]);

const WAYS: [Taken; 6] = [
    ("store deleted", |data| fs::remove_file(data.join(SEGMENT)).unwrap(), STORE),
    ("store moved", |data| fs::rename(data.join(SEGMENT), data.join("old")).unwrap(), STORE),
    (
        "store replaced",
        |data| {
            fs::copy(data.join(SEGMENT), data.join("copy")).unwrap();
            fs::rename(data.join("copy"), data.join(SEGMENT)).unwrap();
        },
        STORE,
    ),
    ("lock deleted", |data| fs::remove_file(data.join("lottery.lock")).unwrap(), LOCK),
    (
        "lock replaced",
        |data| {
            fs::write(data.join("other"), "").unwrap();
            fs::rename(data.join("other"), data.join("lottery.lock")).unwrap();
        },
        LOCK,
    ),
    ("directory moved", |data| fs::rename(data, data.with_extension("old")).unwrap(), EITHER),
];

fn a_server_whose_files_are_taken_away_ends(runtime: &str) {
    for (case, take, files) in WAYS {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let bets = Bets::make(dir, 1, 50_000);
        let server = Process::start(&mut server(runtime, dir));
        let sending = Process::start(&mut agency(runtime, dir, &bets, &server));
        server.line("action: apuesta_recibida | result: success");
        take(&dir.join("data"));
        ended(server, files, case);
        let (code, ..) = sending.end(2 * SOON);
        assert_eq!(code, Some(1), "{case}: the agency is told that it is not done");
    }
}

fn an_idle_server_notices_missing_files(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let first = Process::start(&mut server(runtime, dir));
    first.address();
    fs::remove_file(dir.join("data/lottery.lock")).unwrap();
    fs::remove_file(dir.join("data/log/00000001.log")).unwrap();
    // A second server can begin, and then it is the only one.
    let second = Process::start(&mut server(runtime, dir));
    second.address();
    ended(first, EITHER, "both deleted");
    assert!(second.is_running());
    second.stop(Signal::TERM);
}

fn nothing_is_acknowledged_into_a_replaced_directory(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let agencies = [Bets::make(dir, 1, 50_000)];
    let server = Process::start(server(runtime, dir).args(["--agencies", "1"]));
    let sending = Process::start(agency(runtime, dir, &agencies[0], &server).args(["--log-level", "DEBUG"]));
    server.line("action: apuesta_recibida | result: success");
    // All that was acknowledged so far is in the copy: it is made before the file is taken away, and nothing
    // is acknowledged after.
    server.signal(Signal::STOP);
    fs::rename(dir.join("data"), dir.join("old")).unwrap();
    fs::create_dir(dir.join("data")).unwrap();
    server.signal(Signal::CONT);
    ended(server, EITHER, "directory replaced");
    let (_, stdout, stderr) = sending.end(2 * SOON);
    let said = stderr[0].strip_suffix(" of 50000 bets are stored").and_then(|error| error.rsplit(' ').next());
    let said: usize = said.unwrap_or_else(|| panic!("{stdout:#?} {stderr:#?}")).parse().unwrap();
    assert_eq!(fs::read_dir(dir.join("data")).unwrap().count(), 0, "nothing was written to the new one");
    // A start brings `bets.csv` up to date.
    let mut again = command(server_program(runtime), dir);
    let again =
        Process::start(again.args(["--listen", "127.0.0.1:0", "--data-dir", "old", "--agencies", "1"]));
    again.address();
    again.stop(Signal::TERM);
    let kept = stored(&dir.join("old"), &agencies)[0];
    // The group that was under way may be stored, and is not acknowledged.
    assert!(said <= kept, "{said} acknowledged, {kept} stored");
}

fn a_directory_that_is_mounted_over_or_unmounted_ends_the_server(runtime: &str) {
    let mount = |path: &Path| {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"]).arg(path);
        mount.output().is_ok_and(|output| output.status.success())
    };
    let unmount = |path: &Path| {
        assert!(Command::new("umount").arg("--lazy").arg(path).status().unwrap().success());
    };
    for over in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        fs::create_dir(&data).unwrap();
        if !mount(&data) {
            return skip("nothing can be mounted here, so no data directory is mounted over");
        }
        let bets = Bets::make(dir.path(), 1, 50_000);
        let server = Process::start(&mut server(runtime, dir.path()));
        let sending = Process::start(&mut agency(runtime, dir.path(), &bets, &server));
        server.line("action: apuesta_recibida | result: success");
        if over {
            assert!(mount(&data));
        } else {
            unmount(&data);
        }
        ended(server, EITHER, if over { "mounted over" } else { "unmounted" });
        assert_eq!(sending.end(2 * SOON).0, Some(1));
        if over {
            unmount(&data);
            unmount(&data);
        }
    }
}

fn a_directory_that_may_not_be_written_names_user_owner_and_mode(runtime: &str) {
    if !rustix::process::geteuid().is_root() {
        return skip("no other user can be had here, so no directory is another's");
    }
    let dir = tempfile::tempdir().unwrap();
    let (dir, data) = (dir.path(), dir.path().join("data"));
    fs::create_dir(&data).unwrap();
    for path in [dir, &data] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let said = |place: &str| {
        let mut server = server(runtime, dir);
        let (code, _, stderr) = Process::start(without_coverage(&mut server).uid(12345).gid(54321)).end(SOON);
        assert_eq!((code, stderr.len()), (Some(1), 1), "{stderr:#?}");
        let ours = format!(
            "error: {place}: cannot be used: Permission denied (os error 13); this is user 12345, group 54321, and "
        );
        stderr[0].strip_prefix(&ours).unwrap_or_else(|| panic!("{stderr:#?}")).to_owned()
    };
    let data = data.canonicalize().unwrap().display().to_string();
    assert_eq!(said("data/lottery.lock"), format!("{data} belongs to user 0, group 0, with mode 0755"));
    // Files that root has made in it belong to root, too.
    let server = Process::start(&mut server(runtime, dir));
    server.address();
    server.stop(Signal::TERM);
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
    let lock = format!("{data}/lottery.lock belongs to user 0, group 0, with mode 0600");
    assert_eq!(said("data/lottery.lock"), lock);
    // In a directory of another user, root's files become that user's.
    let theirs = dir.join("theirs");
    fs::create_dir(&theirs).unwrap();
    std::os::unix::fs::chown(&theirs, Some(12345), Some(54321)).unwrap();
    let mut as_root = command(server_program(runtime), dir);
    let server = Process::start(as_root.args(["--listen", "127.0.0.1:0", "--data-dir", "theirs"]));
    server.address();
    server.stop(Signal::TERM);
    let mut as_user = command(server_program(runtime), dir);
    let as_user =
        without_coverage(&mut as_user).args(["count", "--data-dir", "theirs"]).uid(12345).gid(54321);
    assert_eq!(Process::start(as_user).end(SOON), (Some(0), vec!["all: 0".to_owned()], vec![]));
}
