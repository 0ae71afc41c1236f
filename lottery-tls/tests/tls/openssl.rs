//! Certificates that another program has made: `certificates.sh`, beside this file, is how to make them with openssl.

use std::fs;
use std::process::Command;

use lottery_proto::{CloseReason, Dialect, SocketError};

use crate::support::certificates::{Pair, SERVER, client_config, server_config, server_config_with};
use crate::support::machines::Sending;
use crate::support::pair::{Joined, bets};

#[test]
fn certificates_of_openssl_are_taken_and_revoked() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("SKIPPED: openssl is not installed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let script = include_str!("certificates.sh");
    let made = Command::new("sh").args(["-c", script]).current_dir(dir.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let pair =
        |name: &str| Pair { certificate: read(&format!("{name}.pem")), key: read(&format!("{name}.key")) };
    let (server, agency, ca) = (pair("server"), pair("agency"), read("ca.pem"));

    let client = client_config(&agency, &ca, SERVER).unwrap();
    assert_eq!(client.agency().get(), 3);
    for name in [SERVER, "127.0.0.1"] {
        let client = client_config(&agency, &ca, name).unwrap();
        let inside = Sending::new(3, Dialect::FRAMED, bets(30));
        let mut joined = Joined::with(server_config(&server, &ca).unwrap(), client, inside);
        joined.run();
        assert_eq!(joined.server.get_ref().stored.len(), 30, "{name}");
        assert!(joined.client.get_ref().winners.is_some());
    }

    let revoking = server_config_with(&server, &ca, Some(&read("revoked.pem"))).unwrap();
    let mut joined = Joined::with(revoking, client, Sending::new(3, Dialect::FRAMED, bets(30)));
    joined.run();
    let revoked = SocketError::NotSecured("the peer's certificate is revoked");
    assert_eq!(joined.server.get_ref().closed, Some(CloseReason::Lost(revoked)));
    assert_eq!(joined.client.denied(), Some("the peer says that the certificate is revoked"));
}
