//! Log lines: those of the course, and no personal data in them.

mod client;
mod connections;
mod personal_data;
mod server;

use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::SystemTime;

use lottery_cli::log::subscriber;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::{Endpoint as _, Input, Instant};
use lottery_testkit::log::{Level, logged};
use tracing::Dispatch;

/// Returns the lines, without the time, that are logged while `happens` runs.
fn lines(level: Level, happens: impl FnOnce()) -> Vec<String> {
    /// Subscriber that wants every event, as long as the process lives. Without one, an event that is first met
    /// by a test that does not listen could stay off for those that do.
    static LISTENER: LazyLock<Dispatch> =
        LazyLock::new(|| Dispatch::new(subscriber(Level::Debug, SystemTime::now, io::sink)));
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    LazyLock::force(&LISTENER);
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    logged(level, happens)
}

fn feed(server_connection: &mut ServerConnection, now: Instant, mut bytes: &[u8]) {
    while let Some(io) = server_connection.poll_io() {
        let n = io.recv.len().min(bytes.len());
        let input = if !io.send.is_empty() {
            Input::Sent(io.send.len())
        } else if n > 0 {
            io.recv[..n].copy_from_slice(&bytes[..n]);
            bytes = &bytes[n..];
            Input::Received(n)
        } else if io.fin {
            Input::FinSent
        } else {
            return;
        };
        server_connection.handle(now, input);
    }
}
