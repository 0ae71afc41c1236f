//! Window on a segment: a part of the file in memory, read ahead.

use std::io;
use std::sync::Arc;

use super::frame::{BLOCK, Beginning, LotteryId};
use crate::disk::Disk;

/// Number of bytes that are read at a time, unless a frame is longer.
pub(super) const AHEAD: usize = 256 * 1024;

/// Part of a segment. What it has read must not change any more.
#[derive(Debug)]
pub(super) struct Window {
    disk: Arc<dyn Disk>,
    /// Offset of the first byte in memory.
    start: u64,
    bytes: Vec<u8>,
    /// Offset behind the last byte that may be read.
    limit: u64,
}

/// Blocks at an offset.
#[derive(Debug)]
pub(super) enum Blocks<'a> {
    /// A frame, with its padding, whose checksum is right.
    Frame(Beginning, &'a [u8]),
    /// Something else.
    Other,
    /// Nothing: the limit.
    End,
}

impl Window {
    pub(super) fn new(disk: Arc<dyn Disk>, limit: u64) -> Self {
        Self { disk, start: 0, bytes: Vec::new(), limit }
    }

    pub(super) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Moves the limit.
    pub(super) fn extend(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// Returns up to `len` bytes at an offset, fewer only at the limit.
    pub(super) fn get(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let end = self.limit.min(offset + len as u64);
        if offset < self.start || end > self.start + self.bytes.len() as u64 {
            let until = self.limit.min(end.max(offset + AHEAD as u64));
            let size = usize::try_from(until.saturating_sub(offset)).map_err(io::Error::other)?;
            self.start = offset;
            // Bytes read before do not count, in case that reading fails.
            self.bytes.clear();
            let mut bytes = std::mem::take(&mut self.bytes);
            bytes.resize(size, 0);
            self.disk.read(offset, &mut bytes)?;
            self.bytes = bytes;
        }
        let from = usize::try_from(offset - self.start).map_err(io::Error::other)?;
        let to = usize::try_from(end.max(offset) - self.start).map_err(io::Error::other)?;
        Ok(&self.bytes[from..to])
    }

    /// Returns the blocks at an offset.
    pub(super) fn blocks(&mut self, offset: u64, id: &LotteryId) -> io::Result<Blocks<'_>> {
        if offset >= self.limit {
            return Ok(Blocks::End);
        }
        let block = self.get(offset, BLOCK)?;
        let beginning = if block.len() == BLOCK { Beginning::read(block) } else { None };
        let Some(beginning) = beginning.filter(|found| found.padded() as u64 <= self.limit - offset) else {
            return Ok(Blocks::Other);
        };
        let padded = self.get(offset, beginning.padded())?;
        Ok(if beginning.is_whole(id, padded) { Blocks::Frame(beginning, padded) } else { Blocks::Other })
    }

    /// Returns the offset behind the last byte from `offset` on that is not zero; `None` if all are.
    pub(super) fn used(&mut self, offset: u64) -> io::Result<Option<u64>> {
        let (mut at, mut used) = (offset, None);
        while at < self.limit {
            let chunk = self.get(at, BLOCK)?;
            if let Some(last) = chunk.iter().rposition(|byte| *byte != 0) {
                used = Some(at + last as u64 + 1);
            }
            at += chunk.len() as u64;
        }
        Ok(used)
    }
}
