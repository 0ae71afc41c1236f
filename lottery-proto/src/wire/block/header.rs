//! Header of a packet, and the block that carries it (`docs/protocol.md#block`).

use alloc::vec::Vec;
use bytes::BufMut;
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Parser};

use crate::bet::AgencyId;
use crate::error::{DecodeError, Problem, SendError};

/// Maximum size of a packet, in bytes, and the size that padded ones have.
pub const BLOCK_SIZE: usize = 8192;
/// Size of the header, in bytes: type, agency and `packet_size`.
pub const HEADER_SIZE: usize = 4;
/// Greatest agency number that fits into the header's byte.
pub const MAX_AGENCY: u32 = u8::MAX as u32;

/// Bet to store.
pub(super) const BET: u8 = 1;
/// Reply to a Bet.
pub(super) const BET_ACK: u8 = 2;
/// Bets to store, all or none.
pub(super) const BATCH: u8 = 3;
/// The agency has sent its last bet.
pub(super) const FINISHED: u8 = 4;
/// Reply to Finished; in a session to a Batch, too.
pub(super) const BATCH_ACK: u8 = 5;
/// Winners query, and the reply to it.
pub(super) const WINNER: u8 = 6;
/// Start of a session.
pub(super) const HELLO: u8 = 7;
/// Reply to Hello.
pub(super) const WELCOME: u8 = 8;
/// Failure that ends a session.
pub(super) const ERROR: u8 = 9;

/// Header of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) agency: u8,
    /// Size of header and payload, in bytes: 4 to 8192 in a valid packet.
    pub(super) size: u16,
}

impl Header {
    /// Checks that a reply is for the agency of the request.
    pub(super) fn check_agency(self, expected: u32) -> Result<(), DecodeError> {
        if self.agency == header_byte(expected) {
            Ok(())
        } else {
            let found = self.agency.into();
            Err(DecodeError::new(1, Problem::AgencyMismatch { found, expected }))
        }
    }
}

/// Error of a parser whose input ends too early. The caller knows the place and the meaning.
#[derive(Debug)]
pub(super) struct Short;

impl ParseError<&[u8]> for Short {
    fn from_error_kind(_: &[u8], _: ErrorKind) -> Self {
        Self
    }

    fn append(_: &[u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// Parses a header.
pub(super) fn header(input: &[u8]) -> IResult<&[u8], Header, Short> {
    // A single load of four bytes; nom's `le_u16` would be a loop over bytes.
    let Some((&[kind, agency, low, high], rest)) = input.split_first_chunk() else {
        return Err(nom::Err::Error(Short));
    };
    Ok((rest, Header { kind, agency, size: u16::from_le_bytes([low, high]) }))
}

/// Returns the length of the block at the start of `bytes`, once all of it has come.
pub(super) fn frame(bytes: &[u8]) -> Option<usize> {
    (bytes.len() >= BLOCK_SIZE).then_some(BLOCK_SIZE)
}

/// Returns the length of the packet at the start of `bytes`, once all of it has come. One of the type `padded` is as long
/// as a block.
pub(super) fn frame_packet(bytes: &[u8], padded: u8) -> Result<Option<usize>, DecodeError> {
    match header(bytes) {
        Err(_) => Ok(None),
        Ok((_, Header { kind, .. })) if kind == padded => Ok(frame(bytes)),
        Ok((_, Header { size, .. })) => {
            let size = usize::from(size);
            let is_valid = (HEADER_SIZE..=BLOCK_SIZE).contains(&size);
            if is_valid { Ok((bytes.len() >= size).then_some(size)) } else { Err(size_error(size)) }
        }
    }
}

fn size_error(size: usize) -> DecodeError {
    DecodeError::new(2, Problem::Size { size, min: HEADER_SIZE, max: BLOCK_SIZE })
}

/// Splits the packet at the start of `bytes` into its header and its payload. Padding may follow.
pub(super) fn packet(bytes: &[u8]) -> Result<(Header, &[u8]), DecodeError> {
    let (rest, header) = header.parse(bytes).map_err(|_| size_error(bytes.len()))?;
    let size = usize::from(header.size);
    let payload = size.checked_sub(HEADER_SIZE).and_then(|len| rest.get(..len)).ok_or(size_error(size))?;
    Ok((header, payload))
}

/// End of a packet on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// Zeros follow it, up to the size of a block.
    Block,
    /// Nothing follows it.
    None,
}

impl Padding {
    /// Completes the packet that begins at `start`: writes its size and pads it.
    pub(super) fn end(self, start: usize, out: &mut Vec<u8>) {
        let size = out.len() - start;
        set_size(out, start, size);
        if self == Self::Block {
            out.resize(start + BLOCK_SIZE, 0);
        }
    }
}

/// Appends a packet of that type with the payload that `payload` writes.
///
/// Returns `None`, with nothing appended, if it does not fit.
pub(super) fn put_packet(
    kind: u8,
    agency: u8,
    padding: Padding,
    out: &mut Vec<u8>,
    payload: impl FnOnce(&mut Vec<u8>),
) -> Option<()> {
    let start = out.len();
    out.put_slice(&[kind, agency, 0, 0]);
    payload(out);
    if out.len() - start > BLOCK_SIZE {
        out.truncate(start);
        return None;
    }
    padding.end(start, out);
    Some(())
}

/// Appends a block that holds a packet of that type with the payload that `payload` writes.
///
/// Returns `None`, with nothing appended, if it does not fit.
pub(super) fn put_block(
    kind: u8,
    agency: u8,
    out: &mut Vec<u8>,
    payload: impl FnOnce(&mut Vec<u8>),
) -> Option<()> {
    put_packet(kind, agency, Padding::Block, out, payload)
}

/// Appends a block of zeros, and returns it to be written to.
pub(super) fn add_block(out: &mut Vec<u8>) -> &mut [u8] {
    let start = out.len();
    out.resize(start + BLOCK_SIZE, 0);
    out.get_mut(start..).unwrap_or_default()
}

/// Writes the size of the packet that begins at `start` into its header.
pub(super) fn set_size(out: &mut [u8], start: usize, size: usize) {
    let size = u16::try_from(size).unwrap_or(u16::MAX);
    if let Some(field) = out.get_mut(start + 2..start + HEADER_SIZE) {
        field.copy_from_slice(&size.to_le_bytes());
    }
}

/// Returns the header's byte for an agency: its number where it fits, else 0.
pub(super) fn header_byte(agency: u32) -> u8 {
    u8::try_from(agency).unwrap_or_default()
}

/// Returns the agency as the header's byte, in a dialect that carries no other.
pub(super) fn agency_byte(agency: AgencyId) -> Result<u8, SendError> {
    u8::try_from(agency.get()).map_err(|_| SendError::Agency { agency: agency.get(), max: MAX_AGENCY })
}
