//! Client program on async-std.

use std::process::ExitCode;
use std::time::SystemTime;

use lottery_proto::Dialect;

fn main() -> ExitCode {
    lottery_cli::program::client(&runtime_smol::AsyncStd, Dialect::ALL, SystemTime::now)
}
