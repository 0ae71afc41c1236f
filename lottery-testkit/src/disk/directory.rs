//! Directory of simulated disks, whose names are durable only once it is synced.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use lottery_store::Disk;
use lottery_store::log::{Directory, Job};

use super::machine::Machine;
use super::{BLOCK, OpenDisk, SimDisk, State, Unsynced, kept};
use crate::Rng;

/// Directory in memory, which outlives the processes that use it.
#[derive(Clone, Debug, Default)]
pub struct SimDirectory {
    names: Arc<Mutex<Names>>,
    machine: Machine,
}

#[derive(Clone, Debug, Default)]
struct Names {
    live: BTreeMap<String, SimDisk>,
    durable: BTreeMap<String, SimDisk>,
}

/// Faults, room and the process are those of the machine.
impl Deref for SimDirectory {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}

impl SimDirectory {
    /// Returns an empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the directory for a process, from now on the only one that can use it and its files.
    pub fn open(&self) -> Arc<OpenDirectory> {
        Arc::new(OpenDirectory { directory: self.clone(), process: self.machine.start() })
    }

    /// Cuts the power, after the process has ended: loses or keeps each part that is not synced, name by name.
    pub fn power_cut(&self, mut keeps: impl FnMut(Unsynced) -> bool) {
        let mut names = self.names();
        let Names { live, durable } = &mut *names;
        let all: BTreeSet<String> = live.keys().chain(durable.keys()).cloned().collect();
        for name in all {
            let (now, then) = (live.get(&name), durable.get(&name));
            let same = now.is_none() && then.is_none()
                || now.zip(then).is_some_and(|(now, then)| Arc::ptr_eq(&now.state, &then.state));
            if !same && keeps(Unsynced::Name) {
                match now.cloned() {
                    Some(disk) => durable.insert(name, disk),
                    None => durable.remove(&name),
                };
            }
        }
        for disk in durable.values() {
            disk.power_cut(&mut keeps);
        }
        live.clone_from(durable);
    }

    /// Returns another directory, as this one is after a power cut, which a seed decides. With seed 0 it keeps
    /// new lengths, and no sector and no name.
    #[must_use]
    pub fn after_power_cut(&self, seed: u64) -> Self {
        let after = self.after_kill();
        let mut rng = Rng::new(seed);
        after.power_cut(|part| kept(&mut rng, seed, part));
        after
    }

    /// Returns another directory with the same data, durable or not, for another process after the first was
    /// killed.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let machine = self.machine.replaced();
        let names = self.names();
        let mut copies: Vec<(SimDisk, SimDisk)> = Vec::new();
        let mut copy = |disk: &SimDisk| {
            let made = copies.iter().find(|(of, _)| Arc::ptr_eq(&of.state, &disk.state));
            let copy = made.map(|(_, copy)| copy.clone());
            copy.unwrap_or_else(|| {
                let copy = SimDisk::of(State::clone(&disk.state()), machine.clone());
                copies.push((disk.clone(), copy.clone()));
                copy
            })
        };
        let mut all = |names: &BTreeMap<String, SimDisk>| -> BTreeMap<String, SimDisk> {
            names.iter().map(|(name, disk)| (name.clone(), copy(disk))).collect()
        };
        let names = Names { live: all(&names.live), durable: all(&names.durable) };
        Self { names: Arc::new(Mutex::new(names)), machine }
    }

    /// Returns a file as a process sees it now.
    pub fn file(&self, name: &str) -> Option<SimDisk> {
        self.names().live.get(name).cloned()
    }

    /// Returns the names of all files, as a process sees them now.
    pub fn files(&self) -> Vec<String> {
        self.names().live.keys().cloned().collect()
    }

    /// Returns the number of segments of a log, as a process sees them now.
    pub fn segments(&self) -> usize {
        let is_segment = |name: &&String| Path::new(name).extension().is_some_and(|end| end == "log");
        self.names().live.keys().filter(is_segment).count()
    }

    /// Puts a durable file there.
    pub fn put(&self, name: &str, content: &[u8]) {
        let (live, durable) = (content.to_vec(), content.to_vec());
        let disk = SimDisk::of(State { live, durable, ..State::default() }, self.machine.clone());
        let mut names = self.names();
        names.live.insert(name.to_owned(), disk.clone());
        names.durable.insert(name.to_owned(), disk);
    }
}

/// Directory as one process has it open.
#[derive(Debug)]
pub struct OpenDirectory {
    directory: SimDirectory,
    process: u64,
}

impl OpenDirectory {
    fn names_now(&self) -> io::Result<MutexGuard<'_, Names>> {
        self.directory.machine.check(self.process)?;
        Ok(self.directory.names())
    }

    fn opened(&self, disk: &SimDisk) -> Arc<dyn Disk> {
        Arc::new(OpenDisk { disk: disk.clone(), process: self.process })
    }
}

/// Gives back the room of a file that has no name any more.
fn free(disk: Option<SimDisk>) {
    if let Some(disk) = disk {
        disk.state().free(&disk.machine, 0);
    }
}

impl Directory for OpenDirectory {
    fn place(&self, name: &str) -> String {
        format!("sim/log/{name}")
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.names_now()?.live.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        let names = self.names_now()?;
        self.directory.machine.count_open();
        let disk = names.live.get(name).ok_or(ErrorKind::NotFound)?;
        Ok(self.opened(disk))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        let mut names = self.names_now()?;
        self.directory.machine.begin_write()?;
        let disk = SimDisk::of(State::default(), self.directory.machine.clone());
        free(names.live.insert(name.to_owned(), disk.clone()));
        Ok(self.opened(&disk))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut names = self.names_now()?;
        self.directory.machine.begin_write()?;
        let disk = names.live.remove(from).ok_or(ErrorKind::NotFound)?;
        free(names.live.insert(to.to_owned(), disk));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut names = self.names_now()?;
        if names.live.contains_key(name) {
            self.directory.machine.begin_write()?;
            free(names.live.remove(name));
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut names = self.names_now()?;
        self.directory.machine.begin_sync()??;
        names.durable = names.live.clone();
        Ok(())
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        Ok(*b"simulated number")
    }

    fn room(&self) -> io::Result<u64> {
        self.directory.machine.check(self.process)?;
        Ok(self.directory.machine.left().map_or(u64::MAX, |blocks| (blocks * BLOCK) as u64))
    }

    /// Does it at once, so that a run can be repeated.
    fn start(&self, job: Job) -> Option<JoinHandle<()>> {
        job();
        None
    }
}
