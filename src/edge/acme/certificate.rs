//! Certificates that were issued, and the one that proves a name in a handshake.

use std::sync::Arc;

use instant_acme::CertificateIdentifier;
use rcgen::CertificateParams;
use rcgen::CustomExtension;
use rcgen::DistinguishedName;
use rcgen::KeyPair;
use rustls::crypto::aws_lc_rs;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;

use crate::edge::certificate::CertificateFacts;

/// A certificate that was issued, with its chain and its private key.
pub(super) struct Issued {
    /// Key and chain as they are stored.
    pub(super) pem: Arc<str>,
    /// The same, to be served.
    pub(super) certified: CertifiedKey,
    pub(super) facts: CertificateFacts,
}

impl Issued {
    /// Reads a private key and a chain.
    ///
    /// # Errors
    /// Why they cannot be served.
    pub(super) fn parse(pem: &str) -> Result<Self, String> {
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| format!("no private key: {error}"))?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let chain = chain.map_err(|error| format!("no certificate: {error}"))?;
        let facts = CertificateFacts::of(chain.first().ok_or("no certificate in it")?)?;
        let certified = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
            .map_err(|error| format!("the private key and the certificate: {error}"))?;
        Ok(Self { pem: pem.into(), certified, facts })
    }

    /// How authorities call it when they speak of its renewal (RFC 9773 §4.1); `None` if it does not say who issued it.
    pub(super) fn id(&self) -> Option<CertificateIdentifier<'static>> {
        let leaf = self.certified.cert.first()?;
        CertificateIdentifier::try_from(leaf).ok().map(CertificateIdentifier::into_owned)
    }
}

/// A new private key, and the request to certify it for these names (DER).
///
/// The subject stays empty: a certificate's names are its alternative names, and authorities fill in what they want.
pub(super) fn request(names: &[String]) -> Result<(KeyPair, Vec<u8>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    Ok((key, request.der().to_vec()))
}

/// The certificate that proves a name in a handshake: signed by itself, with the digest of what the authority expects
/// (RFC 8737 §3).
pub(super) fn proof(name: &str, digest: &[u8; 32]) -> Result<CertifiedKey, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    // Whether they match is not asked: what reads certificates there refuses the extension, which is critical.
    let key = any_supported_type(&key).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

#[cfg(test)]
pub(super) mod tests {
    use rcgen::date_time_ymd;

    use super::*;

    /// A self-signed certificate as it would be stored.
    pub(in crate::edge::acme) fn self_signed(names: &[&str]) -> String {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2026, 4, 1));
        key.serialize_pem() + &params.self_signed(&key).unwrap().pem()
    }

    #[test]
    fn a_stored_certificate_is_read_with_what_is_in_it() {
        let issued = Issued::parse(&self_signed(&["chat.bank.example", "192.0.2.7", "2001:db8::1"])).unwrap();
        assert_eq!(issued.facts.names, ["chat.bank.example", "192.0.2.7", "2001:db8::1"]);
        assert_eq!(issued.facts.not_after, date_time_ymd(2026, 4, 1));
    }

    #[test]
    fn what_cannot_be_served_is_told() {
        let (ours, other) = (self_signed(&["a.example"]), self_signed(&["a.example"]));
        let key = &ours[..ours.find("-----BEGIN CERTIFICATE").unwrap()];
        let certificate = &other[other.find("-----BEGIN CERTIFICATE").unwrap()..];
        for (pem, expected) in [
            (String::new(), "no private key"),
            (certificate.to_owned(), "no private key"),
            (key.to_owned(), "no certificate"),
            (format!("{key}{certificate}"), "the private key and the certificate"),
            (ours.replace("MII", "AAA"), ""),
            (ours[..ours.len() / 2].to_owned(), ""),
        ] {
            let why = Issued::parse(&pem).err().unwrap();
            assert!(why.contains(expected), "{expected}: {why}");
        }
    }
}
