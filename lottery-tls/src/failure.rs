//! Words for what goes wrong with a secure channel.

use lottery_proto::SocketError;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use crate::verifier::take_denied;

/// The peer takes too long for its handshake.
pub(crate) const SLOW: SocketError = SocketError::Broken("the TLS handshake was not done in time");
/// The peer has ended its side within the handshake.
pub(crate) const ENDED: SocketError =
    SocketError::Broken("the peer ended the connection in the TLS handshake");
/// The peer has ended its side without saying so in TLS.
pub(crate) const CUT: SocketError = SocketError::Broken("the connection was cut: its end is not TLS's");
/// The machine inside ends before there is a channel for its last words.
pub(crate) const NO_WORDS: SocketError = SocketError::Broken("it ended before the TLS handshake was done");
/// The handshake of the peer is longer than any that is needed.
pub(crate) const LONG: SocketError = SocketError::Broken("the TLS handshake is too long");

/// Returns the failure that an error of rustls is, on this thread. `is_early`: before any data of the peer;
/// `is_handshake`: within the handshake.
pub(crate) fn failure(error: &Error, is_early: bool, is_handshake: bool) -> SocketError {
    let denied = take_denied();
    match error {
        Error::AlertReceived(alert) => alerted(*alert, is_early),
        Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure) => {
            SocketError::NotSecured(denied.map_or("the certificate was rejected", |error| error.words()))
        }
        Error::InvalidCertificate(error) => SocketError::NotSecured(certificate(error)),
        Error::NoCertificatesPresented => SocketError::NotSecured("the peer has no certificate"),
        Error::NoApplicationProtocol => {
            SocketError::NotSecured("the peer wants another protocol (ALPN) than lottery")
        }
        Error::PeerIncompatible(error) => SocketError::NotSecured(incompatible(error)),
        Error::DecryptError => SocketError::Broken("a record was changed on its way"),
        Error::PeerSentOversizedRecord | Error::InvalidMessage(InvalidMessage::MessageTooLarge)
            if !is_handshake =>
        {
            SocketError::Broken("a record is too long")
        }
        Error::InvalidMessage(_) if is_handshake => SocketError::NotSecured("what the peer sends is not TLS"),
        _ => SocketError::Broken("the peer breaks the rules of TLS"),
    }
}

/// Returns the failure that an alert of the peer is. Before its first data it judges what this side has shown.
fn alerted(alert: AlertDescription, is_early: bool) -> SocketError {
    let words = match alert {
        AlertDescription::BadCertificate => "the peer says that the certificate is bad",
        AlertDescription::UnsupportedCertificate => {
            "the peer says that the certificate is for another purpose"
        }
        AlertDescription::CertificateRevoked => "the peer says that the certificate is revoked",
        AlertDescription::CertificateExpired => {
            "the peer says that the certificate has expired, or is not valid yet"
        }
        AlertDescription::CertificateUnknown => "the peer does not take the certificate",
        AlertDescription::UnknownCA => "the peer does not know the CA of the certificate",
        AlertDescription::AccessDenied => "the peer says that the certificate names no agency",
        AlertDescription::CertificateRequired => "the peer wants a certificate",
        AlertDescription::ProtocolVersion => "the peer does not speak TLS 1.3",
        AlertDescription::NoApplicationProtocol => "the peer does not speak the protocol (ALPN) lottery",
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
            "the peer finds no cryptography in common"
        }
        AlertDescription::UnrecognisedName => "the peer does not know the name that it is called by",
        AlertDescription::DecryptError if is_early => "the peer does not take the signature",
        // These say nothing of certificates.
        AlertDescription::CloseNotify | AlertDescription::UserCanceled | AlertDescription::InternalError => {
            return SocketError::Broken("the peer broke off the TLS handshake");
        }
        _ => "the peer sent an alert of TLS",
    };
    if is_early { SocketError::NotSecured(words) } else { SocketError::Broken(words) }
}

const fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the peer's certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the peer's certificate is not valid yet"
        }
        CertificateError::Revoked => "the peer's certificate is revoked",
        CertificateError::UnknownIssuer => "the peer's certificate is of a CA that is not trusted here",
        CertificateError::UnknownRevocationStatus => {
            "no revocation list is of the CA of the peer's certificate"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the peer's certificate is for another name"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the peer's certificate is for another purpose"
        }
        CertificateError::BadSignature => "a signature of the peer, or in its certificate, is wrong",
        _ => "the peer's certificate is not valid",
    }
}

const fn incompatible(error: &PeerIncompatible) -> &'static str {
    match error {
        PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled
        | PeerIncompatible::Tls13RequiredForQuic
        | PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => "the peer does not speak TLS 1.3",
        _ => "there is no cryptography in common with the peer",
    }
}
