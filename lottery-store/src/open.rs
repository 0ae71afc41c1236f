//! Opening the database file, whatever state it was left in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{Builder, Database, DatabaseError};

use super::Disk;
use super::fault_tracking::{FirstFault, Watched};
use super::recovery::{undo_unfinished_creation, write_again};
use super::tables::{self, Position};

/// Pages that redb keeps in memory, in bytes; half of it bounds what a transaction gathers before it is written.
pub const CACHE: usize = 16 << 20;

/// An open database and what has failed under it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) redb: Arc<Database>,
    pub(super) fault: FirstFault,
}

/// What to do with the file of a centre that did not end in good order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repair {
    Allow,
    /// Touch nothing, and say [`DatabaseError::RepairAborted`].
    Refuse,
}

impl Opened {
    /// Opens a file that may be new, foreign, damaged or left behind by a crash, and reads every page of it.
    ///
    /// redb trusts a file that was closed in good order, so it must be told to check that one; what a crash left
    /// behind it checks itself. On some damaged files it panics instead of saying so.
    pub(super) fn first(disk: &Arc<dyn Disk>) -> Result<(Self, Position), String> {
        let opening = || -> Result<(Self, Position), redb::Error> {
            undo_unfinished_creation(&**disk)?;
            let opened = match Self::new(disk, Repair::Refuse) {
                Ok(mut opened) => {
                    let redb = Arc::get_mut(&mut opened.redb).expect("nobody else has it yet");
                    redb.check_integrity()?;
                    opened
                }
                Err(DatabaseError::RepairAborted) => {
                    write_again(&**disk)?;
                    Self::again(disk)?
                }
                Err(error) => return Err(error.into()),
            };
            let position = tables::prepare(&opened.redb)?;
            disk.restrict();
            Ok((opened, position))
        };
        match catch_unwind(AssertUnwindSafe(opening)) {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err("damaged".to_owned()),
        }
    }

    /// Opens a file that was open before in this process, and of which no sync has failed.
    pub(super) fn again(disk: &Arc<dyn Disk>) -> Result<Self, DatabaseError> {
        Self::new(disk, Repair::Allow)
    }

    fn new(disk: &Arc<dyn Disk>, repair: Repair) -> Result<Self, DatabaseError> {
        let fault = FirstFault::default();
        let redb = Builder::new()
            .set_cache_size(CACHE)
            .set_repair_callback(move |session| {
                if repair == Repair::Refuse {
                    session.abort();
                }
            })
            .create_with_backend(Watched::new(disk.clone(), fault.clone()))?;
        Ok(Self { redb: Arc::new(redb), fault })
    }
}
