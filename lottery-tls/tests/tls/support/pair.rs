//! Server and client behind TLS in virtual time, joined by pipes that cut the stream anywhere.

use lottery_proto::{BetVec, Dialect, Endpoint, Input, Instant};
use lottery_runtime::Dialer;
use lottery_testkit::{Pipe, Rng, at, bet, drive};
use lottery_tls::{Tls, TlsClientConfig, TlsDialer, TlsServerConfig};

use super::certificates::{Ca, SERVER, client_config, server_config};
use super::machines::{Sending, Storing};

/// Both sides of a connection.
pub(crate) struct Joined {
    pub(crate) server: Tls<Storing>,
    pub(crate) client: TlsDialer<Sending>,
    pub(crate) up: Pipe,
    pub(crate) down: Pipe,
    pub(crate) now: Instant,
    pub(crate) rng: Rng,
}

/// Returns that many bets.
pub(crate) fn bets(count: usize) -> BetVec {
    let texts: Vec<String> =
        (1..=count).map(|number| format!("José María|Paz|{number}|1980-01-01|{number}")).collect();
    texts.iter().map(|text| bet(text)).collect()
}

impl Joined {
    /// Joins a server and a client of agency 3 with these certificates.
    pub(crate) fn with(server: TlsServerConfig, client: TlsClientConfig, inside: Sending) -> Self {
        let mut client = TlsDialer::new(inside, client);
        let _ = client.next_step(at(0));
        client.connected(at(0));
        let (up, down) = (Pipe::new(100_000), Pipe::new(100_000));
        let server = Tls::new(Storing::new(), server, false);
        Self { server, client, up, down, now: at(0), rng: Rng::new(1) }
    }

    /// Joins a server and a client of agency 3, with certificates that are right.
    pub(crate) fn new(dialect: Dialect, count: usize) -> Self {
        let ca = Ca::new("the only CA");
        let server = server_config(&ca.server(), &ca.pem()).unwrap();
        let client = client_config(&ca.agency(3), &ca.pem(), SERVER).unwrap();
        Self::with(server, client, Sending::new(3, dialect, bets(count)))
    }

    /// Moves bytes until nothing moves any more.
    pub(crate) fn settle(&mut self) {
        let Self { server, client, up, down, now, rng } = self;
        for step in 0.. {
            assert!(step < 3_000_000, "it does not end");
            let first = drive(client, up, down, *now, rng);
            let second = drive(server, down, up, *now, rng);
            if !first && !second {
                return;
            }
        }
    }

    /// Moves bytes and time until both ends are over.
    pub(crate) fn run(&mut self) {
        loop {
            self.settle();
            let deadlines =
                [self.client.poll_io().map(|io| io.deadline), self.server.poll_io().map(|io| io.deadline)];
            if deadlines == [None, None] {
                return;
            }
            let next = deadlines.into_iter().flatten().flatten().min().expect("it does not hang");
            self.now = next;
            self.client.handle(next, Input::Timeout);
            self.server.handle(next, Input::Timeout);
        }
    }
}
