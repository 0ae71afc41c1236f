//! Interpretation of the reasons that a server gives.

use lottery_proto::Code;
use lottery_proto::client::Rejected;

use crate::redact;

/// Returns code and reason of a rejection as they may be logged.
pub(super) fn logged(rejected: Rejected<'_>) -> String {
    let reason = redact::reason(rejected.reason);
    rejected.code.map_or_else(|| reason.to_string(), |code| format!("{code}: {reason}"))
}

/// Returns true if the cause of a failure may be gone at the next attempt.
pub(super) fn passes(code: Code) -> bool {
    matches!(code, Code::Storage | Code::ShuttingDown | Code::Timeout | Code::TooManyConnections)
}

/// Does the same for a dialect without codes: recognizes the reasons of this project's server for such a
/// failure.
pub(super) fn passes_in_words(reason: &str) -> bool {
    ["the server is stopping", "too many connections", "nothing was sent for too long"].contains(&reason)
}
