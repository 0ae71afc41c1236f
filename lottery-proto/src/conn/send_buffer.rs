//! Send buffer.

use alloc::vec::Vec;
use core::fmt;

/// Send buffer with a cursor behind the bytes that are sent.
#[derive(Default)]
pub(crate) struct SendBuffer {
    bytes: Vec<u8>,
    sent: usize,
}

impl SendBuffer {
    /// Returns the vector to append to. It first drops the sent bytes if they are at least half of it.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        if self.sent > 0 && self.sent >= self.bytes.len() - self.sent {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
        &mut self.bytes
    }

    /// Returns the bytes that are still to be sent.
    pub(crate) fn pending(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Records that `sent` bytes were written.
    pub(crate) fn sent(&mut self, sent: usize) {
        self.sent = self.sent.saturating_add(sent).min(self.bytes.len());
        if self.sent == self.bytes.len() {
            self.bytes.clear();
            self.sent = 0;
        }
    }

    /// Gives back the memory of an empty buffer.
    pub(crate) fn shrink(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
    }

    /// True if there is memory to give back.
    pub(crate) fn is_grown(&self) -> bool {
        self.bytes.is_empty() && self.bytes.capacity() > 0
    }

    /// Returns the memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity()
    }
}

/// Shows the length only: the bytes are personal data.
impl fmt::Debug for SendBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendBuffer({})", self.pending().len())
    }
}
