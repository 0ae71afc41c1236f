//! Machines behind TLS under any call, in any order, by a driver that may do what it should not.

use std::sync::LazyLock;
use std::time::Duration;

use lottery_proto::{Dialect, Endpoint, Input, Instant, Io, SocketError};
use lottery_runtime::{Dialer, Machine};
use lottery_testkit::{Rng, at};
use lottery_tls::{Tls, TlsClientConfig, TlsDialer, TlsServerConfig};

use crate::support::certificates::{Ca, SERVER, client_config, server_config};
use crate::support::machines::{Sending, Storing};
use crate::support::pair::bets;

static CONFIGS: LazyLock<(TlsServerConfig, TlsClientConfig)> = LazyLock::new(|| {
    let ca = Ca::new("the CA");
    let server = server_config(&ca.server(), &ca.pem()).unwrap();
    (server, client_config(&ca.agency(3), &ca.pem(), SERVER).unwrap())
});

/// One side, what is on its way to it, and what it has shown to its driver.
struct Side {
    on_its_way: Vec<u8>,
    shown: Option<Vec<u8>>,
    is_over: bool,
    has_ended: bool,
}

impl Side {
    const fn new() -> Self {
        Self { on_its_way: vec![], shown: Some(vec![]), is_over: false, has_ended: false }
    }

    /// Does one thing to a machine that a driver does, rightly or not, and checks what it promises then.
    fn act(
        &mut self,
        machine: &mut impl Machine<Notice = ()>,
        now: Instant,
        other: &mut Vec<u8>,
        rng: &mut Rng,
    ) {
        let before = machine.poll_io().map(|io| (io.recv.len(), io.send.len(), io.fin));
        match (rng.index(60), before) {
            (0..25, Some((room, ..))) if room > 0 && !self.on_its_way.is_empty() && !self.has_ended => {
                let most = room.min(self.on_its_way.len());
                let n = if rng.one_in(2) { most } else { 1 + rng.index(most) };
                let bytes: Vec<u8> = self.on_its_way.drain(..n).collect();
                machine.poll_io().unwrap().recv[..n].copy_from_slice(&bytes);
                self.handle(machine, now, Input::Received(n));
            }
            (25..50, Some((_, send, _))) if send > 0 => {
                let n = if rng.one_in(2) { send } else { 1 + rng.index(send) };
                other.extend(&machine.poll_io().unwrap().send[..n]);
                self.handle(machine, now, Input::Sent(n));
            }
            (0..50, _) => machine.notice(now, ()),
            // Also where no end was wanted.
            (50..52, _) => self.handle(machine, now, Input::FinSent),
            (52, _) => self.handle(machine, now, Input::Unacked(rng.index(3))),
            (53, _) if rng.one_in(8) => self.handle(machine, now, Input::Eof),
            (54, _) if rng.one_in(8) => self.handle(machine, now, Input::Shutdown),
            (55, _) if rng.one_in(8) => self.handle(machine, now, Input::Failed(SocketError::Reset)),
            // More than there was room for, none at all, and bytes that nobody sent.
            (56, _) if rng.one_in(8) => self.handle(machine, now, Input::Received(rng.index(20_000))),
            (57, _) => {
                self.handle(machine, now, Input::Received(0));
                self.handle(machine, now, Input::Sent(0));
            }
            _ => self.handle(machine, now, Input::Timeout),
        }
    }

    fn handle(&mut self, machine: &mut impl Endpoint, now: Instant, input: Input) {
        machine.handle(now, input);
        match (input, &mut self.shown) {
            (Input::Eof, _) => self.has_ended = true,
            (Input::Failed(_), _) => self.is_over = true,
            (Input::Sent(sent), Some(shown)) => drop(shown.drain(..sent.min(shown.len()))),
            _ => {}
        }
        self.check(machine, now);
    }

    fn check(&mut self, machine: &mut impl Endpoint, now: Instant) {
        let Some(Io { recv, send, fin, deadline, .. }) = machine.poll_io() else {
            self.is_over = true;
            return;
        };
        assert!(!self.is_over, "it wants nothing any more");
        assert!(!fin || send.is_empty(), "an end before what is to be sent");
        assert!(!self.has_ended || recv.is_empty(), "nothing can come any more");
        assert!(deadline.is_none_or(|deadline| deadline > now), "{deadline:?} at {now:?}");
        let first = (recv.len(), send.to_vec(), fin, deadline);
        self.shown = match self.shown.take() {
            Some(shown) if send.len() >= shown.len() => {
                assert!(send.starts_with(&shown), "other bytes are in their place");
                Some(send.to_vec())
            }
            _ => {
                assert!(send.is_empty(), "bytes have vanished");
                None
            }
        };
        let again = machine.poll_io().map(|io| (io.recv.len(), io.send.to_vec(), io.fin, io.deadline));
        assert_eq!(Some(first), again, "polling changes nothing");
    }
}

#[test]
fn a_server_and_a_client_behind_tls_keep_their_contract_under_any_calls() {
    let (mut opened, mut stored) = (0, 0);
    for seed in 0..800 {
        let mut rng = Rng::new(seed);
        let mut server = Tls::new(Storing::new(), CONFIGS.0.clone(), false);
        let inside = Sending::new(3, Dialect::FRAMED, bets(40));
        let mut client = TlsDialer::new(inside, CONFIGS.1.clone());
        client.connected(at(0));
        let (mut up, mut down) = (Side::new(), Side::new());
        let mut now = at(0);
        for _ in 0..rng.index(400) {
            if rng.one_in(20) {
                let deadline = [server.poll_io(), client.poll_io()]
                    .into_iter()
                    .flatten()
                    .filter_map(|io| io.deadline)
                    .min();
                now = match deadline {
                    Some(deadline) if rng.one_in(4) => deadline,
                    _ => now.after(Duration::from_millis(rng.below(300))),
                };
            }
            if rng.one_in(2) {
                up.act(&mut server, now, &mut down.on_its_way, &mut rng);
            } else {
                down.act(&mut client, now, &mut up.on_its_way, &mut rng);
            }
        }
        opened += usize::from(server.get_ref().agency.is_some());
        stored += usize::from(!server.get_ref().stored.is_empty());
    }
    assert!(opened > 150 && stored > 50, "{opened} opened, {stored} stored");
}
