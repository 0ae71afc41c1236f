//! Comparison of `bets.csv` with the store. Nothing that the store lacks is ever cut or overwritten.
//!
//! The store is durable before a row is written to the file. So after any kill or power cut each byte of
//! the file is either the store's, or a NUL where the file system made room and lost the data. The last row
//! may also be torn. Any other content comes from somebody else.

use std::io;
use std::ops::ControlFlow;

use lottery_core::store::Difference;

use super::csv_row::MAX_ROW;
use super::disk::Disk;

const CHUNK: usize = 64 * 1024;
/// Bytes of a value that are compared at a time.
const COMPARED: usize = 16 * 1024;

/// Rows of a store, in values of whole rows.
pub(super) trait Rows {
    /// Passes the values from a place on to `visit`, each with the place behind it, until it breaks. The first
    /// is at 0.
    fn visit(&mut self, from: u64, visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>) -> io::Result<()>;

    /// Returns a spot with no more than `at` bytes before it, as near as it is known without reading all.
    fn before(&self, at: u64) -> io::Result<Spot>;
}

/// Beginning of a value of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spot {
    /// Place of the value.
    pub(super) next: u64,
    /// Bytes of the values before it.
    pub(super) len: u64,
}

/// Progress of a file that holds nothing that the store lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Equal {
    /// Place of the first value of the store that is missing from the file or incomplete in it.
    pub(super) next: u64,
    /// Offset in bytes at which that value begins.
    pub(super) len: u64,
    /// Offset in bytes of a torn last row, or of NULs behind all rows, which must be cut; else the length
    /// of the file.
    pub(super) end: u64,
    /// Number of NULs before `end`, which must be filled.
    pub(super) holes: u64,
}

/// Compares the file from a spot on with the store's rows. Without a store, only an empty file or NULs are equal to it.
pub(super) fn compare(
    file: &dyn Disk,
    store: Option<&mut dyn Rows>,
    from: Spot,
) -> io::Result<Result<Equal, Difference>> {
    compare_first(file, file.size()?, store, from)
}

/// Compares the first `size` bytes of the file, as [`compare`] does all of it.
pub(super) fn compare_first(
    file: &dyn Disk,
    size: u64,
    mut store: Option<&mut dyn Rows>,
    from: Spot,
) -> io::Result<Result<Equal, Difference>> {
    let Spot { next, len } = from;
    let equal = Equal { next, len, ..Equal::default() };
    let mut walk = Walk { file, size, buffer: Vec::new(), equal, at: len, row: len, stored: len };
    let mut found = Ok(None);
    if let Some(store) = &mut store {
        store.visit(next, &mut |next, rows| {
            found = walk.value(next, rows);
            if matches!(found, Ok(None)) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
    }
    // `from` is the row in which the file differs from the store, or the first one behind the store's last.
    let from = match found? {
        Some(from) => from,
        None if walk.at < size => walk.row,
        None => {
            walk.equal.end = size;
            return Ok(Ok(walk.equal));
        }
    };
    if walk.is_torn(from)? {
        walk.equal.end = from;
        return Ok(Ok(walk.equal));
    }
    let (same, rows) = (rows(file, from)?, rows(file, size)?);
    let (mut stored, mut stored_size) = (0, 0);
    if let Some(store) = store {
        store.visit(0, &mut |_, rows| {
            stored += line_ends(rows);
            stored_size += rows.len() as u64;
            ControlFlow::Continue(())
        })?;
    }
    Ok(Err(Difference { rows, size, stored, stored_size, same }))
}

/// Compares a value of the store, which begins at an offset in the file, with what is there, and writes it if
/// that has NULs in its place. Returns false if there is something else.
pub(super) fn compare_value(file: &dyn Disk, offset: u64, value: &[u8]) -> io::Result<bool> {
    let (mut buffer, mut holes) = ([0; COMPARED], false);
    for (at, part) in (offset..).step_by(COMPARED).zip(value.chunks(COMPARED)) {
        let there = &mut buffer[..part.len()];
        file.read(at, there)?;
        if there != part {
            if there.iter().zip(part).any(|(byte, stored)| byte != stored && *byte != 0) {
                return Ok(false);
            }
            holes = true;
        }
    }
    if holes {
        file.write(offset, value)?;
    }
    Ok(true)
}

/// Joint pass over the store's values and the file.
struct Walk<'a> {
    file: &'a dyn Disk,
    size: u64,
    buffer: Vec<u8>,
    equal: Equal,
    /// Number of bytes compared so far, of both.
    at: u64,
    /// Offset of the last row of which anything was compared.
    row: u64,
    /// Bytes of the store's values so far.
    stored: u64,
}

impl Walk<'_> {
    /// Compares a value of the store with the file. `next` is the place behind it. Returns the offset of the row in which they differ, if
    /// they do.
    fn value(&mut self, next: u64, rows: &[u8]) -> io::Result<Option<u64>> {
        let start = self.stored;
        self.stored += rows.len() as u64;
        let there = usize::try_from(self.size.saturating_sub(start))
            .map_or(rows.len(), |there| there.min(rows.len()));
        if there == 0 {
            return Ok(None);
        }
        self.buffer.resize(there, 0);
        self.file.read(start, &mut self.buffer)?;
        let (mut differs, mut holes) = (there, 0);
        if self.buffer != rows[..there] {
            let pairs = self.buffer.iter().zip(rows).enumerate();
            differs = pairs.clone().find(|(_, (a, b))| a != b && **a != 0).map_or(there, |(at, _)| at);
            holes = pairs.take(differs).filter(|(_, (byte, _))| **byte == 0).count() as u64;
        }
        // A value begins with a row.
        let row = rows[..differs].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        (self.at, self.row) = (start + differs as u64, start + row as u64);
        self.equal.holes += holes;
        if self.equal.holes == 0 && differs == rows.len() {
            self.equal.len = self.stored;
            self.equal.next = next;
        }
        Ok((differs < there).then_some(self.row))
    }

    /// True if only the beginning of one row, and NULs, follow `from`. Without rows in the store only NULs
    /// count as torn: no row of the file can be the server's.
    fn is_torn(&mut self, from: u64) -> io::Result<bool> {
        let len = usize::try_from(self.size - from).map_or(MAX_ROW, |len| len.min(MAX_ROW));
        let mut row = vec![0; len];
        self.file.read(from, &mut row)?;
        let end = row.iter().position(|byte| *byte == 0).unwrap_or(len);
        if !(end == 0 || self.stored > 0 && begins_a_row(&row[..end])) {
            return Ok(false);
        }
        let mut nothing = true;
        for_each_chunk(self.file, from + end as u64, self.size, |chunk| {
            nothing = chunk.iter().all(|byte| *byte == 0);
            nothing
        })?;
        Ok(nothing)
    }
}

/// True if this may be the beginning of a row: the number of an agency, optionally followed by a comma and
/// the rest of an unfinished line.
fn begins_a_row(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ended = text.contains(&b'\n') || text.len() == MAX_ROW;
    (1..=10).contains(&digits) && matches!(text.get(digits), None | Some(b',')) && !ended
}

fn line_ends(text: &[u8]) -> u64 {
    text.split(|byte| *byte == b'\n').skip(1).count() as u64
}

/// Returns the number of whole rows in the first `end` bytes of a file.
fn rows(file: &dyn Disk, end: u64) -> io::Result<u64> {
    let mut rows = 0;
    for_each_chunk(file, 0, end, |chunk| {
        rows += line_ends(chunk);
        true
    })?;
    Ok(rows)
}

/// Passes a part of a file to `visit`, chunk by chunk, until it returns false.
fn for_each_chunk(
    file: &dyn Disk,
    from: u64,
    end: u64,
    mut visit: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    let mut at = from;
    while at < end {
        let len = usize::try_from(end - at).map_or(CHUNK, |rest| rest.min(CHUNK));
        file.read(at, &mut buffer[..len])?;
        if !visit(&buffer[..len]) {
            break;
        }
        at += len as u64;
    }
    Ok(())
}
