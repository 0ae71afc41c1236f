//! The end of a connection: by either side, by a failure, in the middle of a message, at a shutdown.

use lottery_proto::server::Event;
use lottery_proto::{CloseReason, Dialect, Endpoint, Input, Receipt, SocketError, State, Violation};
use lottery_testkit::{
    ANA, BATCH_ACK, BET, BET_ACK, BLOCK, ClientEvent, FINISHED, JOSE, ServerEvent, WINNER, accept_next, at,
    batch, bet, block, client, client_events, give, server, server_events, server_with, take,
};

use crate::support::{
    BRACES_BATCH, FIXED_BATCH, FRAMED_BATCH, accept_all, asking, close_reason, server_given, utf8,
};

#[test]
fn an_end_inside_a_message_is_truncated_and_between_messages_is_done() {
    let whole = [block(WINNER, 1, b"1"), batch(1, &[ANA])].concat();
    for received in [0, 1, 3, 4, 5, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK] {
        let mut server = server();
        give(&mut server, at(1), &whole[..received]);
        server.handle(at(1), Input::Eof);
        assert!(server.poll_io().unwrap().recv.is_empty());
        // Requests in whole messages are answered all the same.
        let answers = received / BLOCK;
        if let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() {
            server.reply(at(1), ticket, lottery_proto::WinnersReply::Pending).unwrap();
        }
        if let Some(Event::Batch { ticket, .. }) = server.poll_event() {
            server.reply(at(1), ticket, Receipt::Stored { total: 1 }).unwrap();
        }
        assert_eq!(take(&mut server, at(1)).len(), answers.min(1) * BLOCK);
        assert!(server.poll_io().unwrap().fin);
        server.handle(at(1), Input::FinSent);
        let reason = match received % BLOCK {
            0 => CloseReason::Done,
            received => CloseReason::Peer(Violation::Truncated { received }),
        };
        assert_eq!(server_events(&mut server), [ServerEvent::Closed(reason)], "{received} bytes");
        if received == 3 {
            assert_eq!(reason.to_string(), "protocol error: cut off after 3 bytes of a message");
        }
    }
}

#[test]
fn an_end_anywhere_inside_a_message_is_truncated() {
    for whole in [FIXED_BATCH, FRAMED_BATCH, BRACES_BATCH] {
        for cut in 1..whole.len() {
            let mut server = server();
            give(&mut server, at(1), &whole.as_bytes()[..cut]);
            let known = server.dialect().is_some();
            server.handle(at(1), Input::Eof);
            if !known {
                // Bytes that may be a line until their end are one.
                assert_eq!(
                    server_events(&mut server),
                    [ServerEvent::Echo(whole.as_bytes()[..cut].trim_ascii_end().to_vec())]
                );
                assert!(cut < "B{PlayerName:".len());
                continue;
            }
            assert!(take(&mut server, at(1)).is_empty());
            server.handle(at(1), Input::FinSent);
            let reason = CloseReason::Peer(Violation::Truncated { received: cut });
            assert_eq!(server_events(&mut server), [ServerEvent::Closed(reason)]);
        }
    }
}

#[test]
fn a_server_that_ends_before_its_reply_is_at_fault() {
    for request in [BET, FINISHED, WINNER] {
        for received in [0, 1, 3, 4, 5, BLOCK - 1, BLOCK] {
            let mut client = asking(Dialect::BLOCK, request);
            let answer: &[u8] = match request {
                BET => &block(BET_ACK, 1, b"20000001|7574|1"),
                FINISHED => &block(BATCH_ACK, 1, b"1"),
                _ => &block(WINNER, 1, b"1"),
            };
            give(&mut client, at(1), &answer[..received]);
            client.handle(at(1), Input::Eof);
            let reason = match received {
                0 => CloseReason::Peer(Violation::Unanswered),
                BLOCK => {
                    assert_eq!(client_events(&mut client).len(), 1);
                    CloseReason::Done
                }
                received => CloseReason::Peer(Violation::Truncated { received }),
            };
            assert!(client.poll_io().unwrap().fin);
            client.handle(at(1), Input::FinSent);
            assert_eq!(client_events(&mut client), [ClientEvent::Closed(reason)]);
        }
    }
}

/// Bytes that are not sent yet would reach nobody, even when a part of them is sent.
#[test]
fn a_server_that_ends_before_all_is_sent_is_at_fault() {
    for sent in [0, 1, 5000, BLOCK - 1, BLOCK] {
        let mut client = client(1);
        client.send_batch(at(0), &[bet(JOSE)]).unwrap();
        client.handle(at(0), Input::Sent(sent));
        client.handle(at(0), Input::Eof);
        assert_eq!(client.unsent(), 0);
        client.handle(at(0), Input::FinSent);
        let reason = if sent == BLOCK { CloseReason::Done } else { CloseReason::Peer(Violation::Unanswered) };
        assert_eq!(client_events(&mut client), [ClientEvent::Closed(reason)]);
    }
}

/// Checks that the machine is unchanged: open, with this deadline.
fn is_as_before(end: &mut impl Endpoint, deadline: Option<lottery_proto::Instant>) {
    let io = end.poll_io().expect("it is open");
    assert!(!io.fin);
    assert_eq!(io.deadline, deadline);
}

#[test]
fn fin_sent_unasked_is_ignored() {
    let mut server = server();
    let deadline = server.poll_io().unwrap().deadline;
    server.handle(at(0), Input::FinSent);
    is_as_before(&mut server, deadline);
    assert_eq!(server.state(), State::Open);

    let mut client = client(1);
    client.handle(at(0), Input::FinSent);
    is_as_before(&mut client, None);
    assert_eq!(client.state(), State::Open);
    // The same holds while it ends, and something is left to send.
    client.send_bet(at(0), &bet(ANA)).unwrap();
    client.close(at(0));
    client.handle(at(0), Input::FinSent);
    assert_eq!(client.state(), State::Draining);
    assert!(client.unsent() > 0);
}

#[test]
fn a_closed_client_ignores_inputs() {
    let mut client = client(1);
    client.send_bet(at(0), &bet(ANA)).unwrap();
    let unsent = client.unsent();
    client.handle(at(0), Input::Failed(SocketError::Reset));
    assert!(client.poll_io().is_none());
    for input in [Input::Sent(10), Input::Eof, Input::Timeout, Input::FinSent, Input::Received(1)] {
        client.handle(at(1), input);
        assert_eq!((client.state(), client.unsent()), (State::Closed, unsent));
    }
}

#[test]
fn a_failure_before_the_last_reply_is_sent_is_lost() {
    let mut server = server();
    give(&mut server, at(0), &block(FINISHED, 3, b""));
    server.handle(at(0), Input::Eof);
    assert!(accept_next(&mut server, at(0), None));
    assert_eq!(server.state(), State::Draining);
    server.handle(at(0), Input::Failed(SocketError::Reset));
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Lost(SocketError::Reset))]);
}

#[test]
fn a_done_connection_stays_done_if_the_peer_never_ends() {
    let mut server = server();
    give(&mut server, at(0), b"hello\n");
    assert!(accept_next(&mut server, at(0), None));
    assert_eq!(take(&mut server, at(0)), b"> hello\n");
    server.handle(at(0), Input::FinSent);
    assert_eq!(server.state(), State::Lingering);
    server.handle(at(10_000), Input::Timeout);
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Done)]);
}

/// A connection that is stopped while it waits for the draw gets nothing that could be taken for winners.
#[test]
fn a_shutdown_is_reported_in_dialects_that_have_words_for_it() {
    for (sent, reply) in [
        ("A0000100000", "E00022the server is stopping"),
        ("00000003END", ""),
        ("000000041;0\n", "00000028error;the server is stopping"),
        ("Q{AgencyID:1};", "ERROR:the server is stopping;"),
        ("A0", ""),
        ("hola", ""),
    ] {
        let mut server = server_with(lottery_proto::ServerConfig::builder(1).build().unwrap());
        give(&mut server, at(0), sent.as_bytes());
        // END is one that waits.
        if sent != "00000003END" {
            let _ = accept_all(&mut server, None);
        }
        server.handle(at(1), Input::Shutdown);
        assert_eq!(utf8(take(&mut server, at(1))), reply, "{sent}");
        assert_eq!(close_reason(&mut server), CloseReason::Shutdown, "{sent}");
    }
    // A client whose Finished was acknowledged is told that the server stops.
    for (sent, reply) in [("F00001", "O"), ("N{AgencyID:1};", "ACK_NOTIFY;ERROR:the server is stopping;")] {
        let mut server = server_given(sent);
        let Some(Event::Finished { ticket, .. }) = server.poll_event() else { panic!("{sent}") };
        server.handle(at(1), Input::Shutdown);
        assert!(take(&mut server, at(1)).is_empty());
        server.reply(at(1), ticket, Receipt::Stored { total: 0 }).unwrap();
        assert_eq!(utf8(take(&mut server, at(1))), reply);
        assert_eq!(close_reason(&mut server), CloseReason::Shutdown, "{sent}");
    }
}

#[test]
fn the_reason_for_which_a_socket_failed_is_that_of_the_end() {
    let reasons = [
        (SocketError::Reset, "reset by the peer"),
        (SocketError::Refused, "nobody listens there"),
        (SocketError::TimedOut, "no sign of life of the peer"),
        (SocketError::Unreachable, "no way leads to the peer"),
        (SocketError::Other, "the socket failed"),
    ];
    for (error, text) in reasons {
        let lost = CloseReason::Lost(error);
        assert_eq!(lost.to_string(), format!("connection lost: {text}"));
        let (mut client, mut server) = (client(1), server());
        client.handle(at(0), Input::Failed(error));
        server.handle(at(0), Input::Failed(error));
        // A later failure is no reason.
        server.handle(at(1), Input::Failed(SocketError::Other));
        assert_eq!(client_events(&mut client), [ClientEvent::Closed(lost)]);
        assert_eq!(server_events(&mut server), [ServerEvent::Closed(lost)]);
    }
}
