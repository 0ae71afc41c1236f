//! Connections, in both roles: the driver's interface, buffers, life cycle and timers.

mod endpoint;
mod lender;
mod lifecycle;
mod recv_buffer;
mod reply_queue;
mod send_buffer;
mod time;
mod timer;

pub use endpoint::{Endpoint, Input, Io, SocketError};
pub use lender::Lender;
pub use lifecycle::State;
pub(crate) use lifecycle::{Lifecycle, Transition};
pub(crate) use recv_buffer::{FIRST_STEP, RecvBuffer};
pub(crate) use reply_queue::ReplyQueue;
pub(crate) use send_buffer::SendBuffer;
pub use time::Instant;
pub(crate) use timer::{Timer, Timers, message_limit};
