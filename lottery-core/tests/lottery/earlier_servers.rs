//! Clients that speak as earlier servers have it, with those servers, and with ours.

use lottery_core::client::{ClientError, LotteryClient, SingleBet};
use lottery_proto::{Dialect, Endpoint as _, Input, Instant, SocketError};
use lottery_runtime::{Dialer as _, Step};

use crate::support::agencies::{agency, connection, job_on, sendable_bets};
use crate::support::blocks::{BATCH_ACK, block, hear};
use crate::support::calls::{Calls, TIMEOUTS};
use crate::support::{sent, winners, written};

const NOW: Instant = Instant::from_epoch(std::time::Duration::ZERO);

/// Ends a connection as a server does that closes behind its reply, and returns the client's next step.
fn closes(client: &mut LotteryClient) -> Step {
    client.handle(NOW, Input::Eof);
    assert!(client.poll_io().unwrap().fin);
    client.handle(NOW, Input::FinSent);
    assert!(client.poll_io().is_none());
    client.next_step(NOW)
}

#[test]
fn clients_of_earlier_servers_work_with_this_one() {
    // Number of connections for 120 bets before the draw, and if the agency finishes.
    for (dialect, connections, finishes) in [
        (Dialect::BLOCK_6, 1, true),
        (Dialect::FIXED_6, 1, true),
        (Dialect::FRAMED_6, 1, false),
        (Dialect::BLOCK_7, 2, true),
        (Dialect::BRACES_7, 3 + 1 + 1, true),
    ] {
        let mut calls = Calls::new(1, "");
        let bets = sendable_bets(1, 120);
        calls.client(0, agency(1, dialect, &bets));
        calls.run(10);
        let rows = calls.store.rows();
        let expected = bets.iter().map(|bet| format!("1,{}", bet.join(",")));
        assert!(rows.split_terminator("\r\n").eq(expected), "{dialect}: every bet, in order");
        assert_eq!(calls.committer.agency(1).finished, finishes, "{dialect}");
        assert_eq!(calls.calls[0].began(), vec![0; connections], "{dialect}");
        let expected = if connections > 1 { winners(&bets) } else { Vec::new() };
        assert_eq!(calls.clients().remove(0).into_outcome().unwrap(), expected, "{dialect}");
    }
}

#[test]
fn a_client_of_a_server_that_closes_asks_on_a_new_connection_each_time() {
    let pending = block(6, "0");
    let listed = block(6, "11000005");
    let mut client = agency(1, Dialect::BLOCK_7, &sendable_bets(1, 6));
    assert_eq!(sent(&mut client, NOW).len(), 2 * 8192, "the bets and Finished");
    hear(&mut client, &block(BATCH_ACK, "1"));
    let Step::Connect(_) = closes(&mut client) else { panic!("it asks at once") };
    assert_eq!(sent(&mut client, NOW)[..5], *b"\x06\x01\x05\x001");
    hear(&mut client, &pending);
    let Step::Wait(until) = closes(&mut client) else { panic!("it pauses") };
    assert!(matches!(client.next_step(until), Step::Connect(_)));
    assert_eq!(sent(&mut client, until)[..5], *b"\x06\x01\x05\x001");
    hear(&mut client, &listed);
    assert_eq!(closes(&mut client), Step::Done);
    assert_eq!(client.into_outcome().unwrap(), ["1000005"]);
}

#[test]
fn the_end_of_the_connection_says_that_finished_was_received_where_there_is_no_reply() {
    for reply in [&b""[..], b"ACK_NOTIFY;"] {
        let mut client = agency(1, Dialect::BRACES_7, &sendable_bets(1, 1));
        assert!(sent(&mut client, NOW).starts_with(b"B{"));
        hear(&mut client, b"ACK_CHUNK;");
        let Step::Connect(_) = closes(&mut client) else { panic!("Finished is left") };
        assert_eq!(sent(&mut client, NOW), b"N{AgencyID:1};");
        assert!(!client.left().finished && !client.poll_io().unwrap().fin, "it waits for the end");
        hear(&mut client, reply);
        let Step::Connect(_) = closes(&mut client) else { panic!("the query is left") };
        assert!(client.left().finished);
        assert_eq!(sent(&mut client, NOW), b"Q{AgencyID:1};");
        // Such a server sends an empty message, too.
        hear(&mut client, b"W;;");
        let Step::Wait(until) = closes(&mut client) else { panic!("it pauses") };
        assert_eq!(sent(&mut client, until), b"Q{AgencyID:1};");
        hear(&mut client, b"R;");
        assert_eq!(closes(&mut client), Step::Done);
        assert_eq!(client.into_outcome().unwrap(), [""; 0]);
    }
}

#[test]
fn an_end_before_all_is_sent_and_a_reset_are_no_reply_to_finished() {
    for (is_sent, input) in [(false, Input::Eof), (true, Input::Failed(SocketError::Reset))] {
        let mut client = agency(1, Dialect::BRACES_7, &sendable_bets(1, 1));
        sent(&mut client, NOW);
        hear(&mut client, b"ACK_CHUNK;");
        assert!(matches!(closes(&mut client), Step::Connect(_)));
        if is_sent {
            sent(&mut client, NOW);
        } else {
            client.connected(NOW);
        }
        client.handle(NOW, input);
        client.handle(NOW, Input::FinSent);
        assert_eq!(client.next_step(NOW), Step::Done, "it is not sent again");
        let left = client.left();
        assert_eq!((left.stored, left.finished), (1, false));
        assert!(matches!(client.into_outcome(), Err(ClientError::Closed { .. })));
    }
}

#[test]
fn a_server_without_finished_gets_bets_only() {
    let mut client = agency(1, Dialect::FRAMED_6, &sendable_bets(1, 11));
    let mut message = sent(&mut client, NOW);
    for stored in [10, 11] {
        assert!(message.starts_with(b"00000"), "{message:?}");
        assert!(!client.poll_io().unwrap().fin, "it waits for the reply");
        hear(&mut client, b"00000034success;Batch stored successfully.");
        assert_eq!(client.left().stored, stored);
        message = written(&mut client, NOW);
    }
    assert_eq!(message, b"", "no END");
    assert_eq!(closes(&mut client), Step::Done);
    assert_eq!(client.into_outcome().unwrap(), [""; 0]);
}

#[test]
fn a_single_bet_needs_a_reply_that_confirms_it() {
    let fields = || ["Ana", "Paz", "20000001", "1980-01-01", "7574"].map(str::to_owned);
    let single =
        |dialect| SingleBet::new(connection(dialect), "server:1".to_owned(), TIMEOUTS, fields()).unwrap();
    let mut unconfirmable = single(Dialect::FIXED_6);
    assert_eq!(unconfirmable.next_step(NOW), Step::Done, "it does not connect");
    let error = unconfirmable.into_outcome().unwrap_err().to_string();
    assert_eq!(error, "fixed-6 has no reply that confirms a single bet; send it in another dialect");
    for dialect in [Dialect::BLOCK_6, Dialect::BLOCK_7, Dialect::FRAMED_6, Dialect::BRACES_7] {
        let mut calls = Calls::new(5, "");
        calls.client(0, single(dialect));
        calls.run(10);
        assert_eq!(calls.store.rows(), "1,Ana,Paz,20000001,1980-01-01,7574\r\n", "{dialect}");
        calls.clients().remove(0).into_outcome().unwrap();
    }
}

#[test]
fn the_winners_of_an_earlier_server_are_asked_for_where_it_has_some() {
    for dialect in Dialect::EARLIER {
        let mut client = LotteryClient::asking(job_on(1, *dialect));
        let asks = [Dialect::BLOCK_7, Dialect::BRACES_7].contains(dialect);
        assert_eq!(matches!(client.next_step(NOW), Step::Connect(_)), asks, "{dialect}");
        if !asks {
            let error = client.into_outcome().unwrap_err();
            assert!(matches!(error, ClientError::CannotAsk { .. }), "{dialect}: {error}");
        }
    }
}
