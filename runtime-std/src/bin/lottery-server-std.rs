//! Server program on std.

use std::process::ExitCode;
use std::time::SystemTime;

fn main() -> ExitCode {
    lottery_cli::program::server(&runtime_std::Std, SystemTime::now)
}
