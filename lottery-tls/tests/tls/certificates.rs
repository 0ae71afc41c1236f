//! Certificates that are not taken: each its alert at the peer and its reason here, and nothing is stored.

use std::time::{Duration, UNIX_EPOCH};

use lottery_proto::{CloseReason, Dialect, SocketError};
use lottery_runtime::{Dialer, Step};
use lottery_testkit::at;
use lottery_tls::{ServerFiles, Tls, TlsServerConfig};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, date_time_ymd};
use rustls::{AlertDescription, Error};

use crate::support::certificates::{
    Ca, Pair, SERVER, agency_params, client_config, file, server_config, server_config_with, server_params,
};
use crate::support::machines::{Sending, Storing};
use crate::support::pair::{Joined, bets};
use crate::support::raw;

/// Returns the alert that a client with this certificate gets, and the reason that the server gives.
fn rejected(ca: &Ca, own: Option<&Pair>, revoked: Option<&str>) -> (AlertDescription, String) {
    let config = server_config_with(&ca.server(), &ca.pem(), revoked).unwrap();
    let mut server = Tls::new(Storing::new(), config, false);
    let mut client = raw::client(raw::config(ca, own));
    let error = raw::exchange(&mut client, &mut server, at(0)).unwrap_err();
    let Error::AlertReceived(alert) = error else { panic!("{error}") };
    // The client thinks that it is connected, and its bytes are dropped.
    assert!(server.get_ref().agency.is_none());
    let Some(CloseReason::Lost(error @ SocketError::NotSecured(_))) = server.get_ref().closed else {
        panic!("{server:?}")
    };
    raw::end(&mut server, at(1));
    assert!(lottery_proto::Endpoint::poll_io(&mut server).is_none());
    (alert, error.to_string())
}

#[test]
fn a_certificate_that_is_not_right_is_rejected_in_the_handshake_with_its_reason() {
    let (ca, other) = (Ca::new("the CA"), Ca::new("another CA"));
    let with = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = agency_params(&["agency:3"]);
        change(&mut params);
        ca.sign(&params)
    };
    let expired = with(&|params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = with(&|params| params.not_before = date_time_ymd(4000, 1, 1));
    let of_a_server = with(&|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
    let of = |uris: &[&str]| ca.sign(&agency_params(uris));
    let malformed = "not secured: the certificate does not name its agency as agency:N, N from 1 to 99999";
    let nobody = "not secured: the certificate names no agency: it has no URI agency:N";
    let several = "not secured: the certificate names several agencies";
    for (own, alert, reason) in [
        (None, AlertDescription::CertificateRequired, "not secured: the peer has no certificate"),
        (
            Some(other.agency(3)),
            AlertDescription::UnknownCA,
            "not secured: the peer's certificate is of a CA that is not trusted here",
        ),
        (
            Some(expired),
            AlertDescription::CertificateExpired,
            "not secured: the peer's certificate has expired",
        ),
        (
            Some(early),
            AlertDescription::CertificateExpired,
            "not secured: the peer's certificate is not valid yet",
        ),
        (
            Some(of_a_server),
            AlertDescription::UnsupportedCertificate,
            "not secured: the peer's certificate is for another purpose",
        ),
        (Some(of(&[])), AlertDescription::AccessDenied, nobody),
        (Some(of(&["https://agency/3"])), AlertDescription::AccessDenied, nobody),
        (Some(of(&["agency:3", "agency:4"])), AlertDescription::AccessDenied, several),
        (Some(of(&["agency:3", "agency:3"])), AlertDescription::AccessDenied, several),
        (Some(of(&["AGENCY:4", "agency:3"])), AlertDescription::AccessDenied, several),
        (Some(of(&["agency:01"])), AlertDescription::AccessDenied, malformed),
        (Some(of(&["agency:0"])), AlertDescription::AccessDenied, malformed),
        (Some(of(&["agency:100000"])), AlertDescription::AccessDenied, malformed),
        (Some(of(&["agency:+1"])), AlertDescription::AccessDenied, malformed),
        (Some(of(&["agency:1 "])), AlertDescription::AccessDenied, malformed),
        (Some(of(&["agency:"])), AlertDescription::AccessDenied, malformed),
        (Some(of(&["Agency:3"])), AlertDescription::AccessDenied, malformed),
    ] {
        assert_eq!(rejected(&ca, own.as_ref(), None), (alert, reason.to_owned()));
    }
    let revoked = ca.revoke(77);
    assert_eq!(
        rejected(&ca, Some(&ca.agency(3)), Some(&revoked)),
        (AlertDescription::CertificateRevoked, "not secured: the peer's certificate is revoked".to_owned())
    );
    // A list of another CA says nothing of this one's certificates.
    assert_eq!(
        rejected(&ca, Some(&ca.agency(3)), Some(&other.revoke(1))).1,
        "not secured: no revocation list is of the CA of the peer's certificate"
    );
}

#[test]
fn a_certificate_that_is_not_revoked_and_has_other_names_is_taken() {
    let ca = Ca::new("the CA");
    let config = server_config_with(&ca.server(), &ca.pem(), Some(&ca.revoke(1))).unwrap();
    let mut server = Tls::new(Storing::new(), config, false);
    let own = ca.sign(&agency_params(&["https://example.com/agency:4", "agency:99999"]));
    let mut client = raw::client(raw::config(&ca, Some(&own)));
    raw::exchange(&mut client, &mut server, at(0)).unwrap();
    assert_eq!(server.get_ref().agency.map(lottery_proto::AgencyId::get), Some(99_999));
}

#[test]
fn no_session_is_resumed() {
    let ca = Ca::new("the CA");
    let config = server_config(&ca.server(), &ca.pem()).unwrap();
    let settings = raw::config(&ca, Some(&ca.agency(3)));
    for _ in 0..2 {
        let mut server = Tls::new(Storing::new(), config.clone(), false);
        let mut client = raw::client(settings.clone());
        raw::exchange(&mut client, &mut server, at(0)).unwrap();
        assert_eq!(client.handshake_kind(), Some(rustls::HandshakeKind::Full));
        assert_eq!(client.tls13_tickets_received(), 0);
    }
}

/// Returns the reason for which a client of agency 3 is not connected to a server with this certificate.
fn denied(ca: &Ca, server: TlsServerConfig, trusted: &Ca, name: &str) -> &'static str {
    let client = client_config(&ca.agency(3), &trusted.pem(), name).unwrap();
    let mut joined = Joined::with(server, client, Sending::new(3, Dialect::FRAMED, bets(3)));
    joined.run();
    let client = joined.client.get_ref();
    assert_eq!((client.connections, &client.not_connected), (0, &None), "it was not connected");
    assert_eq!(joined.client.next_step(at(1)), Step::Done, "it is not tried again");
    joined.client.denied().unwrap()
}

#[test]
fn a_client_is_not_connected_to_a_server_whose_certificate_is_not_right_and_says_why() {
    let (ca, other) = (Ca::new("the CA"), Ca::new("another CA"));
    let right = || server_config(&ca.server(), &ca.pem()).unwrap();
    assert_eq!(
        denied(&ca, right(), &other, SERVER),
        "the peer's certificate is of a CA that is not trusted here"
    );
    for name in ["other.example", "127.0.0.2"] {
        assert_eq!(denied(&ca, right(), &ca, name), "the peer's certificate is for another name");
    }
    // It was right when the server began.
    let mut params = server_params();
    params.not_after = date_time_ymd(2020, 1, 1);
    let (expired, agencies) = (ca.sign(&params), ca.pem());
    let files = ServerFiles {
        certificate: file("server.pem", &expired.certificate),
        key: file("server.key", &expired.key),
        client_ca: file("agencies.pem", &agencies),
        revoked: None,
    };
    let expired = TlsServerConfig::new(&files, UNIX_EPOCH + Duration::from_secs(1_500_000_000)).unwrap();
    assert_eq!(denied(&ca, expired, &ca, SERVER), "the peer's certificate has expired");
    let of_an_agency = server_config(&ca.agency(3), &ca.pem()).unwrap();
    assert!(denied(&ca, of_an_agency, &ca, SERVER).starts_with("the peer's certificate is for another"));
}

#[test]
fn a_client_whose_certificate_the_server_rejects_is_not_connected_again_and_says_why() {
    let (ca, other) = (Ca::new("the CA"), Ca::new("another CA"));
    let server = server_config(&ca.server(), &other.pem()).unwrap();
    let client = client_config(&ca.agency(3), &ca.pem(), SERVER).unwrap();
    let mut joined = Joined::with(server, client, Sending::new(3, Dialect::FRAMED, bets(3)));
    joined.run();
    assert_eq!(joined.server.get_ref().stored.len(), 0);
    let reason = "the peer does not know the CA of the certificate";
    assert_eq!(joined.client.denied(), Some(reason));
    // It was connected, as far as it knew.
    let client = joined.client.get_ref();
    assert_eq!(client.closed, Some(CloseReason::Lost(SocketError::NotSecured(reason))));
    assert_eq!((client.connections, client.acknowledged), (1, 0));
    assert_eq!(joined.client.next_step(at(1)), Step::Done);
}
