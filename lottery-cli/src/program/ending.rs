//! Unfinished ends of a client: its last line and its exit code.

use std::fmt;
use std::process::ExitCode;

use lottery_core::client::{ClientError, Left};
use lottery_proto::{Code, Dialect, WinnersFlow};
use tracing::{error, info};

use super::fail;
use crate::config::ClientSettings;

/// Hint for every case in which the agency may have finished before.
const ASK: &str = "the command winners asks for the winners of an agency that has finished";

/// Reason that a client did not do all its work.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// The client failed.
    Failed {
        /// Exit code.
        code: u8,
        /// Description of the failure.
        reason: String,
    },
    /// The client was told to stop.
    Stopped {
        /// Description of the work that is left.
        left: String,
    },
}

impl<E: std::error::Error> From<E> for Unfinished {
    fn from(error: E) -> Self {
        Self::Failed { code: 1, reason: error.to_string() }
    }
}

impl Unfinished {
    /// Returns the end for `error`; for a stop, with the work that is left.
    pub(super) fn of(error: &ClientError, left: impl fmt::Display) -> Self {
        match error {
            ClientError::Stopped => Self::Stopped { left: left.to_string() },
            error => error.into(),
        }
    }

    /// Returns the end of an agency, with a hint of the next step where there is one.
    pub(super) fn of_agency(error: &ClientError, left: Left, dialect: Dialect) -> Self {
        let all_are_sent = left.stored == left.total;
        let hint = match error {
            ClientError::Stopped => return Self::of(error, left),
            // Nobody can be asked where the list was left.
            _ if dialect.profile().one_message && left.sent > 0 && !left.finished => format!("; {left}"),
            ClientError::BatchRejected { code, .. }
                if *code != Some(Code::Finished) || dialect.profile().winners_flow == WinnersFlow::Never =>
            {
                return Self::of(error, left);
            }
            // A dialect without error codes does not say why: the agency may have finished before.
            ClientError::Rejected { .. } if dialect.profile().has_sessions => return Self::of(error, left),
            ClientError::Rejected { .. }
            | ClientError::BatchRejected { .. }
            | ClientError::CannotAsk { .. }
            | ClientError::TooManyWinners { .. }
            | ClientError::GivenUp { finished: true, .. }
            | ClientError::OtherBets { finished: true, .. } => format!("; {ASK}"),
            // The agency waited for the draw, and this dialect cannot ask for the winners again.
            ClientError::Closed { .. }
                if dialect.profile().winners_flow == WinnersFlow::WithFinished && all_are_sent =>
            {
                format!("; {dialect} cannot ask again: in another dialect, such as block, {ASK}")
            }
            // Bets that were sent but not confirmed may be stored: sending them again could store them
            // twice.
            ClientError::Closed { .. } if left.sent > left.stored => format!("; {left}"),
            _ => return Self::of(error, left),
        };
        Self::Failed { code: 1, reason: format!("{error}{hint}") }
    }

    /// Logs and prints the end, and returns the exit code.
    pub(super) fn say(&self, settings: &ClientSettings) -> ExitCode {
        let (code, reason) = match self {
            Self::Stopped { left } if settings.stopped_exit == 0 => {
                info!(action = "exit", result = "success", client_id = settings.agency, left);
                return ExitCode::SUCCESS;
            }
            Self::Stopped { left } => (settings.stopped_exit, format!("stopped before all was done: {left}")),
            Self::Failed { code, reason } => (*code, reason.clone()),
        };
        error!(action = "exit", result = "fail", client_id = settings.agency, reason);
        fail(code, &reason)
    }
}

#[cfg(test)]
mod tests {
    use lottery_proto::{CloseReason, SocketError};

    use super::*;

    const LEFT: Left = Left { total: 500, sent: 300, stored: 250, finished: false };

    fn reason(error: &ClientError, left: Left, dialect: Dialect) -> String {
        match Unfinished::of_agency(error, left, dialect) {
            Unfinished::Failed { code: 1, reason } => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_end_of_a_stopped_client_says_how_much_is_left() {
        for (left, text) in [
            (LEFT, "200 of 500 bets are left, 50 were sent and not confirmed"),
            (Left { stored: 300, ..LEFT }, "200 of 500 bets are left"),
            (Left { sent: 500, ..LEFT }, "0 of 500 bets are left, 250 were sent and not confirmed"),
            (Left { sent: 500, stored: 500, ..LEFT }, "all 500 bets are stored, the end of them is left"),
            (
                Left { sent: 500, stored: 500, finished: true, ..LEFT },
                "all 500 bets are stored, the winners are left",
            ),
        ] {
            assert_eq!(left.to_string(), text);
            let stopped = Unfinished::Stopped { left: text.to_owned() };
            assert_eq!(Unfinished::of_agency(&ClientError::Stopped, left, Dialect::BLOCK), stopped);
        }
    }

    #[test]
    fn the_end_of_a_client_that_nobody_can_ask_says_how_much_is_left() {
        let unconfirmed =
            ClientError::Unconfirmed { what: "a.csv: line 3".to_owned(), reason: "lost".to_owned() };
        let rejected = ClientError::BatchRejected {
            error: "a.csv: line 3".to_owned(),
            code: None,
            reason: "no room".to_owned(),
        };
        for error in [unconfirmed, rejected] {
            let hint = |left| {
                reason(&error, left, Dialect::LINE).strip_prefix(&error.to_string()).map(str::to_owned)
            };
            assert_eq!(hint(LEFT), Some(format!("; {LEFT}")));
            assert_eq!(hint(Left { sent: 0, stored: 0, ..LEFT }), Some(String::new()));
            assert_eq!(hint(Left { finished: true, ..LEFT }), Some(String::new()));
        }
        let left = LEFT.to_string();
        let stopped = Unfinished::of_agency(&ClientError::Stopped, LEFT, Dialect::LINE);
        assert_eq!(stopped, Unfinished::Stopped { left });
    }

    #[test]
    fn the_end_of_a_rejected_client_names_the_command_for_winners() {
        let rejected = ClientError::Rejected { what: "a batch", reason: "the agency is finished".to_owned() };
        let expected = "the server refused a batch: the agency is finished; the command winners asks for the winners of \
                        an agency that has finished";
        for dialect in [Dialect::BLOCK, Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
            assert_eq!(reason(&rejected, LEFT, dialect), expected);
        }
        assert_eq!(reason(&rejected, LEFT, Dialect::SESSION), rejected.to_string(), "it is told why");
        for (code, said, ask) in [
            (Some(Code::Finished), "finished: the agency is finished", true),
            (Some(Code::Malformed), "malformed: bet 1: number: empty", false),
            (None, "bet 1: number: empty", false),
        ] {
            let error = "a.csv: line 1".to_owned();
            let rejected = ClientError::BatchRejected { error, code, reason: said.to_owned() };
            let told = reason(&rejected, LEFT, Dialect::SESSION);
            assert_eq!(told, format!("{rejected}{}", if ask { format!("; {ASK}") } else { String::new() }));
        }
        let closed = || ClientError::Closed {
            server: "c:1".to_owned(),
            reason: CloseReason::Lost(SocketError::Reset),
        };
        let plain = closed().to_string();
        assert_eq!(reason(&closed(), LEFT, Dialect::FRAMED), format!("{plain}; {LEFT}"));
        assert_eq!(reason(&closed(), Left::default(), Dialect::BLOCK), plain);
        let all = Left { sent: 500, stored: 500, ..LEFT };
        assert_eq!(reason(&closed(), all, Dialect::BLOCK), plain);
        let framed = format!("{plain}; framed cannot ask again: in another dialect, such as block, {ASK}");
        assert_eq!(reason(&closed(), all, Dialect::FRAMED), framed);
    }
}
