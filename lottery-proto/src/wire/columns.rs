//! Dialect `columns` (`docs/protocol.md#columns`): a bet in columns of characters, one for each connection.
//!
//! Widths count characters, not bytes.

use alloc::vec::Vec;
use bytes::BufMut;

use super::text::{self, put_padded};
use super::{
    AfterReply, Answer, ClientCodec, Detection, FrameCursor, Kind, Limits, PendingReply, Rejection, Request,
    Response, ServerCodec, TooLarge, Written,
};
use crate::bet::{AgencyId, Bet, Field, FieldError, FieldProblem, Span, Spans};
use crate::dialect::{DialectProfile, RejectionSign, Wire};
use crate::error::{DecodeError, Problem, SendError};

/// Widths of agency, first name, last name, document, date of birth and number.
const WIDTHS: [usize; 6] = [AGENCY, NAME, NAME, DOCUMENT, 10, NUMBER];
const AGENCY: usize = 5;
const NAME: usize = 10;
const DOCUMENT: usize = 8;
const NUMBER: usize = 4;
/// Width of a bet.
const BET: usize = 47;
/// Maximum number of digits that a bet begins with.
const DIGITS: usize = 7;

/// Dialect `columns`.
pub(crate) static COLUMNS: Wire = Wire {
    name: "columns",
    profile: DialectProfile { rejection: RejectionSign::Reset, ..DialectProfile::ONE_BET },
    max_agency: AgencyId::MAX,
    empty_list: 0,
    listed_document: 0,
    counterpart: None,
    server: &Columns,
    client: &Columns,
};

#[derive(Debug)]
struct Columns;

impl ServerCodec for Columns {
    /// Five to seven digits, as a name may begin with two, and behind them what the columns may hold. Eight are a length
    /// (`docs/protocol.md#framed`), and a semicolon ends an agency (`docs/protocol.md#line`).
    fn detect(&self, prefix: &[u8], _: Limits) -> Detection {
        let digits = prefix.iter().take(DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
        match prefix.get(digits) {
            None if digits <= DIGITS => return Detection::Undecided,
            Some(byte) if *byte != b';' && (AGENCY..=DIGITS).contains(&digits) => {}
            _ => return Detection::No,
        }
        let head = prefix.get(..4 * BET).unwrap_or(prefix);
        let Ok(size) = FrameCursor::default().skip_chars(head, BET) else { return Detection::No };
        let bet = head.get(..size.unwrap_or(head.len())).unwrap_or_default();
        if bet.iter().any(u8::is_ascii_control) {
            return Detection::No;
        }
        if size.is_none() {
            return Detection::Undecided;
        }
        let fields = core::str::from_utf8(bet).ok().and_then(columns);
        if fields.is_some_and(is_bet) { Detection::Yes } else { Detection::No }
    }

    fn frame(&self, cursor: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        let size = cursor.skip_chars(bytes, BET);
        size.map_err(|at| DecodeError::new(at, Problem::Expected("UTF-8")))
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        let rejected = |agency, error| Rejection::of(Kind::Bet, agency, error);
        let whole = text::utf8(message, 0).map_err(|error| rejected(0, error))?;
        let expected = DecodeError::new(0, Problem::Expected("47 characters"));
        let Some([agency, first_name, last_name, document, birthdate, number]) = columns(whole) else {
            return Err(rejected(0, expected));
        };
        let agency = text::agency(agency.as_bytes(), 0).map_err(|error| rejected(0, error))?;
        let (first, last) = (first_name.trim_end_matches(' '), last_name.trim_end_matches(' '));
        let digits = text::without_zeros(document);
        let bet = Bet::new([first, last, digits, birthdate, number])
            .map_err(|error| rejected(agency.get(), DecodeError::in_bet(1, AGENCY, Problem::Field(error))))?;
        let gaps =
            [first_name.len() - first.len(), last_name.len() - last.len() + document.len() - digits.len(), 0];
        spans.begin(1, message.len());
        spans.push(Span::of(&bet, AGENCY, gaps));
        let request = Request::with_bets(Kind::Bet, agency, 0..message.len(), 1);
        Ok(Request { echo: (&*message).into(), ..request })
    }

    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        // A client takes any text for an acknowledgement.
        if matches!(answer, Answer::Stored { .. }) {
            out.put_slice(&owed.echo);
            out.put_u8(b'\n');
        }
        Ok(AfterReply::Close)
    }

    /// A client takes a plain end for an acknowledgement, too.
    fn rejects_by_reset(&self) -> bool {
        true
    }
}

impl ClientCodec for Columns {
    fn frame(&self, cursor: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(cursor.find(b'\n', bytes))
    }

    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError> {
        text::check_columns(bet, [NAME, DOCUMENT, NUMBER])?;
        // Behind the digits of the agency it would be taken for another dialect.
        let digits = bet.first_name.bytes().take_while(u8::is_ascii_digit).count();
        match bet.first_name.chars().nth(digits.min(DIGITS - AGENCY)) {
            Some(c) if c == ';' || c.is_ascii_digit() => {
                Err(FieldError { field: Field::FirstName, problem: FieldProblem::NotInDialect(c) })
            }
            _ => Ok(()),
        }
    }

    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        _: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        let bet = bets.first().ok_or(SendError::NotInDialect)?;
        let start = out.len();
        put_padded(agency.get() as usize, AGENCY, out);
        for name in [bet.first_name, bet.last_name] {
            out.put_slice(name.as_bytes());
            out.put_bytes(b' ', NAME.saturating_sub(name.chars().count()));
        }
        out.put_bytes(b'0', DOCUMENT.saturating_sub(bet.document.len()));
        out.put_slice(bet.document.as_bytes());
        out.put_slice(bet.birthdate.as_bytes());
        put_padded(bet.number as usize, NUMBER, out);
        Ok(Written::with_bets(1).repeating(out.get(start..).unwrap_or_default()))
    }

    fn response(&self, asked: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        if message.strip_suffix(b"\n") == Some(&*asked.echo) {
            Ok(Response::Stored { total: None })
        } else {
            Err(DecodeError::new(0, Problem::Expected("the bet, as it was sent, and a line end")))
        }
    }
}

/// Splits a bet into its columns.
fn columns(bet: &str) -> Option<[&str; 6]> {
    let mut rest = bet;
    let mut fields = [""; 6];
    for (field, width) in fields.iter_mut().zip(WIDTHS) {
        let end = rest.char_indices().nth(width).map_or(rest.len(), |(end, _)| end);
        (*field, rest) = rest.split_at_checked(end)?;
    }
    rest.is_empty().then_some(fields)
}

/// True if these columns may hold a bet: digits in all but the names, and dashes in the date.
fn is_bet([agency, _, _, document, birthdate, number]: [&str; 6]) -> bool {
    let are_digits = |field: &str| field.bytes().all(|byte| byte.is_ascii_digit());
    let form = birthdate.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    [agency, document, number].into_iter().all(are_digits) && form.eq(*b"0000-00-00")
}
