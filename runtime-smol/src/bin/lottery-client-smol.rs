//! Client program on smol.

use std::process::ExitCode;
use std::time::SystemTime;

use lottery_proto::Dialect;

fn main() -> ExitCode {
    lottery_cli::program::client(&runtime_smol::Smol, Dialect::ALL, SystemTime::now)
}
