//! Errors of a demo.

use std::io;
use std::path::PathBuf;

use super::check::Difference;

/// Reason for which a demo failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The agencies' files could not be made.
    #[error(transparent)]
    Data(#[from] crate::data::Error),
    /// The directory is missing or cannot be read.
    #[error("cannot read the directory {}: {source}", path.display())]
    DataDir { path: PathBuf, source: io::Error },
    /// The directory has no file of agency 1.
    #[error("{} holds no agency-1.csv: the agencies' files are agency-1.csv, agency-2.csv and so on", .0.display())]
    NoFiles(PathBuf),
    /// A path is not UTF-8, which the arguments of a process must be.
    #[error("{}: the name of a file of bets must be UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// cargo could not be run.
    #[error("cannot run cargo: {0}")]
    Cargo(io::Error),
    /// The build failed; cargo has printed the reason.
    #[error("the programs for {0} could not be built")]
    Build(String),
    /// No directory for data and logs could be created.
    #[error("cannot make a temporary directory: {0}")]
    Directory(io::Error),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A process could not be started.
    #[error("cannot start {}: {source}", program.display())]
    Start { program: PathBuf, source: io::Error },
    /// A process failed, or ended too early.
    #[error("{role} failed: {reason}; its log: {}", log.display())]
    Child { role: String, reason: String, log: PathBuf },
    /// Signal handlers could not be installed.
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    /// SIGINT (Ctrl-C) or SIGTERM arrived.
    #[error("interrupted: all processes were stopped")]
    Interrupted,
    /// A dialect without sessions was chosen with kills: only a session survives one.
    #[error("--chaos needs sessions: with --dialects {0} what is killed stays dead")]
    NoSessions(String),
    /// The lottery ended before each process was killed once.
    #[error("{role} was never killed: there is too little to do")]
    Spared { role: String },
    /// The stored bets or the winners differ from the files.
    #[error(transparent)]
    Wrong(#[from] Difference),
    /// Standard output could not be written.
    #[error("cannot write to standard output: {0}")]
    Report(io::Error),
}
