//! Rows of `bets.csv`.

/// Upper bound for a row, in bytes: each of two names has at most 255, and each byte may be a quote, which
/// is doubled.
pub(crate) const MAX_ROW: usize = 4096;
