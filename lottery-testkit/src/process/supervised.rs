//! Program under test.

use std::net::SocketAddr;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::lines::Lines;
use super::{Running, SOON, usage};

/// Longest life of a process, whatever happens to the test. The longest of those tests takes a quarter of a minute, on a
/// machine that does nothing else.
const LIFETIME: Duration = Duration::from_secs(300);

/// Process that does not outlive its test. Its methods panic if what they wait for does not come.
#[derive(Debug)]
pub struct Process {
    running: Arc<Running>,
    stdout: Arc<Lines>,
    stderr: Arc<Lines>,
    /// Ends the watchdog when it is dropped.
    #[expect(dead_code, reason = "it counts by living")]
    watched: Sender<()>,
}

impl Process {
    /// Starts a command, whose standard output is read.
    pub fn start(command: &mut Command) -> Self {
        Self::spawn(command.stdout(Stdio::piped()))
    }

    /// Starts a command as [`Process::start`] does, with standard output as the command has it.
    pub fn spawn(command: &mut Command) -> Self {
        let running = Running::start(command.stdin(Stdio::null()).stderr(Stdio::piped()));
        let running = Arc::new(running.unwrap_or_else(|error| panic!("{command:?}: {error}")));
        let stdout = running.stdout().map_or_else(|| Lines::keep(std::io::empty()), Lines::keep);
        let stderr = Lines::keep(running.stderr().expect("it is a pipe"));
        let (watched, end) = mpsc::channel::<()>();
        let victim = Arc::clone(&running);
        thread::spawn(move || {
            if end.recv_timeout(LIFETIME) == Err(RecvTimeoutError::Timeout) {
                let _ = victim.kill();
            }
        });
        Self { running, stdout, stderr, watched }
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        self.running.signal(signal).expect("the process is there");
    }

    /// Waits for a line on standard output that holds `part`.
    pub fn line(&self, part: &str) -> String {
        let lines = self.stdout.wait(|lines| lines.iter().any(|line| line.contains(part)));
        let found = lines.iter().find(|line| line.contains(part)).cloned();
        found.unwrap_or_else(|| panic!("no {part:?} in {lines:#?}, {:#?}", self.stderr.wait(|_| true)))
    }

    /// Waits until there are `count` lines on standard output, or the process ends.
    pub fn lines(&self, count: usize) -> Vec<String> {
        self.stdout.wait(|lines| lines.len() >= count)
    }

    /// Waits until a server has accepted `count` connections.
    pub fn accepted(&self, count: usize) {
        let accepted = |lines: &[String]| {
            lines.iter().filter(|line| line.contains("action: accept_connections | result: success")).count()
        };
        let lines = self.stdout.wait(|lines| accepted(lines) >= count);
        assert!(accepted(&lines) >= count, "{lines:#?}");
    }

    /// Returns the address that a server listens at, from its log.
    pub fn address(&self) -> SocketAddr {
        let line = self.line("action: listen | result: success");
        line.rsplit("address: ").next().and_then(|address| address.parse().ok()).expect("an address")
    }

    /// Waits until the process handles signals: it is past its beginning, or has ended by itself.
    pub fn ready(&self) {
        self.ready_for(&[Signal::TERM, Signal::INT]);
    }

    fn ready_for(&self, signals: &[Signal]) {
        let start = Instant::now();
        let all: u64 = signals.iter().map(|signal| 1 << (signal.as_raw() - 1)).fold(0, |all, one| all | one);
        loop {
            // A process that is over has no signals.
            let Some(state) = usage::status(self.pid(), "State") else { return };
            let Some(caught) = usage::status(self.pid(), "SigCgt") else { return };
            let caught = u64::from_str_radix(&caught, 16).expect("a number");
            if state.starts_with('Z') || caught & all == all {
                return;
            }
            assert!(start.elapsed() < SOON && self.is_running(), "{:#?}", self.stderr.wait(|_| true));
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Returns true if the process has not ended.
    pub fn is_running(&self) -> bool {
        self.running.try_wait().expect("the system tells").is_none()
    }

    /// Waits for the end, at most `limit`.
    pub fn status(&self, limit: Duration) -> ExitStatus {
        let status = self.running.wait(limit).expect("the system tells");
        status.unwrap_or_else(|| panic!("still running after {limit:?}: {:#?}", self.stdout.wait(|_| true)))
    }

    /// Waits for the end, and returns exit code, standard output and standard error.
    pub fn end(self, limit: Duration) -> (Option<i32>, Vec<String>, Vec<String>) {
        let status = self.status(limit);
        (status.code(), self.stdout.wait(|_| false), self.stderr.wait(|_| false))
    }

    /// Sends a signal, checks that the process ends for it in good order, and returns its lines.
    pub fn stop(self, signal: Signal) -> Vec<String> {
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
    pub fn stop_early(self, signal: Signal) -> String {
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
    pub fn has(&self, entries: &str) -> usize {
        usage::entries(self.pid(), entries).expect("the process is there")
    }

    /// Returns the CPU time used so far.
    pub fn cpu(&self) -> Duration {
        usage::cpu(self.pid()).expect("the process is there")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The watchdog may hold it a moment longer.
        self.running.end();
    }
}

/// Checks that an error says that the client gave up after `after` seconds or more, and returns the rest of
/// it.
///
/// # Panics
/// If it does not.
#[track_caller]
pub fn given_up(error: &str, after: f64) -> &str {
    let (tried, reason) = error
        .strip_prefix("error: given up after ")
        .and_then(|error| error.split_once("s: "))
        .unwrap_or_else(|| panic!("{error}"));
    assert!(tried.parse::<f64>().is_ok_and(|tried| tried >= after), "{error}");
    reason
}
