#![doc = include_str!("../README.md")]

pub mod agency_file;
pub mod client;
pub mod commit_queue;
pub mod committer;
pub mod digest;
#[cfg(test)]
mod logged;
pub mod lottery;
pub mod lottery_service;
pub mod memory;
pub mod messages;
mod peers;
pub mod probes;
mod redact;
pub mod server_connection;
pub mod store;
