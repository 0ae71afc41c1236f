//! Processes of the clients.

use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{ClientError, Job, LotteryClient, Progress, SessionClient};
use lottery_core::digest::Digest;
use lottery_proto::{AgencyId, ClientConfig, Dialect, Instant};
use lottery_runtime::Dialer;
use lottery_testkit::Rng;

use crate::link::Clock;
use crate::options::Options;

/// Kind of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Agency that has sessions.
    Session,
    /// Agency that has none.
    Plain,
    /// Agency with a file that is not the one that was begun with.
    OtherFile,
}

/// Program that a process runs.
pub(crate) enum Program {
    Session(Box<SessionClient>),
    Plain(Box<LotteryClient>),
}

impl Program {
    pub(crate) fn dialer(&mut self) -> &mut dyn Dialer<Notice = Infallible> {
        match self {
            Self::Session(agency) => &mut **agency,
            Self::Plain(agency) => &mut **agency,
        }
    }

    pub(crate) fn into_outcome(self) -> Result<Vec<String>, ClientError> {
        match self {
            Self::Session(agency) => agency.into_outcome(),
            Self::Plain(agency) => agency.into_outcome(),
        }
    }
}

/// Process of a client, for an agency.
pub(crate) struct Process {
    pub(crate) agency: u32,
    pub(crate) kind: Kind,
    pub(crate) program: Program,
    pub(crate) clock: Clock,
    bets: Arc<AgencyFile>,
    /// Number of its connection.
    pub(crate) link: Option<u64>,
    /// Number of connections that it has had.
    pub(crate) connections: u64,
    /// Time until which it does nothing.
    pub(crate) paused: Instant,
    /// Progress that it reports.
    pub(crate) progress: Arc<Mutex<Progress>>,
}

impl Process {
    pub(crate) fn start(
        agency: u32,
        kind: Kind,
        lines: &[String],
        now: Instant,
        (options, rng): (&Options, &mut Rng),
    ) -> Self {
        let dialect = if kind == Kind::Plain { Dialect::BLOCK } else { Dialect::SESSION };
        let job = Job {
            connection: ClientConfig::new(AgencyId::new(agency).expect("from 1"), dialect)
                .expect("valid settings"),
            server: "server:1".to_owned(),
            batch_max: Some(1 + rng.index(7)),
            poll_initial: Duration::from_secs(1),
            poll_max: Duration::from_secs(8),
            connect_timeout: Duration::from_secs(5),
            retry_for: options.retry_for,
            seed: rng.next_u64(),
        };
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        let bets = AgencyFile::parse(Path::new("agency.csv"), text.as_bytes()).expect("a valid list");
        let progress = Arc::new(Mutex::new(Progress::default()));
        let shared = Arc::clone(&progress);
        let tell = move |now| {
            if let Ok(mut progress) = shared.lock() {
                *progress = now;
            }
        };
        let bets = Arc::new(bets);
        let program = match kind {
            Kind::Plain => {
                Program::Plain(Box::new(LotteryClient::new(job, Arc::clone(&bets)).with_progress(tell)))
            }
            _ => Program::Session(Box::new(SessionClient::new(job, Arc::clone(&bets)).with_progress(tell))),
        };
        let clock = Clock::start(now);
        Self { agency, kind, program, clock, bets, link: None, connections: 0, paused: now, progress }
    }

    /// Returns the digest of the first `n` bets of its file, at index `n`.
    pub(crate) fn digests(&self) -> Vec<u32> {
        let mut digest = Digest::default();
        let next = self.bets.bets_from(0).map(|bet| {
            digest.push(&bet);
            digest.state()
        });
        std::iter::once(0).chain(next).collect()
    }
}

/// Returns another file, one that does not begin with the `stored` bets.
pub(crate) fn other_file(lines: &[String], stored: usize, finished: bool, rng: &mut Rng) -> Vec<String> {
    let mut other = lines.to_vec();
    match rng.below(3) {
        0 if finished => other.push("Eva,Sosa,7,1980-01-31,7".to_owned()),
        1 => other.truncate(rng.index(stored)),
        _ => "Eva,Sosa,7,1980-01-31,7".clone_into(&mut other[rng.index(stored)]),
    }
    other
}
