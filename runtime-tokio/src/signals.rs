//! Signals that stop a program: SIGTERM, SIGINT and SIGHUP.

use std::future::pending;
use std::io;

use lottery_runtime::Clock;
use lottery_runtime::signals::{StopSignals, hangup_stops};
use tokio::signal::unix::{SignalKind, signal};

/// Calls `stop` at the first SIGTERM, SIGINT or SIGHUP, and ends the process at the second.
pub(crate) fn on_signal(stop: impl Fn() + Send + 'static) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = hangup_stops().then(|| signal(SignalKind::hangup())).transpose()?;
    tokio::spawn(async move {
        let clock = Clock::start();
        let mut signals = StopSignals::default();
        loop {
            let hung_up = async {
                match &mut hangup {
                    Some(hangup) => hangup.recv().await,
                    None => pending().await,
                }
            };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hung_up => {}
            }
            signals.arrived(clock.now(), &stop);
        }
    });
    Ok(())
}
