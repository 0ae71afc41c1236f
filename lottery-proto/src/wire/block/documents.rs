//! The documents of winners, as a Winner packet carries them: with a `|` between each two.

use alloc::string::String;
use alloc::vec::Vec;
use bytes::BufMut;

use super::header::HEADER_SIZE;
use crate::error::{DecodeError, Problem};
use crate::wire::Response;
use crate::wire::text::is_document;

/// Appends a status and documents.
pub(super) fn put(status: u8, documents: &[String], out: &mut Vec<u8>) {
    out.put_u8(status);
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            out.put_u8(b'|');
        }
        out.put_slice(document.as_bytes());
    }
}

/// The answer of which these bytes, behind the status, are the documents.
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
