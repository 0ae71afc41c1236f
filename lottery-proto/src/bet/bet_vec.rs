//! Valid bets that own their fields.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Bet;
use super::separators::Separators;

/// Length of a birthdate, in bytes.
const DATE: usize = "YYYY-MM-DD".len();

/// Valid bets that own their fields, in a single text with a few bytes of places per bet beside it.
///
/// Only valid bets get in, so bets that are read back are valid and not checked again.
#[derive(Clone, Default)]
pub struct BetVec {
    /// Bets in their order, each as [`Place`] says. Line ends may stand between them.
    text: String,
    pub(super) places: Vec<Place>,
    /// Separators of dialects in the names.
    pub(super) separators: Separators,
}

/// Place of a bet in the text: `first_name,last_name,document,birthdate,number`, without quotes, and the number without
/// leading zeros.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Offset of the bet in the text, in bytes.
    start: usize,
    /// Length of each field except the birthdate, in bytes.
    lens: [u8; 4],
    number: u32,
}

impl BetVec {
    /// Returns an empty collection with capacity for `text` bytes.
    pub fn with_capacity(text: usize) -> Self {
        Self { text: String::with_capacity(text), places: Vec::new(), separators: Separators::default() }
    }

    /// Appends a copy of a bet.
    pub fn push(&mut self, bet: &Bet<'_>) {
        let start = self.text.len();
        for field in [bet.first_name, bet.last_name, bet.document, bet.birthdate] {
            self.text.push_str(field);
            self.text.push(',');
        }
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(bet.number);
        self.text.push_str(digits);
        self.separators.add(bet.first_name);
        self.separators.add(bet.last_name);
        let lens = [bet.first_name, bet.last_name, bet.document, digits].map(str::len);
        self.push_place(start, lens, bet.number);
    }

    /// Appends bets that stand at the start of `text` as [`Place`] says. `next` validates them one by one: it is given
    /// an offset in `text`, and returns the lengths of the fields of the bet there except its birthdate, its number, and
    /// the offset behind its line; `None`: no more are taken. Returns the number of bytes taken.
    #[inline]
    pub(crate) fn push_lines(
        &mut self,
        text: &str,
        mut next: impl FnMut(usize) -> Option<([usize; 4], u32, usize)>,
    ) -> usize {
        let (start, mut at) = (self.text.len(), 0);
        while let Some((lens, number, end)) = next(at) {
            self.push_place(start + at, lens, number);
            at = end;
        }
        let lines = text.get(..at).unwrap_or_default();
        self.separators.add_lines(lines);
        self.text.push_str(lines);
        at
    }

    #[inline]
    fn push_place(&mut self, start: usize, lens: [usize; 4], number: u32) {
        // No field is longer than a name, which has at most 255 bytes.
        #[expect(clippy::cast_possible_truncation, reason = "none of them is longer")]
        self.places.push(Place { start, lens: lens.map(|len| len as u8), number });
    }

    /// Returns the number of bets.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True if there are no bets.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the bets in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Bet<'_>> {
        self.iter_from(0)
    }

    /// Returns the bets from index `from` on, counted from 0.
    pub fn iter_from(&self, from: usize) -> impl ExactSizeIterator<Item = Bet<'_>> {
        self.places.get(from..).unwrap_or_default().iter().map(|place| self.bet(place))
    }

    /// Returns the bytes from the start of a bet to the end of the text.
    #[inline]
    pub(super) fn bytes_from(&self, place: &Place) -> &[u8] {
        self.text.as_bytes().get(place.start..).unwrap_or_default()
    }

    pub(super) fn bet(&self, place: &Place) -> Bet<'_> {
        let ([first, second, third, fourth], _) = place.shape();
        let text = self.text.get(place.start..).unwrap_or_default();
        let field = |start: usize, end: usize| text.get(start..end).unwrap_or_default();
        Bet {
            first_name: field(0, first),
            last_name: field(first + 1, second),
            document: field(second + 1, third),
            birthdate: field(third + 1, fourth),
            number: place.number,
        }
    }
}

impl Place {
    /// Returns the offsets of the four separators from the start of the bet, and its length, in bytes.
    #[inline]
    pub(super) fn shape(&self) -> ([usize; 4], usize) {
        let [first, last, document, digits] = self.lens.map(usize::from);
        let second = first + 1 + last;
        let third = second + 1 + document;
        let fourth = third + 1 + DATE;
        ([first, second, third, fourth], fourth + 1 + digits)
    }
}

impl<'a> Extend<Bet<'a>> for BetVec {
    fn extend<I: IntoIterator<Item = Bet<'a>>>(&mut self, bets: I) {
        bets.into_iter().for_each(|bet| self.push(&bet));
    }
}

impl<'a> FromIterator<Bet<'a>> for BetVec {
    fn from_iter<I: IntoIterator<Item = Bet<'a>>>(bets: I) -> Self {
        let mut vec = Self::default();
        vec.extend(bets);
        vec
    }
}

/// Shows the number of bets only: the bets are personal data.
impl fmt::Debug for BetVec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BetVec({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn bets_come_out_as_they_were_put_in() {
        let long = "ñ".repeat(127) + "x";
        let bets = [
            Bet::new(["Ana", "Paz", "0012", "1980-01-01", "0000000000007574"]).expect("valid"),
            Bet::new([&long, &long, "12345678901234567890", "2000-02-29", "4294967295"]).expect("valid"),
            Bet::new(["Ñandú", "Ágata", "3", "1999-12-31", "0"]).expect("valid"),
        ];
        let mut kept = BetVec::default();
        assert!(kept.is_empty());
        for bet in &bets {
            kept.push(bet);
            assert!(!kept.is_empty());
        }
        assert_eq!(kept.iter_from(0).collect::<Vec<_>>(), bets);
        assert_eq!(kept.iter_from(2).collect::<Vec<_>>(), bets[2..]);
        assert_eq!((kept.len(), kept.iter_from(3).len(), kept.iter_from(9).len()), (3, 0, 0));
        assert_eq!(format!("{kept:?}"), "BetVec(3)");
        let mut copy: BetVec = kept.iter().collect();
        copy.extend(bets);
        assert_eq!(copy.iter().collect::<Vec<_>>(), [bets, bets].concat());
    }
}
