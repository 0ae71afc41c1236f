//! `cargo xtask data`: five agencies of invented bets, the same bytes for the same seed on every machine.

mod generate;
mod names;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::root::root;
use generate::Agency;
pub(crate) use generate::WINNING_NUMBER;

/// Arguments of `cargo xtask data`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seed of the people and their bets; the committed files come from the default
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// Directory to write to; created if missing [default: .data of the workspace]
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Seed of the files committed under `.data/`.
const DEFAULT_SEED: u64 = 7574;

/// Reason for which the files could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A directory or a file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// The table of the files could not be printed.
    #[error("cannot write to standard output: {0}")]
    Report(io::Error),
}

/// Writes the files and prints a table of them.
///
/// # Errors
///
/// [`Error`] if something cannot be written; files written before it stay.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let dir = args.dir.clone().unwrap_or_else(default_dir);
    let agencies = generate::agencies(args.seed);
    write(&dir, &agencies)?;
    let report = format!("Seed {}, written to {}:\n\n{}", args.seed, dir.display(), table(&agencies));
    io::stdout().write_all(report.as_bytes()).map_err(Error::Report)
}

/// Returns the path of `.data` after writing those files of the default seed that are missing. Prints a line
/// if it wrote any.
///
/// # Errors
///
/// [`Error`] if something cannot be written.
pub(crate) fn provide() -> Result<PathBuf, Error> {
    let dir = default_dir();
    if (1..=generate::AGENCIES).all(|id| dir.join(generate::file_name(id)).exists()) {
        return Ok(dir);
    }
    let mut missing = generate::agencies(DEFAULT_SEED);
    missing.retain(|agency| !dir.join(agency.file_name()).exists());
    write(&dir, &missing)?;
    let report = format!("Made the missing files of {}\n", dir.display());
    io::stdout().write_all(report.as_bytes()).map_err(Error::Report)?;
    Ok(dir)
}

/// Returns the path of `.data` at the root of the workspace, from any working directory.
fn default_dir() -> PathBuf {
    root().join(".data")
}

fn write(dir: &Path, agencies: &[Agency]) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(|source| Error::Write { path: dir.into(), source })?;
    for agency in agencies {
        let path = dir.join(agency.file_name());
        fs::write(&path, agency.csv()).map_err(|source| Error::Write { path, source })?;
    }
    Ok(())
}

/// Returns the table of the agencies in Markdown, as it stands in `.data/README.md`.
fn table(agencies: &[Agency]) -> String {
    let (mut bets, mut bytes, mut winners) = (0, 0, 0);
    let mut rows = vec![
        format!("agency | bets | bytes | winners of number {WINNING_NUMBER}"),
        "--- | --- | --- | ---".to_owned(),
    ];
    for agency in agencies {
        let (count, size, documents) = (agency.bets.len(), agency.csv().len(), agency.winners());
        rows.push(format!("{} | {count} | {size} | {}", agency.id, documents.join(" ")));
        bets += count;
        bytes += size;
        winners += documents.len();
    }
    rows.push(format!("all | {bets} | {bytes} | {winners} winners"));
    rows.into_iter().flat_map(|row| ["| ".to_owned(), row, " |\n".to_owned()]).collect()
}
