//! Mistakes of a start that the checks of damage and of power cuts must find, each planted in what it reads.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use lottery_core::store::{Group, Store, StoreError};
use lottery_store::log::{Directory, Job};
use lottery_store::{Disk, LogStore};
use lottery_testkit::crc32c;
use lottery_testkit::disk::{BLOCK, SimDirectory, SimDisk};
use lottery_testkit::store::{Model, SMALL, group};

use crate::crash::run;

/// Mistake of a start.
#[derive(Clone, Copy, Debug)]
enum Mistake {
    /// It takes the first broken frame for the end of the log, though a whole one follows it, and so forgets what was
    /// acknowledged.
    EndsAtHole,
    /// It does not check the checksums of frames.
    NoChecksum,
}

/// Directory in whose files nothing is read that would show the mistake.
#[derive(Debug)]
struct MistakenFiles(Arc<dyn Directory>, Mistake);

#[derive(Debug)]
struct MistakenFile(Arc<dyn Disk>, Mistake);

fn number(block: &[u8]) -> usize {
    block[4..8].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// Returns what may be the frame at an offset, with its padding, and the checksum that it should have.
fn frame(content: &[u8], at: usize) -> Option<(&[u8], [u8; 4])> {
    let len = number(content.get(at..at + BLOCK)?).next_multiple_of(BLOCK).max(BLOCK);
    let frame = content.get(at..at + len)?;
    Some((frame, crc32c(&[&content[16..32], &frame[4..]].concat()).to_le_bytes()))
}

/// Returns the end of the whole frames of a segment.
fn end(content: &[u8]) -> usize {
    let mut at = BLOCK;
    while let Some((found, crc)) = frame(content, at)
        && found[..4] == crc
    {
        at += found.len();
    }
    at
}

/// Makes the checksums of all frames of a segment right.
fn make_whole(content: &mut [u8]) {
    let mut at = BLOCK;
    while let Some((found, crc)) = frame(content, at)
        && number(found) > 0
    {
        let len = found.len();
        content[at..at + 4].copy_from_slice(&crc);
        at += len;
    }
}

impl Disk for MistakenFile {
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)?;
        let mut content = vec![0; usize::try_from(self.0.size()?).unwrap()];
        self.0.read(0, &mut content)?;
        let offset = usize::try_from(offset).unwrap();
        match self.1 {
            Mistake::EndsAtHole => {
                let hidden = end(&content).saturating_sub(offset).min(out.len());
                out[hidden..].fill(0);
            }
            Mistake::NoChecksum => {
                make_whole(&mut content);
                out.copy_from_slice(&content[offset..offset + out.len()]);
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

impl Directory for MistakenFiles {
    fn place(&self, name: &str) -> String {
        self.0.place(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.0.names()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        Ok(Arc::new(MistakenFile(self.0.open(name)?, self.1)))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        self.0.create(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
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

/// Returns true if a start finds something else than what was acknowledged, with the last group or without, and does
/// not say so.
fn loses(files: Arc<dyn Directory>, acknowledged: &Model, last: Option<&Group>) -> bool {
    match LogStore::with_disks(files, SMALL, "csv", SimDisk::new().open()) {
        Ok(mut store) => {
            let (found, mut with_last) = (Model::of(&mut store), acknowledged.clone());
            if let Some(last) = last {
                with_last.apply(last);
            }
            found != *acknowledged && found != with_last
        }
        Err(StoreError::Unusable { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_later_frame_behind_a_hole_is_looked_for() {
    let (log, mut acknowledged) = (SimDirectory::new(), Model::default());
    let mut store = LogStore::with_disks(log.open(), SMALL, "csv", SimDisk::new().open()).unwrap();
    for nth in 0..5 {
        store.commit(&group(nth, 1, 5)).unwrap();
        acknowledged.apply(&group(nth, 1, 5));
    }
    drop(store);
    assert_eq!(log.segments(), 1);
    // The frames of the groups, the first of which is empty; a disk has lost one of them.
    for lost in 1..5 {
        let holed = log.after_kill();
        holed.file("00000001.log").unwrap().edit(|content| {
            content[(1 + lost) * BLOCK..][..BLOCK].fill(0);
        });
        assert!(!loses(holed.after_kill().open(), &acknowledged, None), "frame {lost}");
        assert!(
            loses(Arc::new(MistakenFiles(holed.open(), Mistake::EndsAtHole)), &acknowledged, None),
            "the mistake is not found, frame {lost}"
        );
    }
}

#[test]
fn the_checksum_of_a_torn_frame_is_checked() {
    let groups: Vec<_> = (0..3).map(|nth| group(nth, 3, 10)).collect();
    let mut found = 0;
    for (cut, seed) in (0..16).flat_map(|cut| (1..5).map(move |seed| (cut, seed * (cut * 2 + 1)))) {
        let (log, csv) = (SimDirectory::new(), SimDisk::new());
        let (acknowledged, last) = run(&log, &csv, &groups, Some(cut));
        let after = log.after_power_cut(seed);
        assert!(!loses(after.after_kill().open(), &acknowledged, last.as_ref()), "operation {cut}");
        let mistaken = Arc::new(MistakenFiles(after.open(), Mistake::NoChecksum));
        found += u32::from(loses(mistaken, &acknowledged, last.as_ref()));
    }
    assert!(found > 0, "the mistake is not found");
}
