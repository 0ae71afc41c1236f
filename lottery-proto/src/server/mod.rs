//! The centre's side of a connection.

mod decode;
mod event;
mod lent;
mod reject;
mod timeouts;

pub use event::{Event, Line, RefusedBy};
pub(crate) use lent::OWN_BUFFER;
pub(crate) use timeouts::MAX_UNSENT;

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use crate::agency::AgencyId;
use crate::config::ServerConfig;
use crate::error::CloseReason;
use crate::failure::{Code, Failure};
use crate::lifecycle::{Lifecycle, State, Transition};
use crate::list::ListError;
use crate::machine::{Input, Io};
use crate::recv_buffer::RecvBuffer;
use crate::send_buffer::{ReplyQueue, SendBuffer};
use crate::ticket::{ConnId, Reply, ReplyError, Request, Ticket};
use crate::time::Instant;
use crate::timer::Timers;
use crate::wire::{Dialect, FrameCursor, TooLarge};
use event::{Next, What};
use lent::Lent;

/// The centre's side of one connection: bytes and time in, requests out, replies in, bytes out.
///
/// Every method may be called at any time, in any order, any number of times.
///
/// ```
/// use lottery_proto::server::{Event, Server};
/// use lottery_proto::{ConnId, Input, Instant, Receipt, ServerConfig, block};
///
/// let now = Instant::default();
/// let mut server = Server::new(ServerConfig::default(), ConnId(1), now);
///
/// // The driver reads what an agency sent: "Finished", from agency 3.
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
/// let Some(Event::Finished { ticket }) = server.poll_event() else { panic!() };
/// assert_eq!(ticket.agency().get(), 3);
/// server.reply(now, ticket, Receipt::Stored { total: 0 }).unwrap();
/// // … and the driver writes the answer.
/// assert_eq!(server.poll_io().unwrap().send[..5], [5, 3, 5, 0, b'1']);
/// ```
#[derive(Debug)]
pub struct Server {
    config: Arc<ServerConfig>,
    conn: ConnId,
    /// The wire that the peer speaks, once its first bytes have said so.
    dialect: Option<Dialect>,
    /// Why the peer is not served, to be said in its own words.
    refusal: Option<Failure<'static>>,
    recv: RecvBuffer,
    output: SendBuffer,
    slots: ReplyQueue,
    /// What memory it has besides its own.
    lent: Lent,
    lifecycle: Lifecycle,
    timers: Timers,
    /// What is to be handed out. Requests stand in the same order at the front of the inbox.
    queue: VecDeque<Next>,
    /// So many bytes at the front of the inbox belong to the queue.
    decoded: usize,
    /// How far the message behind them was looked at.
    scan: FrameCursor,
    /// The agency that this connection speaks for.
    agency: Option<AgencyId>,
    /// The first request whose bets were refused: each Finished behind it will be, too.
    refused: Option<u64>,
    /// How many bets of the agency are stored, as far as this connection has said.
    stored: u64,
    /// The peer has sent the last message that its wire has for it: what follows is dropped.
    last_came: bool,
    /// The time, as it was last told.
    now: Instant,
    /// When a byte was last received or sent.
    active: Instant,
    /// When the peer last said something that counts: a request that was taken, or the answer to one was read. Fillers and
    /// what is refused do not count.
    heard: Instant,
    /// An answer of the application is not yet sent.
    replied: bool,
    /// The line that was begun is all of it: it went on for too long without its end.
    line_over: bool,
    /// Since when the message behind the decoded ones is incomplete.
    begun: Option<Instant>,
    /// Since when the peer has taken nothing of what is to be sent.
    unsent: Option<Instant>,
    /// When the agency was first told to ask again later.
    pending: Option<Instant>,
    /// Since when this side is ending the connection.
    ending: Option<Instant>,
    /// Bytes that came after that, and were dropped.
    dropped: usize,
}

impl Server {
    /// The machine of a new connection. `conn` names it in its tickets: unique among those that live.
    pub fn new(config: impl Into<Arc<ServerConfig>>, conn: ConnId, now: Instant) -> Self {
        let config = config.into();
        let mut server = Self {
            conn,
            dialect: None,
            refusal: None,
            recv: RecvBuffer::new(config.max_buffer, config.max_message),
            output: SendBuffer::default(),
            slots: ReplyQueue::default(),
            lent: Lent::without_end(config.max_in_flight.max(1)),
            lifecycle: Lifecycle::new(),
            timers: Timers::default(),
            queue: VecDeque::new(),
            decoded: 0,
            scan: FrameCursor::default(),
            agency: None,
            refused: None,
            stored: 0,
            last_came: false,
            line_over: false,
            now,
            active: now,
            heard: now,
            replied: false,
            begun: None,
            unsent: None,
            pending: None,
            ending: None,
            dropped: 0,
            config,
        };
        server.settle(now);
        server
    }

    /// What to do now; `None` once the socket should be dropped.
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

    /// Tells the machine what happened at `now`.
    ///
    /// Never fails: what a peer does wrong ends in [`Event::Closed`], the last event.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            _ if self.lifecycle.is_closed() => return,
            Input::Received(received @ 1..) => {
                self.active = now;
                self.recv.filled(received);
                if !self.lifecycle.is_open() {
                    self.dropped = self.dropped.saturating_add(received);
                    self.drop_no_more();
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
                self.drop_no_more();
            }
            // A count of nothing is no progress; and this end waits for no answer.
            Input::FinSent | Input::Received(_) | Input::Sent(_) | Input::Unacked(_) => {}
            Input::Timeout => return self.time_out(now),
            Input::Shutdown => self.shut_down(now),
            Input::Failed => self.lifecycle.apply(Transition::GaveUp, CloseReason::Lost),
        }
        self.settle(now);
    }

    /// The next thing for the application, borrowed from the receive buffer.
    ///
    /// Call it until there is none, after each [`Server::handle`] and each [`Server::reply`]: a Finished, or a question
    /// for the winners, is handed out when all before it is answered, and such a question when there is room for a list.
    /// Until it is taken its bytes stay in the buffer: an application that is behind slows its peer down.
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        if self.queue.is_empty() {
            // More may have been received than the queue had room for.
            self.settle(self.now);
        }
        match self.queue.front().map(|next| &next.what) {
            Some(What::Request { request, number }) if !self.may_be_asked(request.kind, *number) => {
                return None;
            }
            Some(What::Doomed { .. }) => return None,
            _ => {}
        }
        let Some(Next { len, what }) = self.queue.pop_front() else {
            return self.lifecycle.tell().map(Event::Closed);
        };
        self.arm_shrink(len);
        self.decoded -= len;
        let message = self.recv.take(len);
        match what {
            What::Request { request, number } => {
                let payload = message.get(request.payload.clone()).unwrap_or_default();
                let read = self.dialect.unwrap_or(Dialect::Echo).wire().read_bet();
                Event::new(self.conn, number, &request, payload, read)
            }
            What::Refused { agency, error } => Some(Event::Refused { agency, error }),
            What::Doomed { .. } => None,
        }
    }

    /// How many bets the next event has, and how many bytes they take: for an application that makes room for them before
    /// it calls [`Server::poll_event`].
    pub fn next_bets(&mut self) -> (usize, usize) {
        if self.queue.is_empty() {
            self.settle(self.now);
        }
        match self.queue.front().map(|next| &next.what) {
            Some(What::Request { request, .. }) => (request.count, request.payload.len()),
            _ => (0, 0),
        }
    }

    /// How many requests have come whose answers have not left yet, because they are owed or have to wait for others.
    pub fn unanswered(&self) -> usize {
        self.slots.len()
    }

    /// Answers a request. Answers leave in the order of the requests, whatever the order of the replies.
    ///
    /// On a connection that is over the reply is dropped, and that is not an error: a peer may leave at any time.
    ///
    /// # Errors
    /// The ticket comes back if it is of another connection, or if the wire cannot carry the reply.
    pub fn reply<R: Request>(
        &mut self,
        now: Instant,
        ticket: Ticket<R>,
        reply: R::Reply<'_>,
    ) -> Result<(), ReplyError<R>> {
        if ticket.conn != self.conn {
            return Err(ReplyError::WrongConnection(ticket));
        }
        let Reply(answer) = reply.into();
        let answered = self.answer(now, ticket.number, &answer);
        self.heard = now;
        self.replied |= !self.output.pending().is_empty();
        self.settle(now);
        answered.map_err(|TooLarge| ReplyError::TooLarge(ticket))
    }

    /// Whether the next documents of a list are wanted that was announced with
    /// [`WinnersReply::List`](crate::WinnersReply::List). While there is much to be sent they are not.
    pub fn wants_winners(&self) -> bool {
        self.slots.is_listing() && self.output.pending().len() < self.max_unsent()
    }

    /// Sends the next documents of the list that was announced. Later answers wait until all of them are here.
    ///
    /// A part should be short, some kilobytes: it is kept here until it is sent. On a connection that is over it is
    /// dropped, and that is not an error.
    ///
    /// # Errors
    /// There is no such list, or it is another one: it has other documents than its size says.
    pub fn put_winners<'a>(
        &mut self,
        now: Instant,
        documents: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), ListError> {
        if self.lifecycle.is_closed() {
            return Ok(());
        }
        self.put_documents(now, documents)?;
        self.settle(now);
        Ok(())
    }

    /// Refuses to serve this connection: says so as soon as the peer's wire is known, if that has a word for it.
    pub fn refuse(&mut self, now: Instant, failure: Failure<'static>) {
        self.refusal = Some(failure);
        self.ending.get_or_insert(now);
        if self.dialect.is_some() {
            self.fail(now, CloseReason::Refused, failure, None);
        }
        self.settle(now);
    }

    /// A newer session of the same agency takes over: ends this one.
    pub fn supersede(&mut self, now: Instant) {
        let failure = Failure { code: Code::Superseded, text: "a newer session of this agency took over" };
        self.fail_waiting(now, CloseReason::Superseded, failure);
        self.fail(now, CloseReason::Superseded, failure, None);
        self.settle(now);
    }

    /// Its number, as its tickets have it.
    pub const fn conn(&self) -> ConnId {
        self.conn
    }

    /// The wire that the peer speaks, once its first bytes have said so.
    pub fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    /// The agency that this connection speaks for, once it has said so.
    pub fn agency(&self) -> Option<AgencyId> {
        self.agency
    }

    /// When the peer last said something that counts: when a request of it was taken, or the answer to one was sent; at
    /// first, when the connection began. Fillers, parts of messages and what is refused do not count.
    pub fn last_heard(&self) -> Instant {
        self.heard
    }

    /// The state in which the connection is.
    pub fn state(&self) -> State {
        self.lifecycle.state()
    }

    /// How many bytes of memory this machine holds, itself included.
    pub fn memory(&self) -> usize {
        let queue = self.queue.capacity() * size_of::<Next>();
        size_of::<Self>() + self.recv.memory() + self.output.memory() + self.slots.memory() + queue
    }
}
