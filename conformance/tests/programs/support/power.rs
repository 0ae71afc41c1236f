//! Disk whose power can be cut, with a real file system on it: writes that were not flushed are lost, or any
//! part of them is.
//!
//! A loop device lies on a file of FUSE, which this process serves. So the writes and flushes of the kernel's
//! ext4 come here as a disk gets them, and nothing below keeps what this one drops. It takes root.

use std::fs::{self, File, OpenOptions};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use lottery_testkit::Rng;
use tempfile::TempDir;

use super::SOON;
use super::fuse::{self, Answers};

/// Bytes of the disk: the journal takes 4 MiB, and each of some thousand groups 4 KiB at least.
const SIZE: usize = 48 << 20;
/// Bytes that a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Behavior of a flush.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Flush {
    #[default]
    Kept,
    /// Reported as done, and nothing is flushed.
    Lied,
}

/// Disk in memory. Its contents outlive its power.
pub(crate) struct Disk {
    contents: Vec<u8>,
    rng: Rng,
}

impl Disk {
    /// Returns a disk with a new ext4 on it. `None` where that cannot be had.
    pub(crate) fn format(seed: u64) -> Option<Self> {
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(SIZE as u64).unwrap();
        let mut format = Command::new("mkfs.ext4");
        format.args(["-q", "-F", "-J", "size=4", "-E", "lazy_itable_init=0,lazy_journal_init=0"]);
        if !runs(format.arg(image.path())) {
            return None;
        }
        let mut disk = Self { contents: fs::read(image.path()).unwrap(), rng: Rng::new(seed) };
        let plugged = disk.plug_in(Flush::Kept)?;
        plugged.cut();
        disk.take_out(plugged);
        Some(disk)
    }

    /// Mounts the disk; `None` where that is not permitted.
    pub(crate) fn plug_in(&self, flush: Flush) -> Option<Plugged> {
        let dir = TempDir::new().unwrap();
        let (file, root) = (dir.path().join("disk"), dir.path().join("root"));
        File::create(&file).unwrap();
        fs::create_dir(&root).unwrap();
        let (kept, seen) = (self.contents.clone(), self.contents.clone());
        let state = State { on: true, flush, kept, seen, unflushed: Vec::new(), steps: None };
        let shared = Arc::new(Shared { state: Mutex::new(state), cut: Condvar::new() });
        // From here on, dropping `plugged` unmounts what is mounted.
        let mut plugged = Plugged { dir, mounted: Vec::new(), shared: Arc::clone(&shared) };
        let kernel = OpenOptions::new().read(true).write(true).open("/dev/fuse").ok()?;
        let mut mount = Command::new("mount");
        mount.args(["-i", "-t", "fuse", "-o", fuse::OPTIONS, "power"]).arg(&file);
        if !runs(mount.stdin(kernel.try_clone().unwrap())) {
            return None;
        }
        plugged.mounted.push(file.clone());
        // The thread ends with the mount.
        thread::spawn(move || fuse::serve(&kernel, &*shared));
        let mut mount = Command::new("mount");
        if !runs(mount.args(["-t", "ext4", "-o", "loop"]).arg(&file).arg(&root)) {
            return None;
        }
        plugged.mounted.push(root);
        Some(plugged)
    }

    /// Takes out a disk whose power is gone. Of the unflushed writes nothing is kept, or all, or some
    /// sectors: that is left to chance, unless the disk lied.
    pub(crate) fn take_out(&mut self, plugged: Plugged) {
        let shared = Arc::clone(&plugged.shared);
        drop(plugged);
        let mut state = shared.state.lock().unwrap();
        assert!(!state.on, "its power is on");
        self.contents = std::mem::take(&mut state.kept);
        let manner = if state.flush == Flush::Kept { self.rng.index(3) } else { 0 };
        for (offset, bytes) in state.unflushed.drain(..) {
            for (at, sector) in (offset..).step_by(SECTOR).zip(bytes.chunks(SECTOR)) {
                if manner == 1 || manner == 2 && self.rng.index(2) == 0 {
                    self.contents[at..at + sector.len()].copy_from_slice(sector);
                }
            }
        }
    }
}

/// Mounted disk, until it is dropped.
pub(crate) struct Plugged {
    dir: TempDir,
    /// Mount points, from the first to the last.
    mounted: Vec<PathBuf>,
    shared: Arc<Shared>,
}

impl Plugged {
    /// Returns the directory of its files.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    /// Cuts the power after this number of writes and flushes.
    pub(crate) fn cut_after(&self, steps: usize) {
        self.shared.state.lock().unwrap().steps = Some(steps);
    }

    /// Cuts the power now, unless it is cut already.
    pub(crate) fn cut(&self) {
        self.shared.state.lock().unwrap().on = false;
    }

    /// Waits until the power is cut. It is cut anyway after [`SOON`], if nothing is written any more.
    pub(crate) fn wait(&self) {
        let state = self.shared.state.lock().unwrap();
        let (mut state, _) = self.shared.cut.wait_timeout_while(state, SOON, |state| state.on).unwrap();
        state.on = false;
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        while let Some(path) = self.mounted.pop() {
            let start = Instant::now();
            while !runs(Command::new("umount").arg(&path)) {
                if start.elapsed() > SOON {
                    // A process that still has it open must not keep it here.
                    runs(Command::new("umount").arg("--lazy").arg(&path));
                    break;
                }
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

fn runs(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// State of a mounted disk, and the signal that its power is gone.
struct Shared {
    state: Mutex<State>,
    cut: Condvar,
}

struct State {
    on: bool,
    flush: Flush,
    /// Contents that outlive a cut.
    kept: Vec<u8>,
    /// Contents that are read.
    seen: Vec<u8>,
    /// Difference of the two, in the order in which it was written.
    unflushed: Vec<(usize, Vec<u8>)>,
    /// Writes and flushes until the power goes.
    steps: Option<usize>,
}

impl Shared {
    /// Does a write or a flush, if there is still power for it.
    fn step(&self, does: impl FnOnce(&mut State)) -> Option<()> {
        let mut state = self.state.lock().unwrap();
        if let Some(left) = &mut state.steps {
            if let Some(fewer) = left.checked_sub(1) {
                *left = fewer;
            } else {
                state.on = false;
                self.cut.notify_all();
            }
        }
        state.on.then(|| does(&mut state))
    }
}

impl Answers for Shared {
    fn size(&self) -> u64 {
        SIZE as u64
    }

    fn read(&self, offset: usize, len: usize) -> Option<Vec<u8>> {
        let state = self.state.lock().unwrap();
        state.on.then(|| state.seen[offset.min(SIZE)..(offset + len).min(SIZE)].to_vec())
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> Option<()> {
        self.step(|state| {
            state.seen[offset..offset + bytes.len()].copy_from_slice(bytes);
            state.unflushed.push((offset, bytes.to_vec()));
        })
    }

    fn sync(&self) -> Option<()> {
        self.step(|state| {
            if state.flush == Flush::Kept {
                for (offset, bytes) in state.unflushed.drain(..) {
                    state.kept[offset..offset + bytes.len()].copy_from_slice(&bytes);
                }
            }
        })
    }
}
