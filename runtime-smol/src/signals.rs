//! Signals that stop a program: SIGTERM, SIGINT and SIGHUP. The same for smol and async-std.

use std::future::Future;
use std::io;

use async_signal::{Signal, Signals};
use lottery_runtime::Clock;
use lottery_runtime::signals::{StopSignals, hangup_stops};
use smol::stream::StreamExt as _;

/// Calls `stop` at the first SIGTERM, SIGINT or SIGHUP, and ends the process at the second.
pub(crate) fn on_signal(stop: impl Fn() + Send) -> io::Result<impl Future<Output = ()> + Send> {
    let hangup = hangup_stops().then_some(Signal::Hup);
    let mut arriving = Signals::new([Signal::Term, Signal::Int].into_iter().chain(hangup))?;
    Ok(async move {
        let clock = Clock::start();
        let mut signals = StopSignals::default();
        while arriving.next().await.is_some() {
            signals.arrived(clock.now(), &stop);
        }
    })
}
