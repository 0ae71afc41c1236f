#![doc = include_str!("../README.md")]

pub mod budget;
mod columns;
pub mod config;
mod door;
pub mod health;
pub mod log;
pub mod program;
