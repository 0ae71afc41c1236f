//! `cargo xtask bench-report`: measures, and writes `benches/REPORT.md` with its plots.

mod goals;
mod measured;
mod plot;
mod report;

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use self::measured::Measured;
use crate::root::root;

/// Arguments of `cargo xtask bench-report`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Number of rounds of decoding, encoding and the machines
    #[arg(long, default_value_t = 101)]
    rounds: u32,
    /// Number of rounds of receiving and ingest: each round starts every server anew
    #[arg(long, default_value_t = 7)]
    ingest_rounds: u32,
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
    let dir = root().join("benches");
    let rounds = args.rounds.to_string();
    let ratios =
        cargo(&["run", "--release", "--quiet", "-p", "benches", "--bin", "ratios", "--", &rounds, "--csv"])?;
    let rounds = args.ingest_rounds.to_string();
    let ingest = bench("ingest", &["--rounds", &rounds])?;
    let receive = bench("receive", &["--rounds", &rounds, "--megabytes", "500"])?;
    let connections = bench("connections", &[])?;
    let instructions = read(&dir.join("instructions.csv"))?;
    let measured = Measured::parse(&[&ratios, &ingest, &receive, &connections, &instructions]);
    write(&dir.join("REPORT.md"), &report::text(&measured, &machine())?)?;
    for (name, title, bars) in report::plots(&measured)? {
        write(&dir.join(format!("{name}.svg")), &plot::bars(title, &bars))?;
    }
    Ok(())
}

/// Runs a benchmark and returns its output.
fn bench(name: &str, arguments: &[&str]) -> Result<String, Error> {
    let head = ["bench", "--quiet", "-p", "benches", "--bench", name, "--", "--csv"];
    cargo(&[&head, arguments].concat())
}

fn cargo(arguments: &[&str]) -> Result<String, Error> {
    let fail = |error: String| Error::Run { program: format!("cargo {}", arguments.join(" ")), error };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(arguments).stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|error| fail(error.to_string()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(fail(output.status.to_string()))
    }
}

/// Returns the machine, the compiler and the load average, in a line.
fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc =
        rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    format!("{model}, {cores} cores; {rustc}; load average {load} when it ended")
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::Write { path: path.to_owned(), error })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|error| Error::Write { path: path.to_owned(), error })
}
