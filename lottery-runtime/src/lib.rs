#![doc = include_str!("../README.md")]

pub mod dial;
pub mod driving;
mod seam;
pub mod signals;
pub mod sockets;

pub use seam::{ACCEPT_PAUSE, Dialer, Envelope, Mailbox, RunClient, Serve, Service, Step};
