//! Dialects that a program is made with, and what its settings say of them.

use lottery_proto::{Dialect, DialectProfile, WinnersFlow};

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

    /// Returns those in which an agency can send its bets.
    pub(super) fn with_bets(&self) -> Vec<(&'static str, Dialect)> {
        self.0.iter().copied().filter(|(_, dialect)| !dialect.profile().has_lines).collect()
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

    /// True if this is the setting of a client's dialect.
    pub(super) fn is_of_one(row: &Row) -> bool {
        row.flag == ONE
    }

    /// Returns the help of a setting.
    pub(super) fn help(&self, row: &Row) -> String {
        row.help(row.help, self.default(row).as_deref())
    }

    /// Returns a list, for the help, of the dialects that a client can speak: each on a line, with what it does in it.
    pub(super) fn list(&self) -> String {
        let dialects = self.with_bets();
        let width = dialects.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let line =
            |(name, dialect): &(&str, Dialect)| format!("\n  {name:width$}  {}", manner(dialect.profile()));
        format!("Dialects:{}", dialects.iter().map(line).collect::<Vec<_>>().concat())
    }
}

/// Returns the manner of a client in a dialect, in a line.
fn manner(profile: DialectProfile) -> String {
    let connections = match (profile.one_bet, profile.one_message) {
        (true, _) => Some("a connection for each bet"),
        (false, true) => Some("a connection for each message"),
        (false, false) => None,
    };
    let finished = match (profile.has_finished, profile.answers_finished) {
        (false, _) => Some("no Finished"),
        (true, false) => Some("no reply to Finished"),
        (true, true) => None,
    };
    let winners = match profile.winners_flow {
        WinnersFlow::SameConnection => "winners on the connection of the bets",
        WinnersFlow::NewConnection => "winners on a connection for each query",
        WinnersFlow::WithFinished => "winners in the reply to Finished",
        WinnersFlow::Never => "no winners",
    };
    let sessions = profile.has_sessions.then_some("nothing is lost, nothing stored twice");
    [connections, finished, Some(winners), sessions].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn names(dialects: &Names<Dialect>) -> Vec<&'static str> {
    dialects.iter().map(|(name, _)| *name).collect()
}
