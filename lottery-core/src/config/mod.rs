//! How the programs are configured.

pub mod duration;
