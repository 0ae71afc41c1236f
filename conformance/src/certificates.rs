//! Certificates of a server and of agencies, made for each test.

use std::time::SystemTime;

use lottery_tls::{Certificates, ClientFiles, PemFile, ServerFiles, TlsClientConfig, TlsServerConfig};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};

/// Name of the server in its certificate.
pub const SERVER: &str = "lottery.example";

/// CA of a server and its agencies.
#[derive(Debug)]
pub struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    /// Makes a CA of that name.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Returns the certificates of a server.
    pub fn server(&self) -> Certificates {
        let purpose = ExtendedKeyUsagePurpose::ServerAuth;
        let name = SanType::DnsName(SERVER.try_into().expect("a name"));
        let (own, key) = self.sign(name, purpose);
        let ca = self.0.pem();
        let files = ServerFiles {
            certificate: file("server.pem", &own),
            key: file("server.key", &key),
            client_ca: file("agencies.pem", &ca),
            revoked: None,
        };
        Certificates::new(TlsServerConfig::new(&files, SystemTime::now()).expect("right files"))
    }

    /// Returns the certificate of an agency, which trusts servers of this CA.
    pub fn agency(&self, agency: u32) -> TlsClientConfig {
        self.agency_that_trusts(agency, self)
    }

    /// Returns the certificate of an agency, which trusts servers of that CA.
    pub fn agency_that_trusts(&self, agency: u32, trusted: &Self) -> TlsClientConfig {
        let name = SanType::URI(format!("agency:{agency}").try_into().expect("a URI"));
        let (own, key) = self.sign(name, ExtendedKeyUsagePurpose::ClientAuth);
        let ca = trusted.0.pem();
        let files = ClientFiles {
            ca: file("ca.pem", &ca),
            certificate: file("agency.pem", &own),
            key: file("agency.key", &key),
        };
        TlsClientConfig::new(&files, SERVER, SystemTime::now()).expect("right files")
    }

    /// Signs a certificate for that name and purpose, and returns it and its key.
    fn sign(&self, name: SanType, purpose: ExtendedKeyUsagePurpose) -> (String, String) {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![name];
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().expect("a key");
        let own = params.signed_by(&key, &self.0).expect("a certificate");
        (own.pem(), key.serialize_pem())
    }
}

fn file<'a>(name: &'a str, content: &'a str) -> PemFile<'a> {
    PemFile { name, bytes: content.as_bytes() }
}
