//! The seam between a machine and the runtime that drives it.

use core::fmt;

use crate::Instant;

/// What a machine wants from its driver now.
///
/// It is computed afresh from the machine's state by each [`Machine::poll_io`]: asking again, or not asking,
/// changes nothing.
#[must_use]
pub struct Io<'a> {
    /// Read into this, then report [`Input::Received`]. Empty: do not read, TCP holds the peer back.
    pub recv: &'a mut [u8],
    /// Write from this, then report [`Input::Sent`]. Empty: nothing to write.
    pub send: &'a [u8],
    /// Half-close the write side, then report [`Input::FinSent`].
    pub fin: bool,
    /// If nothing else happens until then, report [`Input::Timeout`].
    pub deadline: Option<Instant>,
}

/// The lengths only: the bytes are personal data.
impl fmt::Debug for Io<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io")
            .field("recv", &self.recv.len())
            .field("send", &self.send.len())
            .field("fin", &self.fin)
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// What happened in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// So many bytes, at least one, were read into [`Io::recv`].
    Received(usize),
    /// The peer will send no more.
    Eof,
    /// So many bytes, at least one, of [`Io::send`] were written.
    Sent(usize),
    /// The write side was half-closed.
    FinSent,
    /// Time passed. Always safe to report, also when no deadline is due.
    Timeout,
    /// Take no more requests, finish what was begun, close.
    Shutdown,
    /// The socket failed: it can be neither read nor written any more.
    Failed,
}

/// One end of a connection, with the application behind it. A runtime drives this and knows nothing else.
///
/// Every method may be called at any time, in any order, any number of times.
///
/// | [`Io`] says | the driver does | and reports |
/// | --- | --- | --- |
/// | `recv` is not empty | reads into it, at most its length | [`Input::Received`], at its end [`Input::Eof`] |
/// | `send` is not empty | writes from it, as much as the socket takes | [`Input::Sent`] |
/// | `fin` | half-closes the write side | [`Input::FinSent`] |
/// | `deadline` | sleeps until then at most | [`Input::Timeout`] |
/// | a read, write or half-close failed | | [`Input::Failed`] |
/// | the program is to end | | [`Input::Shutdown`] |
///
/// When both reading and writing are wanted, a driver waits for both at once: whichever is possible first is
/// done first. A driver that insists on one of them can deadlock.
pub trait Machine {
    /// What other tasks tell this connection.
    type Notice: Send + 'static;

    /// What to do now; `None` once the socket should be dropped.
    fn poll_io(&mut self) -> Option<Io<'_>>;

    /// Tells the machine what happened at `now`. Never fails, never blocks.
    fn handle(&mut self, now: Instant, input: Input);

    /// Hands the machine a notice from another task.
    fn notice(&mut self, now: Instant, notice: Self::Notice);
}
