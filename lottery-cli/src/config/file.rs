//! A configuration file: its text, and its entries checked against the known keys.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::error::{ConfigError, UnknownKeys, one_line};
use super::table::Program;

/// Maximum size of a configuration file, in bytes. A real one has a few hundred bytes.
const MAX_BYTES: u64 = 64 << 10;

/// Content of a file.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Values by their known keys, spelled as the program spells them.
    pub(super) entries: BTreeMap<&'static str, String>,
    pub(super) unknown: UnknownKeys,
}

/// Reads the file at `path`, called `name` in errors, and matches its keys with the program's, without regard
/// to case. Returns `None` if the file is missing and was not named explicitly.
///
/// # Errors
///
/// The file cannot be read or, if `explicit`, is missing; it is not written in the format, or has a known
/// key more than once.
pub(super) fn read(
    program: &Program,
    path: &Path,
    name: &str,
    explicit: bool,
) -> Result<Option<Contents>, ConfigError> {
    let wrong = |problem| ConfigError::File(format!("{name}: {problem}"));
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)) {
        Ok(length) if length as u64 > MAX_BYTES => {
            return Err(wrong("cannot read: longer than 64 KiB".into()));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound && !explicit => return Ok(None),
        Err(error) => return Err(wrong(format!("cannot read: {error}"))),
    }
    let settable = program.rows.iter().map(|row| row.key).filter(|key| !key.is_empty());
    let keys: Vec<_> = settable.chain(program.ignored.iter().copied()).collect();
    let pairs = text(&bytes).and_then(|text| (program.pairs)(text, &keys));
    let (mut entries, mut unknown) = (BTreeMap::new(), Vec::new());
    for (key, value) in pairs.map_err(|problem| wrong(one_line(&problem)))? {
        match keys.iter().find(|known| known.eq_ignore_ascii_case(&key)) {
            Some(known) if entries.insert(*known, value).is_some() => {
                return Err(wrong(format!("{known}: set more than once")));
            }
            Some(_) => {}
            None => unknown.push(key),
        }
    }
    Ok(Some(Contents { entries, unknown: UnknownKeys::new(name, &unknown, &keys) }))
}

/// Returns the text without the byte order mark that some editors put in front.
fn text(bytes: &[u8]) -> Result<&str, String> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line}: expected text in UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
