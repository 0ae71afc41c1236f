//! Interface between a machine and its driver.

use core::fmt;

use crate::Instant;

/// I/O that a machine wants from its driver now: bytes to read and write, FIN, deadline.
///
/// Each [`Endpoint::poll_io`] computes it from the machine's state, so that polling again, or not polling, changes
/// nothing.
#[must_use]
#[non_exhaustive]
pub struct Io<'a> {
    /// Buffer to read into, then report [`Input::Received`]. If it is empty, do not read: TCP holds the peer back.
    pub recv: &'a mut [u8],
    /// Bytes to write, then report [`Input::Sent`]. Empty if there is nothing to write.
    pub send: &'a [u8],
    /// True if the write side is to be half-closed; then report [`Input::FinSent`].
    pub fin: bool,
    /// Time from which [`Input::Timeout`] is to be reported, once nothing more can be read or written without waiting.
    pub deadline: Option<Instant>,
    /// True if [`Input::Unacked`] is to be reported before the timeout: the machine waits for a reply to bytes that may
    /// still be on their way.
    pub unacked: bool,
}

impl<'a> Io<'a> {
    /// Returns what a machine wants that reads into `recv` and sends `send`, and nothing else: no FIN, no deadline.
    pub const fn new(recv: &'a mut [u8], send: &'a [u8]) -> Self {
        Self { recv, send, fin: false, deadline: None, unacked: false }
    }
}

/// Shows the lengths only: the bytes are personal data.
impl fmt::Debug for Io<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io")
            .field("recv", &self.recv.len())
            .field("send", &self.send.len())
            .field("fin", &self.fin)
            .field("deadline", &self.deadline)
            .field("unacked", &self.unacked)
            .finish()
    }
}

/// Events that a driver reports to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input {
    /// At least one byte was read into [`Io::recv`]. Holds the number of bytes.
    Received(usize),
    /// The peer has ended its side: no more bytes will come.
    Eof,
    /// At least one byte of [`Io::send`] was written. Holds the number of bytes.
    Sent(usize),
    /// The write side was half-closed.
    FinSent,
    /// Number of written bytes that the peer's system has not acknowledged: they are on their way, or still in the
    /// local system.
    Unacked(usize),
    /// Time has passed, and everything that the system held was read before. Always safe to report, also when no
    /// deadline is due. Only this input ends deadlines, however late other inputs are reported.
    Timeout,
    /// The program is to end: take no more requests, finish those that were begun, close.
    Shutdown,
    /// The socket failed, for that reason as far as the driver knows it: it can be neither read nor written any more.
    Failed(SocketError),
}

/// Reasons for which a socket fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// The peer, or something between, has reset the connection.
    #[error("reset by the peer")]
    Reset,
    /// Nobody takes connections at that address.
    #[error("nobody listens there")]
    Refused,
    /// The peer's system gives no sign of life.
    #[error("no sign of life of the peer")]
    TimedOut,
    /// No way leads to the peer, as the system says.
    #[error("no way leads to the peer")]
    Unreachable,
    /// The connection could not be secured, for this reason: another attempt with the same certificates would fail
    /// again.
    #[error("not secured: {0}")]
    NotSecured(&'static str),
    /// The protection of the connection broke, for this reason: an end without its mark, or changed bytes for example.
    #[error("no longer secured: {0}")]
    Broken(&'static str),
    /// Another failure, or one without a reason that the driver knows.
    #[error("the socket failed")]
    Other,
}

/// Machine of one end of a connection, as a driver sees it.
///
/// Every method may be called at any time, in any order, any number of times.
///
/// | [`Io`] says | the driver does | and reports |
/// | --- | --- | --- |
/// | `recv` is not empty | reads into it, at most its length | [`Input::Received`], at its end [`Input::Eof`] |
/// | `send` is not empty | writes from it, as much as the socket takes | [`Input::Sent`] |
/// | `fin` | half-closes the write side | [`Input::FinSent`] |
/// | `deadline` | sleeps until then at most; then see below | [`Input::Timeout`] |
/// | `deadline` and `unacked` | asks the system, if it can tell, before it reports the timeout | [`Input::Unacked`] |
/// | a read, write or half-close failed | maps the system's error to a [`SocketError`] | [`Input::Failed`] |
/// | that `poll_io` is `None` | drops the socket; resets it where [`Endpoint::resets`] | |
/// | nothing, or only `deadline` | watches the socket all the same: a reset, a lost peer; asks the system for its error | [`Input::Failed`] |
/// | the program is to end | | [`Input::Shutdown`] |
///
/// A driver waits for reading and writing at once when both are wanted, and does first the one that becomes possible
/// first. A driver that insists on one of them can deadlock.
///
/// **A deadline never overtakes bytes that have already arrived.** The program, its machine included, may have stood
/// still for longer than any deadline while bytes went on arriving. Once a deadline has come, a driver takes all
/// notices, writes as much as the socket takes, reads what the system held at that moment, and then reports the
/// timeout. It reads no more than that, or a peer that never pauses would put the timeout off forever.
///
/// **A dead socket is always noticed**, also while the machine wants nothing of it, and without polling the socket: a
/// peer that has ended its side and waits costs nothing.
///
/// **Connections share their thread fairly.** A driver reads a piece at a time. Connections that share a thread yield
/// after a bounded amount of work, not only when there is nothing to do.
///
/// # What a driver can rely on
///
/// - `fin` is true only while `send` is empty.
/// - Bytes that were once in `send` stay at its front, in their order, until they are reported as sent; more may follow
///   them. If the peer will not read them, a machine may give all of them up: then `send` stays empty.
/// - `recv` is empty once [`Input::Eof`] was reported.
/// - `deadline` is `None`, or later than the time of every call so far. Another input than [`Input::Timeout`] never ends a
///   deadline, so a driver that is late need not report the timeout first.
/// - `poll_io` returns `None` after [`Input::Failed`], whatever its reason, which only the application is told; and once it has returned `None` it always does. The application may
///   have events left to take then, and takes them without the driver.
pub trait Endpoint {
    /// Returns the I/O that the machine wants now; `None` once the socket is to be dropped.
    fn poll_io(&mut self) -> Option<Io<'_>>;

    /// True if the peer is to see a reset and not an end when the socket is dropped. A driver asks once `poll_io` returns
    /// `None`.
    fn resets(&self) -> bool {
        false
    }

    /// Reports an event that happened at `now`. Never fails, never blocks.
    fn handle(&mut self, now: Instant, input: Input);
}
