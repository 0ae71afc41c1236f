//! A configuration file: its text, and its entries checked against the known keys.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::error::{ConfigError, one_line};
use super::unknown::UnknownKeys;
use super::{ini, nesting, yaml};

/// Maximum size of a configuration file, in bytes. A real one has a few hundred bytes.
const MAX_BYTES: u64 = 64 << 10;

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
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Known keys, spelled as the program spells them, and their values.
    pub(super) entries: Vec<(&'static str, String)>,
    /// Other keys.
    pub(super) unknown: UnknownKeys,
}

/// Reads the file at `path`, called `name` in errors, and matches its keys with `known` and the ignored ones,
/// without regard to case. Returns `None` if the file is missing and was not named explicitly.
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
    let wrong = |problem| ConfigError::File { file: name.to_owned(), problem };
    let bytes = match load(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && !explicit => return Ok(None),
        Err(error) => return Err(wrong(format!("cannot read: {error}"))),
    };
    let keys: Vec<_> = known.iter().chain(shape.ignored).copied().collect();
    let entries = text(&bytes).and_then(|text| match shape.format {
        Format::Ini => ini::read(text),
        Format::Yaml => nesting::check(text).and_then(|()| yaml::read(text, &keys)),
    });
    let entries = entries.map_err(|problem| wrong(one_line(&problem)))?;
    let mut contents = Contents::default();
    for (key, value) in entries {
        let Some(known) = keys.iter().find(|known| known.eq_ignore_ascii_case(&key)) else {
            contents.unknown.push(name, &key, &keys);
            continue;
        };
        if contents.entries.iter().any(|(earlier, _)| earlier == known) {
            return Err(wrong(format!("{known}: set more than once")));
        }
        contents.entries.push((known, value));
    }
    Ok(Some(contents))
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
