//! Bets as lines of text, `first_name,last_name,document,birthdate,number`, made of the form in which they arrived by
//! copies of a fixed size.

#![expect(clippy::inline_always, reason = "measured: a call for each bet costs a tenth of its time")]

use alloc::vec::Vec;
use core::fmt;

use super::spans::Span;
use super::{Bet, Bets};

/// Longest part in front of the number that is copied at once, in bytes.
const WINDOW: usize = 64;
/// Longest field that is copied at once, where fields do not stand side by side, in bytes.
const FIELD: usize = 32;
/// Size of the buffer of a line, in bytes: with room behind the longest part for a field, or for a number and an end.
const SIZE: usize = WINDOW + FIELD;

/// Bet as a line, if it is short.
#[derive(Debug)]
pub enum LineOfBet<'a> {
    /// The line.
    Short(ShortLine),
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
pub struct ShortLine {
    bytes: [u8; SIZE],
    separators: [usize; 4],
    len: usize,
}

impl ShortLine {
    /// Returns the line of the bet at this place.
    #[inline(always)]
    fn of(span: &Span, payload: &[u8]) -> Option<Self> {
        let (at, [a, b, c, d], gaps) = span.shape();
        let starts = [0, a + 1, a + b + 2, a + b + c + 3];
        let separators = [starts[1] - 1, starts[2] - 1, starts[3] - 1, starts[3] + d];
        let mut bytes = [0; SIZE];
        if separators[3] > WINDOW {
            return None;
        }
        if gaps == [1; 3] {
            let window: &[u8; WINDOW] = payload.get(at..)?.first_chunk()?;
            *bytes.first_chunk_mut()? = *window;
        } else {
            for (field, start) in span.fields().into_iter().zip(starts) {
                let window: &[u8; FIELD] = payload.get(field.start..)?.first_chunk()?;
                if field.len() > FIELD {
                    return None;
                }
                *bytes.get_mut(start..)?.first_chunk_mut()? = *window;
            }
        }
        let digits = put_number(span.number(), bytes.get_mut(separators[3] + 1..)?)?;
        Some(Self { bytes, separators, len: separators[3] + 1 + digits })
    }

    /// Appends the line to `out`, with this separator between the fields, and `end` behind them.
    #[inline(always)]
    pub fn append<const N: usize>(&self, separator: u8, end: [u8; N], out: &mut Vec<u8>) {
        let start = out.len();
        let mut bytes = self.bytes;
        for at in self.separators {
            if let Some(place) = bytes.get_mut(at) {
                *place = separator;
            }
        }
        if let Some(place) = bytes.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut()) {
            *place = end;
        }
        out.extend_from_slice(&bytes);
        out.truncate(start + self.len + N);
    }
}

/// Writes a number, and returns the number of its digits.
#[inline(always)]
fn put_number(number: u32, out: &mut [u8]) -> Option<usize> {
    let short = u16::try_from(number).ok().filter(|number| *number < 10_000);
    let Some(number) = short else {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(number).as_bytes();
        out.get_mut(..digits.len())?.copy_from_slice(digits);
        return Some(digits.len());
    };
    let (high, low) = (number / 100, number % 100);
    let digits = [high / 10, high % 10, low / 10, low % 10].map(|digit| b'0' | digit.to_le_bytes()[0]);
    let leading = usize::from(number < 10) + usize::from(number < 100) + usize::from(number < 1000);
    let digits = u32::from_le_bytes(digits) >> (8 * leading);
    *out.first_chunk_mut()? = digits.to_le_bytes();
    Some(4 - leading)
}

/// Omits the line: it is personal data.
impl fmt::Debug for ShortLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortLine({})", self.len)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString as _};
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
                        let mut out = b"before".to_vec();
                        line.append(b'|', *b"\r\n", &mut out);
                        prop_assert_eq!(String::from_utf8(out), Ok(format!("before{fields}|{}\r\n", bet.number())));
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
        for number in (0..10_100).chain([99_999, 100_000, u32::MAX]) {
            let mut out = [b'x'; 12];
            let len = put_number(number, &mut out).expect("there is room");
            assert_eq!(out.get(..len), Some(number.to_string().as_bytes()));
        }
    }
}
