//! Checks for a dialect of one's own: the machines rely on these properties of its two sides.
//!
//! A check panics with the property that does not hold. It needs no input but samples: whatever can be derived from
//! them, such as cuts and mistakes, is.

mod bytes;
mod detection;
mod framing;
mod round_trips;

pub use bytes::check_bytes;
pub use detection::check_detection;

use alloc::vec::Vec;

use bytes::spoil;
use framing::{detected_for_good, framed_alike};
use round_trips::{batches, questions, replies, winners};

use crate::bet::{AgencyId, Bet, Spans};
use crate::conn::{Input, Instant, State};
use crate::dialect::Dialect;
use crate::server::{Event, Server, ServerConfig};
use crate::ticket::ConnId;
use crate::wire::{FrameCursor, Limits};

/// Samples of what a dialect carries.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    /// Agency that sends them.
    pub agency: AgencyId,
    /// Bets that the dialect can carry, at least one; with long names, and names that are not ASCII, if it can.
    pub bets: &'a [Bet<'a>],
    /// Bets that the dialect cannot carry.
    pub unsendable: &'a [Bet<'a>],
    /// Whole requests that may come first on a connection, as a hand or another program wrote them: what one's own
    /// encoder writes proves little.
    pub requests: &'a [&'a [u8]],
    /// Documents of winners, which the dialect can carry.
    pub documents: &'a [&'a str],
}

/// Limits of a peer that has not ended its side, for messages of any length.
const LIMITS: Limits = Limits::new(u32::MAX as usize, false);
/// Checks both sides of a dialect: framing with every cut and byte by byte, detection, round trips of requests and
/// replies, lists of winners in parts, messages over the limit, and garbage.
///
/// # Panics
/// A property does not hold.
pub fn check_wire(dialect: Dialect, samples: &Samples<'_>) {
    assert!(
        dialect.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    );
    let mut requests: Vec<Vec<u8>> = samples.requests.iter().map(|request| request.to_vec()).collect();
    if !dialect.profile().has_lines {
        requests.extend(batches(dialect, samples));
        requests.extend(questions(dialect, samples.agency));
        for bet in samples.unsendable {
            assert!(dialect.check_sendable(bet).is_err(), "{dialect}: it carries a bet that it cannot carry");
        }
        winners(dialect, samples);
        oversize(dialect, samples);
    }
    assert!(!requests.is_empty(), "{dialect}: no sample of a request");
    for (index, request) in requests.iter().enumerate() {
        let server =
            |cursor: &mut FrameCursor, bytes: &[u8], limits| dialect.server().frame(cursor, bytes, limits);
        framed_alike(dialect, request, server);
        // A message behind Hello is not detected.
        if index < samples.requests.len() || !dialect.profile().has_sessions {
            detected_for_good(dialect, request);
        }
        let mut message = request.clone();
        let decoded = dialect.server().request(&mut message, &mut Spans::default());
        assert!(decoded.is_ok(), "{dialect}: {} is rejected: {decoded:?}", request.escape_ascii());
    }
    for reply in replies(dialect, samples.agency) {
        let client =
            |cursor: &mut FrameCursor, bytes: &[u8], limits| dialect.client().frame(cursor, bytes, limits);
        framed_alike(dialect, &reply, client);
    }
    spoil(dialect, &requests);
}

/// Checks that a server does not take a batch over its limit, and ends the connection. Does nothing if the dialect has
/// no such batch.
fn oversize(dialect: Dialect, samples: &Samples<'_>) {
    let bets: Vec<Bet<'_>> = samples.bets.iter().copied().cycle().take(1000).collect();
    let mut message = Vec::new();
    let put = dialect.client().put_batch(samples.agency, &bets, usize::MAX, &mut message);
    if put.is_err() || message.len() <= crate::block::BLOCK_SIZE {
        return;
    }
    let builder = ServerConfig::builder(AgencyId::MAX).max_message(message.len() - 1);
    let config = builder.dialects(alloc::vec![dialect]).build().expect("a limit of a block or more is valid");
    let now = Instant::default();
    let mut server = Server::new(config, ConnId(1), now);
    let mut rest = &*message;
    while let Some(io) = server.poll_io()
        && let len @ 1.. = io.recv.len().min(rest.len())
    {
        let (received, after) = rest.split_at_checked(len).unwrap_or_default();
        io.recv.iter_mut().zip(received).for_each(|(place, byte)| *place = *byte);
        rest = after;
        server.handle(now, Input::Received(len));
        let taken = matches!(server.poll_event(), Some(Event::Batch { .. }));
        assert!(!taken, "{dialect}: a message over the limit is taken");
    }
    assert_ne!(server.state(), State::Open, "{dialect}: a message over the limit is waited for");
}
