//! Shared helpers of the tests of the real programs: building and starting them, supervising them, and
//! talking to them.

#![allow(dead_code, reason = "not every test needs everything")]

pub(crate) mod faults;
pub(crate) mod files;
pub(crate) mod fuse;
pub(crate) mod power;
pub(crate) mod wire;

use std::io::{BufRead as _, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Time within which everything must have happened that does not wait for anything.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// Longest life of a process, whatever happens to the test.
const LIFETIME: Duration = Duration::from_secs(60);

/// Makes a test for each runtime of functions that take its name.
#[macro_export]
macro_rules! on_every_runtime {
    ($($name:ident),* $(,)?) => {
        mod on_tokio { $(#[test] fn $name() { super::$name("tokio"); })* }
        mod on_std { $(#[test] fn $name() { super::$name("std"); })* }
        mod on_smol { $(#[test] fn $name() { super::$name("smol"); })* }
    };
}

/// Returns the directory of the programs; the first call builds them.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        heed_signals();
        // TARGET/PROFILE/deps/this
        let this = std::env::current_exe().unwrap();
        let dir = this.parent().and_then(Path::parent).unwrap();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args([
            "build",
            "--quiet",
            "-p",
            "runtime-tokio",
            "-p",
            "runtime-std",
            "-p",
            "runtime-smol",
            "--bins",
        ]);
        cargo.arg("--target-dir").arg(dir.parent().unwrap());
        match dir.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => {}
            Some(profile) => _ = cargo.args(["--profile", profile]),
        }
        cargo.current_dir(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is"));
        let output = cargo.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        dir.to_owned()
    })
}

/// Passes no ignored signal on to the programs: `nohup` and background jobs of a shell begin with some
/// ignored, and a program leaves those alone. A handler does not outlive `exec`.
fn heed_signals() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
    let ignored = u64::from_str_radix(ignored, 16).unwrap();
    for signal in [Signal::HUP, Signal::INT].map(Signal::as_raw) {
        if ignored & 1 << (signal - 1) != 0 {
            signal_hook::flag::register(signal, Arc::default()).unwrap();
        }
    }
}

pub(crate) fn server_program(runtime: &str) -> PathBuf {
    programs().join(format!("lottery-server-{runtime}"))
}

/// Returns a program's command in that directory, with an environment without settings. `LLVM_PROFILE_FILE`
/// is kept: it measures test coverage.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    let kept = ["PATH", "LLVM_PROFILE_FILE"].map(|name| (name, std::env::var_os(name)));
    command
        .current_dir(dir)
        .env_clear()
        .envs(kept.into_iter().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Returns the command of a server of that runtime in that directory, with its data below it.
pub(crate) fn server(runtime: &str, dir: &Path) -> Command {
    server_at(runtime, dir, SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// Returns the command of a server that listens at `address`.
pub(crate) fn server_at(runtime: &str, dir: &Path, address: SocketAddr) -> Command {
    let mut server = command(server_program(runtime), dir);
    server.args(["--listen", &address.to_string(), "--data-dir", "data"]);
    server
}

/// Returns an address that nobody listens at, for a server that comes back. Its port is below those that the
/// system gives to connecting sockets: one of them would take it while the server is away.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() * 50 % 20_000).unwrap();
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return SocketAddr::from(([127, 0, 0, 1], port));
        }
    }
}

/// Returns the command of an agency of that runtime in that directory.
pub(crate) fn client(runtime: &str, dir: &Path, agency: u32, server: SocketAddr) -> Command {
    let mut client = command(programs().join(format!("lottery-client-{runtime}")), dir);
    client.args(["--agency", &agency.to_string(), "--server", &server.to_string()]);
    client.env("CLI_POLL_INITIAL", "50ms").env("CLI_POLL_MAX", "200ms");
    client
}

/// Lines that a process has written so far.
#[derive(Default)]
struct Lines {
    state: Mutex<(Vec<String>, bool)>,
    changed: Condvar,
}

impl Lines {
    fn follow(pipe: impl Read + Send + 'static) -> Arc<Self> {
        let lines = Arc::new(Self::default());
        let writer = Arc::clone(&lines);
        thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                writer.state.lock().unwrap().0.push(String::from_utf8_lossy(&line).into_owned());
                writer.changed.notify_all();
            }
            writer.state.lock().unwrap().1 = true;
            writer.changed.notify_all();
        });
        lines
    }

    /// Waits until `found` returns true, or no more lines will come, and returns all lines.
    fn wait(&self, found: impl Fn(&[String]) -> bool) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let waits = |state: &mut (Vec<String>, bool)| !state.1 && !found(&state.0);
        self.changed.wait_timeout_while(state, 2 * SOON, waits).unwrap().0.0.clone()
    }
}

/// Process that does not outlive its test.
pub(crate) struct Process {
    child: Arc<Mutex<Child>>,
    pid: u32,
    stdout: Arc<Lines>,
    stderr: Arc<Lines>,
    /// Ends the watchdog when it is dropped.
    #[expect(dead_code, reason = "it counts by living")]
    watched: Sender<()>,
}

impl Process {
    /// Starts a command, whose standard output is read unless the command says where it goes.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::spawn(command.stdout(Stdio::piped()))
    }

    /// Starts a command as [`Process::start`] does, with standard output as the command has it.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        let stdout = child.stdout.take().map_or_else(|| Lines::follow(std::io::empty()), Lines::follow);
        let stderr = Lines::follow(child.stderr.take().unwrap());
        let child = Arc::new(Mutex::new(child));
        let (watched, end) = mpsc::channel::<()>();
        let victim = Arc::clone(&child);
        thread::spawn(move || {
            if end.recv_timeout(LIFETIME) == Err(RecvTimeoutError::Timeout) {
                let _ = victim.lock().unwrap().kill();
            }
        });
        Self { child, pid, stdout, stderr, watched }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // The process is not reaped before `exit`: the id is still its own.
        let pid = Pid::from_raw(self.pid.cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for a line on standard output that holds `part`.
    pub(crate) fn line(&self, part: &str) -> String {
        let lines = self.stdout.wait(|lines| lines.iter().any(|line| line.contains(part)));
        let found = lines.iter().find(|line| line.contains(part)).cloned();
        found.unwrap_or_else(|| panic!("no {part:?} in {lines:#?}, {:#?}", self.stderr.wait(|_| true)))
    }

    /// Waits until there are `count` lines on standard output, or the process ends.
    pub(crate) fn lines(&self, count: usize) -> Vec<String> {
        self.stdout.wait(|lines| lines.len() >= count)
    }

    /// Waits until a server has accepted `count` connections.
    pub(crate) fn accepted(&self, count: usize) {
        let accepted = |lines: &[String]| {
            lines.iter().filter(|line| line.contains("action: accept_connections | result: success")).count()
        };
        let lines = self.stdout.wait(|lines| accepted(lines) >= count);
        assert!(accepted(&lines) >= count, "{lines:#?}");
    }

    /// Returns the address that a server listens at, from its log.
    pub(crate) fn address(&self) -> SocketAddr {
        let line = self.line("action: listen | result: success");
        line.rsplit("address: ").next().unwrap().parse().unwrap()
    }

    /// Waits until the process handles signals: it is past its beginning, or has ended by itself.
    pub(crate) fn ready(&self) {
        self.ready_for(&[Signal::TERM, Signal::INT]);
    }

    fn ready_for(&self, signals: &[Signal]) {
        let start = Instant::now();
        let all: u64 = signals.iter().map(|signal| 1 << (signal.as_raw() - 1)).fold(0, |all, one| all | one);
        loop {
            // A process that is over has no signals.
            let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", self.pid)) else { return };
            if status.contains("\nState:\tZ") {
                return;
            }
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
            if u64::from_str_radix(caught, 16).unwrap() & all == all {
                return;
            }
            assert!(start.elapsed() < SOON && self.is_running(), "{:#?}", self.stderr.wait(|_| true));
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.child.lock().unwrap().try_wait().unwrap().is_none()
    }

    /// Waits for the end, at most `limit`.
    pub(crate) fn status(&self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.lock().unwrap().try_wait().unwrap() {
                return status;
            }
            let in_time = start.elapsed() < limit;
            assert!(in_time, "still running after {limit:?}: {:#?}", self.stdout.wait(|_| true));
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for the end, and returns exit code, standard output and standard error.
    pub(crate) fn end(self, limit: Duration) -> (Option<i32>, Vec<String>, Vec<String>) {
        let status = self.status(limit);
        (status.code(), self.stdout.wait(|_| false), self.stderr.wait(|_| false))
    }

    /// Sends a signal, checks that the process ends for it in good order, and returns its lines.
    pub(crate) fn stop(self, signal: Signal) -> Vec<String> {
        self.ready_for(&[Signal::TERM, Signal::INT, signal]);
        self.signal(signal);
        let (code, stdout, stderr) = self.end(SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        let last = stdout.last().expect("a last line");
        assert!(last.contains("INFO     action: exit | result: success"), "{stdout:#?}");
        stdout
    }

    /// Sends a signal, checks that a client ends for it in good order before all is done, and returns what
    /// its error says is left.
    pub(crate) fn stop_early(self, signal: Signal) -> String {
        self.ready();
        self.signal(signal);
        let (code, stdout, stderr) = self.end(SOON);
        assert_eq!((code, stderr.len()), (Some(75), 1), "{stdout:#?} {stderr:#?}");
        let reason = stderr[0].strip_prefix("error: ").expect("an error");
        let last = stdout.last().expect("a last line");
        assert!(last.contains("ERROR    action: exit | result: fail | client_id: "), "{stdout:#?}");
        assert!(last.ends_with(&format!(" | reason: {reason}")), "{stdout:#?}");
        let left = reason.strip_prefix("stopped before all was done: ");
        left.unwrap_or_else(|| panic!("{reason}")).to_owned()
    }

    /// Returns the number of entries in `/proc`: `task` for threads, `fd` for descriptors.
    pub(crate) fn has(&self, what: &str) -> usize {
        std::fs::read_dir(format!("/proc/{}/{what}", self.pid)).unwrap().count()
    }

    /// Returns the CPU time used so far.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap();
        // From field 3 on; 14 and 15 are the times, in hundredths of a second.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }
}

/// Checks that an error says that the client gave up after `after` seconds or more, and returns the rest of
/// it.
#[track_caller]
pub(crate) fn given_up(error: &str, after: f64) -> &str {
    let (tried, reason) = error
        .strip_prefix("error: given up after ")
        .and_then(|error| error.split_once("s: "))
        .unwrap_or_else(|| panic!("{error}"));
    assert!(tried.parse::<f64>().unwrap() >= after, "{error}");
    reason
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
