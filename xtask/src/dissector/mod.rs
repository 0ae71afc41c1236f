//! `cargo xtask dissector`: holds the Wireshark dissector, `tools/wireshark/lottery.lua`, to what `lottery-proto` decodes.

mod capture;
mod checks;
mod conversation;
mod decoded;
mod error;
mod made;
mod recorded;
mod tls;
mod tshark;
mod wrong;

use std::path::PathBuf;
use std::time::Instant;

use crate::root::root;
use error::Error;
use tshark::Tshark;

/// Options of `cargo xtask dissector`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seed of the cuts and of the mistakes; the default is the same each time
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of wrong conversations for each dialect
    #[arg(long, default_value_t = 60)]
    wrong: usize,
    /// Script to check
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Directory in which the captures are kept, to be looked at
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Runs every check, and prints a line for each.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let root = root();
    let script = args.script.clone().unwrap_or_else(|| root.join("tools/wireshark/lottery.lua"));
    let temp = tempfile::tempdir().map_err(Error::Files)?;
    let dir = args.keep.clone().unwrap_or_else(|| temp.path().to_owned());
    let tshark = Tshark::new(script, dir)?;
    tshark.check_loads()?;
    let recorded = recorded::all(&root)?;
    for (name, check) in checks::all(args.seed, args.wrong) {
        let start = Instant::now();
        let result = check(&tshark, &recorded)?;
        println!("{name}: {result}, {:.1} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}
