//! Mistakes that the simulation has to find, each planted outside of the code under test: in a disk, a store, a
//! request, or a packet on its way.

mod early_draw;
mod forger;
mod log_files;
mod uncut;

pub(crate) use early_draw::EarlyDraw;
pub(crate) use forger::{Forger, Forgery};
pub(crate) use log_files::MistakenFiles;
pub(crate) use uncut::Uncut;

/// Mistake to plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Bets are acknowledged before they are durable: the disk ignores a sync.
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
    /// The last group of the log, whose sync may have failed, is not written again at a start.
    KeepUnsyncedGroup,
    /// A segment gets its name before it is synced.
    NameBeforeSync,
    /// The directory of the log is not synced.
    UnsyncedName,
    /// A group is acknowledged before its frame is synced.
    UnsyncedFrame,
    /// The checkpoint of a segment counts a bet that is in no frame.
    CheckpointAhead,
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
        Self::KeepUnsyncedGroup,
        Self::NameBeforeSync,
        Self::UnsyncedName,
        Self::UnsyncedFrame,
        Self::CheckpointAhead,
    ];

    /// True if it is made in the files of the log.
    pub(crate) fn is_in_log(self) -> bool {
        matches!(
            self,
            Self::KeepUnsyncedGroup
                | Self::NameBeforeSync
                | Self::UnsyncedName
                | Self::UnsyncedFrame
                | Self::CheckpointAhead
        )
    }
}
