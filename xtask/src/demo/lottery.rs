//! Lottery, from the start of the server to its end.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use lottery_testkit::process::free_address;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Error;
use super::build::Programs;
use super::chaos::{Killed, Plan};
use super::dialects::Dialects;
use super::process::{Event, Processes, Role};
use super::progress::Progress;
use crate::data::WINNING_NUMBER;

/// Longest time that the server may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Number of SIGKILL, which cannot be caught.
const KILLED: i32 = 9;

/// Results of a lottery.
#[derive(Debug)]
pub(super) struct Results {
    /// Results of the agencies, from agency 1 on.
    pub(super) agencies: Vec<AgencyResult>,
    /// Time from the start of the first agency until all bets of all agencies were stored.
    pub(super) time: Duration,
    /// Kills during the lottery.
    pub(super) killed: Killed,
}

/// Results of an agency.
#[derive(Clone, Debug, Default)]
pub(super) struct AgencyResult {
    pub(super) bets: u64,
    /// Documents of the winners.
    pub(super) winners: Vec<String>,
    /// Time from the start of the agency until all of its bets were stored.
    pub(super) time: Duration,
}

/// Settings of a lottery.
#[derive(Debug)]
pub(super) struct How<'a> {
    pub(super) programs: &'a Programs,
    pub(super) dialects: &'a Dialects,
    /// File of each agency.
    pub(super) files: &'a [PathBuf],
    /// Largest number of bets in a batch; `None` for the client's default.
    pub(super) batch: Option<u64>,
    /// Kills during the lottery, if any.
    pub(super) plan: Option<Plan>,
}

/// Lottery with its processes.
pub(super) struct Lottery<'a> {
    how: How<'a>,
    dir: &'a Path,
    processes: Processes,
    events: Receiver<Event>,
    chaos: Chaos,
}

/// Progress of the kills.
#[derive(Debug, Default)]
struct Chaos {
    plan: Plan,
    /// Process to kill next, and the time of the kill.
    due: Option<(Instant, Role)>,
    /// Process that was killed, and is to be started again.
    down: Option<Role>,
    killed: Killed,
}

impl<'a> Lottery<'a> {
    /// Prepares a lottery. `dir` is the directory for the server's data, the winners and the logs.
    pub(super) fn new(how: How<'a>, dir: &'a Path) -> Self {
        let (sender, events) = channel();
        let chaos = Chaos { plan: how.plan.clone().unwrap_or_default(), ..Chaos::default() };
        Self { how, dir, processes: Processes::new(dir, sender), events, chaos }
    }

    /// Holds the lottery.
    pub(super) fn hold(mut self) -> Result<Results, Error> {
        self.listen_for_signals()?;
        // A server that is killed has to start again at the same address.
        let kills = self.chaos.plan.len() > 0;
        let address = if kills { free_address().to_string() } else { "127.0.0.1:0".to_owned() };
        self.start_server(&address)?;
        let Some(Event::Listening(address)) = self.next_event(Some(PATIENCE))? else {
            return Err(self.failed(Role::Server, Some("it does not say where it listens".to_owned())));
        };
        let mut results = self.run_agencies(&address)?;
        self.stop_server()?;
        for (agency, result) in (1..).zip(&mut results.agencies) {
            let path = self.winners_file(agency);
            let text = fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
            result.winners = text.lines().map(str::to_owned).collect();
        }
        results.killed = self.chaos.killed.clone();
        Ok(results)
    }

    fn listen_for_signals(&mut self) -> Result<(), Error> {
        let events = self.processes.events();
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(Error::Signals)?;
        let listen = move || signals.forever().for_each(|_| _ = events.send(Event::Interrupted));
        thread::Builder::new().spawn(listen).map(drop).map_err(Error::Signals)
    }

    fn start_server(&mut self, address: &str) -> Result<(), Error> {
        let (agencies, number) = (self.how.files.len().to_string(), WINNING_NUMBER.to_string());
        let arguments = [
            ["--listen", address],
            ["--agencies", &agencies],
            ["--data-dir", "data"],
            ["--winning-number", &number],
        ];
        // In `framed`, an agency without bets cannot name itself (`docs/protocol.md#framed`).
        let arguments = [arguments.as_flattened(), &["--anonymous-finish"]].concat();
        self.processes.start(Role::Server, &self.how.programs.server(), &arguments)
    }

    /// Runs all agencies at once, to their end.
    fn run_agencies(&mut self, server: &str) -> Result<Results, Error> {
        let count = self.how.files.len();
        let mut progress = Progress::new(count);
        let mut agencies = vec![None; count];
        let mut acknowledged = vec![0; count];
        let (mut starts, mut time) = (Vec::new(), Duration::ZERO);
        for (agency, _) in (1..).zip(self.how.files) {
            starts.push(Instant::now());
            self.start_client(agency, server)?;
        }
        let index = |agency: u8| usize::from(agency - 1);
        let mut running = count;
        while running > 0 {
            let next_kill = self.kill_due(&acknowledged, &mut progress);
            match self.next_event(next_kill)? {
                Some(Event::Sent { agency, bets, total }) => {
                    acknowledged[index(agency)] = bets;
                    progress.sent(agency, bets, total);
                }
                Some(Event::Stored { agency, bets, at }) => {
                    acknowledged[index(agency)] = bets;
                    if agencies[index(agency)].is_none() {
                        let own_time = at.duration_since(starts[index(agency)]);
                        time = time.max(at.duration_since(starts[0]));
                        progress.stored(agency, bets, own_time);
                        agencies[index(agency)] =
                            Some(AgencyResult { bets, time: own_time, winners: Vec::new() });
                    }
                }
                Some(Event::Reconnects { agency }) => progress.reconnects(agency),
                Some(Event::Ended { role, error }) => {
                    let status = self.processes.wait(role);
                    let killed = self.chaos.down.take_if(|down| *down == role).is_some();
                    if killed && status.is_some_and(|status| status.signal() == Some(KILLED)) {
                        self.chaos.killed.add(role);
                        match role {
                            Role::Server => self.start_server(server)?,
                            Role::Client(agency) => self.start_client(agency, server)?,
                        }
                        continue;
                    }
                    let Role::Client(agency) = role else { return Err(self.failed(role, error)) };
                    let done = status.is_some_and(|status| status.success());
                    if !done || agencies[index(agency)].is_none() || !self.winners_file(agency).exists() {
                        return Err(self.failed(role, error));
                    }
                    running -= 1;
                }
                _ => {}
            }
        }
        Ok(Results { agencies: agencies.into_iter().flatten().collect(), time, killed: Killed::default() })
    }

    /// Kills a process if one is due. Returns the time until the next kill, if one is waiting for its pause.
    fn kill_due(&mut self, acknowledged: &[u64], progress: &mut Progress) -> Option<Duration> {
        let chaos = &mut self.chaos;
        if chaos.down.is_some() {
            return None;
        }
        let bets = acknowledged.iter().sum();
        if chaos.due.is_none() {
            chaos.due = chaos.plan.next(bets).map(|kill| (Instant::now() + kill.pause, kill.victim));
        }
        let (at, victim) = chaos.due?;
        let wait = at.saturating_duration_since(Instant::now());
        // The pause is cut short if the kill after this one is due as well, and the last one has none: all have
        // to happen before the last bets are stored.
        if wait > Duration::ZERO && !chaos.plan.is_due(bets) && chaos.plan.len() > 0 {
            return Some(wait);
        }
        chaos.due = None;
        if self.processes.kill(victim) {
            chaos.down = Some(victim);
            progress.kills(victim, chaos.plan.len());
        }
        None
    }

    fn start_client(&mut self, agency: u8, server: &str) -> Result<(), Error> {
        let bets = &self.how.files[usize::from(agency - 1)];
        let bets = bets.to_str().ok_or_else(|| Error::NotUtf8(bets.clone()))?;
        let (number, winners) = (agency.to_string(), winners_name(agency));
        let mut arguments = vec![
            ["--agency", &number],
            ["--server", server],
            ["--bets", bets],
            ["--winners", &winners],
            ["--dialect", self.how.dialects.agency(agency)],
            ["--poll-initial", "10ms"],
            ["--poll-max", "100ms"],
            ["--log-level", "DEBUG"],
        ];
        let batch = self.how.batch.map(|most| most.to_string());
        arguments.extend(batch.iter().map(|most| ["--batch-max-amount", most]));
        let program = self.how.programs.client(agency);
        // An agency that was killed may have written its winners before.
        let arguments = [arguments.as_flattened(), &["--force"]].concat();
        self.processes.start(Role::Client(agency), &program, &arguments)
    }

    /// Ends the server with SIGTERM, as an operator would.
    fn stop_server(&mut self) -> Result<(), Error> {
        self.processes.terminate();
        loop {
            match self.events.recv_timeout(PATIENCE) {
                Ok(Event::Ended { role: Role::Server, error }) => {
                    let done = self.processes.wait(Role::Server).is_some_and(|status| status.success());
                    return if done { Ok(()) } else { Err(self.failed(Role::Server, error)) };
                }
                Ok(Event::Interrupted) => return Err(Error::Interrupted),
                Ok(_) => {}
                Err(_) => {
                    return Err(self.failed(Role::Server, Some("it does not end when it is asked to".into())));
                }
            }
        }
    }

    /// Returns the next event; `None` if there is none in time. An unplanned end of the server is an error.
    fn next_event(&mut self, within: Option<Duration>) -> Result<Option<Event>, Error> {
        // The channel stays open: `processes` holds a sender.
        let event = match within {
            Some(time) => self.events.recv_timeout(time),
            None => self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match event {
            Ok(Event::Interrupted) => Err(Error::Interrupted),
            Ok(Event::Ended { role: Role::Server, error }) if self.chaos.down != Some(Role::Server) => {
                Err(self.failed(Role::Server, error))
            }
            Ok(event) => Ok(Some(event)),
            Err(_) => Ok(None),
        }
    }

    fn failed(&self, role: Role, error: Option<String>) -> Error {
        let reason = error.unwrap_or_else(|| "it ended before it was done".to_owned());
        Error::Child { role: role.to_string(), reason, log: self.processes.log(role) }
    }

    fn winners_file(&self, agency: u8) -> PathBuf {
        self.dir.join(winners_name(agency))
    }
}

fn winners_name(agency: u8) -> String {
    format!("winners-{agency}.txt")
}
