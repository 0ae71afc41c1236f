//! Servers that have no sessions, and how a client finds out.

use std::time::Duration;

use lottery_proto::{CloseReason, Code, Instant, Violation};

use super::{ClientError, Phase, SessionClient};

/// Time for which connections may end without a reply to Hello before the server is taken to have no sessions. One that
/// is full, or about to stop, closes connections, too, but not for so long.
const PATIENCE: Duration = Duration::from_secs(15);
/// Number of such connections in a row that it takes, too: a clock may have jumped.
const ATTEMPTS: u32 = 3;

/// True if a server that answers Hello with this code has no sessions that this client could use.
pub(super) fn means_no_session(code: Code) -> bool {
    matches!(code, Code::Malformed | Code::UnsupportedVersion)
}

impl SessionClient {
    /// Handles the end of a connection. A server that answers Hello with something else has no sessions; one that never
    /// answers it may have none.
    pub(super) fn closed(&mut self, now: Instant, reason: CloseReason) {
        let answers_otherwise = matches!(reason, CloseReason::Peer(Violation::Malformed(_)));
        let is_unanswered =
            answers_otherwise || matches!(reason, CloseReason::NoSession | CloseReason::Lost(_));
        if self.phase != Phase::Greeting || self.has_sessions || !is_unanswered {
            self.unanswered = None;
            let error = self.connection.closed(reason);
            return self.lost(now, None, &error.to_string());
        }
        let (since, attempts) =
            self.unanswered.map_or((self.greeted, 1), |(since, before)| (since, before + 1));
        self.unanswered = Some((since, attempts));
        let is_over = attempts >= ATTEMPTS && now.duration_since(since) >= PATIENCE;
        if answers_otherwise || is_over {
            return self.end_without_session(now, reason.to_string());
        }
        let error = self.no_session(reason.to_string());
        self.lost(now, None, &error.to_string());
    }

    pub(super) fn end_without_session(&mut self, now: Instant, reason: String) {
        let error = self.no_session(reason);
        self.end(now, Err(error));
    }

    fn no_session(&self, reason: String) -> ClientError {
        let without = self.job.connection.dialect().without_sessions();
        ClientError::NoSession { server: self.connection.server().to_owned(), reason, without }
    }
}
