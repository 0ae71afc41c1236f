//! Reader of CSV records, strictly as in RFC 4180: a file that was cut inside quotes, or has text after them,
//! is no bet under another name.
//!
//! The file may have no end, so the reader holds no more of a record than the fields of a bet can need, and
//! nothing else of the file. A line ends with CR LF, as in the standard, with LF or with CR; empty lines
//! between records are skipped.

use std::io::{self, BufRead};

use lottery_proto::{Field, FieldError, FieldProblem};

use super::LineProblem;

/// Fields of a bet, in their order.
pub(super) const FIELDS: [Field; 5] =
    [Field::FirstName, Field::LastName, Field::Document, Field::Birthdate, Field::Number];

/// Maximum number of bytes of a field: that of a name. A number may have so many leading zeros.
const LONGEST_FIELD: usize = 255;
/// Maximum number of bytes of a line: five quoted fields of quotes only, each written twice, and four commas.
const LONGEST_LINE: usize = 5 * (2 * LONGEST_FIELD + 2) + 4;

/// Reason why there is no next record.
#[derive(Debug)]
pub(super) enum RecordError {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// The file is larger than the limit.
    TooLarge,
    /// The record that begins in this line is not valid.
    Line(u64, LineProblem),
}

/// Record: its fields one after the other, as many as a bet has, and their number in all.
#[derive(Debug, Default)]
pub(super) struct Record {
    text: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl Record {
    /// Returns the fields of a bet, or an error if the record does not have five.
    pub(super) fn fields(&self) -> Result<[&[u8]; 5], LineProblem> {
        if self.count != FIELDS.len() {
            return Err(LineProblem::FieldCount(self.count));
        }
        let mut start = 0;
        let mut fields = [&[][..]; 5];
        for (field, end) in fields.iter_mut().zip(&self.ends) {
            *field = self.text.get(start..*end).unwrap_or_default();
            start = *end;
        }
        Ok(fields)
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.count = 0;
    }

    fn end_field(&mut self) {
        self.count += 1;
        if self.ends.len() < FIELDS.len() {
            self.ends.push(self.text.len());
        }
    }

    /// Adds bytes to the current field.
    fn push(&mut self, bytes: &[u8]) -> Result<(), LineProblem> {
        let Some(field) = FIELDS.get(self.count) else { return Ok(()) };
        let begins = self.ends.last().copied().unwrap_or_default();
        if self.text.len() - begins + bytes.len() > LONGEST_FIELD {
            let problem = match field {
                Field::Document => FieldProblem::TooLong(20),
                Field::Birthdate => FieldProblem::NotADate,
                _ => FieldProblem::TooLong(LONGEST_FIELD),
            };
            return Err(FieldError::new(*field, problem).into());
        }
        self.text.extend_from_slice(bytes);
        Ok(())
    }

    /// Returns the error of misplaced quotes in the current field.
    fn quotes(&self, problem: QuotesProblem) -> LineProblem {
        match FIELDS.get(self.count) {
            Some(field) => LineProblem::Quotes { field: *field, problem },
            None => LineProblem::FieldCount(self.count + 1),
        }
    }
}

/// Mistake in the quotes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuotesProblem {
    /// The file ends before the quotes are closed.
    #[error("the file ends inside quotes")]
    NotClosed,
    /// The line ends before the quotes are closed: no field of a bet holds a line end.
    #[error("the line ends inside quotes")]
    LineEnd,
    /// Text follows the closing quote.
    #[error("text behind the closing quote")]
    TextBehind,
    /// A quote stands in a field that does not begin with one.
    #[error("a quote in a field that does not begin with one")]
    Inside,
}

/// State of the reader within a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first byte of a record.
    Record,
    /// Before the first byte of a later field.
    Field,
    /// In a field without quotes.
    Plain,
    /// In a quoted field.
    Quoted,
    /// After a quote in a quoted field: it closes the field, or a second one follows.
    Quote,
}

/// Size of the first piece of the input that is checked for UTF-8 at once, in bytes; also of the first one
/// behind a record that is not a plain line, as the next may be of its kind.
pub(super) const SMALLEST_PIECE: usize = 256;

/// Reader of the records of a file.
#[derive(Debug)]
pub(super) struct Records<R> {
    pub(super) input: R,
    /// Line of the next byte, from 1.
    pub(super) line: u64,
    /// True if the last byte was a CR: an LF after it ends no other line.
    pub(super) after_cr: bool,
    /// Number of bytes that may still be read.
    pub(super) left: u64,
    /// Size of the next piece that is looked through for plain lines, in bytes.
    pub(super) piece: usize,
}

impl<R: BufRead> Records<R> {
    /// Creates a reader that reads at most `limit` bytes of `input`.
    pub(super) fn new(input: R, limit: u64) -> Self {
        Self { input, line: 1, after_cr: false, left: limit, piece: SMALLEST_PIECE }
    }

    /// Returns the line of the next byte, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next record, and returns the line in which it begins, from 1; `None` at the end of the file.
    pub(super) fn next(&mut self, record: &mut Record) -> Result<Option<u64>, RecordError> {
        record.clear();
        let (mut state, mut begins, mut length) = (State::Record, self.line, 0_usize);
        loop {
            let bytes = match self.input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(RecordError::Unreadable(error)),
            };
            if bytes.is_empty() {
                return end_of_file(state, record)
                    .map(|whole| whole.then_some(begins))
                    .map_err(|problem| RecordError::Line(begins, problem));
            }
            let (mut rest, mut whole) = (bytes, false);
            while let Some((byte, after)) = rest.split_first() {
                // Plain bytes are taken in one piece.
                let run = if state == State::Plain { plain_bytes(rest, self.left) } else { 0 };
                let taken = run.max(1);
                self.left = self.left.checked_sub(taken as u64).ok_or(RecordError::TooLarge)?;
                let is_end = matches!(byte, b'\r' | b'\n');
                let after_cr = std::mem::replace(&mut self.after_cr, *byte == b'\r');
                let (text, behind) = rest.split_at_checked(run).unwrap_or_default();
                rest = if run > 0 { behind } else { after };
                if after_cr && *byte == b'\n' {
                    continue;
                }
                if is_end {
                    self.line += 1;
                }
                if is_end && state == State::Record {
                    // An empty line.
                    begins = self.line;
                    continue;
                }
                length += taken;
                let next = if length > LONGEST_LINE && !is_end {
                    Err(LineProblem::TooLong(LONGEST_LINE))
                } else if run > 0 {
                    record.push(text).map(|()| Some(state))
                } else {
                    step(state, *byte, record)
                };
                match next {
                    Ok(Some(next)) => state = next,
                    Ok(None) => {
                        whole = true;
                        break;
                    }
                    Err(problem) => return Err(RecordError::Line(begins, problem)),
                }
            }
            let taken = bytes.len() - rest.len();
            self.input.consume(taken);
            if whole {
                return Ok(Some(begins));
            }
        }
    }
}

/// Returns the number of bytes at the beginning that are no separator, quote or line end, at most one more
/// than a field may have, and at most `left`.
fn plain_bytes(bytes: &[u8], left: u64) -> usize {
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(LONGEST_FIELD + 1);
    let bytes = bytes.get(..most).unwrap_or(bytes);
    let special = bytes.iter().position(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
    special.unwrap_or(bytes.len())
}

/// Returns true if the file ends with a record.
fn end_of_file(state: State, record: &mut Record) -> Result<bool, LineProblem> {
    match state {
        State::Record => return Ok(false),
        State::Quoted => return Err(record.quotes(QuotesProblem::NotClosed)),
        State::Field | State::Plain | State::Quote => record.end_field(),
    }
    Ok(true)
}

/// Handles the next byte of a record; `None`: the record ends with it.
fn step(state: State, byte: u8, record: &mut Record) -> Result<Option<State>, LineProblem> {
    let is_end = matches!(byte, b'\r' | b'\n');
    Ok(Some(match (state, byte) {
        (State::Quoted, b'"') => State::Quote,
        (State::Quoted, _) if is_end => return Err(record.quotes(QuotesProblem::LineEnd)),
        (State::Quoted, _) | (State::Quote, b'"') => {
            record.push(&[byte])?;
            State::Quoted
        }
        (_, b',') => {
            record.end_field();
            State::Field
        }
        _ if is_end => {
            record.end_field();
            return Ok(None);
        }
        (State::Quote, _) => return Err(record.quotes(QuotesProblem::TextBehind)),
        (State::Record | State::Field, b'"') => State::Quoted,
        (State::Plain, b'"') => return Err(record.quotes(QuotesProblem::Inside)),
        (State::Record | State::Field | State::Plain, _) => {
            record.push(&[byte])?;
            State::Plain
        }
    }))
}
