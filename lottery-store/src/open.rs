//! Opening of the database file in any state: new, foreign, damaged, or left behind by a crash.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{Builder, Database, DatabaseError};

use super::disk::Disk;
use super::fault_tracking::{FirstFault, TrackedDisk};
use super::recovery::{undo_unfinished_creation, write_again};
use super::tables::{self, Position};

/// Memory for redb's pages, in bytes; half of it bounds the pages that a transaction gathers before it
/// writes them.
pub const CACHE: usize = 16 << 20;

/// An open database and the first failure under it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) redb: Arc<Database>,
    pub(super) fault: FirstFault,
}

/// Treatment of a file whose server did not end in good order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repair {
    Allow,
    /// Touch nothing, and return [`DatabaseError::RepairAborted`].
    Reject,
}

impl Opened {
    /// Opens a file that may be new, foreign, damaged or left behind by a crash, and reads every page of
    /// it.
    ///
    /// redb trusts a file that was closed in good order, so `check_integrity` must be called for that one;
    /// it checks a file that a crash left behind by itself. On some damaged files it panics instead of
    /// returning an error.
    pub(super) fn first(disk: &Arc<dyn Disk>) -> Result<(Self, Position), String> {
        let opening = || -> Result<(Self, Position), redb::Error> {
            undo_unfinished_creation(&**disk)?;
            let opened = match Self::new(disk, Repair::Reject) {
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
                if repair == Repair::Reject {
                    session.abort();
                }
            })
            .create_with_backend(TrackedDisk::new(disk.clone(), fault.clone()))?;
        Ok(Self { redb: Arc::new(redb), fault })
    }
}
