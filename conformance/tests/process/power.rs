//! A disk whose power can be cut, with a real file system on it: what was not flushed is lost, or any part of it is.
//!
//! A loop device lies on a file of FUSE, and it is this process that answers for that file. So the writes and flushes of
//! the kernel's ext4 come here as a disk gets them, and nothing below keeps what this one drops. It takes root.

use std::fs::{self, File, OpenOptions};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use conformance::pieces::Random;
use tempfile::TempDir;

use super::SOON;
use super::fuse::{self, Answers};

/// Bytes of the disk; the journal has a quarter of it.
const SIZE: usize = 16 << 20;
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// What happens when a flush is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Flush {
    #[default]
    Kept,
    /// It is said to be done, and nothing is.
    Lied,
}

/// A disk, in memory. Its contents outlive its power.
pub(crate) struct Disk {
    contents: Vec<u8>,
    random: Random,
}

impl Disk {
    /// A disk with a new ext4 on it. `None` where there is no such thing to be had.
    pub(crate) fn format(seed: u64) -> Option<Self> {
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(SIZE as u64).unwrap();
        let mut format = Command::new("mkfs.ext4");
        format.args(["-q", "-F", "-J", "size=4", "-E", "lazy_itable_init=0,lazy_journal_init=0"]);
        if !runs(format.arg(image.path())) {
            return None;
        }
        let mut disk = Self { contents: fs::read(image.path()).unwrap(), random: Random::new(seed) };
        let plugged = disk.plug_in(Flush::Kept)?;
        plugged.cut();
        disk.take_out(plugged);
        Some(disk)
    }

    /// Mounts it; `None` where that is not permitted.
    pub(crate) fn plug_in(&self, flush: Flush) -> Option<Plugged> {
        let dir = TempDir::new().unwrap();
        let (file, root) = (dir.path().join("disk"), dir.path().join("root"));
        File::create(&file).unwrap();
        fs::create_dir(&root).unwrap();
        let (kept, seen) = (self.contents.clone(), self.contents.clone());
        let state = State { on: true, flush, kept, seen, unflushed: Vec::new(), steps: None };
        let shared = Arc::new(Shared { state: Mutex::new(state), cut: Condvar::new() });
        // From here on, whatever is mounted goes with this.
        let mut plugged = Plugged { dir, mounted: Vec::new(), shared: Arc::clone(&shared) };
        let kernel = OpenOptions::new().read(true).write(true).open("/dev/fuse").ok()?;
        let mut mount = Command::new("mount");
        mount.args(["-i", "-t", "fuse", "-o", fuse::OPTIONS, "power"]).arg(&file);
        if !runs(mount.stdin(kernel.try_clone().unwrap())) {
            return None;
        }
        plugged.mounted.push(file.clone());
        // It ends with the mount.
        thread::spawn(move || fuse::serve(&kernel, &*shared));
        let mut mount = Command::new("mount");
        if !runs(mount.args(["-t", "ext4", "-o", "loop"]).arg(&file).arg(&root)) {
            return None;
        }
        plugged.mounted.push(root);
        Some(plugged)
    }

    /// Takes a disk out whose power is gone. Of what was written and not flushed there is nothing, or all of it, or any
    /// sectors: that is left to chance, unless it lied.
    pub(crate) fn take_out(&mut self, plugged: Plugged) {
        let shared = Arc::clone(&plugged.shared);
        drop(plugged);
        let mut state = shared.state.lock().unwrap();
        assert!(!state.on, "its power is on");
        self.contents = std::mem::take(&mut state.kept);
        let manner = if state.flush == Flush::Kept { self.random.below(3) } else { 0 };
        for (offset, bytes) in state.unflushed.drain(..) {
            for (at, sector) in (offset..).step_by(SECTOR).zip(bytes.chunks(SECTOR)) {
                if manner == 1 || manner == 2 && self.random.below(2) == 0 {
                    self.contents[at..at + sector.len()].copy_from_slice(sector);
                }
            }
        }
    }
}

/// A disk that is mounted, until it goes.
pub(crate) struct Plugged {
    dir: TempDir,
    /// From the first to the last.
    mounted: Vec<PathBuf>,
    shared: Arc<Shared>,
}

impl Plugged {
    /// Where its files are.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    /// The power goes after so many more writes and flushes.
    pub(crate) fn cut_after(&self, steps: usize) {
        self.shared.state.lock().unwrap().steps = Some(steps);
    }

    /// Cuts the power now, unless it is cut already.
    pub(crate) fn cut(&self) {
        self.shared.state.lock().unwrap().on = false;
    }

    /// Waits until the power is cut. It is cut anyway after a while, if nothing is written any more.
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
                    // Whoever still has it open must not keep it here.
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

/// What is known of a disk that is mounted, and who waits for its power to go.
struct Shared {
    state: Mutex<State>,
    cut: Condvar,
}

struct State {
    on: bool,
    flush: Flush,
    /// What outlives a cut.
    kept: Vec<u8>,
    /// What is read.
    seen: Vec<u8>,
    /// The difference, in the order in which it was written.
    unflushed: Vec<(usize, Vec<u8>)>,
    /// Writes and flushes until the power goes.
    steps: Option<usize>,
}

impl Shared {
    /// What a write or a flush does, if there is still power for it.
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
