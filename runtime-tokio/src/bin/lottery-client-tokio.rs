//! Client program on tokio.

use std::process::ExitCode;
use std::time::SystemTime;

fn main() -> ExitCode {
    lottery_cli::program::client(&runtime_tokio::Tokio, SystemTime::now)
}
