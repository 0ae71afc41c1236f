//! Connecting, with a time limit for each step.

use std::io;

use lottery_runtime::Clock;
use lottery_runtime::connect::{Attempts, Target, connect_timed_out, lookup_timed_out};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// Connects to the first address of the server that can be reached.
pub(crate) async fn connect(target: &Target, clock: Clock) -> io::Result<TcpStream> {
    let limit = target.lookup_timeout(clock.now());
    let Ok(found) = timeout(limit, lookup_host(&target.server)).await else {
        return Err(lookup_timed_out(limit));
    };
    let mut attempts = Attempts::new(target, found?);
    loop {
        let (address, limit) = attempts.next(clock.now())?;
        let connected = timeout(limit, TcpStream::connect(address)).await;
        match connected.unwrap_or_else(|_| Err(connect_timed_out(limit))) {
            Ok(socket) => return Ok(socket),
            Err(error) => attempts.failed(address, error),
        }
    }
}
