//! Consecutive bets of a collection, with the form in which they are held.

use core::fmt;

use super::Bet;
use super::bet_vec::{BetVec, Place};

/// Consecutive bets of a [`BetVec`], borrowed.
#[derive(Clone, Copy)]
pub struct BetSlice<'a> {
    vec: &'a BetVec,
    places: &'a [Place],
}

impl<'a> BetSlice<'a> {
    /// Returns the number of bets.
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    /// True if there are no bets.
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the first `most` bets, or all if they are fewer.
    #[must_use]
    pub fn first(&self, most: usize) -> Self {
        Self { vec: self.vec, places: self.places.get(..most).unwrap_or(self.places) }
    }

    /// Returns the bets in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Bet<'a>> + use<'a> {
        let vec = self.vec;
        self.places.iter().map(move |place| vec.bet(place))
    }

    /// Returns the bets in their order, as they are held.
    pub(crate) fn lines(&self) -> impl ExactSizeIterator<Item = BetLine<'a>> + use<'a> {
        let vec = self.vec;
        self.places.iter().map(move |place| BetLine { vec, place })
    }

    /// True if some name in the whole collection holds, or may hold, one of these separators of a dialect.
    pub(crate) fn may_hold(&self, separators: &[u8]) -> bool {
        self.vec.separators.hold_any(separators)
    }
}

impl BetVec {
    /// Returns the bets from index `from` on, counted from 0, at most `most`.
    pub fn slice(&self, from: usize, most: usize) -> BetSlice<'_> {
        BetSlice { vec: self, places: self.places.get(from..).unwrap_or_default() }.first(most)
    }
}

/// Shows the number of bets only: the bets are personal data.
impl fmt::Debug for BetSlice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BetSlice({})", self.len())
    }
}

/// Bet as it is held: `first_name,last_name,document,birthdate,number`, the number without leading zeros, and something
/// behind it.
#[derive(Clone, Copy)]
pub(crate) struct BetLine<'a> {
    vec: &'a BetVec,
    place: &'a Place,
}

impl<'a> BetLine<'a> {
    pub(crate) fn bet(&self) -> Bet<'a> {
        self.vec.bet(self.place)
    }

    /// Returns the bytes from the start of the bet to the end of the collection.
    #[inline]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.vec.bytes_from(self.place)
    }

    /// Returns the offsets of the four separators, and the length of the bet, in bytes.
    #[inline]
    pub(crate) fn shape(&self) -> ([usize; 4], usize) {
        self.place.shape()
    }
}
