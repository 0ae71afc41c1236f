//! Error of a log that cannot be read.

use std::fmt;
use std::io;

use lottery_core::store::StoreError;

use super::directory::Directory;

/// File, and what is wrong with it: the system's error, or damage with its offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) place: String,
    pub(super) cause: String,
    /// True if what was read is not what was written; false if it could not be read.
    pub(super) is_damage: bool,
}

impl Broken {
    pub(super) fn at(directory: &dyn Directory, name: &str, cause: &dyn fmt::Display) -> Self {
        Self { place: directory.place(name), cause: cause.to_string(), is_damage: false }
    }

    pub(super) fn damage(directory: &dyn Directory, name: &str, cause: &dyn fmt::Display) -> Self {
        Self { is_damage: true, ..Self::at(directory, name, cause) }
    }

    /// Returns the error of a store that is being opened.
    pub(super) fn unusable(self) -> StoreError {
        StoreError::Unusable { place: self.place, cause: self.cause }
    }

    /// Returns the error of a store that was in use.
    pub(super) fn failed(self) -> StoreError {
        StoreError::Failed { place: self.place, cause: self.cause }
    }
}

/// For the comparison with `bets.csv`, which has no other errors.
impl From<Broken> for io::Error {
    fn from(Broken { place, cause, .. }: Broken) -> Self {
        Self::other(format!("{place}: {cause}"))
    }
}
