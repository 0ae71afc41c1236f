//! Storage backend of redb that passes every operation on and keeps the first failure.
//!
//! redb reports an I/O error, but not its operation, which decides everything: without room the store goes
//! on, after a failed sync it does not.

use std::io::{self, ErrorKind};
use std::sync::{Arc, OnceLock};

use super::disk::Disk;

/// Failure of an operation.
#[derive(Debug)]
pub(super) struct Fault {
    /// True if there was no room for a write: earlier data is not touched then.
    pub(super) no_room: bool,
    /// Name of the operation, and the system's error.
    pub(super) cause: String,
}

/// The first failure since the database was opened.
pub(super) type FirstFault = Arc<OnceLock<Fault>>;

/// Disk that takes no more writes and no sync after the first failure: nothing is ever retried over it.
///
/// The backend has none of redb's locks: the disk below is locked, or not, for the whole life of the store, and
/// stays so while the database is closed and opened again.
#[derive(Debug)]
pub(super) struct TrackedDisk {
    disk: Arc<dyn Disk>,
    fault: FirstFault,
}

impl TrackedDisk {
    pub(super) fn new(disk: Arc<dyn Disk>, fault: FirstFault) -> Self {
        Self { disk, fault }
    }

    fn note<T>(&self, doing: &str, room_matters: bool, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            let no_room = room_matters && is_no_room(error);
            let _ = self.fault.set(Fault { no_room, cause: format!("{doing}: {error}") });
        }
        result
    }

    fn check(&self) -> io::Result<()> {
        match self.fault.get() {
            Some(fault) => Err(io::Error::other(format!("after an earlier failure: {}", fault.cause))),
            None => Ok(()),
        }
    }
}

impl redb::StorageBackend for TrackedDisk {
    fn len(&self) -> io::Result<u64> {
        self.note("length", false, self.disk.size())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.note("read", false, self.disk.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.note("resize", true, self.disk.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.note("sync", false, self.disk.sync())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.note("write", true, self.disk.write(offset, data))
    }
}

/// True if an error of a write says that the disk, the quota or the largest file size is used up.
pub(super) fn is_no_room(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

#[cfg(test)]
mod tests {
    use redb::StorageBackend as _;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Disk whose first write finds no room; it counts the attempts to change it.
    #[derive(Debug, Default)]
    struct Once(AtomicU32);

    impl Once {
        fn change(&self) -> io::Result<()> {
            let nth = self.0.fetch_add(1, Ordering::Relaxed);
            if nth == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    impl Disk for Once {
        fn size(&self) -> io::Result<u64> {
            Ok(7)
        }

        fn read(&self, _: u64, _: &mut [u8]) -> io::Result<()> {
            Ok(())
        }

        fn write(&self, _: u64, _: &[u8]) -> io::Result<()> {
            self.change()
        }

        fn set_len(&self, _: u64) -> io::Result<()> {
            self.change()
        }

        fn sync(&self) -> io::Result<()> {
            self.change()
        }
    }

    #[test]
    fn after_a_failure_nothing_is_changed_any_more() {
        let disk = Arc::new(Once::default());
        let fault = FirstFault::default();
        let tracked = TrackedDisk::new(Arc::clone(&disk) as Arc<dyn Disk>, Arc::clone(&fault));
        assert_eq!(tracked.write(0, b"x").unwrap_err().kind(), ErrorKind::StorageFull);
        for changed in [tracked.write(0, b"x"), tracked.set_len(0), tracked.sync_data()] {
            let error = changed.unwrap_err().to_string();
            assert!(error.starts_with("after an earlier failure: write: "), "{error}");
        }
        assert_eq!(disk.0.load(Ordering::Relaxed), 1, "the disk was not asked again");
        assert!(fault.get().is_some_and(|fault| fault.no_room));
        assert_eq!(tracked.len().unwrap(), 7, "it can still be read");
    }
}
