#![doc = include_str!("../README.md")]
#![no_std]
#![warn(clippy::unwrap_used, clippy::indexing_slicing)]

extern crate alloc;

mod agency;
mod bet;
mod bets;
pub mod client;
mod config;
mod date;
mod digits;
mod error;
mod inbox;
mod life;
mod machine;
mod outbox;
pub mod server;
mod ticket;
mod time;
mod timer;
mod wire;

pub use agency::AgencyId;
pub use bet::{Bet, Field, FieldError, FieldProblem, MAX_DOCUMENT, MAX_NAME};
pub use bets::{Bets, BetsBuf, Iter as BetsIter};
pub use client::Client;
pub use config::{ClientConfig, ServerConfig};
pub use error::{CloseReason, Code, DecodeError, Failure, Problem, SendError, Violation};
pub use life::{On, State, TRANSITIONS};
pub use machine::{Input, Io, Machine};
pub use server::Server;
pub use ticket::{
    Batch, ConnId, Echo, EchoReply, Finished, Hello, HelloReply, Receipt, Reply, ReplyError, Request,
    SingleBet, Stranger, Ticket, WinnersQuery, WinnersReply,
};
pub use time::Instant;
pub use wire::{Dialect, Manner, Question, block};
