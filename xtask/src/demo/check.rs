//! Comparison of the stored bets with the agencies' files. It reads both with code of its own and uses none
//! of the programs'.

use std::fs::File;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::lottery::AgencyResult;
use crate::data::WINNING_NUMBER;

const FIELDS: [&str; 5] = ["first_name", "last_name", "document", "birthdate", "number"];

/// First difference found. Names and birth dates are not shown: they are personal data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Difference {
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: csv::Error },
    /// A row does not have the form that the server writes.
    #[error("bets.csv, line {line}: expected six fields, the first the number of an agency that takes part")]
    NoRow { line: u64 },
    /// A field differs from the agency's file.
    #[error("bets.csv, line {line}: the {field} is not that of bet {bet} of agency {agency}")]
    Field { line: u64, field: &'static str, agency: usize, bet: u64 },
    /// A row has no bet in the agency's file.
    #[error("bets.csv, line {line}: agency {agency} has {bets} bets, and here is one more")]
    More { line: u64, agency: usize, bets: u64 },
    /// Rows are missing at the end.
    #[error("bets.csv: bet {bet} of agency {agency} is missing, and all after it")]
    Missing { agency: usize, bet: u64 },
    /// An agency got other winners than its file has.
    #[error(
        "agency {agency} was told of {told} winners, not of the {expected} that its file holds in their order"
    )]
    Winners { agency: usize, told: usize, expected: usize },
}

/// Agency's file, read as far as its bets have been found.
struct Source<'a> {
    path: &'a Path,
    reader: Reader<File>,
    bets: u64,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path) -> Result<Self, Difference> {
        Ok(Self { path, reader: open(path)?, bets: 0 })
    }

    /// Reads the next bet. Returns false at the end of the file.
    fn next(&mut self, bet: &mut ByteRecord) -> Result<bool, Difference> {
        let more = self.reader.read_byte_record(bet).map_err(|error| unreadable(self.path, error))?;
        self.bets += u64::from(more);
        Ok(more)
    }
}

/// Checks that `bets_csv` holds every bet of every agency's file once, and each agency's in their order.
/// Returns the number of bets.
pub(super) fn bets(bets_csv: &Path, files: &[PathBuf]) -> Result<u64, Difference> {
    let mut sources: Vec<_> = files.iter().map(|path| Source::open(path)).collect::<Result<_, _>>()?;
    let mut stored = open(bets_csv)?;
    let (mut row, mut bet) = (ByteRecord::new(), ByteRecord::new());
    // No field holds a line end, so rows are lines. The csv crate counts a CRLF with the line after it.
    let mut line = 0;
    while stored.read_byte_record(&mut row).map_err(|error| unreadable(bets_csv, error))? {
        line += 1;
        let agency = agency(&row).filter(|agency| *agency <= sources.len() && row.len() == 6);
        let Some(agency) = agency else { return Err(Difference::NoRow { line }) };
        let source = &mut sources[agency - 1];
        if !source.next(&mut bet)? {
            return Err(Difference::More { line, agency, bets: source.bets });
        }
        for (at, field) in FIELDS.into_iter().enumerate() {
            let (expected, found) = (bet.get(at).unwrap_or_default(), &row[at + 1]);
            // Leading zeros of a number have no meaning and are not stored.
            let expected = if field == "number" { without_zeros(expected) } else { expected };
            if expected != found {
                return Err(Difference::Field { line, field, agency, bet: source.bets });
            }
        }
    }
    for (agency, source) in (1..).zip(&mut sources) {
        if source.next(&mut bet)? {
            return Err(Difference::Missing { agency, bet: source.bets });
        }
    }
    Ok(sources.iter().map(|source| source.bets).sum())
}

/// Checks that each agency got the winners of its file, in their order.
pub(super) fn winners(files: &[PathBuf], results: &[AgencyResult]) -> Result<(), Difference> {
    let winning = WINNING_NUMBER.to_string();
    for (agency, (path, result)) in (1..).zip(files.iter().zip(results)) {
        let mut source = Source::open(path)?;
        let (mut bet, mut expected) = (ByteRecord::new(), Vec::new());
        while source.next(&mut bet)? {
            if bet.get(4).map(without_zeros) == Some(winning.as_bytes()) {
                expected.push(bet[2].to_vec());
            }
        }
        if !result.winners.iter().map(String::as_bytes).eq(&expected) {
            let (told, expected) = (result.winners.len(), expected.len());
            return Err(Difference::Winners { agency, told, expected });
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<Reader<File>, Difference> {
    let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_path(path);
    reader.map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: csv::Error) -> Difference {
    Difference::Unreadable { path: path.to_path_buf(), error }
}

fn agency(row: &ByteRecord) -> Option<usize> {
    let agency = std::str::from_utf8(row.get(0)?).ok()?.parse().ok()?;
    (agency > 0).then_some(agency)
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|digit| **digit == b'0').count();
    &number[zeros.min(number.len().saturating_sub(1))..]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ONE: &str = "Ana,Paz,1,2000-01-01,7574\r\n\"Pe,ez\",Ruiz,2,2000-01-02,0008\r\n";
    const TWO: &str = "Eva,Sosa,3,2000-01-03,000\r\n";
    const STORED: &str = "1,Ana,Paz,1,2000-01-01,7574\r\n2,Eva,Sosa,3,2000-01-03,0\r\n\
                          1,\"Pe,ez\",Ruiz,2,2000-01-02,8\r\n";

    fn checked(stored: &str) -> Result<u64, String> {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let files = [write("agency-1.csv", ONE), write("agency-2.csv", TWO)];
        bets(&write("bets.csv", stored), &files).map_err(|difference| difference.to_string())
    }

    #[test]
    fn every_bet_once_and_in_order_is_right() {
        assert_eq!(checked(STORED), Ok(3));
    }

    #[test]
    fn the_first_difference_is_named_without_personal_data() {
        let rows: Vec<&str> = STORED.split_inclusive("\r\n").collect();
        for (stored, expected) in [
            ([rows[0], rows[2]].concat(), "bets.csv: bet 1 of agency 2 is missing, and all after it"),
            ([rows[0], rows[1]].concat(), "bets.csv: bet 2 of agency 1 is missing, and all after it"),
            (String::new(), "bets.csv: bet 1 of agency 1 is missing, and all after it"),
            (
                [rows[2], rows[1], rows[0]].concat(),
                "bets.csv, line 1: the first_name is not that of bet 1 of agency 1",
            ),
            (
                [rows[0], rows[0], rows[1]].concat(),
                "bets.csv, line 2: the first_name is not that of bet 2 of agency 1",
            ),
            ([STORED, rows[1]].concat(), "bets.csv, line 4: agency 2 has 1 bets, and here is one more"),
            (STORED.replace(",8", ",9"), "bets.csv, line 3: the number is not that of bet 2 of agency 1"),
            (
                STORED.replace("\n2,Eva", "\n3,Eva"),
                "bets.csv, line 2: expected six fields, the first the number of an agency that takes part",
            ),
            (
                STORED.replace(",0\r\n", "\r\n"),
                "bets.csv, line 2: expected six fields, the first the number of an agency that takes part",
            ),
        ] {
            assert_eq!(checked(&stored), Err(expected.to_owned()), "{stored}");
        }
    }

    #[test]
    fn winners_are_those_of_the_file_in_its_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agency-1.csv");
        fs::write(&path, format!("{ONE}Leo,Gil,9,2000-01-04,07574\n")).unwrap();
        let told = |winners: &[&str]| {
            let winners = winners.iter().map(|&document| document.to_owned()).collect();
            let result = AgencyResult { winners, ..AgencyResult::default() };
            super::winners(std::slice::from_ref(&path), &[result])
                .map_err(|difference| difference.to_string())
        };
        assert_eq!(told(&["1", "9"]), Ok(()));
        let wrong = "agency 1 was told of 2 winners, not of the 2 that its file holds in their order";
        assert_eq!(told(&["9", "1"]), Err(wrong.to_owned()));
        assert!(told(&["1"]).is_err());
    }
}
