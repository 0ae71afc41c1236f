//! Comparisons with the model, after every step and at every message of the server.

use lottery_core::store::{Draw, Store as _, WinnersPiece};

use crate::media::Media;
use crate::tally::Mark;
use crate::tap::ServerMessage;
use crate::world::World;

/// Returns the winners of an agency, put together from their pieces.
fn winners(
    draw: Option<&Draw>,
    agency: u32,
    piece: &dyn Fn(u32, u64) -> Option<WinnersPiece>,
) -> Vec<String> {
    let pieces = draw.and_then(|draw| draw.winners.get(&agency)).map_or(0, |won| won.pieces);
    let pieces: Vec<_> = (0..pieces).filter_map(|number| piece(agency, number)).collect();
    pieces.iter().flat_map(WinnersPiece::iter).map(str::to_owned).collect()
}

impl World {
    /// Compares all that is durable, if it may have changed.
    pub(crate) fn compare(&mut self) -> Result<(), String> {
        let drawn = self.model.draw.is_some();
        match &self.media {
            Media::Fast(groups) => {
                if self.version == groups.version() {
                    return Ok(());
                }
                self.version = groups.version();
                let (saved, rows, pieces) = groups.durable();
                let record = |agency| saved.agencies.get(&agency).copied().unwrap_or_default();
                let piece = |agency, number| pieces.get(&(agency, number)).cloned();
                let winners = |agency| winners(saved.draw.as_ref(), agency, &piece);
                self.model.compare(record, saved.draw.as_ref(), winners, &rows)?;
            }
            Media::Real { csv, .. } => {
                let Some(server) = self.server.as_ref().filter(|_| self.changed) else {
                    return Ok(());
                };
                self.changed = false;
                let (committer, mut pieces) = (&server.committer, Vec::new());
                let read = committer.store().read(&mut |rows| pieces.push(rows.to_owned()));
                if read.is_err() {
                    return Ok(());
                }
                let piece = |agency, number| committer.store().winners(agency, number).ok();
                let winners = |agency| winners(committer.draw(), agency, &piece);
                self.model.compare(|agency| committer.agency(agency), committer.draw(), winners, &pieces)?;
                let (rows, behind) = (pieces.concat(), committer.store().csv_behind());
                let shown = csv.content();
                let expected = &rows.as_bytes()[..rows.len() - usize::try_from(behind).unwrap_or(0)];
                if behind > 0 {
                    self.tally.mark(Mark::CsvBehind);
                }
                // A tail that cannot even be cut for want of room stays until there is some.
                let full = self.room_at.is_some() && shown.starts_with(expected);
                if shown != expected && !full {
                    return Err(format!("bets.csv: {} bytes, expected {}", shown.len(), expected.len()));
                }
            }
        }
        if !drawn
            && self.model.draw.is_some()
            && self.server.as_ref().is_some_and(|server| !server.found_draw)
        {
            self.tally.mark(Mark::DrawInRun);
        }
        Ok(())
    }

    /// Compares the end, when all have their winners.
    pub(crate) fn compare_at_the_end(&mut self) -> Result<(), String> {
        // Compares once more, after a restart from nothing but the disk.
        self.kill_server(true);
        self.server_at = self.now;
        self.step_server();
        self.compare()?;
        if self.model.is_complete() { Ok(()) } else { Err("not all is stored at the end".to_owned()) }
    }

    /// Counts a full commit queue, on which connections wait for room.
    pub(crate) fn note_full_queue(&mut self) {
        let Some(server) = &self.server else { return };
        if server.commit_queue.is_full() {
            self.tally.mark(Mark::QueueFull);
        }
    }

    /// Checks a message of the server to an agency, as if it had arrived.
    pub(crate) fn check_message(&mut self, number: u64, message: ServerMessage) -> Result<(), String> {
        let Some(link) = self.links.get(&number) else { return Ok(()) };
        let agency = link.agency;
        match message {
            ServerMessage::Welcome { stored, finished, digest } => {
                self.model.welcomed(agency, stored, finished, digest)?;
                self.welcomed.push((number, agency, stored));
                let all = stored == self.model.list(agency).lines.len();
                self.tally.mark(match stored {
                    _ if finished => Mark::ResumeFinished,
                    _ if all && stored > 0 => Mark::ResumeEnd,
                    0 => Mark::ResumeStart,
                    _ => Mark::ResumeMiddle,
                });
            }
            ServerMessage::Stored(total) => {
                self.check_fence(number, agency, total.unwrap_or(0))?;
                self.model.acknowledged(agency, total.unwrap_or(0))?;
            }
            ServerMessage::Finished(total) => {
                let all = self.model.list(agency).lines.len();
                self.model.acknowledged(agency, total.unwrap_or(all))?;
                self.model.acknowledged_end(agency)?;
            }
            ServerMessage::Rejected(reason) => self.rejected(&reason),
            ServerMessage::Winners(documents) => {
                self.model.winners(agency, &documents)?;
                if self.server.as_ref().is_some_and(|server| server.found_draw) {
                    self.tally.mark(Mark::AnswersAfterRestart);
                }
            }
            ServerMessage::Pending => {}
            ServerMessage::Error(code) => match code.as_str() {
                "shutting-down" => self.tally.mark(Mark::ShuttingDown),
                "timeout" => self.tally.mark(Mark::Timeout),
                "superseded" | "" => {}
                "storage" => self.tally.mark(Mark::HelloStorage),
                _ => return Err(format!("agency {agency}: the server says {code}")),
            },
            ServerMessage::Unexpected(text) => {
                return Err(format!("agency {agency}: the server says {text}"));
            }
        }
        Ok(())
    }

    fn rejected(&mut self, reason: &str) {
        if reason.contains("before were refused") || reason.contains("earlier") {
            self.tally.mark(Mark::RejectedBehind);
        } else if reason.contains("stores nothing any more") {
            self.tally.mark(Mark::HelloStorage);
        } else if reason.starts_with("storage") {
            self.tally.mark(Mark::RejectedStorage);
        }
    }

    /// Checks that no superseded session gets an acknowledgement: one for more bets than another session
    /// began with belongs to a newer session than that one, and of two sessions one is newer.
    fn check_fence(&mut self, number: u64, agency: u32, total: usize) -> Result<(), String> {
        for &(other, whose, stored) in &self.welcomed {
            if other != number && whose == agency && total > stored {
                self.newer.insert((number, other));
                if self.newer.contains(&(other, number)) {
                    return Err(format!("agency {agency}: a fenced session acknowledges {total} bets"));
                }
            }
        }
        Ok(())
    }
}
