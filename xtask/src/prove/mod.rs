//! `cargo xtask prove`: a command for each promise, and one table of the promises, their times and their outcomes.

mod plan;

use std::env;
use std::fmt;
use std::io::{self, Write as _};
use std::process::Command;
use std::time::Instant;

use lottery_testkit::table;

use crate::root::root;
use plan::Step;

/// Arguments of `cargo xtask prove`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run a short version of everything, which takes some minutes once it is built; without this it takes
    /// hours
    #[arg(long)]
    quick: bool,
}

/// Errors of `cargo xtask prove`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A command could not be run.
    #[error("cannot run timeout: {0}")]
    Run(io::Error),
    /// Steps have failed. Holds their names.
    #[error("not shown: {0}")]
    Failed(String),
    /// Standard output is closed.
    #[error("cannot print: {0}")]
    Print(io::Error),
}

/// Outcome of a step.
struct Outcome {
    promise: &'static str,
    seconds: u64,
    verdict: Verdict,
}

/// Verdict on a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    /// A tool that the step needs is not installed; this command installs it.
    Skipped(&'static str),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Failed => f.write_str("FAILED"),
            Self::Skipped(install) => write!(f, "skipped: needs {install}"),
        }
    }
}

/// Runs every step, even after one has failed, and prints the table.
///
/// # Errors
///
/// [`Error`] if a step fails.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let limit = if args.quick { 600 } else { 6 * 3600 };
    let mut outcomes = Vec::new();
    for step in plan::steps(args.quick) {
        let outcome = prove(step, limit)?;
        print(&format!("{}: {} s, {}\n", outcome.promise, outcome.seconds, outcome.verdict))?;
        outcomes.push(outcome);
    }
    print(&table_of(&outcomes))?;
    let failed: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.verdict == Verdict::Failed)
        .map(|outcome| outcome.promise)
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(Error::Failed(failed.join(", "))) }
}

/// Runs a step, which has failed after `limit` seconds.
fn prove(step: Step, limit: u32) -> Result<Outcome, Error> {
    let outcome = |seconds, verdict| Outcome { promise: step.promise, seconds, verdict };
    if let Some(tool) = step.needs() {
        let version: Vec<_> = tool.version.split_whitespace().collect();
        if !cargo(60, &version).output().map_err(Error::Run)?.status.success() {
            return Ok(outcome(0, Verdict::Skipped(tool.install)));
        }
    }
    let start = Instant::now();
    let output = cargo(limit, &step.words()).output().map_err(Error::Run)?;
    let passed = output.status.success();
    if !passed {
        let said = [output.stdout, output.stderr].concat();
        print(&format!("cargo {}: {}\n{}\n", step.command, output.status, String::from_utf8_lossy(&said)))?;
    }
    let verdict = if passed { Verdict::Passed } else { Verdict::Failed };
    Ok(outcome(start.elapsed().as_secs(), verdict))
}

/// Returns a cargo command at the root of the workspace, which is ended after `limit` seconds.
fn cargo(limit: u32, args: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.arg(limit.to_string()).current_dir(root());
    if let Some(("+nightly", args)) = args.split_first().map(|(first, rest)| (*first, rest)) {
        // `+nightly` is understood by rustup's proxy, not by the cargo that `CARGO` names.
        command.args(["rustup", "run", "nightly", "cargo"]).args(args);
        // Miri is slow, so there are few random cases. Property tests read their working directory, which
        // isolation forbids.
        command.env("MIRIFLAGS", "-Zmiri-disable-isolation").env("PROPTEST_CASES", "4");
    } else {
        command.arg(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).args(args);
    }
    command
}

fn table_of(outcomes: &[Outcome]) -> String {
    let row = |outcome: &Outcome| {
        [outcome.promise.to_owned(), outcome.seconds.to_string(), outcome.verdict.to_string()]
    };
    let seconds: u64 = outcomes.iter().map(|outcome| outcome.seconds).sum();
    let failed = outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Failed).count();
    let skipped = outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Skipped(_))).count();
    let all = ["all".to_owned(), seconds.to_string(), format!("{failed} failed, {skipped} skipped")];
    table(["promise", ">seconds", "outcome"], outcomes.iter().map(row).chain([all]))
}

fn print(text: &str) -> Result<(), Error> {
    io::stdout().write_all(text.as_bytes()).map_err(Error::Print)
}
