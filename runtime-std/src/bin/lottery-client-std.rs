//! Client program on std.

use std::process::ExitCode;
use std::time::SystemTime;

use lottery_proto::Dialect;

fn main() -> ExitCode {
    lottery_cli::program::client(&runtime_std::Std, Dialect::ALL, SystemTime::now)
}
