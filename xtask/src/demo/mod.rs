//! `cargo xtask demo`: a server and its agencies, each a process of its own, and a check of the results.

mod build;
mod chaos;
mod check;
mod dialects;
mod error;
mod inputs;
mod log_line;
mod lottery;
mod process;
mod progress;
mod report;
mod runtimes;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use chaos::Plan;
use dialects::Dialects;
pub(crate) use error::Error;
use lottery::{How, Lottery};
use runtimes::Runtimes;

/// Approximate number of batches in a lottery with kills.
const BATCHES: u64 = 6000;

/// Arguments of `cargo xtask demo`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// tokio, std, smol or async-std. Of several, the first is the server's, the others the agencies', in
    /// turn
    #[arg(long, value_name = "RT[,RT…]", default_value = "tokio")]
    runtime: Runtimes,
    /// Number of agencies; if there are fewer files, they are used again in turn
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    agencies: u8,
    /// The directory of agency-1.csv, agency-2.csv … [default: .data of the workspace, made if missing]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// session, block, fixed, framed or braces; of several, the agencies use them in turn
    #[arg(long, value_name = "DIALECT[,DIALECT…]", default_value = "session")]
    dialects: Dialects,
    /// Kill the server and the agencies (-9) again and again while they work, and start them again
    #[arg(long, value_name = "SEED")]
    chaos: Option<u64>,
    /// Number of kills; at least one of the server and of each agency
    #[arg(long, value_name = "N", default_value_t = 30, requires = "chaos")]
    kills: u16,
    /// Keep the directory of the server's data and of all logs, and print its path
    #[arg(long)]
    keep: bool,
    /// Run debug builds
    #[arg(long, hide = true)]
    debug: bool,
}

/// Runs the demo and prints its results.
///
/// # Errors
///
/// [`Error`] if a process could not be started or failed, or if a result is wrong. Nothing is left running.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    if args.chaos.is_some() && !args.dialects.are_sessions() {
        return Err(Error::NoSessions(args.dialects.to_string()));
    }
    let inputs = inputs::find(args.data.as_deref(), args.agencies)?;
    let programs = build::build(&args.runtime, args.agencies, args.debug)?;
    let dir = tempfile::Builder::new().prefix("lottery-demo-").tempdir().map_err(Error::Directory)?;
    let outcome = hold(args, &inputs, &programs, dir.path());
    let kept = keep(dir, args.keep || matches!(outcome, Err(Error::Child { .. } | Error::Wrong(_))));
    // The outcome matters more than a failure to print the path.
    let said = kept.map_or(Ok(()), |path| print(&format!("Logs and data: {}\n", path.display())));
    outcome.and(said)
}

/// Holds the lottery, and checks and prints its results.
fn hold(args: &Args, inputs: &[PathBuf], programs: &build::Programs, dir: &Path) -> Result<(), Error> {
    print(&format!(
        "A server ({}) and {} {} ({}; {})\n",
        args.runtime.server(),
        inputs.len(),
        if inputs.len() == 1 { "agency" } else { "agencies" },
        args.runtime.of_agencies(args.agencies),
        args.dialects,
    ))?;
    let mut how = How { programs, dialects: &args.dialects, files: inputs, batch: None, plan: None };
    if let Some(seed) = args.chaos {
        let bets = inputs::count(inputs)?;
        how.plan = Some(Plan::new(seed, args.kills, args.agencies, bets));
        // Small batches make the lottery long enough for the kills.
        how.batch = Some((bets / BATCHES).clamp(1, 255));
    }
    let results = Lottery::new(how, dir).hold()?;
    print(&report::table_of(&results))?;
    let bets = check::bets(&dir.join("data/bets.csv"), inputs)?;
    check::winners(inputs, &results.agencies)?;
    print(&format!("bets.csv holds all {bets} bets, each once and in the order of its agency's file.\n"))?;
    if args.chaos.is_none() {
        return Ok(());
    }
    print(&format!("{}\n", results.killed))?;
    let spared = results.killed.spared(args.agencies);
    spared.map_or(Ok(()), |role| Err(Error::Spared { role: role.to_string() }))
}

/// Returns the path of the directory if it is to be kept; removes it otherwise.
fn keep(dir: TempDir, keep: bool) -> Option<PathBuf> {
    keep.then(|| dir.keep())
}

fn print(text: &str) -> Result<(), Error> {
    io::stdout().write_all(text.as_bytes()).map_err(Error::Report)
}
