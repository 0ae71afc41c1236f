//! Bets on their way into a store and out of it, other than by a dialect: backups, and CSV in the form of
//! `bets.csv`.
//!
//! Bets go into a new store, beside the data directory's files, which takes its place only when it is
//! complete: all or nothing. Bets are read from one state of a store, whole groups only, while the
//! committer goes on.

mod backup;
mod csv_rows;
mod error;
mod filling;
mod parts;
mod restoring;

use std::io::BufRead;

use lottery_core::store::Store;

pub use self::backup::{BackupWriter, read_backup, rejection};
use self::csv_rows::CsvRows;
pub use self::error::{Damage, LineProblem, TransferError};
use self::filling::Filling;
pub use self::parts::{Part, Sink, read_store};
use self::restoring::Restoring;

/// Stores all bets of a file in the form of `bets.csv`, with agencies up to `agencies`. `name` is for
/// messages.
///
/// # Errors
///
/// The file cannot be read, or a line of it is not a bet; or the store's errors.
pub fn import(
    name: &str,
    file: impl BufRead,
    agencies: u32,
    store: &mut dyn Store,
) -> Result<(), TransferError> {
    let mut filling = Filling::new(store);
    let mut rows = CsvRows::new(file, agencies);
    while let Some(row) = rows.next_bet().map_err(|problem| problem.of(name))? {
        filling.push(&row)?;
    }
    filling.end()?;
    Ok(())
}

/// Stores everything that a backup holds. `name` is for messages.
///
/// # Errors
///
/// The backup cannot be read, or is damaged; or the store's errors.
pub fn restore(name: &str, file: impl BufRead, store: &mut dyn Store) -> Result<(), TransferError> {
    let mut restoring = Restoring::new(name, store);
    read_backup(name, file, &mut |part| restoring.put(part))?;
    restoring.end()
}
