//! Agency that a certificate names.

use lottery_proto::AgencyId;
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// Scheme of the name that an agency has in a certificate.
const SCHEME: &str = "agency";

/// Reasons for which a certificate is of no agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// It cannot be read.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// No URI among its alternative names has the scheme `agency`.
    #[error("the certificate names no agency: it has no URI agency:N")]
    None,
    /// Several have.
    #[error("the certificate names several agencies")]
    Several,
    /// The number is not one of an agency, or is not written as it is here.
    #[error("the certificate does not name its agency as agency:N, N from 1 to 99999")]
    Malformed,
}

impl IdentityError {
    /// Returns the text of the error.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Unreadable => "the certificate cannot be read",
            Self::None => "the certificate names no agency: it has no URI agency:N",
            Self::Several => "the certificate names several agencies",
            Self::Malformed => "the certificate does not name its agency as agency:N, N from 1 to 99999",
        }
    }
}

/// Returns the agency of a certificate: the one URI among its alternative names that has the scheme `agency`, and is
/// `agency:N`, without leading zeros. Other names, and the common name, say nothing.
///
/// # Errors
/// There is none, there are several, or it is written otherwise.
pub(crate) fn agency_of(certificate: &CertificateDer<'_>) -> Result<AgencyId, IdentityError> {
    let certificate = EndEntityCert::try_from(certificate).map_err(|_| IdentityError::Unreadable)?;
    let has_scheme = |uri: &&str| {
        uri.split_once(':').is_some_and(|(scheme, _)| scheme.trim().eq_ignore_ascii_case(SCHEME))
    };
    let mut uris = certificate.valid_uri_names().filter(has_scheme);
    let uri = uris.next().ok_or(IdentityError::None)?;
    if uris.next().is_some() {
        return Err(IdentityError::Several);
    }
    let digits = uri.strip_prefix(SCHEME).and_then(|rest| rest.strip_prefix(':'));
    let number = digits.filter(|digits| !digits.starts_with('0')).and_then(|digits| digits.parse().ok());
    number.ok_or(IdentityError::Malformed)
}
