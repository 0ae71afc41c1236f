//! Command `status`: the rules of a lottery, and how far it is.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::process::ExitCode;

use lottery_core::store::{AgencyRecord, Rules};
use lottery_store::transfer::Part;

use super::control::read_parts;
use super::transfer::{failed, print};
use crate::config::ServerSettings;

/// Prints the state of the store, of a running server or of none, as text or as JSON.
pub(super) fn status(settings: &ServerSettings, as_json: bool) -> ExitCode {
    let mut status = Status::default();
    let read = read_parts(&settings.data_dir, false, &mut |part| {
        match part {
            Part::Rules(rules) => status.rules = Some(rules),
            Part::Agency(agency, record) => _ = status.agencies.insert(agency, record),
            Part::Draw { .. } => status.is_drawn = true,
            Part::Rows(_) => {}
        }
        Ok(())
    });
    match read {
        Ok(()) => print(&if as_json { status.json() } else { status.text() }),
        Err(error) => failed(error, settings),
    }
}

/// State of a lottery.
#[derive(Debug, Default)]
struct Status {
    /// `None` as long as nothing is stored.
    rules: Option<Rules>,
    agencies: BTreeMap<u32, AgencyRecord>,
    is_drawn: bool,
}

impl Status {
    fn bets(&self) -> u64 {
        self.agencies.values().map(|record| record.stored).sum()
    }

    fn finished(&self) -> usize {
        self.agencies.values().filter(|record| record.finished).count()
    }

    /// Returns a line for each value, and one for each agency.
    fn text(&self) -> String {
        let number = |of: fn(&Rules) -> u32| Known(self.rules.as_ref().map(of), "unknown");
        let agencies = self.agencies.iter().map(|(agency, AgencyRecord { stored, finished, .. })| {
            format!("agency {agency}: {stored}{}\n", if *finished { ", finished" } else { "" })
        });
        format!(
            "agencies: {}\nwinning_number: {}\nbets: {}\nfinished: {}\ndrawn: {}\n{}",
            number(|rules| rules.agencies),
            number(|rules| rules.winning_number),
            self.bets(),
            self.finished(),
            if self.is_drawn { "yes" } else { "no" },
            agencies.collect::<String>()
        )
    }

    /// Returns an object in one line. It holds numbers, `true` and `false` only, so nothing is to be escaped.
    fn json(&self) -> String {
        let number = |of: fn(&Rules) -> u32| Known(self.rules.as_ref().map(of), "null");
        let agencies = self.agencies.iter().map(|(agency, AgencyRecord { stored, finished, .. })| {
            format!(r#"{{"agency":{agency},"bets":{stored},"finished":{finished}}}"#)
        });
        format!(
            "{{\"agencies\":{},\"winning_number\":{},\"bets\":{},\"finished\":{},\"drawn\":{},\"each\":[{}]}}\n",
            number(|rules| rules.agencies),
            number(|rules| rules.winning_number),
            self.bets(),
            self.finished(),
            self.is_drawn,
            agencies.collect::<Vec<_>>().join(",")
        )
    }
}

/// Number that may be unknown, and the word for that.
struct Known(Option<u32>, &'static str);

impl Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str(self.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lottery_that_has_not_begun_has_no_rules() {
        let status = Status::default();
        let text = "agencies: unknown\nwinning_number: unknown\nbets: 0\nfinished: 0\ndrawn: no\n";
        assert_eq!(status.text(), text);
        let json = r#"{"agencies":null,"winning_number":null,"bets":0,"finished":0,"drawn":false,"each":[]}"#;
        assert_eq!(status.json(), format!("{json}\n"));
    }

    #[test]
    fn a_status_has_a_line_or_an_object_for_each_agency() {
        let record = |stored, finished| AgencyRecord { stored, digest: 7, finished };
        let status = Status {
            rules: Some(Rules { agencies: 3, winning_number: 7574 }),
            agencies: [(1, record(30, true)), (3, record(12, false))].into(),
            is_drawn: true,
        };
        assert_eq!(
            status.text(),
            "agencies: 3\nwinning_number: 7574\nbets: 42\nfinished: 1\ndrawn: yes\nagency 1: 30, finished\nagency 3: 12\n"
        );
        assert_eq!(
            status.json(),
            "{\"agencies\":3,\"winning_number\":7574,\"bets\":42,\"finished\":1,\"drawn\":true,\"each\":[\
             {\"agency\":1,\"bets\":30,\"finished\":true},{\"agency\":3,\"bets\":12,\"finished\":false}]}\n"
        );
    }
}
