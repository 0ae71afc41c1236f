//! Server program on async-std.

use std::process::ExitCode;
use std::time::SystemTime;

fn main() -> ExitCode {
    lottery_cli::program::server(&runtime_smol::AsyncStd, SystemTime::now)
}
