//! Connecting, with a time limit for each step.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use lottery_runtime::Clock;
use lottery_runtime::connect::{Failures, MAX_ADDRESSES, Target, connect_timed_out, lookup_timed_out};
use smol::Timer;
use smol::future::or;

use crate::Socket;

/// Connects to the first address of the server that can be reached.
pub(crate) async fn connect<S: Socket>(target: Target, clock: Clock) -> io::Result<S> {
    let limit = target.lookup_timeout(clock.now());
    let server = target.server.clone();
    let lookup = smol::unblock(move || Ok(server.to_socket_addrs()?.take(MAX_ADDRESSES).collect()));
    let addresses: Vec<SocketAddr> = within(limit, lookup_timed_out, lookup).await?;
    let mut failures = Failures::default();
    for (tried, &address) in addresses.iter().enumerate() {
        let limit = target.step_timeout(clock.now(), addresses.len() - tried);
        match within(limit, connect_timed_out, S::connect(address)).await {
            Ok(socket) => return Ok(socket),
            Err(error) => failures.add(address, error),
        }
    }
    Err(failures.into_error())
}

async fn within<T>(
    limit: Duration,
    timed_out: fn(Duration) -> io::Error,
    step: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    or(step, async {
        Timer::after(limit).await;
        Err(timed_out(limit))
    })
    .await
}
