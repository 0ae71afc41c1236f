//! Reader of `config.yaml`: nested sections whose keys are joined with dots, `loop: {amount: 5}` as
//! `loop.amount`.
//!
//! The keys that hold one value and those that are sections are known beforehand, so a value is taken as
//! the text that was written: `5`, `"5"` and `0x10` are not converted, and no path is rounded like a
//! number.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Unexpected, Visitor};

use super::table::Pairs;

/// Maximum number of brackets and of indicators with which nested lists and sections begin. The parser's time grows
/// with the square of their depth; a real configuration has a few.
const MAX_NESTED: usize = 2000;

/// Reads all keys and values, in order and with duplicates, under the keys as they are written. The value of
/// a key that is not in `keys`, regardless of case, is empty.
///
/// # Errors
///
/// The problem and its line, if the text is not YAML, or if a section stands for a value or a value for a
/// section.
pub(super) fn read(text: &str, keys: &[&str]) -> Result<Pairs, String> {
    let brackets = text.matches(['[', '{']).count();
    let indicators = text.split_whitespace().filter(|word| ["-", "?", ":"].contains(word)).count();
    if brackets + indicators > MAX_NESTED {
        return Err(format!("more than {MAX_NESTED} lists and sections"));
    }
    let mut entries = Vec::new();
    let all = Node { path: String::new(), is_value: false, keys, entries: &mut entries };
    match all.deserialize(yaml_serde::Deserializer::from_str(text)) {
        Ok(()) => Ok(entries),
        Err(error) => Err(describe(text, &error)),
    }
}

/// Returns the line, followed by the parser's message without its own place.
fn describe(text: &str, error: &yaml_serde::Error) -> String {
    let message = error.to_string();
    let Some(place) = error.location() else {
        // Of all mistakes, only a second document comes without a place.
        let marker = text.lines().collect::<Vec<_>>().iter().rposition(|line| line.starts_with("---"));
        return format!("line {}: {message}", marker.map_or(text.lines().count(), |index| index + 1));
    };
    let own = format!(" at line {} column {}", place.line(), place.column());
    format!("line {}: {}", place.line(), message.replacen(&own, "", 1))
}

/// Value or section that is read next. Nothing, `~` and `null` stand for the empty text, or an empty section.
struct Node<'a> {
    /// Key of a value; a section's ends in a dot unless it is empty.
    path: String,
    is_value: bool,
    keys: &'a [&'a str],
    entries: &'a mut Pairs,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_value {
            return f.write_str("one value");
        }
        let below: Vec<_> = self.keys.iter().copied().filter(|key| begins_with(key, &self.path)).collect();
        write!(f, "a section with {}", below.join(", "))
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        if self.is_value { self.visit_str("") } else { Ok(()) }
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Only what is asked for as a text is the text that was written.
        if self.is_value { deserializer.deserialize_str(self) } else { deserializer.deserialize_any(self) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if !self.is_value {
            return Err(E::invalid_type(Unexpected::Str(text), &self));
        }
        self.entries.push((self.path, text.into()));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Node { path, keys, entries, .. } = self;
        while let Some(key) = map.next_key::<String>()? {
            let path = format!("{path}{key}");
            let inner = format!("{path}.");
            if keys.iter().any(|known| known.eq_ignore_ascii_case(&path)) {
                map.next_value_seed(Node { path, is_value: true, keys, entries })?;
            } else if keys.iter().any(|known| begins_with(known, &inner)) {
                map.next_value_seed(Node { path: inner, is_value: false, keys, entries })?;
            } else {
                map.next_value::<IgnoredAny>()?;
                entries.push((path, String::new()));
            }
        }
        Ok(())
    }
}

/// True if a key is in a section, regardless of case.
fn begins_with(key: &str, section: &str) -> bool {
    key.get(..section.len()).is_some_and(|start| start.eq_ignore_ascii_case(section))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[&str] = &["id", "bets", "loop.amount", "loop.period"];

    fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
        read(text, KEYS)
    }

    #[test]
    fn values_are_the_text_that_was_written() {
        for (text, key, value) in [
            ("id: 7", "id", "7"),
            ("id: \"7\"", "id", "7"),
            ("id: 0x10", "id", "0x10"),
            ("id: 99999999999999999999999", "id", "99999999999999999999999"),
            ("bets: 1.10", "bets", "1.10"),
            ("bets: true", "bets", "true"),
            ("bets: ~", "bets", ""),
            ("bets: null", "bets", ""),
            ("bets: !!null \"\"", "bets", ""),
            ("bets:", "bets", ""),
            ("bets: ''", "bets", ""),
            ("loop:\n  amount: 5\n", "loop.amount", "5"),
            ("loop: {period: 150ms}", "loop.period", "150ms"),
            ("loop.period: 150ms", "loop.period", "150ms"),
            ("nope: [1, {a: b}]", "nope", ""),
            ("loop: {nope: 1}", "loop.nope", ""),
            ("1: 2", "1", ""),
        ] {
            assert_eq!(pairs(text), Ok(vec![(key.into(), value.into())]), "{text}");
        }
    }

    #[test]
    fn empty_yaml_has_no_entries() {
        for text in ["", "# only a comment\n", "---\n", "{}", "~", "loop:\n", "loop:\n  # amount: 5\n"] {
            assert_eq!(pairs(text), Ok(vec![]), "{text:?}");
        }
    }

    #[test]
    fn duplicates_are_kept_for_the_caller_to_reject() {
        assert_eq!(pairs("id: 1\nid: 2\n").map(|entries| entries.len()), Ok(2));
        assert_eq!(pairs("loop: {amount: 1}\nloop.amount: 2\n").map(|entries| entries.len()), Ok(2));
    }

    #[test]
    fn lists_and_sections_are_bounded_in_number_and_depth() {
        for many in ["[".repeat(2001), "{a: ".repeat(2001), "- ".repeat(2001), "? a\n".repeat(2001)] {
            assert_eq!(pairs(&many), Err("more than 2000 lists and sections".into()));
        }
        let (open, closed) = ("[".repeat(1000), "]".repeat(1000));
        assert!(pairs(&format!("id: 1\nnope: {open}")).is_err_and(|error| error.starts_with("line ")));
        assert_eq!(pairs(&format!("nope: {open}{closed}\n")), Ok(vec![("nope".into(), String::new())]));
        assert_eq!(pairs(&format!("nope: [{}]\n", "[],".repeat(1999))).map(|pairs| pairs.len()), Ok(1));
    }

    #[test]
    fn mistakes_in_yaml_name_their_line() {
        for (text, error) in [
            ("id: 1\nbets: [a]\n", "line 2: bets: invalid type: sequence, expected one value"),
            ("id:\n  a: 1\n", "line 2: id: invalid type: map, expected one value"),
            (
                "loop: 5",
                "line 1: loop: invalid type: integer `5`, expected a section with loop.amount, loop.period",
            ),
            (
                "- 1",
                "line 1: invalid type: sequence, expected a section with id, bets, loop.amount, loop.period",
            ),
            (
                "loop: {amount: 1\nid: 2",
                "line 2: did not find expected ',' or '}', while parsing a flow mapping at line 1 column 7",
            ),
            (
                "id: 1\n\tbets: 2",
                "line 2: found a tab character that violates indentation, while scanning a plain scalar at line 1 column 5",
            ),
            (
                "id: 1\n---\nid: 2",
                "line 2: deserializing from YAML containing more than one document is not supported",
            ),
        ] {
            assert_eq!(pairs(text), Err(error.into()), "{text}");
        }
    }
}
