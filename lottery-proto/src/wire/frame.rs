//! Search for the end of a message.

/// Limits of a message.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum length of a message, in bytes.
    pub message: usize,
    /// True if the peer has ended its side: no more bytes will come.
    pub ended: bool,
}

impl Limits {
    /// Returns the limits for messages of at most that many bytes, from a peer that has ended its side or not.
    pub const fn new(message: usize, ended: bool) -> Self {
        Self { message, ended }
    }
}

/// Progress of the search for the end of a message. It begins anew with each message.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct FrameCursor {
    /// Number of bytes that were searched.
    pub bytes: usize,
    /// Number of characters among them, in a dialect that counts characters.
    pub count: usize,
}

impl FrameCursor {
    /// Continues to search `bytes`, a message from its start, for `end`, and returns the length of the message with it;
    /// `None` if it has not come.
    pub fn find(&mut self, end: u8, bytes: &[u8]) -> Option<usize> {
        let found = memchr::memchr(end, bytes.get(self.bytes..).unwrap_or_default());
        self.bytes = found.map_or(bytes.len(), |found| self.bytes + found);
        found.map(|_| self.bytes + 1)
    }

    /// Continues to skip characters of `bytes` until `wanted` are skipped, and returns their size in bytes; `None` if
    /// they have not all come.
    ///
    /// # Errors
    /// The offset of a byte that begins no character.
    pub fn skip_chars(&mut self, bytes: &[u8], wanted: usize) -> Result<Option<usize>, usize> {
        while self.count < wanted {
            let rest = bytes.get(self.bytes..).unwrap_or_default();
            if let Some(some) = rest.first_chunk::<16>()
                && wanted - self.count >= some.len()
                && some.is_ascii()
            {
                self.bytes += some.len();
                self.count += some.len();
                continue;
            }
            let width = match rest.first() {
                None => return Ok(None),
                Some(..=0x7F) => 1,
                Some(0xC2..=0xDF) => 2,
                Some(0xE0..=0xEF) => 3,
                Some(0xF0..=0xF4) => 4,
                Some(_) => return Err(self.bytes),
            };
            if width > rest.len() {
                return Ok(None);
            }
            self.bytes += width;
            self.count += 1;
        }
        Ok(Some(self.bytes))
    }
}
