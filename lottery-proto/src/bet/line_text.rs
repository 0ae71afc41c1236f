//! Bets as lines of text, `first_name,last_name,document,birthdate,number`, made of the form in which they arrived by
//! copies of a fixed size.

#![expect(clippy::inline_always, reason = "measured: a call for each bet costs a tenth of its time")]

use core::fmt;

use super::spans::Span;
use super::swar::ZEROS;
use super::{Bet, Bets};

/// Longest part in front of the number that is copied at once, in bytes.
const WINDOW: usize = 64;
/// Longest field that is copied at once, where fields do not stand side by side, in bytes.
const FIELD: usize = 32;
/// Largest number that a short line has: eight digits, one word.
const MAX_NUMBER: u32 = 99_999_999;

/// Bet as a line, if it is short.
#[derive(Debug)]
pub enum LineOfBet<'a> {
    /// The line.
    Short(ShortLine<'a>),
    /// Bet that is too long for that, or stands at the end of its message.
    Long(Bet<'a>),
}

impl<'a> Bets<'a> {
    /// Returns the bets in the order in which they were sent, each as a line if it is short.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = LineOfBet<'a>> + use<'a> {
        let payload = self.payload;
        self.spans.iter().map(move |span| {
            let short = ShortLine::of(span, payload);
            short.map_or_else(|| LineOfBet::Long(span.in_bytes(payload)), LineOfBet::Short)
        })
    }
}

/// Line of a short bet, without an end.
#[derive(Clone, Copy)]
pub struct ShortLine<'a> {
    fields: Fields<'a>,
    /// Places of the four separators in the line.
    separators: [usize; 4],
    /// Digits of the number, with what comes behind them.
    digits: [u8; 8],
    len: usize,
}

/// Fields of a bet in front of its number, each with what stands behind it.
#[derive(Clone, Copy)]
enum Fields<'a> {
    /// Side by side, with a byte between each two.
    Together(&'a [u8; WINDOW]),
    Apart([&'a [u8; FIELD]; 4]),
}

impl<'a> ShortLine<'a> {
    /// Room that [`ShortLine::put`] needs, in bytes. It is longer than the line.
    pub const ROOM: usize = WINDOW + FIELD;

    /// Returns the line of the bet at this place.
    #[inline(always)]
    fn of(span: &Span, payload: &'a [u8]) -> Option<Self> {
        let (at, [a, b, c, d], gaps) = span.shape();
        let last = a + b + c + d + 3;
        let separators = [a, a + b + 1, a + b + c + 2, last];
        if last > WINDOW || span.number() > MAX_NUMBER {
            return None;
        }
        let fields = if gaps == [1; 3] {
            Fields::Together(payload.get(at..)?.first_chunk()?)
        } else {
            if [a, b, c, d].into_iter().any(|len| len > FIELD) {
                return None;
            }
            let [a, b, c, d] = span.fields().map(|field| payload.get(field.start..)?.first_chunk());
            Fields::Apart([a?, b?, c?, d?])
        };
        let (digits, len) = digits_of(span.number());
        Some(Self { fields, separators, digits, len: last + 1 + len })
    }

    /// Writes the line at the start of `room`, with this separator between the fields, and `end`, two bytes at most, behind them.
    /// Returns its length with the end, in bytes; `None` if there is less room than [`ShortLine::ROOM`]. What is behind it in that room is
    /// overwritten.
    #[inline(always)]
    pub fn put<const N: usize>(&self, separator: u8, end: [u8; N], room: &mut [u8]) -> Option<usize> {
        // Written where it stays: a line made elsewhere would be read back at once, before its last bytes are in the cache.
        let room: &mut [u8; WINDOW + FIELD] = room.first_chunk_mut()?;
        let [first, second, third, last] = self.separators;
        match self.fields {
            Fields::Together(window) => *room.first_chunk_mut()? = *window,
            Fields::Apart(fields) => {
                for (field, start) in fields.into_iter().zip([0, first + 1, second + 1, third + 1]) {
                    *room.get_mut(start..)?.first_chunk_mut()? = *field;
                }
            }
        }
        for at in [first, second, third, last] {
            *room.get_mut(at)? = separator;
        }
        *room.get_mut(last + 1..)?.first_chunk_mut()? = self.digits;
        *room.get_mut(self.len..)?.first_chunk_mut()? = end;
        Some(self.len + N)
    }
}

/// Returns the digits of a number of up to eight, and how many they are.
#[inline(always)]
fn digits_of(number: u32) -> ([u8; 8], usize) {
    let four = |number: u32| {
        let (high, low) = (number / 100, number % 100);
        [high / 10, high % 10, low / 10, low % 10].map(|digit| digit.to_le_bytes()[0])
    };
    let [high, low] =
        [number / 10_000, number % 10_000].map(|part| u64::from(u32::from_le_bytes(four(part))));
    let values = high | low << 32;
    // One digit is left of 0.
    let zeros = (values.trailing_zeros() as usize / 8).min(7);
    (((values | ZEROS) >> (8 * zeros)).to_le_bytes(), 8 - zeros)
}

/// Omits the line: it is personal data.
impl fmt::Debug for ShortLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortLine({})", self.len)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString as _};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    use super::*;
    use crate::bet::Spans;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 20 } else { 5_000 }))]
        #[test]
        fn lines_hold_the_fields_of_their_bets_however_these_stand(
            bets in prop::collection::vec(("[a-zñ,\"]{1,40}", "[a-zñ|]{1,20}", "[0-9]{1,20}", any::<u32>(), 0..5_usize), 1..6),
            gaps in [1..9_usize, 1..3_usize, 1..3_usize],
        ) {
            let (mut payload, mut spans, mut places) = (String::new(), Spans::default(), Vec::new());
            for (first, last, document, number, zeros) in &bets {
                let number = number >> (7 * zeros);
                let [a, b, c] = gaps.map(|gap| "\0".repeat(gap));
                let start = payload.len();
                let line = format!("{first}{a}{last}{b}{document}{c}2000-02-29");
                let fields = [first.len(), last.len(), document.len(), 10];
                let mut at = start;
                let mut ranges = fields.into_iter().zip([gaps[0], gaps[1], gaps[2], 0]).map(|(len, gap)| {
                    let field = at..at + len;
                    at += len + gap;
                    field
                });
                let ranges: [_; 4] = core::array::from_fn(|_| ranges.next().expect("four"));
                payload.extend([&*line, "\0", &number.to_string()]);
                let [f, l, d, n] = ranges;
                places.push([f, l, d, n, payload.len() - number.to_string().len()..payload.len()]);
            }
            spans.begin(bets.len(), payload.len());
            for fields in places {
                prop_assert_eq!(spans.push_bet(payload.as_bytes(), fields), Ok(()));
            }
            let lent = Bets::validated(payload.as_bytes(), spans.as_slice());
            let mut found = 0;
            for (line, bet) in lent.lines().zip(&lent) {
                let fields = [bet.first_name(), bet.last_name(), bet.document(), bet.birthdate()].join("|");
                match line {
                    LineOfBet::Short(line) => {
                        let mut room = [b'x'; ShortLine::ROOM];
                        let len = line.put(b'|', *b"\r\n", &mut room).expect("there is room");
                        let expected = format!("{fields}|{}\r\n", bet.number());
                        prop_assert_eq!(room.get(..len), Some(expected.as_bytes()));
                        prop_assert_eq!(line.put(b'|', *b"\n", &mut room[1..]), None);
                    }
                    LineOfBet::Long(long) => prop_assert_eq!(long, bet),
                }
                found += 1;
            }
            prop_assert_eq!(found, bets.len());
        }
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in (0..10_100).chain([99_999, 100_000, 1_234_567, MAX_NUMBER - 9_999, MAX_NUMBER]) {
            let (digits, len) = digits_of(number);
            assert_eq!(digits.get(..len), Some(number.to_string().as_bytes()));
        }
    }
}
