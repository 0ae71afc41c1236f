//! Servers and clients that are driven by hand.

use std::time::Duration;

use lottery_proto::{
    AgencyId, Client, ClientConfig, ConnId, Dialect, Input, Instant, Io, Server, ServerConfig,
};

/// Returns the time that many milliseconds after the epoch.
pub fn at(millis: u64) -> Instant {
    Instant::from_epoch(Duration::from_millis(millis))
}

/// Machine of either role, as a driver sees it.
pub trait Endpoint {
    /// Returns the I/O that it wants now.
    fn poll_io(&mut self) -> Option<Io<'_>>;

    /// Reports an event.
    fn handle(&mut self, now: Instant, input: Input);
}

impl Endpoint for Server {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.handle(now, input);
    }
}

impl Endpoint for Client {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.handle(now, input);
    }
}

/// Feeds all of `bytes` to the machine.
pub fn give(end: &mut impl Endpoint, now: Instant, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let recv = end.poll_io().expect("it is not closed").recv;
        let n = recv.len().min(bytes.len());
        assert!(n > 0, "it does not read, {} bytes left", bytes.len());
        recv[..n].copy_from_slice(&bytes[..n]);
        bytes = &bytes[n..];
        end.handle(now, Input::Received(n));
    }
}

/// Takes all that the machine wants to send now, in small pieces.
pub fn take(end: &mut impl Endpoint, now: Instant) -> Vec<u8> {
    let mut taken = Vec::new();
    while let Some(io) = end.poll_io()
        && !io.send.is_empty()
    {
        let n = io.send.len().min(1000);
        taken.extend(&io.send[..n]);
        end.handle(now, Input::Sent(n));
    }
    taken
}

/// Returns a server with the default configuration, at time zero.
pub fn server() -> Server {
    server_with(ServerConfig::default())
}

/// Returns a server, at time zero.
pub fn server_with(config: ServerConfig) -> Server {
    Server::new(config, ConnId(1), at(0))
}

/// Returns a client of `block`, at time zero.
pub fn client(agency: u32) -> Client {
    client_of(Dialect::Block, agency)
}

/// Returns a client of a dialect, at time zero.
pub fn client_of(dialect: Dialect, agency: u32) -> Client {
    let agency = AgencyId::new(agency).expect("an agency's number");
    Client::new(ClientConfig::new(agency, dialect), at(0))
}
