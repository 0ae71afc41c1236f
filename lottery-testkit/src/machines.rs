//! Servers and clients that are driven by hand.

use std::time::Duration;

use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, Client, ClientConfig, ConnId, Dialect, Endpoint, HelloReply, Input, Instant, Server,
    ServerConfig, SocketError,
};

use crate::packets::hello;
use crate::pipe::Pipe;
use crate::rng::Rng;

/// Inputs that a closed machine ignores.
pub const LATE_INPUTS: [Input; 7] = [
    Input::Received(9),
    Input::Eof,
    Input::Sent(9),
    Input::FinSent,
    Input::Unacked(9),
    Input::Timeout,
    Input::Failed(SocketError::Reset),
];

/// Returns the time that many milliseconds after the epoch.
pub fn at(millis: u64) -> Instant {
    Instant::from_epoch(Duration::from_millis(millis))
}

/// Feeds the machine as many of the bytes as it takes, and returns their number.
pub fn feed(end: &mut impl Endpoint, now: Instant, bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some(io) = end.poll_io() {
        let n = io.recv.len().min(rest.len());
        if n == 0 {
            break;
        }
        io.recv[..n].copy_from_slice(&rest[..n]);
        rest = &rest[n..];
        end.handle(now, Input::Received(n));
    }
    bytes.len() - rest.len()
}

/// Feeds all of `bytes` to the machine, which must read them.
pub fn give(end: &mut impl Endpoint, now: Instant, bytes: &[u8]) {
    let fed = feed(end, now, bytes);
    assert_eq!(fed, bytes.len(), "it does not read all bytes");
}

/// Carries what one machine wants to send to the other, as far as that reads.
pub fn carry(from: &mut impl Endpoint, to: &mut impl Endpoint, now: Instant) {
    while let Some(io) = from.poll_io()
        && !io.send.is_empty()
    {
        let n = feed(to, now, io.send);
        if n == 0 {
            break;
        }
        from.handle(now, Input::Sent(n));
    }
}

/// Moves some bytes between a machine and its pipes, cut by chance, or an end, in one direction. Returns true if anything moved.
pub fn drive(end: &mut impl Endpoint, out: &mut Pipe, into: &mut Pipe, now: Instant, rng: &mut Rng) -> bool {
    let Some(io) = end.poll_io() else {
        into.clear();
        return if end.resets() { out.reset() } else { out.end() };
    };
    let room = io.send.len().min(out.room());
    let read = io.recv.len().min(into.readable());
    let cut = |most: usize, rng: &mut Rng| if rng.one_in(3) { 1 + rng.index(most) } else { most };
    if room > 0 && (read == 0 || rng.one_in(2)) {
        let n = cut(room, rng);
        out.write(&io.send[..n]);
        end.handle(now, Input::Sent(n));
    } else if read > 0 {
        let n = cut(read, rng);
        into.read(&mut io.recv[..n]);
        end.handle(now, Input::Received(n));
    } else if io.fin {
        out.end();
        end.handle(now, Input::FinSent);
    } else if !io.recv.is_empty() && into.read_end() {
        end.handle(now, if into.is_reset() { Input::Failed(SocketError::Reset) } else { Input::Eof });
    } else {
        return false;
    }
    true
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
    server_with(ServerConfig::builder(5).build().unwrap())
}

/// Returns a server, at time zero.
pub fn server_with(config: ServerConfig) -> Server {
    Server::new(config, ConnId(1), at(0))
}

/// Opens a session on a new server as its client and its application, at time zero, and returns the bytes of
/// Welcome.
pub fn open_session(server: &mut Server, agency: u32, stored: u64, finished: bool) -> Vec<u8> {
    give(server, at(0), &hello(agency));
    let Some(Event::Hello { ticket, agency: named, .. }) = server.poll_event() else {
        panic!("Hello is the first request")
    };
    assert_eq!(named.get(), agency);
    let welcome = HelloReply::Welcome { stored, finished, digest: 0 };
    server.reply(at(0), ticket, welcome).expect("the ticket is of this server");
    take(server, at(0))
}

/// Returns a client of `block`, at time zero.
pub fn client(agency: u32) -> Client {
    client_of(Dialect::BLOCK, agency)
}

/// Returns a client of a dialect, at time zero.
pub fn client_of(dialect: Dialect, agency: u32) -> Client {
    let agency = AgencyId::new(agency).expect("an agency's number");
    Client::new(ClientConfig::new(agency, dialect).unwrap(), at(0))
}
