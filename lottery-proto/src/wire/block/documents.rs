//! Documents of winners in a Winner packet, with a `|` between each two (`docs/protocol.md#winners`).

use alloc::vec::Vec;
use bytes::BufMut;

use super::header::{BLOCK_SIZE, HEADER_SIZE, Padding, WINNER, header_byte, set_size};
use crate::error::{DecodeError, Problem};
use crate::wire::text::is_document;
use crate::wire::{AfterReply, Kind, ListSize, Part, PendingReply, Response, TooLarge};

/// Status of the last packet of a list.
const LAST: u8 = b'1';
/// Status of a packet that is followed by another of the same list.
const MORE: u8 = b'2';

/// Checks that a list of that size fits into the one block that a winners query outside of sessions is answered with.
pub(super) fn check(owed: &PendingReply, list: &ListSize) -> Result<(), TooLarge> {
    // Other requests have no such reply, so the connection is closed.
    let fits = owed.kind != Kind::Winners || size_of_one(list) <= BLOCK_SIZE as u64;
    if fits { Ok(()) } else { Err(TooLarge) }
}

/// Appends documents of a list that takes one block in all.
pub(super) fn put_in_one_block(
    owed: &PendingReply,
    part: Part,
    documents: &mut dyn Iterator<Item = &str>,
    out: &mut Vec<u8>,
) -> AfterReply {
    if owed.kind != Kind::Winners {
        return AfterReply::Close;
    }
    let size = usize::try_from(size_of_one(&part.size)).unwrap_or(BLOCK_SIZE);
    if part.first {
        let start = begin(owed, LAST, out);
        set_size(out.get_mut(start..).unwrap_or_default(), 0, size);
    }
    for (index, document) in documents.enumerate() {
        if index > 0 || !part.first {
            out.put_u8(b'|');
        }
        out.put_slice(document.as_bytes());
    }
    if part.last {
        out.put_bytes(0, BLOCK_SIZE.saturating_sub(size));
    }
    AfterReply::Continue
}

/// Appends documents in as many packets as they need, without padding. No document is split.
pub(super) fn put_in_packets(
    owed: &PendingReply,
    last: bool,
    documents: &mut dyn Iterator<Item = &str>,
    out: &mut Vec<u8>,
) {
    let mut start = begin(owed, MORE, out);
    for document in documents {
        let size = out.len() - start;
        let separator = size > HEADER_SIZE + 1;
        if size + usize::from(separator) + document.len() > BLOCK_SIZE {
            Padding::None.end(start, out);
            start = begin(owed, MORE, out);
        } else if separator {
            out.put_u8(b'|');
        }
        out.put_slice(document.as_bytes());
    }
    if let Some(status) = out.get_mut(start + HEADER_SIZE).filter(|_| last) {
        *status = LAST;
    }
    Padding::None.end(start, out);
}

/// Returns the size of the packet that would hold the whole list, in bytes.
fn size_of_one(list: &ListSize) -> u64 {
    list.separated().saturating_add(HEADER_SIZE as u64 + 1)
}

/// Appends a header and a status, and returns the offset of the header.
fn begin(owed: &PendingReply, status: u8, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.put_slice(&[WINNER, header_byte(owed.agency), 0, 0, status]);
    start
}

/// Validates the documents behind the status of a Winner packet.
pub(super) fn read(documents: &[u8], last: bool) -> Result<Response, DecodeError> {
    let start = HEADER_SIZE + 1;
    let mut count = 0;
    if !documents.is_empty() {
        let mut at = start;
        for document in documents.split(|byte| *byte == b'|') {
            if !is_document(document) {
                return Err(DecodeError::new(at, Problem::Expected("a document of 1 to 20 digits")));
            }
            at += document.len() + 1;
            count += 1;
        }
    }
    Ok(Response::Winners { documents: start..start + documents.len(), count, last })
}
