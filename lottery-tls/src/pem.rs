//! Certificates, keys and revocation lists from PEM files.

use std::time::SystemTime;

use rustls::RootCertStore;
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use crate::config::TlsConfigError;
use crate::validity::Validity;

/// Content of a PEM file, with its name for errors.
#[derive(Clone, Copy)]
pub struct PemFile<'a> {
    /// Name of the file, as errors give it.
    pub name: &'a str,
    /// Content.
    pub bytes: &'a [u8],
}

/// Shows the name and the length: the content may be a key.
impl std::fmt::Debug for PemFile<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PemFile({}, {} bytes)", self.name, self.bytes.len())
    }
}

impl PemFile<'_> {
    /// Returns a chain of certificates: the own one, and those between it and its CA.
    pub(crate) fn chain(self) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
        self.all("a certificate")
    }

    /// Returns a private key that is not encrypted.
    pub(crate) fn key(self) -> Result<PrivateKeyDer<'static>, TlsConfigError> {
        let mut keys = self.all("a private key that is not encrypted")?;
        if keys.len() > 1 {
            return Err(self.unusable("it holds several private keys"));
        }
        keys.pop().ok_or_else(|| self.unusable("it holds no private key"))
    }

    /// Returns the CAs that are trusted.
    pub(crate) fn roots(self) -> Result<RootCertStore, TlsConfigError> {
        let mut roots = RootCertStore::empty();
        for certificate in self.all("a certificate of a CA")? {
            let added = roots.add(certificate);
            added.map_err(|_| self.unusable("a certificate in it cannot be read"))?;
        }
        Ok(roots)
    }

    /// Returns lists of revoked certificates.
    pub(crate) fn revoked(self) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsConfigError> {
        self.all("a revocation list (CRL)")
    }

    /// Checks that the own certificate is valid now, and returns its dates.
    pub(crate) fn valid_now(
        self,
        chain: &[CertificateDer<'_>],
        now: SystemTime,
    ) -> Result<Validity, TlsConfigError> {
        let validity = chain.first().and_then(Validity::of);
        let validity = validity.ok_or_else(|| self.unusable("its certificate cannot be read"))?;
        if now < validity.not_before {
            return Err(self.unusable("its certificate is not valid yet"));
        }
        if now > validity.not_after {
            return Err(self.unusable("its certificate has expired"));
        }
        Ok(validity)
    }

    /// Returns the error for a file that cannot be used for this reason.
    pub(crate) fn unusable(self, reason: &'static str) -> TlsConfigError {
        TlsConfigError::Unusable { file: self.name.to_owned(), reason }
    }

    /// Returns all items of a kind, of which there must be one at least.
    fn all<T: PemObject>(self, expected: &'static str) -> Result<Vec<T>, TlsConfigError> {
        let file = || self.name.to_owned();
        if self.bytes.trim_ascii().is_empty() {
            return Err(TlsConfigError::Empty { file: file(), expected });
        }
        let items: Result<Vec<T>, _> = T::pem_slice_iter(self.bytes).collect();
        let items = items.map_err(|_| self.unusable("it is damaged, or no PEM"))?;
        if items.is_empty() {
            return Err(TlsConfigError::Missing { file: file(), expected, found: self.found() });
        }
        Ok(items)
    }

    /// Returns a name for what the file holds instead.
    fn found(self) -> &'static str {
        let mut kinds = <(SectionKind, Vec<u8>)>::pem_slice_iter(self.bytes);
        match kinds.next() {
            Some(Ok((SectionKind::Certificate, _))) => "certificates",
            Some(Ok((
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey,
                _,
            ))) => "a private key",
            Some(Ok((SectionKind::Crl, _))) => "a revocation list",
            Some(Ok((SectionKind::Csr, _))) => "a request for a certificate",
            Some(Ok(_)) => "something else",
            _ if self.bytes.windows(17).any(|part| part == b"BEGIN ENCRYPTED P") => {
                "an encrypted private key"
            }
            _ => "nothing of PEM",
        }
    }
}
