//! Certificates and keys of a server and of a client.

use std::sync::Arc;
use std::time::SystemTime;

use lottery_proto::AgencyId;
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, InconsistentKeys, ServerConfig};

use crate::identity::{IdentityError, agency_of};
use crate::pem::PemFile;
use crate::provider::provider;
use crate::validity::Validity;
use crate::verifier::AgencyVerifier;

/// Protocol that both sides name in the handshake (ALPN).
pub const ALPN: &[u8] = b"lottery";

/// Reasons for which certificates and keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsConfigError {
    /// The file is empty.
    #[error("{file} is empty, expected {expected}")]
    Empty {
        /// Name of the file.
        file: String,
        /// Content that it should have.
        expected: &'static str,
    },
    /// The file holds something else.
    #[error("{file} holds {found}, expected {expected}")]
    Missing {
        /// Name of the file.
        file: String,
        /// Content that it should have.
        expected: &'static str,
        /// Content that it has.
        found: &'static str,
    },
    /// The content of the file cannot be used.
    #[error("{file} cannot be used: {reason}")]
    Unusable {
        /// Name of the file.
        file: String,
        /// Reason.
        reason: &'static str,
    },
    /// Key and certificate do not belong together.
    #[error("the key in {key} is not that of the certificate in {certificate}")]
    Mismatch {
        /// Name of the file with the certificate.
        certificate: String,
        /// Name of the file with the key.
        key: String,
    },
    /// The certificate of a client is of no agency.
    #[error("{file}: {error}")]
    Identity {
        /// Name of the file.
        file: String,
        /// Reason.
        error: IdentityError,
    },
    /// The name of a server is neither a name nor an address.
    #[error("\"{name}\" is neither the name nor the address of a server")]
    Name {
        /// Name.
        name: String,
    },
    /// Cryptography and settings do not go together.
    #[error("TLS cannot be used: {reason}")]
    Unsupported {
        /// Reason.
        reason: String,
    },
}

/// PEM files of a server.
#[derive(Clone, Copy, Debug)]
pub struct ServerFiles<'a> {
    /// Certificate of the server, and those between it and its CA.
    pub certificate: PemFile<'a>,
    /// Private key of the certificate.
    pub key: PemFile<'a>,
    /// CAs that certificates of agencies are of.
    pub client_ca: PemFile<'a>,
    /// Certificates of agencies that are revoked.
    pub revoked: Option<PemFile<'a>>,
}

/// Certificate and key of a server, and the CAs that agencies' certificates are of. Clones share them.
#[derive(Clone, Debug)]
pub struct TlsServerConfig {
    pub(crate) rustls: Arc<ServerConfig>,
    validity: Validity,
}

impl TlsServerConfig {
    /// Returns the configuration of these files, for a start or a reload at `now`.
    ///
    /// # Errors
    /// Names the file that cannot be used, and the reason.
    pub fn new(files: &ServerFiles<'_>, now: SystemTime) -> Result<Self, TlsConfigError> {
        let ServerFiles { certificate, key, client_ca, revoked } = *files;
        let chain = certificate.chain()?;
        let validity = certificate.valid_now(&chain, now)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(client_ca.roots()?), provider());
        let lists = revoked.map_or(Ok(Vec::new()), PemFile::revoked)?;
        let verifier = verifier.with_crls(lists).build().map_err(|error| match (error, revoked) {
            (VerifierBuilderError::InvalidCrl(_), Some(revoked)) => {
                revoked.unusable("a revocation list in it cannot be read")
            }
            _ => client_ca.unusable("it holds no CA"),
        })?;
        let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
        let builder = builder.map_err(|error| unsupported(&error))?;
        let builder = builder.with_client_cert_verifier(Arc::new(AgencyVerifier(verifier)));
        let built = builder.with_single_cert(chain, key.key()?);
        let mut rustls = built.map_err(|error| mismatched(certificate, key, &error))?;
        rustls.alpn_protocols = vec![ALPN.to_vec()];
        // A session that is resumed would outlive the certificate that it was begun with.
        rustls.send_tls13_tickets = 0;
        rustls.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { rustls: Arc::new(rustls), validity })
    }

    /// Returns the dates between which the server's certificate is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }
}

/// PEM files of a client.
#[derive(Clone, Copy, Debug)]
pub struct ClientFiles<'a> {
    /// CAs that the certificate of the server is of.
    pub ca: PemFile<'a>,
    /// Certificate of the agency, and those between it and its CA.
    pub certificate: PemFile<'a>,
    /// Private key of the certificate.
    pub key: PemFile<'a>,
}

/// Certificate and key of an agency, and the server that it trusts. Clones share them.
#[derive(Clone, Debug)]
pub struct TlsClientConfig {
    pub(crate) rustls: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
    agency: AgencyId,
    validity: Validity,
}

impl TlsClientConfig {
    /// Returns the configuration of these files, for a server whose certificate is for `name`: a name, or an address.
    ///
    /// # Errors
    /// Names the file that cannot be used, and the reason.
    pub fn new(files: &ClientFiles<'_>, name: &str, now: SystemTime) -> Result<Self, TlsConfigError> {
        let ClientFiles { ca, certificate, key } = *files;
        let chain = certificate.chain()?;
        let validity = certificate.valid_now(&chain, now)?;
        let agency = own_agency(certificate, &chain)?;
        let parsed = ServerName::try_from(name.to_owned());
        let name = parsed.map_err(|_| TlsConfigError::Name { name: name.to_owned() })?;
        let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
        let builder = builder.map_err(|error| unsupported(&error))?.with_root_certificates(ca.roots()?);
        let built = builder.with_client_auth_cert(chain, key.key()?);
        let mut rustls = built.map_err(|error| mismatched(certificate, key, &error))?;
        rustls.alpn_protocols = vec![ALPN.to_vec()];
        rustls.resumption = Resumption::disabled();
        Ok(Self { rustls: Arc::new(rustls), name, agency, validity })
    }

    /// Returns the agency that the certificate names.
    pub fn agency(&self) -> AgencyId {
        self.agency
    }

    /// Returns the dates between which the certificate is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }
}

fn own_agency(file: PemFile<'_>, chain: &[CertificateDer<'_>]) -> Result<AgencyId, TlsConfigError> {
    let named = chain.first().map_or(Err(IdentityError::Unreadable), agency_of);
    named.map_err(|error| TlsConfigError::Identity { file: file.name.to_owned(), error })
}

fn mismatched(certificate: PemFile<'_>, key: PemFile<'_>, error: &rustls::Error) -> TlsConfigError {
    match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsConfigError::Mismatch { certificate: certificate.name.to_owned(), key: key.name.to_owned() }
        }
        rustls::Error::InvalidCertificate(_) => certificate.unusable("its certificate cannot be read"),
        _ => key.unusable("its key is of a kind that is not supported"),
    }
}

fn unsupported(error: &rustls::Error) -> TlsConfigError {
    TlsConfigError::Unsupported { reason: error.to_string() }
}
