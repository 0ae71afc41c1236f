#![doc = include_str!("../README.md")]

pub mod agency;
pub mod app;
pub mod bet_list;
pub mod centre;
pub mod centres;
pub mod committer;
pub mod config;
pub mod desk;
pub mod dial;
pub mod digest;
mod door;
pub mod driving;
pub mod encoded_bets;
pub mod health;
mod listing;
pub mod log;
pub mod memory;
mod peers;
#[cfg(feature = "planted")]
pub mod planted;
mod pool;
pub mod seam;
pub mod signals;
pub mod sockets;
pub mod store;
pub mod transfer;
