//! Reading of durable frames, one after another, across segments.

use std::ops::ControlFlow;
use std::sync::Arc;

use lottery_core::store::WinnersPiece;

use super::broken::Broken;
use super::directory::Directory;
use super::frame::{Frame, LotteryId};
use super::place::Place;
use super::recovery;
use super::segment::{self, HEAD};
use super::window::{Blocks, Window};
use crate::disk::Disk;

/// Place of the first frame of a log.
pub(super) const START: Place = Place { segment: 1, offset: HEAD as u64 };

/// Reader of the frames from one place to another. Each is checked as it is read.
#[derive(Debug)]
pub(super) struct Reader {
    directory: Arc<dyn Directory>,
    id: LotteryId,
    /// Place of the next frame.
    at: Place,
    /// Place behind the last frame to read: all before it are durable.
    end: Place,
    /// Segment of the next frame.
    window: Option<Window>,
    /// Number of the last group read.
    group: Option<u64>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.window = None;
        self.directory.keep_descriptors();
    }
}

impl Reader {
    pub(super) fn new(directory: &Arc<dyn Directory>, id: LotteryId, from: Place, end: Place) -> Self {
        let at = from.max(START);
        Self { directory: Arc::clone(directory), id, at, end, window: None, group: None }
    }

    fn broken(&self, cause: &dyn std::fmt::Display) -> Broken {
        Broken::at(&*self.directory, &segment::name(self.at.segment), cause)
    }

    fn damaged(&self, cause: &dyn std::fmt::Display) -> Broken {
        Broken::damage(&*self.directory, &segment::name(self.at.segment), cause)
    }

    /// Opens the segment of the next frame. All segments but the last are complete.
    fn open(&mut self) -> Result<Window, Broken> {
        let (head, disk) = recovery::open(&*self.directory, self.at.segment)?;
        let follows = self.group.is_none_or(|group| head.first_group == group.saturating_add(1));
        if head.id != self.id || self.at.offset == HEAD as u64 && !follows {
            let cause = "offset 16: it does not follow the segment before, expected one of the same log";
            return Err(self.damaged(&cause));
        }
        let limit = self.limit(&*disk)?;
        Ok(Window::new(disk, limit))
    }

    /// Returns the offset behind the last byte to read in the segment of the next frame.
    fn limit(&self, disk: &dyn Disk) -> Result<u64, Broken> {
        let size = disk.size().map_err(|error| self.broken(&error))?;
        Ok(if self.at.segment == self.end.segment { size.min(self.end.offset) } else { size })
    }

    /// Goes on to another end: the log has grown.
    pub(super) fn extend(&mut self, end: Place) -> Result<(), Broken> {
        self.end = end;
        if let Some(mut window) = self.window.take() {
            window.extend(self.limit(&**window.disk())?);
            self.window = Some(window);
        }
        Ok(())
    }

    /// Passes the frames to `visit`, with their place and that of the next, until it breaks.
    pub(super) fn read(
        &mut self,
        mut visit: impl FnMut(&Frame<'_>, Place, Place) -> ControlFlow<()>,
    ) -> Result<(), Broken> {
        while self.at < self.end {
            let mut window = match self.window.take() {
                Some(window) => window,
                None => self.open()?,
            };
            let at = self.at;
            let blocks = window.blocks(at.offset, &self.id).map_err(|error| self.broken(&error))?;
            let Blocks::Frame(_, bytes) = blocks else {
                self.end_segment(&mut window)?;
                continue;
            };
            let next = Place { offset: at.offset + bytes.len() as u64, ..at };
            let follows =
                |frame: &Frame<'_>| self.group.is_none_or(|group| frame.group == group.saturating_add(1));
            let Some(frame) = Frame::read(bytes).filter(follows) else {
                let cause = format!("offset {}: a frame that does not belong there", at.offset);
                return Err(self.damaged(&cause));
            };
            let (group, flow) = (frame.group, visit(&frame, at, next));
            (self.group, self.at) = (Some(group), next);
            self.window = Some(window);
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Goes on to the next segment, if this one has nothing but zeros left and is not the last.
    fn end_segment(&mut self, window: &mut Window) -> Result<(), Broken> {
        let Place { segment, offset } = self.at;
        let used = window.used(offset).map_err(|error| self.broken(&error))?;
        if used.is_some() || segment >= self.end.segment {
            return Err(self.damaged(&format!("offset {offset}: damaged: no whole frame, and there was one")));
        }
        self.at = Place { segment: segment + 1, offset: HEAD as u64 };
        Ok(())
    }

    /// Passes the rows of the frames that have some to `visit`, with the place behind each, until it breaks.
    pub(super) fn rows(
        &mut self,
        visit: &mut dyn FnMut(Place, &str) -> ControlFlow<()>,
    ) -> Result<(), Broken> {
        let mut no_text = None;
        self.read(|frame, at, next| match str::from_utf8(frame.rows) {
            Ok("") => ControlFlow::Continue(()),
            Ok(rows) => visit(next, rows),
            Err(_) => {
                no_text = Some(at);
                ControlFlow::Break(())
            }
        })?;
        match no_text {
            Some(at) => Err(self.damaged(&format!("offset {}: the rows are no text", at.offset))),
            None => Ok(()),
        }
    }

    /// Returns a piece of winners, and the place of its frame, if there is one.
    pub(super) fn piece(
        &mut self,
        agency: u32,
        number: u64,
    ) -> Result<Option<(Place, WinnersPiece)>, Broken> {
        let mut found = None;
        self.read(|frame, at, _| {
            found = frame.piece(agency, number).map(|piece| (at, piece));
            if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found)
    }
}
