#![doc = include_str!("../README.md")]

mod connect;
mod dead_socket;
mod drive;
mod run_client;
mod runtime;
mod serve;
mod signals;

pub use drive::drive;
pub use run_client::run_client;
pub use runtime::Smol;
#[cfg(feature = "async-std")]
pub use runtime::async_std::AsyncStd;
pub use serve::{Connection, serve};
