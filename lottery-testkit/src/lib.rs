#![doc = include_str!("../README.md")]

#[cfg(feature = "log")]
pub mod log;
pub mod process;

/// Code of the repository's README, run as it stands there. No crate that is published can include a file outside of it.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
