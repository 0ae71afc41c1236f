//! The server's side of a connection.

mod builder;
mod config;
mod decode;
mod end;
mod event;
mod frame;
mod inspect;
mod lent;
mod reject;
mod reply;
mod timeouts;

pub use crate::wire::Line;
pub use builder::{ConfigError, ServerConfigBuilder};
pub use config::ServerConfig;
pub use event::{Event, RejectedBy};

use alloc::sync::Arc;

use crate::bet::{AgencyId, Spans};
use crate::close_reason::CloseReason;
use crate::conn::{
    Endpoint, Input, Instant, Io, Lifecycle, RecvBuffer, ReplyQueue, SendBuffer, State, Timers, Transition,
};
use crate::dialect::Dialect;
use crate::ticket::ConnId;
use crate::wire::Failure;
use decode::{Front, Step};
use frame::Search;
use lent::Lent;

/// The server's side of one connection: bytes and time in, requests out, replies in, bytes out.
///
/// Every method may be called at any time, in any order, any number of times.
///
/// ```
/// use lottery_proto::server::{Event, Server};
/// use lottery_proto::{ConnId, Input, Instant, Receipt, ServerConfig, block};
///
/// let now = Instant::default();
/// let mut server = Server::new(ServerConfig::builder(5).build().unwrap(), ConnId(1), now);
///
/// // The driver reads the bytes of a client: "Finished", of agency 3.
/// let mut packet = [0; block::BLOCK_SIZE];
/// packet[..4].copy_from_slice(&[4, 3, 4, 0]);
/// let mut rest = &packet[..];
/// while !rest.is_empty() {
///     let recv = server.poll_io().unwrap().recv;
///     let n = recv.len().min(rest.len());
///     recv[..n].copy_from_slice(&rest[..n]);
///     rest = &rest[n..];
///     server.handle(now, Input::Received(n));
/// }
/// // The application answers, now or much later …
/// let Some(Event::Finished { ticket, agency, .. }) = server.poll_event() else { panic!() };
/// assert_eq!(agency.get(), 3);
/// server.reply(now, ticket, Receipt::Stored { total: 0 }).unwrap();
/// // … and the driver writes the reply.
/// assert_eq!(server.poll_io().unwrap().send[..5], [5, 3, 5, 0, b'1']);
/// ```
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub struct Server {
    config: Arc<ServerConfig>,
    conn: ConnId,
    /// Dialect of the peer, once its first bytes have shown it.
    dialect: Option<Dialect>,
    /// Reason for which the peer is not served, to be sent in its own dialect.
    rejection: Option<Failure<'static>>,
    recv: RecvBuffer,
    output: SendBuffer,
    slots: ReplyQueue,
    /// Memory besides the connection's own.
    lent: Lent,
    lifecycle: Lifecycle,
    timers: Timers,
    /// Message at the front of the receive buffer, once it is whole.
    front: Option<Front>,
    /// Places of the bets in the message that was decoded last.
    spans: Spans,
    /// Progress of the search for the end of a message that is not whole.
    search: Search,
    /// Agency that this connection speaks for.
    agency: Option<AgencyId>,
    /// True once bets were rejected: each Finished behind them is rejected, too.
    bets_rejected: bool,
    /// Number of the agency's stored bets, as last reported on this connection.
    stored: u64,
    /// True once the peer has sent the last message that its dialect allows: later bytes are dropped.
    last_came: bool,
    /// True once something was acknowledged.
    acknowledged: bool,
    /// Time of the last input.
    now: Instant,
    /// Time at which a byte was last received or sent, or a reply given.
    active: Instant,
    /// Time at which a request was last taken, or its reply given or sent. Empty messages and rejected requests do not
    /// count.
    heard: Instant,
    /// True while a reply of the application is not completely sent.
    replied: bool,
    /// Time since which the message at the front is incomplete.
    begun: Option<Instant>,
    /// Time since which the peer has taken none of the bytes that are to be sent.
    unsent: Option<Instant>,
    /// Time since which the application owes the next part of a list.
    part_wanted: Option<Instant>,
    /// Time of the first "pending" to the agency.
    pending: Option<Instant>,
    /// Time since which this side is ending the connection.
    ending: Option<Instant>,
    /// Number of bytes that came after the end of requests, and were dropped.
    dropped: usize,
}

impl Server {
    /// Returns the machine of a new connection. `conn` identifies it in its tickets, and must be unique among live
    /// connections.
    pub fn new(config: impl Into<Arc<ServerConfig>>, conn: ConnId, now: Instant) -> Self {
        let config = config.into();
        let mut server = Self {
            conn,
            dialect: None,
            rejection: None,
            recv: RecvBuffer::new(config.max_buffer, config.max_message),
            output: SendBuffer::default(),
            slots: ReplyQueue::default(),
            lent: Lent::without_end(config.max_in_flight),
            lifecycle: Lifecycle::new(),
            timers: Timers::default(),
            front: None,
            spans: Spans::default(),
            search: Search::default(),
            agency: None,
            bets_rejected: false,
            stored: 0,
            last_came: false,
            acknowledged: false,
            now,
            active: now,
            heard: now,
            replied: false,
            begun: None,
            unsent: None,
            part_wanted: None,
            pending: None,
            ending: None,
            dropped: 0,
            config,
        };
        server.settle(now);
        server
    }

    /// Returns the I/O that the machine wants now; `None` once the socket is to be dropped.
    pub fn poll_io(&mut self) -> Option<Io<'_>> {
        if self.lifecycle.is_closed() {
            return None;
        }
        let fin = self.fin_due();
        let reads = self.wants_read();
        if reads && (self.takes_requests() || !self.lifecycle.is_open()) {
            self.grow_inbox();
        }
        let recv = if reads { self.recv.room() } else { &mut [] };
        Some(Io {
            recv,
            send: self.output.pending(),
            fin,
            deadline: self.timers.next(self.now),
            unacked: false,
        })
    }

    /// True if the peer is to see a reset and not an end when the socket is dropped: in its dialect an end would be an
    /// acknowledgement (`docs/protocol.md#columns`).
    pub fn resets(&self) -> bool {
        !self.acknowledged && self.dialect.is_some_and(|dialect| dialect.server().rejects_by_reset())
    }

    /// Reports an event that happened at `now`.
    ///
    /// Never fails: a peer's breach of the protocol ends in [`Event::Closed`], the last event.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            _ if self.lifecycle.is_closed() => return,
            Input::Received(received @ 1..) => {
                self.active = now;
                self.recv.filled(received);
                if !self.lifecycle.is_open() {
                    self.dropped = self.dropped.saturating_add(received);
                }
            }
            Input::Eof => {
                self.lifecycle.peer_ended = true;
                if self.lifecycle.state() == State::Lingering {
                    self.lifecycle.apply(Transition::PeerEnded, CloseReason::Done);
                }
            }
            Input::Sent(sent @ 1..) => {
                self.active = now;
                self.unsent = None;
                self.output.sent(sent);
                if self.replied {
                    self.heard = now;
                    self.replied = !self.output.pending().is_empty();
                }
            }
            Input::FinSent if self.fin_due() => {
                self.ending = Some(now);
                let on = if self.lifecycle.peer_ended { Transition::BothEnded } else { Transition::FinSent };
                self.lifecycle.apply(on, CloseReason::Done);
            }
            // A count of 0 is no progress, and the server waits for no reply, so acknowledgements do not matter.
            Input::FinSent | Input::Received(_) | Input::Sent(_) | Input::Unacked(_) => {}
            Input::Timeout => return self.time_out(now),
            Input::Shutdown => self.shut_down(now),
            Input::Failed(error) => self.lifecycle.apply(Transition::GaveUp, CloseReason::Lost(error)),
        }
        self.settle(now);
    }

    /// Records the time, for what [`Server::poll_event`] then finds. Every call that takes a time does that, too. An
    /// application that polls later, because it has room again for example, calls this first.
    pub fn set_time(&mut self, now: Instant) {
        self.now = now;
    }

    /// Decodes the next message, and returns it as an event that borrows from the receive buffer.
    ///
    /// Call it until it returns `None`, after each [`Server::handle`] and each [`Server::reply`]. A Finished and a
    /// winners query are handed out when everything before them is answered, and nothing while too many requests or
    /// bytes wait. While a whole message waits no more is read: an application that is behind slows its peer down.
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        match self.next_step() {
            Step::Wait => self.lifecycle.tell().map(Event::Closed),
            Step::Reject(error) => self.reject_front(error),
            Step::HandOut => {
                let (number, request, message) = self.take_front()?;
                let payload = self.recv.at(message).get(request.payload.clone()).unwrap_or_default();
                Event::new(self.conn, number, &request, payload, self.spans.as_slice())
            }
        }
    }

    /// Returns the number of bets of the next event, and their size in bytes, so that an application can make room for
    /// them before it calls [`Server::poll_event`].
    pub fn next_bets(&mut self) -> (usize, usize) {
        match (self.next_step(), self.front.as_ref().and_then(Front::request)) {
            (Step::HandOut, Some(request)) => (request.count, request.payload.len()),
            _ => (0, 0),
        }
    }
}

impl Endpoint for Server {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.poll_io()
    }

    fn resets(&self) -> bool {
        self.resets()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.handle(now, input);
    }
}
