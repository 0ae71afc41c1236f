//! TLS on one connection, between its socket and what is inside.

mod input;
mod pump;

use std::time::Duration;

use lottery_proto::{AgencyId, Endpoint, Instant, Io, SocketError};

use crate::session::Session;

/// Time for the handshake, from its first byte.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(10);
/// Time for which a connection that has failed reads and drops what still comes, so that its alert is not lost.
pub(crate) const LINGER: Duration = Duration::from_secs(1);
/// Time for which a peer may take none of what TLS itself has to send.
pub(crate) const STALL: Duration = Duration::from_secs(20);
/// Time after which buffers of a silent connection are given back.
pub(crate) const SHRINK_AFTER: Duration = Duration::from_secs(1);

/// Maximum number of bytes that come in a handshake: more than three certificates with long keys.
pub(crate) const MAX_HANDSHAKE: usize = 16 * 1024;
/// Maximum number of bytes that are read and dropped after a failure.
pub(crate) const MAX_DROPPED: usize = 256 * 1024;

/// Size of the receive buffer of a silent connection, in bytes.
pub(crate) const IDLE_ROOM: usize = 256;
/// Size of the receive buffer while reads fill it, in bytes.
pub(crate) const BUSY_ROOM: usize = 8192;
/// Maximum number of bytes that are encrypted at once: those of a record.
pub(crate) const RECORD: usize = 16 * 1024;

/// Maximum memory of a connection besides that of the machine inside, in bytes, so that a program can reckon with it:
/// records in both directions, what is decrypted of them, and a handshake.
pub const MAX_MEMORY: usize = 96 * 1024;

/// Inside of a channel: the machine that gets and gives what is decrypted.
pub(crate) trait Inside {
    /// Returns the machine; `None` while it has no connection.
    fn endpoint(&mut self) -> Option<&mut impl Endpoint>;

    /// Reports the end of the handshake, and the agency that the peer is, if it has said so.
    fn opened(&mut self, now: Instant, agency: Option<AgencyId>);

    /// Reports that the channel has failed: a machine is told nothing more.
    fn failed(&mut self, now: Instant, error: SocketError);

    /// True if an end without that of TLS may have been made by somebody between.
    fn mistrusts_a_cut(&self) -> bool;
}

/// State of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Keys are being agreed on, and certificates checked.
    Handshake,
    /// Data goes through.
    Open,
    /// The channel has failed: the alert is sent, then the write side is ended, and what still comes is dropped.
    Failed,
    /// The socket is to be dropped.
    Closed,
}

/// TLS on one connection: records in and out, and the state of it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub(crate) struct Channel {
    session: Session,
    state: State,
    /// Receive buffer: its bytes from `taken` to `filled` wait for the session.
    recv: Vec<u8>,
    taken: usize,
    filled: usize,
    /// Records to be sent, those before `sent` have been.
    out: Vec<u8>,
    sent: usize,
    /// Number of bytes at the front of what the inside sends that are encrypted in `out`.
    owed: usize,
    /// True once the inside has given up what it had begun to send: no record follows.
    is_torn: bool,
    /// True once the session was told that this side has ended.
    is_closing: bool,
    fin_sent: bool,
    peer_ended: bool,
    /// Time of the last input.
    now: Instant,
    /// Time at which bytes were last received or sent.
    active: Instant,
    /// Deadline of the handshake, or of the time after a failure.
    deadline: Option<Instant>,
    /// Time since which the peer has taken none of what TLS itself has to send.
    unsent: Option<Instant>,
    /// Number of bytes of the handshake that have come, or that were dropped after a failure.
    counted: usize,
}

impl Channel {
    /// Begins the handshake.
    pub(crate) fn new(session: Session, now: Instant) -> Self {
        Self {
            session,
            state: State::Handshake,
            recv: vec![0; IDLE_ROOM],
            taken: 0,
            filled: 0,
            out: Vec::new(),
            sent: 0,
            owed: 0,
            is_torn: false,
            is_closing: false,
            fin_sent: false,
            peer_ended: false,
            now,
            active: now,
            deadline: Some(now.after(HANDSHAKE)),
            unsent: None,
            counted: 0,
        }
    }

    /// Returns the I/O that the channel wants now; `None` once the socket is to be dropped.
    pub(crate) fn poll_io(&mut self, inside: &mut impl Inside) -> Option<Io<'_>> {
        let endpoint = inside.endpoint();
        let inner = match (self.state, endpoint) {
            (State::Closed, _) | (State::Open, None) => return None,
            (State::Failed, _) | (State::Handshake, None) => None,
            (State::Handshake | State::Open, Some(endpoint)) => Some(endpoint.poll_io()?),
        };
        let soon = self.now.after(Duration::from_nanos(1));
        let own = [self.deadline, self.stalls_at(), self.shrinks_at()].into_iter().flatten();
        let is_open = self.state == State::Open;
        // Not every input reaches the inside, which then does not know of the time.
        let deadline =
            own.chain(inner.as_ref().and_then(|io| io.deadline)).min().map(|deadline| deadline.max(soon));
        let unacked = is_open && inner.as_ref().is_some_and(|io| io.unacked);
        let all_sent = self.unsent_bytes().is_empty();
        let (reads, ends) = match (self.state, inner) {
            (State::Open, Some(io)) => {
                let is_through = self.taken == self.filled && !self.session.has_decrypted();
                (!io.recv.is_empty() && is_through, io.fin && (self.is_closing || self.is_torn))
            }
            (State::Failed, _) => (true, true),
            _ => (true, false),
        };
        let reads = reads && !self.peer_ended;
        let recv = if reads { self.recv.get_mut(self.filled..).unwrap_or_default() } else { &mut [] };
        let mut io = Io::new(recv, self.out.get(self.sent..).unwrap_or_default());
        (io.fin, io.deadline, io.unacked) = (ends && all_sent && !self.fin_sent, deadline, unacked);
        Some(io)
    }

    /// True while data goes through.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// True once the socket is to be dropped.
    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Drops the connection: nothing is sent any more.
    pub(crate) fn abandon(&mut self) {
        self.state = State::Closed;
        (self.recv, self.out, self.sent, self.owed) = (Vec::new(), Vec::new(), 0, 0);
        (self.taken, self.filled) = (0, 0);
    }

    /// Returns the records that are to be sent.
    fn unsent_bytes(&self) -> &[u8] {
        self.out.get(self.sent..).unwrap_or_default()
    }

    /// Returns the time at which a peer is given up that takes nothing, if only TLS has something to send: what the
    /// inside sends has a deadline there.
    fn stalls_at(&self) -> Option<Instant> {
        self.unsent.map(|since| since.after(STALL))
    }

    /// Returns the time at which buffers are given back, if there are any.
    fn shrinks_at(&self) -> Option<Instant> {
        let is_idle = self.taken == self.filled && self.unsent_bytes().is_empty();
        let is_grown = self.recv.len() > IDLE_ROOM || self.out.capacity() > 0;
        (self.state == State::Open && is_idle && is_grown).then(|| self.active.after(SHRINK_AFTER))
    }

    /// Gives back the memory that a silent connection does not need.
    fn shrink(&mut self) {
        self.recv = vec![0; IDLE_ROOM];
        (self.taken, self.filled) = (0, 0);
        (self.out, self.sent) = (Vec::new(), 0);
        self.session.shrink();
    }
}
