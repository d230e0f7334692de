//! Authorities that are trusted because a file names them.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem;
use rustls::pki_types::pem::PemObject as _;

/// The certificates of a PEM file.
///
/// # Errors
/// Which file is wrong, how, and what is allowed.
pub fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, pem::Error> =
        CertificateDer::pem_file_iter(path).and_then(|certificates| certificates.collect());
    let why = match certificates {
        Ok(certificates) => match roots(&certificates).len() {
            0 if certificates.is_empty() => "it holds no certificate".to_owned(),
            usable if usable < certificates.len() => {
                format!("{} of its certificates cannot be read", certificates.len() - usable)
            }
            _ => return Ok(certificates),
        },
        Err(pem::Error::Io(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    let allowed = "a PEM file of the authorities' own certificates, one or more CERTIFICATE blocks";
    Err(format!("reading {}: {why}; allowed: {allowed}", path.display()))
}

/// What is trusted if these certificates are. One that cannot be read is left out.
pub fn roots(certificates: &[CertificateDer<'static>]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().cloned());
    roots
}
