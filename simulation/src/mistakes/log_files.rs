//! Files of the log that plant a mistake of its writer.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use lottery_store::Disk;
use lottery_store::log::{Directory, Job};
use lottery_testkit::crc32c;
use lottery_testkit::disk::BLOCK;

use super::Mistake;

/// Offset in a frame of the number of agencies, that of the number behind it, and that of the number of bets of the first
/// agency (`docs/log-format.md#frame`).
const AGENCIES: usize = 28;
const PIECES: usize = 32;
const STORED: usize = 44;

/// Directory whose files have a mistake.
#[derive(Debug)]
pub(crate) struct MistakenFiles(pub(crate) Arc<dyn Directory>, pub(crate) Mistake);

impl MistakenFiles {
    fn wrap(&self, name: &str, disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
        Arc::new(MistakenFile { disk, mistake: self.1, is_segment: !name.ends_with("part") })
    }
}

#[derive(Debug)]
struct MistakenFile {
    disk: Arc<dyn Disk>,
    mistake: Mistake,
    is_segment: bool,
}

impl Disk for MistakenFile {
    fn size(&self) -> io::Result<u64> {
        self.disk.size()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(offset, out)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.mistake == Mistake::CheckpointAhead && !self.is_segment && offset == BLOCK as u64 {
            return self.disk.write(offset, &with_one_bet_more(self.disk.as_ref(), data)?);
        }
        if self.mistake == Mistake::KeepUnsyncedGroup {
            let mut there = vec![0; data.len()];
            if self.disk.read(offset, &mut there).is_ok() && there == data {
                return Ok(());
            }
        }
        self.disk.write(offset, data)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        match self.mistake {
            Mistake::NameBeforeSync if !self.is_segment => Ok(()),
            Mistake::UnsyncedFrame if self.is_segment => Ok(()),
            _ => self.disk.sync(),
        }
    }
}

/// Returns the first frame of a segment with one bet more in the record of its first agency.
fn with_one_bet_more(disk: &dyn Disk, frame: &[u8]) -> io::Result<Vec<u8>> {
    let mut frame = frame.to_vec();
    if frame[AGENCIES..PIECES].iter().any(|byte| *byte > 0) {
        frame[STORED] += 1;
        let mut id = [0; 16];
        disk.read(16, &mut id)?;
        let crc = crc32c(&[&id[..], &frame[4..]].concat());
        frame[..4].copy_from_slice(&crc.to_le_bytes());
    }
    Ok(frame)
}

impl Directory for MistakenFiles {
    fn place(&self, name: &str) -> String {
        self.0.place(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.0.names()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        Ok(self.wrap(name, self.0.open(name)?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        Ok(self.wrap(name, self.0.create(name)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        if self.1 == Mistake::UnsyncedName { Ok(()) } else { self.0.sync() }
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        self.0.random()
    }

    fn room(&self) -> io::Result<u64> {
        self.0.room()
    }

    fn start(&self, job: Job) -> Option<JoinHandle<()>> {
        self.0.start(job)
    }
}
