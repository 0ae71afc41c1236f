//! Sessions of a client: resumption, retries and pauses.

use lottery_core::client::ClientError;
use lottery_proto::{Code, Failure, HelloReply, Receipt};
use lottery_runtime::{Dialer, Step};

use crate::support::session::{Talk, digest, rejected, welcome};

#[test]
fn a_session_resumes_after_the_stored_bets() {
    let mut talk = Talk::new();
    talk.greet(welcome(3, false));
    assert_eq!(talk.asked.len(), 2, "both batches, without a wait");
    talk.batch(4, Receipt::Stored { total: 7 });
    talk.batch(3, Receipt::Stored { total: 10 });
    assert_eq!(talk.asked.len(), 1, "the question comes behind the answer to Finished");
    talk.finished(Receipt::Stored { total: 10 });
    assert_eq!(
        talk.progress(),
        [(3, false, false), (7, false, false), (10, false, false), (10, true, false)]
    );
    let winners = ["1000000".to_owned(), "1000005".to_owned()];
    talk.winners(&winners);
    assert_eq!(talk.agency.next_step(talk.now), Step::Done);
    assert_eq!(talk.agency.into_outcome().unwrap(), winners);
}

#[test]
fn a_resumed_session_repeats_nothing_that_was_done() {
    let mut talk = Talk::new();
    talk.greet(welcome(10, false));
    assert_eq!(talk.asked.len(), 1);
    talk.finished(Receipt::Stored { total: 10 });
    talk.cut();
    talk.pauses(25, 50);
    talk.greet(welcome(10, true));
    assert_eq!(talk.progress(), [(10, false, false), (10, true, false), (10, true, true), (10, true, false)]);
    talk.winners(&[]);
    assert_eq!(talk.agency.into_outcome().unwrap(), [""; 0]);
}

#[test]
fn stored_bets_that_are_not_the_beginning_of_the_file_end_the_client() {
    let other = HelloReply::Welcome { stored: 3, finished: false, digest: digest(3) ^ 1 };
    let other_of_all = HelloReply::Welcome { stored: 10, finished: true, digest: digest(10) ^ 1 };
    for (reply, stored, what) in [
        (welcome(11, false), 11, "the file is shorter"),
        (other, 3, "their digest is another one"),
        (other_of_all, 10, "their digest is another one"),
        (welcome(9, true), 9, "it counts this agency as finished"),
    ] {
        let mut talk = Talk::new();
        talk.greet(reply);
        assert!(talk.asked.is_empty(), "{what}: nothing is sent");
        assert_eq!(
            talk.error().to_string(),
            format!(
                "server:1 holds {stored} bets of this agency that are not the first {stored} of agency.csv: {what}"
            )
        );
    }
}

#[test]
fn acknowledged_bets_that_are_gone_end_the_client() {
    for (then, right) in [(3, false), (4, true), (7, true)] {
        let mut talk = Talk::new();
        talk.greet(welcome(0, false));
        talk.batch(4, Receipt::Stored { total: 4 });
        talk.cut();
        talk.pauses(25, 50);
        talk.greet(welcome(then, false));
        if right {
            assert!(
                talk.progress()
                    .ends_with(&[(4, false, true), (usize::try_from(then).unwrap(), false, false)])
            );
        } else {
            let error = talk.error().to_string();
            assert!(error.ends_with("agency.csv: it had acknowledged more of them"), "{error}");
        }
    }
}

#[test]
fn another_total_than_expected_shows_other_bets() {
    let mut talk = Talk::new();
    talk.greet(welcome(3, false));
    talk.batch(4, Receipt::Stored { total: 8 });
    let error = talk.error();
    let ClientError::OtherBets { stored: 8, what: "others were stored meanwhile", .. } = error else {
        panic!("{error:?}")
    };
}

#[test]
fn a_batch_that_may_be_stored_later_is_sent_again() {
    for (code, least, most) in [
        (Code::Storage, 25, 50),
        (Code::ShuttingDown, 25, 50),
        (Code::TooManyConnections, 25, 50),
        // An immediate retry would be too slow again.
        (Code::Timeout, 5_000, 10_000),
    ] {
        let mut talk = Talk::new();
        talk.greet(welcome(0, false));
        talk.batch(4, rejected(code, "later"));
        assert_eq!(talk.progress(), [(0, false, false), (0, false, true)], "{code}: told once");
        talk.pauses(least, most);
        talk.greet(welcome(0, false));
        assert_eq!(talk.asked.len(), 3, "{code}: all of it");
        talk.batch(4, Receipt::Stored { total: 4 });
        assert_eq!(talk.progress(), [(0, false, false), (4, false, false)]);
    }
}

#[test]
fn pauses_grow_until_the_server_makes_progress() {
    let mut talk = Talk::new();
    for (least, most) in [(25, 50), (50, 100), (100, 200)] {
        talk.connect();
        talk.cut();
        talk.pauses(least, most);
    }
    // Welcome alone counts as no progress.
    talk.greet(welcome(0, false));
    talk.cut();
    talk.pauses(200, 400);
    talk.greet(welcome(0, false));
    talk.batch(4, Receipt::Stored { total: 4 });
    talk.cut();
    talk.pauses(25, 50);
}

#[test]
fn a_session_rejected_for_now_is_tried_again() {
    let mut talk = Talk::new();
    talk.greet(HelloReply::Rejected(Failure { code: Code::Storage, text: "no room" }));
    assert_eq!(talk.progress(), [(0, false, true)]);
    talk.pauses(25, 50);
    talk.greet(HelloReply::Rejected(Failure { code: Code::Storage, text: "no room" }));
    talk.pauses(50, 100);
    talk.greet(welcome(10, true));
    talk.winners(&[]);
    talk.agency.into_outcome().unwrap();
}
