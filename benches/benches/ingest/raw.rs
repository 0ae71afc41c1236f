//! Groups stored as they came: the least that makes them durable.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use crate::sink::Keep;

/// Size of a segment of zeros in bytes, as the log has it.
const SEGMENT: usize = 32 * 1024 * 1024;
/// Number of segments that are ready or being made.
const READY: usize = 1;

/// File that groups are appended to. Each sync makes its new size durable as well.
#[derive(Debug)]
pub(crate) struct Append(File);

impl Append {
    /// Creates a new file in that directory.
    pub(crate) fn new(dir: &Path) -> Self {
        Self(File::create(dir.join("log")).expect("a new file"))
    }
}

impl Keep for Append {
    fn keep(&mut self, group: &[u8]) {
        self.0.write_all(group).expect("the disk works");
        self.0.sync_data().expect("the disk works");
    }
}

/// Files full of zeros, made ahead by a thread, that groups are written over: a sync has data alone to make durable.
#[derive(Debug)]
pub(crate) struct Zeroed {
    segment: File,
    /// Number of bytes of the segment that are used.
    used: usize,
    made: Receiver<File>,
}

impl Zeroed {
    /// Makes the first files in that directory.
    pub(crate) fn new(dir: &Path) -> Self {
        let (sender, made) = sync_channel(READY);
        let dir = dir.to_path_buf();
        thread::spawn(move || {
            (1..).try_for_each(|number| sender.send(zeros(&dir, number).expect("the disk works")))
        });
        let segment = made.recv().expect("the thread works");
        Self { segment, used: 0, made }
    }
}

impl Keep for Zeroed {
    fn keep(&mut self, group: &[u8]) {
        if self.used + group.len() > SEGMENT {
            self.segment = self.made.recv().expect("the thread works");
            self.used = 0;
        }
        self.segment.write_all_at(group, self.used as u64).expect("the disk works");
        self.segment.sync_data().expect("the disk works");
        self.used += group.len();
    }
}

/// Makes a durable file of zeros.
fn zeros(dir: &Path, number: u64) -> io::Result<File> {
    let path: PathBuf = dir.join(format!("{number}.zeros"));
    let mut file = File::create(path)?;
    let piece = vec![0; 1024 * 1024];
    for _ in 0..SEGMENT / piece.len() {
        file.write_all(&piece)?;
    }
    file.sync_all()?;
    Ok(file)
}
