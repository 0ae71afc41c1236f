#![doc = include_str!("../README.md")]

mod acceptor;
mod channel;
mod connect;
mod drive;
mod poll;
mod run_client;
mod runtime;
mod serve;
mod signals;

pub use channel::{Receiver, channel};
pub use drive::drive;
pub use run_client::run_client;
pub use runtime::Std;
pub use serve::serve;
