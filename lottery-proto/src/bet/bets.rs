//! Batches of valid bets: validated once, then lent and iterated without errors and without allocation.

use core::{fmt, slice};

use super::Bet;
use super::spans::{Payload, Span};

/// Valid bets of one message, borrowed in the form in which they arrived.
#[derive(Clone, Copy)]
pub struct Bets<'a> {
    pub(super) payload: &'a [u8],
    pub(super) spans: &'a [Span],
}

impl<'a> Bets<'a> {
    /// Returns the bets at these places in `payload`, which its dialect has validated.
    pub(crate) const fn validated(payload: &'a [u8], spans: &'a [Span]) -> Self {
        Self { payload, spans }
    }

    /// Returns the number of bets.
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// True if there are no bets.
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Returns the size of the bets in the form in which they are held, in bytes.
    pub const fn size(&self) -> usize {
        self.payload.len()
    }

    /// Returns the bets in the order in which they were sent.
    pub fn iter(&self) -> Iter<'a> {
        Iter { payload: Payload::new(self.payload), spans: self.spans.iter() }
    }
}

impl<'a> IntoIterator for Bets<'a> {
    type Item = Bet<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &Bets<'a> {
    type Item = Bet<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Bets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bets({})", self.len())
    }
}

/// Iterator over [`Bets`].
pub struct Iter<'a> {
    payload: Payload<'a>,
    spans: slice::Iter<'a, Span>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Bet<'a>;

    #[inline]
    fn next(&mut self) -> Option<Bet<'a>> {
        let span = self.spans.next()?;
        Some(match self.payload.text {
            Some(text) => span.in_text(text),
            None => span.in_bytes(self.payload.bytes),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.spans.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iter({} left)", self.spans.len())
    }
}
