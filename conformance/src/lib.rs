#![doc = include_str!("../README.md")]

pub mod agencies;
mod by_program;
pub mod centre;
pub mod files;
pub mod holding;
pub mod logged;
pub mod memory;
pub mod patience;
pub mod pieces;
pub mod probe;
pub mod raw;
pub mod replay;
pub mod running;
pub mod runtimes;
pub mod serving;
pub mod stop;
pub mod stores;
pub mod suite;
mod table;
pub mod thin;
pub mod transcript;
pub mod wire;

#[cfg(feature = "async-std")]
pub use runtimes::AsyncStd;
pub use runtimes::{OnRuntime, Smol, Std, Tokio};

/// Dialects in which any message may be the first on a connection: those without sessions.
pub const PLAIN: &[lottery_proto::Dialect] = &[
    lottery_proto::Dialect::Block,
    lottery_proto::Dialect::Fixed,
    lottery_proto::Dialect::Framed,
    lottery_proto::Dialect::Braces,
];
