//! Personal data in log lines.

use std::sync::{Arc, Mutex};

use lottery_cli::log::Level;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::{Endpoint as _, Input, Instant, SocketError};
use lottery_runtime::Machine as _;

use super::lines;
use crate::support::test_store::Fate;
use crate::support::world::{World, job};
use crate::support::{Fields, as_bets, asks};

/// Values that appear nowhere else.
const PLANTED: [&str; 4] = ["Zoraida", "Quispe", "31415926", "1971-07-29"];

fn planted(count: usize) -> Vec<Fields> {
    let [first_name, last_name, document, birthdate] = PLANTED;
    vec![[first_name, last_name, document, birthdate, "7574"].map(str::to_owned); count]
}

#[test]
fn no_line_at_debug_holds_personal_data() {
    let mut sent = 0;
    let lines = lines(Level::Debug, || {
        for (fates, most) in [(&[][..], 9), (&[Fate::Full], 9), (&[], 1)] {
            let mut world = World::new(2, usize::MAX, most);
            world.store.next(fates);
            for agency in 1..=2 {
                let mut job = job(agency);
                job.batch_max = Some(100);
                world.agency(u64::from(agency), job, &planted(250));
            }
            world.run(20);
            sent += world.links[0].up.passed;
            world.shut_down();
            world.run(100);
        }
        // More winners than a reply carries, and a server whose store takes nothing any more.
        for close in [false, true] {
            let mut world = World::new(1, usize::MAX, 9);
            world.agency(0, job(1), &planted(2000));
            if close {
                world.commit_queue.close();
            }
            world.run(100);
        }
        wrong_bets();
        bets_that_became_lines();
    });
    assert!(sent > 0 && lines.len() > 40, "{lines:#?}");
    for planted in PLANTED {
        let found: Vec<_> = lines.iter().filter(|line| line.contains(planted)).collect();
        assert!(found.is_empty(), "{planted}: {found:#?}");
    }
}

/// Feeds a server blocks with a bet that is wrong in one field, or cut.
fn wrong_bets() {
    use lottery_proto::{Endpoint as _, Input};
    use lottery_runtime::{Mailbox, Service as _};
    let world = World::new(2, usize::MAX, 9);
    let good = PLANTED.join("|") + "|7574";
    for payload in [
        good.replace("7574", "75x74"),
        good.replace("1971-07-29", "1971-07-29 "),
        good.replace("31415926", "31415926x"),
        good.replace("Quispe", "Quispe\u{7}"),
        good.replace("Zoraida", "Zoraida|Quispe"),
        good.clone(),
    ] {
        for kind in [1, 3, 77] {
            let now = Instant::default();
            let mut server_connection =
                world.service.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
            let mut block = vec![0; 8192];
            let size = u16::try_from(payload.len() + 4).unwrap().to_le_bytes();
            let mut at = 0;
            if kind == 3 {
                let all = u16::try_from(payload.len() + 9).unwrap().to_le_bytes();
                block[..5].copy_from_slice(&[3, 1, all[0], all[1], 1]);
                at = 5;
            }
            block[at..at + 4].copy_from_slice(&[if kind == 3 { 1 } else { kind }, 1, size[0], size[1]]);
            block[at + 4..at + 4 + payload.len()].copy_from_slice(payload.as_bytes());
            let mut rest = &block[..];
            while let Some(io) = server_connection.poll_io()
                && !rest.is_empty()
                && !io.recv.is_empty()
            {
                let n = io.recv.len().min(rest.len());
                io.recv[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                server_connection.handle(now, Input::Received(n));
            }
            server_connection.handle(now, Input::Failed(SocketError::Reset));
        }
    }
    tracing::debug!(debug = ?world.commit_queue.try_take(usize::MAX), bets = ?as_bets(&planted(1)));
}

fn receive(server_connection: &mut ServerConnection, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let recv = server_connection.poll_io().unwrap().recv;
        let n = recv.len().min(bytes.len());
        recv[..n].copy_from_slice(&bytes[..n]);
        bytes = &bytes[n..];
        server_connection.handle(Instant::default(), Input::Received(n));
    }
}

/// Feeds a server whole messages of each dialect with a wrong first byte: they are lines of the health check.
fn bets_that_became_lines() {
    use lottery_proto::{AgencyId, Client, ClientConfig, Dialect, Endpoint as _};
    use lottery_runtime::{Mailbox, Service as _};
    let world = World::new(2, usize::MAX, 9);
    let fields = planted(1);
    for (dialect, byte) in
        Dialect::WITH_WINNERS.iter().flat_map(|dialect| [b'x', b' ', b'{'].map(|b| (dialect, b)))
    {
        // A session begins with Hello, and its batches are those of `block`.
        let dialect = if *dialect == Dialect::SESSION { Dialect::BLOCK } else { *dialect };
        let (now, bets) = (Instant::default(), as_bets(&fields));
        let mut client = Client::new(ClientConfig::new(AgencyId::new(1).unwrap(), dialect).unwrap(), now);
        client.send_batch(now, &bets).unwrap();
        let mut sent = client.poll_io().unwrap().send.to_vec();
        sent[0] = byte;
        let mut server_connection =
            world.service.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
        receive(&mut server_connection, &sent);
        server_connection.handle(now, Input::Eof);
        assert!(!server_connection.poll_io().unwrap().send.is_empty(), "{dialect}: it comes back");
        server_connection.handle(now, Input::Failed(SocketError::Reset));
    }
}

#[test]
fn a_line_that_may_be_a_bet_is_logged_as_its_length() {
    use lottery_runtime::{Mailbox, Service as _};
    let logged = lines(Level::Info, || {
        let world = World::new(1, usize::MAX, 9);
        for line in [&PLANTED.join("|")[..], "Message N°1", "20261128", &"m".repeat(65)] {
            let now = Instant::default();
            let mut server_connection =
                world.service.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
            receive(&mut server_connection, format!("{line}\n").as_bytes());
        }
    });
    let said: Vec<_> = logged.iter().filter_map(|line| line.split_once("ip: 10.0.0.1 | msg: ")).collect();
    let said: Vec<_> = said.into_iter().map(|(_, msg)| msg).collect();
    assert_eq!(said, ["(34 bytes)", "Message N°1", "20261128", "(65 bytes)"], "{logged:#?}");
}

#[test]
fn a_bet_sent_alone_is_logged_with_its_document_and_number_and_nothing_else() {
    use lottery_proto::{Endpoint as _, Input};
    use lottery_runtime::{Mailbox, Service as _};
    let logged = lines(Level::Debug, || {
        let mut world = World::new(2, usize::MAX, 9);
        world.store.next(&[Fate::Good, Fate::Full]);
        for _ in 0..2 {
            let now = Instant::default();
            let mail = Arc::new(Mutex::new(Vec::new()));
            let notices = Arc::clone(&mail);
            let mailbox = Mailbox::new(move |notice| notices.lock().unwrap().push(notice));
            let mut server_connection =
                world.service.accept(now, ([10, 0, 0, 1], 1).into(), mailbox.clone()).unwrap();
            let asks = asks(1, |client| client.send_bet(now, &as_bets(&planted(1))[0]).unwrap());
            world
                .committer
                .commit(vec![lottery_core::messages::Request {
                    from: mailbox,
                    in_session: false,
                    alone: false,
                    command: asks,
                }])
                .unwrap();
            for notice in mail.lock().unwrap().drain(..) {
                server_connection.notice(now, notice);
            }
            server_connection.handle(now, Input::Eof);
        }
    });
    let about_bets: Vec<_> = logged.iter().filter(|line| line.contains("31415926")).collect();
    assert_eq!(
        about_bets,
        [
            "INFO     action: apuesta_almacenada | result: success | dni: 31415926 | numero: 7574",
            "WARNING  action: apuesta_almacenada | result: fail | dni: 31415926 | numero: 7574 | reason: test: no room, \
             nothing of the group is stored: told to",
        ]
    );
    for planted in ["Zoraida", "Quispe", "1971-07-29"] {
        assert!(logged.iter().all(|line| !line.contains(planted)), "{logged:#?}");
    }
}
