//! Parts of a run: the measuring programs, and what they have printed.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::{Args, Error, read, write};
use crate::root::root;

/// Part of a run: a program that measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// Decoding, reading, encoding, the machines and the store, in one process: a minute and a half
    Ratios,
    /// Durable ingest beside a sink and other stores: five minutes
    Ingest,
    /// Receiving over the network, with nothing stored: two minutes
    Receive,
    /// Sessions on the wire, and on a line with a long round trip: five minutes
    Sessions,
    /// Thousands of idle connections: two minutes
    Connections,
    /// Whole lotteries beside plain programs: two minutes
    Lottery,
    /// Lotteries of 5, 20 and 40 million bets: two minutes
    Large,
}

impl Part {
    /// All parts, in the order in which they run.
    pub(super) const ALL: [Self; 7] = [
        Self::Ratios,
        Self::Ingest,
        Self::Receive,
        Self::Sessions,
        Self::Connections,
        Self::Lottery,
        Self::Large,
    ];

    /// Returns the name of the part and of its program.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ratios => "ratios",
            Self::Ingest => "ingest",
            Self::Receive => "receive",
            Self::Sessions => "sessions",
            Self::Connections => "connections",
            Self::Lottery => "lottery",
            Self::Large => "large",
        }
    }

    /// Measures, and saves what was printed. Without measuring, the program is only built.
    pub(super) fn run(self, args: &Args, measures: bool) -> Result<(), Error> {
        let (rounds, ingest) = (args.rounds.to_string(), args.ingest_rounds.to_string());
        let mut cargo = match self {
            Self::Ratios => {
                let mut head = vec![if measures { "run" } else { "build" }];
                head.extend(["--quiet", "--profile", "bench", "-p", "benches", "--bin", "ratios"]);
                head
            }
            _ => vec!["bench", "--quiet", "-p", "benches", "--bench", self.name()],
        };
        if !measures {
            cargo.extend((self != Self::Ratios).then_some("--no-run"));
            return run(&cargo).map(drop);
        }
        cargo.push("--");
        match self {
            Self::Ratios => cargo.push(&rounds),
            Self::Ingest | Self::Sessions | Self::Lottery => cargo.extend(["--rounds", &ingest]),
            Self::Receive => cargo.extend(["--rounds", &ingest, "--megabytes", "500"]),
            Self::Connections | Self::Large => {}
        }
        // The last one, for the program of the ratios.
        cargo.push("--csv");
        let (start, load) = (Instant::now(), load());
        let printed = run(&cargo)?;
        let seconds = start.elapsed().as_secs();
        eprintln!("{}: {seconds} s", self.name());
        let path = self.saved();
        let dir = path.parent().unwrap_or(&path);
        fs::create_dir_all(dir).map_err(|error| Error::Write { path: dir.to_owned(), error })?;
        write(&path, &format!("{printed}part,{},{seconds},{load}\n", self.name()))
    }

    /// Returns what the part has printed when it was measured last; nothing if it never was.
    pub(super) fn printed(self) -> Result<String, Error> {
        let path = self.saved();
        if path.exists() { read(&path) } else { Ok(String::new()) }
    }

    fn saved(self) -> PathBuf {
        root().join("target/bench-report").join(format!("{}.csv", self.name()))
    }
}

/// Returns the load average of the last minute.
pub(super) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

/// Runs cargo and returns the program's output.
fn run(arguments: &[&str]) -> Result<String, Error> {
    let fail = |error: String| Error::Run { program: format!("cargo {}", arguments.join(" ")), error };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(arguments).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| fail(error.to_string()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(fail(output.status.to_string()))
    }
}
