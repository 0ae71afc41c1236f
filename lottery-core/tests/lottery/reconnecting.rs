//! Agencies that cannot connect, and the `Debug` text of an agency.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{ClientError, EchoClient, EchoJob, Job, LotteryClient, SingleBet};
use lottery_proto::{AgencyId, ClientConfig, Dialect, Endpoint as _, Input, Instant};
use lottery_runtime::{Dialer, Step, Target};

use crate::support::calls::TIMEOUTS;
use crate::support::world::job;

const BETS: &str = "Ana,Paz,20000001,1980-01-01,7574\nJos\u{e9},Paz,20000003,2000-02-29,8\n";

fn agency(dialect: Dialect) -> LotteryClient {
    let connection = ClientConfig::new(AgencyId::new(1).unwrap(), dialect).unwrap();
    let bets = AgencyFile::parse(Path::new("agency.csv"), BETS.as_bytes()).unwrap();
    LotteryClient::new(Job { connection, ..job(1) }, Arc::new(bets))
}

fn rejected() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "nobody listens")
}

/// Lets the client ask for a connection, and get none.
fn dial(caller: &mut impl Dialer, now: Instant) {
    let Step::Connect(target) = caller.next_step(now) else { panic!("it has to connect") };
    assert_eq!(
        target,
        Target { server: "server:1".to_owned(), timeout: TIMEOUTS.0, until: now.after(TIMEOUTS.1) }
    );
    caller.not_connected(now, &rejected());
}

/// Checks that the outcome names the server and the reason.
fn could_not_connect<T: std::fmt::Debug>(outcome: Result<T, ClientError>) {
    let Err(ClientError::Connect { server, error }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((server.as_str(), error.kind()), ("server:1", io::ErrorKind::ConnectionRefused));
    assert_eq!(error.to_string(), "nobody listens");
}

#[test]
fn without_sessions_a_failed_connection_is_not_retried() {
    let now = Instant::default();
    for dialect in [Dialect::BLOCK, Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
        let mut agency = agency(dialect);
        dial(&mut agency, now);
        assert_eq!(agency.next_step(now), Step::Done, "{dialect}");
        could_not_connect(agency.into_outcome());
    }
}

#[test]
fn with_sessions_connecting_is_retried_until_the_limit() {
    let mut agency = agency(Dialect::SESSION);
    let mut now = Instant::default();
    let mut tries = 0;
    loop {
        match agency.next_step(now) {
            Step::Connect(target) => {
                let end = Instant::default().after(TIMEOUTS.1);
                assert_eq!(target.until, end.max(now.after(Duration::from_secs(1))), "the whole has one end");
                tries += 1;
                agency.not_connected(now, &rejected());
            }
            Step::Wait(until) => {
                assert!(until > now);
                now = until;
            }
            Step::Done => break,
        }
    }
    assert_eq!(now, Instant::default().after(Duration::from_secs(10)), "as long as its job says");
    assert!((5..30).contains(&tries), "{tries}");
    let outcome = agency.into_outcome();
    let Err(ClientError::GivenUp { reason, stored: 0, total: 2, finished: false, .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(reason, "cannot connect to server:1: nobody listens");
}

#[test]
fn a_single_bet_and_a_health_check_do_not_retry() {
    let now = Instant::default();
    let connection = |dialect| ClientConfig::new(AgencyId::new(1).unwrap(), dialect).unwrap();
    let fields = ["Ana", "Paz", "20000001", "1980-01-01", "7574"].map(str::to_owned);
    let mut bet =
        SingleBet::new(connection(Dialect::BLOCK), "server:1".to_owned(), TIMEOUTS, fields).unwrap();
    dial(&mut bet, now);
    assert_eq!(bet.next_step(now), Step::Done);
    could_not_connect(bet.into_outcome());

    let mut echoes = EchoClient::new(EchoJob {
        connection: connection(Dialect::ECHO),
        server: "server:1".to_owned(),
        connect_timeout: TIMEOUTS.0,
        retry_for: TIMEOUTS.1,
        amount: 2,
        period: Duration::from_secs(1),
    });
    dial(&mut echoes, now);
    assert_eq!(echoes.next_step(now), Step::Done);
    could_not_connect(echoes.into_outcome());
}

#[test]
fn debug_of_a_client_shows_server_and_end() {
    let now = Instant::default();
    for dialect in [Dialect::BLOCK, Dialect::SESSION] {
        let mut agency = agency(dialect);
        let shown = format!("{agency:?}");
        assert!(shown.contains("Call(agency 1 to server:1, ended: false, None)"), "{shown}");
        let Step::Connect(_) = agency.next_step(now) else { panic!() };
        agency.connected(now);
        agency.handle(now, Input::Shutdown);
        let shown = format!("{agency:?}");
        assert!(shown.contains("ended: true, Some(Client {"), "{shown}");
    }
}

#[test]
fn a_closing_fixed_client_has_no_deadline_for_its_next_query() {
    let now = Instant::default();
    let mut agency = agency(Dialect::FIXED);
    agency.next_step(now);
    agency.connected(now);
    while let Some(sent) = agency.poll_io().map(|io| io.send.len()).filter(|sent| *sent > 0) {
        agency.handle(now, Input::Sent(sent));
    }
    let answer = b"O";
    agency.poll_io().unwrap().recv[..answer.len()].copy_from_slice(answer);
    agency.handle(now, Input::Received(answer.len()));
    let io = agency.poll_io().unwrap();
    assert!(io.fin, "it asks on another connection");
    assert!(io.deadline.is_none_or(|deadline| deadline > now), "{:?}", io.deadline);
}
