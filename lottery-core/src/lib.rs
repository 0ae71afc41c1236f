#![doc = include_str!("../README.md")]

pub mod agency_file;
pub mod client;
pub mod commit_queue;
pub mod committer;
pub mod digest;
pub mod encoded_bets;
mod listing;
#[cfg(test)]
mod logged;
pub mod lottery_service;
pub mod memory;
mod peers;
mod pool;
pub mod probes;
mod redact;
pub mod server_connection;
pub mod store;
