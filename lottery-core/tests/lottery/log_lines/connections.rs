//! Log lines about connections and their ends, and their number.

use std::io;
use std::sync::{Arc, Mutex};

use lottery_cli::log::Level;
use lottery_proto::{Endpoint as _, Input, Instant, SocketError};
use lottery_runtime::{Machine as _, Mailbox, Service as _};

use super::{feed, lines};
use crate::support::world::World;

#[test]
fn a_service_logs_its_address_and_failures_to_accept() {
    let world = World::new(1, usize::MAX, 1);
    let lines = lines(Level::Info, || {
        let service = world.service.with_address("127.0.0.1:12345");
        service.started(Box::new(|| ()));
        service.failed(&io::Error::other("too many open files"));
    });
    let expected = [
        "INFO     action: listen | result: success | address: 127.0.0.1:12345",
        "WARNING  action: accept_connections | result: fail | reason: too many open files",
    ];
    assert_eq!(lines, expected);
}

/// Feeds a connection bytes or inputs, one after the other.
fn connection(world: &World, inputs: &[Result<&[u8], Input>]) {
    let now = Instant::default();
    let mut server_connection =
        world.service.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
    for input in inputs {
        match input {
            Ok(bytes) => feed(&mut server_connection, now, bytes),
            Err(input) => server_connection.handle(now, *input),
        }
    }
}

/// Feeds the connection these bytes, as far as it reads, and takes what it sends.
#[test]
fn a_connection_that_ends_badly_is_a_warning() {
    let lines = lines(Level::Info, || {
        connection(
            &World::new(1, usize::MAX, 1),
            &[Ok(b"N{AgencyID:1"), Err(Input::Failed(SocketError::Reset))],
        );
    });
    let last = lines.last().unwrap();
    assert!(
        last.starts_with(
            "WARNING  action: close_connection | result: fail | ip: 10.0.0.1 | reason: connection lost: reset by the peer"
        ),
        "{lines:#?}"
    );
}

#[test]
fn a_connection_that_could_not_be_secured_is_a_warning_with_its_reason() {
    let failed = Input::Failed(SocketError::NotSecured("the peer has no certificate"));
    let world = World::new(1, usize::MAX, 1);
    let lines = lines(Level::Info, || connection(&world, &[Err(failed)]));
    let last = "WARNING  action: close_connection | result: fail | ip: 10.0.0.1 | \
                reason: connection lost: not secured: the peer has no certificate";
    assert_eq!(lines, [ACCEPTED, last]);
}

const ACCEPTED: &str = "INFO     action: accept_connections | result: success | ip: 10.0.0.1";

#[test]
fn a_port_scan_is_one_line() {
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n";
    for (bytes, end) in [
        (&b""[..], Input::Failed(SocketError::Reset)),
        (b"", Input::Eof),
        (hello, Input::Eof),
        (hello, Input::Failed(SocketError::Reset)),
        (b"GET / HTTP/1.1\r\nHost: server\r\n\r\n", Input::Eof),
        (b"OPTIONS / HTTP/1.0\r\n\r\n", Input::Failed(SocketError::Reset)),
    ] {
        let seen = |level| {
            let world = World::new(1, usize::MAX, 1);
            lines(level, || connection(&world, &[Ok(bytes), Err(end), Ok(b"")]))
        };
        assert_eq!(seen(Level::Info), [ACCEPTED], "{}", bytes.escape_ascii());
        let all = seen(Level::Debug);
        let last = "DEBUG    action: close_connection | result: success | ip: 10.0.0.1 | reason: ";
        assert!(all.len() == 2 && all[1].starts_with(last), "{all:#?}");
    }
}

#[test]
fn rejections_are_logged_a_few_times_then_counted_and_end_the_connection() {
    let batch = |body: &str| format!("{:08}{body}", body.len()).into_bytes();
    for (message, spoken) in [
        (b"B{;".to_vec(), "braces"),
        (b"x;".to_vec(), "braces, after a filler"),
        (b"N{AgencyID:99};".to_vec(), "braces, of an agency that there is not"),
        (batch(""), "framed"),
        (batch("1;1\nAna;Paz;x;1980-01-01;1\n"), "framed, with a bet that is none"),
    ] {
        let world = World::new(1, usize::MAX, 1);
        let seen = lines(Level::Debug, || {
            // A first message that chooses the dialect.
            let first: &[u8] = if spoken.starts_with("braces") { b"B{PlayerName:;" } else { b"" };
            let flood = [first, &message.repeat(50_000)].concat();
            connection(&world, &[Ok(&flood), Err(Input::Eof)]);
        });
        assert_eq!(seen[0], ACCEPTED);
        assert_eq!(seen.len(), 7, "{spoken}: {seen:#?}");
        assert!(seen[1..6].iter().all(|line| line.contains("action: apuesta_recibida | result: fail | ")));
        let end = "WARNING  action: close_connection | result: fail | ip: 10.0.0.1 | reason: too much of what was sent \
                   was refused | refused: ";
        let rejected: u32 = seen[6].strip_prefix(end).expect(&seen[6]).parse().unwrap();
        // Messages that had been received with the last of them are rejected, too.
        assert!((100..200).contains(&rejected), "{spoken}: {rejected}");
    }
}

/// Lines that cost a peer next to nothing are limited, at every level.
#[test]
fn a_peer_causes_no_more_lines_than_its_address_may() {
    let (mut asked, mut bets) = (0, 0);
    let all = lines(Level::Debug, || {
        let mut world = World::new(2, usize::MAX, 9);
        let now = Instant::default();
        let mail = Arc::new(Mutex::new(Vec::new()));
        let notices = Arc::clone(&mail);
        let mailbox = Mailbox::new(move |notice| notices.lock().unwrap().push(notice));
        let mut serve = |messages: &[&[u8]]| {
            let mut server_connection =
                world.service.accept(now, ([10, 0, 0, 1], 1).into(), mailbox.clone()).unwrap();
            for message in messages {
                feed(&mut server_connection, now, message);
                while let Some(requests) =
                    world.commit_queue.try_take(usize::MAX).filter(|asked| !asked.is_empty())
                {
                    world.committer.commit(requests).unwrap();
                    for notice in mail.lock().unwrap().drain(..) {
                        server_connection.notice(now, notice);
                    }
                    feed(&mut server_connection, now, b"");
                }
            }
            asked += messages.len();
        };
        let bet = |document: u32| format!("1;1\nAna;Paz;{document};1980-01-01;7574\n");
        let framed = |body: &str| format!("{:08}{body}", body.len()).into_bytes();
        let empty = framed("1;0\n");
        serve(&vec![&empty[..]; 6_000]);
        serve(&vec![&b"N{AgencyID:2};"[..]; 6_000]);
        // A stored bet costs the peer more than its line: these lines have no limit.
        serve(&[&framed(&bet(1))]);
        for _ in 0..3_000 {
            serve(&[b"hello\n"]);
            serve(&[b""]);
        }
        for document in 2..1_000 {
            serve(&[&framed(&bet(document))]);
            bets += 1;
        }
        // After the draw, a query costs 14 bytes.
        serve(&[b"N{AgencyID:1};"]);
        serve(&vec![&b"Q{AgencyID:1};"[..]; 6_000]);
        world.service.say_unwritten();
    });
    let stored = all.iter().filter(|line| line.ends_with("apuesta_recibida | result: success | cantidad: 1"));
    assert_eq!(stored.count(), bets + 1);
    let few = "action: agencies_finished | ";
    let caused = all.iter().filter(|line| !line.ends_with("cantidad: 1") && !line.contains(few)).count();
    assert!((20_000..20_010).contains(&caused), "{caused} lines of {asked} messages");
    let last = all.last().unwrap();
    let (told, lines) = (
        "WARNING  action: log | result: fail | lines: ",
        " | reason: more than are written of what peers cause",
    );
    let lines = last.strip_prefix(told).and_then(|rest| rest.strip_suffix(lines)).expect(last);
    assert!(lines.parse::<usize>().unwrap() > 8_000, "{last}");
}
