//! Batches of valid bets: validated once, then lent and iterated without errors and without allocation.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::bet::Bet;
use crate::error::Problem;

/// How a wire reads the next bet of a payload that it has already validated.
pub(crate) type ReadBet = for<'a> fn(&mut Reader<'a>) -> Option<Bet<'a>>;

/// Bets that arrived in one message, still in the bytes in which they arrived. All of them are valid.
#[derive(Clone, Copy)]
pub struct Bets<'a> {
    payload: &'a [u8],
    len: usize,
    read: ReadBet,
}

impl<'a> Bets<'a> {
    /// `payload` holds `len` bets and was validated by the wire whose `read` this is.
    pub(crate) const fn validated(payload: &'a [u8], len: usize, read: ReadBet) -> Self {
        Self { payload, len, read }
    }

    /// How many bets there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes they take in the form in which they are held.
    pub const fn size(&self) -> usize {
        self.payload.len()
    }

    /// The bets, in the order in which they were sent.
    pub fn iter(&self) -> Iter<'a> {
        Iter { reader: Reader::new(self.payload), left: self.len, read: self.read }
    }

    /// A copy that can be kept, and sent to another thread: one allocation, whatever the number of bets.
    pub fn to_buf(&self) -> BetsBuf {
        BetsBuf { payload: self.payload.to_vec(), len: self.len, read: self.read }
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

/// As [`Bets`], owned.
#[derive(Clone)]
pub struct BetsBuf {
    payload: Vec<u8>,
    len: usize,
    read: ReadBet,
}

impl BetsBuf {
    /// The bets.
    pub fn as_bets(&self) -> Bets<'_> {
        Bets::validated(&self.payload, self.len, self.read)
    }
}

impl fmt::Debug for BetsBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bets().fmt(f)
    }
}

/// Iterates [`Bets`].
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

/// A place in a payload of bets.
pub(crate) struct Reader<'a> {
    pub(crate) bytes: &'a [u8],
    /// The same bytes, if all of them together are UTF-8: then no field has to be checked for it again.
    pub(crate) text: Option<&'a str>,
    /// Where the next bet begins.
    pub(crate) at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, text: core::str::from_utf8(bytes).ok(), at: 0 }
    }

    /// The bet whose fields are in these places.
    pub(crate) fn bet(&self, fields: [Range<usize>; 5]) -> Result<Bet<'a>, Problem> {
        let Some(text) = self.text else {
            return Ok(Bet::from_bytes(fields.map(|field| self.bytes.get(field).unwrap_or_default()))?);
        };
        // Where a field does not end between two characters, it is cut out of bytes, and found wrong there.
        let [Some(first_name), Some(last_name), Some(document), Some(birthdate), Some(number)] =
            fields.clone().map(|field| text.get(field))
        else {
            return Ok(Bet::from_bytes(fields.map(|field| self.bytes.get(field).unwrap_or_default()))?);
        };
        Ok(Bet::new(first_name, last_name, document, birthdate, number)?)
    }
}
