//! Numbers of agencies, the owners of bets.

use core::fmt;
use core::num::NonZeroU32;
use core::str::FromStr;

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

/// Error for a number that no agency can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an agency, 1 to {}", AgencyId::MAX)]
#[non_exhaustive]
pub struct AgencyIdError;

impl TryFrom<u32> for AgencyId {
    type Error = AgencyIdError;

    fn try_from(number: u32) -> Result<Self, AgencyIdError> {
        Self::new(number).ok_or(AgencyIdError)
    }
}

/// Parses a number in decimal digits.
impl FromStr for AgencyId {
    type Err = AgencyIdError;

    fn from_str(text: &str) -> Result<Self, AgencyIdError> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: u32 = text.parse().ok().filter(|_| is_number).ok_or(AgencyIdError)?;
        number.try_into()
    }
}

impl fmt::Display for AgencyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn numbers_from_1_to_99999_are_agencies() {
        for (text, number) in [("1", 1), ("007", 7), ("99999", 99_999)] {
            assert_eq!(text.parse().map(AgencyId::get), Ok(number));
            assert_eq!(AgencyId::try_from(number).map(AgencyId::get), Ok(number));
        }
        for text in ["", "0", "100000", "-1", "+1", " 1", "4294967297", "one"] {
            assert_eq!(text.parse::<AgencyId>(), Err(AgencyIdError), "{text}");
        }
        assert_eq!(AgencyId::try_from(100_000), Err(AgencyIdError));
        assert_eq!(AgencyIdError.to_string(), "expected an agency, 1 to 99999");
    }
}
