//! Bets as they are stored.

use std::fmt;

use lottery_proto::Bets;

use crate::digest;
use crate::store::{Rows, rows};

/// The bets of a request, encoded by the connection that received them: the committer, which there is only one of, has
/// no more to do than to put them together.
pub struct EncodedBets {
    count: u32,
    rows: String,
    digested: Vec<u8>,
}

impl EncodedBets {
    /// Encodes the bets of an agency.
    pub fn of(agency: u32, bets: Bets<'_>) -> Self {
        // Agency, quotes and line ends have room in what is left, as a rule.
        let room = bets.size() + bets.len() * 8;
        let mut encoded = Self {
            count: u32::try_from(bets.len()).unwrap_or(u32::MAX),
            rows: String::with_capacity(room),
            digested: Vec::with_capacity(room),
        };
        for bet in bets {
            rows::push_bet(&mut encoded.rows, agency, &bet);
            digest::push_bet(&mut encoded.digested, &bet);
        }
        encoded
    }

    /// How many bets.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Them as rows of CSV, as [`rows::push_bet`] writes them.
    pub fn rows(&self) -> &str {
        &self.rows
    }

    /// As a batch of the store.
    pub fn to_rows(&self, agency: u32) -> Rows {
        Rows { agency, bets: self.count, text: self.rows.clone() }
    }

    /// The digest of an agency's bets with these behind those of which it is `digest` (spec: *Sessions*).
    pub fn digest_after(&self, digest: u32) -> u32 {
        crc32c::crc32c_append(digest, &self.digested)
    }

    /// How much memory they take, in bytes.
    pub fn size(&self) -> usize {
        self.rows.capacity() + self.digested.capacity()
    }
}

/// Without the rows: they are personal data.
impl fmt::Debug for EncodedBets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodedBets {{ count: {} }}", self.count)
    }
}
