//! Bet in the form that the alternative formats carry, and the checksum that every decoder computes.

use bincode::{BorrowDecode, Encode};
use lottery_proto::{Bet, block};
use serde::{Deserialize, Serialize};

use crate::input::Blocks;

/// Bet with numeric fields: compact and quick to read, but with less information than a bet, because a
/// document's leading zeros are lost. `bincode` and `postcard` carry it as it is.
#[derive(Clone, Copy, Debug, Encode, BorrowDecode, Serialize, Deserialize)]
pub struct Record<'a> {
    /// Given names.
    pub first_name: &'a str,
    /// Family names.
    pub last_name: &'a str,
    /// Document number.
    pub document: u64,
    /// Year of birth.
    pub year: u16,
    /// Month of birth, from 1 to 12.
    pub month: u8,
    /// Day of birth, from 1 to 31.
    pub day: u8,
    /// Number that was bet on.
    pub number: u32,
}

/// Bets of a block.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Number of the agency that owns the bets.
    pub agency: u8,
    /// Bets, in the order of the block.
    pub bets: Vec<Record<'a>>,
}

/// Decodes the batches of the blocks.
///
/// # Panics
/// If a block is wrong, or a document exceeds 64 bits.
pub fn batches(blocks: &Blocks) -> Vec<Batch<'_>> {
    let batch = |bytes| {
        let mut bets = Vec::new();
        block::decode_batch(bytes, |bet| bets.push(Record::of(&bet))).expect("a valid batch");
        Batch { agency: bytes[1], bets }
    };
    blocks.blocks().map(batch).collect()
}

impl<'a> Record<'a> {
    fn of(bet: &Bet<'a>) -> Self {
        let mut date = bet.birthdate().split('-').map(|part| part.parse::<u16>().expect("a valid date"));
        let mut next = || date.next().expect("a valid date");
        let small = |part| u8::try_from(part).expect("two digits");
        Self {
            first_name: bet.first_name(),
            last_name: bet.last_name(),
            document: bet.document().parse().expect("a document below 2^64"),
            year: next(),
            month: small(next()),
            day: small(next()),
            number: bet.number(),
        }
    }

    /// Returns true if the bet has names and a date of the calendar, which no format checks by itself. Unlike
    /// the protocol's own decoder, it does not look for control characters.
    #[inline]
    pub fn is_valid(&self) -> bool {
        const DAYS: [u8; 13] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let days = DAYS.get(usize::from(self.month)).copied().unwrap_or_default();
        let leap = || {
            self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400))
        };
        let date = (1..=9999).contains(&self.year) && (1..=days).contains(&self.day);
        date && (self.day != 29 || self.month != 2 || leap())
            && !self.first_name.is_empty()
            && !self.last_name.is_empty()
    }

    /// Adds this bet to a checksum.
    ///
    /// # Panics
    /// If the bet is not valid.
    #[inline]
    pub fn fold(&self, sum: u64) -> u64 {
        assert!(self.is_valid(), "a valid bet");
        let digits = (self.document % 10) ^ (u64::from(self.day % 10) << 4);
        fold_parts(sum, [self.first_name, self.last_name], digits, self.number)
    }
}

/// Adds a bet of the protocol to a checksum, with the same result as [`Record::fold`] for that bet.
#[inline]
pub fn fold(sum: u64, bet: &Bet<'_>) -> u64 {
    let digit = |text: &str| u64::from(text.as_bytes().last().copied().unwrap_or_default() & 0xF);
    let digits = digit(bet.document()) ^ (digit(bet.birthdate()) << 4);
    fold_parts(sum, [bet.first_name(), bet.last_name()], digits, bet.number())
}

/// Adds parts of every field to a checksum, which depends on the order of the bets as well.
#[inline]
fn fold_parts(sum: u64, [first, last]: [&str; 2], digits: u64, number: u32) -> u64 {
    let end = |name: &str| u64::from(name.as_bytes().last().copied().unwrap_or_default());
    let lens = ((first.len() as u64) << 56) ^ ((last.len() as u64) << 48);
    let names = lens ^ (end(first) << 40) ^ (end(last) << 32);
    sum.rotate_left(5) ^ names ^ (digits << 24) ^ u64::from(number)
}
