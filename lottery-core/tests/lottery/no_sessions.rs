//! Servers without sessions: an agency says so, names the dialect that helps, and does not try for long.

use std::time::Duration;

use lottery_core::client::{ClientError, LotteryClient};
use lottery_proto::{Code, Dialect, Endpoint as _, Failure, HelloReply, Input, Instant, SocketError};
use lottery_runtime::{Dialer as _, Step};

use crate::support::agencies::{agency_with, job_on, sendable_bets};
use crate::support::blocks::{BATCH_ACK, ERROR, block, connected, hear};
use crate::support::session::{Talk, welcome};

const HINT: &str = "a server without sessions takes bets with --dialect block";

/// Way in which a server meets Hello.
#[derive(Clone, Copy, Debug)]
enum Server {
    Closes,
    IsSilent,
    Resets,
}

fn seconds(now: Instant) -> f64 {
    now.since_epoch().as_secs_f64()
}

/// Lets the machine send everything.
fn send(agency: &mut LotteryClient, now: Instant) {
    while let Some(len) = agency.poll_io().map(|io| io.send.len())
        && len > 0
    {
        agency.handle(now, Input::Sent(len));
    }
}

/// Ends the connection of an agency that has sent Hello as the server does, and returns the time of its end.
fn meet(agency: &mut LotteryClient, mut now: Instant, server: Server) -> Instant {
    send(agency, now);
    match server {
        Server::Closes => agency.handle(now, Input::Eof),
        Server::Resets => agency.handle(now, Input::Failed(SocketError::Reset)),
        Server::IsSilent => {
            now = now.after(Duration::from_secs(5));
            agency.handle(now, Input::Timeout);
        }
    }
    agency.handle(now, Input::FinSent);
    agency.handle(now.after(Duration::from_secs(1)), Input::Timeout);
    assert!(agency.poll_io().is_none(), "{server:?}");
    now
}

#[test]
fn an_agency_without_an_answer_to_hello_ends_with_a_hint_within_half_a_minute() {
    for server in [Server::Closes, Server::IsSilent, Server::Resets] {
        let mut job = job_on(1, Dialect::SESSION);
        job.retry_for = Duration::from_secs(60);
        let mut agency = agency_with(job, &sendable_bets(1, 3));
        let (mut now, mut attempts) = (Instant::default(), 0);
        loop {
            match agency.next_step(now) {
                Step::Connect(_) => {
                    attempts += 1;
                    agency.connected(now);
                    now = meet(&mut agency, now, server);
                }
                Step::Wait(until) => now = until,
                Step::Done => break,
            }
        }
        assert!(attempts >= 3, "{server:?}: a server may be full or restart: {attempts}");
        assert!((15.0..30.0).contains(&seconds(now)), "{server:?}: {}", seconds(now));
        assert_eq!(agency.left().sent, 0, "{server:?}");
        let error = agency.into_outcome().unwrap_err();
        assert!(matches!(error, ClientError::NoSession { .. }), "{server:?}: {error:?}");
        let error = error.to_string();
        assert!(error.starts_with("server:1 opens no session: ") && error.ends_with(HINT), "{error}");
    }
}

#[test]
fn another_answer_to_hello_ends_an_agency_at_once() {
    for (answer, reason) in [
        (block(BATCH_ACK, "0"), "protocol error: packet type 5, expected 8 (at byte 0)"),
        (block(6, "0"), "protocol error: packet type 6, expected 8 (at byte 0)"),
        (
            block(ERROR, "malformed|this dialect is not spoken here"),
            "malformed: this dialect is not spoken here",
        ),
        (
            block(ERROR, "unsupported-version|unsupported version, expected 9"),
            "unsupported-version: unsupported version, expected 9",
        ),
    ] {
        let mut agency = connected(1, Dialect::SESSION);
        hear(&mut agency, &answer);
        let now = meet(&mut agency, Instant::default(), Server::Closes);
        assert_eq!(agency.next_step(now), Step::Done, "{reason}");
        let error = agency.into_outcome().unwrap_err().to_string();
        assert_eq!(error, format!("server:1 opens no session: {reason}; {HINT}"));
    }
}

#[test]
fn a_server_that_has_shown_sessions_is_waited_for_as_long_as_the_job_says() {
    for shown in [welcome(0, false), HelloReply::Rejected(Failure { code: Code::Storage, text: "no room" })] {
        let mut talk = Talk::new();
        talk.greet(shown);
        talk.agency.handle(talk.now, Input::Failed(SocketError::Reset));
        loop {
            match talk.agency.next_step(talk.now) {
                Step::Connect(_) => {
                    talk.agency.connected(talk.now);
                    talk.agency.handle(talk.now, Input::Failed(SocketError::Reset));
                }
                Step::Wait(until) => talk.now = until,
                Step::Done => break,
            }
        }
        let error = talk.error();
        assert!(matches!(error, ClientError::GivenUp { .. }), "{error:?}");
        assert!(!error.to_string().contains(HINT), "{error}");
    }
}

#[test]
fn a_clock_that_jumps_is_no_reason_to_give_up_at_the_first_end() {
    let mut agency = agency_with(job_on(1, Dialect::SESSION), &sendable_bets(1, 3));
    let now = Instant::default();
    assert!(matches!(agency.next_step(now), Step::Connect(_)));
    agency.connected(now);
    let now = meet(&mut agency, now.after(Duration::from_secs(3600)), Server::Closes);
    assert!(matches!(agency.next_step(now), Step::Wait(_)));
}
