//! Reading certificates and keys.

use std::path::Path;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;

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
