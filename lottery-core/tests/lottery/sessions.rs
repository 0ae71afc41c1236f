//! Agency that has sessions, with a server that replies word by word.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{ClientError, Job, Progress, SessionClient};
use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, Batch, ClientConfig, Code, ConnId, Dialect, Failure, Finished, Hello, HelloReply, Input,
    Instant, Machine as _, Receipt, Server, ServerConfig, Ticket, WinnersQuery, WinnersReply,
};
use lottery_runtime::{Dialer, Step};

use crate::digests::{crc32c, text_of};
use crate::support::{Fields, bets};
use crate::world::job;

/// Request of an agency.
enum Asked {
    Hello(Ticket<Hello>),
    /// Number of bets beside the ticket.
    Batch(Ticket<Batch>, u32),
    Finished(Ticket<Finished>),
    Winners(Ticket<WinnersQuery>),
}

/// Agency with ten bets, four in a batch, and its connection.
struct Talk {
    agency: SessionClient,
    server: Server,
    now: Instant,
    asked: VecDeque<Asked>,
    progress: Arc<Mutex<Vec<Progress>>>,
}

fn all() -> Vec<Fields> {
    bets(1, 0, 10)
}

/// Returns the digest of the first `count` bets.
fn digest(count: usize) -> u32 {
    crc32c(text_of(&all()[..count]).as_bytes())
}

fn welcome(stored: u64, finished: bool) -> HelloReply<'static> {
    HelloReply::Welcome { stored, finished, digest: digest(usize::try_from(stored).unwrap().min(10)) }
}

fn refused(code: Code, text: &str) -> Receipt<'_> {
    Receipt::Refused(Failure { code, text })
}

impl Talk {
    fn new() -> Self {
        let mut file = csv::Writer::from_writer(Vec::new());
        for bet in all() {
            file.write_record(&bet).unwrap();
        }
        let list = AgencyFile::parse(Path::new("agency.csv"), &file.into_inner().unwrap()).unwrap();
        let connection = ClientConfig::new(AgencyId::new(1).unwrap(), Dialect::Session);
        let job = Job { connection, batch_max: Some(4), ..job(1) };
        let progress = Arc::<Mutex<Vec<Progress>>>::default();
        let seen = Arc::clone(&progress);
        let agency = SessionClient::new(job, Arc::new(list))
            .with_progress(move |progress| seen.lock().unwrap().push(progress));
        let now = Instant::default();
        let server = Server::new(ServerConfig::default(), ConnId(1), now);
        Self { agency, server, now, asked: VecDeque::new(), progress }
    }

    /// Connects the agency, now.
    fn connect(&mut self) {
        let Step::Connect(target) = self.agency.next_step(self.now) else { panic!("it has to connect") };
        assert_eq!(target.server, "centre:1");
        self.server = Server::new(ServerConfig::default(), ConnId(1), self.now);
        self.asked.clear();
        self.agency.connected(self.now);
        self.carry();
    }

    /// Connects the agency, and answers its Hello.
    fn greet(&mut self, reply: HelloReply<'_>) {
        self.connect();
        let Some(Asked::Hello(ticket)) = self.asked.pop_front() else { panic!("a Hello") };
        assert_eq!(ticket.agency().get(), 1);
        self.server.reply(self.now, ticket, reply).unwrap();
        self.carry();
    }

    fn batch(&mut self, count: u32, receipt: Receipt<'_>) {
        let Some(Asked::Batch(ticket, sent)) = self.asked.pop_front() else { panic!("a batch") };
        assert_eq!(sent, count);
        self.server.reply(self.now, ticket, receipt).unwrap();
        self.carry();
    }

    fn finished(&mut self, receipt: Receipt<'_>) {
        let Some(Asked::Finished(ticket)) = self.asked.pop_front() else { panic!("the end of the bets") };
        self.server.reply(self.now, ticket, receipt).unwrap();
        self.carry();
    }

    fn winners(&mut self, winners: &[String]) {
        let Some(Asked::Winners(ticket)) = self.asked.pop_front() else { panic!("a question") };
        self.server.reply(self.now, ticket, WinnersReply::Winners(winners)).unwrap();
        self.carry();
    }

    /// Loses the connection.
    fn cut(&mut self) {
        self.agency.handle(self.now, Input::Failed);
        assert!(self.agency.poll_io().is_none());
    }

    /// Checks that the agency waits from `least` to `most` milliseconds before it connects again, and steps
    /// to that time.
    fn pauses(&mut self, least: u128, most: u128) {
        let Step::Wait(until) = self.agency.next_step(self.now) else { panic!("a pause") };
        let pause = until.duration_since(self.now).as_millis();
        assert!((least..=most).contains(&pause), "{pause}");
        self.now = until;
    }

    /// Carries bytes to and fro, and takes requests, until nothing moves.
    fn carry(&mut self) {
        let now = self.now;
        loop {
            let mut moved = false;
            if let (Some(from), Some(to)) = (self.agency.poll_io(), self.server.poll_io()) {
                let (sent, fin) = (from.send.len().min(to.recv.len()), from.fin);
                to.recv[..sent].copy_from_slice(&from.send[..sent]);
                if sent > 0 {
                    self.agency.handle(now, Input::Sent(sent));
                    self.server.handle(now, Input::Received(sent));
                    moved = true;
                } else if fin {
                    self.agency.handle(now, Input::FinSent);
                    self.server.handle(now, Input::Eof);
                    moved = true;
                }
            }
            while let Some(event) = self.server.poll_event() {
                self.asked.extend(match event {
                    Event::Hello { ticket } => Some(Asked::Hello(ticket)),
                    Event::Batch { ticket, bets } => {
                        Some(Asked::Batch(ticket, u32::try_from(bets.len()).unwrap()))
                    }
                    Event::Finished { ticket } => Some(Asked::Finished(ticket)),
                    Event::WinnersQuery { ticket, .. } => Some(Asked::Winners(ticket)),
                    Event::Refused { .. } | Event::Closed(_) => None,
                    other => panic!("{other:?}"),
                });
            }
            if let (Some(to), Some(from)) = (self.agency.poll_io(), self.server.poll_io()) {
                let (sent, fin) = (from.send.len().min(to.recv.len()), from.fin);
                to.recv[..sent].copy_from_slice(&from.send[..sent]);
                if sent > 0 {
                    self.server.handle(now, Input::Sent(sent));
                    self.agency.handle(now, Input::Received(sent));
                    moved = true;
                } else if fin {
                    self.server.handle(now, Input::FinSent);
                    self.agency.handle(now, Input::Eof);
                    moved = true;
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Returns the reported progress: number of stored bets, true if all are stored, true if the agency is
    /// cut off.
    fn progress(&self) -> Vec<(usize, bool, bool)> {
        let taken = std::mem::take(&mut *self.progress.lock().unwrap());
        assert!(taken.iter().all(|progress| progress.total == 10));
        taken.iter().map(|progress| (progress.sent, progress.stored, progress.cut_off)).collect()
    }

    /// Returns the error with which the agency has ended.
    fn error(mut self) -> ClientError {
        assert_eq!(self.agency.next_step(self.now), Step::Done);
        self.agency.into_outcome().unwrap_err()
    }
}

#[test]
fn it_goes_on_behind_what_is_stored() {
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
fn what_was_done_before_is_not_done_again() {
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
fn what_is_stored_has_to_be_the_beginning_of_the_file() {
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
                "centre:1 holds {stored} bets of this agency that are not the first {stored} of agency.csv: {what}"
            )
        );
    }
}

#[test]
fn what_was_acknowledged_has_to_be_there_still() {
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
fn another_total_than_was_expected_shows_other_bets() {
    let mut talk = Talk::new();
    talk.greet(welcome(3, false));
    talk.batch(4, Receipt::Stored { total: 8 });
    let error = talk.error();
    let ClientError::OtherBets { stored: 8, what: "others were stored meanwhile", .. } = error else {
        panic!("{error:?}")
    };
}

#[test]
fn a_refused_batch_is_named_by_its_lines_or_its_line() {
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
        talk.batch(4, refused(Code::Malformed, text));
        let error = talk.error();
        let ClientError::Rejected { error, reason } = error else { panic!("{error:?}") };
        assert_eq!((error.as_str(), reason), (place, format!("malformed: {text}")));
    }
    // Finished, with nothing in flight: nothing else is left to this agency.
    let mut talk = Talk::new();
    talk.greet(welcome(10, false));
    talk.finished(refused(Code::Malformed, "no"));
    assert!(matches!(talk.error(), ClientError::Rejected { .. }));
}

#[test]
fn what_was_in_flight_behind_a_refused_batch_counts_for_nothing() {
    for (code, passes) in [(Code::Storage, true), (Code::Malformed, false)] {
        let mut talk = Talk::new();
        talk.greet(welcome(0, false));
        for receipt in [refused(code, "the first"), refused(Code::Malformed, "bets before it were refused")] {
            let Some(Asked::Batch(ticket, 4)) = talk.asked.pop_front() else { panic!("a batch") };
            talk.server.reply(talk.now, ticket, receipt).unwrap();
        }
        talk.carry();
        if passes {
            talk.pauses(25, 50);
            continue;
        }
        let ClientError::Rejected { reason, .. } = talk.error() else { panic!("another end") };
        assert_eq!(reason, "malformed: the first");
    }
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
        talk.batch(4, refused(code, "later"));
        assert_eq!(talk.progress(), [(0, false, false), (0, false, true)], "{code}: told once");
        talk.pauses(least, most);
        talk.greet(welcome(0, false));
        assert_eq!(talk.asked.len(), 3, "{code}: all of it");
        talk.batch(4, Receipt::Stored { total: 4 });
        assert_eq!(talk.progress(), [(0, false, false), (4, false, false)]);
    }
}

#[test]
fn pauses_grow_until_the_centre_does_something() {
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
fn a_session_that_is_refused_for_good_is_the_end() {
    for (code, text) in
        [(Code::Superseded, "by a newer one"), (Code::UnsupportedVersion, "of another version")]
    {
        let mut talk = Talk::new();
        talk.greet(HelloReply::Refused(Failure { code, text }));
        let error = talk.error();
        assert_eq!(error.to_string(), format!("the server refused the session: {code}: {text}"));
    }
    let mut talk = Talk::new();
    talk.greet(welcome(0, false));
    talk.batch(4, refused(Code::Superseded, "by a newer one"));
    assert_eq!(talk.error().to_string(), "the server refused the session: superseded: by a newer one");
}

#[test]
fn a_session_that_is_refused_for_now_is_tried_again() {
    let mut talk = Talk::new();
    talk.greet(HelloReply::Refused(Failure { code: Code::Storage, text: "no room" }));
    assert_eq!(talk.progress(), [(0, false, true)]);
    talk.pauses(25, 50);
    talk.greet(HelloReply::Refused(Failure { code: Code::Storage, text: "no room" }));
    talk.pauses(50, 100);
    talk.greet(welcome(10, true));
    talk.winners(&[]);
    talk.agency.into_outcome().unwrap();
}
