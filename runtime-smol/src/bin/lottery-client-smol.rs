//! Client program on smol.

use std::process::ExitCode;
use std::time::SystemTime;

use lottery_proto::Dialect;

fn main() -> ExitCode {
    let dialects = [Dialect::ALL, Dialect::EARLIER].concat();
    lottery_cli::program::client(&runtime_smol::Smol, &dialects, SystemTime::now)
}
