//! Interpretation of the reasons that a server gives.

use lottery_proto::Code;

/// Returns true if the cause of a failure may be gone at the next attempt.
pub(super) fn passes(code: Code) -> bool {
    matches!(code, Code::Storage | Code::ShuttingDown | Code::Timeout | Code::TooManyConnections)
}

/// Does the same for a dialect without codes: recognizes the reasons of this project's server for such a
/// failure.
pub(super) fn passes_in_words(reason: &str) -> bool {
    ["the server is stopping", "too many connections", "nothing was sent for too long"].contains(&reason)
}

/// Returns the number, from 1, of the bet that the server's reason names: it begins with `CODE: bet N: `.
pub(super) fn bet_in(reason: &str) -> Option<usize> {
    let (_, said) = reason.split_once(": bet ")?;
    said.split_once(':')?.0.parse().ok()
}
