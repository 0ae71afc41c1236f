//! Encoding of bets in `block`, alone and in batches (`docs/protocol.md#block`).

#![expect(clippy::inline_always, reason = "measured: a call for each bet costs a tenth of its time")]

use alloc::vec::Vec;

use super::batch::BETS_AT;
use super::header::{BATCH, BET, BLOCK_SIZE, HEADER_SIZE, Padding, add_block};
use crate::bet::{Bet, BetLine, BetSlice};
use crate::wire::fast_path::WINDOW;

/// Appends a Batch packet with as many of `bets` as fit, and returns their number. `agency` is the header's byte.
pub(super) fn encode(agency: u8, bets: &[Bet<'_>], padding: Padding, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    let block = add_block(out);
    let (mut taken, mut end) = (0, BETS_AT);
    for bet in bets.iter().take(u8::MAX.into()) {
        let room = block.get_mut(end..).unwrap_or_default();
        let Some(size) = put_packet(agency, bet, room) else {
            // Erase the part of a bet that did not fit.
            room.fill(0);
            break;
        };
        end += size;
        taken += 1;
    }
    if let Some(head) = block.first_chunk_mut() {
        *head = batch_head(agency, end, taken);
    }
    if padding == Padding::None {
        out.truncate(start + end);
    }
    taken.into()
}

/// Works like [`encode`], with bets as they are held.
pub(super) fn encode_lines(agency: u8, bets: BetSlice<'_>, padding: Padding, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    let end = start + BLOCK_SIZE;
    // Zeros only behind the bets: to fill the block before would cost as much as a tenth of them.
    out.reserve(BLOCK_SIZE);
    out.extend_from_slice(&[0; BETS_AT]);
    let mut taken = 0;
    for line in bets.lines().take(u8::MAX.into()) {
        if put_line(agency, &line, end, out).is_none() {
            break;
        }
        taken += 1;
    }
    let size = out.len() - start;
    if padding == Padding::Block {
        out.resize(end, 0);
    }
    if let Some(head) = out.get_mut(start..).and_then(|block| block.first_chunk_mut()) {
        *head = batch_head(agency, size, taken);
    }
    taken.into()
}

/// Returns the header of a Batch packet of `size` bytes, and its count.
fn batch_head(agency: u8, size: usize, count: u8) -> [u8; BETS_AT] {
    let [low, high] = u16::try_from(size).unwrap_or(u16::MAX).to_le_bytes();
    [BATCH, agency, low, high, count]
}

/// Writes a Bet packet, and returns its size in bytes; `None` if it does not fit.
#[inline]
pub(super) fn put_packet(agency: u8, bet: &Bet<'_>, room: &mut [u8]) -> Option<usize> {
    let mut end = HEADER_SIZE;
    for field in [bet.first_name, bet.last_name, bet.document, bet.birthdate] {
        let bar = end + field.len();
        room.get_mut(end..bar)?.copy_from_slice(field.as_bytes());
        *room.get_mut(bar)? = b'|';
        end = bar + 1;
    }
    let mut number = itoa::Buffer::new();
    let number = number.format(bet.number).as_bytes();
    room.get_mut(end..end + number.len())?.copy_from_slice(number);
    end += number.len();
    let [low, high] = u16::try_from(end).ok()?.to_le_bytes();
    *room.first_chunk_mut()? = [BET, agency, low, high];
    Some(end)
}

/// Appends a Bet packet; `None` if it would not end before `end`.
#[inline(always)]
fn put_line(agency: u8, line: &BetLine<'_>, end: usize, out: &mut Vec<u8>) -> Option<()> {
    let (bytes, (separators, len)) = (line.bytes(), line.shape());
    let (start, size) = (out.len(), HEADER_SIZE + len);
    if start + size > end {
        return None;
    }
    let header = u32::from_le_bytes([BET, agency, 0, 0]) | u32::try_from(size).ok()? << 16;
    out.extend_from_slice(&header.to_le_bytes());
    if let Some(window) = bytes.first_chunk::<WINDOW>()
        && len <= WINDOW
        && start + HEADER_SIZE + WINDOW <= end
    {
        out.extend_from_slice(window);
        let fields: &mut [u8; WINDOW] = out.last_chunk_mut()?;
        for at in separators {
            // Each is within the window; so the compiler knows it, too.
            if let Some(separator) = fields.get_mut(at % WINDOW) {
                *separator = b'|';
            }
        }
        out.truncate(start + size);
    } else {
        out.extend_from_slice(bytes.get(..len)?);
        for at in separators {
            *out.get_mut(start + HEADER_SIZE + at)? = b'|';
        }
    }
    Some(())
}
