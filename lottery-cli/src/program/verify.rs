//! Command `verify`: a check of the whole log, and of `bets.csv` against it, also while a server runs.

use std::collections::BTreeMap;
use std::process::ExitCode;

use lottery_core::store::{AgencyRecord, StoreError};
use lottery_store::log::{self, Verified};
use lottery_store::transfer::Part;

use super::control::ask_server;
use super::fail;
use super::transfer::{print, store_error};
use crate::config::ServerSettings;

/// Checks the store, and prints what it holds, or the first thing that is wrong with its file and offset or line.
pub(super) fn verify(settings: &ServerSettings) -> ExitCode {
    let data_dir = &settings.data_dir;
    // It is asked first, so all that it has stored by then is in the log.
    let mut told = Told::default();
    let asked = ask_server(data_dir, &mut |part| {
        match part {
            Part::Agency(agency, record) => _ = told.agencies.insert(agency, record),
            Part::Draw { .. } => told.is_drawn = true,
            Part::Rules(_) | Part::Rows(_) => {}
        }
        Ok(())
    });
    if !matches!(asked, Some(Ok(()))) {
        told = Told::default();
    }
    match log::verify(data_dir) {
        Ok(verified) => match lacking(&told, &verified) {
            Some(problem) => fail(1, &format!("{}: {problem}", data_dir.join("log").display())),
            None => print(&report(&verified)),
        },
        Err(ref error @ StoreError::Differs { ref difference, .. }) => {
            fail(1, &format!("{error}; the first other row is line {}", difference.same + 1))
        }
        Err(error) => store_error(&error, settings),
    }
}

/// State of a server's store.
#[derive(Debug, Default)]
struct Told {
    agencies: BTreeMap<u32, AgencyRecord>,
    is_drawn: bool,
}

/// Returns what a server has told that the log lacks: its last frame is damaged then, which looks like one that is being
/// written.
fn lacking(told: &Told, verified: &Verified) -> Option<String> {
    let agency = told.agencies.iter().find_map(|(agency, record)| {
        let found = verified.saved.agencies.get(agency).copied().unwrap_or_default();
        let lacks = found.stored < record.stored || record.finished && !found.finished;
        let words = |record: AgencyRecord| {
            format!("{} bets{}", record.stored, if record.finished { ", finished" } else { "" })
        };
        let (held, stored) = (words(found), words(*record));
        lacks.then(|| format!("it holds for agency {agency} {held}; the server has stored {stored}"))
    });
    let draw =
        (told.is_drawn && verified.saved.draw.is_none()).then(|| "the server has stored a draw".to_owned());
    agency.or(draw).map(|lacks| format!("damaged at its end: {lacks}"))
}

fn report(Verified { segments, groups, saved, csv_behind }: &Verified) -> String {
    let bets: u64 = saved.agencies.values().map(|record| record.stored).sum();
    let csv = match csv_behind {
        0 => "complete".to_owned(),
        behind => format!("{behind} bytes behind"),
    };
    format!("segments: {segments}\ngroups: {groups}\nbets: {bets}\nbets.csv: {csv}\n")
}

#[cfg(test)]
mod tests {
    use lottery_core::store::Saved;

    use super::*;

    fn record(stored: u64, finished: bool) -> AgencyRecord {
        AgencyRecord { stored, digest: 0, finished }
    }

    fn verified(agencies: &[(u32, AgencyRecord)]) -> Verified {
        let saved = Saved { agencies: agencies.iter().copied().collect(), ..Saved::default() };
        Verified { segments: 2, groups: 9, saved, csv_behind: 0 }
    }

    #[test]
    fn a_log_that_lacks_what_the_server_has_stored_is_damaged() {
        let told = Told { agencies: [(2, record(30, true))].into(), is_drawn: false };
        for (found, lacks) in [
            (record(30, true), None),
            (record(31, true), None),
            (
                record(29, true),
                Some("it holds for agency 2 29 bets, finished; the server has stored 30 bets, finished"),
            ),
            (
                record(30, false),
                Some("it holds for agency 2 30 bets; the server has stored 30 bets, finished"),
            ),
        ] {
            let lacks = lacks.map(|lacks| format!("damaged at its end: {lacks}"));
            assert_eq!(lacking(&told, &verified(&[(2, found)])), lacks);
        }
        assert!(lacking(&told, &verified(&[])).is_some_and(|lacks| lacks.contains("agency 2 0 bets; ")));
        assert_eq!(lacking(&Told::default(), &verified(&[])), None);
        let drawn = Told { agencies: BTreeMap::new(), is_drawn: true };
        assert_eq!(
            lacking(&drawn, &verified(&[])).unwrap(),
            "damaged at its end: the server has stored a draw"
        );
    }

    #[test]
    fn the_report_counts_what_was_checked() {
        let whole = verified(&[(1, record(30, false))]);
        assert_eq!(report(&whole), "segments: 2\ngroups: 9\nbets: 30\nbets.csv: complete\n");
        let behind = Verified { csv_behind: 7, ..whole };
        assert!(report(&behind).ends_with("bets.csv: 7 bytes behind\n"));
    }
}
