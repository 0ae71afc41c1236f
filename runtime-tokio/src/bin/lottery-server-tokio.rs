//! Server program on tokio.

use std::process::ExitCode;
use std::time::SystemTime;

use lottery_proto::Dialect;

fn main() -> ExitCode {
    lottery_cli::program::server(&runtime_tokio::Tokio, Dialect::ALL, SystemTime::now)
}
