//! A lottery from the start of the centre to its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Error;
use super::build::Programs;
use super::process::{Event, Processes, Who};
use super::progress::Progress;
use crate::data::WINNING_NUMBER;

/// How long the centre may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came of a lottery.
#[derive(Debug)]
pub(super) struct Results {
    /// From agency 1 on.
    pub(super) agencies: Vec<AgencyResult>,
    /// From the start of the first agency until all bets of all were stored.
    pub(super) time: Duration,
}

/// What came of an agency.
#[derive(Clone, Debug, Default)]
pub(super) struct AgencyResult {
    pub(super) bets: u64,
    /// The winners' documents.
    pub(super) winners: Vec<String>,
    /// From the start of the agency until all of its bets were stored.
    pub(super) time: Duration,
}

/// A lottery with its processes.
pub(super) struct Lottery<'a> {
    programs: &'a Programs,
    dir: &'a Path,
    processes: Processes,
    events: Receiver<Event>,
}

impl<'a> Lottery<'a> {
    /// With these programs. In `dir` there will be the centre's data, the winners and the logs.
    pub(super) fn new(programs: &'a Programs, dir: &'a Path) -> Self {
        let (sender, events) = channel();
        Self { programs, dir, processes: Processes::new(dir, sender), events }
    }

    /// Holds it, with an agency for each file.
    pub(super) fn hold(mut self, files: &[PathBuf]) -> Result<Results, Error> {
        self.listen_for_signals()?;
        let address = self.start_centre(files.len())?;
        let mut results = self.run_agencies(&address, files)?;
        self.stop_centre()?;
        for (agency, result) in (1..).zip(&mut results.agencies) {
            let path = self.winners_file(agency);
            let text = fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
            result.winners = text.lines().map(str::to_owned).collect();
        }
        Ok(results)
    }

    fn listen_for_signals(&mut self) -> Result<(), Error> {
        let events = self.processes.events();
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(Error::Signals)?;
        let listen = move || signals.forever().for_each(|_| _ = events.send(Event::Interrupted));
        thread::Builder::new().spawn(listen).map(drop).map_err(Error::Signals)
    }

    /// Starts the centre: where it listens.
    fn start_centre(&mut self, agencies: usize) -> Result<String, Error> {
        let (agencies, number) = (agencies.to_string(), WINNING_NUMBER.to_string());
        let arguments = [
            ["--listen", "127.0.0.1:0"],
            ["--agencies", &agencies],
            ["--data-dir", "data"],
            ["--winning-number", &number],
        ];
        self.processes.start(Who::Centre, &self.programs.centre(), arguments.as_flattened())?;
        match self.next_event(Some(PATIENCE))? {
            Some(Event::Listening(address)) => Ok(address),
            _ => Err(self.failed(Who::Centre, Some("it does not say where it listens".to_owned()))),
        }
    }

    /// Runs all agencies at once, to their end.
    fn run_agencies(&mut self, server: &str, files: &[PathBuf]) -> Result<Results, Error> {
        let progress = Progress::new(files.len());
        let mut agencies = vec![None; files.len()];
        let (mut starts, mut time) = (Vec::new(), Duration::ZERO);
        for (agency, bets) in (1..).zip(files) {
            starts.push(Instant::now());
            self.start_agency(agency, server, bets)?;
        }
        let index = |agency: u8| usize::from(agency - 1);
        let mut running = files.len();
        while running > 0 {
            match self.next_event(None)? {
                Some(Event::Sent { agency, bets, total }) => progress.sent(agency, bets, total),
                Some(Event::Stored { agency, bets, at }) => {
                    let own_time = at.duration_since(starts[index(agency)]);
                    time = time.max(at.duration_since(starts[0]));
                    progress.stored(agency, bets, own_time);
                    agencies[index(agency)] =
                        Some(AgencyResult { bets, time: own_time, winners: Vec::new() });
                }
                Some(Event::Ended { who: Who::Agency(agency), error }) => {
                    let who = Who::Agency(agency);
                    let done = self.processes.wait(who).is_some_and(|status| status.success());
                    if !done || agencies[index(agency)].is_none() || !self.winners_file(agency).exists() {
                        return Err(self.failed(who, error));
                    }
                    running -= 1;
                }
                _ => {}
            }
        }
        Ok(Results { agencies: agencies.into_iter().flatten().collect(), time })
    }

    fn start_agency(&mut self, agency: u8, server: &str, bets: &Path) -> Result<(), Error> {
        let bets = bets.to_str().ok_or_else(|| Error::NotUtf8(bets.to_path_buf()))?;
        let (number, winners) = (agency.to_string(), winners_name(agency));
        let arguments = [
            ["--agency", &number],
            ["--server", server],
            ["--bets", bets],
            ["--winners", &winners],
            ["--poll-initial", "10ms"],
            ["--poll-max", "100ms"],
            ["--log-level", "DEBUG"],
        ];
        let program = self.programs.agency(agency);
        self.processes.start(Who::Agency(agency), &program, arguments.as_flattened())
    }

    /// Ends the centre as an operator would.
    fn stop_centre(&mut self) -> Result<(), Error> {
        self.processes.terminate();
        loop {
            match self.events.recv_timeout(PATIENCE) {
                Ok(Event::Ended { who: Who::Centre, error }) => {
                    let done = self.processes.wait(Who::Centre).is_some_and(|status| status.success());
                    return if done { Ok(()) } else { Err(self.failed(Who::Centre, error)) };
                }
                Ok(Event::Interrupted) => return Err(Error::Interrupted),
                Ok(_) => {}
                Err(_) => {
                    return Err(self.failed(Who::Centre, Some("it does not end when it is asked to".into())));
                }
            }
        }
    }

    /// The next event; `None` if it does not come in time. The centre must not end by itself.
    fn next_event(&mut self, within: Option<Duration>) -> Result<Option<Event>, Error> {
        // The sender is in `processes`, so there is always one.
        let event = match within {
            Some(time) => self.events.recv_timeout(time),
            None => self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match event {
            Ok(Event::Interrupted) => Err(Error::Interrupted),
            Ok(Event::Ended { who: Who::Centre, error }) => Err(self.failed(Who::Centre, error)),
            Ok(event) => Ok(Some(event)),
            Err(_) => Ok(None),
        }
    }

    fn failed(&self, who: Who, error: Option<String>) -> Error {
        let name = match who {
            Who::Centre => "the centre".to_owned(),
            Who::Agency(agency) => format!("agency {agency}"),
        };
        let reason = error.unwrap_or_else(|| "it ended before it was done".to_owned());
        Error::Child { who: name, reason, log: self.processes.log(who) }
    }

    fn winners_file(&self, agency: u8) -> PathBuf {
        self.dir.join(winners_name(agency))
    }
}

fn winners_name(agency: u8) -> String {
    format!("winners-{agency}.txt")
}
