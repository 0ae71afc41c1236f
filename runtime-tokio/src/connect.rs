//! Connecting, with a time limit for each step.

use std::io;

use lottery_runtime::connect::{Attempts, connect_timed_out, lookup_timed_out};
use lottery_runtime::sockets::{connect_local, set_options};
use lottery_runtime::{Clock, Target};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;

/// Socket that is connected to a server.
pub(crate) enum Connected {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Connects to the server's socket in the file system, or to the first of its addresses that can be reached.
pub(crate) async fn connect(target: &Target, clock: Clock) -> io::Result<Connected> {
    if let Some(path) = target.local_path() {
        return UnixStream::from_std(connect_local(path)?).map(Connected::Unix);
    }
    let limit = target.lookup_timeout(clock.now());
    let Ok(found) = timeout(limit, lookup_host(&target.server)).await else {
        return Err(lookup_timed_out(limit));
    };
    let mut attempts = Attempts::new(target, found?);
    loop {
        let (address, limit) = attempts.next(clock.now())?;
        let connected = timeout(limit, TcpStream::connect(address)).await;
        match connected.unwrap_or_else(|_| Err(connect_timed_out(limit))) {
            Ok(socket) => return set_options(socket).map(Connected::Tcp),
            Err(error) => attempts.failed(address, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    fn target(server: &str, clock: Clock) -> Target {
        Target::new(server, LIMIT, clock.now(), clock.now().after(LIMIT))
    }

    #[tokio::test]
    async fn a_server_is_reached_by_its_name() {
        let listener = TcpListener::bind("localhost:0").unwrap();
        let (address, clock) = (listener.local_addr().unwrap(), Clock::start());
        let socket = connect(&target(&format!("localhost:{}", address.port()), clock), clock).await;
        let Ok(Connected::Tcp(socket)) = socket else { panic!("it listens") };
        assert_eq!(socket.peer_addr().unwrap(), address);
    }

    #[tokio::test]
    async fn a_rejected_connection_is_an_error() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let clock = Clock::start();
        let connected = connect(&target(&address.to_string(), clock), clock).await;
        let error = connected.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
}
