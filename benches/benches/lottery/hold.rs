//! One lottery of processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use benches::input::{crate_dir, dir};
use benches::process::{Server, cpu_of_ended, this_program};
use lottery_proto::Dialect;
use lottery_testkit::process::{Running, free_address};

use crate::{PAUSE, PLAIN};

/// Longest time that an agency may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measurements of a lottery.
#[derive(Debug)]
pub(crate) struct Held {
    /// Time from the start of the agencies to the end of the last, in seconds.
    pub(crate) seconds: f64,
    /// Processor time of all processes, in seconds.
    pub(crate) cpu: f64,
    /// Documents that each agency was told.
    pub(crate) winners: Vec<String>,
}

/// Returns the interpreter of the stand-in for a server.
///
/// # Errors
/// Returns a text if there is none.
pub(crate) fn python() -> Result<(), String> {
    let run = Command::new("python3").arg("--version").stdout(Stdio::null()).status();
    run.map(drop).map_err(|error| format!("there is no python3 here: {error}"))
}

/// Holds a lottery with all files of the input.
///
/// # Panics
/// If a program fails.
pub(crate) fn hold(contender: &str, dialect: Dialect) -> Held {
    let files: Vec<PathBuf> = (1..=u8::MAX)
        .map(|number| dir().join(format!("agency-{number}.csv")))
        .take_while(|path| path.exists())
        .collect();
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
    let before = cpu_of_ended();
    let server = start(contender, dialect, files.len(), data.path());
    let begin = Instant::now();
    let agencies: Vec<Running> = (1..)
        .zip(&files)
        .map(|(number, file)| {
            let mut agency = this_program(&format!("client/{contender}"));
            agency.args(["--agency", &number.to_string(), "--server", &server.address().to_string()]);
            agency.arg("--bets").arg(file).arg("--winners").arg(data.path().join(format!("{number}")));
            agency.args(["--dialect", dialect.name()]);
            if contender != PLAIN {
                let pause = format!("{}ms", PAUSE.as_millis());
                agency.args(["--poll-initial", &pause, "--poll-max", &pause]);
            }
            Running::start(agency.stdout(Stdio::null())).expect("this program starts")
        })
        .collect();
    for agency in &agencies {
        let status = agency.wait(PATIENCE).expect("the system tells");
        assert!(status.is_some_and(|status| status.success()), "{contender}, {dialect}: {status:?}");
    }
    let seconds = begin.elapsed().as_secs_f64();
    drop(server);
    let winners = (1..=files.len()).map(|number| {
        fs::read_to_string(data.path().join(format!("{number}"))).expect("each agency has its winners")
    });
    Held { seconds, cpu: cpu_of_ended() - before, winners: winners.collect() }
}

fn start(contender: &str, dialect: Dialect, agencies: usize, data: &Path) -> Server {
    let agencies = agencies.to_string();
    if contender != PLAIN {
        let data = data.to_str().expect("its name is text");
        return Server::start(&format!("server/{contender}"), ["--agencies", &agencies, "--data-dir", data]);
    }
    let address = free_address();
    let mut python = Command::new("setpriv");
    python.args(["--pdeathsig=KILL", "--", "python3"]).arg(crate_dir().join("benches/lottery/plain.py"));
    python.args([dialect.name(), &address.port().to_string(), &agencies]).arg(data);
    Server::start_program(python, address)
}
