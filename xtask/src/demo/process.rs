//! The processes: started with a log each, and stopped whatever happens.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, PipeReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Error;
use super::log_line::{self, Said};

/// How long processes may take to end when they are asked to, before they are killed.
const GRACE: Duration = Duration::from_secs(2);

/// Whose process it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Centre,
    Agency(u8),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Centre => f.write_str("the centre"),
            Self::Agency(agency) => write!(f, "agency {agency}"),
        }
    }
}

/// What happened.
#[derive(Debug)]
pub(super) enum Event {
    /// The centre listens at this address.
    Listening(String),
    /// An agency has sent so many bets of so many.
    Sent { agency: u8, bets: u64, total: u64 },
    /// All of an agency's bets are stored, since then.
    Stored { agency: u8, bets: u64, at: Instant },
    /// An agency has lost its connection, and tries again.
    Reconnects { agency: u8 },
    /// A process has closed its output: it is ending. With it comes the last error that it told of.
    Ended { who: Who, error: Option<String> },
    /// A signal asks the demo to stop.
    Interrupted,
}

/// The processes that run. Whoever drops this ends them.
#[derive(Debug)]
pub(super) struct Processes {
    running: Vec<(Who, Child)>,
    dir: PathBuf,
    events: Sender<Event>,
}

impl Processes {
    /// None yet. They will run in `dir`, have their logs there, and be reported on to `events`.
    pub(super) fn new(dir: &Path, events: Sender<Event>) -> Self {
        Self { running: Vec::new(), dir: dir.to_path_buf(), events }
    }

    /// Where whatever happens is to be reported.
    pub(super) fn events(&self) -> Sender<Event> {
        self.events.clone()
    }

    /// Where a process logs to.
    pub(super) fn log(&self, who: Who) -> PathBuf {
        self.dir.join(match who {
            Who::Centre => "centre.log".to_owned(),
            Who::Agency(agency) => format!("agency-{agency}.log"),
        })
    }

    /// Starts a process. All of its settings come from `arguments`: none from the environment or a file. If it was
    /// there before, its log goes on.
    pub(super) fn start(&mut self, who: Who, program: &Path, arguments: &[&str]) -> Result<(), Error> {
        let log = self.log(who);
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
        self.running.push((who, command.spawn().map_err(failed)?));
        let events = self.events.clone();
        let listener = thread::Builder::new().spawn(move || listen(who, output, file, &events));
        listener.map(drop).map_err(failed)
    }

    /// Waits for a process that is ending: how it ended.
    pub(super) fn wait(&mut self, who: Who) -> Option<ExitStatus> {
        let at = self.running.iter().position(|(other, _)| *other == who)?;
        self.running.swap_remove(at).1.wait().ok()
    }

    /// Kills a process, if it runs. It is still to be waited for.
    pub(super) fn kill(&mut self, who: Who) -> bool {
        let found = self.running.iter_mut().find(|(other, _)| *other == who);
        found.is_some_and(|(_, child)| child.kill().is_ok())
    }

    /// Asks all processes to end.
    pub(super) fn terminate(&self) {
        for (_, child) in &self.running {
            // It fails if the process has just ended by itself: that is as good.
            let _ = kill_process(Pid::from_child(child), Signal::TERM);
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.terminate();
        let end = Instant::now() + GRACE;
        while !self.running.is_empty() && Instant::now() < end {
            self.running.retain_mut(|(_, child)| matches!(child.try_wait(), Ok(None)));
            thread::sleep(Duration::from_millis(5));
        }
        for (_, child) in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Copies what a process says to its log, and reports what is of use.
fn listen(who: Who, output: PipeReader, log: File, events: &Sender<Event>) {
    let (mut output, mut log) = (BufReader::new(output), BufWriter::new(log));
    let (mut line, mut error) = (Vec::new(), None);
    while output.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
        let at = Instant::now();
        // A log that cannot be written must not stop the process.
        let _ = log.write_all(&line);
        let text = String::from_utf8_lossy(&line);
        let event = match (who, log_line::read(text.trim_end())) {
            (Who::Centre, Some(Said::Listening(address))) => Some(Event::Listening(address.to_owned())),
            (Who::Agency(agency), Some(Said::Sent(bets, total))) => Some(Event::Sent { agency, bets, total }),
            (Who::Agency(agency), Some(Said::Stored(bets))) => Some(Event::Stored { agency, bets, at }),
            (Who::Agency(agency), Some(Said::Reconnects)) => Some(Event::Reconnects { agency }),
            (_, Some(Said::Error(text))) => {
                error = Some(text.to_owned());
                None
            }
            _ => None,
        };
        // If nobody listens any more, the process is still heard out.
        let _ = event.map(|event| events.send(event));
        line.clear();
    }
    drop(log);
    let _ = events.send(Event::Ended { who, error });
}
