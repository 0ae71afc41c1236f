//! Steps of the server, and beginnings and ends of processes.

use std::time::Duration;

use lottery_core::client::ClientError;
use lottery_core::committer::OpenError;
use lottery_core::store::StoreError;
use lottery_proto::{CloseReason, SocketError};

use crate::clients::{Kind, Process};
use crate::link::Side;
use crate::pipe::End;
use crate::server::ServerProcess;
use crate::tally::Mark;
use crate::world::World;

impl World {
    /// Starts the server, or lets it commit or end.
    pub(crate) fn step_server(&mut self) -> bool {
        let now = self.now;
        let Some(server) = &mut self.server else { return self.start_server() };
        if server.paused > now {
            return false;
        }
        if server.ending && server.conns.is_empty() {
            self.end_server();
            return true;
        }
        if server.commits_at > now {
            return false;
        }
        self.note_full_queue();
        let Some(server) = &mut self.server else { return false };
        let owed = server.committer.owes_draw();
        let result = if server.again_at.is_some_and(|at| at <= now) {
            Some(server.try_again())
        } else {
            server.commit(*self.rng.pick(&[1, 1000, usize::MAX]))
        };
        let Some(result) = result else { return false };
        self.changed = true;
        if self.rng.below(8) < self.options.lazy_commits {
            server.commits_at = now.after(Duration::from_millis(self.rng.below(100)));
        }
        match server.committer.no_room() {
            Some(pause) => _ = server.again_at.get_or_insert(now.after(pause)),
            None => server.again_at = None,
        }
        if owed && server.committer.draw().is_some() {
            self.tally.mark(Mark::DrawLater);
        }
        self.note(|| format!("the committer commits: {result:?}"), &[10, u64::from(result.is_ok())]);
        if self.media.was_killed() {
            // Half of the time the power goes, and with it any part of what was being written.
            let power = self.rng.one_in(2);
            self.note(|| format!("killed in a commit, power cut: {power}"), &[11]);
            self.kill_server(power);
        } else if let (Err(_), Some(server)) = (result, &mut self.server) {
            server.shut_down(now);
        }
        true
    }

    fn start_server(&mut self) -> bool {
        if self.server_at > self.now {
            return false;
        }
        let drawn = self.model.draw.is_some();
        let (media, now, options) = (&self.media, self.now, &self.options);
        match ServerProcess::start(media, now, options, drawn, &mut self.tally) {
            Ok(server) if !self.media.was_killed() => {
                self.server = Some(server);
                self.note(|| "the server starts".to_owned(), &[12]);
            }
            result => {
                let error = result.err();
                self.note(|| format!("the server cannot start: {error:?}"), &[13]);
                let unusable = |error: &OpenError| {
                    matches!(error, OpenError::Store(StoreError::Unusable { .. } | StoreError::Full { .. }))
                };
                if error.as_ref().is_some_and(unusable) {
                    self.tally.mark(Mark::StartFails);
                }
                self.media.kill();
                self.server_at = self.now.after(Duration::from_millis(self.rng.between(100, 5000)));
            }
        }
        self.changed = true;
        true
    }

    /// Ends the server in good order: pending requests are still committed.
    fn end_server(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        server.commit_queue.close();
        while let Some(Ok(())) = server.commit(usize::MAX) {}
        drop(server);
        self.media.kill();
        self.changed = true;
        self.note(|| "the server ends".to_owned(), &[14]);
        self.close_server_links(false);
        self.server_at = self.now.after(Duration::from_millis(self.rng.between(1, 5000)));
    }

    /// Kills the server's process; with the whole machine if `power`, when its connections may be lost
    /// without notice.
    pub(crate) fn kill_server(&mut self, power: bool) {
        self.media.kill();
        self.server = None;
        if power {
            self.media.power_cut(&mut self.rng, &mut self.tally);
        }
        self.changed = true;
        self.close_server_links(power);
        let max = if power { 60_000 } else { 3000 };
        self.server_at = self.now.after(Duration::from_millis(self.rng.between(1, max)));
    }

    fn close_server_links(&mut self, power: bool) {
        let now = self.now;
        for link in self.links.values_mut().filter(|link| link.server_open) {
            if power && self.rng.one_in(2) {
                link.server_open = false;
                link.silent_since = link.silent_since.or(Some(now));
                continue;
            }
            if self.rng.one_in(2) {
                link.down.truncate(&mut self.rng);
            }
            let end = if self.rng.one_in(2) { End::Eof } else { End::Reset };
            link.leave(Side::Server, now, end);
        }
        self.drop_links();
    }

    /// Accepts the oldest connection that waits.
    pub(crate) fn accept(&mut self) -> bool {
        let Some(server) = &mut self.server else { return false };
        if server.ending || server.paused > self.now {
            return false;
        }
        let waits = |(_, link): &(&u64, &mut crate::link::Link)| !link.accepted && link.server_open;
        let Some((&number, link)) = self.links.iter_mut().find(waits) else { return false };
        link.accepted = true;
        server.accept(number, self.now);
        self.note(|| format!("link {number}: accepted"), &[15, number]);
        true
    }

    /// Starts a process for an agency that has none.
    pub(crate) fn start_client(&mut self, index: usize) -> bool {
        let agency = u32::try_from(index + 1).unwrap_or(0);
        if self.done[index] || self.starts[index] > self.now || self.has_process(agency) {
            return false;
        }
        // Messages of an agency without a session are settled before it sends them again, those on the commit queue,
        // too: nothing else could tell them apart.
        let plain_left =
            |link: &crate::link::Link| link.agency == agency && !link.session && link.server_open;
        let are_queued = || self.server.as_ref().is_some_and(|server| !server.commit_queue.is_empty());
        if self.links.values().any(plain_left) || self.options.plain[index] && are_queued() {
            return false;
        }
        let kind = if std::mem::take(&mut self.plain[index]) { Kind::Plain } else { Kind::Session };
        self.start_process(agency, kind, None);
        true
    }

    pub(crate) fn has_process(&self, agency: u32) -> bool {
        let own = |process: &Process| process.agency == agency && process.kind != Kind::OtherFile;
        self.processes.iter().any(own)
    }

    pub(crate) fn start_process(&mut self, agency: u32, kind: Kind, lines: Option<Vec<String>>) {
        let lines = lines.unwrap_or_else(|| self.model.list(agency).lines.clone());
        let process = Process::start(agency, kind, &lines, self.now, (&self.options, &mut self.rng));
        self.processes.push(process);
        self.note(|| format!("agency {agency} starts: {kind:?}"), &[16, agency.into()]);
    }

    /// Ends a process by itself.
    pub(crate) fn end_process(&mut self, index: usize) -> Result<(), String> {
        let process = self.processes.remove(index);
        let (agency, kind) = (process.agency, process.kind);
        let progress = *process.progress.lock().map_err(|_| "a poisoned lock")?;
        let outcome = process.program.into_outcome();
        self.note(|| format!("agency {agency} ends: {outcome:?}"), &[17, agency.into()]);
        let never_answered = |text: &str| {
            [CloseReason::NoSession, CloseReason::Lost(SocketError::Reset)]
                .iter()
                .any(|end| end.to_string() == text)
        };
        let superseded = |text: &str| text.starts_with("superseded") || text.contains("newer session");
        match (kind, outcome) {
            (Kind::OtherFile, Ok(_)) => {
                return Err(format!("agency {agency}: another file than it began with does for its winners"));
            }
            (_, Ok(winners)) => {
                self.model.winners(agency, &winners)?;
                self.done[agency as usize - 1] = true;
                if kind == Kind::Plain {
                    self.tally.mark(Mark::PlainDone);
                }
            }
            (Kind::OtherFile, Err(ClientError::OtherBets { what, .. })) => self.tally.mark(match what {
                "the file is shorter" => Mark::OtherShorter,
                "it counts this agency as finished" => Mark::OtherFinished,
                _ => Mark::OtherDigest,
            }),
            (Kind::Plain, Err(_)) => self.tally.mark(Mark::PlainLost),
            (_, Err(ClientError::GivenUp { .. })) => self.tally.mark(Mark::GivenUp),
            // No server lived long enough to answer Hello, which looks like one without sessions.
            (_, Err(ClientError::NoSession { reason, .. })) if never_answered(&reason) => {
                self.tally.mark(Mark::GivenUp);
            }
            (_, Err(ClientError::Stopped)) => {}
            (_, Err(ClientError::Rejected { reason, .. } | ClientError::BatchRejected { reason, .. }))
                if superseded(&reason) =>
            {
                self.tally.mark(if progress.stored {
                    Mark::SupersededWaiting
                } else {
                    Mark::SupersededSending
                });
            }
            (_, Err(error)) => return Err(format!("agency {agency} ends: {error}")),
        }
        self.start_later(agency);
        Ok(())
    }

    pub(crate) fn start_later(&mut self, agency: u32) {
        let at = self.now.after(Duration::from_millis(self.rng.below(3000)));
        self.starts[agency as usize - 1] = at;
    }
}
