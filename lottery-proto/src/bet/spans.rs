//! Places of the bets in a message, found when the message is validated.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::{Bet, FieldError, text_of};
use crate::error::Problem;

/// Place of a validated bet in its payload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Offset of the first name, in bytes.
    at: u32,
    /// Length of each field except the number, in bytes.
    lens: [u8; 4],
    /// Number of bytes between each two of these fields.
    gaps: [u8; 3],
    number: u32,
}

impl Span {
    /// Returns the place of a bet whose first name is `at` bytes behind the start of the payload, with fields of these
    /// lengths and so many bytes between them. A field has at most 255 bytes, as have keys and padding; a message has
    /// less than 4 GiB.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "none of them is longer")]
    pub(crate) fn new(at: usize, lens: [usize; 4], gaps: [usize; 3], number: u32) -> Self {
        Self { at: at as u32, lens: lens.map(|len| len as u8), gaps: gaps.map(|gap| gap as u8), number }
    }

    /// Returns the place of a bet that begins `at` bytes behind the start of the payload, with so many bytes between
    /// its fields.
    pub(crate) fn of(bet: &Bet<'_>, at: usize, gaps: [usize; 3]) -> Self {
        let fields = [bet.first_name, bet.last_name, bet.document, bet.birthdate];
        Self::new(at, fields.map(str::len), gaps, bet.number)
    }

    /// Returns the offset of the first name, the lengths of the fields except the number, and those between them.
    #[inline]
    pub(super) fn shape(&self) -> (usize, [usize; 4], [u8; 3]) {
        (self.at as usize, self.lens.map(usize::from), self.gaps)
    }

    #[inline]
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    #[inline]
    pub(super) fn fields(&self) -> [Range<usize>; 4] {
        let ([a, b, c, d], [ab, bc, cd]) = (self.lens.map(usize::from), self.gaps.map(usize::from));
        let first = self.at as usize;
        let last = first + a + ab;
        let document = last + b + bc;
        let birthdate = document + c + cd;
        [first..first + a, last..last + b, document..document + c, birthdate..birthdate + d]
    }

    /// Returns the bet, in a payload that is text.
    #[inline]
    pub(crate) fn in_text<'a>(&self, payload: &'a str) -> Bet<'a> {
        let [first_name, last_name, document, birthdate] =
            self.fields().map(|field| payload.get(field).unwrap_or_default());
        Bet { first_name, last_name, document, birthdate, number: self.number }
    }

    /// Returns the bet, in a payload of which the fields are text.
    pub(crate) fn in_bytes<'a>(&self, payload: &'a [u8]) -> Bet<'a> {
        let [first_name, last_name, document, birthdate] = self.fields().map(|field| {
            payload.get(field).and_then(|field| core::str::from_utf8(field).ok()).unwrap_or_default()
        });
        Bet { first_name, last_name, document, birthdate, number: self.number }
    }
}

/// Places of the bets in the last message that was validated. Its memory is used again.
#[derive(Default)]
pub struct Spans(Vec<Span>);

/// Size of the shortest bet on any dialect, in bytes: `A;B;1;2000-01-01;1` and its line end.
const SHORTEST: usize = 19;

impl Spans {
    /// Begins a payload of `len` bytes that says that it holds `count` bets. It is not believed more than can be.
    pub fn begin(&mut self, count: usize, len: usize) {
        self.0.clear();
        let count = count.min(len / SHORTEST + 1);
        if self.0.capacity() < count {
            // The old list goes first, so that there are never two.
            self.0 = Vec::new();
            self.0.reserve_exact(count);
        }
    }

    /// Appends a bet. Those that were not announced are not kept: their message is not valid.
    #[inline]
    pub(crate) fn push(&mut self, span: Span) {
        if self.0.len() < self.0.capacity() {
            self.0.push(span);
        }
    }

    /// Validates the bet whose fields stand at these places in `payload`: first name, last name, document, date of birth
    /// and number. Appends its place, like [`Spans::begin`] announced it.
    ///
    /// All but the number must stand in this order, with at most 255 bytes between each two.
    ///
    /// # Errors
    /// The field that is wrong, or that the fields do not stand so.
    pub fn push_bet(&mut self, payload: &[u8], fields: [Range<usize>; 5]) -> Result<(), Problem> {
        let gap = |before: &Range<usize>, after: &Range<usize>| {
            after.start.checked_sub(before.end).filter(|gap| u8::try_from(*gap).is_ok())
        };
        let [first, last, document, birthdate, _] = &fields;
        let (Some(a), Some(b), Some(c)) = (gap(first, last), gap(last, document), gap(document, birthdate))
        else {
            return Err(Problem::Expected("the fields of a bet in their order, close together"));
        };
        let at = first.start;
        let fields = fields.map(|field| payload.get(field).unwrap_or_default());
        self.push(Span::of(&Bet::from_bytes(fields)?, at, [a, b, c]));
        Ok(())
    }

    pub(crate) fn as_slice(&self) -> &[Span] {
        &self.0
    }

    /// True if there is memory to give back.
    pub(crate) fn is_grown(&self) -> bool {
        self.0.capacity() > 0
    }

    /// Gives back the memory.
    pub(crate) fn shrink(&mut self) {
        self.0 = Vec::new();
    }

    /// Returns the memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.0.capacity() * size_of::<Span>()
    }

    /// Returns the upper bound of the memory for a message of `len` bytes, in bytes.
    pub(crate) const fn max_memory(len: usize) -> usize {
        (len / SHORTEST + 1).saturating_mul(size_of::<Span>())
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spans({})", self.0.len())
    }
}

/// Payload of bets that is being validated.
#[derive(Clone, Copy)]
pub(crate) struct Payload<'a> {
    pub(crate) bytes: &'a [u8],
    /// The same bytes, if all of them together are UTF-8: then no field is checked for it again.
    pub(crate) text: Option<&'a str>,
}

impl<'a> Payload<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, text: text_of(bytes) }
    }

    /// Validates the bet whose fields stand at these places.
    pub(crate) fn bet(&self, fields: [Range<usize>; 5]) -> Result<Bet<'a>, FieldError> {
        // A field that does not end between two characters is read as bytes, where its error is found.
        if let Some(text) = self.text
            && let [Some(first_name), Some(last_name), Some(document), Some(birthdate), Some(number)] =
                fields.clone().map(|field| text.get(field))
        {
            return Bet::new([first_name, last_name, document, birthdate, number]);
        }
        Bet::from_bytes(fields.map(|field| self.bytes.get(field).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bet::{Bets, Field};

    #[test]
    fn a_bet_of_somebody_elses_dialect_is_checked_before_it_is_kept() {
        let payload = b"Ana,Paz:1/2000-02-29 7574";
        let good = [0..3, 4..7, 8..9, 10..20, 21..25];
        let mut spans = Spans::default();
        spans.begin(1, payload.len());
        for (place, range) in [(1, 0..3), (2, 5..6), (3, 0..10), (4, 24..26), (0, 30..33)] {
            let mut fields = good.clone();
            if let Some(field) = fields.get_mut(place) {
                *field = range;
            }
            assert!(spans.push_bet(payload, fields).is_err(), "{place}");
        }
        let number = spans.push_bet(payload, [0..3, 4..7, 8..9, 10..20, 20..25]);
        assert!(matches!(number, Err(Problem::Field(error)) if error.field == Field::Number), "{number:?}");
        assert_eq!(spans.push_bet(payload, good), Ok(()));
        let bet = Bet::new(["Ana", "Paz", "1", "2000-02-29", "7574"]).expect("valid");
        assert!(Bets::validated(payload, spans.as_slice()).iter().eq([bet]));
    }
}
