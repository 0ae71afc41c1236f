//! One direction of a connection: bytes on the way, in order, each with the time at which it arrives.

use std::collections::VecDeque;

use lottery_proto::Instant;
use lottery_testkit::Rng;

/// End of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The writer has ended its side.
    Eof,
    /// The connection is gone.
    Reset,
}

/// Readable part of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readable {
    /// Number of bytes that could be read.
    Bytes(usize),
    /// Nothing more will come.
    End(End),
}

/// Bytes that are on the way.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    pieces: VecDeque<(Instant, Vec<u8>)>,
    /// Number of bytes of the first piece that are read.
    read: usize,
    size: usize,
    end: Option<(Instant, End)>,
    end_read: bool,
}

impl Pipe {
    pub(crate) fn room(&self, capacity: usize) -> usize {
        if self.end.is_some() { 0 } else { capacity.saturating_sub(self.size) }
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.end.is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Returns the number of bytes in it.
    pub(crate) fn len(&self) -> usize {
        self.size
    }

    /// Returns the number of bytes that have not arrived at `now`.
    pub(crate) fn on_its_way(&self, now: Instant) -> usize {
        self.pieces.iter().filter(|(at, _)| *at > now).map(|(_, piece)| piece.len()).sum()
    }

    /// Adds bytes that arrive at `at`, but not before those that are on the way.
    pub(crate) fn put(&mut self, at: Instant, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let at = self.pieces.back().map_or(at, |(last, _)| at.max(*last));
        self.pieces.push_back((at, bytes.to_vec()));
        self.size += bytes.len();
    }

    /// Ends the direction behind the bytes that are on the way.
    pub(crate) fn end(&mut self, at: Instant, end: End) {
        let at = self.pieces.back().map_or(at, |(last, _)| at.max(*last));
        if !matches!(self.end, Some((_, End::Reset))) {
            self.end = Some((at, end));
            self.end_read = false;
        }
    }

    /// Drops a random end of the bytes that are on the way.
    pub(crate) fn truncate(&mut self, rng: &mut Rng) {
        let mut keep = self.read + rng.index(self.size + 1);
        for (_, piece) in &mut self.pieces {
            piece.truncate(keep);
            keep -= piece.len();
        }
        while self.pieces.back().is_some_and(|(_, piece)| piece.is_empty()) {
            self.pieces.pop_back();
        }
        if self.pieces.front().is_some_and(|(_, piece)| piece.len() == self.read) {
            self.pieces.pop_front();
        }
        if self.pieces.is_empty() {
            self.read = 0;
        }
        self.size = self.pieces.iter().map(|(_, piece)| piece.len()).sum::<usize>() - self.read;
    }

    pub(crate) fn clear(&mut self) {
        (self.read, self.size) = (0, 0);
        self.pieces.clear();
    }

    /// Returns what there is to read at `now`.
    pub(crate) fn peek(&self, now: Instant) -> Option<Readable> {
        match (self.pieces.front(), self.end) {
            (Some((at, piece)), _) if *at <= now => Some(Readable::Bytes(piece.len() - self.read)),
            (None, Some((at, end))) if at <= now && !self.end_read => Some(Readable::End(end)),
            _ => None,
        }
    }

    /// Reads as many bytes as fit, of those that [`Pipe::peek`] has found, and returns their number.
    pub(crate) fn take(&mut self, out: &mut [u8]) -> usize {
        let Some((_, piece)) = self.pieces.front() else { return 0 };
        let rest = &piece[self.read..];
        let n = rest.len().min(out.len());
        out[..n].copy_from_slice(&rest[..n]);
        self.read += n;
        self.size -= n;
        if self.read == piece.len() {
            self.read = 0;
            self.pieces.pop_front();
        }
        n
    }

    /// Marks the end as read.
    pub(crate) fn end_was_read(&mut self) {
        self.end_read = true;
    }

    /// Returns the time at which something arrives.
    pub(crate) fn next(&self) -> Option<Instant> {
        match (self.pieces.front(), self.end) {
            (Some((at, _)), _) => Some(*at),
            (None, Some((at, _))) if !self.end_read => Some(at),
            _ => None,
        }
    }
}
