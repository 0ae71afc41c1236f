//! Who sends the bets.

use core::fmt;
use core::num::NonZeroU32;

/// An agency's number: 1 to [`AgencyId::MAX`]. How far it may go on one wire depends on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgencyId(NonZeroU32);

impl AgencyId {
    /// The largest number that any wire can carry: five digits.
    pub const MAX: u32 = 99_999;

    /// The agency of that number, if it is in range.
    pub const fn new(number: u32) -> Option<Self> {
        if number > Self::MAX {
            return None;
        }
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for AgencyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
