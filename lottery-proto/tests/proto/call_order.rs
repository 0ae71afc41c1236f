//! Order of an application's calls: a call that the server would not take is an error of its own, before a byte is sent.

use lottery_proto::client::Event as Reply;
use lottery_proto::server::Event;
use lottery_proto::{Client, CloseReason, Dialect, Input, SendError, Server};
use lottery_testkit::{ANA, Answer, JOSE, PendingRequest, at, bet, carry, client_of, server};

/// Call of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Batch,
    EmptyBatch,
    Bet,
    Finished,
    Winners,
    Line,
    Close,
}

const CALLS: [Call; 7] =
    [Call::Batch, Call::EmptyBatch, Call::Bet, Call::Finished, Call::Winners, Call::Line, Call::Close];

/// Times at which the bytes of the calls travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Travel {
    /// After the last call.
    Last,
    /// After each call, with the replies of a server.
    Each,
}

/// Client, its server, and what came of the calls.
struct Pair {
    dialect: Dialect,
    client: Client,
    server: Server,
    /// Winners of the draw, `None` before it.
    winners: Option<Vec<String>>,
    /// Number of requests that the server's application was given.
    requests: usize,
    closed: Vec<CloseReason>,
}

impl Pair {
    fn new(dialect: Dialect, winners: Option<Vec<String>>) -> Self {
        let (client, server) = (client_of(dialect, 1), server());
        let mut pair = Self { dialect, client, server, winners, requests: 0, closed: Vec::new() };
        if dialect == Dialect::SESSION {
            pair.travel();
        }
        pair.requests = 0;
        pair
    }

    fn call(&mut self, call: Call) -> Result<(), SendError> {
        let client = &mut self.client;
        match call {
            Call::Batch => {
                let bets = if self.dialect.profile().one_bet { 1 } else { 2 };
                client.send_batch(at(0), &[bet(ANA), bet(JOSE)]).map(|sent| assert_eq!(sent, bets))
            }
            Call::EmptyBatch => client.send_batch(at(0), &[]).map(|sent| assert_eq!(sent, 0)),
            Call::Bet => client.send_bet(at(0), &bet(ANA)),
            Call::Finished => client.send_finished(at(0)),
            Call::Winners => client.ask_winners(at(0)),
            Call::Line => client.send_line(at(0), "hello"),
            Call::Close => {
                client.close(at(0));
                Ok(())
            }
        }
    }

    /// Moves bytes and ends until nothing moves any more. The server accepts everything.
    fn travel(&mut self) {
        let mut before = None;
        loop {
            carry(&mut self.client, &mut self.server, at(0));
            self.serve();
            carry(&mut self.server, &mut self.client, at(0));
            while let Some(event) = self.client.poll_event() {
                match event {
                    Reply::Bet(outcome) | Reply::Batch(outcome) | Reply::Finished(outcome) => {
                        assert!(outcome.is_ok(), "{outcome:?}");
                    }
                    Reply::Closed(reason) => self.closed.push(reason),
                    Reply::Pending | Reply::Winners(_) | Reply::Line(_) | Reply::Welcome { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            if self.client.poll_io().is_some_and(|io| io.fin) {
                self.client.handle(at(0), Input::FinSent);
                self.server.handle(at(0), Input::Eof);
            }
            if self.server.poll_io().is_some_and(|io| io.fin) {
                self.server.handle(at(0), Input::FinSent);
                self.client.handle(at(0), Input::Eof);
            }
            let now = (self.requests, self.client.state(), self.server.state());
            if before == Some(now) {
                return;
            }
            before = Some(now);
        }
    }

    fn serve(&mut self) {
        while let Some(event) = self.server.poll_event() {
            // A wait for the draw ends with it.
            let waits =
                matches!(event, Event::WinnersQuery { wait: true, .. } | Event::AnonymousWaiter { .. });
            match event {
                Event::Closed(reason) => {
                    assert!(!matches!(reason, CloseReason::Peer(_)), "the server's view: {reason}");
                    continue;
                }
                Event::Rejected { error, .. } => panic!("the server rejects it: {error}"),
                _ => {}
            }
            // On `framed` Finished is the question, too.
            self.requests += usize::from(!(waits && self.dialect == Dialect::FRAMED));
            self.requests += usize::from(matches!(event, Event::AnonymousWaiter { .. }));
            let winners = if waits { Some(&[][..]) } else { self.winners.as_deref() };
            let request = PendingRequest::of(event).expect("a request");
            let accept = Answer::Accept { total: 2, winners, prefix: "" };
            request.answer(&mut self.server, at(0), accept).expect("every dialect has this reply");
        }
    }
}

/// Makes these calls on a new connection, and checks that each is either rejected before a byte is sent, or taken by the
/// server.
fn check(dialect: Dialect, calls: &[Call], travel: Travel, winners: Option<Vec<String>>) {
    let shown = format!("{dialect}: {calls:?}, {travel:?}");
    let mut pair = Pair::new(dialect, winners);
    let mut taken = 0;
    for call in calls {
        let unsent = pair.client.unsent();
        let can_send = pair.client.can_send();
        let outcome = pair.call(*call);
        if let Err(error) = outcome {
            assert_eq!(pair.client.unsent(), unsent, "{shown}: {error} behind a byte");
        } else if *call != Call::Close {
            assert!(can_send, "{shown}: {call:?} is sent though nothing may be");
            assert!(pair.client.unsent() > unsent, "{shown}");
            taken += 1;
        }
        if travel == Travel::Each {
            pair.travel();
        }
    }
    pair.client.close(at(0));
    pair.travel();
    assert_eq!(pair.requests, taken, "{shown}");
    assert_eq!(pair.closed, [CloseReason::Done], "{shown}");
}

#[test]
fn every_call_is_rejected_before_a_byte_or_taken_by_the_server() {
    for dialect in Dialect::ALL {
        for travel in [Travel::Last, Travel::Each] {
            for winners in [None, Some(vec![]), Some(vec!["20000001".to_owned()])] {
                for first in CALLS {
                    for second in CALLS {
                        check(*dialect, &[first, second], travel, winners.clone());
                        for third in CALLS {
                            check(*dialect, &[first, second, third], travel, winners.clone());
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_call_after_the_last_message_says_so() {
    for (dialect, last) in [
        (Dialect::FIXED, Call::Finished),
        (Dialect::FIXED, Call::Winners),
        (Dialect::FRAMED, Call::Finished),
        (Dialect::SHORT, Call::Bet),
        (Dialect::COLUMNS, Call::Batch),
        (Dialect::LINE, Call::Bet),
        (Dialect::BARE, Call::Batch),
        (Dialect::ECHO, Call::Line),
    ] {
        let mut pair = Pair::new(dialect, None);
        assert!(pair.client.can_send(), "{dialect}");
        pair.call(last).unwrap();
        for call in [Call::Batch, Call::Bet, Call::Finished, Call::Winners] {
            assert_eq!(pair.call(call), Err(SendError::AfterLast), "{dialect} {call:?}");
        }
        assert!(!pair.client.can_send(), "{dialect}");
        // The reply changes nothing, though nothing is owed any more.
        carry(&mut pair.client, &mut pair.server, at(0));
        pair.serve();
        carry(&mut pair.server, &mut pair.client, at(0));
        assert!(pair.client.poll_event().is_some(), "{dialect}");
        assert_eq!(pair.call(last), Err(SendError::AfterLast), "{dialect}");
        assert!(!pair.client.can_send(), "{dialect}");
    }
}
