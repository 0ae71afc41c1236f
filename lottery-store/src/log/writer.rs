//! Writing of frames: one at a time, durable before the next.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use lottery_core::store::{Group, Saved, StoreError};

use super::ahead::{AHEAD, Ahead, Sizes, is_roomy, make};
use super::directory::Directory;
use super::frame::{Content, LotteryId};
use super::place::Place;
use super::recovery::{Found, clear_used};
use super::segment::{self, HEAD, Head};
use super::state::State;
use super::window::Window;
use crate::disk::{Disk, is_no_room};

/// Name of a segment until its head and first frame are durable.
const NEXT: &str = "next.part";
/// Capacity of the buffer that is kept for the next frame, in bytes.
const KEPT: usize = 4 << 20;

/// Writer at the end of a log.
#[derive(Debug)]
pub(super) struct Writer {
    directory: Arc<dyn Directory>,
    sizes: Sizes,
    head: Head,
    disk: Arc<dyn Disk>,
    /// Zeros that the segment began with, in bytes.
    zeros: u64,
    ahead: Ahead,
    buffer: Vec<u8>,
}

/// Failure of a write.
enum Failure {
    /// There is no room, and nothing of the group is in the log.
    Full(io::Error),
    /// It is unknown what is in the log.
    Failed(io::Error),
}

impl Failure {
    fn at(self, place: String) -> StoreError {
        match self {
            Self::Full(cause) => StoreError::Full { place, cause: cause.to_string() },
            Self::Failed(cause) => StoreError::Failed { place, cause: cause.to_string() },
        }
    }

    /// Adds the size of a segment of one group, if that is over a limit of file sizes.
    fn of_segment(self, size: usize) -> Self {
        match self {
            Self::Full(error) if error.kind() == ErrorKind::FileTooLarge => {
                let cause = format!(
                    "{error}: the limit of file sizes is below {size} bytes, a segment with this group"
                );
                Self::Full(io::Error::new(ErrorKind::FileTooLarge, cause))
            }
            failure => failure,
        }
    }

    /// Returns the failure of a change that had no effect on the log if there was no room for it.
    fn of(error: io::Error) -> Self {
        if is_no_room(&error) { Self::Full(error) } else { Self::Failed(error) }
    }
}

impl Writer {
    /// Begins a log with a first, empty group.
    pub(super) fn begin(directory: &Arc<dyn Directory>, sizes: Sizes) -> Result<(Self, State), StoreError> {
        let place = directory.place(&segment::name(1));
        let failed = |error: io::Error| Failure::Failed(error).at(place.clone());
        let id = directory.random().map_err(failed)?;
        let head = Head { id, segment: 1, first_group: 1 };
        let mut state = State::default();
        let mut buffer = Vec::new();
        let at = Place { segment: 1, offset: HEAD as u64 };
        content(&state, Some(&state.saved), &Group::default(), at).encode(&id, &mut buffer);
        let mut zeros = if is_roomy(&**directory, sizes.first) { sizes.first } else { 0 };
        let mut made = make(&**directory, NEXT, zeros);
        if made.as_ref().is_err_and(is_no_room) {
            // Under a quota, or a limit of file sizes.
            zeros = 0;
            made = make(&**directory, NEXT, zeros);
        }
        let disk = made.map_err(failed)?;
        let disk = put(&**directory, head, &disk, NEXT, &buffer).map_err(|failure| failure.at(place))?;
        state.wrote(&Group::default(), at, Place { offset: at.offset + buffer.len() as u64, ..at });
        let directory = Arc::clone(directory);
        Ok((Self { directory, sizes, head, disk, zeros, ahead: Ahead::default(), buffer }, state))
    }

    /// Goes on with a log that was found, and settled.
    pub(super) fn resume(directory: &Arc<dyn Directory>, sizes: Sizes, found: &Found) -> Self {
        Self {
            directory: Arc::clone(directory),
            sizes,
            head: found.head,
            disk: Arc::clone(&found.disk),
            zeros: found.disk.size().unwrap_or(0),
            ahead: Ahead::default(),
            buffer: Vec::new(),
        }
    }

    pub(super) fn id(&self) -> LotteryId {
        self.head.id
    }

    /// Returns the last segment.
    pub(super) fn last(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Returns the path of the last segment, for messages.
    pub(super) fn last_place(&self) -> String {
        self.directory.place(&segment::name(self.head.segment))
    }

    /// Writes a group, and makes it durable. Returns its place and the one behind it.
    ///
    /// # Errors
    ///
    /// After [`StoreError::Full`] nothing of it is in the log. After [`StoreError::Failed`] it is unknown.
    pub(super) fn append(&mut self, state: &State, group: &Group) -> Result<(Place, Place), StoreError> {
        let at = state.end;
        let fits = content(state, None, group, at).encode(&self.head.id, &mut self.buffer);
        let end = at.offset + self.buffer.len() as u64;
        let full = end > self.sizes.most || end > self.zeros && self.ahead.is_ready();
        let (at, written) = match (fits, full) {
            (false, _) => (at, Err(too_large())),
            (true, true) => self.append_to_next(state, group),
            (true, false) => match self.write(at.offset) {
                // Segments are as long as a limit of file sizes lets them be.
                Err(Failure::Full(error)) if error.kind() == ErrorKind::FileTooLarge => {
                    self.append_to_next(state, group)
                }
                written => (at, written),
            },
        };
        written.map_err(|failure| failure.at(self.directory.place(&segment::name(at.segment))))?;
        let end = at.offset + self.buffer.len() as u64;
        self.buffer.shrink_to(KEPT);
        let frames = state.groups.saturating_add(2) - self.head.first_group;
        self.ahead.prepare(&self.directory, self.sizes, (end, frames, self.zeros));
        Ok((at, Place { offset: end, ..at }))
    }

    /// Writes a group as the first of the next segment. Returns its place.
    fn append_to_next(&mut self, state: &State, group: &Group) -> (Place, Result<(), Failure>) {
        let at = Place { segment: state.end.segment + 1, offset: HEAD as u64 };
        let saved = state.saved_after(group);
        if !content(state, Some(&saved), group, at).encode(&self.head.id, &mut self.buffer) {
            return (at, Err(too_large()));
        }
        let begun = self.begin_segment(state.groups.saturating_add(1));
        (at, begun.map_err(|failure| failure.of_segment(HEAD + self.buffer.len())))
    }

    /// Writes the frame in the buffer at the end of the segment, and syncs it.
    fn write(&self, offset: u64) -> Result<(), Failure> {
        let before = self.disk.size().map_err(Failure::Failed)?;
        if let Err(error) = self.disk.write(offset, &self.buffer) {
            if !is_no_room(&error) {
                return Err(Failure::Failed(error));
            }
            self.cut_back(offset, before).map_err(Failure::Failed)?;
            return Err(Failure::Full(error));
        }
        self.disk.sync().map_err(Failure::Failed)
    }

    /// Takes back a frame that was written in part, durably: the next one may be in another segment.
    fn cut_back(&self, offset: u64, size: u64) -> io::Result<()> {
        if self.disk.size()? > size {
            self.disk.set_len(size)?;
        }
        // Only what was written: beyond a limit of file sizes not even zeros can be.
        let mut window = Window::new(Arc::clone(&self.disk), size.min(offset + self.buffer.len() as u64));
        clear_used(&mut window, offset)?;
        self.disk.sync()
    }

    /// Begins the next segment with the frame in the buffer.
    fn begin_segment(&mut self, first_group: u64) -> Result<(), Failure> {
        let head = Head { segment: self.head.segment + 1, first_group, ..self.head };
        let directory = &*self.directory;
        let ahead = self.ahead.take().and_then(|zeros| Some((AHEAD, directory.open(AHEAD).ok()?, zeros)));
        let opened = match ahead {
            Some(ahead) => Ok(ahead),
            None => directory.create(NEXT).map(|disk| (NEXT, disk, 0)),
        };
        let (name, disk, zeros) = opened.map_err(Failure::of)?;
        let put = put(directory, head, &disk, name, &self.buffer);
        match put {
            Ok(disk) => {
                (self.head, self.disk, self.zeros) = (head, disk, zeros);
                directory.keep_descriptors();
            }
            Err(failure) => {
                if let Failure::Full(_) = failure {
                    // One that stays is emptied before it is used.
                    let _ = directory.remove(name);
                }
                return Err(failure);
            }
        }
        Ok(())
    }
}

fn too_large() -> Failure {
    Failure::Full(io::Error::other("a group of over 1 GiB"))
}

/// Returns the frame of a group after a state, at a place: a checkpoint if `saved` is the state after it.
fn content<'a>(state: &State, saved: Option<&'a Saved>, group: &'a Group, at: Place) -> Content<'a> {
    Content {
        group: state.groups.saturating_add(1),
        rows_before: state.rows_len,
        checkpoint: saved.is_some(),
        agencies: saved.map_or(&group.agencies, |saved| &saved.agencies),
        rules: saved.map_or(group.rules, |saved| saved.rules),
        draw: saved.map_or(&group.draw, |saved| &saved.draw).as_ref(),
        winners_at: state.winners_after(group, at),
        winners: group.winners.as_ref(),
        batches: &group.batches,
    }
}

/// Writes head and first frame of a segment, makes them durable, and only then gives it its name, durably.
/// Returns the file under that name.
fn put(
    directory: &dyn Directory,
    head: Head,
    disk: &Arc<dyn Disk>,
    name: &str,
    frame: &[u8],
) -> Result<Arc<dyn Disk>, Failure> {
    let number = segment::name(head.segment);
    let written = disk.write(0, &head.encode()).and_then(|()| disk.write(HEAD as u64, frame));
    written.map_err(Failure::of)?;
    disk.sync().map_err(Failure::Failed)?;
    directory.rename(name, &number).map_err(Failure::of)?;
    directory.sync().map_err(Failure::Failed)?;
    directory.open(&number).map_err(Failure::Failed)
}

/// Removes what an earlier process has left unfinished.
pub(super) fn remove_unfinished(directory: &dyn Directory) -> io::Result<()> {
    directory.remove(NEXT)?;
    directory.remove(AHEAD)
}
