//! Reader of `config.ini`: `KEY = VALUE` lines, in the section `[DEFAULT]` or before any section.
//!
//! The syntax is that of Python's `configparser`: `=` or `:` separates, spaces around a key and a value do
//! not count, a comment is a line that begins with `#` or `;`, and quotes and backslashes stand for
//! themselves. No value continues in the next line. Since it reads line by line, it can name the line of
//! every mistake.

use super::table::Pairs;

/// Reads all keys and values, in order and with duplicates.
///
/// # Errors
///
/// The first line that is neither blank, a comment, `[DEFAULT]` nor `KEY = VALUE`, and its problem.
pub(super) fn read(text: &str) -> Result<Pairs, String> {
    let mut entries = Vec::new();
    // Lines end with CR LF, LF or CR.
    for (index, line) in text.replace("\r\n", "\n").split(['\r', '\n']).enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) || line == "[DEFAULT]" {
            continue;
        }
        let wrong = |expected| format!("line {}: {line:?}: expected {expected}", index + 1);
        if line.starts_with('[') {
            return Err(wrong("the section [DEFAULT]"));
        }
        let (key, value) = line.split_once(['=', ':']).unwrap_or_default();
        if key.is_empty() {
            return Err(wrong("KEY = VALUE"));
        }
        entries.push((key.trim_end().into(), value.trim_start().into()));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
        read(text)
    }

    #[test]
    fn lines_end_with_cr_lf_or_both() {
        let expected = [("A", "1"), ("B", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        for end in ["\n", "\r", "\r\n"] {
            let text = format!("A=1{end}{end}B=2{end}");
            assert_eq!(pairs(&text), Ok(expected.to_vec()), "{end:?}");
            let error = pairs(&format!("{text}{end}nothing{end}")).unwrap_err();
            assert_eq!(error, "line 5: \"nothing\": expected KEY = VALUE", "{end:?}");
        }
    }

    #[test]
    fn keys_in_and_before_the_section_are_read() {
        let text = "A=1\r\n; no\n  # no\n\n[DEFAULT]\nB : C:\\x\\\n\tC = \"d\" = e\nD =";
        let expected = [("A", "1"), ("B", "C:\\x\\"), ("C", "\"d\" = e"), ("D", "")];
        assert_eq!(pairs(text), Ok(expected.map(|(key, value)| (key.into(), value.into())).to_vec()));
        assert_eq!(pairs(""), Ok(vec![]));
    }

    #[test]
    fn mistakes_in_ini_name_their_line() {
        for (text, error) in [
            ("A=1\nB", "line 2: \"B\": expected KEY = VALUE"),
            ("A=1\n  B 2", "line 2: \"B 2\": expected KEY = VALUE"),
            ("= 1", "line 1: \"= 1\": expected KEY = VALUE"),
            ("\n[OTHER]\n", "line 2: \"[OTHER]\": expected the section [DEFAULT]"),
            ("[DEFAULT", "line 1: \"[DEFAULT\": expected the section [DEFAULT]"),
            ("[DEFAULT] x", "line 1: \"[DEFAULT] x\": expected the section [DEFAULT]"),
        ] {
            assert_eq!(pairs(text), Err(error.into()));
        }
    }
}
