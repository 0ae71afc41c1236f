//! Faults.

use std::time::Duration;

use crate::clients::{Kind, other_file};
use crate::link::Side;
use crate::pipe::End;
use crate::tally::Fault;
use crate::world::World;

impl World {
    /// Injects one of the faults of this seed, if it is possible now.
    pub(crate) fn fault(&mut self) {
        if self.options.faults.is_empty() {
            return;
        }
        let fault = *self.rng.pick(&self.options.faults);
        if self.inject(fault) {
            self.tally.fault(fault);
            self.note(|| format!("fault: {}", fault.text()), &[20, fault as u64]);
        }
    }

    fn inject(&mut self, fault: Fault) -> bool {
        let now = self.now;
        match fault {
            Fault::Cut | Fault::BlackHole => {
                let alive: Vec<u64> = self
                    .links
                    .iter()
                    .filter(|(_, link)| link.silent_since.is_none())
                    .map(|(n, _)| *n)
                    .collect();
                if alive.is_empty() {
                    return false;
                }
                let number = *self.rng.pick(&alive);
                let Some(link) = self.links.get_mut(&number) else { return false };
                if fault == Fault::Cut {
                    link.cut(now, &mut self.rng);
                } else {
                    link.silent_since = Some(now);
                }
            }
            Fault::KillServer | Fault::PowerCut if self.server.is_some() => {
                self.kill_server(fault == Fault::PowerCut);
            }
            Fault::KillInCommit if self.server.is_some() => self.media.kill_in_commit(&mut self.rng),
            Fault::FailSync if self.server.is_some() => self.media.fail_next_sync(),
            Fault::StopServer => {
                let Some(server) = self.server.as_mut().filter(|server| !server.ending) else {
                    return false;
                };
                server.shut_down(now);
            }
            Fault::DiskFull if self.room_at.is_none() => {
                self.media.fill(&mut self.rng);
                self.room_at = Some(now.after(self.some_time()));
            }
            Fault::Pause => {
                let until = now.after(self.some_time());
                match &mut self.server {
                    Some(server) if self.rng.one_in(2) => server.paused = until,
                    _ => {
                        let Some(index) = self.any_process() else { return false };
                        self.processes[index].paused = until;
                    }
                }
            }
            Fault::ClockJump => {
                let by = self.some_time() * 20;
                match &mut self.server {
                    Some(server) if self.rng.one_in(2) => server.clock.jump(by),
                    _ => {
                        let Some(index) = self.any_process() else { return false };
                        self.processes[index].clock.jump(by);
                    }
                }
            }
            Fault::KillClient | Fault::StopClient => {
                let Some(index) = self.any_process() else { return false };
                if fault == Fault::StopClient {
                    let process = &mut self.processes[index];
                    let local = process.clock.local(now);
                    process.program.dialer().handle(local, lottery_proto::Input::Shutdown);
                } else {
                    self.kill_process(index);
                }
            }
            Fault::Twin | Fault::OtherFile => return self.another_process(fault),
            _ => return false,
        }
        true
    }

    fn any_process(&mut self) -> Option<usize> {
        if self.processes.is_empty() { None } else { Some(self.rng.index(self.processes.len())) }
    }

    fn some_time(&mut self) -> Duration {
        let max = *self.rng.pick(&[100, 2000, 30_000, 400_000]);
        Duration::from_millis(self.rng.between(1, max))
    }

    fn kill_process(&mut self, index: usize) {
        let process = self.processes.remove(index);
        if let Some(link) = process.link.and_then(|number| self.links.get_mut(&number)) {
            if self.rng.one_in(2) {
                link.up.truncate(&mut self.rng);
            }
            let end = if self.rng.one_in(2) { End::Eof } else { End::Reset };
            link.leave(Side::Client, self.now, end);
        }
        self.drop_links();
        self.start_later(process.agency);
    }

    /// Starts one more process for an agency that has a session, or had one: with its file, or with another
    /// one. Returns false if there can be none.
    fn another_process(&mut self, fault: Fault) -> bool {
        let agency = 1 + u32::try_from(self.rng.index(self.options.bets.len())).unwrap_or(0);
        let index = agency as usize - 1;
        let plain = self.plain[index]
            || self.processes.iter().any(|process| process.agency == agency && process.kind == Kind::Plain)
            || self.links.values().any(|link| link.agency == agency && !link.session);
        let many = self.processes.iter().filter(|process| process.agency == agency).count() >= 3;
        if plain || many || self.done[index] {
            return false;
        }
        if fault == Fault::Twin {
            if !self.has_process(agency) {
                return false;
            }
            self.start_process(agency, Kind::Session, None);
            return true;
        }
        let list = self.model.list(agency).clone();
        if list.durable == 0 {
            return false;
        }
        let lines = other_file(&list.lines, list.durable, list.finished, &mut self.rng);
        self.start_process(agency, Kind::OtherFile, Some(lines));
        true
    }

    /// Ends all faults. Connections that were lost without notice are found by their timeouts.
    pub(crate) fn heal(&mut self) {
        self.healed = true;
        self.media.heal();
        self.room_at = None;
        if let Some(server) = &mut self.server {
            server.paused = server.paused.min(self.now);
        }
        for process in &mut self.processes {
            process.paused = process.paused.min(self.now);
        }
        self.note(|| "all is well from now on".to_owned(), &[21]);
    }
}
