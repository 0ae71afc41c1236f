//! Parser of the document: its listings and tables.

use std::env;
use std::fs;
use std::path::PathBuf;

/// Returns the directory of the crate, as cargo gives it.
pub(crate) fn crate_dir() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is").into()
}

/// Returns the text of `docs/protocol.md`.
pub(crate) fn document() -> String {
    let path = crate_dir().join("../docs/protocol.md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Fenced listing, and the words behind its fence: form, dialect, sender, message.
#[derive(Debug)]
pub(crate) struct Listing {
    /// Line of its fence, from 1.
    pub(crate) line: usize,
    pub(crate) words: Vec<String>,
    pub(crate) lines: Vec<String>,
}

impl Listing {
    /// Returns the name of the example, without its form.
    pub(crate) fn name(&self) -> String {
        self.words[1..].join(" ")
    }

    /// Returns the bytes that the listing shows.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let all = self.lines.join("\n");
        match self.words[0].as_str() {
            "hex" => self.lines.iter().flat_map(|line| hex(line)).collect(),
            "text" => characters(&all).into_bytes(),
            form => panic!("line {}: no form {form:?}", self.line),
        }
    }
}

/// Returns the listings that have words behind their fence.
pub(crate) fn listings(document: &str) -> Vec<Listing> {
    let mut listings = Vec::new();
    let mut lines = document.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(words) = line.strip_prefix("```") else { continue };
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let lines = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
        let lines = lines.map(str::to_owned).collect();
        if words.len() > 1 {
            listings.push(Listing { line: at + 1, words, lines });
        }
    }
    listings
}

/// Returns the only listing of that name.
pub(crate) fn listing(document: &str, name: &str) -> Listing {
    let mut found: Vec<Listing> =
        listings(document).into_iter().filter(|found| found.name() == name).collect();
    assert_eq!(found.len(), 1, "listings of {name:?}");
    found.remove(0)
}

/// Returns the bytes of a line in hexadecimal, without its comment.
pub(crate) fn hex(line: &str) -> Vec<u8> {
    let bytes = line.split('#').next().unwrap_or_default();
    let byte = |text| u8::from_str_radix(text, 16).unwrap_or_else(|_| panic!("{text:?} is no byte"));
    bytes.split_whitespace().map(byte).collect()
}

/// Returns the text that a listing shows, without blanks, which are layout.
pub(crate) fn characters(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    shown.replace('␣', " ").replace('⏎', "\n")
}

/// Returns the cells of each row of the table whose header row is `head`, without the header and the rule
/// below it.
pub(crate) fn table(document: &str, head: &str) -> Vec<Vec<String>> {
    let rows =
        document.lines().skip_while(|line| *line != head).skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let row = row.replace("\\|", "¦");
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('¦', "|")).collect()
    };
    let rows: Vec<_> = rows.map(cells).collect();
    assert!(!rows.is_empty(), "no table {head}");
    rows
}
