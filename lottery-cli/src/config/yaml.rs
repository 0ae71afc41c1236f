//! Reader of `config.yaml`: nested sections whose keys are joined with dots, `loop: {amount: 5}` as
//! `loop.amount`.
//!
//! The keys that hold one value and those that are sections are known beforehand, so a value is taken as
//! the text that was written: `5`, `"5"` and `0x10` are not converted, and no path is rounded like a
//! number.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::file::Entry;

/// Reads all entries, in order and with duplicates, under the keys as they are written. An entry whose key
/// is not in `keys`, regardless of case, has an empty value.
///
/// # Errors
///
/// The problem and its line, if the text is not YAML, or if a section stands for a value or a value for a
/// section.
pub(super) fn read(text: &str, keys: &[&str]) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    let section = Section { path: "", keys, entries: &mut entries };
    match section.deserialize(yaml_serde::Deserializer::from_str(text)) {
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

/// Mapping at `path`, which ends in a dot unless it is empty. A missing value is an empty mapping.
struct Section<'a> {
    path: &'a str,
    keys: &'a [&'a str],
    entries: &'a mut Vec<Entry>,
}

impl<'de> DeserializeSeed<'de> for Section<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Section<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below: Vec<_> = self.keys.iter().copied().filter(|key| begins_with(key, self.path)).collect();
        write!(f, "a section with {}", below.join(", "))
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let path = format!("{}{key}", self.path);
            let inner = format!("{path}.");
            if self.keys.iter().any(|known| known.eq_ignore_ascii_case(&path)) {
                let value = map.next_value_seed(Scalar)?;
                self.entries.push(Entry { key: path, value });
            } else if self.keys.iter().any(|known| begins_with(known, &inner)) {
                map.next_value_seed(Section { path: &inner, keys: self.keys, entries: self.entries })?;
            } else {
                map.next_value::<IgnoredAny>()?;
                self.entries.push(Entry { key: path, value: String::new() });
            }
        }
        Ok(())
    }
}

/// True if a key is in a section, regardless of case.
fn begins_with(key: &str, section: &str) -> bool {
    key.get(..section.len()).is_some_and(|start| start.eq_ignore_ascii_case(section))
}

/// One value, as the text that was written; a missing value, `~` and `null` are the empty text.
struct Scalar;

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one value")
    }

    fn visit_none<E: Error>(self) -> Result<String, E> {
        Ok(String::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[&str] = &["id", "bets", "loop.amount", "loop.period"];

    fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
        Ok(read(text, KEYS)?.into_iter().map(|entry| (entry.key, entry.value)).collect())
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
    fn nothing_is_no_entry() {
        for text in ["", "# only a comment\n", "---\n", "{}", "~", "loop:\n", "loop:\n  # amount: 5\n"] {
            assert_eq!(pairs(text), Ok(vec![]), "{text:?}");
        }
    }

    #[test]
    fn duplicates_are_kept_for_the_caller_to_refuse() {
        assert_eq!(pairs("id: 1\nid: 2\n").map(|entries| entries.len()), Ok(2));
        assert_eq!(pairs("loop: {amount: 1}\nloop.amount: 2\n").map(|entries| entries.len()), Ok(2));
    }

    #[test]
    fn mistakes_name_their_line() {
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
