//! Bets as rows of CSV: `agency,first_name,last_name,document,birthdate,number`, RFC 4180 with CRLF, no
//! header line.
//!
//! The rows are byte for byte those that Python's `csv.writer` writes for the same fields.

use lottery_proto::Bet;
use thiserror::Error;

/// Error of text that is not rows as [`push_row`] writes them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("row {row}: expected agency,first_name,last_name,document,birthdate,number")]
pub struct RowError {
    /// Number of the row, from 1.
    pub row: u64,
}

/// Appends one row to `text`.
pub fn push_row(
    text: &mut String,
    agency: u32,
    first_name: &str,
    last_name: &str,
    document: &str,
    birthdate: &str,
    number: u32,
) {
    push(text, agency, [first_name, last_name], [document, birthdate], number, push_field);
}

/// Appends one bet's row to `text`.
pub fn push_bet(text: &mut String, agency: u32, bet: &Bet<'_>) {
    let (names, rest) = ([bet.first_name(), bet.last_name()], [bet.document(), bet.birthdate()]);
    // Document and birth date of a valid bet need no quotes: they are digits and hyphens.
    push(text, agency, names, rest, bet.number(), String::push_str);
}

/// Appends a row; `push_rest` writes the fields after the names.
#[inline]
fn push(
    text: &mut String,
    agency: u32,
    names: [&str; 2],
    rest: [&str; 2],
    number: u32,
    push_rest: impl Fn(&mut String, &str),
) {
    let size: usize = names.iter().chain(&rest).map(|field| field.len()).sum();
    text.reserve(size + 27);
    push_number(text, agency);
    for name in names {
        text.push(',');
        push_field(text, name);
    }
    for field in rest {
        text.push(',');
        push_rest(text, field);
    }
    text.push(',');
    push_number(text, number);
    text.push_str("\r\n");
}

/// Passes agency, document and number of each row to `visit`, in order.
///
/// # Errors
///
/// Returns [`RowError`] at the first row that is not valid; those before it have been passed.
pub fn for_each_row(text: &str, mut visit: impl FnMut(u32, &str, u32)) -> Result<(), RowError> {
    if text.contains('"') {
        return for_each_quoted_row(text, visit);
    }
    let mut rest = text;
    let mut row = 0;
    while !rest.is_empty() {
        row += 1;
        let (line, after) = rest.split_once("\r\n").ok_or(RowError { row })?;
        let (agency, document, number) = parse(&mut line.split(',')).ok_or(RowError { row })?;
        visit(agency, document, number);
        rest = after;
    }
    Ok(())
}

fn for_each_quoted_row(text: &str, mut visit: impl FnMut(u32, &str, u32)) -> Result<(), RowError> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut row = 1;
    while reader.read_record(&mut record).map_err(|_| RowError { row })? {
        let (agency, document, number) = parse(&mut record.iter()).ok_or(RowError { row })?;
        visit(agency, document, number);
        row += 1;
    }
    Ok(())
}

fn parse<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Option<(u32, &'a str, u32)> {
    let agency = fields.next()?.parse().ok()?;
    let document = fields.nth(2)?;
    let number = fields.nth(1)?.parse().ok()?;
    fields.next().is_none().then_some((agency, document, number))
}

/// Returns the number of bytes that make quotes necessary in a field.
pub(crate) fn specials(text: &str) -> usize {
    let special = |byte: &u8| u8::from(matches!(byte, b',' | b'"' | b'\r' | b'\n'));
    // Sums of bytes, without an early exit, let the compiler use vector instructions.
    let count = |chunk: &[u8]| usize::from(chunk.iter().map(special).sum::<u8>());
    text.as_bytes().chunks(u8::MAX.into()).map(count).sum()
}

fn push_field(text: &mut String, field: &str) {
    if specials(field) == 0 {
        text.push_str(field);
        return;
    }
    text.push('"');
    for (nth, part) in field.split('"').enumerate() {
        if nth > 0 {
            text.push_str("\"\"");
        }
        text.push_str(part);
    }
    text.push('"');
}

fn push_number(text: &mut String, number: u32) {
    text.push_str(itoa::Buffer::new().format(number));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made with `csv.writer(f).writerow([7, field, "", " x", "2000-01-01", 4294967295])`, Python 3.
    const PYTHON: &[(&str, &str)] = &[
        ("Ana", "7,Ana,, x,2000-01-01,4294967295\r\n"),
        ("", "7,,, x,2000-01-01,4294967295\r\n"),
        ("a,b", "7,\"a,b\",, x,2000-01-01,4294967295\r\n"),
        ("\"", "7,\"\"\"\",, x,2000-01-01,4294967295\r\n"),
        ("a \"b\" c", "7,\"a \"\"b\"\" c\",, x,2000-01-01,4294967295\r\n"),
        ("a\rb", "7,\"a\rb\",, x,2000-01-01,4294967295\r\n"),
        ("a\nb", "7,\"a\nb\",, x,2000-01-01,4294967295\r\n"),
        ("a\tb;c'd|e", "7,a\tb;c'd|e,, x,2000-01-01,4294967295\r\n"),
        ("Ñandú \u{2028}", "7,Ñandú \u{2028},, x,2000-01-01,4294967295\r\n"),
        (" a ", "7, a ,, x,2000-01-01,4294967295\r\n"),
    ];

    #[test]
    fn rows_are_those_of_python() {
        for (field, row) in PYTHON {
            let mut text = String::new();
            push_row(&mut text, 7, field, "", " x", "2000-01-01", u32::MAX);
            assert_eq!(text, *row, "{field:?}");
        }
    }

    #[test]
    fn text_that_is_no_row_is_rejected() {
        let good = "1,a,b,3,2000-01-01,4\r\n";
        for (bad, row) in [
            ("1,a,b,3,2000-01-01\r\n", 1),
            ("1,a,b,3,2000-01-01,4,5\r\n", 1),
            ("x,a,b,3,2000-01-01,4\r\n", 1),
            ("1,a,b,3,2000-01-01,-4\r\n", 1),
            ("1,a,b,3,2000-01-01,4", 1),
            ("\r\n", 1),
        ] {
            assert_eq!(for_each_row(bad, |_, _, _| ()), Err(RowError { row }), "{bad:?}");
            let second = format!("{good}{bad}");
            assert_eq!(for_each_row(&second, |_, _, _| ()), Err(RowError { row: row + 1 }), "{bad:?}");
        }
        let quoted = "1,\"a\",b,3,2000-01-01,4\r\n";
        let bad = "1,\"a\",b,3,2000-01-01\r\n";
        for (rows, row) in (0..3).zip(1..) {
            let text = quoted.repeat(rows) + bad;
            assert_eq!(for_each_row(&text, |_, _, _| ()), Err(RowError { row }));
        }
        assert_eq!(for_each_row("", |_, _, _| unreachable!()), Ok(()));
    }

    fn field() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zA-Z0-9 ]{0,12}",
            proptest::collection::vec(
                prop_oneof![
                    Just(','),
                    Just('"'),
                    Just('\r'),
                    Just('\n'),
                    Just(' '),
                    Just('ñ'),
                    any::<char>()
                ],
                0..12
            )
            .prop_map(|chars| chars.into_iter().collect::<String>()),
        ]
    }

    type Bet = (u32, String, String, String, String, u32);

    proptest! {
        #[test]
        fn rows_read_back_equal(bets in proptest::collection::vec(
            (any::<u32>(), field(), field(), field(), field(), any::<u32>()), 0..8
        )) {
            let mut text = String::new();
            for (agency, first, last, document, birth, number) in &bets {
                push_row(&mut text, *agency, first, last, document, birth, *number);
            }
            let read: Vec<Bet> = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(text.as_bytes())
                .deserialize()
                .collect::<Result<_, _>>()
                .unwrap();
            prop_assert_eq!(&read, &bets);

            let mut seen = Vec::new();
            for_each_row(&text, |agency, document, number| {
                seen.push((agency, document.to_owned(), number));
            })
            .unwrap();
            let told: Vec<_> = bets.into_iter().map(|bet| (bet.0, bet.3, bet.5)).collect();
            prop_assert_eq!(seen, told);
        }
    }
}
