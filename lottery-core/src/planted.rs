//! Mistakes that tests plant, to see that they are found. Behind a feature that no program has.

use std::cell::Cell;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Bets are acknowledged, and then committed.
    AcknowledgeBeforeCommit,
    /// An agency goes on one bet before the first that is not stored.
    ResumeTooEarly,
    /// An agency goes on one bet behind the first that is not stored.
    ResumeTooLate,
    /// An older session goes on beside a newer one.
    IgnoreFence,
    /// The draw takes place when all agencies but one are finished.
    DrawTooEarly,
    /// An agency is told the winners of the next.
    OthersWinners,
    /// What stands behind the last whole batch of `bets.csv` stays there.
    KeepTornTail,
    /// An agency takes whatever is stored for the beginning of its list.
    IgnoreDigest,
}

impl Mistake {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::AcknowledgeBeforeCommit,
        Self::ResumeTooEarly,
        Self::ResumeTooLate,
        Self::IgnoreFence,
        Self::DrawTooEarly,
        Self::OthersWinners,
        Self::KeepTornTail,
        Self::IgnoreDigest,
    ];
}

thread_local! {
    static PLANTED: Cell<Option<Mistake>> = const { Cell::new(None) };
}

/// From now on this thread makes that mistake.
pub fn plant(mistake: Option<Mistake>) {
    PLANTED.set(mistake);
}

/// Whether this thread makes it.
pub fn is(mistake: Mistake) -> bool {
    PLANTED.get() == Some(mistake)
}
