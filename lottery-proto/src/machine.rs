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
    /// Once it has come, and nothing more can be read or written at once, report [`Input::Timeout`].
    pub deadline: Option<Instant>,
    /// Before that, report [`Input::Unacked`]: the machine waits for an answer to what was written.
    pub unacked: bool,
}

/// The lengths only: the bytes are personal data.
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
    /// Of what was written, the peer's system has not acknowledged so many bytes: they are on their way, or still here.
    Unacked(usize),
    /// Time passed, and whatever the system has was read before. Always safe to report, also when no deadline is due.
    /// Only with this do deadlines come to an end, however late another input is reported.
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
/// | `deadline` | sleeps until then at most; then what is below | [`Input::Timeout`] |
/// | `deadline` and `unacked` | asks the system, if it can say that, before it reports the timeout | [`Input::Unacked`] |
/// | a read, write or half-close failed | | [`Input::Failed`] |
/// | nothing, or only `deadline` | watches the socket all the same: a reset, a lost peer | [`Input::Failed`] |
/// | the program is to end | | [`Input::Shutdown`] |
///
/// When both reading and writing are wanted, a driver waits for both at once: whichever is possible first is
/// done first. A driver that insists on one of them can deadlock.
///
/// **A deadline never beats what is already there.** The program may have stood still, with its machine, for longer than
/// any deadline, while bytes went on arriving. Once a deadline has come, a driver takes all notices, writes what the
/// socket takes, and reads what the system had at that moment, but no more, or a peer that never pauses would put the
/// timeout off for ever; and then it reports the timeout.
///
/// **A dead socket is always learned of**, also while the machine wants nothing of it, and without asking again and again:
/// a peer that has ended its side, and waits, costs nothing.
///
/// **Others get their turn.** A driver reads a piece at a time, and where connections share a thread it lets others go on
/// when it has done so much work, not only when there is nothing to do.
///
/// After [`Input::Failed`] `poll_io` is `None`.
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
