//! Reading certificates and keys.

use std::path::Path;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

/// A certificate with its chain, the leaf first, and its private key in PKCS #8.
pub(in crate::edge) fn from_der(
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
) -> Result<CertifiedKey, rustls::Error> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
}

/// The certificate and chain of one PEM file and the key of another.
///
/// # Errors
/// Which file is wrong, how, and what is expected.
pub(in crate::edge) fn from_files(certificate: &Path, key: &Path) -> Result<CertifiedKey, String> {
    let (shown, shown_key) = (certificate.display(), key.display());
    let chain: Result<Vec<_>, pem::Error> =
        CertificateDer::pem_file_iter(certificate).and_then(|certificates| certificates.collect());
    let chain = chain.map_err(|error| format!("reading {shown}: {}", told(error)))?;
    if chain.is_empty() {
        return Err(format!("{shown} holds no certificate; expected: PEM, the site's certificate and then its chain"));
    }
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("reading {shown_key}: {}; expected: one private key as PEM", told(error)))?;
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|error| {
        if matches!(error, rustls::Error::InconsistentKeys(_)) {
            format!("{shown_key} is not the key of the first certificate in {shown}; the site's own stands first")
        } else {
            format!("{shown} with {shown_key}: {error}")
        }
    })
}

fn told(error: pem::Error) -> String {
    if let pem::Error::Io(error) = error {
        return error.to_string();
    }
    if matches!(error, pem::Error::NoItemsFound) { "it holds none".to_owned() } else { error.to_string() }
}

/// From when and until when a certificate is valid.
///
/// # Errors
/// Why it cannot be read.
pub(in crate::edge) fn validity(certificate: &CertificateDer<'_>) -> Result<(OffsetDateTime, OffsetDateTime), String> {
    let (_, parsed) = parse_x509_certificate(certificate).map_err(|error| error.to_string())?;
    let validity = parsed.validity();
    Ok((validity.not_before.to_datetime(), validity.not_after.to_datetime()))
}

/// Who signed a certificate.
///
/// # Errors
/// Why it cannot be read.
pub(in crate::edge) fn issuer(certificate: &CertificateDer<'_>) -> Result<String, String> {
    let (_, parsed) = parse_x509_certificate(certificate).map_err(|error| error.to_string())?;
    Ok(parsed.issuer().to_string())
}

/// Those of `names` that a certificate is not for.
pub(in crate::edge) fn names_missing(certificate: &CertificateDer<'_>, names: &[String]) -> Vec<String> {
    let Ok((_, parsed)) = parse_x509_certificate(certificate) else { return names.to_vec() };
    let Ok(Some(alternatives)) = parsed.subject_alternative_name() else { return names.to_vec() };
    let covers = |name: &&String| {
        alternatives.value.general_names.iter().any(|covered| {
            if let GeneralName::DNSName(covered) = covered {
                is_covered(name, covered)
            } else {
                matches!(covered, GeneralName::IPAddress(bytes) if is_address(name, bytes))
            }
        })
    };
    names.iter().filter(|name| !covers(name)).cloned().collect()
}

/// Whether a certificate's name is for a host name: the same, or a wildcard for its first label (RFC 9525 §6.3).
fn is_covered(name: &str, covered: &str) -> bool {
    let covered = covered.to_ascii_lowercase();
    let parent = name.split_once('.').map(|(_, parent)| parent);
    name == covered || covered.strip_prefix("*.").is_some_and(|wild| parent == Some(wild))
}

fn is_address(name: &str, bytes: &[u8]) -> bool {
    match name.parse() {
        Ok(std::net::IpAddr::V4(address)) => address.octets() == bytes,
        Ok(std::net::IpAddr::V6(address)) => address.octets() == bytes,
        Err(_) => false,
    }
}
