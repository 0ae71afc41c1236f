//! A configuration file: its text, and its entries checked against the known keys.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::error::{ConfigError, one_line};
use super::unknown::{UnknownKey, UnknownKeys};
use super::{ini, nesting, suggest, yaml};

/// Maximum size of a configuration file, in bytes. A real one has a few hundred bytes.
const MAX_BYTES: u64 = 64 << 10;

/// A key and its value in a file.
#[derive(Debug)]
pub(super) struct Entry {
    /// Key, with its sections joined by dots.
    pub(super) key: String,
    /// Text of the value.
    pub(super) value: String,
}

/// Format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Ini,
    Yaml,
}

/// Description of a program's file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Name of the file that is read if none is named.
    pub(super) default: &'static str,
    pub(super) format: Format,
    /// Keys that may be there and mean nothing to the program.
    pub(super) ignored: &'static [&'static str],
}

/// Content of a file.
#[derive(Debug)]
pub(super) struct Contents {
    /// Entries with known keys, spelled as the program spells them.
    pub(super) entries: Vec<Entry>,
    /// Other keys.
    pub(super) unknown: UnknownKeys,
}

/// Reads the file at `path` and matches its keys with `known` and the ignored ones, without regard to case.
/// Returns `None` if the file is missing and was not named explicitly.
///
/// # Errors
///
/// The file cannot be read or, if `explicit`, is missing; it is not written in the format, or has a known
/// key more than once.
pub(super) fn read(
    path: &Path,
    name: &str,
    explicit: bool,
    shape: Shape,
    known: &[&'static str],
) -> Result<Option<Contents>, ConfigError> {
    let name = one_line(name);
    let bytes = match load(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && !explicit => return Ok(None),
        Err(source) => return Err(ConfigError::Read { file: name, source }),
    };
    let keys: Vec<_> = known.iter().chain(shape.ignored).copied().collect();
    let entries = text(&bytes).and_then(|text| match shape.format {
        Format::Ini => ini::read(text),
        Format::Yaml => nesting::check(text).and_then(|()| yaml::read(text, &keys)),
    });
    match entries {
        Ok(entries) => sort(name, entries, &keys).map(Some),
        Err(problem) => Err(ConfigError::Syntax { file: name, problem: one_line(&problem) }),
    }
}

fn load(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "longer than 64 KiB"));
    }
    Ok(bytes)
}

/// Returns the text without the byte order mark that some editors put in front.
fn text(bytes: &[u8]) -> Result<&str, String> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line}: expected text in UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Separates known keys from unknown ones.
fn sort(file: String, entries: Vec<Entry>, keys: &[&'static str]) -> Result<Contents, ConfigError> {
    let mut contents = Contents { entries: Vec::new(), unknown: UnknownKeys::default() };
    for Entry { key, value } in entries {
        let Some(known) = keys.iter().find(|known| known.eq_ignore_ascii_case(&key)) else {
            let nearest = suggest::suggest(&key, keys);
            contents.unknown.push(&file, UnknownKey { key: one_line(&key), nearest });
            continue;
        };
        if contents.entries.iter().any(|earlier| earlier.key == *known) {
            return Err(ConfigError::DuplicateKey { file, key: known });
        }
        contents.entries.push(Entry { key: (*known).to_owned(), value });
    }
    Ok(contents)
}
