#![doc = include_str!("../README.md")]

pub mod agency_files;
mod by_program;
pub mod certificates;
pub mod client;
pub mod cuts;
pub mod dialects;
pub mod holding;
pub mod machines;
pub mod probe;
pub mod raw;
pub mod replay;
pub mod running;
pub mod runtimes;
pub mod server;
pub mod serving;
pub mod stages;
pub mod stop;
pub mod stores;
pub mod suite;
mod table;
pub mod thin_line;
pub mod time_limits;
pub mod transcript;

#[cfg(feature = "async-std")]
pub use runtimes::AsyncStd;
pub use runtimes::{Smol, Std, StoppableRuntime, Tokio};

/// Dialects in which any message may be the first on a connection: those without sessions.
pub const PLAIN: &[lottery_proto::Dialect] = &[
    lottery_proto::Dialect::BLOCK,
    lottery_proto::Dialect::FIXED,
    lottery_proto::Dialect::FRAMED,
    lottery_proto::Dialect::BRACES,
];
