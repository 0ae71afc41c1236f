//! Ends of a client that did not do all that it was to do: what its last line says, and its exit code.

use std::fmt;
use std::process::ExitCode;

use lottery_core::agency::{AgencyError, Left};
use lottery_proto::{Code, Dialect};
use tracing::{error, info};

use super::fail;
use crate::config::ClientSettings;

/// What is named wherever an agency may have finished before.
const ASK: &str = "the command winners asks for the winners of an agency that has finished";

/// Why a client did not do all that it was to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// It failed.
    Failed {
        /// The exit code.
        code: u8,
        /// What went wrong.
        reason: String,
    },
    /// It was told to stop.
    Stopped {
        /// How much there is left to do.
        left: String,
    },
}

impl<E: std::error::Error> From<E> for Unfinished {
    fn from(error: E) -> Self {
        Self::Failed { code: 1, reason: error.to_string() }
    }
}

impl Unfinished {
    /// An end for `error`, or for a stop that has left this.
    pub(super) fn of(error: &AgencyError, left: impl fmt::Display) -> Self {
        match error {
            AgencyError::Stopped => Self::Stopped { left: left.to_string() },
            error => error.into(),
        }
    }

    /// The end of an agency, which names what can be done where it was refused.
    pub(super) fn of_agency(error: &AgencyError, left: Left, dialect: Dialect) -> Self {
        let all_are_sent = left.stored == left.total;
        let hint = match error {
            AgencyError::Rejected { reason, .. } if !reason.starts_with(Code::Finished.as_str()) => {
                return Self::of(error, left);
            }
            // Where a wire has no codes, nobody knows why: that may be it.
            AgencyError::Refused { .. } if dialect.profile().has_sessions => return Self::of(error, left),
            AgencyError::Refused { .. }
            | AgencyError::Rejected { .. }
            | AgencyError::CannotAsk { .. }
            | AgencyError::TooManyWinners { .. }
            | AgencyError::GivenUp { finished: true, .. }
            | AgencyError::OtherBets { finished: true, .. } => format!("; {ASK}"),
            // It waited for the draw, and cannot ask for it again.
            AgencyError::Closed { .. } if dialect == Dialect::Framed && all_are_sent => {
                format!("; {dialect} cannot ask again: on another wire, such as block, {ASK}")
            }
            // To send them again is to store again what is.
            AgencyError::Closed { .. } if left.sent > left.stored => format!("; {left}"),
            _ => return Self::of(error, left),
        };
        Self::Failed { code: 1, reason: format!("{error}{hint}") }
    }

    /// Says so, and returns the exit code.
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
    use lottery_proto::CloseReason;

    use super::*;

    const LEFT: Left = Left { total: 500, sent: 300, stored: 250, finished: false };

    fn reason(error: &AgencyError, left: Left, dialect: Dialect) -> String {
        match Unfinished::of_agency(error, left, dialect) {
            Unfinished::Failed { code: 1, reason } => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn how_much_is_left_is_told() {
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
            assert_eq!(Unfinished::of_agency(&AgencyError::Stopped, left, Dialect::Block), stopped);
        }
    }

    #[test]
    fn who_is_refused_is_told_how_to_ask() {
        let refused = AgencyError::Refused { what: "a batch", reason: "the agency is finished".to_owned() };
        let expected = "the centre refused a batch: the agency is finished; the command winners asks for the winners of \
                        an agency that has finished";
        for dialect in [Dialect::Block, Dialect::Fixed, Dialect::Framed, Dialect::Braces] {
            assert_eq!(reason(&refused, LEFT, dialect), expected);
        }
        assert_eq!(reason(&refused, LEFT, Dialect::Session), refused.to_string(), "it is told why");
        for (said, ask) in
            [("finished: the agency is finished", true), ("malformed: bet 1: number: empty", false)]
        {
            let rejected =
                AgencyError::Rejected { error: "a.csv: line 1".to_owned(), reason: said.to_owned() };
            let told = reason(&rejected, LEFT, Dialect::Session);
            assert_eq!(told, format!("{rejected}{}", if ask { format!("; {ASK}") } else { String::new() }));
        }
        let closed = || AgencyError::Closed { server: "c:1".to_owned(), reason: CloseReason::Lost };
        let plain = closed().to_string();
        assert_eq!(reason(&closed(), LEFT, Dialect::Framed), format!("{plain}; {LEFT}"));
        assert_eq!(reason(&closed(), Left::default(), Dialect::Block), plain);
        let all = Left { sent: 500, stored: 500, ..LEFT };
        assert_eq!(reason(&closed(), all, Dialect::Block), plain);
        let framed = format!("{plain}; framed cannot ask again: on another wire, such as block, {ASK}");
        assert_eq!(reason(&closed(), all, Dialect::Framed), framed);
    }
}
