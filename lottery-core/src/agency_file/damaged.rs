//! Damaged files: many lines at a time read as record by record does, which knows nothing of plain lines.

use std::io::{BufRead, BufReader, Read};

use super::*;

/// Number of files. Each is made from its number alone.
const FILES: u64 = 100_000;

/// Lines, mostly of bets: plain ones, some with quotes, and some that are longer than the window of a plain line.
const LINES: [&[u8]; 12] = [
    b"Ana,Paz,20000001,1980-01-01,7574",
    "María Ñusta,Ibáñez,3,2000-02-29,0".as_bytes(),
    b"Jo Li,O'Hara,12345678901234567890,1999-12-31,99999999",
    b"Eva,Sosa,0012,1964-10-05,4294967295",
    b"Eva,Sosa,1,1964-10-05,007",
    b"\"Paz, Ana\",\"P\"\"az\",7,1980-01-01,1",
    b"Ana,\"Paz\",7,1980-01-01,\"1\"",
    b"Juan Sebastian Maximiliano,de la Fuente y Carvajal,30904465,1999-03-17,2201",
    b"Juan Sebastian Maxim,de la Fuente y Ca,30904465,1999-03-17,2201",
    "ªna,Peña\u{a0}Ruiz,30904465,1999-03-17,2201".as_bytes(),
    b"first_name,last_name,document,birthdate,number",
    b"",
];

/// Bytes that mean something, or that no text holds.
const BYTES: &[u8] = b",,,\"\"\r\n\n\0\x7F\x1F09-:/a |\xC2\xC3\x80\xFF\xEF";

struct Random(u64);

impl Random {
    /// Returns a number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn file(&mut self) -> Vec<u8> {
        let mut file = if self.below(8) == 0 { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
        let ends: &[&[u8]] =
            self.one_of(&[&[b"\r\n"], &[b"\n"], &[b"\r"], &[b"\r\n", b"\n", b"\r", b"\n\r"]]);
        // Half of the files have lines of one kind only, so that one that goes on to the end is frequent.
        let lines = if self.below(2) == 0 { &LINES[..4] } else { &LINES[..] };
        for _ in 0..self.below(8) {
            file.extend(self.one_of(lines));
            file.extend(self.one_of(ends));
        }
        if self.below(3) == 0 {
            file.extend(self.one_of(lines));
        }
        for _ in 0..self.below(3) {
            self.damage(&mut file);
        }
        file
    }

    fn damage(&mut self, file: &mut Vec<u8>) {
        let at = self.below(file.len() + 1);
        let end = (at + self.below(4)).min(file.len());
        match self.below(8) {
            0 => file.truncate(at),
            1 => drop(file.drain(at..end)),
            2 => file.extend_from_within(at..end),
            3 => {
                let long = 240 + self.below(32);
                file.splice(at..at, vec![b'a'; long]).for_each(drop);
            }
            4 => file.insert(at, self.one_of(BYTES)),
            _ if at < file.len() => file[at] = self.one_of(BYTES),
            _ => {}
        }
    }
}

/// File of which no more than these bytes can be read: then it ends, or fails.
struct Source<'a> {
    bytes: &'a [u8],
    fails: bool,
}

impl Read for Source<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(to)? {
            0 if self.fails => Err(io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

/// Reads a file. Returns its error as text.
fn read(input: impl BufRead, size: u64, limit: u32) -> Result<AgencyFile, String> {
    AgencyFile::read_from(Path::new("a.csv"), input, size, limit).map_err(|error| error.to_string())
}

/// Returns true if both have the same bets in the same lines, or the same error.
fn are_alike(one: &Result<AgencyFile, String>, other: &Result<AgencyFile, String>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let bets = one.bets_from(0).eq(other.bets_from(0));
            bets && one.lines == other.lines && one.lines.len() == one.len()
        }
        (Err(one), Err(other)) => one == other,
        _ => false,
    }
}

#[test]
fn plain_lines_read_as_records_do_in_files_with_damages() {
    let (mut plain, mut accepted) = (0, 0);
    for number in 1..=FILES {
        let mut random = Random(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let bytes = &random.file()[..];
        let fails = random.below(8) == 0;
        let limit = if random.below(8) == 0 { random.below(bytes.len() + 2) } else { 1 << 20 };
        // A file may have grown or shrunk since its size was asked.
        let (size, limit) = (random.below(2 * bytes.len() + 1) as u64, u32::try_from(limit).unwrap());
        let source = || Source { bytes, fails };
        // No line fits into a buffer of one byte.
        let expected = read(BufReader::with_capacity(1, source()), size, limit);
        let capacity = 64 + random.below(700);
        let found = read(BufReader::with_capacity(capacity, source()), size, limit);
        assert!(
            are_alike(&found, &expected),
            "file {number}, buffer of {capacity}: {found:?}, expected {expected:?}: {}",
            bytes.escape_ascii()
        );
        let mut bets = BetVec::default();
        assert!(Records::new(bytes, 1 << 20).plain_lines(&mut bets).is_ok());
        plain += bets.len();
        accepted += usize::from(expected.is_ok());
    }
    assert!(plain > 50_000, "{plain} bets of plain lines");
    assert!((30_000..70_000).contains(&accepted), "{accepted} files without a mistake");
}

#[test]
fn lines_behind_a_record_with_quotes_are_plain_again() {
    for end in ["\r\n", "\n", "\r"] {
        let lines = format!("Ana,Paz,20000001,1980-01-01,7574{end}").repeat(2000);
        let text = format!("\"Eva\",Sosa,1,1980-01-01,1{end}{lines}");
        let mut records = Records::new(text.as_bytes(), 1 << 20);
        let mut bets = BetVec::default();
        assert!(records.plain_lines(&mut bets).unwrap());
        assert_eq!((bets.len(), records.next(&mut Record::default()).unwrap()), (0, Some(1)));
        assert!(records.plain_lines(&mut bets).unwrap());
        // No line of the last 64 bytes is plain.
        assert_eq!((bets.len(), records.line()), (1999, 2001), "{end:?}");
    }
}
