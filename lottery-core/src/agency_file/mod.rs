//! Bets of an agency, read from its CSV file.

#[cfg(test)]
mod damaged;
mod lines;
mod records;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read as _};
use std::path::{Path, PathBuf};

use lottery_proto::{Bet, BetSlice, BetVec, Dialect, Field, FieldError, FieldProblem};

pub use self::records::QuotesProblem;
use self::records::{FIELDS, Record, RecordError, Records};

/// Default limit for the size of a file, in bytes: some five million bets.
pub const LARGEST: u32 = 256 * 1024 * 1024;

/// Mark that some programs write before a text in UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Bets of an agency in their order, all valid, and the file that they are from.
///
/// The file is CSV, strictly as in RFC 4180, without a header:
/// `first_name,last_name,document,birthdate,number`, in UTF-8. A byte order mark before it is skipped. The
/// file is read and checked whole, so that nothing is sent of a file with a mistake. Reading stops at a
/// mistake or a limit: the file may be a pipe or a device without an end.
#[derive(Clone)]
pub struct AgencyFile {
    path: PathBuf,
    bets: BetVec,
    /// Line of each bet in the file, from 1.
    lines: Vec<u32>,
}

/// Error of an agency file that cannot be used, with the file, the line and the field.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgencyFileError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// A line is not a bet.
    #[error("{}: line {line}: {problem}", path.display())]
    Line {
        /// Path of the file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: u64,
        /// Mistake in the line.
        problem: LineProblem,
    },
    /// The file is larger than the limit.
    #[error("{}: larger than {limit} bytes; file-max-size allows more", path.display())]
    TooLarge {
        /// Path of the file.
        path: PathBuf,
        /// Limit in bytes.
        limit: u32,
    },
}

/// Mistake in a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// The line does not have five fields. Holds their number.
    #[error("{0} fields, expected 5: first_name,last_name,document,birthdate,number")]
    FieldCount(usize),
    /// The line has more bytes than the fields of a bet can need. Holds the limit in bytes.
    #[error("longer than {0} bytes, expected first_name,last_name,document,birthdate,number")]
    TooLong(usize),
    /// The quotes of a field are misplaced.
    #[error("{field}: {problem}")]
    Quotes {
        /// Field.
        field: Field,
        /// Mistake in its quotes.
        problem: QuotesProblem,
    },
    /// A field is not valid.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl AgencyFile {
    /// Creates a file without bets.
    pub fn empty() -> Self {
        Self { path: PathBuf::new(), bets: BetVec::with_capacity(0), lines: Vec::new() }
    }

    /// Reads a file of at most [`LARGEST`] bytes; `-` is standard input.
    ///
    /// # Errors
    /// Fails if the file cannot be read, a line of it is not a bet, or it is larger.
    pub fn read(path: &Path) -> Result<Self, AgencyFileError> {
        Self::read_within(path, LARGEST)
    }

    /// Reads a file of at most `limit` bytes; `-` is standard input.
    ///
    /// # Errors
    /// Fails if the file cannot be read, a line of it is not a bet, or it is larger.
    pub fn read_within(path: &Path, limit: u32) -> Result<Self, AgencyFileError> {
        if path == Path::new("-") {
            return Self::read_from(Path::new("standard input"), io::stdin().lock(), 0, limit);
        }
        let unreadable = |error| AgencyFileError::Unreadable { path: path.to_owned(), error };
        let file = File::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        Self::read_from(path, BufReader::with_capacity(64 * 1024, file), size, limit)
    }

    /// Parses the bytes of a file; `path` is for messages.
    ///
    /// # Errors
    /// Fails if a line is not a bet, or the bytes are more than 4 GiB.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, AgencyFileError> {
        Self::read_from(path, bytes, bytes.len() as u64, u32::MAX)
    }

    /// Reads an input of about `size` bytes; the size is only a hint.
    fn read_from(path: &Path, input: impl BufRead, size: u64, limit: u32) -> Result<Self, AgencyFileError> {
        let unreadable = |error| AgencyFileError::Unreadable { path: path.to_owned(), error };
        let capacity = usize::try_from(size.min(limit.into())).unwrap_or_default();
        let bets = BetVec::with_capacity(capacity);
        let mut list = Self { path: path.to_owned(), bets, lines: Vec::new() };
        let input = without_mark(input).map_err(unreadable)?;
        let (mut records, mut record) = (Records::new(input, limit.into()), Record::default());
        loop {
            match list.next(&mut records, &mut record) {
                Ok(true) => {}
                Ok(false) => return Ok(list),
                Err(RecordError::Unreadable(error)) => return Err(unreadable(error)),
                Err(RecordError::TooLarge) => {
                    return Err(AgencyFileError::TooLarge { path: path.to_owned(), limit });
                }
                Err(RecordError::Line(line, problem)) => return Err(list.error_at(line, problem)),
            }
        }
    }

    /// Reads lines that are plain, as many as there are, and one record. Returns false at the end of the file.
    fn next(
        &mut self,
        records: &mut Records<impl BufRead>,
        record: &mut Record,
    ) -> Result<bool, RecordError> {
        let first = records.line();
        let goes_on = records.plain_lines(&mut self.bets)?;
        self.lines.extend((first..records.line()).map(line_number));
        if !goes_on {
            return Ok(false);
        }
        let Some(line) = records.next(record)? else { return Ok(false) };
        self.push(record, line).map_err(|problem| RecordError::Line(line, problem))?;
        Ok(true)
    }

    fn push(&mut self, record: &Record, line: u64) -> Result<(), LineProblem> {
        let mut fields = [""; 5];
        for ((text, field), bytes) in fields.iter_mut().zip(FIELDS).zip(record.fields()?) {
            *text = std::str::from_utf8(bytes).map_err(|_| FieldError::new(field, FieldProblem::NotUtf8))?;
        }
        let [first_name, last_name, document, birthdate, number] = fields;
        self.bets.push(&Bet::new([first_name, last_name, document, birthdate, number])?);
        self.lines.push(line_number(line));
        Ok(())
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Describes the place of the bets from `from` up to `end` in the file: the line of bet number `which` of
    /// them, counted from 1, or else the lines of all.
    pub fn place_of(&self, from: usize, end: usize, which: Option<usize>) -> String {
        let line = |index: usize| self.lines.get(index).copied().unwrap_or_default();
        let path = self.path.display();
        match which.and_then(|which| which.checked_sub(1)?.checked_add(from)) {
            Some(index) if index < end => format!("{path}: line {}", line(index)),
            _ => format!("{path}: lines {} to {}", line(from), line(end.saturating_sub(1))),
        }
    }

    /// Returns the number of bets.
    pub fn len(&self) -> usize {
        self.bets.len()
    }

    /// Returns true if there are no bets.
    pub fn is_empty(&self) -> bool {
        self.bets.is_empty()
    }

    /// Returns the bets from number `from` on, counted from 0.
    pub fn bets_from(&self, from: usize) -> impl Iterator<Item = Bet<'_>> {
        self.bets.iter_from(from)
    }

    /// Returns the bets from number `from` on, counted from 0, at most `most`, as they are sent.
    pub fn slice(&self, from: usize, most: usize) -> BetSlice<'_> {
        self.bets.slice(from, most)
    }

    /// Checks that the dialect can carry every bet as it is.
    ///
    /// # Errors
    /// Returns the line and the field of the first bet that it cannot carry.
    pub fn check_sendable(&self, dialect: Dialect) -> Result<(), AgencyFileError> {
        let unsendable = dialect.first_unsendable(self.slice(0, self.len()));
        unsendable.map_or(Ok(()), |(index, problem)| Err(self.error(index, problem)))
    }

    /// Returns an error about bet number `index`, counted from 0, that names its line.
    fn error(&self, index: usize, problem: FieldError) -> AgencyFileError {
        let line = self.lines.get(index).copied().unwrap_or_default().into();
        self.error_at(line, problem.into())
    }

    fn error_at(&self, line: u64, problem: LineProblem) -> AgencyFileError {
        AgencyFileError::Line { path: self.path.clone(), line, problem }
    }
}

/// Returns the number of a line as it is kept. A file has less than 4 GiB, and so fewer lines.
fn line_number(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// Skips a byte order mark at the beginning.
fn without_mark(mut input: impl BufRead) -> io::Result<impl BufRead> {
    let mut first = Vec::new();
    input.by_ref().take(BYTE_ORDER_MARK.len() as u64).read_to_end(&mut first)?;
    if first == BYTE_ORDER_MARK {
        first.clear();
    }
    Ok(Cursor::new(first).chain(input))
}

impl fmt::Debug for AgencyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgencyFile({} bets from {})", self.bets.len(), self.path.display())
    }
}
