//! Parts of a lottery, in which it is read from a store, written to a backup and read again.

use std::fmt;
use std::ops::ControlFlow;

use lottery_core::store::{AgencyRecord, Rules, Snapshot};

use super::error::TransferError;

/// A part. The rules, agencies and the draw come before all rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The rules of the lottery, if they are known.
    Rules(Rules),
    /// Progress of an agency; agencies come in ascending order.
    Agency(u32, AgencyRecord),
    /// The draw. The winners follow from the rows: all bets on that number, in the order in which they were
    /// stored.
    Draw {
        /// The winning number.
        winning_number: u32,
        /// Number of agencies that took part.
        agencies: u32,
    },
    /// Whole rows as the store has them.
    Rows(&'a str),
}

/// Omits the rows: they are personal data.
impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rules(rules) => rules.fmt(f),
            Self::Agency(agency, record) => write!(f, "Agency({agency}, {record:?})"),
            Self::Draw { winning_number, agencies } => write!(f, "Draw({winning_number}, {agencies})"),
            Self::Rows(rows) => write!(f, "Rows({} bytes)", rows.len()),
        }
    }
}

/// Function that takes parts, one after another.
pub type Sink<'a> = &'a mut dyn FnMut(Part<'_>) -> Result<(), TransferError>;

/// Passes the parts of a store to `sink`, with its rows or without.
///
/// # Errors
///
/// The store's, or those of `sink`.
pub fn read_store(snapshot: &dyn Snapshot, with_rows: bool, sink: Sink<'_>) -> Result<(), TransferError> {
    let saved = snapshot.saved()?;
    if let Some(rules) = saved.rules {
        sink(Part::Rules(rules))?;
    }
    for (agency, record) in &saved.agencies {
        sink(Part::Agency(*agency, *record))?;
    }
    if let Some(draw) = &saved.draw {
        sink(Part::Draw { winning_number: draw.winning_number, agencies: draw.agencies })?;
    }
    let mut taken = Ok(());
    if with_rows {
        snapshot.read(&mut |rows| {
            taken = sink(Part::Rows(rows));
            if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
    }
    taken
}
