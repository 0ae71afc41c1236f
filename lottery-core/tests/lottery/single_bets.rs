//! Single bet, and health check.

use std::time::Duration;

use lottery_core::client::{ClientError, SingleBet};
use lottery_proto::{Dialect, Endpoint as _, Field, FieldError, FieldProblem, Input, Instant, SocketError};
use lottery_runtime::{Dialer, Step};

use crate::support::agencies::connection;
use crate::support::calls::{Calls, TIMEOUTS};
use crate::support::test_store::Fate;
use crate::support::{Fields, received, sent};

const DIALECTS: &[Dialect] = Dialect::WITH_BETS;

fn fields(fields: [&str; 5]) -> Fields {
    fields.map(str::to_owned)
}

fn single(dialect: Dialect, of: [&str; 5]) -> Result<SingleBet, FieldError> {
    SingleBet::new(connection(dialect), "server:1".to_owned(), TIMEOUTS, fields(of))
}

const ANA: [&str; 5] = ["Ana María", "Núñez", "20000001", "1980-01-01", "7574"];

/// Reason of a rejection that is no more than the end of the connection.
fn unsaid(how: &str) -> String {
    format!("the connection was {how} without a reply (a rejection in this dialect, unless it was lost)")
}

#[test]
fn a_single_bet_is_stored() {
    for &dialect in DIALECTS {
        let mut calls = Calls::new(5, "");
        calls.client(0, single(dialect, ANA).unwrap());
        calls.run(10);
        assert_eq!(calls.store.rows(), "1,Ana María,Núñez,20000001,1980-01-01,7574\r\n", "{dialect}");
        assert!(!calls.committer.agency(1).finished, "{dialect}: there may be more");
        assert_eq!(calls.calls[0].began(), [0], "{dialect}");
        assert_eq!(calls.calls[0].done, Some(Instant::default()), "{dialect}: at once");
        assert!(ANA[..4].iter().all(|secret| !calls.shown().contains(secret)), "{}", calls.shown());
        calls.clients().remove(0).into_outcome().unwrap();
    }
}

#[test]
fn a_single_bet_is_rejected() {
    for &dialect in DIALECTS {
        let mut calls = Calls::new(5, "");
        calls.store.next(&[Fate::Full]);
        calls.client(0, single(dialect, ANA).unwrap());
        calls.run(10);
        assert_eq!(calls.store.rows(), "", "{dialect}");
        let outcome = calls.clients().remove(0).into_outcome();
        let reason = "test: no room, nothing of the group is stored: told to";
        match outcome {
            Err(ClientError::Rejected { what: "the bet", reason })
                if [Dialect::BLOCK, Dialect::SESSION].contains(&dialect) =>
            {
                assert_eq!(reason, "");
            }
            Err(ClientError::Rejected { what: "the bet", reason: told }) => {
                let expected = match dialect.name() {
                    "short" => unsaid("closed"),
                    "columns" => unsaid("reset"),
                    _ => reason.to_owned(),
                };
                assert_eq!(told, expected, "{dialect}");
            }
            outcome => panic!("{dialect}: {outcome:?}"),
        }
    }
}

#[test]
fn a_bet_with_an_invalid_field_is_rejected_before_connecting() {
    for &dialect in DIALECTS {
        for (at, text, field) in [
            (0, "", Field::FirstName),
            (1, "Paz\n", Field::LastName),
            (2, "1a", Field::Document),
            (3, "1980-13-01", Field::Birthdate),
            (4, "-1", Field::Number),
        ] {
            let mut wrong = ANA;
            wrong[at] = text;
            assert_eq!(single(dialect, wrong).unwrap_err().field, field, "{dialect}: {text:?}");
        }
    }
    for (dialect, at, text, field, problem) in [
        (Dialect::BLOCK, 0, "A|a", Field::FirstName, FieldProblem::NotInDialect('|')),
        (Dialect::FRAMED, 1, "P;z", Field::LastName, FieldProblem::NotInDialect(';')),
        (Dialect::BRACES, 1, "P:z", Field::LastName, FieldProblem::NotInDialect(':')),
        (Dialect::FIXED, 2, "123456789", Field::Document, FieldProblem::TooWide(8)),
        (Dialect::FIXED, 4, "10000", Field::Number, FieldProblem::TooWide(4)),
        (Dialect::FIXED, 1, "Paz ", Field::LastName, FieldProblem::TrailingSpace),
        (Dialect::FIXED, 2, "01", Field::Document, FieldProblem::LeadingZero),
    ] {
        let mut wrong = ANA;
        wrong[at] = text;
        assert_eq!(single(dialect, wrong).unwrap_err(), FieldError::new(field, problem), "{dialect}");
    }
}

#[test]
fn a_bet_without_a_reply_is_unconfirmed() {
    let now = Instant::default();
    for &dialect in DIALECTS {
        let ends: [fn(&mut SingleBet, Instant) -> Instant; 4] = [
            |bet, now| {
                // In between it reports that it waits.
                for seconds in [30, 60] {
                    let deadline = bet.poll_io().unwrap().deadline.unwrap();
                    assert_eq!(deadline, now.after(Duration::from_secs(seconds)));
                    bet.handle(deadline, Input::Timeout);
                }
                now.after(Duration::from_secs(60))
            },
            |bet, now| {
                bet.handle(now, Input::Eof);
                now
            },
            |bet, now| {
                bet.handle(now, Input::Failed(SocketError::Reset));
                now
            },
            |bet, now| {
                bet.handle(now, Input::Shutdown);
                bet.handle(now, Input::Failed(SocketError::Reset));
                now
            },
        ];
        for (nth, end) in ends.into_iter().enumerate() {
            let mut bet = single(dialect, ANA).unwrap();
            assert!(!sent(&mut bet, now).is_empty());
            assert!(!bet.poll_io().unwrap().fin, "{dialect}: it waits for an answer");
            let then = end(&mut bet, now);
            bet.handle(then, Input::FinSent);
            assert_eq!(bet.next_step(then), Step::Done);
            let outcome = bet.into_outcome();
            let said = [(Dialect::SHORT, 1), (Dialect::COLUMNS, 2)].contains(&(dialect, nth));
            let expected = match &outcome {
                Err(ClientError::Rejected { what: "the bet", .. }) => said,
                Err(ClientError::Unconfirmed { .. }) => !said,
                _ => false,
            };
            assert!(expected, "{dialect}, end {nth}: {outcome:?}");
        }
    }
}

#[test]
fn a_bet_of_which_nothing_was_sent_is_not_stored() {
    let now = Instant::default();
    for &dialect in DIALECTS {
        for input in [Input::Failed(SocketError::Reset), Input::Shutdown] {
            let mut bet = single(dialect, ANA).unwrap();
            assert!(matches!(bet.next_step(now), Step::Connect(_)));
            bet.connected(now);
            bet.handle(now, input);
            let outcome = bet.into_outcome();
            let told = matches!(outcome, Err(ClientError::Closed { .. } | ClientError::Stopped));
            assert!(told, "{dialect}: {outcome:?}");
        }
    }
}

#[test]
fn a_query_confirms_a_bet_on_a_dialect_without_a_reply() {
    let now = Instant::default();
    let answers: [(&[u8], bool); 4] =
        [(b"N", true), (b"R00000", true), (b"R000022000000130000002", true), (b"E00003no!", false)];
    for (answer, stored) in answers {
        let mut bet = single(Dialect::FIXED, ANA).unwrap();
        assert!(sent(&mut bet, now).ends_with(b"C00001"));
        received(&mut bet, now, answer);
        let outcome = bet.into_outcome();
        match &outcome {
            Ok(()) => assert!(stored),
            Err(ClientError::Rejected { what: "the bet", reason }) => assert!(!stored && reason == "no!"),
            Err(other) => panic!("{other}"),
        }
    }
}
