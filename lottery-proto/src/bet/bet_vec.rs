//! Valid bets that own their fields.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Bet;

/// Valid bets that own their fields, in a single text with a few bytes of places per bet beside it.
///
/// Only valid bets get in, so bets that are read back are valid and not checked again.
#[derive(Clone, Default)]
pub struct BetVec {
    /// Bets in their order, each as [`Place`] says. Line ends may stand between them.
    text: String,
    places: Vec<Place>,
}

/// Place of a bet in the text: `first_name,last_name,document,birthdate,number`, without quotes, and the number without
/// leading zeros.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    /// Length of each field except the number, in bytes.
    lens: [u8; 4],
    number: u32,
}

impl BetVec {
    /// Returns an empty collection with capacity for `text` bytes.
    pub fn with_capacity(text: usize) -> Self {
        Self { text: String::with_capacity(text), places: Vec::new() }
    }

    /// Appends a copy of a bet.
    pub fn push(&mut self, bet: &Bet<'_>) {
        let fields = [bet.first_name, bet.last_name, bet.document, bet.birthdate];
        let start = self.text.len();
        for field in fields {
            self.text.push_str(field);
            self.text.push(',');
        }
        self.text.push_str(itoa::Buffer::new().format(bet.number));
        self.push_place(start, fields.map(str::len), bet.number);
    }

    /// Appends bets that stand at the start of `text` as [`Place`] says. `next` validates them one by one: it is given
    /// an offset in `text`, and returns the bet there and the offset behind its line; `None`: no more are taken. Returns
    /// the number of bytes taken.
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
        self.text.push_str(text.get(..at).unwrap_or_default());
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

    fn bet(&self, place: &Place) -> Bet<'_> {
        let mut rest = self.text.get(place.start..).unwrap_or_default();
        let [first_name, last_name, document, birthdate] = place.lens.map(|len| {
            let (field, after) = rest.split_at_checked(len.into()).unwrap_or_default();
            rest = after.get(1..).unwrap_or_default();
            field
        });
        Bet { first_name, last_name, document, birthdate, number: place.number }
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
