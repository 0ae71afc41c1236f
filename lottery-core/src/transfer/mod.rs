//! Bets on their way into a store and out of it, besides the wires: what `import` reads.
//!
//! Whatever fills a store fills a new one, beside the data directory's files, which takes its place only when it is
//! complete: all of it or nothing.

pub mod csv_rows;
mod error;
mod filling;

use std::io::BufRead;

use self::csv_rows::CsvRows;
pub use self::error::TransferError;
use self::filling::Filling;
use crate::store::Store;

/// Stores all bets of a file as `bets.csv` is, with agencies up to `agencies`. `name` is for messages.
///
/// # Errors
///
/// The file cannot be read, or a line of it is no bet; or the store's.
pub fn import(
    name: &str,
    file: impl BufRead,
    agencies: u32,
    store: &mut dyn Store,
) -> Result<(), TransferError> {
    let mut filling = Filling::new(store);
    let mut rows = CsvRows::new(file, agencies);
    while let Some((agency, bet)) = rows.next_bet().map_err(|problem| problem.of(name))? {
        filling.push(agency, &bet)?;
    }
    filling.end()
}
