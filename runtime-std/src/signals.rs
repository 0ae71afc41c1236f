//! Signals that stop a program: SIGTERM, SIGINT and SIGHUP.

use std::io;
use std::thread;

use lottery_runtime::Clock;
use lottery_runtime::signals::{StopSignals, hangup_stops};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Calls `stop` at the first SIGTERM, SIGINT or SIGHUP, and ends the process at the second.
pub(crate) fn on_signal(stop: impl Fn() + Send + 'static) -> io::Result<()> {
    let hangup = hangup_stops().then_some(SIGHUP);
    let mut arriving = Signals::new([SIGTERM, SIGINT].into_iter().chain(hangup))?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let clock = Clock::start();
        let mut signals = StopSignals::default();
        for _ in arriving.forever() {
            signals.arrived(clock.now(), &stop);
        }
    })?;
    Ok(())
}
