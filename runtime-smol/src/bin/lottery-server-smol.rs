//! Server program on smol.

use std::process::ExitCode;
use std::time::SystemTime;

fn main() -> ExitCode {
    lottery_cli::program::server(&runtime_smol::Smol, SystemTime::now)
}
