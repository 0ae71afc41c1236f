//! Signals, the same for smol and async-std.

use std::future::Future;
use std::io;

use async_signal::{Signal, Signals};
use lottery_core::seam::EXIT_AT_ONCE;
use smol::stream::StreamExt as _;

/// Calls `stop` at the first SIGTERM or SIGINT, and ends the process at the second.
pub(crate) fn on_signal(stop: impl Fn() + Send) -> io::Result<impl Future<Output = ()> + Send> {
    let signals = Signals::new([Signal::Term, Signal::Int])?;
    Ok(async move {
        let mut signals = signals;
        let mut count = 0;
        while signals.next().await.is_some() {
            count += 1;
            match count {
                1 => stop(),
                _ => std::process::exit(EXIT_AT_ONCE),
            }
        }
    })
}
