//! What the centre must not forget: the bets, how far each agency is, and the draw.
//!
//! Whatever the committer has collected is one [`Group`], and a [`Store`] makes it durable whole or not at all. Bets
//! are kept as rows of CSV text ([`rows`]), so that the store, `bets.csv` and a database's `COPY` share one encoding.
//!
//! | store | keeps |
//! | --- | --- |
//! | [`RedbStore`] | `DATA_DIR/lottery.redb`, and beside it `DATA_DIR/bets.csv` for people and other tools |
//! | [`MemoryStore`] | nothing after the process: tests, and `--store memory` |

mod difference;
mod error;
mod memory;
pub mod rows;
mod snapshot;
mod winners;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

pub use difference::Difference;
pub use error::StoreError;
pub use memory::MemoryStore;
pub use snapshot::{Snapshot, Snapshots};
pub use winners::{PIECE_SIZE, Winners, WinnersList, WinnersPiece};

/// Keeps groups, one after another. The committer owns it and is alone in using it.
pub trait Store: Send {
    /// What is durable, apart from the bets.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] if it cannot be read.
    fn load(&mut self) -> Result<Saved, StoreError>;

    /// Makes a group durable, before it returns `Ok`. `bets.csv` follows, and never fails a commit.
    ///
    /// # Errors
    ///
    /// With [`StoreError::Full`] nothing of the group is stored, for sure, and the store goes on. With
    /// [`StoreError::Failed`] the outcome is unknown, and so does every later call fail.
    fn commit(&mut self, group: &Group) -> Result<(), StoreError>;

    /// Shows the rows of durable batches in commit order, piece by piece, until `visit` breaks off: whole batches, one or
    /// more in each piece. The first piece is at `place` 0; what comes behind those that were shown is at the place that
    /// is returned, also after later commits.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] if they cannot be read; some may have been shown by then.
    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError>;

    /// Shows the rows of all durable batches, as [`Store::read_from`] does.
    ///
    /// # Errors
    ///
    /// As there.
    fn read(&self, visit: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        let all = &mut |rows: &str| {
            visit(rows);
            ControlFlow::Continue(())
        };
        self.read_from(0, all).map(|_| ())
    }

    /// A piece of the winners of an agency. The draw says how many there are.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] if it cannot be read, or is not there.
    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError>;

    /// What takes snapshots while the committer goes on; `None`: the store cannot be read but by its owner.
    fn snapshots(&self) -> Option<Arc<dyn Snapshots>> {
        None
    }

    /// Looks after what nobody waits for, while there is nothing to commit: whether the files are still where they were,
    /// and `bets.csv`. Says after which pause it wants to be called again; `None`: never.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] if the files are gone. Nothing may be acknowledged any more.
    fn tend(&mut self) -> Result<Option<Duration>, StoreError> {
        Ok(None)
    }
}

/// What one commit makes durable: all of it or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Batches in commit order.
    pub batches: Vec<Rows>,
    /// The new state of each agency that this group changes.
    pub agencies: BTreeMap<u32, AgencyRecord>,
    /// The rules, if they are new.
    pub rules: Option<Rules>,
    /// Some of the winners of a draw. They count when a later group, or this one, holds the draw.
    pub winners: Option<Winners>,
    /// The draw, if this group holds it. There is one draw in the life of a store.
    pub draw: Option<Draw>,
}

/// What a lottery is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many agencies take part, numbered from 1.
    pub agencies: u32,
    /// The bets on this number win.
    pub winning_number: u32,
}

/// A batch as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Rows {
    /// Whose batch it is.
    pub agency: u32,
    /// How many rows `text` has.
    pub bets: u32,
    /// The rows, as [`rows::push_row`] writes them.
    pub text: String,
}

/// How far an agency is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgencyRecord {
    /// Bets stored.
    pub stored: u64,
    /// Running CRC-32C of the bets stored.
    pub digest: u32,
    /// Whether it has said that there are no more.
    pub finished: bool,
}

/// The draw, once it has taken place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The number that won.
    pub winning_number: u32,
    /// How many agencies took part.
    pub agencies: u32,
    /// For each agency that has winners how many.
    pub winners: BTreeMap<u32, WinnersList>,
}

/// What a store knows when it is opened, apart from the bets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// Every agency of which something is stored.
    pub agencies: BTreeMap<u32, AgencyRecord>,
    /// The rules, if they are stored.
    pub rules: Option<Rules>,
    /// The draw, if it has taken place.
    pub draw: Option<Draw>,
}

/// Without the rows: they are personal data.
impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agency, bets, text } = self;
        write!(f, "Rows {{ agency: {agency}, bets: {bets}, text: {} bytes }}", text.len())
    }
}

/// The error of a store that lacks a piece of which the draw speaks.
#[must_use]
pub fn no_such_piece(place: &str, agency: u32, number: u64) -> StoreError {
    let cause = format!("piece {number} of the winners of agency {agency} is missing");
    StoreError::Failed { place: place.to_owned(), cause }
}
