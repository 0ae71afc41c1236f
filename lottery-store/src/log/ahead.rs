//! Segments made ahead, full of zeros: a frame written over zeros needs no new blocks, so that its sync is one
//! write, not two.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::directory::Directory;
use crate::disk::Disk;

/// Name of a file that is being made ahead.
pub(super) const AHEAD: &str = "ahead.part";
/// Average size of a frame, in bytes, from which on zeros do not pay: writing them costs more than they save.
const LARGE: u64 = 64 * 1024;

/// Share of the room of a disk that zeros may take: a fourth.
const SPARE: u64 = 4;

/// Sizes of segments, and of what a start compares, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Zeros of the first segment. Each further one has four times as many.
    pub first: u64,
    /// Size at which the next segment is begun, at the latest. No segment has more zeros.
    pub most: u64,
    /// Bytes at the end of `bets.csv` that a start compares with the log before the store is used, at least. The rest is
    /// compared afterwards.
    pub compared: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { first: 1 << 20, most: 32 << 20, compared: 8 << 20 }
    }
}

/// The next segment: not made, being made, or ready under the name [`AHEAD`].
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Zeros of the file that is ready.
    ready: Arc<Mutex<Option<u64>>>,
    making: Option<JoinHandle<()>>,
    /// True if there was an attempt for this segment.
    tried: bool,
}

impl Ahead {
    /// Makes the next segment, if a quarter of this one is used and zeros pay. `used` are its bytes so far, of
    /// `frames` frames, and `zeros` what it began with.
    pub(super) fn prepare(
        &mut self,
        directory: &Arc<dyn Directory>,
        sizes: Sizes,
        (used, frames, zeros): (u64, u64, u64),
    ) {
        if self.tried || used < zeros / 4 || used / frames.max(1) >= LARGE {
            return;
        }
        self.tried = true;
        let size = (zeros.max(sizes.first) * 4).min(sizes.most);
        let (ready, place) = (Arc::clone(&self.ready), Arc::clone(directory));
        self.making = directory.start(Box::new(move || {
            if !is_roomy(&*place, size) {
                return;
            }
            if make(&*place, AHEAD, size).is_ok() {
                *ready.lock().unwrap_or_else(PoisonError::into_inner) = Some(size);
            } else {
                let _ = place.remove(AHEAD);
            }
        }));
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Takes the file that is ready, and returns its zeros. One that is being made is left for the next segment.
    pub(super) fn take(&mut self) -> Option<u64> {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner).take();
        if ready.is_some() || self.making.as_ref().is_none_or(JoinHandle::is_finished) {
            self.finish();
        }
        ready
    }

    /// Waits for the file that is being made.
    fn finish(&mut self) {
        if let Some(making) = self.making.take() {
            // A panic in it would leave no file, which the next segment does without.
            let _ = making.join();
        }
        self.tried = false;
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.finish();
    }
}

/// True if so many zeros do not take the room of what counts.
pub(super) fn is_roomy(directory: &dyn Directory, size: u64) -> bool {
    directory.room().is_ok_and(|room| room / SPARE >= size)
}

/// Makes a file of zeros, durable apart from its name.
pub(super) fn make(directory: &dyn Directory, name: &str, size: u64) -> io::Result<Arc<dyn Disk>> {
    let disk = directory.create(name)?;
    let zeros = vec![0; 64 * 1024];
    let mut at = 0;
    while at < size {
        let len = usize::try_from(size - at).map_or(zeros.len(), |rest| rest.min(zeros.len()));
        disk.write(at, &zeros[..len])?;
        at += len as u64;
    }
    disk.sync()?;
    Ok(disk)
}
