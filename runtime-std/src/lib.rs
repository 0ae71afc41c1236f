//! Driver of the lottery's machines on blocking threads: one for each connection.
//!
//! A thread waits with `poll(2)` for its socket and its mailbox at once, so it reads, writes and receives
//! notices in the order in which they come.

mod acceptor;
mod channel;
mod connect;
mod drive;
mod poll;
mod run_client;
mod runtime;
mod serve;
mod signals;

pub use channel::{Receiver, Sender, channel};
pub use drive::drive;
pub use run_client::run_client;
pub use runtime::Std;
pub use serve::serve;
