//! Disk that ignores changes of its length.

use std::io;
use std::sync::Arc;

use lottery_store::Disk;

/// Disk that keeps its length, but says that it was changed.
#[derive(Debug)]
pub(crate) struct Uncut(pub(crate) Arc<dyn Disk>);

impl Disk for Uncut {
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}
