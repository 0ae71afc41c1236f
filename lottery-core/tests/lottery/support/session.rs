//! Client that has sessions, with a server that replies word by word.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{ClientError, Job, Progress, SessionClient};
use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, ClientConfig, Code, ConnId, Dialect, Endpoint as _, Failure, HelloReply, Input, Instant,
    Receipt, Server, ServerConfig, SocketError, Ticket, WinnersReply,
};
use lottery_runtime::{Dialer, Step};

use crate::support::digest::{crc32c, text_of};
use crate::support::world::job;
use crate::support::{Fields, bets};

/// Request of an agency.
pub(crate) enum Asked {
    Hello(Ticket<HelloReply<'static>>, AgencyId),
    /// Number of bets beside the ticket.
    Batch(Ticket<Receipt<'static>>, u32),
    Finished(Ticket<Receipt<'static>>),
    Winners(Ticket<WinnersReply<'static>>),
}

/// Agency with ten bets, four in a batch, and its connection.
pub(crate) struct Talk {
    pub(crate) agency: SessionClient,
    pub(crate) server: Server,
    pub(crate) now: Instant,
    pub(crate) asked: VecDeque<Asked>,
    pub(crate) progress: Arc<Mutex<Vec<Progress>>>,
}

pub(crate) fn all() -> Vec<Fields> {
    bets(1, 0, 10)
}

/// Returns the digest of the first `count` bets.
pub(crate) fn digest(count: usize) -> u32 {
    crc32c(text_of(&all()[..count]).as_bytes())
}

pub(crate) fn welcome(stored: u64, finished: bool) -> HelloReply<'static> {
    HelloReply::Welcome { stored, finished, digest: digest(usize::try_from(stored).unwrap().min(10)) }
}

pub(crate) fn rejected(code: Code, text: &str) -> Receipt<'_> {
    Receipt::Rejected(Failure { code, text })
}

impl Talk {
    pub(crate) fn new() -> Self {
        let mut file = csv::Writer::from_writer(Vec::new());
        for bet in all() {
            file.write_record(&bet).unwrap();
        }
        let list = AgencyFile::parse(Path::new("agency.csv"), &file.into_inner().unwrap()).unwrap();
        let connection = ClientConfig::new(AgencyId::new(1).unwrap(), Dialect::SESSION).unwrap();
        let job = Job { connection, batch_max: Some(4), ..job(1) };
        let progress = Arc::<Mutex<Vec<Progress>>>::default();
        let seen = Arc::clone(&progress);
        let agency = SessionClient::new(job, Arc::new(list))
            .with_progress(move |progress| seen.lock().unwrap().push(progress));
        let now = Instant::default();
        let server = Server::new(ServerConfig::builder(5).build().unwrap(), ConnId(1), now);
        Self { agency, server, now, asked: VecDeque::new(), progress }
    }

    /// Connects the agency, now.
    pub(crate) fn connect(&mut self) {
        let Step::Connect(target) = self.agency.next_step(self.now) else { panic!("it has to connect") };
        assert_eq!(target.server, "server:1");
        self.server = Server::new(ServerConfig::builder(5).build().unwrap(), ConnId(1), self.now);
        self.asked.clear();
        self.agency.connected(self.now);
        self.carry();
    }

    /// Connects the agency, and answers its Hello.
    pub(crate) fn greet(&mut self, reply: HelloReply<'_>) {
        self.connect();
        let Some(Asked::Hello(ticket, agency)) = self.asked.pop_front() else { panic!("a Hello") };
        assert_eq!(agency.get(), 1);
        self.server.reply(self.now, ticket, reply).unwrap();
        self.carry();
    }

    pub(crate) fn batch(&mut self, count: u32, receipt: Receipt<'_>) {
        let Some(Asked::Batch(ticket, sent)) = self.asked.pop_front() else { panic!("a batch") };
        assert_eq!(sent, count);
        self.server.reply(self.now, ticket, receipt).unwrap();
        self.carry();
    }

    pub(crate) fn finished(&mut self, receipt: Receipt<'_>) {
        let Some(Asked::Finished(ticket)) = self.asked.pop_front() else { panic!("the end of the bets") };
        self.server.reply(self.now, ticket, receipt).unwrap();
        self.carry();
    }

    pub(crate) fn winners(&mut self, winners: &[String]) {
        let Some(Asked::Winners(ticket)) = self.asked.pop_front() else { panic!("a question") };
        self.server.reply_winners(self.now, ticket, winners).unwrap();
        self.carry();
    }

    /// Loses the connection.
    pub(crate) fn cut(&mut self) {
        self.agency.handle(self.now, Input::Failed(SocketError::Reset));
        assert!(self.agency.poll_io().is_none());
    }

    /// Checks that the agency waits from `least` to `most` milliseconds before it connects again, and steps
    /// to that time.
    pub(crate) fn pauses(&mut self, least: u128, most: u128) {
        let Step::Wait(until) = self.agency.next_step(self.now) else { panic!("a pause") };
        let pause = until.duration_since(self.now).as_millis();
        assert!((least..=most).contains(&pause), "{pause}");
        self.now = until;
    }

    /// Carries bytes to and fro, and takes requests, until nothing moves.
    pub(crate) fn carry(&mut self) {
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
                    Event::Hello { ticket, agency, .. } => Some(Asked::Hello(ticket, agency)),
                    Event::Batch { ticket, bets, .. } => {
                        Some(Asked::Batch(ticket, u32::try_from(bets.len()).unwrap()))
                    }
                    Event::Finished { ticket, .. } => Some(Asked::Finished(ticket)),
                    Event::WinnersQuery { ticket, .. } => Some(Asked::Winners(ticket)),
                    Event::Rejected { .. } | Event::Closed(_) => None,
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
    pub(crate) fn progress(&self) -> Vec<(usize, bool, bool)> {
        let taken = std::mem::take(&mut *self.progress.lock().unwrap());
        assert!(taken.iter().all(|progress| progress.total == 10));
        taken.iter().map(|progress| (progress.sent, progress.stored, progress.cut_off)).collect()
    }

    /// Returns the error with which the agency has ended.
    pub(crate) fn error(mut self) -> ClientError {
        assert_eq!(self.agency.next_step(self.now), Step::Done);
        self.agency.into_outcome().unwrap_err()
    }
}
