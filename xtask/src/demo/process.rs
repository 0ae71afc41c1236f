//! Processes of the demo, each with a log. They are stopped in any case.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, PipeReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use lottery_testkit::process::{Running, follow};
use rustix::process::Signal;

use super::Error;
use super::log_line::{self, Said};

/// Longest time that processes may take to end after SIGTERM, before they are killed.
const GRACE: Duration = Duration::from_secs(2);

/// Role of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Server,
    Client(u8),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server => f.write_str("the server"),
            Self::Client(agency) => write!(f, "agency {agency}"),
        }
    }
}

/// Event of a process or of the demo.
#[derive(Debug)]
pub(super) enum Event {
    /// The server listens on this address.
    Listening(String),
    /// An agency has sent `bets` of its `total` bets.
    Sent { agency: u8, bets: u64, total: u64 },
    /// All of an agency's bets were stored by `at`.
    Stored { agency: u8, bets: u64, at: Instant },
    /// An agency has lost its connection, and tries again.
    Reconnects { agency: u8 },
    /// A process has closed its output: it is ending. `error` is the last error that it printed.
    Ended { role: Role, error: Option<String> },
    /// A signal asks the demo to stop.
    Interrupted,
}

/// Processes that run. They are ended on drop.
#[derive(Debug)]
pub(super) struct Processes {
    running: Vec<(Role, Running)>,
    dir: PathBuf,
    events: Sender<Event>,
}

impl Processes {
    /// Creates an empty set. Processes will run in `dir`, log there, and be reported on to `events`.
    pub(super) fn new(dir: &Path, events: Sender<Event>) -> Self {
        Self { running: Vec::new(), dir: dir.to_path_buf(), events }
    }

    /// Returns a sender of events.
    pub(super) fn events(&self) -> Sender<Event> {
        self.events.clone()
    }

    /// Returns the path of a process's log.
    pub(super) fn log(&self, role: Role) -> PathBuf {
        self.dir.join(match role {
            Role::Server => "server.log".to_owned(),
            Role::Client(agency) => format!("agency-{agency}.log"),
        })
    }

    /// Starts a process. All of its settings come from `arguments`: none from the environment or a file. The
    /// log of a process that ran before is continued.
    pub(super) fn start(&mut self, role: Role, program: &Path, arguments: &[&str]) -> Result<(), Error> {
        let log = self.log(role);
        let file = File::options()
            .append(true)
            .create(true)
            .open(&log)
            .map_err(|source| Error::File { path: log, source })?;
        let failed = |source| Error::Start { program: program.to_path_buf(), source };
        let (output, input) = io::pipe().map_err(failed)?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.dir).stdin(Stdio::null());
        command.stdout(input.try_clone().map_err(failed)?).stderr(input);
        for (name, _) in std::env::vars_os() {
            let setting = |name: &str| name.starts_with("SERVER_") || name.starts_with("CLI_");
            if name.to_str().is_some_and(|name| setting(name) || name == "LOGGING_LEVEL") {
                command.env_remove(name);
            }
        }
        self.running.push((role, Running::start(&mut command).map_err(failed)?));
        listen(role, output, file, self.events.clone()).map_err(failed)
    }

    /// Waits for a process that is ending. Returns its exit status.
    pub(super) fn wait(&mut self, role: Role) -> Option<ExitStatus> {
        let at = self.running.iter().position(|(other, _)| *other == role)?;
        self.running.swap_remove(at).1.wait(Duration::MAX).ok()?
    }

    /// Kills a process, which still has to be waited for. Returns false if it is not there.
    pub(super) fn kill(&mut self, role: Role) -> bool {
        let found = self.running.iter().find(|(other, _)| *other == role);
        found.is_some_and(|(_, process)| process.kill().is_ok())
    }

    /// Sends SIGTERM to all processes.
    pub(super) fn terminate(&self) {
        for (_, process) in &self.running {
            // The signal fails if the process has just ended by itself, which is as good.
            let _ = process.signal(Signal::TERM);
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.terminate();
        let end = Instant::now() + GRACE;
        for (_, process) in &self.running {
            // A process that is still there is killed when it is dropped.
            let _ = process.wait(end.saturating_duration_since(Instant::now()));
        }
    }
}

/// Copies the output of a process to its log, and reports the lines that the demo uses.
fn listen(role: Role, output: PipeReader, log: File, events: Sender<Event>) -> io::Result<()> {
    let (mut log, mut error) = (BufWriter::new(log), None);
    follow(output, move |line| {
        let at = Instant::now();
        let Some(line) = line else {
            let _ = log.flush();
            let _ = events.send(Event::Ended { role, error: error.take() });
            return;
        };
        // A log that cannot be written must not stop the process.
        let _ = log.write_all(line).and_then(|()| log.write_all(b"\n"));
        let text = String::from_utf8_lossy(line);
        let event = match (role, log_line::read(text.trim_end())) {
            (Role::Server, Some(Said::Listening(address))) => Some(Event::Listening(address.to_owned())),
            (Role::Client(agency), Some(Said::Sent(bets, total))) => {
                Some(Event::Sent { agency, bets, total })
            }
            (Role::Client(agency), Some(Said::Stored(bets))) => Some(Event::Stored { agency, bets, at }),
            (Role::Client(agency), Some(Said::Reconnects)) => Some(Event::Reconnects { agency }),
            (_, Some(Said::Error(text))) => {
                error = Some(text.to_owned());
                None
            }
            _ => None,
        };
        // Without a receiver, the output is still read: a full pipe would block the process.
        let _ = event.map(|event| events.send(event));
    })
}
