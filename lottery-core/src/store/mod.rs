//! Durable state of the server: the bets, the state of each agency, and the draw.
//!
//! The committer collects changes in a [`Group`], and a [`Store`] makes it durable whole or not at all. Bets
//! are kept as rows of CSV text ([`rows`]), so that the store, `bets.csv` and a database's `COPY` share one
//! encoding.
//!
//! | store | keeps |
//! | --- | --- |
//! | `lottery_store::LogStore` | a log in `DATA_DIR/log/`, and `DATA_DIR/bets.csv` for people and tools |
//! | [`MemoryStore`] | nothing after the process: tests, and `--store memory` |

mod difference;
mod durable;
mod encoded_batch;
mod error;
mod memory;
pub mod rows;
mod snapshot;
mod winners;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

pub use difference::Difference;
pub use durable::Durable;
pub use encoded_batch::EncodedBatch;
pub use error::StoreError;
pub use memory::MemoryStore;
pub use snapshot::{Snapshot, Snapshots};
pub use winners::{PIECE_SIZE, Winners, WinnersList, WinnersPiece};

/// Store of groups, one after another. The committer owns it and is alone in using it.
pub trait Store: Send {
    /// Loads the durable state, apart from the bets.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] if it cannot be read.
    fn load(&mut self) -> Result<Saved, StoreError>;

    /// Makes a group durable before it returns `Ok`. `bets.csv` follows, and never fails a commit; at the draw it is
    /// complete, if it can be written.
    ///
    /// # Errors
    ///
    /// After [`StoreError::Full`] nothing of the group is stored, for certain, and the store can be used on.
    /// After [`StoreError::Failed`] the outcome is unknown, and every later call fails as well.
    fn commit(&mut self, group: &Group) -> Result<(), StoreError>;

    /// Passes the rows of durable batches to `visit` in commit order, until it breaks: whole batches, one or
    /// more in each call. The first is at `place` 0. Returns the place after the last one passed, which is
    /// valid also after later commits.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] if they cannot be read; some may have been passed by then.
    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError>;

    /// Passes the rows of all durable batches to `visit`, as [`Store::read_from`] does.
    ///
    /// # Errors
    ///
    /// Fails as [`Store::read_from`] does.
    fn read(&self, visit: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        let all = &mut |rows: &str| {
            visit(rows);
            ControlFlow::Continue(())
        };
        self.read_from(0, all).map(|_| ())
    }

    /// Returns a piece of the winners of an agency. The draw holds the number of pieces.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] if it cannot be read, or is missing.
    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError>;

    /// Returns the source of snapshots while the committer goes on; `None`: only its owner can read the
    /// store.
    fn snapshots(&self) -> Option<Arc<dyn Snapshots>> {
        None
    }

    /// Does maintenance while there is nothing to commit: checks that the files are still in place, and
    /// updates `bets.csv`. Returns the pause until the next call; `None`: never.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] if the files are gone. Nothing may be acknowledged any more.
    fn tend(&mut self) -> Result<Option<Duration>, StoreError> {
        Ok(None)
    }
}

/// Changes that one commit makes durable: all of them or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Batches in commit order.
    pub batches: Vec<Arc<EncodedBatch>>,
    /// New record of each agency that this group changes.
    pub agencies: BTreeMap<u32, AgencyRecord>,
    /// Rules, if they are new.
    pub rules: Option<Rules>,
    /// Some of the winners of a draw. They are valid once this group or a later one holds the draw.
    pub winners: Option<Winners>,
    /// Draw, if this group holds it. A store has one draw at most.
    pub draw: Option<Draw>,
}

/// Rules of a lottery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Number of agencies that take part, numbered from 1.
    pub agencies: u32,
    /// Winning number: the bets on it win.
    pub winning_number: u32,
}

/// State of an agency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgencyRecord {
    /// Number of bets stored.
    pub stored: u64,
    /// Running CRC-32C of the bets stored (`docs/protocol.md#digest`).
    pub digest: u32,
    /// True once it has sent Finished.
    pub finished: bool,
}

/// Draw that has taken place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Number that won.
    pub winning_number: u32,
    /// Number of agencies that took part.
    pub agencies: u32,
    /// Size of the list of winners, for each agency that has some.
    pub winners: BTreeMap<u32, WinnersList>,
}

/// State of a store when it is opened, apart from the bets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// Every agency of which something is stored.
    pub agencies: BTreeMap<u32, AgencyRecord>,
    /// Rules, if they are stored.
    pub rules: Option<Rules>,
    /// Draw, if it has taken place.
    pub draw: Option<Draw>,
}

/// Returns the error of a store that lacks a piece of winners which the draw counts.
#[must_use]
pub fn no_such_piece(place: &str, agency: u32, number: u64) -> StoreError {
    let cause = format!("piece {number} of the winners of agency {agency} is missing");
    StoreError::Failed { place: place.to_owned(), cause }
}
