//! Check of an agency's certificate, in the handshake.

use std::cell::Cell;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::identity::{IdentityError, agency_of};

thread_local! {
    /// Reason of the last certificate on this thread that names no agency: the error that rustls turns into the alert
    /// "access denied" has no place for it.
    static DENIED: Cell<Option<IdentityError>> = const { Cell::new(None) };
}

/// Returns why the certificate of the handshake step that has just failed on this thread names no agency, once.
pub(crate) fn take_denied() -> Option<IdentityError> {
    DENIED.take()
}

/// Verifier that accepts a certificate if another one does, and if it names one agency.
#[derive(Debug)]
pub(crate) struct AgencyVerifier(pub(crate) Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for AgencyVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.0.verify_client_cert(end_entity, intermediates, now)?;
        match agency_of(end_entity) {
            Ok(_) => Ok(verified),
            Err(error) => {
                DENIED.set(Some(error));
                Err(CertificateError::ApplicationVerificationFailure.into())
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
