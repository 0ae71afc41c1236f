//! Bytes that are no TLS, or not as they should be.

use lottery_proto::{CloseReason, Dialect, Endpoint, Input, SocketError};
use lottery_testkit::{at, feed, framed, give, take};
use lottery_tls::Tls;
use rustls::{AlertDescription, Error};

use crate::support::certificates::{Ca, server_config};
use crate::support::machines::Storing;
use crate::support::pair::Joined;
use crate::support::raw;

/// Returns a server behind TLS, and the CA of all certificates.
fn server() -> (Tls<Storing>, Ca) {
    let ca = Ca::new("the CA");
    let config = server_config(&ca.server(), &ca.pem()).unwrap();
    (Tls::new(Storing::new(), config, false), ca)
}

/// Returns the reason for which a server has closed the connection.
fn reason(server: &Tls<Storing>) -> String {
    let Some(CloseReason::Lost(error)) = server.get_ref().closed else { panic!("{server:?}") };
    error.to_string()
}

/// Returns the alert that a server sends for these first bytes, and its reason.
fn alerted(first: &[u8]) -> (Vec<u8>, String) {
    let (mut server, _) = server();
    let fed = feed(&mut server, at(0), first);
    assert!(fed == first.len() || server.get_ref().closed.is_some());
    let alert = take(&mut server, at(0));
    let io = server.poll_io().unwrap();
    assert!(io.fin && !io.recv.is_empty());
    assert_eq!(io.deadline, Some(at(1000)));
    // Later bytes are dropped, for a second.
    server.handle(at(0), Input::FinSent);
    give(&mut server, at(500), &[7; 1000]);
    server.handle(at(999), Input::Timeout);
    assert!(server.poll_io().is_some());
    server.handle(at(1000), Input::Timeout);
    assert!(server.poll_io().is_none());
    (alert, reason(&server))
}

/// First message of TLS 1.2, as `openssl s_client -tls1_2` of version 3.0 sends it, in hexadecimal digits.
const HELLO_1_2: &str = concat!(
    "16030100830100007f0303b7ae13eacf5fbf985e0fbfbbbb0d8a80ca6cb697e5391e157269a7eeb841833f000004c02b00ff",
    "01000052000b000403000102000a000c000a001d0017001e00190018002300000016000000170000000d002a002804030503",
    "0603080708080809080a080b080408050806040105010601030303010302040205020602"
);

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

#[test]
fn a_handshake_that_is_none_gets_its_alert_and_is_dropped() {
    // For what may be any message of 16 MB rustls has no alert.
    let alert = |number| if number == 0 { vec![] } else { vec![0x15, 3, 3, 0, 2, 2, number] };
    for (first, number, expected) in [
        (hex(HELLO_1_2), 70, "not secured: the peer does not speak TLS 1.3"),
        (b"\x16garbage".to_vec(), 50, "not secured: what the peer sends is not TLS"),
        (b"\x16\x03\x01\xff\xff".to_vec(), 50, "not secured: what the peer sends is not TLS"),
        // A handshake message of 16 MB.
        (
            [&b"\x16\x03\x01\x10\x00\x01\xff\xff\xff"[..], &[0; 4092]].concat(),
            0,
            "not secured: what the peer sends is not TLS",
        ),
    ] {
        assert_eq!(alerted(&first), (alert(number), expected.to_owned()), "{}", first.len());
    }
}

#[test]
fn a_handshake_without_end_is_cut_by_its_length() {
    let (mut server, _) = server();
    // A handshake message of 60,000 bytes, which rustls would wait for, in records of 16 KiB.
    let record =
        |begin: &[u8]| [&b"\x16\x03\x01\x40\x00"[..], begin, &vec![0; 0x4000 - begin.len()]].concat();
    let all = [record(b"\x01\x00\xea\x60"), record(b""), record(b"")].concat();
    let mut sent = 0;
    while server.get_ref().closed.is_none() {
        sent += feed(&mut server, at(0), &all[sent..][..1000]);
    }
    assert!((16_000..18_000).contains(&sent));
    assert_eq!(reason(&server), "no longer secured: the TLS handshake is too long");
}

#[test]
fn a_silent_or_dripping_handshake_is_cut_after_10_s_and_1_s() {
    for drips in [false, true] {
        let (mut server, ca) = server();
        let hello = raw::records(&mut raw::client(raw::config(&ca, None)));
        let mut now = 0;
        give(&mut server, at(0), &hello[..1]);
        if drips {
            for byte in &hello[1..100] {
                now += 100;
                assert_eq!(feed(&mut server, at(now), &[*byte]), 1);
            }
        }
        assert_eq!(server.poll_io().unwrap().deadline, Some(at(10_000)));
        server.handle(at(9_999), Input::Timeout);
        assert_eq!(server.get_ref().closed, None);
        server.handle(at(10_000), Input::Timeout);
        assert_eq!(reason(&server), "no longer secured: the TLS handshake was not done in time");
        let io = server.poll_io().unwrap();
        assert!(io.fin && io.send.is_empty());
        server.handle(at(10_000), Input::FinSent);
        give(&mut server, at(10_999), b"more");
        server.handle(at(11_000), Input::Timeout);
        assert!(server.poll_io().is_none());
    }
}

#[test]
fn a_peer_that_reads_nothing_of_the_handshake_is_cut_too() {
    let (mut server, ca) = server();
    let hello = raw::records(&mut raw::client(raw::config(&ca, None)));
    give(&mut server, at(0), &hello);
    assert!(server.poll_io().unwrap().send.len() > 500);
    server.handle(at(10_000), Input::Timeout);
    let io = server.poll_io().unwrap();
    assert!(io.fin && io.send.is_empty());
}

#[test]
fn another_protocol_is_rejected_and_none_is_taken() {
    for (protocols, taken) in
        [(vec![], true), (vec![b"lottery".to_vec()], true), (vec![b"h2".to_vec()], false)]
    {
        let (mut server, ca) = server();
        let mut config = raw::config(&ca, Some(&ca.agency(3)));
        config.alpn_protocols = protocols;
        let mut client = raw::client(config);
        let outcome = raw::exchange(&mut client, &mut server, at(0));
        if taken {
            assert_eq!(outcome, Ok(()));
            assert!(server.get_ref().agency.is_some());
        } else {
            assert_eq!(outcome, Err(Error::AlertReceived(AlertDescription::NoApplicationProtocol)));
            assert_eq!(reason(&server), "not secured: the peer wants another protocol (ALPN) than lottery");
        }
    }
}

/// Returns a server whose peer has done its handshake, and that peer.
fn connected() -> (Tls<Storing>, rustls::ClientConnection) {
    let (mut server, ca) = server();
    let mut client = raw::client(raw::config(&ca, Some(&ca.agency(3))));
    raw::exchange(&mut client, &mut server, at(0)).unwrap();
    (server, client)
}

#[test]
fn a_record_that_was_changed_ends_the_connection_and_nothing_of_it_is_stored() {
    for (change, alert, expected) in [
        (0, AlertDescription::BadRecordMac, "no longer secured: a record was changed on its way"),
        (1, AlertDescription::DecodeError, "no longer secured: a record is too long"),
    ] {
        let (mut server, mut client) = connected();
        std::io::Write::write_all(&mut client.writer(), &framed("3;1\nAna;Paz;20000001;1980-01-01;7574\n"))
            .unwrap();
        let mut records = raw::records(&mut client);
        let len = records.len();
        if change == 0 {
            records[len - 1] ^= 1;
        } else {
            records = [&b"\x17\x03\x03\x48\x01"[..], &vec![0; 0x4801]].concat();
        }
        let _ = feed(&mut server, at(1), &records);
        assert_eq!(reason(&server), expected);
        assert_eq!(server.get_ref().stored, [0; 0]);
        let error = raw::exchange(&mut client, &mut server, at(1)).unwrap_err();
        assert_eq!(error, Error::AlertReceived(alert));
    }
}

/// Bets before the record that was changed came in whole: their reply is lost, as with any connection.
#[test]
fn what_came_before_a_record_that_was_changed_is_stored() {
    let (mut server, mut client) = connected();
    std::io::Write::write_all(&mut client.writer(), &framed("3;1\nAna;Paz;20000001;1980-01-01;7574\n"))
        .unwrap();
    let mut records = raw::records(&mut client);
    records.extend([0x17, 3, 3, 0, 20].into_iter().chain([7; 20]));
    let _ = feed(&mut server, at(1), &records);
    assert_eq!(server.get_ref().stored, [3]);
    assert_eq!(reason(&server), "no longer secured: a record was changed on its way");
}

#[test]
fn a_server_takes_an_end_without_that_of_tls_for_the_end() {
    for says_so in [false, true] {
        let (mut server, mut client) = connected();
        std::io::Write::write_all(&mut client.writer(), &framed("3;1\nAna;Paz;20000001;1980-01-01;7574\n"))
            .unwrap();
        if says_so {
            client.send_close_notify();
        }
        raw::exchange(&mut client, &mut server, at(1)).unwrap();
        if !says_so {
            server.handle(at(1), Input::Eof);
        }
        raw::exchange(&mut client, &mut server, at(1)).unwrap();
        assert!(client.process_new_packets().unwrap().peer_has_closed(), "it says that it ends");
        assert!(server.poll_io().unwrap().fin);
        server.handle(at(1), Input::FinSent);
        assert!(server.poll_io().is_none());
        assert_eq!(server.get_ref().closed, Some(CloseReason::Done));
        assert_eq!(server.get_ref().stored, [3]);
    }
}

#[test]
fn a_client_takes_an_end_without_that_of_tls_for_a_failure() {
    let mut joined = Joined::new(Dialect::COLUMNS, 3);
    while joined.server.get_ref().stored.is_empty() {
        joined.now = joined.now.after(std::time::Duration::from_millis(1));
        let Joined { server, client, up, down, now, rng } = &mut joined;
        lottery_testkit::drive(client, up, down, *now, rng);
        lottery_testkit::drive(server, down, up, *now, rng);
    }
    // In this dialect an end is the acknowledgement.
    let now = joined.now;
    joined.client.handle(now, Input::Eof);
    let client = joined.client.get_ref();
    let cut = SocketError::Broken("the connection was cut: its end is not TLS's");
    assert_eq!(client.closed, Some(CloseReason::Lost(cut)));
    assert_eq!((client.acknowledged, joined.client.denied()), (0, None));
    assert!(joined.client.poll_io().is_none());
}

#[test]
fn a_plain_peer_is_refused_in_its_own_dialect_or_served() {
    for (first, words) in [
        (framed("3;1\nAna;Paz;20000001;1980-01-01;7574\n"), framed("error;TLS is spoken here")),
        (b"F00003".to_vec(), b"E00018TLS is spoken here".to_vec()),
        (b"hello\n".to_vec(), vec![]),
    ] {
        let (mut refusing, ca) = server();
        give(&mut refusing, at(0), &first);
        assert!(refusing.get_ref().is_refused && !refusing.is_secure());
        assert_eq!(String::from_utf8(take(&mut refusing, at(0))), String::from_utf8(words));
        assert!(refusing.poll_io().unwrap().fin);
        assert_eq!(refusing.get_ref().stored, [0; 0]);

        let config = server_config(&ca.server(), &ca.pem()).unwrap();
        let mut serving = Tls::new(Storing::new(), config, true);
        give(&mut serving, at(0), &first);
        assert!(!serving.get_ref().is_refused);
        assert_ne!(take(&mut serving, at(0)), b"");
    }
}
