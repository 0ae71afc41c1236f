//! Rows of bets as `bets.csv` holds them: `agency,first_name,last_name,document,birthdate,number`, RFC 4180, CRLF. The
//! digest is that of the rows (`docs/protocol.md#digest`).

use alloc::string::ToString;
use alloc::vec::Vec;

use super::spans::Span;
use super::{AgencyId, Bet, Bets};

/// Number of bytes that are copied at once: a bet is usually shorter.
const WINDOW: usize = 64;
/// Number of commas and quotes in a row without quotes.
const SPECIALS: usize = 5;
/// Number of bytes that a row may have more than its bet has in a message, besides the agency: commas that stand for
/// nothing, as between columns, CR and LF.
const MORE: usize = 6;
/// Length of the number of an agency, and the comma behind it, in bytes at most.
const PREFIX: usize = 8;

impl Bet<'_> {
    /// Appends the row of this bet, of that agency, as `bets.csv` holds it (`docs/protocol.md#digest`).
    pub fn put_row(&self, agency: AgencyId, out: &mut Vec<u8>) {
        out.extend_from_slice(itoa::Buffer::new().format(agency.get()).as_bytes());
        for name in [self.first_name, self.last_name] {
            out.push(b',');
            put_name(name, out);
        }
        // Document and birth date need no quotes: they are digits and hyphens.
        for field in [self.document, self.birthdate] {
            out.push(b',');
            out.extend_from_slice(field.as_bytes());
        }
        out.push(b',');
        out.extend_from_slice(itoa::Buffer::new().format(self.number).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends a name; in quotes, each quote doubled, if it holds a comma or a quote. It holds no line ends.
fn put_name(name: &str, out: &mut Vec<u8>) {
    if !name.contains([',', '"']) {
        return out.extend_from_slice(name.as_bytes());
    }
    out.push(b'"');
    for (nth, part) in name.split('"').enumerate() {
        if nth > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}

impl Bets<'_> {
    /// Returns the rows of these bets, of that agency, as `bets.csv` holds them ([`Bet::put_row`]). They are UTF-8.
    ///
    /// The vector takes [`Bets::rows_size`] bytes, or more if a name needs quotes.
    pub fn to_rows(&self, agency: AgencyId) -> Vec<u8> {
        let rows = self.without_quotes(agency);
        // Names that need quotes are rare: one look finds them when all rows are written.
        if specials(&rows) == SPECIALS * self.len() {
            return rows;
        }
        drop(rows);
        let mut rows = Vec::with_capacity(Self::rows_size(self.len(), self.size()));
        self.iter().for_each(|bet| bet.put_row(agency, &mut rows));
        rows
    }

    /// Returns the memory for the rows of `bets` bets that are held in `size` bytes, if no name needs quotes.
    pub const fn rows_size(bets: usize, size: usize) -> usize {
        // The last window may reach beyond the last row.
        size + bets * (PREFIX + MORE) + WINDOW
    }

    /// Returns rows that are right unless a name needs quotes: what stands between two fields becomes a comma.
    fn without_quotes(&self, agency: AgencyId) -> Vec<u8> {
        let text = agency.get().to_string() + ",";
        let more = self.len() * (text.len() + MORE) + WINDOW;
        let mut rows = Vec::with_capacity(self.size() + more);
        let mut prefix = [0; PREFIX];
        prefix.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        let mut number = itoa::Buffer::new();
        for span in self.spans {
            let start = rows.len();
            rows.extend_from_slice(&prefix);
            rows.truncate(start + text.len());
            match span.window(self.payload) {
                Some((window, len)) => {
                    let start = rows.len();
                    rows.extend_from_slice(&window);
                    rows.truncate(start + len);
                }
                None => put_fields(span, self.payload, &mut rows),
            }
            rows.extend_from_slice(number.format(span.number()).as_bytes());
            rows.extend_from_slice(b"\r\n");
        }
        rows
    }
}

/// Appends the fields before the number, a comma behind each.
fn put_fields(span: &Span, payload: &[u8], rows: &mut Vec<u8>) {
    for field in span.fields() {
        rows.extend_from_slice(payload.get(field).unwrap_or_default());
        rows.push(b',');
    }
}

/// Returns the number of commas and quotes.
fn specials(rows: &[u8]) -> usize {
    let special = |byte: &u8| u8::from(matches!(byte, b',' | b'"'));
    // Sums of bytes, without an early exit, let the compiler use vector instructions.
    let count = |chunk: &[u8]| usize::from(chunk.iter().map(special).sum::<u8>());
    rows.chunks(u8::MAX.into()).map(count).sum()
}
