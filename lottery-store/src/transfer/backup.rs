//! The form of a backup: text that ends with a checksum of all of it. It belongs to no database, so that
//! any store can be restored from it.
//!
//! ```text
//! lottery-backup 1
//! rules 5 7574
//! agency 1 26936 3735928559 finished
//! agency 2 25518 1234567890 open
//! draw 7574 5
//! rows 131023
//! 1,Ana,Paz,20000001,1980-01-01,7574
//! …
//! end 2 52454 2864434397
//! ```
//!
//! | line | content |
//! | --- | --- |
//! | `rules` | number of agencies that take part, winning number; a lottery without bets has none |
//! | `agency` | number, bets stored, their digest (`docs/protocol.md#digest`), `finished` or `open` |
//! | `draw` | winning number, number of agencies that took part |
//! | `rows` | length in bytes of the whole rows of CSV that follow, as in `bets.csv` |
//! | `end` | number of agencies, number of rows, CRC-32C of all bytes before this line |

use std::io::{BufRead, Read as _, Write};

use lottery_core::store::{AgencyRecord, Rules};

use super::error::{Damage, HEAD, TransferError};
use super::parts::{Part, Sink};

/// Prefix of a line that stands instead of a backup that cannot be made.
const ERROR: &str = "error ";
/// Upper bound of any line but a row, in bytes.
const MAX_LINE: u64 = 1024;
/// Upper bound of a `rows` block, in bytes: the longest message is half of it.
const MAX_ROWS: u64 = 128 << 20;

/// Writer of a backup, part by part.
#[derive(Debug)]
pub struct BackupWriter<W> {
    out: W,
    crc: u32,
    agencies: u64,
    rows: u64,
}

impl<W: Write> BackupWriter<W> {
    /// Begins a backup.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn new(out: W) -> Result<Self, TransferError> {
        let mut writer = Self { out, crc: 0, agencies: 0, rows: 0 };
        writer.write(HEAD)?;
        Ok(writer)
    }

    /// Adds a part.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn put(&mut self, part: Part<'_>) -> Result<(), TransferError> {
        match part {
            Part::Rules(Rules { agencies, winning_number }) => {
                self.write(&format!("rules {agencies} {winning_number}\n"))
            }
            Part::Agency(agency, AgencyRecord { stored, digest, finished }) => {
                self.agencies += 1;
                let state = if finished { "finished" } else { "open" };
                self.write(&format!("agency {agency} {stored} {digest} {state}\n"))
            }
            Part::Draw { winning_number, agencies } => {
                self.write(&format!("draw {winning_number} {agencies}\n"))
            }
            Part::Rows(rows) => {
                self.rows += rows.split('\n').skip(1).count() as u64;
                self.write(&format!("rows {}\n", rows.len()))?;
                self.write(rows)
            }
        }
    }

    /// Ends the backup. Without this it is incomplete.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn end(mut self) -> Result<W, TransferError> {
        let Self { crc, agencies, rows, .. } = self;
        self.write(&format!("end {agencies} {rows} {crc}\n"))?;
        self.out.flush().map_err(TransferError::Unwritable)?;
        Ok(self.out)
    }

    fn write(&mut self, text: &str) -> Result<(), TransferError> {
        self.crc = crc32c::crc32c_append(self.crc, text.as_bytes());
        self.out.write_all(text.as_bytes()).map_err(TransferError::Unwritable)
    }
}

/// Returns the line to send to a client that waits for a backup and gets none.
pub fn rejection(error: &TransferError) -> String {
    format!("{ERROR}{}\n", error.to_string().replace('\n', " "))
}

/// Passes the parts of a backup to `sink`. The backup is known to be whole only after the last one. `name`
/// is for messages.
///
/// # Errors
///
/// The backup is damaged, cannot be read, or is a line that says why there is none; or the errors of
/// `sink`.
pub fn read_backup(name: &str, file: impl BufRead, sink: Sink<'_>) -> Result<(), TransferError> {
    Reader { name, file, crc: 0, line: 0, agencies: 0, rows: 0 }.read(sink)
}

struct Reader<'a, R> {
    name: &'a str,
    file: R,
    crc: u32,
    line: u64,
    agencies: u64,
    rows: u64,
}

impl<R: BufRead> Reader<'_, R> {
    fn read(&mut self, sink: Sink<'_>) -> Result<(), TransferError> {
        let head = self.line()?;
        if let Some(error) = head.strip_prefix(ERROR) {
            // The text may come from any file, and goes to a terminal.
            return Err(TransferError::Rejected(error.trim_end().replace(char::is_control, "\u{fffd}")));
        }
        if head != HEAD {
            let cut = HEAD.starts_with(&head);
            return Err(self.damaged(if cut { Damage::Cut } else { Damage::NoBackup }));
        }
        loop {
            let crc = self.crc;
            let line = self.line()?;
            let Some(words) = line.strip_suffix('\n') else { return Err(self.damaged(Damage::Cut)) };
            let words: Vec<&str> = words.split(' ').collect();
            let known = match *words {
                ["agency", agency, stored, digest, state] => {
                    self.agency([agency, stored, digest, state], sink)?
                }
                ["rules", agencies, number] => {
                    let numbers = agencies.parse().ok().zip(number.parse().ok());
                    let rules = |(agencies, winning_number)| Rules { agencies, winning_number };
                    numbers.map(|numbers| sink(Part::Rules(rules(numbers)))).transpose()?
                }
                ["draw", number, agencies] => {
                    let numbers = number.parse().ok().zip(agencies.parse().ok());
                    numbers
                        .map(|(winning_number, agencies)| sink(Part::Draw { winning_number, agencies }))
                        .transpose()?
                }
                ["rows", len] => match len.parse() {
                    Ok(len) if len <= MAX_ROWS => Some(self.rows_of(len, sink)?),
                    _ => None,
                },
                ["end", ..] if line == format!("end {} {} {crc}\n", self.agencies, self.rows) => {
                    let ends = self.file.fill_buf().map(<[u8]>::is_empty);
                    return match ends {
                        Ok(true) => Ok(()),
                        Ok(false) => Err(self.damaged(Damage::TooLong)),
                        Err(error) => Err(self.unreadable(error)),
                    };
                }
                ["end", _, _, _] => return Err(self.damaged(Damage::Checksum)),
                _ => None,
            };
            if known.is_none() {
                return Err(self.damaged(Damage::Line(self.line)));
            }
        }
    }

    fn agency(
        &mut self,
        [agency, stored, digest, state]: [&str; 4],
        sink: Sink<'_>,
    ) -> Result<Option<()>, TransferError> {
        let finished = match state {
            "finished" => true,
            "open" => false,
            _ => return Ok(None),
        };
        let (Ok(agency), Ok(stored), Ok(digest)) = (agency.parse(), stored.parse(), digest.parse()) else {
            return Ok(None);
        };
        self.agencies += 1;
        sink(Part::Agency(agency, AgencyRecord { stored, digest, finished })).map(Some)
    }

    /// Reads the next line, with its end if it has one. Lines are counted over the whole file, rows
    /// included.
    fn line(&mut self) -> Result<String, TransferError> {
        let mut line = Vec::new();
        let read = (&mut self.file).take(MAX_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| self.unreadable(error))?;
        self.crc = crc32c::crc32c_append(self.crc, &line);
        self.line += 1;
        String::from_utf8(line).map_err(|_| self.damaged(Damage::Line(self.line)))
    }

    fn rows_of(&mut self, len: u64, sink: Sink<'_>) -> Result<(), TransferError> {
        // The buffer grows as bytes arrive: the announced length is not trusted.
        let mut rows = Vec::new();
        let read = (&mut self.file).take(len).read_to_end(&mut rows);
        read.map_err(|error| self.unreadable(error))?;
        if rows.len() as u64 != len {
            return Err(self.damaged(Damage::Cut));
        }
        self.crc = crc32c::crc32c_append(self.crc, &rows);
        let line = self.line;
        let lines = rows.split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.line += lines;
        self.rows += lines;
        let rows = str::from_utf8(&rows).map_err(|_| self.damaged(Damage::Line(line)))?;
        sink(Part::Rows(rows))
    }

    fn damaged(&self, damage: Damage) -> TransferError {
        TransferError::Damaged { file: self.name.to_owned(), damage }
    }

    fn unreadable(&self, error: std::io::Error) -> TransferError {
        TransferError::Unreadable { file: self.name.to_owned(), error }
    }
}

#[cfg(test)]
mod tests;
