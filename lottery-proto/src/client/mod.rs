//! The client's side of a connection.

mod builder;
mod config;
mod decode;
mod event;
mod frame;
mod send;

pub use builder::ClientConfigBuilder;
pub use config::ClientConfig;
pub use event::{Documents, Event, Rejected, Stored};

use alloc::collections::VecDeque;

use crate::close_reason::CloseReason;
use crate::conn::{
    Endpoint, Input, Instant, Io, Lifecycle, RecvBuffer, SendBuffer, State, Timer, Timers, Transition,
};
use crate::wire::{ClientCodec, FrameCursor, Kind, Window, Written};
use send::Asked;

/// Size that the receive buffer grows to as long as replies keep coming, in bytes.
const BUSY_SIZE: usize = 64 * 1024;

/// The client's side of one connection: bets and queries in, replies out.
///
/// Every method may be called at any time, in any order, any number of times. An open client always reads, so that two
/// machines of this crate cannot wait for each other, however small the pipes between them are.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    codec: &'static dyn ClientCodec,
    recv: RecvBuffer,
    output: SendBuffer,
    /// Replies that the server owes, in order.
    asked: VecDeque<Asked>,
    /// Greatest number of bets in a message that was sent.
    largest: usize,
    /// True once the last message that the dialect allows on a connection was sent.
    sent_last: bool,
    /// Limits of the unacknowledged batches in this session; 0 before there is a session.
    window: Window,
    /// Number and bytes of the unacknowledged batches.
    in_flight: (usize, usize),
    lifecycle: Lifecycle,
    timers: Timers,
    /// Length of the whole reply at the front of the receive buffer, which waits for the application.
    front: Option<usize>,
    /// Progress of the search for the end of the reply at the front.
    cursor: FrameCursor,
    /// Number of bytes that were received before this side ended: replies in them are still handed out.
    kept: usize,
    /// Time of the last input.
    now: Instant,
    /// Time of the last request, complete reply, sent byte, or byte seen to have arrived.
    active: Instant,
    /// Time since which the reply at the front is incomplete.
    begun: Option<Instant>,
    /// Time since which the server has taken none of the bytes that are to be sent.
    unsent: Option<Instant>,
    /// Number of sent bytes that had not arrived at the last report.
    unacked: Option<usize>,
    /// Time since which this side is ending the connection.
    ending: Option<Instant>,
}

impl Client {
    /// Returns the machine of a new connection. In the dialect `session` it sends Hello, and nothing else before the
    /// reply, [`Event::Welcome`].
    pub fn new(config: ClientConfig, now: Instant) -> Self {
        let mut client = Self {
            codec: config.dialect.client(),
            recv: RecvBuffer::new(BUSY_SIZE, config.max_answer),
            output: SendBuffer::default(),
            asked: VecDeque::new(),
            largest: 0,
            sent_last: false,
            window: Window::default(),
            in_flight: (0, 0),
            lifecycle: Lifecycle::new(),
            timers: Timers::default(),
            front: None,
            cursor: FrameCursor::default(),
            kept: 0,
            now,
            active: now,
            begun: None,
            unsent: None,
            unacked: None,
            ending: None,
            config,
        };
        if client.config.dialect.profile().has_sessions {
            // Settings were checked: only a dialect with sessions that has no Hello has an error here.
            let (agency, total) = (client.config.agency, client.config.total);
            let _ = client.put(now, Kind::Hello, |codec, out| {
                codec.put_hello(agency, total, out)?;
                Ok(Written::default())
            });
        }
        client
    }

    /// Returns the I/O that the machine wants now; `None` once the socket is to be dropped.
    pub fn poll_io(&mut self) -> Option<Io<'_>> {
        if self.lifecycle.is_closed() {
            return None;
        }
        let fin = self.fin_due();
        let recv = if self.lifecycle.peer_ended { &mut [] } else { self.recv.recv(self.front.unwrap_or(0)) };
        let unacked = self.timers.is_set(Timer::Answer) || self.timers.is_set(Timer::Stall);
        Some(Io { recv, send: self.output.pending(), fin, deadline: self.timers.next(self.now), unacked })
    }

    /// Reports an event that happened at `now`.
    ///
    /// Never fails: a server's breach of the protocol ends in [`Event::Closed`], the last event.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            _ if self.lifecycle.is_closed() => return,
            Input::Received(received @ 1..) => self.recv.filled(received),
            Input::Eof => self.lifecycle.peer_ended = true,
            Input::Sent(sent @ 1..) => {
                self.active = now;
                self.unsent = None;
                self.unacked = None;
                self.output.sent(sent);
            }
            Input::FinSent if self.fin_due() => {
                self.ending = Some(now);
                let on = if self.lifecycle.peer_ended { Transition::BothEnded } else { Transition::FinSent };
                self.lifecycle.apply(on, CloseReason::Done);
            }
            // A count of 0 is no progress.
            Input::FinSent | Input::Received(_) | Input::Sent(_) => {}
            Input::Unacked(left) => self.still_on_its_way(now, left),
            Input::Timeout => return self.time_out(now),
            Input::Shutdown => self.end(now, CloseReason::Shutdown),
            Input::Failed(error) => self.lifecycle.apply(Transition::GaveUp, CloseReason::Lost(error)),
        }
        self.settle(now);
    }

    /// Decodes the next reply, and returns it as an event, borrowed from the receive buffer. Call it until it returns
    /// `None`, after each [`Client::handle`]. Replies that came before the connection ended are handed out before its
    /// end is.
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        let Some(len) = self.front.take() else {
            return self.lifecycle.tell().map(Event::Closed);
        };
        match self.response(len) {
            Ok((asked, response)) => {
                self.answered(&response);
                let place = self.take_front(len);
                Some(Event::new(asked, response, self.recv.at(place), self.codec))
            }
            Err(error) => {
                self.malformed(error);
                self.settle(self.now);
                self.lifecycle.tell().map(Event::Closed)
            }
        }
    }

    /// Ends the connection: nothing more is to be sent or asked.
    pub fn close(&mut self, now: Instant) {
        self.end(now, CloseReason::Done);
        self.settle(now);
    }

    /// Returns the state of the connection.
    pub fn state(&self) -> State {
        self.lifecycle.state()
    }

    /// Returns the number of bytes that wait to be sent.
    pub fn unsent(&self) -> usize {
        self.output.pending().len()
    }

    /// Returns the memory that this machine holds, itself included, in bytes.
    pub fn memory(&self) -> usize {
        let asked: usize = self.asked.iter().map(|asked| asked.reply.echo.len()).sum();
        let queue = self.asked.capacity() * size_of::<Asked>();
        size_of::<Self>() + self.recv.memory() + self.output.memory() + queue + asked
    }
}

impl Endpoint for Client {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.handle(now, input);
    }
}
