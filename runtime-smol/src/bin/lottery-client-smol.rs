//! An agency on smol.

use std::process::ExitCode;
use std::time::SystemTime;

fn main() -> ExitCode {
    lottery_cli::app::client(&runtime_smol::Smol, SystemTime::now)
}
