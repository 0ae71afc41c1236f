//! Whole lotteries in every dialect: times of the queries, and their connections.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lottery_core::client::{LotteryClient, Progress};
use lottery_proto::{Dialect, Instant};

use crate::support::agencies::{agency, sendable_bets};
use crate::support::calls::{Call, Calls};
use crate::support::{Fields, winners};

/// Returns the times at which `part` was sent, in milliseconds, on any connection.
fn sent(call: &Call<LotteryClient>, part: &[u8]) -> Vec<u128> {
    let all = call.connections.iter().flatten();
    let holds = |bytes: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    all.filter(|(_, bytes)| holds(bytes)).map(|(at, _)| at.since_epoch().as_millis()).collect()
}

/// Checks that no `Debug` text shows names, documents or birth dates, which are personal data.
fn shows_nobody(calls: &Calls<LotteryClient>, all: &[Vec<Fields>]) {
    let shown = calls.shown();
    for secret in all.iter().flatten().step_by(100).flat_map(|bet| &bet[..4]) {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

/// Runs five agencies, of which the last begins after 33 s.
fn play(dialects: [Dialect; 5]) -> Calls<LotteryClient> {
    let mut calls = Calls::new(5, "");
    let all: Vec<Vec<Fields>> = (1..=5).map(|id| sendable_bets(id, 150 * id)).collect();
    for ((id, bets), dialect) in (1..).zip(&all).zip(dialects) {
        calls.client([0, 0, 1, 2, 33][id as usize - 1], agency(id, dialect, bets));
    }
    while calls.calls.iter().any(|call| call.done.is_none()) {
        assert!(calls.now < Instant::default().after(Duration::from_secs(1000)), "it ends");
        calls.run(1);
        shows_nobody(&calls, &all);
    }
    let rows = calls.store.rows();
    for (id, bets) in (1..).zip(&all) {
        let own = format!("{id},");
        let stored: Vec<String> =
            rows.lines().filter_map(|row| row.strip_prefix(&own)).map(str::to_owned).collect();
        let expected: Vec<String> = bets.iter().map(|bet| bet.join(",")).collect();
        assert_eq!(stored, expected, "agency {id}: every bet, in order");
    }
    calls
}

fn all_get_their_winners(calls: Calls<LotteryClient>) {
    for (id, agency) in (1..).zip(calls.clients()) {
        assert_eq!(agency.into_outcome().unwrap(), winners(&sendable_bets(id, 150 * id)), "agency {id}");
    }
}

/// After 0, 1, 3, 7, 15, 23, … seconds, from when all was sent.
const AT_0: [u128; 8] = [0, 1000, 3000, 7000, 15_000, 23_000, 31_000, 39_000];
const AT_1: [u128; 8] = [1000, 2000, 4000, 8000, 16_000, 24_000, 32_000, 40_000];

#[test]
fn braces_clients_ask_on_their_connection() {
    let calls = play([Dialect::BRACES; 5]);
    assert_eq!(sent(&calls.calls[0], b"Q{AgencyID:1};"), AT_0);
    assert_eq!(sent(&calls.calls[2], b"Q{AgencyID:3};"), AT_1);
    assert_eq!(sent(&calls.calls[4], b"Q{AgencyID:5};"), [33_000]);
    assert!(calls.calls.iter().all(|call| call.connections.len() == 1));
    all_get_their_winners(calls);
}

#[test]
fn fixed_clients_ask_on_a_new_connection_each_time() {
    let calls = play([Dialect::FIXED; 5]);
    assert_eq!(sent(&calls.calls[0], b"C00001"), AT_0);
    assert_eq!(sent(&calls.calls[2], b"C00003"), AT_1);
    assert_eq!(sent(&calls.calls[4], b"C00005"), [33_000]);
    for (call, questions) in calls.calls.iter().zip([&AT_0[..], &AT_0, &AT_1]) {
        assert_eq!(call.began(), [&questions[..1], questions].concat(), "the bets, and each question");
        let bytes = |sent: &[(_, Vec<u8>)]| sent.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        assert!(call.connections[1..].iter().all(|sent| bytes(sent) == 6), "nothing but the question");
    }
    all_get_their_winners(calls);
}

#[test]
fn framed_clients_ask_once_and_get_winners_at_the_draw() {
    let calls = play([Dialect::FRAMED; 5]);
    for (call, at) in calls.calls.iter().zip([0, 0, 1000, 2000, 33_000]) {
        assert_eq!(sent(call, b"00000003END"), [at]);
        let last = call.connections[0].last().expect("there is something");
        assert_eq!(last.0.since_epoch().as_millis(), at, "nothing more");
        assert_eq!(call.connections.len(), 1);
        assert_eq!(call.done, Some(Instant::from_epoch(Duration::from_secs(33))), "not a moment later");
    }
    all_get_their_winners(calls);
}

#[test]
fn clients_of_all_dialects_share_a_lottery() {
    let dialects = [Dialect::FIXED, Dialect::BLOCK, Dialect::BRACES, Dialect::FRAMED, Dialect::FIXED];
    let calls = play(dialects);
    assert_eq!(sent(&calls.calls[0], b"C00001"), AT_0);
    assert_eq!(sent(&calls.calls[2], b"Q{AgencyID:3};"), AT_1);
    assert_eq!(calls.calls[3].done, Some(Instant::from_epoch(Duration::from_secs(33))));
    all_get_their_winners(calls);
}

#[test]
fn a_framed_client_waits_for_the_draw_without_a_limit() {
    let mut calls = Calls::new(2, "");
    calls.client(0, agency(1, Dialect::FRAMED, &sendable_bets(1, 30)));
    calls.client(1_000_000, agency(2, Dialect::FRAMED, &sendable_bets(2, 30)));
    calls.run(2_000_000);
    assert_eq!(calls.now, Instant::from_epoch(Duration::from_secs(1_000_000)));
    assert!(calls.clients().into_iter().all(|agency| agency.into_outcome().unwrap().len() == 6));
}

#[test]
fn bets_that_the_dialect_cannot_carry_are_not_sent() {
    for (dialect, field, text, problem) in [
        (Dialect::FIXED, 4, "10000", "number: wider than the 4 characters that this dialect has for it"),
        (
            Dialect::FIXED,
            2,
            "123456789",
            "document: wider than the 8 characters that this dialect has for it",
        ),
        (Dialect::FRAMED, 0, "Ana;Eva", "first_name: ';' cannot be sent in this dialect"),
        (Dialect::BRACES, 1, "{Paz}", "last_name: '{' cannot be sent in this dialect"),
    ] {
        let mut calls = Calls::new(1, "");
        let mut bets = sendable_bets(1, 20);
        text.clone_into(&mut bets[12][field]);
        calls.client(0, agency(1, dialect, &bets));
        calls.run(10);
        assert_eq!(calls.calls[0].began(), [0; 0], "{dialect}: no connection");
        let error = calls.clients().remove(0).into_outcome().unwrap_err().to_string();
        assert_eq!(error, format!("agency.csv: line 13: {problem}"), "{dialect}");
    }
}

/// Adds two of three agencies, which have no bets, and do not name themselves.
fn with_anonymous_clients() -> Calls<LotteryClient> {
    let mut calls = Calls::new(3, "");
    calls.client(0, agency(2, Dialect::FRAMED, &[]));
    calls.client(1, agency(3, Dialect::FRAMED, &[]));
    calls
}

#[test]
fn an_anonymous_client_stands_in_for_an_agency() {
    let mut calls = with_anonymous_clients();
    calls.client(2, agency(1, Dialect::FRAMED, &sendable_bets(1, 30)));
    calls.run(100);
    assert!(calls.calls.iter().all(|call| call.done == Some(Instant::from_epoch(Duration::from_secs(2)))));
    let outcomes: Vec<_> = calls.clients().into_iter().map(|agency| agency.into_outcome().unwrap()).collect();
    assert_eq!(outcomes, [vec![], vec![], winners(&sendable_bets(1, 30))]);
}

#[test]
fn a_closed_connection_stands_in_for_no_agency() {
    let mut calls = with_anonymous_clients();
    calls.run(1);
    calls.lose(0);
    calls.client(1, agency(1, Dialect::FRAMED, &sendable_bets(1, 30)));
    calls.run(100);
    assert!(calls.committer.draw().is_none(), "nothing was heard of agency 2, and nobody stands for it");
}

#[test]
fn a_client_reports_its_progress() {
    for (dialect, batch) in [(Dialect::FIXED, 99), (Dialect::FRAMED, 10)] {
        let seen = Arc::<Mutex<Vec<Progress>>>::default();
        let sink = Arc::clone(&seen);
        let mut calls = Calls::new(1, "");
        let agency = agency(1, dialect, &sendable_bets(1, 150));
        calls.client(0, agency.with_progress(move |progress| sink.lock().unwrap().push(progress)));
        calls.run(10);
        let at = |sent, stored| Progress { sent, total: 150, stored, cut_off: false };
        let sent = (1..).map(|nth| (nth * batch).min(150)).take(150_usize.div_ceil(batch));
        let expected: Vec<_> = sent.map(|sent| at(sent, false)).chain([at(150, true)]).collect();
        assert_eq!(*seen.lock().unwrap(), expected, "{dialect}");
    }
}
