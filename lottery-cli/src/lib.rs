#![doc = include_str!("../README.md")]

pub mod budget;
mod columns;
pub mod config;
pub mod health;
mod local_socket;
pub mod log;
#[cfg(test)]
mod logged;
pub mod program;
