//! Interface between a runtime and the application on a connection.

use lottery_proto::{Endpoint, Instant};

/// One end of a connection, with the application behind it. A driver uses this trait and [`Endpoint`], and knows nothing
/// else.
pub trait Machine: Endpoint {
    /// Message from another task to this connection.
    type Notice: Send + 'static;

    /// Delivers a notice from another task.
    fn notice(&mut self, now: Instant, notice: Self::Notice);
}
