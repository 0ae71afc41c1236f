#![doc = include_str!("../README.md")]
#![no_std]
#![warn(clippy::unwrap_used, clippy::indexing_slicing)]

extern crate alloc;

mod agency;
mod bet;
mod bet_vec;
mod bets;
pub mod client;
mod config;
mod date;
mod digits;
mod error;
mod failure;
mod lender;
mod lifecycle;
mod list;
mod machine;
mod recv_buffer;
mod send_buffer;
pub mod server;
mod ticket;
mod time;
mod timer;
mod wire;
mod words;

pub use agency::AgencyId;
pub use bet::{Bet, Field, FieldError, FieldProblem, MAX_DOCUMENT, MAX_NAME};
pub use bet_vec::BetVec;
pub use bets::{Bets, Iter as BetsIter};
pub use client::Client;
pub use config::{ClientConfig, ServerConfig};
pub use error::{CloseReason, DecodeError, Problem, SendError, Violation};
pub use failure::{Code, Failure};
pub use lender::Lender;
pub use lifecycle::{State, TRANSITIONS, Transition};
pub use list::{ListError, ListSize};
pub use machine::{Input, Io, Machine};
pub use server::Server;
pub use ticket::{
    AnonymousWaiter, Batch, ConnId, Echo, EchoReply, Finished, Hello, HelloReply, Receipt, Reply, ReplyError,
    Request, SingleBet, Ticket, WinnersQuery, WinnersReply,
};
pub use time::Instant;
pub use wire::{Dialect, DialectProfile, Foreign, WinnersFlow, block};
