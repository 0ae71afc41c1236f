//! Replies of a server's connection to notices and to requests while the server stops.

use std::sync::Arc;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::{Command, HelloOutcome, Notice, Request, Won};
use lottery_core::store::{AgencyRecord, WinnersList, WinnersPiece};
use lottery_proto::{AgencyId, Endpoint, Input, Instant, ListSize, ServerConfig, SocketError};
use lottery_runtime::{Machine as _, Mailbox, Secured as _, Service as _};

use crate::support::blocks::{block, hear};
use lottery_testkit::{hello, session_batch};

#[test]
fn requests_to_a_stopping_server_are_rejected_on_every_dialect() {
    let framed = b"00000003END".to_vec();
    for (asked, told) in [
        (hello(1), "shutting-down|the server is stopping"),
        (block(1, "Ana|Paz|20000001|1980-01-01|7574"), "20000001|7574|0"),
        (block(4, ""), "0"),
        // Dialects without a message for that only end the connection.
        (block(6, "1"), ""),
        (framed, ""),
    ] {
        let commit_queue = Arc::new(CommitQueue::new(1));
        commit_queue.close();
        let service = LotteryService::new(ServerConfig::builder(5).build().unwrap(), commit_queue, 1);
        let mailbox = Mailbox::new(|_| ());
        let mut server_connection =
            service.accept(Instant::default(), ([10, 0, 0, 1], 1).into(), mailbox).unwrap();
        hear(&mut server_connection, &asked);
        let io = server_connection.poll_io().unwrap();
        let answer = String::from_utf8_lossy(io.send).trim_end_matches('\0').to_owned();
        assert!(answer.ends_with(told) && (io.fin || !told.is_empty()), "{told:?}: {answer:?}");
    }
}

#[test]
fn a_request_that_is_dropped_is_answered_with_a_failure_on_every_dialect() {
    let framed = |body: &str| format!("{:08}{body}", body.len()).into_bytes();
    for (asked, told) in [
        (hello(1), "storage|the request was lost: it may be stored or not"),
        (block(1, "Ana|Paz|20000001|1980-01-01|7574"), "20000001|7574|0"),
        (block(4, ""), "0"),
        (framed("1;1\nAna;Paz;20000001;1980-01-01;7574\n"), "the request was lost: it may be stored or not"),
        // These have no message for that: the connection ends.
        (block(6, "1"), ""),
        (framed("END"), ""),
        (b"Q{AgencyID:1};".to_vec(), ""),
        (b"C00001".to_vec(), ""),
    ] {
        let now = Instant::default();
        let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
        let service =
            LotteryService::new(ServerConfig::builder(5).build().unwrap(), Arc::clone(&commit_queue), 1)
                .with_anonymous_finish(true);
        let mut server_connection =
            service.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
        hear(&mut server_connection, &asked);
        let Some(Request { command, .. }) = commit_queue.try_take(usize::MAX).unwrap().pop() else {
            panic!("{}", asked.escape_ascii())
        };
        let ticket = match command {
            Command::Hello(ticket, _) => ticket.failed(),
            Command::Store(submission, _) => submission.ticket.failed(),
            Command::Winners { ticket, .. } => ticket.failed(),
            other => panic!("{other:?}"),
        };
        server_connection.notice(now, Notice::Lost(ticket));
        let io = server_connection.poll_io().unwrap();
        let answer = String::from_utf8_lossy(io.send).trim_end_matches('\0').to_owned();
        assert!(answer.contains(told) && (io.fin || !answer.is_empty()), "{told:?}: {answer:?}");
        let len = io.send.len();
        server_connection.handle(now, Input::Sent(len));
        assert!(server_connection.poll_io().unwrap().fin, "it ends: {}", asked.escape_ascii());
    }
}

#[test]
fn winners_for_a_closed_connection_are_dropped() {
    let now = Instant::default();
    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    let service =
        LotteryService::new(ServerConfig::builder(5).build().unwrap(), Arc::clone(&commit_queue), 1);
    let mut server_connection = service.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
    hear(&mut server_connection, &block(6, "1"));
    let mut requests = commit_queue.try_take(usize::MAX).unwrap();
    let Some(Request { command: Command::Winners { ticket, agency: Some(agency), .. }, .. }) = requests.pop()
    else {
        panic!("a question")
    };
    server_connection.handle(now, Input::Failed(SocketError::Reset));
    let size = ListSize::of(["20000001"]);
    let won = Won { agency: 1, list: WinnersList { size, pieces: 1 } };
    server_connection.notice(now, Notice::Winners(ticket, agency, Some(won)));
    let documents = "20000001\n".to_owned();
    server_connection.notice(now, Notice::Piece(WinnersPiece { agency: 1, number: 0, documents }));
    assert!(server_connection.poll_io().is_none());
    assert!(commit_queue.try_take(usize::MAX).unwrap().is_empty(), "it asks for nothing");
}

#[test]
fn an_anonymous_waiter_is_told_of_the_draw_and_ignores_free_room() {
    let now = Instant::default();
    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    let service =
        LotteryService::new(ServerConfig::builder(5).build().unwrap(), Arc::clone(&commit_queue), 1)
            .with_anonymous_finish(true);
    let mut server_connection = service.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
    hear(&mut server_connection, b"00000003END");
    let mut requests = commit_queue.try_take(usize::MAX).unwrap();
    let Some(Request { command: Command::Winners { ticket, agency: None, .. }, .. }) = requests.pop() else {
        panic!("a stranger")
    };
    server_connection.notice(now, Notice::Room);
    assert!(server_connection.poll_io().unwrap().send.is_empty());
    server_connection.notice(now, Notice::Drawn(ticket));
    assert!(!server_connection.poll_io().unwrap().send.is_empty());
}

/// A client that fills its window learns of a rejection only when all of it is on its way.
#[test]
fn a_session_is_not_ended_for_what_was_on_its_way_when_a_batch_was_rejected() {
    let now = Instant::default();
    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    let config = ServerConfig::builder(5).window(200).build().unwrap();
    let service = LotteryService::new(config, Arc::clone(&commit_queue), 1);
    let mut server_connection = service.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
    let bad = session_batch(1, &["Ana|Paz|20000001|1980-02-31|7574"]);
    let mut rejected = 0;
    while !server_connection.poll_io().unwrap().fin {
        // Another Hello in the midst of it changes nothing.
        if rejected % 150 == 0 {
            hear(&mut server_connection, &hello(1));
            let request = commit_queue.try_take(usize::MAX).unwrap().pop();
            let Some(Request { command: Command::Hello(ticket, agency), .. }) = request else {
                panic!("a session")
            };
            let welcome = HelloOutcome::Welcome(AgencyRecord::default());
            server_connection.notice(now, Notice::Hello(ticket, agency, welcome));
        }
        hear(&mut server_connection, &bad);
        rejected += 1;
        let len = server_connection.poll_io().unwrap().send.len();
        server_connection.handle(now, Input::Sent(len));
        assert!(rejected <= 1000, "it is never ended");
    }
    // The first, as many as the window has, and more in spite of the replies.
    assert_eq!(rejected, 1 + 200 + 99);
}

#[test]
fn a_connection_with_a_certificate_speaks_for_no_other_agency() {
    let framed = |body: &str| format!("{:08}{body}", body.len()).into_bytes();
    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    let service =
        LotteryService::new(ServerConfig::builder(5).build().unwrap(), Arc::clone(&commit_queue), 1);
    let mut connection =
        service.accept(Instant::default(), ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
    connection.identified(Instant::default(), AgencyId::new(2).unwrap());
    hear(&mut connection, &framed("1;1\nAna;Paz;20000001;1980-01-01;7574\n"));
    let sent = connection.poll_io().unwrap().send.to_vec();
    assert_eq!(sent, framed("error;agency 1, expected 2 (at byte 0)"));
    connection.handle(Instant::default(), Input::Sent(sent.len()));
    hear(&mut connection, &framed("2;1\nAna;Paz;20000001;1980-01-01;7574\n"));
    assert!(connection.poll_io().unwrap().send.is_empty(), "it is being stored");
}

#[test]
fn a_peer_without_tls_is_refused_in_its_own_dialect() {
    let framed = |body: &str| format!("{:08}{body}", body.len()).into_bytes();
    for (asked, told) in [
        (hello(1), &b"malformed|this server takes connections with TLS only"[..]),
        (framed("1;0\n"), &framed("error;this server takes connections with TLS only")),
        (b"F00001".to_vec(), b"E00043this server takes connections with TLS only"),
        (b"C00001".to_vec(), b"E00043this server takes connections with TLS only"),
        (b"N{AgencyID:1};".to_vec(), b"ERROR:this server takes connections with TLS only;"),
        // A line comes back as it is, or not at all.
        (b"are you there?\n".to_vec(), b""),
    ] {
        let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
        let service = LotteryService::new(ServerConfig::builder(5).build().unwrap(), commit_queue, 1);
        let mut connection =
            service.accept(Instant::default(), ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
        connection.refuse_plain(Instant::default());
        hear(&mut connection, &asked);
        let io = connection.poll_io().unwrap();
        let answer = String::from_utf8_lossy(io.send).trim_end_matches('\0').to_owned();
        assert!(answer.ends_with(&*String::from_utf8_lossy(told)), "{answer:?}");
        assert!(io.fin || !told.is_empty());
    }
}
