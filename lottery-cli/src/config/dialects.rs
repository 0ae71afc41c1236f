//! Dialects that a program is made with, and what its settings say of them.

use lottery_proto::Dialect;

use super::table::Row;

/// Setting of the client's dialect.
const ONE: &str = "dialect";
/// Setting of the dialects that the server speaks.
const SEVERAL: &str = "dialects";

/// Dialects that a program is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registered(Vec<Dialect>);

impl Registered {
    /// Returns these dialects, each once.
    pub(super) fn new(dialects: &[Dialect]) -> Self {
        let mut registered: Vec<Dialect> = Vec::new();
        for dialect in dialects {
            if !registered.contains(dialect) {
                registered.push(*dialect);
            }
        }
        Self(registered)
    }

    /// Returns all of them.
    pub(super) fn all(&self) -> &[Dialect] {
        &self.0
    }

    /// Returns those in which an agency can send its bets and finish.
    pub(super) fn with_bets(&self) -> Vec<Dialect> {
        self.0.iter().copied().filter(|dialect| dialect.profile().has_finished).collect()
    }

    /// Returns the default of a setting: of the client's dialect, and of those of the server, one or all of these.
    pub(super) fn default(&self, row: &Row) -> Option<String> {
        match row.flag {
            SEVERAL => Some(self.0.iter().map(|dialect| dialect.name()).collect::<Vec<_>>().join(",")),
            ONE => {
                let dialects = self.with_bets();
                let usual = dialects.iter().find(|dialect| row.default == Some(dialect.name()));
                usual.or(dialects.first()).map(|dialect| dialect.name().to_owned())
            }
            _ => row.default.map(str::to_owned),
        }
    }

    /// Returns the help of a setting.
    pub(super) fn help(&self, row: &Row) -> String {
        let default = self.default(row);
        let mut text = row.help.to_owned();
        if row.flag == ONE {
            let names: Vec<_> = self.with_bets().iter().map(|dialect| dialect.name()).collect();
            text = match names.split_last() {
                Some((last, [])) => format!("{text}: {last}"),
                Some((last, others)) => format!("{text}: {} or {last}", others.join(", ")),
                None => text,
            };
        }
        row.help(&text, default.as_deref())
    }
}
