//! Dialects of the agencies.

use std::fmt;
use std::str::FromStr;

/// Names of the dialects that carry bets, as the programs have them.
const ALL: [&str; 5] = ["session", "block", "fixed", "framed", "braces"];

/// Dialects that the agencies use in turn; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dialects(Vec<&'static str>);

impl Dialects {
    /// Returns the dialect of an agency. Agencies are numbered from 1.
    pub(super) fn agency(&self, agency: u8) -> &'static str {
        self.0[usize::from(agency - 1) % self.0.len()]
    }

    /// Returns true if every agency uses sessions, in which it resumes after a lost connection.
    pub(super) fn are_sessions(&self) -> bool {
        self.0.iter().all(|dialect| *dialect == "session")
    }
}

impl FromStr for Dialects {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let dialect = |name| ALL.into_iter().find(|dialect| *dialect == name);
        let named: Option<Vec<_>> = text.split(',').map(dialect).collect();
        let expected = || format!("expected {}, or several of them with commas between", ALL.join(", "));
        named.map(Self).ok_or_else(expected)
    }
}

impl fmt::Display for Dialects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_are_used_in_turn() {
        let mixed: Dialects = "session,braces".parse().unwrap();
        assert_eq!([1, 2, 3].map(|agency| mixed.agency(agency)), ["session", "braces", "session"]);
        assert!(!mixed.are_sessions() && "session,session".parse::<Dialects>().unwrap().are_sessions());
        for wrong in ["", "Session", "session,", "session, block", "echo"] {
            assert!(wrong.parse::<Dialects>().is_err(), "{wrong:?}");
        }
    }
}
