//! Batches of valid bets: validated once, then lent and iterated without errors and without allocation.

use core::fmt;
use core::ops::Range;

use super::{Bet, FieldError};

/// Function of a dialect that reads the next bet of a payload that the dialect has already validated.
pub(crate) type ReadBet = for<'a> fn(&mut Reader<'a>) -> Option<Bet<'a>>;

/// Valid bets of one message, borrowed in the form in which they arrived.
#[derive(Clone, Copy)]
pub struct Bets<'a> {
    payload: &'a [u8],
    len: usize,
    read: ReadBet,
}

impl<'a> Bets<'a> {
    /// Returns the `len` bets in `payload`, which the dialect that `read` belongs to has validated.
    pub(crate) const fn validated(payload: &'a [u8], len: usize, read: ReadBet) -> Self {
        Self { payload, len, read }
    }

    /// Returns the number of bets.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// True if there are no bets.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the size of the bets in the form in which they are held, in bytes.
    pub const fn size(&self) -> usize {
        self.payload.len()
    }

    /// Returns the bets in the order in which they were sent.
    pub fn iter(&self) -> Iter<'a> {
        Iter { reader: Reader::new(self.payload), left: self.len, read: self.read }
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
        write!(f, "Bets({})", self.len)
    }
}

/// Iterator over [`Bets`].
pub struct Iter<'a> {
    reader: Reader<'a>,
    left: usize,
    read: ReadBet,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Bet<'a>;

    fn next(&mut self) -> Option<Bet<'a>> {
        self.left = self.left.checked_sub(1)?;
        let bet = (self.read)(&mut self.reader);
        debug_assert!(bet.is_some(), "a validated payload holds as many bets as it was validated for");
        bet
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iter({} left)", self.left)
    }
}

/// Cursor in a payload of bets.
pub(crate) struct Reader<'a> {
    pub(crate) bytes: &'a [u8],
    /// The same bytes, if all of them together are UTF-8: then no field is checked for it again.
    pub(crate) text: Option<&'a str>,
    /// Offset of the next bet, in bytes.
    pub(crate) at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, text: core::str::from_utf8(bytes).ok(), at: 0 }
    }

    /// Validates the bet whose fields stand at these places.
    pub(crate) fn bet(&self, fields: [Range<usize>; 5]) -> Result<Bet<'a>, FieldError> {
        let Some(text) = self.text else {
            return Bet::from_bytes(fields.map(|field| self.bytes.get(field).unwrap_or_default()));
        };
        // A field that does not end between two characters is read as bytes, where its error is found.
        let [Some(first_name), Some(last_name), Some(document), Some(birthdate), Some(number)] =
            fields.clone().map(|field| text.get(field))
        else {
            return Bet::from_bytes(fields.map(|field| self.bytes.get(field).unwrap_or_default()));
        };
        Bet::new(first_name, last_name, document, birthdate, number)
    }
}
