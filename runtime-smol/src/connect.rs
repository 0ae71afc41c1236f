//! Connecting, with a time limit for each step.

use std::future::Future;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use lottery_runtime::connect::{Attempts, connect_timed_out, lookup_timed_out};
use lottery_runtime::sockets::connect_local;
use lottery_runtime::{Clock, Socket, Target};
use smol::future::or;
use smol::{Async, Timer};

/// Connects to the first address of the server that can be reached.
pub(crate) async fn connect(target: Target, clock: Clock) -> io::Result<Async<Socket>> {
    if let Some(path) = target.local_path() {
        return Async::new_nonblocking(connect_local(path)?.into());
    }
    let limit = target.lookup_timeout(clock.now());
    let server = target.server.clone();
    let lookup = smol::unblock(move || server.to_socket_addrs());
    let found = within(limit, lookup_timed_out, lookup).await?;
    let mut attempts = Attempts::new(&target, found);
    loop {
        let (address, limit) = attempts.next(clock.now())?;
        match within(limit, connect_timed_out, Async::<TcpStream>::connect(address)).await {
            Ok(socket) => return Async::new(socket.into_inner()?.into()),
            Err(error) => attempts.failed(address, error),
        }
    }
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

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn a_step_ends_after_its_limit() {
        let limit = Duration::from_millis(20);
        let step = std::future::pending::<io::Result<()>>();
        let error = smol::block_on(within(limit, connect_timed_out, step)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}
