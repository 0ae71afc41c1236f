//! Tests of the demo as a user sees it, on tiny files and debug builds: its output, its exit codes, and the
//! files and processes that it leaves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const ONE: &str = "Ana,Paz,20000001,1980-01-01,7574\r\nJosé,\"Pérez, Ñu\",20000002,2000-02-29,0008\r\n";
const TWO: &str = "Eva,Sosa,20000003,1999-12-31,0\r\n";

/// Files of two agencies, and a directory for the demo's temporary files.
struct Place {
    data: TempDir,
    temp: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { data: tempfile::tempdir().unwrap(), temp: tempfile::tempdir().unwrap() };
        fs::write(place.file(1), ONE).unwrap();
        fs::write(place.file(2), TWO).unwrap();
        place
    }

    fn file(&self, agency: u8) -> PathBuf {
        self.data.path().join(format!("agency-{agency}.csv"))
    }

    fn demo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["demo", "--debug", "--data"]).arg(self.data.path()).args(arguments);
        command.env("TMPDIR", self.temp.path()).stdin(Stdio::null());
        // Settings in the user's environment must not reach the demo's programs.
        command.env("SERVER_AGENCIES", "none").env("CLI_ID", "none").env("LOGGING_LEVEL", "none");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.demo(arguments).output().unwrap()
    }

    /// Returns the directories that the demo has left.
    fn left(&self) -> Vec<PathBuf> {
        fs::read_dir(self.temp.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

/// Counts the lottery's programs among those processes: a build has the directory in its arguments, too.
fn programs_in(path: &Path) -> usize {
    let of_the_lottery = |process: &PathBuf| {
        let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
        let program = arguments.split(|byte| *byte == 0).next().unwrap_or_default();
        program.rsplit(|byte| *byte == b'/').next().is_some_and(|name| name.starts_with(b"lottery-"))
    };
    processes_in(path).iter().filter(|process| of_the_lottery(process)).count()
}

/// Returns the processes that have `path` as their working directory, or in their arguments.
fn processes_in(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let of_it = |entry: &fs::DirEntry| {
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let name = path.to_str().unwrap();
        let inside = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(path));
        inside || String::from_utf8_lossy(&arguments).contains(name)
    };
    entries.filter(of_it).map(|entry| entry.path()).collect()
}

fn last_line(output: &[u8]) -> &str {
    std::str::from_utf8(output).unwrap().lines().last().unwrap_or_default()
}

fn assert_holds(arguments: &[&str], bets: u64, winners: &str) {
    let place = Place::new();
    let output = place.run(arguments);
    assert!(output.status.success(), "{output:?}");
    let expected =
        format!("bets.csv holds all {bets} bets, each once and in the order of its agency's file.");
    assert_eq!(last_line(&output.stdout), expected);
    let shown = String::from_utf8(output.stdout).unwrap();
    let row =
        |name: &str| shown.lines().find(|line| line.contains(&format!(" {name} ┆"))).unwrap().to_owned();
    assert!(row("1").contains(" 2 ┆ 20000001 "), "{shown}");
    assert!(row("2").contains(" 1 ┆    "), "{shown}");
    assert!(row("all").contains(&format!(" {bets} ┆ {winners} in all")), "{shown}");
    assert_eq!(place.left(), [] as [PathBuf; 0]);
    assert_eq!(processes_in(place.data.path()), [] as [PathBuf; 0]);
}

#[test]
fn tokio() {
    assert_holds(&["--runtime", "tokio", "--agencies", "2"], 3, "1");
}

#[test]
fn std() {
    assert_holds(&["--runtime", "std", "--agencies", "2"], 3, "1");
}

#[test]
fn smol() {
    assert_holds(&["--runtime", "smol", "--agencies", "2"], 3, "1");
}

#[test]
fn async_std() {
    assert_holds(&["--runtime", "async-std", "--agencies", "2"], 3, "1");
}

#[test]
fn runtimes_mix_and_files_are_used_again() {
    assert_holds(&["--runtime", "std,tokio,smol", "--agencies", "5"], 8, "3");
}

#[test]
fn each_agency_speaks_its_dialect() {
    let place = Place::new();
    many_bets(&place, 5);
    let output = place.run(&["--keep", "--dialects", "session,block,fixed,framed,braces"]);
    assert!(output.status.success(), "{output:?}");
    let [dir] = &place.left()[..] else { panic!("{output:?}") };
    let log = fs::read_to_string(dir.join("server.log")).unwrap();
    // Only the agency on `session` begins a session.
    assert_eq!(log.matches("action: session | result: success").count(), 1, "{log}");
    assert!(String::from_utf8(output.stdout).unwrap().contains(" 4500 ┆ 90 in all"));
}

/// Writes files with more bets than fit into one batch. Returns the number of bets.
fn many_bets(place: &Place, agencies: u8) -> u64 {
    let mut all = 0;
    for agency in 1..=agencies {
        let count = 300 * u32::from(agency);
        let bet = |nth| {
            let number = if nth % 50 == 7 { 7574 } else { nth };
            format!("José {nth},Paz,{},1980-01-31,{number}\r\n", u32::from(agency) * 1_000_000 + nth)
        };
        fs::write(place.file(agency), (0..count).map(bet).collect::<String>()).unwrap();
        all += u64::from(count);
    }
    all
}

#[test]
fn killed_processes_lose_nothing_and_store_nothing_twice() {
    for seed in ["7", "20260"] {
        let place = Place::new();
        let bets = many_bets(&place, 3);
        let output = place.run(&["--chaos", seed, "--kills", "12", "--agencies", "3"]);
        assert!(output.status.success(), "{seed}: {output:?}");
        let shown = String::from_utf8(output.stdout).unwrap();
        let told = format!("holds all {bets} bets, each once and in the order of its agency's file.");
        assert!(shown.contains(&told) && shown.contains(" 36 in all"), "{shown}");
        let kills = shown.lines().last().unwrap();
        assert!(kills.starts_with("12 kills on the way: the server "), "{kills}");
        assert!((1..=3).all(|agency| kills.contains(&format!(", agency {agency} "))), "{kills}");
        let progress = String::from_utf8(output.stderr).unwrap();
        assert_eq!(progress.lines().filter(|line| line.starts_with("killed ")).count(), 12, "{progress}");
        assert!(progress.lines().any(|line| line.ends_with(": reconnects")), "{progress}");
        assert_eq!(place.left(), [] as [PathBuf; 0]);
        assert_eq!(processes_in(place.temp.path()), [] as [PathBuf; 0]);
    }
}

#[test]
fn without_sessions_nobody_is_killed() {
    let place = Place::new();
    let output = place.run(&["--chaos", "7", "--dialects", "session,block"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = "error: --chaos needs sessions: with --dialects session, block what is killed stays dead";
    assert_eq!(last_line(&output.stderr), error);
}

#[test]
fn keep_leaves_data_and_logs() {
    let place = Place::new();
    let output = place.run(&["--keep", "--agencies", "2"]);
    assert!(output.status.success(), "{output:?}");
    let [dir] = &place.left()[..] else { panic!("{output:?}") };
    assert_eq!(last_line(&output.stdout), format!("Logs and data: {}", dir.display()));
    for file in ["data/bets.csv", "data/log/00000001.log", "server.log", "agency-1.log", "winners-2.txt"] {
        assert!(dir.join(file).exists(), "{file}");
    }
    let log = fs::read_to_string(dir.join("agency-2.log")).unwrap();
    assert!(log.ends_with("action: exit | result: success | client_id: 2\n"), "{log}");
}

#[test]
fn a_missing_file_or_directory_is_named() {
    let place = Place::new();
    let dir = place.data.path().display().to_string();
    fs::remove_file(place.file(1)).unwrap();
    let no_file = format!("error: {dir} holds no agency-1.csv: ");
    let no_dir = format!("error: cannot read the directory {dir}/nowhere: No such file or directory");
    let runs = [(place.run(&[]), no_file), {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        (command.args(["demo", "--data"]).arg(place.data.path().join("nowhere")).output().unwrap(), no_dir)
    }];
    for (output, error) in runs {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(last_line(&output.stderr).starts_with(&error), "{output:?}");
    }
    assert_eq!(place.left(), [] as [PathBuf; 0]);
}

#[test]
fn a_failing_agency_is_named_and_no_process_runs_on() {
    let place = Place::new();
    fs::write(place.file(2), "Eva,Sosa,20000003,1999-12-32,0\n").unwrap();
    let output = place.run(&["--agencies", "2"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let [dir] = &place.left()[..] else { panic!("{output:?}") };
    let log = dir.join("agency-2.log");
    let error = format!(
        "error: agency 2 failed: {}: line 1: birthdate: expected a date, YYYY-MM-DD; its log: {}",
        place.file(2).display(),
        log.display()
    );
    assert_eq!(last_line(&output.stderr), error);
    assert!(fs::read_to_string(log).unwrap().contains("action: exit | result: fail | client_id: 2"));
    assert_eq!(processes_in(place.temp.path()), [] as [PathBuf; 0]);
}

#[test]
fn a_signal_stops_all_processes() {
    let place = Place::new();
    // This agency never ends: it reads its bets from a pipe without a writer.
    fs::remove_file(place.file(2)).unwrap();
    let made = Command::new("mkfifo").arg(place.file(2)).status().unwrap();
    assert!(made.success());
    let mut demo =
        place.demo(&["--agencies", "2"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The server and an agency are running.
    wait_until(&mut demo, || programs_in(place.temp.path()) >= 2);
    kill_process(Pid::from_child(&demo), Signal::INT).unwrap();
    let status = demo.wait().unwrap();
    assert_eq!(status.code(), Some(1));
    assert_eq!(processes_in(place.temp.path()), [] as [PathBuf; 0]);
    assert_eq!(place.left(), [] as [PathBuf; 0]);
}

/// Waits until `is` returns true: 300 s at most, since there may be much to build.
fn wait_until(demo: &mut Child, is: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(300);
    while !is() {
        assert_eq!(demo.try_wait().unwrap(), None, "it has ended early");
        assert!(Instant::now() < end, "it does not come");
        sleep(Duration::from_millis(20));
    }
}
