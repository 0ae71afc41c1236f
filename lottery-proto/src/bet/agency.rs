//! Numbers of agencies, the owners of bets.

use core::fmt;
use core::num::NonZeroU32;

/// Number of an agency: 1 to [`AgencyId::MAX`]. A dialect may carry fewer ([`Dialect::max_agency`]).
///
/// [`Dialect::max_agency`]: crate::Dialect::max_agency
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgencyId(NonZeroU32);

impl AgencyId {
    /// Greatest number that any dialect can carry: five digits.
    pub const MAX: u32 = 99_999;

    /// Returns the agency of that number; `None` if it is 0 or over [`AgencyId::MAX`].
    pub const fn new(number: u32) -> Option<Self> {
        if number > Self::MAX {
            return None;
        }
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Returns the number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for AgencyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
