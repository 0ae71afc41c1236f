//! Server that names more winners than an agency has bets, or never ends to name them: the agency holds no
//! more of them than its bets could need.

use lottery_core::client::{ClientError, LotteryClient};
use lottery_proto::{CloseReason, Dialect, Endpoint as _, Input, Instant, Problem, Violation};
use lottery_runtime::{Dialer as _, Step};

use crate::support::blocks::{BATCH_ACK, block, connected, hear, packet};
use lottery_testkit::welcome;

const NOW: Instant = Instant::from_epoch(std::time::Duration::ZERO);
const WINNER: u8 = 6;

/// Takes all that the agency sends.
fn drain(agency: &mut LotteryClient) {
    while let Some(io) = agency.poll_io()
        && !io.send.is_empty()
    {
        let len = io.send.len();
        agency.handle(NOW, Input::Sent(len));
    }
}

/// Returns an agency with three bets that has asked for its winners.
fn asking(dialect: Dialect) -> LotteryClient {
    let mut agency = connected(1, dialect);
    let said: &[Vec<u8>] = &match dialect.name() {
        "block" => vec![block(BATCH_ACK, "1")],
        "session" => {
            vec![welcome(1, 0, false, 16, 0), packet(BATCH_ACK, "1|3"), packet(BATCH_ACK, "1|3")]
        }
        "fixed" => vec![b"O".to_vec()],
        "framed" => vec![b"00000034success;Batch stored successfully.".to_vec()],
        _ => vec![b"ACK_CHUNK;".to_vec(), b"ACK_NOTIFY;".to_vec()],
    };
    for said in said {
        drain(&mut agency);
        hear(&mut agency, said);
    }
    if dialect == Dialect::FIXED {
        agency.handle(NOW, Input::FinSent);
        agency.handle(NOW, Input::Eof);
        assert!(matches!(agency.next_step(NOW), Step::Connect(_)));
        agency.connected(NOW);
    }
    drain(&mut agency);
    agency
}

/// Returns a list of this number of winners.
fn list(dialect: Dialect, winners: usize) -> Vec<u8> {
    let all = |document: &str, between: &str| vec![document; winners].join(between);
    match dialect.name() {
        "block" => block(WINNER, &format!("1{}", all("20000001", "|"))),
        // Two parts, neither of which is too long by itself.
        "session" => [
            packet(WINNER, "220000001"),
            packet(WINNER, &format!("1{}", vec!["20000001"; winners - 1].join("|"))),
        ]
        .concat(),
        "fixed" => format!("R{winners:05}{}", all("20000001", "")).into_bytes(),
        "framed" => {
            let body = all("20000001", ";");
            format!("{:08}{body}", body.len()).into_bytes()
        }
        _ => format!("R{};", all("{PlayerDocID:20000001}", ",")).into_bytes(),
    }
}

#[test]
fn more_winners_than_bets_are_rejected_on_every_dialect() {
    for dialect in Dialect::WITH_WINNERS {
        let mut agency = asking(*dialect);
        hear(&mut agency, &list(*dialect, 3));
        assert_eq!(agency.into_outcome().unwrap(), ["20000001"; 3], "{dialect}");

        let mut agency = asking(*dialect);
        hear(&mut agency, &list(*dialect, 4));
        let error = agency.into_outcome().unwrap_err();
        assert!(matches!(error, ClientError::TooManyWinners { named: 4, bets: 3, .. }), "{dialect}: {error}");
        assert_eq!(error.to_string(), "server:1 names 4 winners, of 3 bets");
    }
}

#[test]
fn a_session_ends_at_the_message_with_too_many_winners() {
    let mut agency = asking(Dialect::SESSION);
    for _ in 0..3 {
        hear(&mut agency, &packet(WINNER, "220000001"));
        assert!(!agency.poll_io().unwrap().fin);
    }
    hear(&mut agency, &packet(WINNER, "220000001"));
    assert!(agency.poll_io().unwrap().fin, "it is not waited for the last part");
    assert!(matches!(agency.into_outcome(), Err(ClientError::TooManyWinners { named: 4, .. })));
}

#[test]
fn a_long_reply_is_read_as_far_as_the_bets_can_need() {
    for (dialect, begins, more) in [
        (Dialect::FIXED, "R00004", "20000001"),
        (Dialect::FIXED, "R09999", "20000001"),
        (Dialect::FRAMED, "01000000", "20000001;"),
        (Dialect::BRACES, "R{PlayerDocID:1}", ",{PlayerDocID:1}"),
    ] {
        let mut agency = asking(dialect);
        let mut received = 0;
        let mut rest = begins.bytes().chain(more.bytes().cycle());
        while let Some(io) = agency.poll_io()
            && !io.fin
        {
            assert!(
                !io.recv.is_empty() && received < 20_000,
                "{dialect}: {received} bytes of three bets' winners"
            );
            let len = io.recv.len();
            io.recv.iter_mut().zip(&mut rest).for_each(|(to, from)| *to = from);
            received += len;
            agency.handle(NOW, Input::Received(len));
        }
        agency.handle(NOW, Input::FinSent);
        agency.handle(NOW, Input::Eof);
        let error = agency.into_outcome().unwrap_err();
        let rejected = match &error {
            ClientError::TooManyWinners { .. } => begins == "R00004",
            ClientError::Closed { reason: CloseReason::Peer(Violation::Malformed(error)), .. } => {
                matches!(error.problem, Problem::TooLong { max: 8192, .. })
            }
            _ => false,
        };
        assert!(rejected, "{dialect}: {error}");
    }
}
