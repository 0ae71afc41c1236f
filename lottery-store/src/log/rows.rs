//! Rows of a log for `bets.csv`, read on from where they were read last.

use std::io;
use std::ops::ControlFlow;

use super::place::Place;
use super::reader::Reader;
use super::snapshots::Published;
use crate::compare::Rows;

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
}

impl Rows for LogRows {
    fn visit(&mut self, from: u64, visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>) -> io::Result<()> {
        let end = self.published.end_place().ok_or_else(|| io::Error::other("the store has ended"))?;
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
}
