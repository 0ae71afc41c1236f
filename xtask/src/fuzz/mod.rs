//! `cargo xtask fuzz`: every target of `fuzz/` for a while, and a table of the outcomes.

mod error;
mod outcome;

use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::thread;

use crate::root::root;
pub(crate) use error::Error;
use outcome::Outcome;

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Approximate time of all targets together, in minutes
    #[arg(long, value_name = "M", default_value_t = 10)]
    minutes: u64,
    /// Time of each target, in seconds, instead of a share of the minutes
    #[arg(long, value_name = "S", conflicts_with = "minutes")]
    seconds: Option<u64>,
    /// Number of targets that run at the same time [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    jobs: Option<u64>,
    /// Run only these targets
    #[arg(long, value_name = "TARGET[,TARGET…]", value_delimiter = ',')]
    targets: Vec<String>,
    /// Longest input, for more executions; each target has its own limit besides
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    longest: Option<u64>,
    /// Two to three times as many executions, for a long run from a corpus: without tracing comparisons, and
    /// without preferring inputs with rare features
    #[arg(long)]
    fast: bool,
}

/// Target, and the length of its longest inputs, in bytes.
#[derive(Clone, Debug)]
struct Target {
    name: String,
    longest: u64,
}

/// Command line of `cargo fuzz`. None of the tested code is `unsafe`, so no sanitizer is needed: without one
/// it is fast, and builds on stable.
#[derive(Clone, Copy, Debug)]
struct Fuzzer {
    fast: bool,
}

impl Fuzzer {
    /// Builds all targets.
    fn build(self) -> Result<(), Error> {
        let status = self.command("build").status().map_err(Error::Cargo)?;
        if status.success() { Ok(()) } else { Err(Error::Build) }
    }

    fn run(self, target: &Target, seconds: u64) -> Result<Outcome, Error> {
        let dictionary = directory().join("lottery.dict");
        let mut fuzz = self.command("run");
        fuzz.args([&target.name, "--", &format!("-dict={}", dictionary.display())]);
        // An input that takes ten seconds counts as a finding, too.
        fuzz.args([format!("-max_total_time={seconds}"), format!("-max_len={}", target.longest)]);
        fuzz.args(["-timeout=10", "-print_final_stats=1"]).args(self.fast.then_some("-entropic=0"));
        let Output { status, stderr, .. } = fuzz.output().map_err(Error::Cargo)?;
        Ok(Outcome::read(&target.name, status.success(), &text(&stderr)))
    }

    /// Returns a `cargo fuzz` command for the current toolchain. Instrumentation is unstable, and
    /// `RUSTC_BOOTSTRAP` permits it on a stable one.
    fn command(self, subcommand: &str) -> Command {
        let mut fuzz = command(&["fuzz", subcommand, "--sanitizer", "none"]);
        fuzz.args(self.fast.then_some("--no-trace-compares")).env("RUSTC_BOOTSTRAP", "1");
        fuzz
    }
}

/// Runs the targets and prints the table.
///
/// # Errors
///
/// [`Error`] if a command cannot be run, or a target has found something.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let version = command(&["fuzz", "--version"]).output().map_err(Error::Cargo)?;
    if !version.status.success() {
        return Err(Error::NotInstalled);
    }
    let mut targets = chosen(seeds()?, &args.targets)?;
    for target in &mut targets {
        target.longest = target.longest.min(args.longest.unwrap_or(u64::MAX));
    }
    let fuzzer = Fuzzer { fast: args.fast };
    fuzzer.build()?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.map_or(cores, |jobs| usize::try_from(jobs).unwrap_or(usize::MAX)).min(targets.len());
    // Workers share the targets: each runs at most `rounds` of them, one after the other, within the time.
    let rounds = u64::try_from(targets.len().div_ceil(jobs.max(1))).unwrap_or(u64::MAX).max(1);
    let seconds = args.seconds.unwrap_or(args.minutes.saturating_mul(60) / rounds).max(1);
    print(&format!("{} targets, {seconds} s each, {jobs} at the same time\n", targets.len()))?;
    let outcomes = fuzz_all(fuzzer, &targets, seconds, jobs)?;
    print(&outcome::table_of(&outcomes))?;
    let mut found = Vec::new();
    for outcome in &outcomes {
        if let Some(finding) = &outcome.finding {
            print(&format!("\n{}: {finding}\n", outcome.target))?;
            found.push(&*outcome.target);
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Error::Found(found.join(", "))) }
}

/// Writes the seeds, and returns the targets.
fn seeds() -> Result<Vec<Target>, Error> {
    let mut cargo = command(&["run", "--quiet", "--example", "seeds"]);
    let output = cargo.current_dir(root()).output().map_err(Error::Cargo)?;
    if !output.status.success() {
        return Err(Error::Seeds(text(&output.stderr)));
    }
    let target = |line: &str| {
        let (name, longest) = line.split_once(' ')?;
        Some(Target { name: name.to_owned(), longest: longest.parse().ok()? })
    };
    Ok(text(&output.stdout).lines().filter_map(target).collect())
}

fn chosen(targets: Vec<Target>, names: &[String]) -> Result<Vec<Target>, Error> {
    if let Some(unknown) = names.iter().find(|name| targets.iter().all(|target| target.name != **name)) {
        return Err(Error::Unknown(unknown.clone()));
    }
    Ok(targets.into_iter().filter(|target| names.is_empty() || names.contains(&target.name)).collect())
}

/// Runs the targets, `jobs` at the same time. Returns the outcomes in the order of the targets.
fn fuzz_all(fuzzer: Fuzzer, targets: &[Target], seconds: u64, jobs: usize) -> Result<Vec<Outcome>, Error> {
    let next = Mutex::new(targets.iter().enumerate());
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let taken = next.lock().expect("nobody panics with it").next();
                    let Some((place, target)) = taken else { break };
                    let outcome = fuzzer.run(target, seconds);
                    if let Ok(outcome) = &outcome {
                        // Shows progress; the table comes at the end.
                        let _ = print(&format!("{outcome}\n"));
                    }
                    done.lock().expect("nobody panics with it").push((place, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("nobody panics with it");
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

fn command(args: &[&str]) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(directory()).args(args);
    cargo
}

fn directory() -> PathBuf {
    root().join("fuzz")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn print(text: &str) -> Result<(), Error> {
    io::stdout().write_all(text.as_bytes()).map_err(Error::Report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_chosen_by_name_and_an_unknown_one_is_named() {
        let target = |name: &str| Target { name: name.to_owned(), longest: 1 };
        let all = || vec![target("decode"), target("fixed"), target("echo")];
        let names = |chosen: Vec<Target>| chosen.into_iter().map(|target| target.name).collect::<Vec<_>>();
        assert_eq!(names(chosen(all(), &[]).expect("all")), ["decode", "fixed", "echo"]);
        let some = ["echo".to_owned(), "decode".to_owned()];
        assert_eq!(names(chosen(all(), &some).expect("known")), ["decode", "echo"]);
        let error = chosen(all(), &["deocde".to_owned()]).expect_err("there is none");
        assert_eq!(error.to_string(), "there is no target deocde");
    }
}
