//! Decoding of bets in `block`, alone and in batches (`docs/protocol.md#block`).
//!
//! A batch is a count and that many Bet packets, each with its own header, without padding between them.

#![expect(clippy::inline_always, reason = "measured: a call for each bet costs a tenth of its time")]

use alloc::boxed::Box;
use alloc::format;
use nom::Parser;
use nom::bytes::complete::{tag, take_till};

use super::header::{BATCH, BET, HEADER_SIZE, Header, Short, header, packet};
use crate::bet::{Bet, Span, Spans, text_of};
use crate::error::{DecodeError, Problem};
use crate::wire::fast_path::{self, ShortBet};

/// Offset of the first bet in a Batch packet, in bytes: behind the header and the count.
pub(super) const BETS_AT: usize = HEADER_SIZE + 1;

/// Decodes a block that holds a Batch packet: hands each bet to `visit`, validated and borrowed, in one pass.
///
/// The batch as a whole is valid only if this returns `Ok`: a mistake may follow bets that were visited.
/// [`Server`](crate::Server) hands out a batch only if all of it is valid.
///
/// # Errors
/// The first mistake in the packet, and its place.
pub fn decode_batch<'a>(block: &'a [u8], visit: impl FnMut(Bet<'a>)) -> Result<(), DecodeError> {
    let (header, payload) = packet(block)?;
    if header.kind != BATCH {
        return Err(DecodeError::new(0, Problem::TypeMismatch { found: header.kind, expected: BATCH }));
    }
    for_each_bet(payload, header.agency, &mut Visitor(visit)).map(|_| ())
}

/// Validates the payload of a Batch packet, puts the places of its bets into `spans`, and returns their number.
pub(super) fn validate(payload: &[u8], agency: u8, spans: &mut Spans) -> Result<usize, DecodeError> {
    spans.begin(payload.first().map_or(0, |count| usize::from(*count)), payload.len());
    for_each_bet(payload, agency, spans)
}

/// Receiver of the valid bets in a batch. It is no closure: one for both paths is not always inlined.
trait Receiver<'a> {
    /// Takes a bet that the fast path has read, `at` bytes behind the count. `text` begins with it.
    fn fast(&mut self, bet: ShortBet, at: usize, text: &'a str);

    /// Takes a bet that the slow path has read, `at` bytes behind the count.
    fn slow(&mut self, bet: Bet<'a>, at: usize);
}

impl Receiver<'_> for Spans {
    #[inline(always)]
    fn fast(&mut self, bet: ShortBet, at: usize, _: &str) {
        self.push(bet.span(at));
    }

    fn slow(&mut self, bet: Bet<'_>, at: usize) {
        self.push(Span::of(&bet, at, [1; 3]));
    }
}

struct Visitor<F>(F);

impl<'a, F: FnMut(Bet<'a>)> Receiver<'a> for Visitor<F> {
    #[inline(always)]
    fn fast(&mut self, bet: ShortBet, _: usize, text: &'a str) {
        bet.bet(text).into_iter().for_each(&mut self.0);
    }

    fn slow(&mut self, bet: Bet<'a>, _: usize) {
        (self.0)(bet);
    }
}

/// Hands each valid bet in the payload of a Batch packet to `receiver`, and returns their number.
#[inline]
fn for_each_bet<'a>(
    payload: &'a [u8],
    agency: u8,
    receiver: &mut impl Receiver<'a>,
) -> Result<usize, DecodeError> {
    let Some((&count, bets)) = payload.split_first() else {
        return Err(DecodeError::new(HEADER_SIZE, Problem::Expected("a count of bets")));
    };
    let count = usize::from(count);
    // If all bets together are UTF-8, no field has to be checked for it.
    let text = text_of(bets);
    let (mut at, mut found) = (0, 0);
    while found < count {
        let mut rest = text.and_then(|text| text.get(at..)).unwrap_or_default();
        while found < count
            && let Some((bet, text, after)) = read_fast(rest, [BET, agency])
        {
            receiver.fast(bet, at + HEADER_SIZE, text);
            (rest, at, found) = (after, bets.len() - after.len(), found + 1);
        }
        if found < count {
            let (bet, end) = read_slow(bets, at, agency, found + 1, count)?;
            receiver.slow(bet, at + HEADER_SIZE);
            (at, found) = (end, found + 1);
        }
    }
    let rest = bets.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(count);
    }
    Err(if header(rest).is_ok_and(|(_, next)| next.kind == BET) {
        DecodeError::new(HEADER_SIZE, Problem::BetCount { said: count, found: count + 1 })
    } else {
        DecodeError::new(2, Problem::SizeMismatch { size: BETS_AT + bets.len(), needed: BETS_AT + at })
    })
}

/// Reads the Bet packet at the start of `text`, and returns the bet, the text that begins with it, and the text behind
/// the packet. Reads only a packet that begins with `start`, holds a bet that the fast path reads, and has a full window
/// of bytes behind its header.
#[inline(always)]
fn read_fast(text: &str, start: [u8; 2]) -> Option<(ShortBet, &str, &str)> {
    let packet: &[u8; HEADER_SIZE + fast_path::WINDOW] = text.as_bytes().first_chunk()?;
    let (&[kind, agency, low, high], _) = packet.split_first_chunk()?;
    let size = usize::from(u16::from_le_bytes([low, high]));
    if u16::from_le_bytes([kind, agency]) != u16::from_le_bytes(start) || size < HEADER_SIZE {
        return None;
    }
    let bytes = text.get(HEADER_SIZE..)?;
    let short = fast_path::read::<b'|'>(packet.last_chunk()?, bytes.as_bytes(), size - HEADER_SIZE)?;
    Some((short, bytes, text.get(size..)?))
}

/// Reads the Bet packet number `index` of `count` at `at`, and returns the bet and the offset of the packet's end.
///
/// # Errors
/// The mistake and its exact place.
#[inline(never)]
fn read_slow(
    bets: &[u8],
    at: usize,
    agency: u8,
    index: usize,
    count: usize,
) -> Result<(Bet<'_>, usize), DecodeError> {
    let rest = bets.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return Err(DecodeError::new(HEADER_SIZE, Problem::BetCount { said: count, found: index - 1 }));
    }
    let wrong = |problem| DecodeError::in_bet(index, BETS_AT + at, problem);
    let size = check_header(rest, agency).map_err(wrong)?;
    let payload = rest.get(HEADER_SIZE..size).unwrap_or_default();
    Ok((decode_bet(payload, index, BETS_AT + at + HEADER_SIZE)?, at + size))
}

/// Checks the header at the start of `rest`, and returns the size of its Bet packet. More packets may follow.
fn check_header(rest: &[u8], agency: u8) -> Result<usize, Problem> {
    let Ok((_, Header { kind, agency: named, size })) = header(rest) else {
        return Err(Problem::Expected("the header of a bet"));
    };
    let size = usize::from(size);
    if kind != BET {
        return Err(Problem::TypeMismatch { found: kind, expected: BET });
    }
    if named != agency {
        return Err(Problem::AgencyMismatch { found: named.into(), expected: agency.into() });
    }
    if size < HEADER_SIZE || size > rest.len() {
        return Err(Problem::Size { size, min: HEADER_SIZE, max: rest.len() });
    }
    Ok(size)
}

/// Decodes the fields of bet number `index`, which stand `offset` bytes behind the start of the message.
pub(super) fn decode_bet(payload: &[u8], index: usize, offset: usize) -> Result<Bet<'_>, DecodeError> {
    fields(payload).map_err(|problem| DecodeError::in_bet(index, offset, problem))
}

/// Decodes `first_name|last_name|document|birthdate|number` on the slow path, which finds every mistake.
fn fields(payload: &[u8]) -> Result<Bet<'_>, Problem> {
    let found = memchr::memchr_iter(b'|', payload).count() + 1;
    let field = || take_till::<_, &[u8], Short>(|byte| byte == b'|');
    let bar = || tag::<_, &[u8], Short>("|");
    let mut five = (field(), bar(), field(), bar(), field(), bar(), field(), bar(), field());
    match five.parse(payload) {
        Ok((_, (first_name, _, last_name, _, document, _, birthdate, _, number))) if found == 5 => {
            Ok(Bet::from_bytes([first_name, last_name, document, birthdate, number])?)
        }
        _ => Err(Problem::FieldCount { found }),
    }
}

/// Returns the bytes of a bet that its `BetAck` repeats.
pub(super) fn echo(bet: &Bet<'_>) -> Box<[u8]> {
    format!("{}|{}", bet.document, bet.number).into_bytes().into()
}

/// Returns the bytes that a `BetAck` repeats of a bet that cannot be read: its document and its number if they are 1 to
/// 20 digits, else `0`.
pub(super) fn echo_of(payload: &[u8]) -> Box<[u8]> {
    let mut fields = payload.split(|&byte| byte == b'|');
    let mut digits = |index| {
        let field: &[u8] = fields.nth(index).unwrap_or_default();
        let fits = (1..=20).contains(&field.len()) && field.iter().all(u8::is_ascii_digit);
        if fits { field } else { b"0" }
    };
    let (document, number) = (digits(2), digits(1));
    [document, b"|", number].concat().into()
}
