//! Rejections: each is told in its dialect, nothing of it is stored, and other connections go on.

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::{RunningClient, job};
use crate::dialects::{Codec, codec};
use crate::raw::Raw;
use crate::server::{RunningServer, ServerSettings};
use crate::stores::full_once;
use lottery_core::client::{ClientError, LotteryClient};
use lottery_core::store::MemoryStore;
use lottery_proto::{CloseReason, Dialect, Problem, Violation};
use lottery_testkit::log::Lines;

/// Sends bytes and the end of this side, and returns the reply.
fn ask(server: std::net::SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut peer = Raw::connect(server);
    peer.send(bytes);
    peer.fin();
    peer.receive_all()
}

/// Fields of a bet, and the error that they cause.
const FIELDS: [([&str; 5], &str); 9] = [
    (["", "Paz", "20000001", "1980-01-01", "1"], "first_name: empty"),
    (["Ana", "P\taz", "20000001", "1980-01-01", "1"], "last_name: holds a control character"),
    (["Ana", "Paz", "2000000a", "1980-01-01", "1"], "document: expected decimal digits"),
    (["Ana", "Paz", "2000-001", "1980-01-01", "1"], "document: expected decimal digits"),
    (["Ana", "Paz", "20000001", "1981-02-29", "1"], "birthdate: expected a date, YYYY-MM-DD"),
    (["Ana", "Paz", "20000001", "1980/01/01", "1"], "birthdate: expected a date, YYYY-MM-DD"),
    (["Ana", "Paz", "20000001", "19800-1-01", "1"], "birthdate: expected a date, YYYY-MM-DD"),
    (["Ana", "Paz", "20000001", "1980-01-01", "1x"], "number: expected decimal digits"),
    (["Ana", "Paz", "20000001", "1980-01-01", "-1"], "number: expected decimal digits"),
];

/// Bytes in a dialect, and the error that they cause.
type Malformed = (Dialect, &'static [u8], &'static str);

const MALFORMED: [Malformed; 19] = [
    (Dialect::FIXED, b"A0000000000", "expected an agency, 1 to 99999 (at byte 1)"),
    (Dialect::FIXED, b"A0000100000A000010000x", "expected a digit (at byte 10)"),
    (Dialect::FIXED, b"A0000199999", "a message of 8199929 bytes, at most 1048576 are taken (at byte 6)"),
    (Dialect::FIXED, b"A0000100001\x80", "expected UTF-8 (at byte 11)"),
    (Dialect::FIXED, b"F00000", "expected an agency, 1 to 99999 (at byte 1)"),
    (Dialect::FRAMED, b"00000000", "expected END, or a first line with agency and count (at byte 8)"),
    (Dialect::FRAMED, b"00000003FIN", "expected END, or a first line with agency and count (at byte 8)"),
    (Dialect::FRAMED, b"000000041;1\n", "1 bets announced, 0 found (at byte 8)"),
    (Dialect::FRAMED, b"000000041;x\n", "expected a count of bets (at byte 10)"),
    (Dialect::FRAMED, b"000000231;1\nAna;Paz;2;1980-1-1\n", "bet 1: 4 fields, expected 5 (at byte 12)"),
    (
        Dialect::FRAMED,
        b"000000261;1\nAna;Paz;2;1980-01-01;1",
        "bet 1: expected a line end after the last bet (at byte 12)",
    ),
    (
        Dialect::FRAMED,
        b"000000271;1\nAn\xF1;Paz;2;1980-01-01;1\n",
        "bet 1: first_name: not UTF-8 (at byte 12)",
    ),
    (Dialect::FRAMED, b"09999999", "a message of 10000007 bytes, at most 1048576 are taken (at byte 0)"),
    (Dialect::BRACES, b"Q{AgencyID:1};B{};", "bet 1: expected {PlayerName"),
    (Dialect::BRACES, b"N{AgencyID:};", "expected an agency, 1 to 99999"),
    (Dialect::BRACES, b"N{AgencyID:100000};", "expected an agency, 1 to 99999"),
    (Dialect::BRACES, b"Q{AgencyID:1};Q{Agency:1};", "expected {AgencyID"),
    (Dialect::BRACES, b"Q{AgencyID:1;", "expected {AgencyID"),
    (Dialect::BRACES, b"Q{AgencyID:1};X{AgencyID:1};", "expected B, N or Q"),
];

pub fn a_malformed_message_is_rejected_with_its_place<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(2);
    let is_said = |dialect: Dialect, bytes: &[u8], expected: &str| {
        let answered = ask(server.address, bytes);
        let failure = answered.strip_prefix(b"W;").unwrap_or(&answered);
        let said = codec(dialect).text_of(failure);
        let text = String::from_utf8_lossy(&answered);
        let is_said = said.is_some_and(|said| said.starts_with(expected));
        assert!(is_said, "{dialect}: {}: {text}", bytes.escape_ascii());
    };
    for &dialect in &[Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
        for (bad, expected) in FIELDS {
            let good = ["Ana", "Paz", "20000001", "1980-01-01", "7574"];
            is_said(dialect, &codec(dialect).batch(1, &[good, bad, good]), &format!("bet 2: {expected}"));
        }
    }
    for (dialect, bytes, expected) in MALFORMED {
        is_said(dialect, bytes, expected);
    }
    assert!(server.end().is_empty(), "nothing is stored");
}

/// Messages that are too long are rejected without waiting for their end, also where only the byte beyond the
/// limit shows their length.
pub fn a_message_beyond_the_limit_is_rejected<Server: StoppableRuntime>() {
    let mut terms = ServerSettings::new(1);
    terms.config = terms.config.to_builder().max_message(8192).build().unwrap();
    let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
    let bet = ["Ñandú Ágata", "Núñez", "20000001", "1980-01-01", "7574"];
    for (dialect, whole) in [(Dialect::FIXED, 99), (Dialect::FRAMED, 300), (Dialect::BRACES, 100)] {
        let codec = codec(dialect);
        let batch = codec.batch(1, &vec![bet; whole]);
        let mut peer = Raw::connect(server.address);
        peer.send(&batch[..8193]);
        let answer = peer.receive_all();
        let said = codec.text_of(&answer).unwrap_or_default();
        let size = if dialect == Dialect::FRAMED { batch.len() } else { 8193 };
        let expected = format!("a message of {size} bytes, at most 8192 are taken (at byte 0)");
        assert_eq!(said, expected, "{dialect}");
        // A message at the limit is accepted.
        let fits = (0..=whole).rev().map(|bets| codec.batch(1, &vec![bet; bets]));
        let fits = fits.into_iter().find(|batch| batch.len() <= 8192).expect("some do");
        assert!(ask(server.address, &fits) == codec.batch_stored(), "{dialect}");
    }
    server.end();
}

/// Some dialects go on after a rejected message: the next batch is stored, but the agency is not finished.
pub fn finished_after_a_rejected_batch_is_rejected<Server: StoppableRuntime>() {
    let rejected = "bets that were sent before were refused";
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let (file, other) = (File::invented(1, 20), File::invented(2, 30));
        let server = RunningServer::in_memory::<Server>(2);
        let neighbour = RunningClient::<LotteryClient>::agency::<Server>(server.address, dialect, &other);
        let bad = codec.batch(1, &[["Ana", "Paz", "2000000x", "1980-01-01", "7574"]]);
        let good = codec.batch(1, &file.lines()[..5]);
        let answered = ask(server.address, &[bad, good, codec.finished(1), codec.query(1)].concat());
        let goes_on = [codec.batch_stored(), codec.rejection(1, rejected), codec.pending(1)].concat();
        let text = String::from_utf8_lossy(&answered);
        assert!(answered.ends_with(&goes_on) || codec.has_one_answer(), "{dialect}: {text}");
        // The rest comes on a new connection.
        let begin = if codec.has_one_answer() { 0 } else { 5 };
        assert!(!neighbour.has_ended(), "{dialect}: agency 1 is not finished");
        let again = [codec.batch(1, &file.lines()[begin..]), codec.finished(1)].concat();
        let again = ask(server.address, &again);
        let mut answers = [codec.batch_stored(), codec.receipt(1)].concat();
        assert_eq!(neighbour.winners(), other.winners(), "{dialect}");
        let winners = codec.winners(1, &file.winners());
        if codec.finished(1) == codec.query(1) {
            answers.extend(winners);
        } else {
            assert!(ask(server.address, &codec.query(1)) == winners, "{dialect}");
        }
        assert!(again == answers, "{dialect}");
        assert!(server.end() == stored(&[file, other]), "{dialect}: each bet once");
    }
}

pub fn an_unknown_agency_is_rejected<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(5);
    for &dialect in crate::PLAIN {
        let codec: &dyn Codec = codec(dialect);
        let bets = File::invented(6, 3);
        for bytes in [codec.batch(6, &bets.lines()), codec.finished(6), codec.query(6)] {
            // In `framed` only a batch names its agency.
            if codec.agency_of(&bytes).is_none() {
                continue;
            }
            let answer = ask(server.address, &bytes);
            let said = codec.text_of(&answer);
            let expected = "unknown agency 6, expected 1 to 5";
            let is_said = said.is_some_and(|said| said.starts_with(expected) || dialect == Dialect::BLOCK);
            assert!(is_said || answer == codec.rejection(6, ""), "{dialect}: {}", answer.escape_ascii());
        }
        let two = [codec.batch(1, &bets.lines()), codec.batch(2, &bets.lines())].concat();
        let answer = ask(server.address, &two);
        let said = codec.text_of(&answer[codec.batch_stored().len()..]);
        let is_said =
            said.is_some_and(|said| said.starts_with("agency 2, expected 1") || dialect == Dialect::BLOCK);
        assert!(is_said, "{dialect}: {}", answer.escape_ascii());
    }
    assert!(server.end().into_keys().eq([1]), "only what agency 1 sent");
}

pub fn bets_after_finished_are_rejected<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let file = File::invented(1, 20);
        let server = RunningServer::in_memory::<Server>(2);
        let mut first = Raw::connect(server.address);
        first.send(&[codec.batch(1, &file.lines()), codec.finished(1)].concat());
        let answers = [codec.batch_stored(), codec.receipt(1)].concat();
        assert!(first.receive(answers.len()) == answers, "{dialect}");
        let late = [codec.batch(1, &file.lines()[..3]), codec.finished(1)].concat();
        let second = ask(server.address, &late);
        let rejected = codec.rejection(1, "bets that were sent before were refused");
        let rejected = if codec.has_one_answer() { Vec::new() } else { rejected };
        let told = [codec.failure("the agency is finished"), rejected].concat();
        assert!(second == told, "{dialect}: {}", second.escape_ascii());
        drop(first);
        assert!(server.end() == stored(&[file]), "{dialect}");
    }
}

pub fn a_full_store_rejects_until_there_is_room<Server: StoppableRuntime, Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let files = [File::invented(1, 120), File::invented(2, 30)];
        let server = RunningServer::start::<Server>(&ServerSettings::new(2), full_once());
        let start = |file| RunningClient::<LotteryClient>::agency::<Client>(server.address, dialect, file);
        let lines = files[0].lines();
        let mut first = Raw::connect(server.address);
        first.send(&codec.batch(1, &lines[..1]));
        first.fin();
        let answer = first.receive_all();
        let reason = "a test: no room, nothing of the group is stored: it is full";
        let said = codec.text_of(&answer).is_some_and(|said| said == reason || dialect == Dialect::BLOCK);
        assert!(said, "{dialect}: {}", answer.escape_ascii());
        drop(first);
        // The store pauses for a quarter of a second, and these dialects cannot send a batch again.
        std::thread::sleep(std::time::Duration::from_secs(1));
        let agencies = files.each_ref().map(start);
        for (agency, file) in agencies.into_iter().zip(&files) {
            assert_eq!(agency.winners(), file.winners(), "{dialect}");
        }
        assert!(server.end() == stored(&files), "{dialect}");
    }
}

pub fn a_dialect_that_is_switched_off_is_rejected<Server: StoppableRuntime, Client: StoppableRuntime>() {
    let lines = Lines::shared();
    for &dialect in crate::PLAIN.iter().chain(&[Dialect::ECHO]) {
        let mut terms = ServerSettings::new(1);
        let others = terms.config.dialects().iter().copied().filter(|spoken| *spoken != dialect).collect();
        terms.config = terms.config.to_builder().dialects(others).build().unwrap();
        let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
        let line = format!("reason: the peer speaks {dialect}, which is not spoken here\n");
        let before = lines.count(&line);
        if dialect == Dialect::ECHO {
            assert_eq!(ask(server.address, b"hello\n"), b"", "an end without an answer");
        } else {
            let failure = codec(dialect).failure("this dialect is not spoken here");
            assert_eq!(ask(server.address, &codec(dialect).probe(1)), failure, "{dialect}");
            let file = File::invented(1, 3);
            let agency = RunningClient::<LotteryClient>::agency::<Client>(server.address, dialect, &file);
            match agency.outcome() {
                Err(ClientError::Closed { .. }) if dialect == Dialect::BLOCK => {}
                Err(ClientError::Rejected { reason, .. }) if reason == "this dialect is not spoken here" => {}
                outcome => panic!("{dialect}: {outcome:?}"),
            }
        }
        // The other dialects are served.
        let spoken = terms.config.dialects().iter().find(|spoken| crate::PLAIN.contains(spoken));
        let file = File::invented(1, 40);
        let agency = RunningClient::<LotteryClient>::agency::<Client>(
            server.address,
            *spoken.expect("there are four that carry bets"),
            &file,
        );
        assert_eq!(agency.winners(), file.winners(), "not {dialect}");
        assert!(server.end() == stored(&[file]), "not {dialect}");
        assert!(lines.count(&line) > before, "{dialect}: the log says why");
    }
}

/// A list that is longer than an agency takes is not shortened either.
pub fn a_list_beyond_the_limit_closes_the_connection<Server: StoppableRuntime, Client: StoppableRuntime>() {
    for dialect in [Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
        let file = File::winning(1, 2000);
        let server = RunningServer::in_memory::<Server>(1);
        let mut job = job(server.address, dialect, 1);
        job.connection = job.connection.to_builder().max_answer(8192).build().expect("valid settings");
        let agency = RunningClient::start::<Client>(LotteryClient::new(job, file.bets()));
        let outcome = agency.outcome();
        let Err(ClientError::Closed { reason: CloseReason::Peer(Violation::Malformed(error)), .. }) =
            &outcome
        else {
            panic!("{dialect}: {outcome:?}")
        };
        assert!(matches!(error.problem, Problem::TooLong { max: 8192, .. }), "{dialect}: {error}");
        assert!(server.end() == stored(&[file]), "{dialect}");
    }
}
