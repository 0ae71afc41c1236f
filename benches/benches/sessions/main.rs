//! Sessions on the wire, on each runtime, with the machines of both programs: an agency that sends all its bets, and
//! gets its winners.
//!
//! - *Over the loopback interface*, with windows of 1 and 16 batches: the bytes that TCP carries for a million bets, up
//!   to the server and down to the agency, and the processor time of both processes, which share a core. The store
//!   keeps nothing.
//! - *On a line with a round trip of 100 ms*, with the server's program as it is: the rate at which bets are
//!   acknowledged, in bytes, beside what a bare copy of the same bytes reaches on the same line, also on one
//!   connection. Each begins with a while that does not count, in which TCP finds out how much the line carries.
//!
//! The line is a network namespace with a device of its own (`line.py`), which takes root, `unshare`, `setpriv` and
//! `python3`; without them this part is skipped. It ends with its processes, and they with this one.
//!
//! The contenders take turns. `cargo bench -p benches --bench sessions [-- --rounds N] [-- --csv]`; run as a test, it is
//! one short round.

mod agency;
mod copy;
mod line;
mod loopback;

use std::net::SocketAddr;
use std::process::ExitCode;

use benches::options::Options;
use benches::process::{argument, on_one_core, role, run_server};
use benches::serve::lottery;
use lottery_proto::ServerConfig;
use lottery_runtime::sockets::listen;

const RUNTIMES: [&str; 3] = ["tokio", "std", "smol"];

fn main() -> ExitCode {
    let Some(role) = role() else {
        let options = Options::read();
        on_one_core(|| loopback::compare(&options));
        line::compare(&options);
        return ExitCode::SUCCESS;
    };
    match role.split_once('/').unwrap_or((&role, "")) {
        ("lottery", runtime) => serve_nothing(runtime),
        ("server", runtime) => return run_server(runtime).expect("a runtime"),
        ("agency", runtime) => agency::send_all(runtime),
        ("sender", runtime) => agency::send_for_a_while(runtime),
        ("line", _) => line::run(),
        ("copy", "receiver") => copy::receive(),
        _ => copy::send(),
    }
    ExitCode::SUCCESS
}

/// Runs the lottery of one agency, with a store that keeps nothing.
fn serve_nothing(runtime: &str) {
    let address: SocketAddr = argument("--listen").parse().expect("an address");
    let window = argument("--window").parse().expect("a whole number");
    let config = ServerConfig::builder(1).window(window).build().expect("valid settings");
    lottery(runtime, listen(address, 16).expect("the port is free"), config);
}
