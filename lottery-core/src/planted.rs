//! Mistakes that tests plant, to see that they are found. Behind a feature that no program enables.

use std::cell::Cell;

/// Mistake to plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Bets are acknowledged before they are committed.
    AcknowledgeBeforeCommit,
    /// An agency resumes one bet before the first that is not stored.
    ResumeTooEarly,
    /// An agency resumes one bet after the first that is not stored.
    ResumeTooLate,
    /// An older session goes on beside a newer one.
    IgnoreFence,
    /// The draw takes place when all agencies but one are finished.
    DrawTooEarly,
    /// An agency gets the winners of the next.
    OthersWinners,
    /// The bytes after the last whole batch of `bets.csv` stay there.
    KeepTornTail,
    /// An agency takes any stored bets for the beginning of its list.
    IgnoreDigest,
}

impl Mistake {
    /// All mistakes.
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

/// Plants a mistake on this thread; `None`: none.
pub fn plant(mistake: Option<Mistake>) {
    PLANTED.set(mistake);
}

/// Returns true if the mistake is planted on this thread.
pub fn is(mistake: Mistake) -> bool {
    PLANTED.get() == Some(mistake)
}
