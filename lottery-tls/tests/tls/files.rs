//! PEM files that cannot be used: the error names the file, and what is wrong.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lottery_proto::AgencyId;
use lottery_tls::{ClientFiles, ServerFiles, TlsClientConfig, TlsServerConfig};
use rcgen::{KeyPair, date_time_ymd};

use crate::support::certificates::{
    Ca, Pair, SERVER, agency_params, client_config, file, server_config, server_params,
};

#[test]
fn files_of_a_server_that_cannot_be_used_are_named() {
    let ca = Ca::new("the CA");
    let (own, other, agencies) = (ca.server(), ca.server(), ca.pem());
    let error = |certificate: &str, key: &str, client_ca: &str, revoked: &str| {
        let files = ServerFiles {
            certificate: file("server.pem", certificate),
            key: file("server.key", key),
            client_ca: file("agencies.pem", client_ca),
            revoked: Some(file("revoked.pem", revoked)).filter(|_| revoked != "-"),
        };
        TlsServerConfig::new(&files, SystemTime::now()).unwrap_err().to_string()
    };
    let Pair { certificate, key } = &own;
    let damaged = certificate.replace("-----END", "----END");
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_list = garbage.replace("CERTIFICATE", "X509 CRL");
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let no_key = garbage.replace("CERTIFICATE", "PRIVATE KEY");
    let two = [&own.key[..], &other.key].concat();
    let a_key = "a private key that is not encrypted";
    for (found, expected) in [
        (error("", key, &agencies, "-"), "server.pem is empty, expected a certificate".to_owned()),
        (error(" \n", key, &agencies, "-"), "server.pem is empty, expected a certificate".into()),
        (error(key, key, &agencies, "-"), "server.pem holds a private key, expected a certificate".into()),
        (
            error("hello", key, &agencies, "-"),
            "server.pem holds nothing of PEM, expected a certificate".into(),
        ),
        (error(&damaged, key, &agencies, "-"), "server.pem cannot be used: it is damaged, or no PEM".into()),
        (
            error(garbage, key, &agencies, "-"),
            "server.pem cannot be used: its certificate cannot be read".into(),
        ),
        (error(certificate, "", &agencies, "-"), format!("server.key is empty, expected {a_key}")),
        (
            error(certificate, certificate, &agencies, "-"),
            format!("server.key holds certificates, expected {a_key}"),
        ),
        (
            error(certificate, encrypted, &agencies, "-"),
            format!("server.key holds an encrypted private key, expected {a_key}"),
        ),
        (
            error(certificate, &no_key, &agencies, "-"),
            "server.key cannot be used: its key is of a kind that is not supported".into(),
        ),
        (
            error(certificate, &two, &agencies, "-"),
            "server.key cannot be used: it holds several private keys".into(),
        ),
        (
            error(certificate, &other.key, &agencies, "-"),
            "the key in server.key is not that of the certificate in server.pem".into(),
        ),
        (error(certificate, key, "", "-"), "agencies.pem is empty, expected a certificate of a CA".into()),
        (
            error(certificate, key, garbage, "-"),
            "agencies.pem cannot be used: a certificate in it cannot be read".into(),
        ),
        (
            error(certificate, key, &agencies, ""),
            "revoked.pem is empty, expected a revocation list (CRL)".into(),
        ),
        (
            error(certificate, key, &agencies, &agencies),
            "revoked.pem holds certificates, expected a revocation list (CRL)".into(),
        ),
        (
            error(certificate, key, &agencies, &no_list),
            "revoked.pem cannot be used: a revocation list in it cannot be read".into(),
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_certificate_that_is_not_valid_now_is_not_taken() {
    let ca = Ca::new("the CA");
    let mut params = server_params();
    params.not_before = date_time_ymd(2026, 11, 29);
    params.not_after = date_time_ymd(2027, 11, 29);
    let (own, agencies) = (ca.sign(&params), ca.pem());
    let files = ServerFiles {
        certificate: file("server.pem", &own.certificate),
        key: file("server.key", &own.key),
        client_ca: file("agencies.pem", &agencies),
        revoked: None,
    };
    let (first, last) = (1_795_910_400, 1_827_446_400);
    let at = |seconds| TlsServerConfig::new(&files, UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!(
        at(first - 1).unwrap_err().to_string(),
        "server.pem cannot be used: its certificate is not valid yet"
    );
    for seconds in [first, last] {
        let validity = at(seconds).unwrap().validity();
        assert_eq!(validity.not_before, UNIX_EPOCH + Duration::from_secs(first));
        assert_eq!(validity.not_after, UNIX_EPOCH + Duration::from_secs(last));
    }
    assert_eq!(
        at(last + 1).unwrap_err().to_string(),
        "server.pem cannot be used: its certificate has expired"
    );
}

#[test]
fn a_client_knows_its_agency_before_it_connects() {
    let ca = Ca::new("the CA");
    assert_eq!(client_config(&ca.agency(3), &ca.pem(), SERVER).unwrap().agency(), AgencyId::new(3).unwrap());
    let nobody = ca.sign(&agency_params(&["agency:007"]));
    let error = client_config(&nobody, &ca.pem(), SERVER).unwrap_err().to_string();
    assert_eq!(error, "agency.pem: the certificate does not name its agency as agency:N, N from 1 to 99999");
    let error = client_config(&ca.agency(3), &ca.pem(), "no name").unwrap_err().to_string();
    assert_eq!(error, "\"no name\" is neither the name nor the address of a server");
    let error = client_config(&ca.agency(3), "", SERVER).unwrap_err().to_string();
    assert_eq!(error, "ca.pem is empty, expected a certificate of a CA");
    let wrong = Pair { key: KeyPair::generate().unwrap().serialize_pem(), ..ca.agency(3) };
    let error = client_config(&wrong, &ca.pem(), SERVER).unwrap_err().to_string();
    assert_eq!(error, "the key in agency.key is not that of the certificate in agency.pem");
}

#[test]
fn no_key_is_shown() {
    let ca = Ca::new("the CA");
    let own = ca.agency(3);
    let (key, authority) = (file("agency.key", &own.key), ca.pem());
    assert_eq!(format!("{key:?}"), format!("PemFile(agency.key, {} bytes)", own.key.len()));
    let files = ClientFiles {
        ca: file("ca.pem", &authority),
        certificate: file("agency.pem", &own.certificate),
        key,
    };
    let config = TlsClientConfig::new(&files, SERVER, SystemTime::now()).unwrap();
    let server = server_config(&own, &authority).unwrap();
    let secret = own.key.lines().nth(1).unwrap();
    for shown in [format!("{files:?}"), format!("{config:?}"), format!("{server:?}")] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
