//! Files that are changed under a running server. If its store is taken away it acknowledges nothing more and
//! ends with 74; `bets.csv` is made anew, and files that are not its own are left alone.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::faults::skip;
use crate::support::{Process, SOON, client, command, server, server_program};

on_every_runtime!(
    a_server_whose_files_are_taken_away_ends,
    an_idle_server_notices_missing_files,
    nothing_is_acknowledged_into_a_replaced_directory,
    a_directory_that_is_mounted_over_or_unmounted_ends_the_server,
    bets_csv_is_made_anew,
    a_foreign_bets_csv_is_left_alone,
    a_directory_that_may_not_be_written_names_user_owner_and_mode,
);

/// Checks that the server has ended by itself, because of that file.
fn ended(server: Process, file: &str, case: &str) {
    let (code, stdout, stderr) = server.end(2 * SOON);
    assert_eq!((code, stderr.len()), (Some(74), 1), "{case}: {stdout:#?} {stderr:#?}");
    let says = format!(
        "error: data/{file}: failed, the last group may be stored or not: it was moved, replaced or deleted, or something is \
         mounted over it"
    );
    assert_eq!(stderr[0], says, "{case}");
    assert!(stdout.last().unwrap().contains("action: exit | result: fail"), "{case}: {stdout:#?}");
}

fn agency(runtime: &str, dir: &Path, bets: &Bets, server: &Process) -> Command {
    let mut client = client(runtime, dir, bets.agency, server.address());
    client.arg("--bets").arg(&bets.path).args(["--retry-for", "0s", "--batch-max-amount", "20"]);
    client
}

/// Way to change a file.
type Way = (&'static str, fn(&Path));

/// Way to take something away, and the file that the server then names.
type Taken = (&'static str, fn(&Path), &'static str);

const WAYS: [Taken; 6] = [
    ("store deleted", |data| fs::remove_file(data.join("lottery.redb")).unwrap(), "lottery.redb"),
    ("store moved", |data| fs::rename(data.join("lottery.redb"), data.join("old")).unwrap(), "lottery.redb"),
    (
        "store replaced",
        |data| {
            fs::copy(data.join("lottery.redb"), data.join("copy")).unwrap();
            fs::rename(data.join("copy"), data.join("lottery.redb")).unwrap();
        },
        "lottery.redb",
    ),
    ("lock deleted", |data| fs::remove_file(data.join("lottery.lock")).unwrap(), "lottery.lock"),
    (
        "lock replaced",
        |data| {
            fs::write(data.join("other"), "").unwrap();
            fs::rename(data.join("other"), data.join("lottery.lock")).unwrap();
        },
        "lottery.lock",
    ),
    ("directory moved", |data| fs::rename(data, data.with_extension("old")).unwrap(), "lottery.lock"),
];

fn a_server_whose_files_are_taken_away_ends(runtime: &str) {
    for (case, take, file) in WAYS {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let bets = Bets::make(dir, 1, 50_000);
        let server = Process::start(&mut server(runtime, dir));
        let sending = Process::start(&mut agency(runtime, dir, &bets, &server));
        server.line("action: apuesta_recibida | result: success");
        take(&dir.join("data"));
        ended(server, file, case);
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
    fs::remove_file(dir.join("data/lottery.redb")).unwrap();
    // A second server can begin, and then it is the only one.
    let second = Process::start(&mut server(runtime, dir));
    second.address();
    ended(first, "lottery.lock", "both deleted");
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
    ended(server, "lottery.lock", "directory replaced");
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
        ended(server, "lottery.lock", if over { "mounted over" } else { "unmounted" });
        assert_eq!(sending.end(2 * SOON).0, Some(1));
        if over {
            unmount(&data);
            unmount(&data);
        }
    }
}

fn bets_csv_is_made_anew(runtime: &str) {
    let ways: [Way; 4] = [
        ("deleted", |csv| fs::remove_file(csv).unwrap()),
        ("moved", |csv| fs::rename(csv, csv.with_extension("old")).unwrap()),
        ("cut", |csv| fs::OpenOptions::new().write(true).open(csv).unwrap().set_len(1000).unwrap()),
        ("emptied", |csv| fs::write(csv, "").unwrap()),
    ];
    for (case, change) in ways {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let agencies = [Bets::make(dir, 1, 20_000), Bets::make(dir, 2, 20_000)];
        let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
        let csv = dir.join("data/bets.csv");
        let first = Process::start(&mut agency(runtime, dir, &agencies[0], &server));
        first.line("apuestas_enviadas");
        change(&csv);
        // The same holds while there is nothing to commit.
        let begins = server.line("action: repair_bets_csv | result: in_progress");
        assert!(begins.contains("WARNING"), "{case}: {begins}");
        let anew = server.line("action: repair_bets_csv | result: success | size: ");
        assert!(anew.contains("INFO"), "{case}: {anew}");
        change(&csv);
        let second = Process::start(&mut agency(runtime, dir, &agencies[1], &server));
        for agency in [first, second] {
            assert_eq!(agency.end(4 * SOON).0, Some(0), "{case}");
        }
        let counted =
            Process::start(command(server_program(runtime), dir).args(["count", "--data-dir", "data"]));
        assert_eq!(counted.end(SOON).1, ["agency 1: 20000", "agency 2: 20000", "all: 40000"], "{case}");
        while !fs::read_to_string(&csv).is_ok_and(|text| text.lines().count() == 40_000) {
            assert!(server.is_running());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let lines = server.stop(Signal::TERM);
        let said = |result: &str| lines.iter().filter(|line| line.contains(result)).count();
        assert_eq!(said("action: repair_bets_csv | result: in_progress"), 2, "{case}: {lines:#?}");
        assert_eq!(said("action: repair_bets_csv | result: success"), 2, "{case}: {lines:#?}");
        assert_eq!(stored(&dir.join("data"), &agencies), [20_000; 2], "{case}");
    }
}

fn a_foreign_bets_csv_is_left_alone(runtime: &str) {
    let ways: [Taken; 3] = [
        (
            "rows of somebody",
            |csv| {
                fs::write(csv.with_extension("new"), "9,Ana,Paz,1,1980-01-01,1\r\n").unwrap();
                fs::rename(csv.with_extension("new"), csv).unwrap();
            },
            "reason: it holds rows that the store does not have, and is left alone",
        ),
        (
            "a symbolic link",
            |csv| {
                fs::remove_file(csv).unwrap();
                fs::write(csv.with_extension("other"), "mine").unwrap();
                symlink(csv.with_extension("other"), csv).unwrap();
            },
            "reason: a symbolic link, expected a regular file",
        ),
        (
            "a directory",
            |csv| {
                fs::remove_file(csv).unwrap();
                fs::create_dir(csv).unwrap();
            },
            "reason: not a regular file",
        ),
    ];
    for (case, change, reason) in ways {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let agencies = [Bets::make(dir, 1, 1000), Bets::make(dir, 2, 1000)];
        let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
        let csv = dir.join("data/bets.csv");
        let first = Process::start(&mut agency(runtime, dir, &agencies[0], &server));
        first.line("apuestas_enviadas");
        change(&csv);
        let line = server.line("action: repair_bets_csv | result: fail | behind: ");
        assert!(line.ends_with(reason), "{case}: {line}");
        // The server goes on, in many groups, and the line is not logged again.
        let second = Process::start(&mut agency(runtime, dir, &agencies[1], &server));
        for agency in [first, second] {
            assert_eq!(agency.end(4 * SOON).0, Some(0), "{case}");
        }
        if csv.is_dir() {
            fs::remove_dir(&csv).unwrap();
        } else {
            let kept = fs::read_to_string(&csv).unwrap();
            assert!(kept == "mine" || kept == "9,Ana,Paz,1,1980-01-01,1\r\n", "{case}");
            fs::remove_file(&csv).unwrap();
        }
        server.line("action: repair_bets_csv | result: success | size: ");
        let lines = server.stop(Signal::TERM);
        let said = lines.iter().filter(|line| line.contains("action: repair_bets_csv | result: fail"));
        assert_eq!(said.count(), 1, "{case}: {lines:#?}");
        assert_eq!(stored(&dir.join("data"), &agencies), [1000; 2], "{case}");
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
        let (code, _, stderr) = Process::start(server.uid(12345).gid(54321)).end(SOON);
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
    as_user.args(["count", "--data-dir", "theirs"]).uid(12345).gid(54321);
    assert_eq!(Process::start(&mut as_user).end(SOON), (Some(0), vec!["all: 0".to_owned()], vec![]));
}
