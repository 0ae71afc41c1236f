//! One test suite over every runtime, dialect and role.
//!
//! A test is written once, for any pair of runtimes, and [`on_every_pair`] (or [`on_every_server`],
//! [`on_every_client`]) makes a test of it for each: `tokio_std::…` has its server on tokio and its client on
//! std. All is real but the network, which is the loopback: the runtimes are driven through their library
//! functions. Expected results come from this crate alone: its own reading of the agency files ([`files`]),
//! its own writing of the dialects ([`wire`]), and recordings of other programs ([`transcript`]).

pub mod agencies;
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
pub mod runtimes;
pub mod serving;
pub mod stop;
pub mod stores;
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
