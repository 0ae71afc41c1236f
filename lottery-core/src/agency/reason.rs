//! What an agency reads from the reasons that a centre gives.

use lottery_proto::Code;

/// Whether the reason for a failure may be gone when one tries again.
pub(super) fn passes(code: Code) -> bool {
    matches!(code, Code::Storage | Code::ShuttingDown | Code::Timeout | Code::TooManyConnections)
}

/// The same on a wire without codes: whether these are the words of a centre of ours for such a failure.
pub(super) fn passes_in_words(reason: &str) -> bool {
    ["the centre is stopping", "too many connections", "nothing was sent for too long"].contains(&reason)
}

/// The bet of the batch that a centre's reason names, counted from 1: it begins with `CODE: bet N: `.
pub(super) fn bet_in(reason: &str) -> Option<usize> {
    let (_, said) = reason.split_once(": bet ")?;
    said.split_once(':')?.0.parse().ok()
}
