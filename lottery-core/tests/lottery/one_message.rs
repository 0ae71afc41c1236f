//! Clients of dialects in which a connection carries one message, and of those without Finished.

use lottery_core::client::{ClientError, LotteryClient};
use lottery_proto::{Dialect, Endpoint as _, Input, Instant, SocketError};
use lottery_runtime::{Dialer as _, Step};

use crate::support::agencies::{agency, agency_with, job_on, sendable_bets};
use crate::support::blocks::{connected, hear};
use crate::support::calls::Calls;
use crate::support::test_store::Fate;
use crate::support::written;

const NOW: Instant = Instant::from_epoch(std::time::Duration::ZERO);

/// Dialects of one message for each connection, and the number of bets in it.
const DIALECTS: [(Dialect, usize); 4] =
    [(Dialect::SHORT, 1), (Dialect::COLUMNS, 1), (Dialect::LINE, 1), (Dialect::BARE, 50)];

/// Reason of a rejection that is no more than the end of the connection.
fn unsaid(how: &str) -> String {
    format!("the connection was {how} without a reply (a rejection in this dialect, unless it was lost)")
}

/// Returns the reply that acknowledges a message.
fn stored(dialect: Dialect, message: &[u8]) -> Vec<u8> {
    match dialect.name() {
        "short" => {
            let size = usize::from(message[2]);
            let fields: Vec<_> = message[3..size].split(|byte| *byte == b'|').collect();
            let payload = [fields[2], b"|", fields[4], b"|1"].concat();
            let mut block = vec![2, message[1], u8::try_from(3 + payload.len()).unwrap()];
            block.extend(payload);
            block.resize(128, 0);
            block
        }
        "columns" => [message, b"\n"].concat(),
        "line" => b"success;Bet stored successfully.\n".to_vec(),
        _ => b"ACK_CHUNK;".to_vec(),
    }
}

/// Ends the connection of a client that hangs up, from both sides, and returns its next step.
fn hang_up(client: &mut LotteryClient) -> Step {
    assert!(client.poll_io().unwrap().fin, "nothing more goes on this connection");
    client.handle(NOW, Input::FinSent);
    client.handle(NOW, Input::Eof);
    assert!(client.poll_io().is_none());
    client.next_step(NOW)
}

#[test]
fn each_message_goes_on_a_connection_of_its_own_and_the_last_reply_is_the_end() {
    for (dialect, batch) in DIALECTS {
        let mut calls = Calls::new(1, "");
        let bets = sendable_bets(1, 101);
        calls.client(0, agency(1, dialect, &bets));
        calls.run(10);
        let rows = calls.store.rows();
        let expected = bets.iter().map(|bet| format!("1,{}", bet.join(",")));
        assert!(rows.split_terminator("\r\n").eq(expected), "{dialect}: every bet, in order");
        assert!(!calls.committer.agency(1).finished, "{dialect}: it cannot say so");
        assert_eq!(calls.calls[0].began(), vec![0; 101_usize.div_ceil(batch)], "{dialect}");
        let left = calls.calls[0].client.left();
        assert_eq!((left.total, left.sent, left.stored, left.finished), (101, 101, 101, true), "{dialect}");
        assert_eq!(calls.clients().remove(0).into_outcome().unwrap(), [""; 0], "{dialect}");
    }
}

#[test]
fn a_message_is_sent_once_the_one_before_is_acknowledged() {
    for (dialect, _) in DIALECTS {
        let job = lottery_core::client::Job { batch_max: Some(1), ..job_on(1, dialect) };
        let mut client = agency_with(job, &sendable_bets(1, 2));
        for nth in 0..2 {
            assert!(matches!(client.next_step(NOW), Step::Connect(_)), "{dialect}");
            client.connected(NOW);
            let message = written(&mut client, NOW);
            assert!(!client.poll_io().unwrap().fin, "{dialect}: it waits for the reply");
            assert_eq!(client.left().stored, nth, "{dialect}");
            hear(&mut client, &stored(dialect, &message));
            assert_eq!(client.left().stored, nth + 1, "{dialect}");
            let next = hang_up(&mut client);
            assert_eq!(next == Step::Done, nth == 1, "{dialect}");
        }
        assert_eq!(client.into_outcome().unwrap(), [""; 0], "{dialect}");
    }
}

#[test]
fn an_agency_without_bets_does_not_connect() {
    for (dialect, _) in DIALECTS {
        let mut client = agency(1, dialect, &[]);
        assert_eq!(client.next_step(NOW), Step::Done, "{dialect}");
        assert!(client.left().finished, "{dialect}");
        assert_eq!(client.into_outcome().unwrap(), [""; 0], "{dialect}");
    }
}

#[test]
fn a_rejected_message_names_its_lines_and_ends_the_client() {
    for (dialect, batch) in DIALECTS {
        let mut calls = Calls::new(1, "");
        calls.store.next(&[Fate::Good, Fate::Full]);
        calls.client(0, agency(1, dialect, &sendable_bets(1, 120)));
        calls.run(10);
        assert_eq!(calls.calls[0].began(), [0; 2], "{dialect}: nothing is sent behind it");
        let (left, full) =
            (calls.calls[0].client.left(), "test: no room, nothing of the group is stored: told to");
        // The end of a connection may also mean that it was lost.
        let (reason, in_doubt) = match dialect.name() {
            "short" => (unsaid("closed"), 1),
            "columns" => (unsaid("reset"), 1),
            _ => (full.to_owned(), 0),
        };
        assert_eq!((left.stored, left.sent), (batch, batch + in_doubt), "{dialect}");
        let lines = if batch == 1 { "line 2" } else { "lines 51 to 100" };
        let error = calls.clients().remove(0).into_outcome().unwrap_err().to_string();
        assert_eq!(error, format!("the server refused a batch: agency.csv: {lines}: {reason}"), "{dialect}");
    }
}

#[test]
fn a_status_of_short_that_says_no_is_a_rejection() {
    let mut client = connected(1, Dialect::SHORT);
    let mut reply = stored(Dialect::SHORT, &written(&mut client, NOW));
    let status = usize::from(reply[2]) - 1;
    reply[status] = b'0';
    hear(&mut client, &reply);
    assert_eq!(client.left().sent, 0);
    let error = client.into_outcome().unwrap_err().to_string();
    assert_eq!(error, "the server refused a batch: a.csv: line 1");
}

#[test]
fn a_bet_in_another_reply_than_its_own_is_no_acknowledgement() {
    for (dialect, reply, place) in [
        (Dialect::COLUMNS, "00001Ana       Paz       200000021980-01-017574\n", "line 1"),
        (Dialect::LINE, "OK\n", "line 1"),
    ] {
        let mut client = connected(1, dialect);
        written(&mut client, NOW);
        hear(&mut client, reply.as_bytes());
        client.handle(NOW, Input::FinSent);
        client.handle(NOW, Input::Eof);
        let error = client.into_outcome().unwrap_err().to_string();
        let expected =
            format!("unconfirmed, a.csv: {place} may be stored or not: the connection to server:1 ended: ");
        assert!(error.starts_with(&expected), "{dialect}: {error}");
    }
}

#[test]
fn bets_whose_reply_is_lost_are_unconfirmed_and_not_sent_again() {
    for (dialect, batch) in DIALECTS {
        for input in [Input::Eof, Input::Failed(SocketError::Reset), Input::Failed(SocketError::TimedOut)] {
            let mut client = connected(1, dialect);
            written(&mut client, NOW);
            client.handle(NOW, input);
            client.handle(NOW, Input::FinSent);
            assert_eq!(client.next_step(NOW), Step::Done, "{dialect}");
            assert_eq!((client.left().sent, client.left().stored), (batch.min(3), 0), "{dialect}");
            let error = client.into_outcome().unwrap_err();
            let lines = if batch == 1 { "line 1" } else { "lines 1 to 4" };
            let said = [(Dialect::SHORT, Input::Eof), (Dialect::COLUMNS, Input::Failed(SocketError::Reset))];
            let expected = if said.contains(&(dialect, input)) {
                format!("the server refused a batch: a.csv: {lines}: the connection was ")
            } else {
                format!(
                    "unconfirmed, a.csv: {lines} may be stored or not: the connection to server:1 ended: "
                )
            };
            assert!(error.to_string().starts_with(&expected), "{dialect}: {error}");
        }
    }
}

#[test]
fn bets_of_which_nothing_was_sent_are_not_in_doubt() {
    for (dialect, _) in DIALECTS {
        let mut client = connected(1, dialect);
        client.handle(NOW, Input::Failed(SocketError::Reset));
        assert_eq!((client.next_step(NOW), client.left().sent), (Step::Done, 0), "{dialect}");
        let error = client.into_outcome().unwrap_err();
        assert!(matches!(error, ClientError::Closed { .. }), "{dialect}: {error}");
    }
}

#[test]
fn a_dialect_that_carries_bets_only_asks_for_no_winners() {
    for (dialect, _) in DIALECTS {
        let mut client = LotteryClient::asking(job_on(1, dialect));
        assert_eq!(client.next_step(NOW), Step::Done, "{dialect}");
        let error = client.into_outcome().unwrap_err().to_string();
        let expected = format!(
            "{dialect} cannot ask for the winners of one agency: it carries bets only; ask in another"
        );
        assert!(error.starts_with(&expected), "{error}");
    }
}
