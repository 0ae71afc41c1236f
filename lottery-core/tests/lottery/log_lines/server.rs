//! Log lines of a whole run: the course's, and no personal data in them.

use lottery_cli::log::Level;
use lottery_proto::Instant;
use lottery_runtime::{Mailbox, Service as _};

use super::{feed, lines};
use crate::support::test_store::{Fate, TestStore};
use crate::support::world::{World, job};
use crate::support::{batch, bets, commit, finished};

#[test]
fn a_whole_run_logs_the_courses_lines() {
    let lines = lines(Level::Info, || {
        let mut world = World::new(2, usize::MAX, 2);
        for agency in 1..=2 {
            let mut job = job(agency);
            job.batch_max = Some(4);
            world.agency(u64::from(agency), job, &bets(agency, 0, 6));
        }
        world.run(60);
        assert!(world.is_over());
    });
    let expected = [
        "INFO     action: open_lottery | result: success | agencies: 2 | winning_number: 7574 | bets: 0 | finished: 0 \
         | drawn: no",
        "INFO     action: connect | result: in_progress | client_id: 1 | server: server:1",
        "INFO     action: accept_connections | result: success | ip: 10.0.0.1",
        "INFO     action: apuesta_recibida | result: success | cantidad: 4",
        "INFO     action: apuesta_recibida | result: success | cantidad: 2",
        "INFO     action: agencies_finished | result: in_progress | msg: 1 of 2 agencies finished",
        "INFO     action: agency_finished | result: success | agency: 1",
        "INFO     action: apuestas_enviadas | result: success | client_id: 1 | cantidad: 6",
        "INFO     action: connect | result: in_progress | client_id: 2 | server: server:1",
        "INFO     action: accept_connections | result: success | ip: 10.0.0.1",
        "INFO     action: apuesta_recibida | result: success | cantidad: 4",
        "INFO     action: apuesta_recibida | result: success | cantidad: 2",
        "INFO     action: agencies_finished | result: success | msg: 2 of 2 agencies finished",
        "INFO     action: sorteo | result: success",
        "INFO     action: agency_finished | result: success | agency: 2",
        "INFO     action: apuestas_enviadas | result: success | client_id: 2 | cantidad: 6",
        "INFO     action: consulta_ganadores | result: success | agency: 2 | cant_ganadores: 2",
        "INFO     action: consulta_ganadores | result: success | cant_ganadores: 2",
        "INFO     action: close_connection | result: success | ip: 10.0.0.1",
        "INFO     action: close_connection | result: success | client_id: 2",
        "INFO     action: consulta_ganadores | result: success | agency: 1 | cant_ganadores: 2",
        "INFO     action: consulta_ganadores | result: success | cant_ganadores: 2",
        "INFO     action: close_connection | result: success | ip: 10.0.0.1",
        "INFO     action: close_connection | result: success | client_id: 1",
    ];
    assert_eq!(lines, expected, "{lines:#?}");
}

#[test]
fn the_number_of_finished_agencies_is_logged_when_it_changes() {
    let lines = lines(Level::Info, || {
        let store = TestStore::default();
        let mut committer = store.committer(5);
        store.next(&[Fate::Full]);
        commit(&mut committer, vec![finished(3)]);
        committer.try_again();
        for group in
            [vec![finished(2), finished(5)], vec![finished(5)], vec![batch(1, &[])], vec![finished(1)]]
        {
            commit(&mut committer, group);
        }
    });
    let said = lines.iter().filter(|line| line.contains("agencies_finished"));
    let expected = [2, 3].map(|finished| {
        format!("INFO     action: agencies_finished | result: in_progress | msg: {finished} of 5 agencies finished")
    });
    assert!(said.eq(&expected), "{lines:#?}");
}

#[test]
fn failures_are_logged_with_their_reason() {
    let lines = lines(Level::Info, || {
        let mut world = World::new(2, usize::MAX, 1);
        world.store.next(&[Fate::Full]);
        world.agency(0, job(1), &bets(1, 0, 6));
        world.agency(0, job(2), &bets(2, 0, 6));
        world.run(60);
        assert!(world.is_over());
    });
    let expected = [
        "INFO     action: accept_connections | result: success | ip: 10.0.0.1",
        "WARNING  action: accept_connections | result: fail | ip: 10.0.0.1 | reason: too many connections",
        "ERROR    action: store | result: fail | reason: test: no room, nothing of the group is stored: told to | \
         again_in: 250ms",
        "WARNING  action: apuesta_recibida | result: fail | cantidad: 6 | ip: 10.0.0.1 | reason: test: no room, nothing \
         of the group is stored: told to",
        "WARNING  action: agency_finished | result: fail | ip: 10.0.0.1 | agency: 1 | reason: bets that were sent \
         before were refused",
    ];
    for line in expected {
        assert!(lines.iter().any(|found| found == line), "{line}\n{lines:#?}");
    }
    assert!(lines.iter().all(|line| !line.contains("apuestas_enviadas")), "{lines:#?}");
}

/// Fields that the course's tests read, of a server and of a client.
const READ_BY_THE_COURSE: [&str; 10] =
    ["action", "result", "ip", "msg", "dni", "numero", "cantidad", "cant_ganadores", "client_id", "port"];

#[test]
fn a_reader_that_splits_at_the_last_colon_gets_the_courses_values() {
    let lines = lines(Level::Info, || {
        let world = World::new(1, usize::MAX, 1);
        // A socket for IPv6 and IPv4 reports an agency so.
        let peer = "[::ffff:10.0.0.1]:40000".parse::<std::net::SocketAddr>().unwrap().into();
        let mut server_connection =
            world.service.accept(Instant::default(), peer, Mailbox::new(|_| ())).unwrap();
        feed(&mut server_connection, Instant::default(), "[CLIENT 1] Message N°1\n".as_bytes());
        let mut world = World::new(1, usize::MAX, 2);
        world.agency(1, job(1), &bets(1, 0, 6));
        world.run(60);
        assert!(world.is_over());
    });
    let mut seen = std::collections::BTreeSet::new();
    for line in &lines {
        for field in line.split_once(' ').unwrap().1.trim_start().split(" | ") {
            let (key, value) = field.split_once(": ").unwrap();
            if let Some(known) = READ_BY_THE_COURSE.iter().find(|known| **known == key) {
                assert_eq!(field.rsplit_once(':').unwrap(), (key, format!(" {value}").as_str()), "{line}");
                seen.insert(*known);
            }
        }
    }
    assert!(
        lines.iter().any(|line| line.ends_with(" | ip: 10.0.0.1 | msg: [CLIENT 1] Message N°1")),
        "{lines:#?}"
    );
    assert!(
        ["ip", "msg", "cantidad", "cant_ganadores", "client_id"].iter().all(|key| seen.contains(key)),
        "{seen:?}"
    );
}
