#![doc = include_str!("../README.md")]

pub mod agency;
pub mod app;
pub mod bet_list;
pub mod centre;
pub mod centres;
pub mod committer;
pub mod config;
pub mod desk;
pub mod digest;
mod door;
pub mod encoded_bets;
pub mod health;
mod listing;
pub mod log;
pub mod memory;
mod peers;
#[cfg(feature = "planted")]
pub mod planted;
mod pool;
pub mod store;
pub mod transfer;
