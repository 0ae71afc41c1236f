//! What a lottery consists of, part by part: so it is read of a store, written to a backup and read again.

use std::fmt;
use std::ops::ControlFlow;

use lottery_core::store::{AgencyRecord, Rules, Snapshot};

use super::TransferError;

/// A part. The rules, agencies and the draw come before all rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// What it is about, if that is known.
    Rules(Rules),
    /// How far an agency is; in ascending order.
    Agency(u32, AgencyRecord),
    /// The draw. Who has won follows from the rows: all bets on that number, in the order in which they were stored.
    Draw {
        /// The number that won.
        winning_number: u32,
        /// How many agencies took part.
        agencies: u32,
    },
    /// Rows as the store has them, whole ones.
    Rows(&'a str),
}

/// Without the rows: they are personal data.
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

/// Takes parts, one after another.
pub type Sink<'a> = &'a mut dyn FnMut(Part<'_>) -> Result<(), TransferError>;

/// Shows the parts of a store, with its rows or without.
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
