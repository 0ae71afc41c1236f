//! Resumption of a session after the stored bets, if they are the beginning of the agency's list.

use lottery_proto::Instant;
use tracing::info;

use super::{ClientError, Phase, SessionClient};
use crate::digest::Digest;

impl SessionClient {
    /// Handles Welcome: resumes after the stored bets, if they are the beginning of this list.
    pub(super) fn welcome(&mut self, now: Instant, stored: u64, finished: bool, digest: u32) {
        let known = usize::try_from(stored).ok().filter(|stored| *stored <= self.bets.len());
        let what = match known {
            None => "the file is shorter",
            Some(known) if known < self.stored => "it had acknowledged more of them",
            Some(known) if self.has_other_digest(known, digest) => "their digest is another one",
            Some(known) if finished && known < self.bets.len() => "it counts this agency as finished",
            Some(known) => {
                (self.stored, self.sent, self.finished) = (known, known, finished);
                // A finished agency has nothing left to send that could fail: Welcome is progress.
                finished.then(|| self.retry.succeeded());
                self.phase = Phase::Sending;
                (self.has_sessions, self.unanswered) = (true, None);
                let client_id = self.connection.id();
                info!(action = "session", result = "success", client_id = %client_id, stored, finished);
                return self.report();
            }
        };
        self.finished = finished;
        self.end_with_other_bets(now, stored, what);
    }

    /// Ends the client: the server holds bets of it that are not the beginning of its file.
    pub(super) fn end_with_other_bets(&mut self, now: Instant, stored: u64, what: &'static str) {
        let (server, file) = (self.connection.server().to_owned(), self.bets.path().display().to_string());
        let finished = self.finished;
        self.end(now, Err(ClientError::OtherBets { server, file, stored, finished, what }));
    }

    /// Returns true if the digest of the first `bets` of the file differs from `expected`.
    fn has_other_digest(&self, bets: usize, expected: u32) -> bool {
        let mut digest = Digest::default();
        self.bets.bets_from(0).take(bets).for_each(|bet| digest.push(&bet));
        digest.state() != expected
    }
}
