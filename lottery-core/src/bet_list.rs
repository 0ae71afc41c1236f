//! An agency's bets, as they stand in its file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use lottery_proto::{Bet, BetVec, Dialect, Field, FieldError, FieldProblem};

/// The bets of an agency in their order, all valid, and the file that they are from.
///
/// The file is CSV (RFC 4180) without a header: `first_name,last_name,document,birthdate,number`, in UTF-8. It is
/// read and checked whole, so that nothing is sent of a file that holds a mistake.
#[derive(Clone)]
pub struct BetList {
    path: PathBuf,
    bets: BetVec,
    /// Where each stands in the file.
    lines: Vec<u32>,
}

/// An agency file that cannot be used: which file, line and field.
#[derive(Debug, thiserror::Error)]
pub enum BetListError {
    /// It cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A line is not a bet.
    #[error("{}: line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: LineProblem,
    },
    /// It is larger than can be held: 4 GiB.
    #[error("{}: larger than 4 GiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// Not five fields.
    #[error("{0} fields, expected 5: first_name,last_name,document,birthdate,number")]
    FieldCount(usize),
    /// A field is wrong.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl BetList {
    /// No bets.
    pub fn empty() -> Self {
        Self { path: PathBuf::new(), bets: BetVec::with_capacity(0), lines: Vec::new() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or a line of it is not a bet.
    pub fn read(path: &Path) -> Result<Self, BetListError> {
        let unreadable = |error| BetListError::Unreadable { path: path.to_owned(), error };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        Self::parse(path, &bytes)
    }

    /// Takes the bytes of a file; `path` is for messages.
    ///
    /// # Errors
    /// A line is not a bet.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, BetListError> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(BetListError::TooLarge { path: path.to_owned() });
        }
        let bets = BetVec::with_capacity(bytes.len());
        let mut list = Self { path: path.to_owned(), bets, lines: Vec::new() };
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        let mut lines = Lines { bytes, counted: 0, line: 1 };
        while reader.read_byte_record(&mut record).expect("bytes in memory, in records of any length") {
            let line = lines.line_of(record.position().map_or(0, csv::Position::byte));
            list.push(&record, line).map_err(|problem| list.error_at(line, problem))?;
        }
        Ok(list)
    }

    fn push(&mut self, record: &csv::ByteRecord, line: u64) -> Result<(), LineProblem> {
        if record.len() != 5 {
            return Err(LineProblem::FieldCount(record.len()));
        }
        let mut fields = [""; 5];
        let names = [Field::FirstName, Field::LastName, Field::Document, Field::Birthdate, Field::Number];
        for ((text, field), bytes) in fields.iter_mut().zip(names).zip(record) {
            *text = std::str::from_utf8(bytes)
                .map_err(|_| FieldError { field, problem: FieldProblem::NotUtf8 })?;
        }
        let [first_name, last_name, document, birthdate, number] = fields;
        self.bets.push(&Bet::new(first_name, last_name, document, birthdate, number)?);
        self.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
        Ok(())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the bets from `from` up to `end` stand in the file: the line of number `which` of them, counted from 1,
    /// or else the lines of all.
    pub fn place_of(&self, from: usize, end: usize, which: Option<usize>) -> String {
        let line = |index: usize| self.lines.get(index).copied().unwrap_or_default();
        let path = self.path.display();
        match which.and_then(|which| which.checked_sub(1)?.checked_add(from)) {
            Some(index) if index < end => format!("{path}: line {}", line(index)),
            _ => format!("{path}: lines {} to {}", line(from), line(end.saturating_sub(1))),
        }
    }

    /// How many bets there are.
    pub fn len(&self) -> usize {
        self.bets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bets.is_empty()
    }

    /// The bets from number `from` on, counted from 0.
    pub fn bets_from(&self, from: usize) -> impl Iterator<Item = Bet<'_>> {
        self.bets.iter_from(from)
    }

    /// Whether that wire can carry every bet as it is.
    ///
    /// # Errors
    /// The line and the field of the first that it cannot carry.
    pub fn check_sendable(&self, dialect: Dialect) -> Result<(), BetListError> {
        for (index, bet) in self.bets_from(0).enumerate() {
            dialect.check_sendable(&bet).map_err(|problem| self.error(index, problem))?;
        }
        Ok(())
    }

    /// An error about bet number `index`, counted from 0, that names its line.
    fn error(&self, index: usize, problem: FieldError) -> BetListError {
        let line = self.lines.get(index).copied().unwrap_or_default().into();
        self.error_at(line, problem.into())
    }

    fn error_at(&self, line: u64, problem: LineProblem) -> BetListError {
        BetListError::Line { path: self.path.clone(), line, problem }
    }
}

/// Which line is where: the reader's own count is behind after CRLF and after empty lines.
struct Lines<'a> {
    bytes: &'a [u8],
    /// So many bytes, up to the beginning of `line`.
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a record that begins at or, after line ends, behind byte `from`; each later than the one before.
    fn line_of(&mut self, from: u64) -> u64 {
        let from = usize::try_from(from).unwrap_or(usize::MAX).max(self.counted);
        let ends = self.bytes.iter().skip(from).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let before = self.bytes.get(self.counted..from + ends).unwrap_or_default();
        self.line += before.split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.counted += before.len();
        self.line
    }
}

impl fmt::Debug for BetList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BetList({} bets from {})", self.bets.len(), self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: impl AsRef<[u8]>) -> Result<BetList, String> {
        BetList::parse(Path::new("agency-7.csv"), text.as_ref()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_both_line_ends_accents_quotes_and_a_last_line_without_end() {
        let text = "Ana,Paz,20000001,1980-01-01,7574\r\n\"Pérez, José\",Müller,0012,1999-12-31,0000000000000008\n\
                    Ñandú,Ágata,3,2000-02-29,4294967295";
        let list = parse(text).unwrap();
        let bets: Vec<_> = list
            .bets_from(0)
            .map(|bet| (bet.first_name(), bet.last_name(), bet.document(), bet.birthdate(), bet.number()))
            .collect();
        assert_eq!(
            bets,
            [
                ("Ana", "Paz", "20000001", "1980-01-01", 7574),
                ("Pérez, José", "Müller", "0012", "1999-12-31", 8),
                ("Ñandú", "Ágata", "3", "2000-02-29", 4_294_967_295),
            ]
        );
        assert!(!list.is_empty());
        assert_eq!((list.len(), list.bets_from(2).count(), list.bets_from(9).count()), (3, 1, 0));
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn names_file_line_and_field_of_a_mistake() {
        let good = "Ana,Paz,20000001,1980-01-01,7574\r\n";
        for (bad, expected) in [
            (
                &b"Ana,Paz,1,1980-01-01\r\n"[..],
                "4 fields, expected 5: first_name,last_name,document,birthdate,number",
            ),
            (
                b"Ana,Paz,1,1980-01-01,1,\r\n",
                "6 fields, expected 5: first_name,last_name,document,birthdate,number",
            ),
            (b",Paz,1,1980-01-01,1\r\n", "first_name: empty"),
            (b"Ana,P\xe9z,1,1980-01-01,1\r\n", "last_name: not UTF-8"),
            (b"Ana,Paz,1a,1980-01-01,1\r\n", "document: expected decimal digits"),
            (b"Ana,Paz,1,1980-02-30,1\r\n", "birthdate: expected a date, YYYY-MM-DD"),
            (b"Ana,Paz,1,1980-01-01,4294967296\r\n", "number: over 4294967295"),
            (b"A\tna,Paz,1,1980-01-01,1\r\n", "first_name: holds a control character"),
        ] {
            let text = [good.as_bytes(), good.as_bytes(), bad, good.as_bytes()].concat();
            assert_eq!(parse(text).unwrap_err(), format!("agency-7.csv: line 3: {expected}"));
        }
        assert_eq!(
            BetList::read(Path::new("/nowhere/agency-1.csv")).unwrap_err().to_string(),
            "/nowhere/agency-1.csv: No such file or directory (os error 2)"
        );
    }

    #[test]
    fn an_error_about_a_bet_names_its_line() {
        let problem = FieldError { field: Field::FirstName, problem: FieldProblem::NotOnThisWire('|') };
        for (before, between, line) in
            [("", "\n", 2), ("", "\r\n", 2), ("", "\n\n", 3), ("", "\r\n\r\n\r\n", 4), ("\n\n", "\n", 4)]
        {
            let list =
                parse(format!("{before}Ana,Paz,1,1980-01-01,1{between}Eva,Sosa,2,1980-01-01,2")).unwrap();
            assert_eq!(
                list.error(1, problem).to_string(),
                format!("agency-7.csv: line {line}: first_name: '|' cannot be sent on this wire")
            );
        }
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let shown = format!("{:?}", parse("Ana,Paz,1,1980-01-01,1\n").unwrap());
        assert_eq!(shown, "BetList(1 bets from agency-7.csv)");
    }
}
