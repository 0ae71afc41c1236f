//! Client program on tokio.

use std::process::ExitCode;
use std::time::SystemTime;

use lottery_proto::Dialect;

fn main() -> ExitCode {
    let dialects = [Dialect::ALL, Dialect::EARLIER].concat();
    lottery_cli::program::client(&runtime_tokio::Tokio, &dialects, SystemTime::now)
}
