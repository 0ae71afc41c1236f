//! Deadlines, stepped to exactly: a nanosecond before one nothing happens, at it what
//! `docs/protocol.md#deadlines` says.

mod close;
mod idle;
mod messages;
mod replies;
mod unanswered;

use std::time::Duration;

use lottery_proto::server::Event;
use lottery_proto::{CloseReason, Endpoint, Input, Instant, Receipt, Server, State};
use lottery_testkit::{FINISHED, ServerEvent, at, block, give, server, server_events};

pub(crate) fn deadline(end: &mut impl Endpoint) -> Option<Instant> {
    end.poll_io().and_then(|io| io.deadline)
}

/// Steps to a nanosecond before the deadline, then to the deadline.
pub(crate) fn expire(end: &mut impl Endpoint) -> Instant {
    let due = deadline(end).expect("there is a deadline");
    let before = Instant::from_epoch(due.since_epoch().saturating_sub(Duration::from_nanos(1)));
    end.handle(before, Input::Timeout);
    assert_eq!(deadline(end), Some(due), "nothing happens before the deadline");
    end.handle(due, Input::Timeout);
    assert!(deadline(end).is_none_or(|next| next > due), "a deadline that has come is over");
    due
}

/// Checks that the server has ended its side and, after the peer's end, closes for this reason.
pub(crate) fn ends(server: &mut Server, now: Instant, reason: CloseReason) {
    assert_eq!(server.state(), State::Draining);
    assert!(server.poll_io().unwrap().fin);
    server.handle(now, Input::FinSent);
    server.handle(now, Input::Eof);
    assert_eq!(server_events(server), [ServerEvent::Closed(reason)]);
}

/// Returns a server that has something to send.
pub(crate) fn answering() -> Server {
    let mut server = server();
    give(&mut server, at(0), &block(FINISHED, 1, b""));
    let Some(Event::Finished { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(1_000), ticket, Receipt::Stored { total: 0 }).unwrap();
    server.handle(at(1_250), Input::Timeout);
    server
}
