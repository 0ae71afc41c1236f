//! Rejections, failures and totals that end a client, and the texts that say so.

use std::path::Path;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::ClientError;
use lottery_proto::{Code, Dialect, Failure, HelloReply};

use crate::support::blocks::{BATCH_ACK, ERROR, block, connected, hear, packet, told};
use crate::support::session::{Asked, Talk, rejected, welcome};

#[test]
fn a_rejected_bet_is_named_by_its_line() {
    for (said, lines) in [
        ("bad-bet: bet 3: document: too long", "line 4"),
        ("bad-bet: bet 1: document: too long", "line 1"),
        // Bets that it has not sent, or no number.
        ("bad-bet: bet 4: document: too long", "lines 1 to 4"),
        ("bad-bet: bet 0: document: too long", "lines 1 to 4"),
        ("bad-bet: bet x: document: too long", "lines 1 to 4"),
        ("bad-bet: bet 3", "lines 1 to 4"),
        ("bad-bet", "lines 1 to 4"),
    ] {
        let error = told(&packet(BATCH_ACK, &format!("0|0|{said}"))).to_string();
        assert_eq!(error, format!("the server refused a batch: a.csv: {lines}: {said}"));
    }
}

#[test]
fn a_rejected_bet_is_named_by_its_line_where_each_batch_is_replied_to() {
    for (said, shown) in [
        ("bet 3: number: empty", "a.csv: line 4: bet 3: number: empty"),
        ("bet 1: number: empty", "a.csv: line 1: bet 1: number: empty"),
        // Bets that it has not sent, or no number.
        ("bet 4: number: empty", "bet 4: number: empty"),
        ("bet three: number: empty", "bet three: number: empty"),
    ] {
        let body = format!("error;{said}");
        for (dialect, reply) in [
            (Dialect::FRAMED, format!("{:08}{body}", body.len())),
            (Dialect::BRACES, format!("ERROR:{said};")),
        ] {
            let mut agency = connected(1, dialect);
            hear(&mut agency, reply.as_bytes());
            let error = agency.into_outcome().unwrap_err().to_string();
            assert_eq!(error, format!("the server refused a batch: {shown}"), "{dialect}");
        }
    }
}

#[test]
fn an_unexpected_total_ends_the_client() {
    let error = told(&packet(BATCH_ACK, "1|4")).to_string();
    let whose = "server:1 holds 4 bets of this agency that are not the first 4 of a.csv";
    assert_eq!(error, format!("{whose}: others were stored meanwhile"));
}

#[test]
fn an_expected_total_lets_the_client_go_on() {
    assert!(matches!(told(&packet(BATCH_ACK, "1|3")), ClientError::Stopped), "it was dropped in the middle");
}

#[test]
fn a_failure_with_an_unknown_code_is_shown_unchanged() {
    let error = told(&block(ERROR, "eclipse|the moon is in the way")).to_string();
    assert!(error.ends_with("the moon is in the way"), "{error}");
}

#[test]
fn of_two_rejections_the_first_counts() {
    let mut agency = connected(1, Dialect::BRACES);
    hear(&mut agency, b"ERROR:no batch;ERROR:nobody asked;");
    let error = agency.into_outcome().unwrap_err().to_string();
    assert_eq!(error, "the server refused a batch: no batch");
}

#[test]
fn a_rejected_bet_beyond_the_batch_is_named_by_its_batch() {
    let row = "Ana,Paz,20000001,1980-01-01,7574\n";
    let list = AgencyFile::parse(Path::new("a.csv"), row.repeat(4).as_bytes()).unwrap();
    assert_eq!(list.place_of(2, 4, Some(2)), "a.csv: line 4");
    assert_eq!(list.place_of(2, 4, Some(usize::MAX)), "a.csv: lines 3 to 4");
}

#[test]
fn a_rejected_batch_is_named_by_its_lines_or_its_line() {
    for (stored, text, place) in [
        (0, "bet 2: number: too large", "agency.csv: line 2"),
        (4, "bet 4: number: too large", "agency.csv: line 8"),
        (4, "bet 5: there are no five", "agency.csv: lines 5 to 8"),
        (4, "bet 0: they are counted from 1", "agency.csv: lines 5 to 8"),
        (0, "bet 2", "agency.csv: lines 1 to 4"),
        (4, "nobody likes it", "agency.csv: lines 5 to 8"),
    ] {
        let mut talk = Talk::new();
        talk.greet(welcome(stored, false));
        talk.batch(4, rejected(Code::Malformed, text));
        let error = talk.error();
        let ClientError::BatchRejected { error, reason, .. } = error else { panic!("{error:?}") };
        assert_eq!((error.as_str(), reason), (place, format!("malformed: {text}")));
    }
    // Finished, with nothing in flight: nothing else is left to this agency.
    let mut talk = Talk::new();
    talk.greet(welcome(10, false));
    talk.finished(rejected(Code::Malformed, "no"));
    assert!(matches!(talk.error(), ClientError::BatchRejected { .. }));
}

#[test]
fn batches_in_flight_behind_a_rejected_one_count_for_nothing() {
    for (code, passes) in [(Code::Storage, true), (Code::Malformed, false)] {
        let mut talk = Talk::new();
        talk.greet(welcome(0, false));
        for receipt in [rejected(code, "the first"), rejected(Code::Malformed, "bets before it were refused")]
        {
            let Some(Asked::Batch(ticket, 4)) = talk.asked.pop_front() else { panic!("a batch") };
            talk.server.reply(talk.now, ticket, receipt).unwrap();
        }
        talk.carry();
        if passes {
            talk.pauses(25, 50);
            continue;
        }
        let ClientError::BatchRejected { reason, .. } = talk.error() else { panic!("another end") };
        assert_eq!(reason, "malformed: the first");
    }
}

#[test]
fn a_session_rejected_for_good_ends_the_client() {
    for (code, text) in [(Code::Superseded, "by a newer one"), (Code::UnknownAgency, "of nobody")] {
        let mut talk = Talk::new();
        talk.greet(HelloReply::Rejected(Failure { code, text }));
        let error = talk.error();
        assert_eq!(error.to_string(), format!("the server refused the session: {code}: {text}"));
    }
    let mut talk = Talk::new();
    talk.greet(welcome(0, false));
    talk.batch(4, rejected(Code::Superseded, "by a newer one"));
    assert_eq!(talk.error().to_string(), "the server refused the session: superseded: by a newer one");
}
