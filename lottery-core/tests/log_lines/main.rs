//! Log lines of a whole run: the course's, and no personal data in them.
//!
//! A program of its own: tracing remembers for the whole process whether an event is wanted, so tests that do
//! not listen would disturb those that do.

#[path = "../lottery/support.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod support;
#[path = "../lottery/world.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod world;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lottery_cli::log::{Level, subscriber};
use lottery_core::client::Job;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::{AgencyId, ClientConfig, Dialect, Input, Instant, Machine as _};
use lottery_runtime::{Mailbox, Service as _};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Fate, Fields, TestStore, as_bets, asks, batch, bets, commit, finished};
use crate::world::{World, job};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Returns the lines, without the time, that are logged while `happens` runs.
fn lines(level: Level, happens: impl FnOnce()) -> Vec<String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let written = Lines::default();
    let noon = || SystemTime::UNIX_EPOCH + Duration::from_secs(12 * 60 * 60);
    tracing::subscriber::with_default(subscriber(level, noon, written.clone()), happens);
    let text = String::from_utf8(std::mem::take(&mut written.0.lock().unwrap())).unwrap();
    let line = |line: &str| line.strip_prefix("1970-01-01 12:00:00 ").expect("the time").to_owned();
    text.lines().map(line).collect()
}

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
        "INFO     action: connect | result: in_progress | client_id: 1 | server: centre:1",
        "INFO     action: accept_connections | result: success | ip: 10.0.0.1",
        "INFO     action: apuesta_recibida | result: success | cantidad: 4",
        "INFO     action: apuesta_recibida | result: success | cantidad: 2",
        "INFO     action: agencies_finished | result: in_progress | msg: 1 of 2 agencies finished",
        "INFO     action: agency_finished | result: success | agency: 1",
        "INFO     action: apuestas_enviadas | result: success | client_id: 1 | cantidad: 6",
        "INFO     action: connect | result: in_progress | client_id: 2 | server: centre:1",
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
fn how_many_agencies_are_finished_is_logged_when_it_changes_and_not_again() {
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
fn an_agency_that_waits_says_so_every_thirty_seconds() {
    for dialect in [Dialect::Block, Dialect::Session, Dialect::Framed, Dialect::Braces] {
        let lines = lines(Level::Info, || {
            let mut world = World::new(2, usize::MAX, 2);
            let connection = ClientConfig::new(AgencyId::new(1).unwrap(), dialect);
            let mut fields = bets(1, 0, 6);
            for bet in &mut fields {
                "Paz".clone_into(&mut bet[1]);
            }
            world.agency(0, Job { connection, ..job(1) }, &fields);
            world.run(100);
            // A silent server is waited for, too.
            world.commits = false;
            world.agency(0, job(2), &bets(2, 0, 6));
            world.run(50);
        });
        let line = |client_id, what, seconds| {
            let wait = "INFO     action: wait | result: in_progress";
            format!("{wait} | client_id: {client_id} | what: {what} | seconds: {seconds}")
        };
        let waits: Vec<_> = lines.iter().filter(|line| line.contains("action: wait")).collect();
        let of_first = waits.iter().filter(|line| line.contains("client_id: 1"));
        let expected = [30, 60, 90].map(|seconds| line(1, "the draw", seconds));
        assert!(of_first.take(3).copied().eq(expected.iter()), "{dialect}: {waits:#?}");
        assert!(waits.contains(&&line(2, "the centre", 30)), "{dialect}: {waits:#?}");
    }
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

#[test]
fn a_service_logs_where_it_listens_and_what_it_could_not_accept() {
    let world = World::new(1, usize::MAX, 1);
    let lines = lines(Level::Info, || {
        let centres = world.centres.with_address(([127, 0, 0, 1], 12345).into());
        centres.started(Box::new(|| ()));
        centres.failed(&io::Error::other("too many open files"));
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
    let mut centre = world.centres.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
    for input in inputs {
        match input {
            Ok(bytes) => feed(&mut centre, now, bytes),
            Err(input) => centre.handle(now, *input),
        }
    }
}

/// Feeds the connection these bytes, as far as it reads, and takes what it sends.
fn feed(centre: &mut ServerConnection, now: Instant, mut bytes: &[u8]) {
    while let Some(io) = centre.poll_io() {
        let n = io.recv.len().min(bytes.len());
        let input = if !io.send.is_empty() {
            Input::Sent(io.send.len())
        } else if n > 0 {
            io.recv[..n].copy_from_slice(&bytes[..n]);
            bytes = &bytes[n..];
            Input::Received(n)
        } else if io.fin {
            Input::FinSent
        } else {
            return;
        };
        centre.handle(now, input);
    }
}

#[test]
fn a_connection_that_ends_badly_is_a_warning() {
    let lines = lines(Level::Info, || {
        connection(&World::new(1, usize::MAX, 1), &[Ok(b"N{AgencyID:1"), Err(Input::Failed)]);
    });
    let last = lines.last().unwrap();
    assert!(
        last.starts_with("WARNING  action: close_connection | result: fail | ip: 10.0.0.1 | reason: "),
        "{lines:#?}"
    );
}

/// Fields that the course's tests read, of a server and of a client.
const READ_BY_THE_COURSE: [&str; 10] =
    ["action", "result", "ip", "msg", "dni", "numero", "cantidad", "cant_ganadores", "client_id", "port"];

#[test]
fn who_splits_at_the_last_colon_reads_what_the_course_reads() {
    let lines = lines(Level::Info, || {
        let world = World::new(1, usize::MAX, 1);
        // A socket for IPv6 and IPv4 reports an agency so.
        let peer = "[::ffff:10.0.0.1]:40000".parse().unwrap();
        let mut centre = world.centres.accept(Instant::default(), peer, Mailbox::new(|_| ())).unwrap();
        feed(&mut centre, Instant::default(), "[CLIENT 1] Message N°1\n".as_bytes());
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

const ACCEPTED: &str = "INFO     action: accept_connections | result: success | ip: 10.0.0.1";

#[test]
fn somebody_who_looks_whether_there_is_a_port_is_one_line() {
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n";
    for (bytes, end) in [
        (&b""[..], Input::Failed),
        (b"", Input::Eof),
        (hello, Input::Eof),
        (hello, Input::Failed),
        (b"GET / HTTP/1.1\r\nHost: centre\r\n\r\n", Input::Eof),
        (b"OPTIONS / HTTP/1.0\r\n\r\n", Input::Failed),
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
fn refusals_are_logged_a_few_times_then_counted_and_end_the_connection() {
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
        let refused: u32 = seen[6].strip_prefix(end).expect(&seen[6]).parse().unwrap();
        // Messages that had been received with the last of them are rejected, too.
        assert!((100..200).contains(&refused), "{spoken}: {refused}");
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
            let mut centre = world.centres.accept(now, ([10, 0, 0, 1], 1).into(), mailbox.clone()).unwrap();
            for message in messages {
                feed(&mut centre, now, message);
                while let Some(requests) =
                    world.commit_queue.try_take(usize::MAX).filter(|asked| !asked.is_empty())
                {
                    world.committer.commit(requests).unwrap();
                    for notice in mail.lock().unwrap().drain(..) {
                        centre.notice(now, notice);
                    }
                    feed(&mut centre, now, b"");
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
        world.centres.say_unwritten();
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
    use lottery_proto::{Input, Machine as _};
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
            let mut centre =
                world.centres.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
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
            while let Some(io) = centre.poll_io()
                && !rest.is_empty()
                && !io.recv.is_empty()
            {
                let n = io.recv.len().min(rest.len());
                io.recv[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                centre.handle(now, Input::Received(n));
            }
            centre.handle(now, Input::Failed);
        }
    }
    tracing::debug!(debug = ?world.commit_queue.try_take(usize::MAX), bets = ?as_bets(&planted(1)));
}

fn receive(centre: &mut ServerConnection, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let recv = centre.poll_io().unwrap().recv;
        let n = recv.len().min(bytes.len());
        recv[..n].copy_from_slice(&bytes[..n]);
        bytes = &bytes[n..];
        centre.handle(Instant::default(), Input::Received(n));
    }
}

/// Feeds a server whole messages of each dialect with a wrong first byte: they are lines of the health check.
fn bets_that_became_lines() {
    use lottery_proto::{AgencyId, Client, ClientConfig, Dialect, Machine as _};
    use lottery_runtime::{Mailbox, Service as _};
    let world = World::new(2, usize::MAX, 9);
    let fields = planted(1);
    for (dialect, byte) in
        Dialect::WITH_BETS.iter().flat_map(|dialect| [b'x', b' ', b'{'].map(|b| (dialect, b)))
    {
        // A session begins with Hello, and its batches are those of `block`.
        let dialect = if *dialect == Dialect::Session { Dialect::Block } else { *dialect };
        let (now, bets) = (Instant::default(), as_bets(&fields));
        let mut client = Client::new(ClientConfig::new(AgencyId::new(1).unwrap(), dialect), now);
        client.send_batch(now, &bets).unwrap();
        let mut sent = client.poll_io().unwrap().send.to_vec();
        sent[0] = byte;
        let mut centre = world.centres.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
        receive(&mut centre, &sent);
        centre.handle(now, Input::Eof);
        assert!(!centre.poll_io().unwrap().send.is_empty(), "{dialect}: it comes back");
        centre.handle(now, Input::Failed);
    }
}

#[test]
fn a_line_that_may_be_a_bet_is_logged_by_its_length() {
    use lottery_runtime::{Mailbox, Service as _};
    let logged = lines(Level::Info, || {
        let world = World::new(1, usize::MAX, 9);
        for line in [&PLANTED.join("|")[..], "Message N°1", "20261128", &"m".repeat(65)] {
            let now = Instant::default();
            let mut centre =
                world.centres.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
            receive(&mut centre, format!("{line}\n").as_bytes());
        }
    });
    let said: Vec<_> = logged.iter().filter_map(|line| line.split_once("ip: 10.0.0.1 | msg: ")).collect();
    let said: Vec<_> = said.into_iter().map(|(_, msg)| msg).collect();
    assert_eq!(said, ["(34 bytes)", "Message N°1", "20261128", "(65 bytes)"], "{logged:#?}");
}

#[test]
fn a_bet_sent_alone_is_logged_with_its_document_and_number_and_nothing_else() {
    use lottery_proto::{Input, Machine as _};
    use lottery_runtime::{Mailbox, Service as _};
    let logged = lines(Level::Debug, || {
        let mut world = World::new(2, usize::MAX, 9);
        world.store.next(&[Fate::Good, Fate::Full]);
        for _ in 0..2 {
            let now = Instant::default();
            let mail = Arc::new(Mutex::new(Vec::new()));
            let notices = Arc::clone(&mail);
            let mailbox = Mailbox::new(move |notice| notices.lock().unwrap().push(notice));
            let mut centre = world.centres.accept(now, ([10, 0, 0, 1], 1).into(), mailbox.clone()).unwrap();
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
                centre.notice(now, notice);
            }
            centre.handle(now, Input::Eof);
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
