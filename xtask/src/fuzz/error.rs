//! Errors of fuzzing.

use std::io;

/// Reason for which fuzzing failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// cargo could not be run.
    #[error("cannot run cargo: {0}")]
    Cargo(io::Error),
    /// cargo-fuzz is not installed.
    #[error("there is no cargo-fuzz here: cargo install cargo-fuzz")]
    NotInstalled,
    /// No target has that name.
    #[error("there is no target {0}")]
    Unknown(String),
    /// The seeds could not be made.
    #[error("the seeds could not be made: {0}")]
    Seeds(String),
    /// The build failed; cargo has printed the reason.
    #[error("the targets could not be built")]
    Build,
    /// Targets have found a failure. Holds their names.
    #[error("found something: {0}")]
    Found(String),
    /// Standard output is closed.
    #[error("cannot print: {0}")]
    Report(io::Error),
}
