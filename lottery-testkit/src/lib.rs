#![doc = include_str!("../README.md")]

#[cfg(feature = "machines")]
mod bets;
pub mod crc32c;
#[cfg(feature = "store")]
pub mod disk;
#[cfg(feature = "machines")]
mod events;
#[cfg(feature = "machines")]
pub mod grammar;
#[cfg(feature = "machines")]
pub mod invariants;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "machines")]
mod machines;
mod packets;
mod pipe;
pub mod process;
#[cfg(feature = "machines")]
pub mod reference;
#[cfg(feature = "machines")]
mod requests;
mod rng;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "table")]
mod table;

#[cfg(feature = "machines")]
pub use bets::{ANA, JOSE, bet, text};
pub use crc32c::crc32c;
#[cfg(feature = "machines")]
pub use events::{ClientEvent, ServerEvent, client_events, server_events};
#[cfg(feature = "machines")]
pub use machines::{
    LATE_INPUTS, at, carry, client, client_of, drive, feed, give, open_session, server, server_with, take,
};
pub use packets::{
    BATCH, BATCH_ACK, BET, BET_ACK, BLOCK, ERROR, FINISHED, HELLO, WELCOME, WINNER, batch, block, framed,
    hello, packet, session_batch, session_packets, short, welcome,
};
pub use pipe::Pipe;
#[cfg(feature = "machines")]
pub use requests::{ACCEPT, Answer, DRAWN, PendingRequest, accept_next, reject_next};
pub use rng::Rng;
#[cfg(feature = "table")]
pub use table::table;

/// Code of the repository's README, run as it stands there. No crate that is published can include a file outside of it.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
