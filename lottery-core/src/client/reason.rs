//! Interpretation of the reasons that a server gives.

use lottery_proto::client::Rejected;
use lottery_proto::{CloseReason, Code, RejectionSign, SocketError, Violation};

use crate::redact;

/// Returns code and reason of a rejection as they may be logged.
pub(super) fn logged(rejected: Rejected<'_>) -> String {
    let reason = redact::reason(rejected.reason);
    rejected.code.map_or_else(|| reason.to_string(), |code| format!("{code}: {reason}"))
}

/// Returns the reason of a rejection without a reply, if a connection that ended so is the sign of one.
pub(super) fn of_end(sign: RejectionSign, end: CloseReason) -> Option<String> {
    let what = match (sign, end) {
        (RejectionSign::End, CloseReason::Peer(Violation::Unanswered)) => "closed",
        (RejectionSign::Reset, CloseReason::Lost(SocketError::Reset)) => "reset",
        _ => return None,
    };
    Some(format!(
        "the connection was {what} without a reply (a rejection in this dialect, unless it was lost)"
    ))
}

/// Returns true if the cause of a failure may be gone at the next attempt.
pub(super) fn passes(code: Code) -> bool {
    matches!(code, Code::Storage | Code::ShuttingDown | Code::Timeout | Code::TooManyConnections)
}
