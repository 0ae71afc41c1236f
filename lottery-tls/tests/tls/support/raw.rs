//! Client of rustls itself, which does what ours does not.

use std::sync::Arc;

use lottery_proto::{Endpoint, Input, Instant};
use lottery_testkit::{feed, take};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, Error, RootCertStore};

use super::certificates::{Ca, Pair, SERVER};

/// Returns the settings of a client that trusts that CA, and has this certificate.
pub(crate) fn config(ca: &Ca, own: Option<&Pair>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    match own {
        Some(own) => {
            let chain = vec![CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    }
}

/// Returns a client with these settings.
pub(crate) fn client(config: ClientConfig) -> ClientConnection {
    ClientConnection::new(Arc::new(config), SERVER.try_into().unwrap()).unwrap()
}

/// Takes the records that a client sends.
pub(crate) fn records(client: &mut ClientConnection) -> Vec<u8> {
    let mut records = vec![];
    while client.wants_write() {
        client.write_tls(&mut records).unwrap();
    }
    records
}

/// Exchanges records until neither has more.
///
/// # Errors
/// Returns the error of the client, an alert of the server for example.
pub(crate) fn exchange(
    client: &mut ClientConnection,
    server: &mut impl Endpoint,
    now: Instant,
) -> Result<(), Error> {
    loop {
        let up = records(client);
        let fed = feed(server, now, &up);
        let down = take(server, now);
        let mut rest = &down[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets()?;
        }
        if (fed, down.len()) == (0, 0) {
            return Ok(());
        }
    }
}

/// Ends both sides of a connection as a driver does.
pub(crate) fn end(server: &mut impl Endpoint, now: Instant) {
    if server.poll_io().is_some_and(|io| io.fin) {
        server.handle(now, Input::FinSent);
    }
    server.handle(now, Input::Eof);
}
