//! Bets read from CSV in the form of `bets.csv`: `agency,first_name,last_name,document,birthdate,number`,
//! strictly after RFC 4180.
//!
//! No field of a bet holds a line end, so each line is a row, and each row a line. The last one needs an
//! end, too: without it nobody knows how much of it is missing.

use std::io::{self, BufRead, Read as _};

use lottery_proto::Bet;

use super::error::{LineProblem, TransferError};
use crate::csv_row::MAX_ROW;

/// Row of a file.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) agency: u32,
    /// First name, last name, document, birth date.
    pub(super) fields: [&'a str; 4],
    pub(super) number: u32,
}

/// Reason that there is no next row.
#[derive(Debug)]
pub(super) enum Problem {
    Read(io::Error),
    Line(u64, LineProblem),
}

impl Problem {
    /// Returns the error of a file of that name.
    pub(super) fn of(self, name: &str) -> TransferError {
        let file = name.to_owned();
        match self {
            Self::Read(error) => TransferError::Unreadable { file, error },
            Self::Line(line, problem) => TransferError::Line { file, line, problem },
        }
    }
}

const NAMES: [&str; 6] = ["agency", "first_name", "last_name", "document", "birthdate", "number"];

/// Reader of rows, one after another.
#[derive(Debug)]
pub(super) struct CsvRows<R> {
    file: R,
    /// Highest number of an agency.
    agencies: u32,
    line: u64,
    text: Vec<u8>,
    fields: [String; 6],
}

impl<R: BufRead> CsvRows<R> {
    pub(super) fn new(file: R, agencies: u32) -> Self {
        Self { file, agencies, line: 0, text: Vec::new(), fields: Default::default() }
    }

    /// Returns the next row, which is a bet of an agency that takes part; `None` at the end.
    pub(super) fn next_bet(&mut self) -> Result<Option<Row<'_>>, Problem> {
        let line = self.line + 1;
        let Some(row) = self.next_row()? else { return Ok(None) };
        let [first_name, last_name, document, birthdate] = row.fields;
        let number = itoa::Buffer::new().format(row.number).to_owned();
        match Bet::new([first_name, last_name, document, birthdate, &number]) {
            Ok(_) => Ok(Some(row)),
            Err(error) => Err(Problem::Line(line, error.into())),
        }
    }

    /// Returns the next row, without a check of its names, document and date; `None` at the end.
    pub(super) fn next_row(&mut self) -> Result<Option<Row<'_>>, Problem> {
        self.text.clear();
        let mut limited = (&mut self.file).take(MAX_ROW as u64 + 1);
        limited.read_until(b'\n', &mut self.text).map_err(Problem::Read)?;
        if self.text.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        let line = self.line;
        self.row().map(Some).map_err(|problem| Problem::Line(line, problem))
    }

    fn row(&mut self) -> Result<Row<'_>, LineProblem> {
        let Some(text) = self.text.strip_suffix(b"\n") else {
            let long = self.text.len() > MAX_ROW;
            return Err(if long { LineProblem::TooLong } else { LineProblem::Torn });
        };
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let mut rest = Some(text);
        let mut count = 0;
        while let Some(text) = rest {
            let name = NAMES.get(count).copied().unwrap_or("last");
            let (field, after) = field(text).ok_or(LineProblem::Quote(name))?;
            let field = str::from_utf8(&field).map_err(|_| LineProblem::NotUtf8(name))?;
            if let Some(kept) = self.fields.get_mut(count) {
                kept.clear();
                kept.push_str(field);
            }
            count += 1;
            rest = after;
        }
        if count != NAMES.len() {
            return Err(LineProblem::FieldCount(count));
        }
        let [agency, first_name, last_name, document, birthdate, number] = &self.fields;
        let known = agency.parse().ok().filter(|number| (1..=self.agencies).contains(number));
        let agency = known.filter(|number| number.to_string() == *agency);
        let agency = agency.ok_or(LineProblem::Agency(self.agencies))?;
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| digits).ok_or(LineProblem::Number)?;
        Ok(Row { agency, fields: [first_name, last_name, document, birthdate], number })
    }
}

/// Splits a row into its first field and the rest behind the comma.
fn field(text: &[u8]) -> Option<(Vec<u8>, Option<&[u8]>)> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b',');
        let (field, after) = end.map_or((text, None), |end| (&text[..end], Some(&text[end + 1..])));
        return (!field.contains(&b'"')).then(|| (field.to_vec(), after));
    };
    let (mut field, mut rest) = (Vec::new(), quoted);
    loop {
        let end = rest.iter().position(|byte| *byte == b'"')?;
        field.extend_from_slice(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.split_first() {
            Some((b'"', after)) => {
                field.push(b'"');
                rest = after;
            }
            Some((b',', after)) => return Some((field, Some(after))),
            Some(_) => return None,
            None => return Some((field, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use lottery_core::store::rows;
    use lottery_proto::{Field, FieldError, FieldProblem};
    use proptest::prelude::*;

    use super::*;

    /// Returns the rows as the store would write them.
    fn read(text: &[u8]) -> Result<String, (u64, LineProblem)> {
        let mut file = CsvRows::new(text, 7);
        let mut all = String::new();
        loop {
            match file.next_bet() {
                Ok(Some(Row { agency, fields: [first, last, document, date], number })) => {
                    rows::push_row(&mut all, agency, first, last, document, date, number);
                }
                Ok(None) => return Ok(all),
                Err(Problem::Line(line, problem)) => return Err((line, problem)),
                Err(Problem::Read(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn both_line_ends_and_needless_quotes_are_read() {
        let rows = "1,Ana,Paz,20000001,1980-01-01,7574\r\n7,\"Pérez, \"\"Pe\"\"\",Ñ,0012,1999-12-31,8\r\n";
        assert_eq!(read(rows.as_bytes()).unwrap(), rows);
        assert_eq!(read(rows.replace('\r', "").as_bytes()).unwrap(), rows);
        assert_eq!(read(rows.replace("Paz", "\"Paz\"").as_bytes()).unwrap(), rows);
        assert_eq!(read(b"").unwrap(), "");
    }

    #[test]
    fn a_line_that_is_no_bet_is_named_with_its_field() {
        let good = b"1,Ana,Paz,20000001,1980-01-01,7574\r\n";
        let long = [&b"1,"[..], &[b'a'; 4096], b",Paz,1,1980-01-01,1\n"].concat();
        let field = |field, problem| LineProblem::Field(FieldError::new(field, problem));
        for (bad, problem) in [
            (&b"1,Ana,Paz,20000001,1980-01-01,757"[..], LineProblem::Torn),
            (b"1,Ana,Paz,20000001,1980-01-01,\"757", LineProblem::Torn),
            (b"1,Ana,Paz,20000001,1980-01-01,\"757\r\n", LineProblem::Quote("number")),
            (b"1,\"Ana\" Bea,Paz,1,1980-01-01,1\n", LineProblem::Quote("first_name")),
            (b"1,Ana,P\"az,1,1980-01-01,1\n", LineProblem::Quote("last_name")),
            (b"\r\n", LineProblem::FieldCount(1)),
            (b"1,Ana,Paz,1,1980-01-01\n", LineProblem::FieldCount(5)),
            (b"1,Ana,Paz,1,1980-01-01,1,\n", LineProblem::FieldCount(7)),
            (b"1,Ana,P\xe9z,1,1980-01-01,1\n", LineProblem::NotUtf8("last_name")),
            (b"8,Ana,Paz,1,1980-01-01,1\n", LineProblem::Agency(7)),
            (b"0,Ana,Paz,1,1980-01-01,1\n", LineProblem::Agency(7)),
            (b"01,Ana,Paz,1,1980-01-01,1\n", LineProblem::Agency(7)),
            (b"agency,first_name,last_name,document,birthdate,number\n", LineProblem::Agency(7)),
            (b"1,Ana,Paz,1,1980-02-30,1\n", field(Field::Birthdate, FieldProblem::NotADate)),
            (b"1,Ana,Paz,1,1980-01-01,+1\n", LineProblem::Number),
            (b"1,Ana,Paz,1,1980-01-01,4294967296\n", LineProblem::Number),
            (b"1,,Paz,1,1980-01-01,1\n", field(Field::FirstName, FieldProblem::Empty)),
            (&long, LineProblem::TooLong),
        ] {
            assert_eq!(read(bad).unwrap_err(), (1, problem.clone()), "{bad:?}");
            assert_eq!(read(&[&good[..], good, bad, good].concat()[..]).unwrap_err().0, 3, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn rows_that_the_store_writes_are_read(
            bets in prop::collection::vec((1_u32..8, "[a-zñ\", ]{1,9}", "[^\\p{Cc}]{1,9}", 0_u64.., 0_u32..), 0..9)
        ) {
            let mut text = String::new();
            for (agency, first, last, document, number) in &bets {
                rows::push_row(&mut text, *agency, first, last, &document.to_string(), "2000-02-29", *number);
            }
            prop_assert_eq!(read(text.as_bytes()).unwrap(), text);
        }

        #[test]
        fn any_text_is_read_as_bets_or_rejected(text in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(rows) = read(&text) {
                prop_assert!(rows.is_empty() || rows.ends_with("\r\n"));
            }
        }
    }
}
