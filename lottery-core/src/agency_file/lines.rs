//! Lines without quotes, which are read many at a time.
//!
//! They are what nearly every file consists of. Whatever else comes, a mistake above all, is left to
//! [`Records::next`], record by record.

use std::io::{self, BufRead};

use lottery_proto::BetVec;

use super::records::{RecordError, Records, SMALLEST_PIECE};

/// Maximum size of a piece, in bytes: it stays in the processor's cache.
const LARGEST_PIECE: usize = 32 * 1024;
/// Number of bytes behind the start of a line in which [`BetVec::extend_from_lines`] looks for its end.
const WINDOW: usize = 64;

impl<R: BufRead> Records<R> {
    /// Appends the bets of the next lines to `bets`, as far as the input has them ready and they are plain. Returns
    /// false at the end of the file; else [`Records::next`] has to read the next record.
    pub(super) fn plain_lines(&mut self, bets: &mut BetVec) -> Result<bool, RecordError> {
        loop {
            let bytes = match self.input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(RecordError::Unreadable(error)),
            };
            if bytes.is_empty() {
                return Ok(false);
            }
            // A record ends with CR; an LF behind it belongs to that line.
            if self.after_cr && self.left > 0 && bytes.first() == Some(&b'\n') {
                self.input.consume(1);
                self.left -= 1;
                self.after_cr = false;
                continue;
            }
            let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.piece);
            let piece = bytes.get(..most).unwrap_or(bytes);
            let is_last = piece.len() == bytes.len();
            let (before, text) = (bets.len(), text_of(piece));
            let taken = bets.extend_from_lines(text);
            let has_other_line = text.len() - taken >= WINDOW;
            self.input.consume(taken);
            self.left -= taken as u64;
            self.line += (bets.len() - before) as u64;
            self.after_cr &= taken == 0;
            if has_other_line {
                self.piece = SMALLEST_PIECE;
            }
            if has_other_line || taken == 0 || is_last {
                return Ok(true);
            }
            self.piece = (2 * self.piece).min(LARGEST_PIECE);
        }
    }
}

/// Returns the part before the first byte that is not UTF-8.
fn text_of(bytes: &[u8]) -> &str {
    if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
        return text;
    }
    let end = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    bytes.get(..end).and_then(|valid| str::from_utf8(valid).ok()).unwrap_or_default()
}
