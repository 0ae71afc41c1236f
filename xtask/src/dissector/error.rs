//! Errors of the check of the dissector.

use std::io;

/// Reason for which the check failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// tshark is not installed.
    #[error("there is no tshark here: apt-get install tshark")]
    NotInstalled,
    /// A file could not be read or written.
    #[error("a file cannot be read or written: {0}")]
    Files(#[from] io::Error),
    /// A recording cannot be understood.
    #[error("{0}: not a recording: {1}")]
    Recording(String, String),
    /// tshark, or the script in it, said something. It exits with 0 all the same.
    #[error("tshark says: {0}")]
    Said(String),
    /// The dissector shows something else than `lottery-proto` decodes.
    #[error("{0}")]
    Differs(String),
}
