//! Digest of an agency's bets (`docs/protocol.md#digest`).

use alloc::vec::Vec;
use core::fmt;

use super::{AgencyId, Bet, crc32c};

/// Running digest of an agency's bets: the CRC-32C of their rows as `bets.csv` holds them
/// ([`Bet::put_row`]; `docs/protocol.md#digest`).
///
/// In a session the server's Welcome says how many bets of the agency it has stored, and their digest. An agency
/// computes that of the same number of its own bets, and goes on behind them if the two are equal.
///
/// ```
/// use lottery_proto::{AgencyId, Bet, Digest};
///
/// let list = [
///     Bet::new(["Ana", "Paz", "20000001", "1980-01-01", "7574"])?,
///     Bet::new(["José María", "de la Cruz", "20000003", "2000-02-29", "8"])?,
/// ];
/// let mut digest = Digest::new(AgencyId::new(1).unwrap());
/// list.iter().for_each(|bet| digest.push(bet));
/// assert_eq!(digest.value(), 0x32ce_7879);
/// # Ok::<_, lottery_proto::FieldError>(())
/// ```
#[derive(Clone)]
pub struct Digest {
    agency: AgencyId,
    crc: u32,
    /// Last row. Its memory is used again.
    row: Vec<u8>,
}

impl Digest {
    /// Returns the digest of no bets of this agency.
    pub const fn new(agency: AgencyId) -> Self {
        Self { agency, crc: 0, row: Vec::new() }
    }

    /// Adds the agency's next bet.
    pub fn push(&mut self, bet: &Bet<'_>) {
        self.row.clear();
        bet.put_row(self.agency, &mut self.row);
        self.crc = crc32c::append(self.crc, &self.row);
    }

    /// Returns the digest of all bets so far; 0 if there are none.
    pub const fn value(&self) -> u32 {
        self.crc
    }
}

/// Omits the last row: it is personal data.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({}, {:08x})", self.agency, self.crc)
    }
}
