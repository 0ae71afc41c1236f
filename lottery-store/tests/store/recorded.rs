//! Directory that records what is done to its files, and what a disk may hold after any part of that.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use lottery_store::Disk;
use lottery_store::log::{Directory, Job};
use lottery_testkit::Rng;
use lottery_testkit::disk::SimDirectory;

/// Unit of what a disk writes whole, in bytes.
const SECTOR: usize = 512;

/// Operation, as far as it changes what is on the disk. Files are told apart by the order in which they were made.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Create(String, usize),
    Write(usize, u64, Vec<u8>),
    SetLen(usize, u64),
    /// All that was done to the file before is durable.
    Sync(usize),
    Rename(String, String),
    Remove(String),
    /// All names are durable.
    SyncNames,
    /// The next group was acknowledged.
    Acknowledge,
}

/// Operations in their order: a change stands before it is made, a sync after it has returned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operations(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    operations: Vec<Operation>,
    names: BTreeMap<String, usize>,
    files: usize,
}

impl Operations {
    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, operation: Operation) {
        self.recorded().operations.push(operation);
    }

    pub(crate) fn all(&self) -> Vec<Operation> {
        self.recorded().operations.clone()
    }

    /// Returns the directory, recorded.
    pub(crate) fn of(&self, directory: Arc<dyn Directory>) -> Arc<dyn Directory> {
        Arc::new(RecordedDirectory { directory, operations: self.clone() })
    }
}

#[derive(Debug)]
struct RecordedDirectory {
    directory: Arc<dyn Directory>,
    operations: Operations,
}

impl RecordedDirectory {
    fn disk(&self, disk: Arc<dyn Disk>, file: usize) -> Arc<dyn Disk> {
        Arc::new(RecordedDisk { disk, file, operations: self.operations.clone() })
    }
}

impl Directory for RecordedDirectory {
    fn place(&self, name: &str) -> String {
        self.directory.place(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.directory.names()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        let disk = self.directory.open(name)?;
        let file = self.operations.recorded().names[name];
        Ok(self.disk(disk, file))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        let mut recorded = self.operations.recorded();
        let file = recorded.files;
        recorded.files += 1;
        recorded.names.insert(name.to_owned(), file);
        recorded.operations.push(Operation::Create(name.to_owned(), file));
        drop(recorded);
        Ok(self.disk(self.directory.create(name)?, file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut recorded = self.operations.recorded();
        let file = recorded.names.remove(from).expect("it was made");
        recorded.names.insert(to.to_owned(), file);
        recorded.operations.push(Operation::Rename(from.to_owned(), to.to_owned()));
        drop(recorded);
        self.directory.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut recorded = self.operations.recorded();
        if recorded.names.remove(name).is_some() {
            recorded.operations.push(Operation::Remove(name.to_owned()));
        }
        drop(recorded);
        self.directory.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.directory.sync()?;
        self.operations.push(Operation::SyncNames);
        Ok(())
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        self.directory.random()
    }

    fn room(&self) -> io::Result<u64> {
        self.directory.room()
    }

    fn start(&self, job: Job) -> Option<JoinHandle<()>> {
        self.directory.start(job)
    }
}

#[derive(Debug)]
struct RecordedDisk {
    disk: Arc<dyn Disk>,
    file: usize,
    operations: Operations,
}

impl Disk for RecordedDisk {
    fn size(&self) -> io::Result<u64> {
        self.disk.size()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(offset, out)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.operations.push(Operation::Write(self.file, offset, data.to_vec()));
        self.disk.write(offset, data)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.operations.push(Operation::SetLen(self.file, len));
        self.disk.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.sync()?;
        self.operations.push(Operation::Sync(self.file));
        Ok(())
    }
}

/// Choice of what is on the disk of all that is not durable.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kept {
    /// All of it: the process was killed.
    All,
    /// All but the second half of the last write.
    HalfOfTheLast,
    Nothing,
    /// Some sectors, lengths and names, in any order, which a seed decides.
    Some(u64),
}

/// Disk as an operation after another makes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replay {
    files: BTreeMap<usize, File>,
    live: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    /// Number of groups that were acknowledged.
    pub(crate) acknowledged: usize,
}

#[derive(Clone, Debug, Default)]
struct File {
    durable: Vec<u8>,
    /// Changes since the last sync: an offset and data, or a length.
    pending: Vec<(usize, Option<Vec<u8>>)>,
}

fn put(content: &mut Vec<u8>, offset: usize, data: &[u8]) {
    if content.len() < offset + data.len() {
        content.resize(offset + data.len(), 0);
    }
    content[offset..offset + data.len()].copy_from_slice(data);
}

impl File {
    fn content(&self, kept: Kept, rng: &mut Rng) -> Vec<u8> {
        let mut content = self.durable.clone();
        for (nth, (at, data)) in self.pending.iter().enumerate() {
            let is_last = nth + 1 == self.pending.len();
            match (kept, data) {
                (Kept::Nothing, _) => {}
                (Kept::Some(_), None) if rng.one_in(2) => {}
                (_, None) => content.resize(*at, 0),
                (Kept::Some(_), Some(data)) => {
                    for (nth, sector) in data.chunks(SECTOR).enumerate() {
                        if rng.one_in(2) {
                            put(&mut content, at + nth * SECTOR, sector);
                        }
                    }
                }
                (Kept::HalfOfTheLast, Some(data)) if is_last => {
                    put(&mut content, *at, &data[..data.len() / 2]);
                }
                (_, Some(data)) => put(&mut content, *at, data),
            }
        }
        content
    }
}

impl Replay {
    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Create(name, file) => {
                self.files.insert(*file, File::default());
                self.live.insert(name.clone(), *file);
            }
            Operation::Write(file, offset, data) => {
                let offset = usize::try_from(*offset).unwrap();
                self.files.get_mut(file).unwrap().pending.push((offset, Some(data.clone())));
            }
            Operation::SetLen(file, len) => {
                self.files.get_mut(file).unwrap().pending.push((usize::try_from(*len).unwrap(), None));
            }
            Operation::Sync(file) => {
                let file = self.files.get_mut(file).unwrap();
                file.durable = file.content(Kept::All, &mut Rng::new(0));
                file.pending.clear();
            }
            Operation::Rename(from, to) => {
                let file = self.live.remove(from).unwrap();
                self.live.insert(to.clone(), file);
            }
            Operation::Remove(name) => {
                self.live.remove(name);
            }
            Operation::SyncNames => self.durable.clone_from(&self.live),
            Operation::Acknowledge => self.acknowledged += 1,
        }
    }

    /// Returns the directory that a machine finds afterwards.
    pub(crate) fn directory(&self, kept: Kept) -> SimDirectory {
        let mut rng = Rng::new(if let Kept::Some(seed) = kept { seed } else { 0 });
        let directory = SimDirectory::new();
        let names: BTreeSet<_> = self.live.keys().chain(self.durable.keys()).collect();
        for name in names {
            let lives = match kept {
                Kept::All | Kept::HalfOfTheLast => true,
                Kept::Nothing => false,
                Kept::Some(_) => rng.one_in(2),
            };
            let file = if lives { self.live.get(name) } else { self.durable.get(name) };
            if let Some(file) = file {
                directory.put(name, &self.files[file].content(kept, &mut rng));
            }
        }
        directory
    }
}
