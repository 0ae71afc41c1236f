//! Finding of the end of a log, and what has to be written again before anything is built on it.
//!
//! One frame is written at a time, and the next one only when it is durable. So only the last frame may not be
//! durable, and a frame that is broken is the end: it was never acknowledged. If a whole frame follows it, the
//! broken one was durable once, and the log is damaged.
//!
//! A segment is renamed to its name only when its head and its first frame are durable. That frame is a
//! checkpoint, so a start reads the frames of the last segment alone.

use std::io;
use std::sync::Arc;

use super::broken::Broken;
use super::directory::Directory;
use super::frame::{BLOCK, Frame, LotteryId};
use super::place::Place;
use super::segment::{self, HEAD, Head};
use super::state::State;
use super::window::{Blocks, Window};
use crate::disk::Disk;

/// Log as it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) state: State,
    /// Head of the last segment.
    pub(super) head: Head,
    pub(super) disk: Arc<dyn Disk>,
    /// Offset of the last frame in the last segment.
    last: u64,
}

/// Reads the end of a log, and changes nothing. Returns `None` if there is none.
pub(super) fn find(directory: &dyn Directory) -> Result<Option<Found>, Broken> {
    let names = directory.names().map_err(|error| Broken::at(directory, "", &error))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| segment::number(name)).collect();
    numbers.sort_unstable();
    let mut last: Option<(Head, Arc<dyn Disk>)> = None;
    for (expected, number) in (1..).zip(&numbers) {
        if *number != expected {
            let cause = format!("missing, and there is {}", segment::name(*number));
            return Err(Broken::damage(directory, &segment::name(expected), &cause));
        }
        let (head, disk) = open(directory, *number)?;
        let fits = match &last {
            Some((before, _)) => head.id == before.id && head.first_group > before.first_group,
            None => head.first_group == 1,
        };
        if !fits {
            let cause = "offset 16: it does not follow the segment before, expected one of the same log";
            return Err(Broken::damage(directory, &segment::name(*number), &cause));
        }
        last = Some((head, disk));
    }
    let Some((head, disk)) = last else { return Ok(None) };
    scan(directory, head, disk).map(Some)
}

/// Opens a segment and reads its head.
pub(super) fn open(directory: &dyn Directory, number: u64) -> Result<(Head, Arc<dyn Disk>), Broken> {
    let name = segment::name(number);
    let broken = |error: io::Error| Broken::at(directory, &name, &error);
    let damaged = |cause: &dyn std::fmt::Display| Broken::damage(directory, &name, cause);
    let disk = directory.open(&name).map_err(broken)?;
    let size = disk.size().map_err(broken)?;
    if size < HEAD as u64 {
        return Err(damaged(&format!("damaged: {size} bytes, expected a head of {HEAD} bytes")));
    }
    let mut bytes = [0; HEAD];
    disk.read(0, &mut bytes).map_err(broken)?;
    let head = Head::read(&bytes).map_err(|cause| damaged(&cause))?;
    if head.segment != number {
        return Err(damaged(&format!("offset 32: it is segment {}, expected {number}", head.segment)));
    }
    Ok((head, disk))
}

/// Returns the bytes of the rows before a segment, as its first frame says. The frame is not checked.
pub(super) fn rows_before(directory: &dyn Directory, number: u64) -> Result<u64, Broken> {
    let (_, disk) = open(directory, number)?;
    let mut beginning = [0; 24];
    let read = disk.read(HEAD as u64, &mut beginning);
    read.map_err(|error| Broken::at(directory, &segment::name(number), &error))?;
    Ok(u64::from_le_bytes(std::array::from_fn(|nth| beginning[16 + nth])))
}

/// Reads all frames of the last segment.
fn scan(directory: &dyn Directory, head: Head, disk: Arc<dyn Disk>) -> Result<Found, Broken> {
    let name = segment::name(head.segment);
    let broken = |error: io::Error| Broken::at(directory, &name, &error);
    let damaged = |cause: &dyn std::fmt::Display| Broken::damage(directory, &name, cause);
    let size = disk.size().map_err(broken)?;
    let mut window = Window::new(Arc::clone(&disk), size);
    let mut state = State { groups: head.first_group - 1, ..State::default() };
    let (mut last, mut offset) = (0, HEAD as u64);
    loop {
        let frame = match window.blocks(offset, &head.id).map_err(broken)? {
            Blocks::Frame(beginning, frame) if beginning.group == state.groups.saturating_add(1) => frame,
            _ => break,
        };
        let padded = frame.len() as u64;
        let Some(frame) = Frame::read(frame).filter(|frame| frame.checkpoint == (last == 0)) else {
            return Err(damaged(&format!("offset {offset}: a frame that this version cannot read")));
        };
        if last > 0 && frame.rows_before != state.rows_len {
            return Err(damaged(&format!("offset {offset}: the rows before the frame are not all there")));
        }
        let at = |offset| Place { segment: head.segment, offset };
        state.read(frame, at(offset), at(offset + padded));
        (last, offset) = (offset, offset + padded);
    }
    if last == 0 {
        return Err(damaged(&format!("offset {offset}: damaged: no whole frame where the first must be")));
    }
    if let Some(later) = whole_frame(&mut window, offset, &head.id).map_err(broken)? {
        let cause = format!("offset {offset}: damaged: no whole frame, and one follows at offset {later}");
        return Err(damaged(&cause));
    }
    Ok(Found { state, head, disk, last })
}

/// Returns the offset of the first whole frame from `offset` on, if there is one.
fn whole_frame(window: &mut Window, offset: u64, id: &LotteryId) -> io::Result<Option<u64>> {
    for offset in (offset..window.limit()).step_by(BLOCK) {
        if let Blocks::Frame(..) = window.blocks(offset, id)? {
            return Ok(Some(offset));
        }
    }
    Ok(None)
}

impl Found {
    /// Writes the last frame again, and zeros over the rest of one that was begun behind it, and syncs both, and
    /// the segment's name.
    ///
    /// After a failed sync, what did not reach the disk may still be read from the system's cache, and look
    /// sound. A power cut meanwhile does no harm: the same bytes are written, to what may not be durable.
    pub(super) fn settle(&self, directory: &dyn Directory) -> Result<(), Broken> {
        let settled = || -> io::Result<()> {
            let size = self.disk.size()?;
            let mut window = Window::new(Arc::clone(&self.disk), size);
            let end = self.state.end.offset;
            let len = usize::try_from(end - self.last).map_err(io::Error::other)?;
            let frame = window.get(self.last, len)?.to_vec();
            self.disk.write(self.last, &frame)?;
            clear_used(&mut window, end)?;
            self.disk.sync()?;
            directory.sync()
        };
        settled().map_err(|error| Broken::at(directory, &segment::name(self.head.segment), &error))
    }
}

/// Writes zeros over what is not zero from `offset` on, up to the window's limit.
pub(super) fn clear_used(window: &mut Window, offset: u64) -> io::Result<()> {
    let disk = Arc::clone(window.disk());
    let mut at = offset;
    while at < window.limit() {
        let block = window.get(at, BLOCK)?;
        let (len, used) = (block.len(), block.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        if used > 0 {
            disk.write(at, &[0; BLOCK][..used])?;
        }
        at += len as u64;
    }
    Ok(())
}
