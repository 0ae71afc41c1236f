#![doc = include_str!("../README.md")]

mod connect;
mod drive;
mod run_client;
mod runtime;
mod serve;
mod signals;
mod socket;

pub use drive::drive;
pub use run_client::run_client;
pub use runtime::Tokio;
pub use serve::serve;
pub use socket::{Listener, Socket};
