#![doc = include_str!("../README.md")]

mod channel;
mod clock;
pub mod connect;
mod dialer;
pub mod driving;
mod listener;
mod machine;
mod mailbox;
mod runtime;
mod secured;
mod service;
pub mod signals;
mod socket_file;
pub mod sockets;
mod target;

pub use channel::{Receiver, Sender, channel};
pub use clock::Clock;
pub use dialer::{Dialer, Step};
pub use listener::{Listener, Peer, Socket};
pub use machine::Machine;
pub use mailbox::{Envelope, Mailbox};
pub use runtime::{ACCEPT_PAUSE, RunClient, Serve};
pub use secured::Secured;
pub use service::Service;
pub use socket_file::{SocketFile, listen_local};
pub use target::Target;
