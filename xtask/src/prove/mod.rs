//! `cargo xtask prove`: every proof of the guarantees, and one table of the proofs, their amounts and their
//! outcomes.

mod plan;

use std::env;
use std::io::{self, Write as _};
use std::process::Command;
use std::time::Instant;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;

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
    what: &'static str,
    much: String,
    seconds: u64,
    verdict: Verdict,
}

/// Verdict on a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    /// A tool that the step needs is not installed.
    Skipped,
}

impl Verdict {
    fn text(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }
}

/// Runs every step, even after one has failed, and prints the table.
///
/// # Errors
///
/// [`Error`] if a step fails.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let mut outcomes = Vec::new();
    for step in plan::steps(args.quick) {
        let outcome = prove(&step)?;
        let Outcome { what, much, seconds, verdict } = &outcome;
        print(&format!("{what}: {much}, {seconds} s, {}\n", verdict.text()))?;
        outcomes.push(outcome);
    }
    print(&table(&outcomes))?;
    let failed: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.verdict == Verdict::Failed)
        .map(|outcome| outcome.what)
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(Error::Failed(failed.join(", "))) }
}

fn prove(step: &Step) -> Result<Outcome, Error> {
    if let Some(tool) = &step.needs
        && !cargo(60, tool.version).output().map_err(Error::Run)?.status.success()
    {
        let much = format!("needs {}", tool.install);
        return Ok(Outcome { what: step.what, much, seconds: 0, verdict: Verdict::Skipped });
    }
    let start = Instant::now();
    let output = cargo(step.limit, &step.args).output().map_err(Error::Run)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success();
    if !passed {
        let stderr = String::from_utf8_lossy(&output.stderr);
        print(&format!("cargo {}: {}\n{said}\n{stderr}\n", step.args.join(" "), output.status))?;
    }
    let much = step.much.of(&said);
    let verdict = if passed { Verdict::Passed } else { Verdict::Failed };
    Ok(Outcome { what: step.what, much, seconds: start.elapsed().as_secs(), verdict })
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

fn table(outcomes: &[Outcome]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["what", "how much", "seconds", "outcome"]);
    for Outcome { what, much, seconds, verdict } in outcomes {
        table.add_row([*what, much, &seconds.to_string(), verdict.text()]);
    }
    let seconds: u64 = outcomes.iter().map(|outcome| outcome.seconds).sum();
    let of = |verdict| outcomes.iter().filter(|outcome| outcome.verdict == verdict).count();
    let (failed, skipped) = (of(Verdict::Failed), of(Verdict::Skipped));
    table.add_row(["all", "", &seconds.to_string(), &format!("{failed} failed, {skipped} skipped")]);
    format!("{table}\n")
}

fn print(text: &str) -> Result<(), Error> {
    io::stdout().write_all(text.as_bytes()).map_err(Error::Print)
}
