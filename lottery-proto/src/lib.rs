#![doc = include_str!("../README.md")]
#![doc = include_str!("driver.md")]
#![cfg_attr(
    feature = "custom-dialects",
    doc = "## A dialect of one's own\n\nThe module [`wire`] is a guide, with a complete dialect."
)]
#![no_std]
#![cfg_attr(
    not(feature = "custom-dialects"),
    allow(
        unreachable_pub,
        unused_imports,
        dead_code,
        reason = "what dialects are made of is public with the feature"
    )
)]
#![warn(clippy::unwrap_used, clippy::indexing_slicing)]

extern crate alloc;

mod bet;
pub mod client;
mod close_reason;
mod conn;
mod dialect;
mod error;
#[cfg(any(test, feature = "serde"))]
mod serialization;
pub mod server;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod ticket;
#[cfg(feature = "custom-dialects")]
pub mod wire;
#[cfg(not(feature = "custom-dialects"))]
mod wire;

pub use bet::{
    AgencyId, AgencyIdError, Bet, BetFields, BetSlice, BetVec, Bets, Field, FieldError, FieldProblem,
    Iter as BetsIter, LineOfBet, MAX_DOCUMENT, MAX_NAME, ShortLine,
};
pub use client::{Client, ClientConfig, ClientConfigBuilder};
pub use close_reason::{CloseReason, Violation};
pub use conn::{Endpoint, Input, Instant, Io, Lender, SocketError, State};
pub use dialect::{Dialect, DialectProfile, Foreign, RejectionSign, UnknownDialect, WinnersFlow};
pub use error::{DecodeError, Problem, SendError};
pub use server::{ConfigError, Server, ServerConfig, ServerConfigBuilder};
pub use ticket::{ConnId, EchoReply, HelloReply, Receipt, Reply, ReplyError, Ticket, WinnersReply};
pub use wire::{Code, Failure, ListError, ListSize, Window, block};
