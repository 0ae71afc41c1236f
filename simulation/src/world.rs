//! World of a seed: processes, connections, the disk, and time, which goes on when nothing else can.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lottery_proto::Instant;
use lottery_runtime::{Machine as _, Step};
use lottery_testkit::Rng;

use crate::clients::{Kind, Process};
use crate::link::{Link, Side, Turn, turn};
use crate::media::Media;
use crate::mistakes::{Forger, Forgery, Mistake};
use crate::model::Model;
use crate::options::Options;
use crate::pipe::End;
use crate::server::ServerProcess;
use crate::tally::{Mark, Tally};

/// Maximum number of steps from the last fault to the end.
const MAX_STEPS: u64 = 300_000;
/// Maximum time from the last fault to the end.
const MAX_TIME: Duration = Duration::from_secs(12 * 3600);

/// World of a seed.
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) rng: Rng,
    pub(crate) now: Instant,
    pub(crate) media: Media,
    pub(crate) model: Model,
    pub(crate) server: Option<ServerProcess>,
    /// Time at which the server is started, if there is none.
    pub(crate) server_at: Instant,
    pub(crate) processes: Vec<Process>,
    /// Times at which a process of each agency is started, if there is none: that of agency 1 at index 0.
    pub(crate) starts: Vec<Instant>,
    /// True for each agency that has its winners.
    pub(crate) done: Vec<bool>,
    /// True for each agency that is to begin without a session.
    pub(crate) plain: Vec<bool>,
    pub(crate) links: BTreeMap<u64, Link>,
    pub(crate) next_link: u64,
    /// Welcomed sessions: link, agency, number of stored bets.
    pub(crate) welcomed: Vec<(u64, u32, usize)>,
    /// Pairs of links, the first of which belongs to a newer session than the second.
    pub(crate) newer: BTreeSet<(u64, u64)>,
    /// Time at which the disk has room again.
    pub(crate) room_at: Option<Instant>,
    pub(crate) healed: bool,
    /// True if something may have become durable since the last comparison.
    pub(crate) changed: bool,
    pub(crate) version: u64,
    pub(crate) tally: Tally,
    /// Hash of all that has happened.
    pub(crate) hash: u64,
    pub(crate) verbose: bool,
}

impl World {
    pub(crate) fn new(seed: u64, mistake: Option<Mistake>, verbose: bool) -> Self {
        let (options, mut rng) = Options::of(seed);
        // Only the real store has a log.
        let real_store = options.real_store || mistake.is_some_and(Mistake::is_in_log);
        let options = Options { real_store, mistake, ..options };
        let model = Model::new(&options.bets, &mut rng);
        let now = Instant::default();
        let starts = options.bets.iter().map(|_| now.after(Duration::from_millis(rng.below(3000)))).collect();
        let tally = Tally { seeds: 1, real: u64::from(options.real_store), ..Tally::default() };
        Self {
            rng,
            now,
            media: Media::new(options.real_store),
            model,
            server: None,
            server_at: now,
            processes: Vec::new(),
            starts,
            done: vec![false; options.bets.len()],
            plain: options.plain.clone(),
            links: BTreeMap::new(),
            next_link: 1,
            welcomed: Vec::new(),
            newer: BTreeSet::new(),
            room_at: None,
            healed: false,
            changed: false,
            version: 0,
            tally,
            hash: 0xCBF2_9CE4_8422_2325,
            options,
            verbose,
        }
    }

    /// Runs the world to its end.
    ///
    /// # Errors
    /// The broken invariant.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        let mut healed = (0, self.now);
        loop {
            if !self.healed && self.tally.steps >= self.options.chaos {
                self.heal();
                healed = (self.tally.steps, self.now);
            }
            if self.done.iter().all(|done| *done) && self.processes.is_empty() {
                if !self.healed {
                    self.heal();
                }
                return self.compare_at_the_end();
            }
            let late = self.healed
                && (self.tally.steps - healed.0 > MAX_STEPS || self.now.duration_since(healed.1) > MAX_TIME);
            if late {
                let processes: Vec<_> = self
                    .processes
                    .iter_mut()
                    .map(|process| format!("{} {:?}", process.agency, process.link))
                    .collect();
                return Err(format!("no end in sight after the faults: processes {processes:?}"));
            }
            self.tally.steps += 1;
            let moved = self.step()?;
            self.compare()?;
            if !moved {
                self.wait()?;
            } else if !self.healed && self.rng.one_in(self.options.fault_every) {
                self.fault();
                self.compare()?;
            }
        }
    }

    /// Adds an event to the hash, and prints it if verbose.
    pub(crate) fn note(&mut self, what: impl FnOnce() -> String, numbers: &[u64]) {
        for number in numbers {
            for byte in number.to_le_bytes() {
                self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
            }
        }
        if self.verbose {
            println!("{:>14.6} {:>7} {}", self.now.since_epoch().as_secs_f64(), self.tally.steps, what());
        }
    }

    /// Lets one actor take a step. Returns false if none can.
    fn step(&mut self) -> Result<bool, String> {
        let conns = self.server.as_ref().map_or(0, |server| server.conns.len());
        let actors = 2 + conns + self.processes.len() + self.starts.len();
        let first = self.rng.index(actors);
        for actor in (0..actors).map(|nth| (first + nth) % actors) {
            let moved = match actor {
                0 => self.step_server(),
                1 => self.accept(),
                _ if actor < 2 + conns => self.step_conn(actor - 2)?,
                _ if actor < 2 + conns + self.processes.len() => self.step_process(actor - 2 - conns)?,
                _ => self.start_client(actor - 2 - conns - self.processes.len()),
            };
            if moved {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn step_conn(&mut self, nth: usize) -> Result<bool, String> {
        let Some(server) = self.server.as_mut().filter(|server| server.paused <= self.now) else {
            return Ok(false);
        };
        let Some((&number, conn)) = server.conns.iter_mut().nth(nth) else { return Ok(false) };
        let link = self.links.get_mut(&number).expect("a connection has a link");
        if self.rng.one_in(2)
            && let Some(notice) = conn.mail()
        {
            conn.machine.notice(server.clock.local(self.now), notice);
            self.note(|| format!("link {number}: the server takes a notice"), &[1, number]);
            return Ok(true);
        }
        let with = (&self.options, &mut self.rng);
        match turn(&mut conn.machine, server.clock, link, Side::Server, self.now, with) {
            Turn::Moved(messages) => {
                self.note(|| format!("link {number}: the server moves, says {messages:?}"), &[2, number]);
                for message in messages {
                    self.check_message(number, message)?;
                }
            }
            Turn::Idle(_) => {
                let Some(notice) = conn.mail() else { return Ok(false) };
                conn.machine.notice(server.clock.local(self.now), notice);
                self.note(|| format!("link {number}: the server takes a notice"), &[1, number]);
            }
            Turn::Over => {
                server.conns.remove(&number);
                link.leave(Side::Server, self.now, End::Eof);
                self.note(|| format!("link {number}: the server is done with it"), &[3, number]);
                self.drop_links();
            }
        }
        Ok(true)
    }

    fn step_process(&mut self, index: usize) -> Result<bool, String> {
        let process = &mut self.processes[index];
        if process.paused > self.now {
            return Ok(false);
        }
        let agency = process.agency;
        let Some(number) = process.link else { return self.connect(index) };
        let link = self.links.get_mut(&number).expect("a connection has a link");
        let with = (&self.options, &mut self.rng);
        match turn(process.program.dialer(), process.clock, link, Side::Client, self.now, with) {
            Turn::Moved(_) => {
                if process.kind == Kind::OtherFile && link.tap.batches > 0 {
                    return Err(format!("agency {agency}: sends bets of another file"));
                }
                self.note(|| format!("link {number}: agency {agency} moves"), &[4, number]);
            }
            Turn::Idle(_) => return Ok(false),
            Turn::Over => {
                process.link = None;
                link.leave(Side::Client, self.now, End::Eof);
                self.note(|| format!("link {number}: agency {agency} is done with it"), &[5, number]);
                self.drop_links();
            }
        }
        Ok(true)
    }

    /// Lets a process without a connection take a step.
    fn connect(&mut self, index: usize) -> Result<bool, String> {
        let process = &mut self.processes[index];
        let (agency, local) = (process.agency, process.clock.local(self.now));
        match process.program.dialer().next_step(local) {
            Step::Done => {
                self.end_process(index)?;
            }
            Step::Wait(until) if until > local => return Ok(false),
            Step::Wait(_) => {}
            Step::Connect(_) if self.server.as_ref().is_some_and(|server| !server.ending) => {
                let number = self.next_link;
                self.next_link += 1;
                process.link = Some(number);
                process.connections += 1;
                let session = process.kind != Kind::Plain;
                let forgery = forgery(&self.options, &self.model, process);
                let forger = forgery.map(|forgery| Forger::new(forgery, session));
                let link = Link { forger, ..Link::new(agency, session) };
                self.links.insert(number, link);
                if process.connections > 1 {
                    self.tally.mark(Mark::Reconnected);
                }
                process.program.dialer().connected(local);
                self.note(|| format!("link {number}: agency {agency} connects"), &[6, number]);
            }
            Step::Connect(_) => {
                let rejected = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
                process.program.dialer().not_connected(local, &rejected);
                self.tally.mark(Mark::NotConnected);
                self.note(|| format!("agency {agency} cannot connect"), &[7, agency.into()]);
            }
        }
        Ok(true)
    }

    pub(crate) fn drop_links(&mut self) {
        self.links.retain(|_, link| !link.is_over());
    }
}

/// Returns the forgery on a new connection of a process, if a mistake is planted.
fn forgery(options: &Options, model: &Model, process: &Process) -> Option<Forgery> {
    let welcome = |shift| Forgery::Welcome { shift, digests: process.digests() };
    match options.mistake? {
        // On a later connection the agency would know that more were acknowledged.
        Mistake::ResumeTooEarly if process.connections == 1 => Some(welcome(-1)),
        Mistake::ResumeTooLate => Some(welcome(1)),
        Mistake::IgnoreDigest if process.kind == Kind::OtherFile => Some(welcome(0)),
        Mistake::OthersWinners => {
            let next = model.lists.get(process.agency as usize);
            Some(Forgery::Winners(next.map(|next| next.winners.clone()).unwrap_or_default()))
        }
        _ => None,
    }
}
