//! Instruction counts of decoding and encoding a bet: figures that do not depend on the machine's load.
//!
//! Valgrind's callgrind counts them in this program, run again. The counts are compared with those recorded
//! in `benches/instructions.csv`: a difference over 3 %, up or down, fails.
//!
//! `cargo run --release -p benches --bin instructions` compares; `-- --record` records.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use benches::encode::encoding;
use benches::input::{Blocks, agencies_of, crate_dir};
use benches::machine::machines;
use benches::work::{Work, decoding};
use lottery_testkit::table;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Work that is counted: the group and the name of its benchmark. Work that mostly depends on the processor's
/// features is left out. UTF-8 is checked with AVX2, which valgrind knows; without it decoding takes some
/// instructions more.
const COUNTED: [(&str, &str); 5] = [
    ("decode", "block"),
    ("decode", "textbook-nom"),
    ("encode", "block"),
    ("encode", "rows"),
    ("machine", "server"),
];
/// Largest accepted difference from the recorded count, in percent.
const TOLERANCE: f64 = 3.0;
/// Name of the line with the compiler's version at the time of recording. Counts differ between compilers.
const COMPILER: &str = "compiler";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [] => compare(),
        ["--record"] => record(),
        ["--run", group, name] => {
            run(group, name);
            Ok(true)
        }
        _ => Err("usage: instructions [--record]".into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one kind of work once, where callgrind counts it. The input is always `.data`.
fn run(group: &str, name: &str) {
    let agencies = agencies_of(&crate_dir().join("../.data"));
    let blocks = Blocks::of(&agencies);
    let works = match group {
        "decode" => decoding(&agencies, &blocks),
        "encode" => encoding(&agencies, &blocks),
        _ => machines(&blocks),
    };
    let mut work = works.into_iter().find(|work| work.name == name).expect("it is counted");
    counted(&mut work);
    println!("{}", blocks.bets());
}

/// Runs the work. Callgrind counts in this function only.
#[inline(never)]
fn counted(work: &mut Work<'_>) {
    black_box((work.run)());
}

/// Returns the name and the instructions per bet of each kind of work in [`COUNTED`].
fn count() -> Result<Vec<(String, f64)>> {
    let out = tempfile::NamedTempFile::new()?;
    let mut counts = Vec::new();
    for (group, name) in COUNTED {
        let valgrind = Command::new("valgrind")
            .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=instructions::counted*"])
            .arg(format!("--callgrind-out-file={}", out.path().display()))
            .arg(env::current_exe()?)
            .args(["--run", group, name])
            .stderr(Stdio::null())
            .output()
            .map_err(|error| format!("valgrind: {error}"))?;
        if !valgrind.status.success() {
            return Err(format!("valgrind: {}", valgrind.status).into());
        }
        let bets: f64 = String::from_utf8(valgrind.stdout)?.trim().parse()?;
        let profile = fs::read_to_string(out.path())?;
        let total = profile.lines().find_map(|line| line.strip_prefix("summary: "));
        let total: f64 = total.ok_or("callgrind has written no summary")?.trim().parse()?;
        if total < bets {
            return Err(format!("callgrind has counted nothing in {group}/{name}").into());
        }
        counts.push((format!("{group}/{name}"), total / bets));
    }
    Ok(counts)
}

fn recorded_in() -> PathBuf {
    crate_dir().join("instructions.csv")
}

fn compiler() -> Result<String> {
    let rustc = Command::new("rustc").arg("--version").output()?;
    let version = String::from_utf8(rustc.stdout)?;
    Ok(version.split(' ').nth(1).ok_or("rustc says no version")?.to_owned())
}

fn record() -> Result<bool> {
    let mut text = format!("{COMPILER},{}\n", compiler()?);
    for (name, count) in count()? {
        writeln!(text, "{name},{count:.1}")?;
    }
    print!("{text}");
    fs::write(recorded_in(), text)?;
    Ok(true)
}

/// Prints all counts. Returns true if each is within [`TOLERANCE`] of the recorded one, or if the compiler
/// differs.
fn compare() -> Result<bool> {
    let text = fs::read_to_string(recorded_in())?;
    let recorded = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(','));
        line.ok_or(format!("{name} was never recorded"))
    };
    let (then, now) = (recorded(COMPILER)?, compiler()?);
    if then != now {
        println!("*** NOT COMPARED: recorded with rustc {then}, this is {now}; --record records anew. ***");
    }
    let mut good = true;
    let mut rows = Vec::new();
    for (name, count) in count()? {
        let before: f64 = recorded(&name)?.parse()?;
        let change = (count / before - 1.0) * 100.0;
        let far = change.abs() > TOLERANCE;
        let verdict = if far { "TOO FAR" } else { "" };
        rows.push([
            name,
            format!("{before:.1}"),
            format!("{count:.1}"),
            format!("{change:+.1} %"),
            verdict.to_owned(),
        ]);
        good &= !far || then != now;
    }
    print!("{}", table(["instructions for a bet", ">recorded", ">now", ">change", ""], rows));
    Ok(good)
}
