//! Dialects that a program is made with, and what its settings say of them.

use lottery_proto::Dialect;

use super::parse::Names;
use super::table::Row;

/// Setting of the client's dialect.
const ONE: &str = "dialect";
/// Setting of the dialects that the server speaks.
const SEVERAL: &str = "dialects";

/// Dialects that a program is made with, each once, by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registered(Vec<(&'static str, Dialect)>);

impl Registered {
    /// Returns these dialects.
    pub(super) fn new(dialects: &[Dialect]) -> Self {
        let is_first = |(index, dialect): &(usize, &Dialect)| !dialects[..*index].contains(dialect);
        let once = dialects.iter().enumerate().filter(is_first);
        Self(once.map(|(_, dialect)| (dialect.name(), *dialect)).collect())
    }

    /// Returns all of them.
    pub(super) fn all(&self) -> &Names<Dialect> {
        &self.0
    }

    /// Returns those in which an agency can send its bets and finish.
    pub(super) fn with_bets(&self) -> Vec<(&'static str, Dialect)> {
        self.0.iter().copied().filter(|(_, dialect)| dialect.profile().has_finished).collect()
    }

    /// Returns the default of a setting: of the client's dialect, and of those of the server, one or all of these.
    pub(super) fn default(&self, row: &Row) -> Option<String> {
        match row.flag {
            SEVERAL => Some(names(&self.0).join(",")),
            ONE => {
                let names = names(&self.with_bets());
                let usual = names.iter().find(|name| row.default == Some(name));
                usual.or(names.first()).map(|name| (*name).to_owned())
            }
            _ => row.default.map(str::to_owned),
        }
    }

    /// Returns the help of a setting.
    pub(super) fn help(&self, row: &Row) -> String {
        let default = self.default(row);
        let names = if row.flag == ONE { names(&self.with_bets()) } else { Vec::new() };
        let text = match names.split_last() {
            Some((last, [])) => format!("{}: {last}", row.help),
            Some((last, others)) => format!("{}: {} or {last}", row.help, others.join(", ")),
            None => row.help.to_owned(),
        };
        row.help(&text, default.as_deref())
    }
}

fn names(dialects: &Names<Dialect>) -> Vec<&'static str> {
    dialects.iter().map(|(name, _)| *name).collect()
}
