//! Errors of the commands about containers.

use std::io;
use std::path::PathBuf;

/// Reason for which a command about containers failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A program could not be run at all.
    #[error("cannot run {program}: {source}")]
    Run { program: String, source: io::Error },
    /// A program ran, and failed.
    #[error("{command} failed{}{said}", if said.is_empty() { "" } else { ": " })]
    Failed { command: String, said: String },
    /// Neither `docker compose` nor `docker-compose` works.
    #[error("there is neither docker compose nor docker-compose")]
    NoCompose,
    /// No engine responds.
    #[error("no Docker engine: {0}")]
    NoEngine(String),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The agencies' files could not be made.
    #[error(transparent)]
    Data(#[from] crate::data::Error),
    /// Names that the tests use belong to something else.
    #[error("there is already {0}: the tests need its name, and remove what they made under it")]
    InUse(String),
    /// Standard output could not be written.
    #[error("cannot write to standard output: {0}")]
    Report(io::Error),
    /// Checks failed.
    #[error("{failed} of {all} checks failed")]
    Checks { failed: usize, all: usize },
}
