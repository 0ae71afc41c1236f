//! What can go wrong in a demo.

use std::io;
use std::path::PathBuf;

use super::check::Difference;

/// Why a demo failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The agencies' files could not be made.
    #[error(transparent)]
    Data(#[from] crate::data::Error),
    /// There is no such directory, or it cannot be read.
    #[error("cannot read the directory {}: {source}", path.display())]
    DataDir { path: PathBuf, source: io::Error },
    /// There is nothing to begin with.
    #[error("{} holds no agency-1.csv: the agencies' files are agency-1.csv, agency-2.csv and so on", .0.display())]
    NoFiles(PathBuf),
    /// Arguments of a process are text.
    #[error("{}: the name of a file of bets must be UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// cargo could not be run.
    #[error("cannot run cargo: {0}")]
    Cargo(io::Error),
    /// cargo has said why.
    #[error("the programs for {0} could not be built")]
    Build(String),
    /// There is no place for data and logs.
    #[error("cannot make a temporary directory: {0}")]
    Directory(io::Error),
    /// A file of the demo's own.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A process could not be started.
    #[error("cannot start {}: {source}", program.display())]
    Start { program: PathBuf, source: io::Error },
    /// A process failed, or ended too early.
    #[error("{who} failed: {reason}; its log: {}", log.display())]
    Child { who: String, reason: String, log: PathBuf },
    /// Signals could not be listened for.
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    /// Ctrl-C, or SIGTERM.
    #[error("interrupted: all processes were stopped")]
    Interrupted,
    /// Only sessions survive a kill.
    #[error("--chaos needs sessions: with --dialects {0} what is killed stays dead")]
    NoSessions(String),
    /// No port is free for a centre that comes back.
    #[error("no free port below those that connections get")]
    NoPort,
    /// The processes were done before everybody's turn had come.
    #[error("{who} was never killed: there is too little to do")]
    Spared { who: String },
    /// What was stored is not what was sent.
    #[error(transparent)]
    Wrong(#[from] Difference),
    /// Standard output.
    #[error("cannot write to standard output: {0}")]
    Report(io::Error),
}
