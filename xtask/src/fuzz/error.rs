//! What can go wrong when fuzzing.

use std::io;

/// Why it failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// cargo could not be run.
    #[error("cannot run cargo: {0}")]
    Cargo(io::Error),
    /// It is no part of cargo.
    #[error("there is no cargo-fuzz here: cargo install cargo-fuzz")]
    NotInstalled,
    /// No target has that name.
    #[error("there is no target {0}")]
    Unknown(String),
    /// The seeds could not be made.
    #[error("the seeds could not be made: {0}")]
    Seeds(String),
    /// cargo has said why.
    #[error("the targets could not be built")]
    Build,
    /// Something does not hold.
    #[error("found something: {0}")]
    Found(String),
    /// Standard output is closed.
    #[error("cannot print: {0}")]
    Report(io::Error),
}
