//! The centre on smol.

use std::process::ExitCode;
use std::time::SystemTime;

fn main() -> ExitCode {
    lottery_cli::app::server(&runtime_smol::Smol, SystemTime::now)
}
