//! Winners query: sent again when a connection is lost, by an agency that only asks, and by one that its
//! dialect has no name for.

use std::io;
use std::time::Duration;

use lottery_core::client::{ClientError, LotteryClient};
use lottery_proto::{Dialect, Endpoint as _, Input, Instant, SocketError};
use lottery_runtime::{Dialer as _, Step};

use crate::support::agencies::{agency, job_on, sendable_bets};
use crate::support::blocks::{HELLO, block, hear};
use crate::support::calls::Calls;
use crate::support::{Fields, winners};

/// Type of the packet of a query, and of its reply.
const WINNER: u8 = 6;

/// Dialects with a query for the winners of one agency.
const ASKING: [Dialect; 4] = [Dialect::SESSION, Dialect::BLOCK, Dialect::FIXED, Dialect::BRACES];

fn second(seconds: u64) -> Instant {
    Instant::from_epoch(Duration::from_secs(seconds))
}

/// Returns bets that all win.
fn all_win(agency: u32, count: u32) -> Vec<Fields> {
    let mut bets = sendable_bets(agency, count);
    for bet in &mut bets {
        "7574".clone_into(&mut bet[4]);
    }
    bets
}

#[test]
fn a_waiting_client_asks_again_after_a_restart_of_the_server() {
    for dialect in ASKING {
        let mut calls = Calls::new(2, "");
        calls.client(0, agency(1, dialect, &sendable_bets(1, 300)));
        calls.run(5);
        assert!(calls.committer.agency(1).finished, "{dialect}");
        for _ in 0..3 {
            calls.restart(2);
            calls.run(7);
        }
        calls.client(0, agency(2, dialect, &sendable_bets(2, 40)));
        calls.run(100);
        assert_eq!(calls.store.rows().lines().count(), 340, "{dialect}: each bet once");
        let outcomes: Vec<_> =
            calls.clients().into_iter().map(|agency| agency.into_outcome().unwrap()).collect();
        assert_eq!(outcomes, [winners(&sendable_bets(1, 300)), winners(&sendable_bets(2, 40))], "{dialect}");
    }
}

#[test]
fn a_client_sends_nothing_again_before_finished_is_acknowledged() {
    for dialect in [Dialect::BLOCK, Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
        let mut agency = agency(1, dialect, &sendable_bets(1, 300));
        let now = Instant::default();
        agency.next_step(now);
        agency.connected(now);
        agency.handle(now, Input::Failed(SocketError::Reset));
        assert_eq!(agency.next_step(now), Step::Done, "{dialect}");
        let left = agency.left();
        assert!(
            left.sent > 0 && left.stored == 0 && left.total == 300 && !left.finished,
            "{dialect}: {left:?}"
        );
        let outcome = agency.into_outcome();
        assert!(matches!(outcome, Err(ClientError::Closed { .. })), "{dialect}: {outcome:?}");
    }
}

#[test]
fn a_dialect_without_a_winners_query_is_not_asked_again() {
    let mut calls = Calls::new(2, "");
    calls.client(0, agency(1, Dialect::FRAMED, &sendable_bets(1, 30)));
    calls.run(5);
    calls.restart(2);
    calls.run(5);
    let agency = calls.clients().remove(0);
    assert_eq!((agency.left().stored, agency.left().total), (30, 30));
    let outcome = agency.into_outcome();
    assert!(matches!(outcome, Err(ClientError::Closed { .. })), "{outcome:?}");
}

#[test]
fn a_server_that_does_not_come_back_is_given_up() {
    for dialect in ASKING {
        let mut asking = LotteryClient::asking(job_on(1, dialect));
        let mut now = Instant::default();
        loop {
            match asking.next_step(now) {
                Step::Connect(_) => {
                    asking.not_connected(
                        now,
                        &io::Error::new(io::ErrorKind::ConnectionRefused, "nobody listens"),
                    );
                }
                Step::Wait(until) => now = until,
                Step::Done => break,
            }
        }
        assert_eq!(now, second(10), "{dialect}: as long as its job says");
        let error = asking.into_outcome().unwrap_err().to_string();
        let reason =
            "given up after 10.0s: cannot connect to server:1: nobody listens; 0 of 0 bets are stored";
        assert!(error.starts_with(reason), "{dialect}: {error}");
    }
}

#[test]
fn a_client_that_only_asks_gets_winners_and_changes_nothing() {
    for dialect in ASKING {
        let mut calls = Calls::new(2, "");
        // The same holds while the agency still sends: a process that only asks does not supersede it.
        calls.client(0, LotteryClient::asking(job_on(1, dialect)));
        calls.client(3, agency(1, Dialect::SESSION, &sendable_bets(1, 300)));
        calls.client(5, LotteryClient::asking(job_on(1, dialect)));
        calls.run(10);
        assert_eq!(calls.calls[1].connections.len(), 1, "{dialect}: its session goes on");
        let before = calls.store.saved();
        calls.client(0, LotteryClient::asking(job_on(2, dialect)));
        calls.run(10);
        assert!(!calls.committer.agency(2).finished && calls.store.saved() == before, "{dialect}");
        calls.client(0, agency(2, dialect, &sendable_bets(2, 40)));
        calls.run(100);
        let after = calls.store.saved();
        calls.client(0, LotteryClient::asking(job_on(1, dialect)));
        calls.run(100);
        assert!(calls.store.saved() == after, "{dialect}");
        let outcomes: Vec<_> =
            calls.clients().into_iter().map(|agency| agency.into_outcome().unwrap()).collect();
        let (first, second) = (winners(&sendable_bets(1, 300)), winners(&sendable_bets(2, 40)));
        let expected = [&first, &first, &first, &second, &second, &first].map(Clone::clone);
        assert_eq!(outcomes, expected, "{dialect}");
    }
}

#[test]
fn asking_on_a_dialect_that_cannot_fails_before_connecting() {
    let mut asking = LotteryClient::asking(job_on(1, Dialect::FRAMED));
    assert_eq!(asking.next_step(Instant::default()), Step::Done);
    let error = asking.into_outcome().unwrap_err().to_string();
    let expected = "framed cannot ask for the winners of one agency: it asks by saying that the agency is finished; ask in \
                    another dialect, such as block";
    assert_eq!(error, expected);
}

#[test]
fn a_list_longer_than_a_block_is_asked_for_in_a_session() {
    let many = all_win(1, 2500);
    let mut calls = Calls::new(1, "");
    calls.client(0, agency(1, Dialect::SESSION, &many));
    calls.run(10);
    for dialect in [Dialect::BLOCK, Dialect::SESSION] {
        calls.client(0, LotteryClient::asking(job_on(1, dialect)));
    }
    calls.run(10);
    for agency in calls.clients() {
        assert_eq!(agency.into_outcome().unwrap(), winners(&many));
    }
}

/// Connects an agency, lets it send all that it wants to, and feeds it this reply and the server's end.
fn told(agency: &mut LotteryClient, now: Instant, answer: &[u8]) {
    assert!(matches!(agency.next_step(now), Step::Connect(_)), "{agency:?}");
    agency.connected(now);
    while let Some(sent) = agency.poll_io().map(|io| io.send.len()).filter(|sent| *sent > 0) {
        agency.handle(now, Input::Sent(sent));
    }
    let mut answer = answer;
    while !answer.is_empty() {
        let io = agency.poll_io().expect("it listens");
        let len = io.recv.len().min(answer.len());
        io.recv[..len].copy_from_slice(&answer[..len]);
        agency.handle(now, Input::Received(len));
        answer = &answer[len..];
    }
    agency.handle(now, Input::Eof);
    agency.handle(now, Input::FinSent);
}

#[test]
fn an_unfinished_agency_has_no_winners() {
    let mut asking = LotteryClient::asking(job_on(1, Dialect::SESSION));
    let mut now = Instant::default();
    for _ in 0..2 {
        told(&mut asking, now, b"");
        let Step::Wait(until) = asking.next_step(now) else { panic!("{asking:?}") };
        now = until;
    }
    told(&mut asking, now, &lottery_testkit::welcome(1, 3, false, 16, 0));
    assert_eq!(asking.next_step(now), Step::Done);
    let outcome = asking.into_outcome();
    assert!(matches!(outcome, Err(ClientError::NotFinished)), "{outcome:?}");
}

#[test]
fn a_query_is_repeated_only_after_a_failure_that_may_pass() {
    for (said, again) in [
        ("the server is stopping", true),
        ("too many connections", true),
        ("nothing was sent for too long", true),
        ("more winners than this dialect can carry in one answer", false),
        ("unknown agency 1, expected 1 to 0", false),
    ] {
        let braces = format!("ERROR:{said};").into_bytes();
        let fixed = format!("E{:05}{said}", said.len()).into_bytes();
        for (dialect, answer) in [(Dialect::BRACES, braces), (Dialect::FIXED, fixed)] {
            let now = second(7);
            let mut asking = LotteryClient::asking(job_on(1, dialect));
            told(&mut asking, now, &answer);
            let step = asking.next_step(now);
            assert_eq!(
                matches!(step, Step::Wait(until) if until > now),
                again,
                "{dialect}: {said}: {step:?}"
            );
            assert_eq!(step == Step::Done, !again, "{dialect}: {said}");
        }
    }
    // A reply that breaks the protocol is not asked for again.
    let mut asking = LotteryClient::asking(job_on(1, Dialect::BRACES));
    told(&mut asking, second(7), b"R{PlayerDocID:x};");
    assert_eq!(asking.next_step(second(7)), Step::Done);
}

#[test]
fn an_anonymous_query_for_a_finished_agency_is_an_error() {
    let mut calls = Calls::new(2, "");
    calls.client(0, agency(1, Dialect::FRAMED, &sendable_bets(1, 30)));
    calls.client(0, agency(2, Dialect::BLOCK, &[]));
    calls.run(10);
    // Agency 1 comes again with another file, an empty one.
    calls.client(0, agency(1, Dialect::FRAMED, &[]));
    calls.run(10);
    let mut clients = calls.clients();
    let outcome = clients.remove(2).into_outcome();
    let Err(ClientError::CannotAsk { dialect, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(dialect, Dialect::FRAMED);
    assert_eq!(clients.remove(0).into_outcome().unwrap(), winners(&sendable_bets(1, 30)));
}

#[test]
fn an_agency_without_bets_has_no_winners_whatever_the_check_says() {
    let no_winners = b"00000010NO_WINNERS";
    for answer in
        [&b"00000034success;Batch stored successfully."[..], b"00000014error;no bets!", b"nonsense", b""]
    {
        let now = Instant::default();
        let mut nobody = agency(1, Dialect::FRAMED, &[]);
        told(&mut nobody, now, no_winners);
        told(&mut nobody, now, answer);
        assert_eq!(nobody.next_step(now), Step::Done, "{}", answer.escape_ascii());
        assert_eq!(nobody.into_outcome().unwrap(), [""; 0]);
    }
    // The same holds if the server is silent, or gone.
    let now = Instant::default();
    let mut nobody = agency(1, Dialect::FRAMED, &[]);
    told(&mut nobody, now, no_winners);
    assert!(matches!(nobody.next_step(now), Step::Connect(_)), "{nobody:?}");
    nobody.connected(now);
    while let Some(sent) = nobody.poll_io().map(|io| io.send.len()).filter(|sent| *sent > 0) {
        nobody.handle(now, Input::Sent(sent));
    }
    let deadline = nobody.poll_io().unwrap().deadline.unwrap();
    assert_eq!(deadline, second(5));
    nobody.handle(deadline, Input::Timeout);
    assert!(nobody.poll_io().is_none_or(|io| io.fin));
    assert_eq!(nobody.into_outcome().unwrap(), [""; 0]);
    let mut nobody = agency(1, Dialect::FRAMED, &[]);
    told(&mut nobody, now, no_winners);
    nobody.next_step(now);
    nobody.not_connected(now, &io::Error::other("gone"));
    assert_eq!(nobody.next_step(now), Step::Done);
    assert_eq!(nobody.into_outcome().unwrap(), [""; 0]);
}

/// A server that has no sessions, and fails some queries.
#[test]
fn a_server_that_answers_neither_query_nor_hello_is_asked_in_block_again() {
    let mut asking = LotteryClient::asking(job_on(1, Dialect::BLOCK));
    let mut now = Instant::default();
    let mut first_bytes = Vec::new();
    loop {
        match asking.next_step(now) {
            Step::Connect(_) => {
                asking.connected(now);
                let sent = asking.poll_io().expect("it asks").send.to_vec();
                first_bytes.push(sent[0]);
                asking.handle(now, Input::Sent(sent.len()));
                if first_bytes.len() == 4 {
                    hear(&mut asking, &block(WINNER, "120000001"));
                }
                asking.handle(now, Input::Eof);
                asking.handle(now, Input::FinSent);
            }
            Step::Wait(until) => now = until,
            Step::Done => break,
        }
    }
    // Queries, Hello, and a query.
    assert_eq!(first_bytes, [WINNER, WINNER, HELLO, WINNER]);
    assert_eq!(asking.into_outcome().unwrap(), ["20000001"]);
}
