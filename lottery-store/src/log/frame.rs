//! Frame: one group as it stands in the log (`docs/log-format.md#frame`).
//!
//! A frame begins at a multiple of [`BLOCK`] and fills whole blocks, so that the next write never touches a
//! sector of a durable one. Its checksum covers the lottery's id, too: the frames of another log do not count,
//! and whoever chooses bets cannot make rows look like a frame.

use std::collections::BTreeMap;
use std::sync::Arc;

use lottery_core::store::{
    AgencyRecord, Draw, EncodedBatch, Rules, Saved, Winners, WinnersList, WinnersPiece,
};
use lottery_proto::ListSize;

use super::place::Place;

/// Unit of a frame's place and of its size with padding, in bytes.
pub(super) const BLOCK: usize = 4096;
/// Maximum length of a frame, in bytes.
pub(super) const MAX_LEN: usize = 1 << 30;
/// Length of the fixed beginning, in bytes.
const FIXED: usize = 40;
/// Length of an agency's record, in bytes.
const RECORD: usize = 17;
/// Length of a piece's entry, in bytes.
const ENTRY: usize = 16;

const CHECKPOINT: u32 = 1;
const RULES: u32 = 2;
const DRAW: u32 = 4;
const BEGINS: u32 = 8;

/// Random number of a log, in the head of each segment and in the checksum of each frame.
pub(super) type LotteryId = [u8; 16];

/// Content of a frame to write.
#[derive(Debug)]
pub(super) struct Content<'a> {
    /// Number of the group, from 1.
    pub(super) group: u64,
    /// Bytes of the rows of all groups before.
    pub(super) rows_before: u64,
    /// True if agencies, rules and draw are the whole state after the group, and not only what it changes: a
    /// reader needs no frame before.
    pub(super) checkpoint: bool,
    pub(super) agencies: &'a BTreeMap<u32, AgencyRecord>,
    pub(super) rules: Option<Rules>,
    pub(super) draw: Option<&'a Draw>,
    /// Place of the first frame with winners of the draw.
    pub(super) winners_at: Place,
    /// Winners in this frame.
    pub(super) winners: Option<&'a Winners>,
    /// Rows in this frame.
    pub(super) batches: &'a [Arc<EncodedBatch>],
}

impl Content<'_> {
    /// Writes the frame with its padding into `out`, instead of what is there. Returns false if the group is
    /// too large.
    pub(super) fn encode(&self, id: &LotteryId, out: &mut Vec<u8>) -> bool {
        let Self { checkpoint, agencies, rules, draw, winners, .. } = *self;
        let pieces = winners.map_or(&[][..], |winners| &winners.pieces);
        let rows: usize = self.batches.iter().map(|batch| batch.rows().len()).sum();
        let mut flags = 0;
        for (bit, set) in [
            (CHECKPOINT, checkpoint),
            (RULES, rules.is_some()),
            (DRAW, draw.is_some()),
            (BEGINS, winners.is_some_and(|winners| winners.begins)),
        ] {
            flags |= if set { bit } else { 0 };
        }
        out.clear();
        // Checksum and length are known at the end.
        out.extend([0; 8]);
        out.extend(self.group.to_le_bytes());
        out.extend(self.rows_before.to_le_bytes());
        out.extend(u32::to_le_bytes(flags));
        out.extend(count(agencies.len()));
        out.extend(count(pieces.len()));
        out.extend(count(rows));
        for (agency, AgencyRecord { stored, digest, finished }) in agencies {
            out.extend(agency.to_le_bytes());
            out.extend(stored.to_le_bytes());
            out.extend(digest.to_le_bytes());
            out.push(u8::from(*finished));
        }
        if let Some(Rules { agencies, winning_number }) = rules {
            out.extend(agencies.to_le_bytes());
            out.extend(winning_number.to_le_bytes());
        }
        if let Some(draw) = draw {
            self.push_draw(draw, out);
        }
        for piece in pieces {
            out.extend(piece.agency.to_le_bytes());
            out.extend(piece.number.to_le_bytes());
            out.extend(count(piece.documents.len()));
        }
        for piece in pieces {
            out.extend(piece.documents.as_bytes());
        }
        for batch in self.batches {
            out.extend_from_slice(batch.rows().as_bytes());
        }
        if out.len() > MAX_LEN {
            return false;
        }
        let len = count(out.len());
        out[4..8].copy_from_slice(&len);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
        let crc = checksum(id, out);
        out[..4].copy_from_slice(&crc.to_le_bytes());
        true
    }

    fn push_draw(&self, draw: &Draw, out: &mut Vec<u8>) {
        out.extend(draw.winning_number.to_le_bytes());
        out.extend(draw.agencies.to_le_bytes());
        out.extend(self.winners_at.segment.to_le_bytes());
        out.extend(self.winners_at.offset.to_le_bytes());
        out.extend(count(draw.winners.len()));
        for (agency, WinnersList { size, pieces }) in &draw.winners {
            out.extend(agency.to_le_bytes());
            for number in [size.documents, size.bytes, size.longest as u64, *pieces] {
                out.extend(number.to_le_bytes());
            }
        }
    }
}

/// Returns a number of entries or bytes. A frame with more than fit is over [`MAX_LEN`].
fn count(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

/// Returns the checksum of a frame with its padding, which has a block at least.
fn checksum(id: &LotteryId, padded: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(id), &padded[4..])
}

/// Beginning of what may be a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// Length without padding, in bytes.
    pub(super) len: usize,
    pub(super) group: u64,
}

impl Beginning {
    /// Reads the beginning of a block. Returns `None` if no frame begins so.
    pub(super) fn read(block: &[u8]) -> Option<Self> {
        let mut fields = Fields(block.get(4..16)?);
        let (len, group) = (usize::try_from(fields.u32()?).ok()?, fields.u64()?);
        (FIXED..=MAX_LEN).contains(&len).then_some(Self { len, group })
    }

    /// Returns the length with padding, in bytes.
    pub(super) fn padded(self) -> usize {
        self.len.next_multiple_of(BLOCK)
    }

    /// True if the checksum of the frame, with its padding, is right.
    pub(super) fn is_whole(self, id: &LotteryId, padded: &[u8]) -> bool {
        padded.len() == self.padded() && padded[..4] == checksum(id, padded).to_le_bytes()
    }
}

/// Frame whose checksum is right.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) group: u64,
    pub(super) rows_before: u64,
    /// True if `saved` is the whole state after the group.
    pub(super) checkpoint: bool,
    /// Changes of the group, or the whole state.
    pub(super) saved: Saved,
    /// Place of the first frame with winners of the draw, if there is one.
    pub(super) winners_at: Option<Place>,
    /// True if the pieces of a draw begin here: those before are void.
    pub(super) begins: bool,
    /// Rows of the group.
    pub(super) rows: &'a [u8],
    entries: &'a [u8],
    documents: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads a frame whose checksum was found right. Returns `None` if its parts do not fill its length: then
    /// something else has written it.
    pub(super) fn read(frame: &'a [u8]) -> Option<Self> {
        let len = Beginning::read(frame)?.len;
        let mut fields = Fields(frame.get(8..len)?);
        let (group, rows_before, flags) = (fields.u64()?, fields.u64()?, fields.u32()?);
        let [agencies, pieces, rows] = [fields.size()?, fields.size()?, fields.size()?];
        let mut saved = Saved::default();
        let mut records = Fields(fields.take(agencies.checked_mul(RECORD)?)?);
        for _ in 0..agencies {
            let agency = records.u32()?;
            let (stored, digest) = (records.u64()?, records.u32()?);
            let finished = match records.take(1)? {
                [0] => false,
                [1] => true,
                _ => return None,
            };
            saved.agencies.insert(agency, AgencyRecord { stored, digest, finished });
        }
        if flags & RULES != 0 {
            saved.rules = Some(Rules { agencies: fields.u32()?, winning_number: fields.u32()? });
        }
        let mut winners_at = None;
        if flags & DRAW != 0 {
            let (draw, place) = fields.draw()?;
            (saved.draw, winners_at) = (Some(draw), Some(place));
        }
        let entries = fields.take(pieces.checked_mul(ENTRY)?)?;
        let documents = fields.0.len().checked_sub(rows)?;
        let (documents, rows) = fields.0.split_at(documents);
        let (checkpoint, begins) = (flags & CHECKPOINT != 0, flags & BEGINS != 0);
        let frame =
            Self { group, rows_before, checkpoint, saved, winners_at, begins, rows, entries, documents };
        let filled: usize = frame.pieces().map(|(_, _, documents)| documents.map_or(0, <[u8]>::len)).sum();
        (flags < 2 * BEGINS && filled == frame.documents.len()).then_some(frame)
    }

    /// Returns the pieces of winners in the frame: agency, number, and documents.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (u32, u64, Option<&'a [u8]>)> {
        let mut rest = Fields(self.documents);
        self.entries.chunks_exact(ENTRY).map_while(move |entry| {
            let mut entry = Fields(entry);
            let (agency, number, len) = (entry.u32()?, entry.u64()?, entry.size()?);
            Some((agency, number, rest.take(len)))
        })
    }

    /// Returns a piece of winners, if it is in the frame.
    pub(super) fn piece(&self, agency: u32, number: u64) -> Option<WinnersPiece> {
        let found = self.pieces().find(|(of, nth, _)| (*of, *nth) == (agency, number));
        let documents = str::from_utf8(found?.2?).ok()?.to_owned();
        Some(WinnersPiece { agency, number, documents })
    }
}

/// Reader of little-endian numbers.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn size(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }

    fn draw(&mut self) -> Option<(Draw, Place)> {
        let (winning_number, agencies) = (self.u32()?, self.u32()?);
        let place = Place { segment: self.u64()?, offset: self.u64()? };
        let mut draw = Draw { winning_number, agencies, winners: [].into() };
        for _ in 0..self.u32()? {
            let agency = self.u32()?;
            let (documents, bytes) = (self.u64()?, self.u64()?);
            let longest = usize::try_from(self.u64()?).ok()?;
            let size = ListSize { documents, bytes, longest };
            draw.winners.insert(agency, WinnersList { size, pieces: self.u64()? });
        }
        Some((draw, place))
    }
}
