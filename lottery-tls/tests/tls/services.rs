//! Services behind TLS: who is served without it, and certificates that are changed meanwhile.

use std::io;
use std::net::SocketAddr;

use lottery_proto::Instant;
use lottery_runtime::{Mailbox, Peer, Service};
use lottery_testkit::{at, framed, give};
use lottery_tls::{Certificates, PlainPeers, TlsService};
use rustls::{AlertDescription, Error};

use crate::support::certificates::{Ca, server_config};
use crate::support::machines::Storing;
use crate::support::raw;

struct Accepting;

impl Service for Accepting {
    type Machine = Storing;

    fn accept(&self, _: Instant, _: Peer, _: Mailbox<()>) -> Option<Storing> {
        Some(Storing::new())
    }

    fn failed(&self, _: &io::Error) {}

    fn started(&self, stop: Box<dyn Fn() + Send + Sync>) {
        stop();
    }
}

fn mailbox() -> Mailbox<()> {
    Mailbox::new(|()| ())
}

#[test]
fn plain_peers_are_served_as_they_may_be() {
    let ca = Ca::new("the CA");
    let certificates = Certificates::new(server_config(&ca.server(), &ca.pem()).unwrap());
    let ip = |text: &str| Peer::from(text.parse::<SocketAddr>().unwrap());
    let peers = [
        Peer::Local,
        ip("127.0.0.1:7"),
        ip("[::1]:7"),
        ip("[::ffff:127.0.0.1]:7"),
        ip("10.0.0.1:7"),
        ip("[2001:db8::1]:7"),
    ];
    for (plain, served) in [
        (PlainPeers::default(), [false; 6]),
        (PlainPeers::Refuse, [false; 6]),
        (PlainPeers::Loopback, [true, true, true, true, false, false]),
        (PlainPeers::Allow, [true; 6]),
    ] {
        let service = TlsService::new(Accepting, certificates.clone(), plain);
        for (peer, served) in peers.into_iter().zip(served) {
            let mut machine = service.accept(at(0), peer, mailbox()).unwrap();
            give(&mut machine, at(0), &framed("3;1\nAna;Paz;20000001;1980-01-01;7574\n"));
            assert_eq!(machine.get_ref().is_refused, !served, "{plain:?}, {peer}");
            assert_eq!(machine.get_ref().stored.len(), usize::from(served));
        }
    }
}

#[test]
fn replaced_certificates_are_those_of_connections_to_come() {
    let (old, new) = (Ca::new("the old CA"), Ca::new("the new CA"));
    let certificates = Certificates::new(server_config(&old.server(), &old.pem()).unwrap());
    let service = TlsService::new(Accepting, certificates.clone(), PlainPeers::Refuse);
    let accept = || service.accept(at(0), Peer::Local, mailbox()).unwrap();
    let client = |ca: &Ca| raw::client(raw::config(ca, Some(&ca.agency(3))));
    let (mut before, mut of_before) = (accept(), client(&old));
    raw::exchange(&mut of_before, &mut before, at(0)).unwrap();
    // The client trusts the new server, and has a certificate of the old CA: it is the list that is new, too.
    certificates.replace(server_config(&new.server(), &new.pem()).unwrap());
    let (mut after, mut of_after) = (accept(), client(&new));
    raw::exchange(&mut of_after, &mut after, at(0)).unwrap();
    assert!(after.get_ref().agency.is_some());
    let mut stranger = raw::client(raw::config(&new, Some(&old.agency(3))));
    assert_eq!(
        raw::exchange(&mut stranger, &mut accept(), at(0)),
        Err(Error::AlertReceived(AlertDescription::UnknownCA))
    );
    // The connection that was there before goes on.
    io::Write::write_all(&mut of_before.writer(), &framed("3;1\nAna;Paz;20000001;1980-01-01;7574\n"))
        .unwrap();
    raw::exchange(&mut of_before, &mut before, at(1)).unwrap();
    assert_eq!(before.get_ref().stored, [3]);
}
