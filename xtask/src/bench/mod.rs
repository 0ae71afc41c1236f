//! `cargo xtask bench-report`: measures, and writes `benches/REPORT.md` with its plots.
//!
//! The output of each part is kept in `target/bench-report/`, so that one part can be measured anew and the report
//! written with the last figures of the others.

mod goals;
mod measured;
mod parts;
mod plot;
mod plots;
mod report;
mod tables;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use self::measured::Measured;
use self::parts::Part;
use crate::root::root;

/// Arguments of `cargo xtask bench-report`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Number of rounds of decoding, encoding and the machines
    #[arg(long, default_value_t = 101)]
    rounds: u32,
    /// Number of rounds of receiving, ingest and lotteries: each round starts every server anew
    #[arg(long, default_value_t = 7)]
    ingest_rounds: u32,
    /// Measures this part only, and takes the last figures of the others; can be repeated
    #[arg(long)]
    part: Vec<Part>,
    /// Measures nothing, and writes the report with the last figures of all parts
    #[arg(long, conflicts_with = "part")]
    no_run: bool,
}

/// Reason for which there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A program could not be run, or failed.
    #[error("{program}: {error}")]
    Run {
        /// Program and its arguments.
        program: String,
        /// Reason for the failure.
        error: String,
    },
    /// A measurement is missing.
    #[error("nothing was measured of {0}")]
    Missing(String),
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    Write {
        /// Path of the file.
        path: PathBuf,
        /// Reason for the failure.
        error: io::Error,
    },
}

/// Measures, and writes the report and its plots.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let wanted: Vec<Part> = Part::ALL
        .into_iter()
        .filter(|part| !args.no_run && (args.part.is_empty() || args.part.contains(part)))
        .collect();
    // Nothing is measured beside a compiler.
    for measures in [false, true] {
        wanted.iter().try_for_each(|part| part.run(args, measures))?;
    }
    let dir = root().join("benches");
    let mut printed = vec![read(&dir.join("instructions.csv"))?];
    for part in Part::ALL {
        let one = part.printed()?;
        if one.is_empty() {
            eprintln!("{}: not measured yet", part.name());
        }
        printed.push(one);
    }
    let printed: Vec<&str> = printed.iter().map(String::as_str).collect();
    let measured = Measured::parse(&printed);
    write(&dir.join("REPORT.md"), &report::text(&measured, &machine()))?;
    for (name, title, bars) in plots::plots(&measured) {
        write(&dir.join(format!("{name}.svg")), &plot::bars(title, &bars))?;
    }
    Ok(())
}

/// Returns the machine and the compiler, in a line.
fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc =
        rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    format!("{model}, {cores} cores; {rustc}")
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::Write { path: path.to_owned(), error })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|error| Error::Write { path: path.to_owned(), error })
}
