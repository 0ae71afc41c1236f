//! Commands that bring bets into a store and out of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use lottery_core::store::{Store, StoreError};
use lottery_store::LogStore;
use lottery_store::transfer::{self, BackupWriter, Part, TransferError};

use super::control::read_parts;
use super::output::Target;
use super::{EXIT_STORE_FAILED, fail, say};
use crate::config::{Output, ServerSettings};

/// Prints the number of stored bets: a line for each agency, then one for all.
pub(super) fn count(settings: &ServerSettings) -> ExitCode {
    let mut bets = BTreeMap::new();
    let counted = read_parts(&settings.data_dir, false, &mut |part| {
        if let Part::Agency(agency, record) = part {
            bets.insert(agency, record.stored);
        }
        Ok(())
    });
    match counted {
        Ok(()) => print(&report(bets)),
        Err(error) => failed(error, settings),
    }
}

/// Writes the whole content of the store to a file.
pub(super) fn backup(settings: &ServerSettings, output: &Output) -> ExitCode {
    write(settings, output, |target| {
        let mut writer = BackupWriter::new(BufWriter::new(target))?;
        read_parts(&settings.data_dir, true, &mut |part| writer.put(part))?;
        writer.end()?.into_inner().map_err(|error| TransferError::Unwritable(error.into_error()))
    })
}

/// Writes all rows to a file, in the form of `bets.csv`.
pub(super) fn export(settings: &ServerSettings, output: &Output) -> ExitCode {
    write(settings, output, |mut target| {
        read_parts(&settings.data_dir, true, &mut |part| match part {
            Part::Rows(rows) => target.write_all(rows.as_bytes()).map_err(TransferError::Unwritable),
            Part::Rules(_) | Part::Agency(..) | Part::Draw { .. } => Ok(()),
        })?;
        Ok(target)
    })
}

/// Moves the output of `does` to its place, or prints why there is none.
fn write(
    settings: &ServerSettings,
    output: &Output,
    does: impl FnOnce(Target) -> Result<Target, TransferError>,
) -> ExitCode {
    let name = if output.path == Path::new("-") {
        "standard output".to_owned()
    } else {
        output.path.display().to_string()
    };
    let unwritable = |error: io::Error| fail(1, &format!("cannot write to {name}: {error}"));
    let target = match Target::new(output, &settings.data_dir) {
        Ok(target) => target,
        Err(error) => return unwritable(error),
    };
    match does(target) {
        Ok(target) => target.finish().map_or_else(unwritable, |()| ExitCode::SUCCESS),
        Err(TransferError::Unwritable(error)) => unwritable(error),
        Err(error) => failed(error, settings),
    }
}

/// Begins a new store with the bets of a file in the form of `bets.csv`. If the settings say so, a
/// `bets.csv` with other rows is set aside with that stamp.
pub(super) fn import(settings: &ServerSettings, path: &Path, stamp: &str) -> ExitCode {
    build(settings, path, stamp, |name, file, store| transfer::import(name, file, settings.agencies, store))
}

/// Begins a new store with a backup, otherwise as [`import`] does.
pub(super) fn restore(settings: &ServerSettings, path: &Path, stamp: &str) -> ExitCode {
    build(settings, path, stamp, |name, file, store| transfer::restore(name, file, store))
}

fn build(
    settings: &ServerSettings,
    path: &Path,
    stamp: &str,
    fill: impl FnOnce(&str, Box<dyn BufRead>, &mut dyn Store) -> Result<(), TransferError>,
) -> ExitCode {
    let name = path.display().to_string();
    let opened = input(path).map_err(|error| TransferError::Unreadable { file: name.clone(), error });
    let stored = opened.and_then(|file| {
        let stamp = settings.set_aside.then_some(stamp);
        LogStore::build(&settings.data_dir, stamp, |store| fill(&name, file, store))
    });
    end(stored, settings)
}

/// Opens the file of that name; `-` is standard input.
fn input(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(BufReader::new(File::open(path)?)))
}

/// Prints the numbers of bets in a new store, or why there is none.
fn end(stored: Result<LogStore, TransferError>, settings: &ServerSettings) -> ExitCode {
    let saved = stored.and_then(|mut store| {
        if let Some(path) = store.set_aside() {
            // It goes to standard error: the counts on standard output are for programs to read.
            say(&format!("{} is what was in the way", path.display()));
        }
        Ok(store.load()?)
    });
    match saved {
        Ok(saved) => print(&report(saved.agencies.iter().map(|(agency, record)| (*agency, record.stored)))),
        Err(error) => failed(error, settings),
    }
}

/// Returns a line for each agency that has bets, in this order, and one for all.
fn report(bets: impl IntoIterator<Item = (u32, u64)>) -> String {
    let bets: Vec<_> = bets.into_iter().filter(|(_, bets)| *bets > 0).collect();
    let agencies = bets.iter().map(|(agency, bets)| format!("agency {agency}: {bets}\n"));
    let all = format!("all: {}\n", bets.iter().map(|(_, bets)| bets).sum::<u64>());
    agencies.chain([all]).collect()
}

pub(super) fn failed(error: TransferError, settings: &ServerSettings) -> ExitCode {
    match error {
        TransferError::Store(error) => store_error(&error, settings),
        error => fail(1, &error),
    }
}

/// Prints a text to standard output.
pub(super) fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &format!("cannot write to standard output: {error}")),
    }
}

/// Prints in a line why no store can be used, and the commands to go on with. Returns the exit code.
pub(super) fn store_error(error: &StoreError, settings: &ServerSettings) -> ExitCode {
    let code = if matches!(error, StoreError::Failed { .. }) { EXIT_STORE_FAILED } else { 1 };
    let program = std::env::args_os().next().unwrap_or_else(|| "lottery-server".into());
    let program = Path::new(&program).file_name().unwrap_or(&program).to_string_lossy().into_owned();
    fail(code, &format!("{error}{}", hint(error, &program, &settings.data_dir)))
}

/// Returns the commands to go on with.
fn hint(error: &StoreError, program: &str, data_dir: &Path) -> String {
    let StoreError::Differs { place, difference, .. } = error else { return String::new() };
    let data_dir = data_dir.display();
    // A store that holds bets cannot be replaced, so the import needs another directory.
    let import = if difference.stored == 0 { format!("{data_dir}") } else { "NEW-DIR".to_owned() };
    format!(
        "; to begin with what {place} holds: {program} --data-dir {import} import {place}; to go on with what the store \
         holds: {program} --data-dir {data_dir} --set-aside, which renames {place}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use lottery_core::store::Difference;

    #[test]
    fn the_error_for_another_bets_csv_shows_both_sides_and_the_commands_to_go_on() {
        let said = |stored, same| {
            let difference = Difference { rows: 50, size: 1950, stored, stored_size: stored * 39, same };
            let (place, store) = ("d/bets.csv".to_owned(), "d/log".to_owned());
            let error = StoreError::Differs { place, store, difference };
            format!("{error}{}", hint(&error, "lottery-server-x", Path::new("d")))
        };
        assert_eq!(
            said(0, 0),
            "d/bets.csv: holds 50 rows, 1950 bytes, and d/log holds 0 bets, 0 bytes; the first 0 are the same, \
             what follows is not in the store: nothing was changed; to begin with what d/bets.csv holds: \
             lottery-server-x --data-dir d import d/bets.csv; to go on with what the store holds: lottery-server-x \
             --data-dir d --set-aside, which renames d/bets.csv"
        );
        assert!(said(7, 3).contains("; the first 3 are the same, "));
        assert!(said(7, 3).contains(": lottery-server-x --data-dir NEW-DIR import d/bets.csv; "));
        let busy = StoreError::Busy { place: "d/lottery.lock".to_owned() };
        assert_eq!(hint(&busy, "x", Path::new("d")), "");
    }
}
