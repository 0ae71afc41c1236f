//! Certificates and keys, made anew for each run.

use std::time::SystemTime;

use lottery_tls::{ClientFiles, PemFile, ServerFiles, TlsClientConfig, TlsConfigError, TlsServerConfig};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType,
    SerialNumber, date_time_ymd,
};

/// Name of the server in its certificate.
pub(crate) const SERVER: &str = "lottery.example";

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// CA that signs certificates.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Signs a certificate with these settings.
    pub(crate) fn sign(&self, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// Signs a certificate of the server.
    pub(crate) fn server(&self) -> Pair {
        self.sign(&server_params())
    }

    /// Signs a certificate of an agency.
    pub(crate) fn agency(&self, agency: u32) -> Pair {
        self.sign(&agency_params(&[&format!("agency:{agency}")]))
    }

    /// Returns a list that revokes the certificate with this number.
    pub(crate) fn revoke(&self, serial: u64) -> String {
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(4000, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from(serial),
                revocation_time: date_time_ymd(2021, 1, 1),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.0).unwrap().pem().unwrap()
    }
}

/// Returns the settings of a certificate of the server.
pub(crate) fn server_params() -> CertificateParams {
    let mut params = CertificateParams::new(vec![SERVER.to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// Returns the settings of a certificate of an agency with these URIs. Its common name names another one.
pub(crate) fn agency_params(uris: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "agency:4");
    params.subject_alt_names = uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())).collect();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.serial_number = Some(SerialNumber::from(77));
    params
}

/// Returns a file of that name.
pub(crate) fn file<'a>(name: &'a str, content: &'a str) -> PemFile<'a> {
    PemFile { name, bytes: content.as_bytes() }
}

pub(crate) fn server_config(own: &Pair, client_ca: &str) -> Result<TlsServerConfig, TlsConfigError> {
    server_config_with(own, client_ca, None)
}

pub(crate) fn server_config_with(
    own: &Pair,
    client_ca: &str,
    revoked: Option<&str>,
) -> Result<TlsServerConfig, TlsConfigError> {
    let files = ServerFiles {
        certificate: file("server.pem", &own.certificate),
        key: file("server.key", &own.key),
        client_ca: file("agencies.pem", client_ca),
        revoked: revoked.map(|list| file("revoked.pem", list)),
    };
    TlsServerConfig::new(&files, SystemTime::now())
}

pub(crate) fn client_config(own: &Pair, ca: &str, name: &str) -> Result<TlsClientConfig, TlsConfigError> {
    let files = ClientFiles {
        ca: file("ca.pem", ca),
        certificate: file("agency.pem", &own.certificate),
        key: file("agency.key", &own.key),
    };
    TlsClientConfig::new(&files, name, SystemTime::now())
}
