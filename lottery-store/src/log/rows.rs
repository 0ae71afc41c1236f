//! Rows of a log for `bets.csv`, read on from where they were read last.

use std::io;
use std::ops::ControlFlow;

use super::broken::Broken;
use super::place::Place;
use super::reader::{Reader, START};
use super::segment::HEAD;
use super::snapshots::Published;
use crate::compare::{Rows, Spot};

/// Durable rows of a log.
#[derive(Debug)]
pub(super) struct LogRows {
    published: Published,
    /// Place behind the last rows passed, and the reader that goes on there: a new one for each group would open
    /// the segment and read its head each time.
    last: Option<(u64, Reader)>,
}

impl LogRows {
    pub(super) fn new(published: &Published) -> Self {
        Self { published: published.clone(), last: None }
    }

    /// Returns their length in bytes; `None` once the store has ended.
    pub(super) fn len(&self) -> Option<u64> {
        self.published.rows_len()
    }

    /// Notes the length of the rows in `bets.csv`, in bytes.
    pub(super) fn followed(&self, len: u64) {
        self.published.followed(len);
    }

    fn end(&self) -> io::Result<Place> {
        self.published.end_place().ok_or_else(|| io::Error::other("the store has ended"))
    }

    /// Does what [`Rows::visit`] does, up to a place.
    fn read(
        &mut self,
        from: u64,
        end: Place,
        visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), Broken> {
        let mut reader = match self.last.take() {
            Some((last, mut reader)) if last == from => {
                reader.extend(end)?;
                reader
            }
            _ => self.published.reader(Place::unpack(from), end),
        };
        let mut last = from;
        reader.read(|frame, _, next| {
            if frame.rows.is_empty() {
                return ControlFlow::Continue(());
            }
            last = next.pack();
            visit(last, frame.rows)
        })?;
        self.last = Some((last, reader));
        Ok(())
    }

    /// Returns the beginning of the last segment with no more than `at` bytes of rows before it.
    fn segment_before(&self, at: u64, end: Place) -> Result<Spot, Broken> {
        let mut found = Spot { next: START.pack(), len: 0 };
        let (mut low, mut high) = (START.segment, end.segment);
        while low < high {
            let segment = high - (high - low) / 2;
            let len = self.published.rows_before(segment)?;
            if len <= at {
                found = Spot { next: Place { segment, offset: HEAD as u64 }.pack(), len };
                low = segment;
            } else {
                high = segment - 1;
            }
        }
        Ok(found)
    }
}

impl Rows for LogRows {
    fn visit(&mut self, from: u64, visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>) -> io::Result<()> {
        let end = self.end()?;
        Ok(self.read(from, end, visit).map_err(|broken| self.published.read_failed(broken))?)
    }

    fn before(&self, at: u64) -> io::Result<Spot> {
        let end = self.end()?;
        Ok(self.segment_before(at, end).map_err(|broken| self.published.read_failed(broken))?)
    }
}
