//! A bet in the form that the peers carry, and the number into which every decoder folds what it finds.

use lottery_proto::{Bet, block};

use crate::input::Blocks;

/// A bet whose numbers are numbers: compact, quick to read, and less than a bet is, for a document's leading zeros
/// are lost.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Given names.
    pub first_name: &'a str,
    /// Family names.
    pub last_name: &'a str,
    /// The document.
    pub document: u64,
    /// The year of birth.
    pub year: u16,
    /// The month of birth.
    pub month: u8,
    /// The day of birth.
    pub day: u8,
    /// The number that was bet on.
    pub number: u32,
}

/// The bets of a block.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Whose they are.
    pub agency: u8,
    /// The bets.
    pub bets: Vec<Record<'a>>,
}

/// The batches of the blocks.
///
/// # Panics
/// If a block is wrong, or a document larger than the peers' numbers.
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

    /// Checks what no format checks by itself: that there are names, and that the date is one of the calendar.
    /// Control characters are not looked for, as the wire's own decoder does.
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
    /// If it is not valid.
    #[inline]
    pub fn fold(&self, sum: u64) -> u64 {
        assert!(self.is_valid(), "a valid bet");
        let digits = (self.document % 10) ^ (u64::from(self.day % 10) << 4);
        fold_parts(sum, [self.first_name, self.last_name], digits, self.number)
    }
}

/// Adds a bet of the wire to a checksum: the same as a record of that bet does.
#[inline]
pub fn fold(sum: u64, bet: &Bet<'_>) -> u64 {
    let digit = |text: &str| u64::from(text.as_bytes().last().copied().unwrap_or_default() & 0xF);
    let digits = digit(bet.document()) ^ (digit(bet.birthdate()) << 4);
    fold_parts(sum, [bet.first_name(), bet.last_name()], digits, bet.number())
}

/// Every field has a part in it, and so has the order of the bets.
#[inline]
fn fold_parts(sum: u64, [first, last]: [&str; 2], digits: u64, number: u32) -> u64 {
    let end = |name: &str| u64::from(name.as_bytes().last().copied().unwrap_or_default());
    let lens = ((first.len() as u64) << 56) ^ ((last.len() as u64) << 48);
    let names = lens ^ (end(first) << 40) ^ (end(last) << 32);
    sum.rotate_left(5) ^ names ^ (digits << 24) ^ u64::from(number)
}
