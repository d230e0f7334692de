//! An authority of this installation's own, for networks that no public authority reaches.
//!
//! A root that devices are told to trust once signs an intermediate, and that signs each site's certificate. All of it is
//! made when it is first needed and kept in `tls/local_ca` of the data folder; what nears its end is made anew, but for the
//! root, since nobody can make devices trust another.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::DnType;
use rcgen::ExtendedKeyUsagePurpose;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rcgen::KeyUsagePurpose;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::edge::certificate::CertificateFacts;
use crate::edge::private_file;
use crate::edge::tls::certificate;
use crate::edge::tls::keeper::installation;

const DAY: Duration = Duration::from_hours(24);
/// How long each kind is valid. Browsers take at most 825 days of a private authority's leaf.
const ROOT_LIFE: Duration = DAY.saturating_mul(20 * 365);
const INTERMEDIATE_LIFE: Duration = DAY.saturating_mul(5 * 365);
const LEAF_LIFE: Duration = DAY.saturating_mul(90);
/// A device's clock may be behind ours.
const BACKDATED: Duration = DAY;

/// What to do about a file. A new authority is the last resort: every device has to trust its root anew.
fn remedy(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return "it is another user's, or its folder is: give the whole data folder to the user who runs the server (chown -R), \
                and run this program as that user only";
    }
    "restore it from a backup, or remove its folder to begin with a new authority"
}

/// Why the authority is of no use.
#[derive(Debug, thiserror::Error)]
pub enum LocalCaError {
    /// A file of its own.
    #[error("{path} cannot be used; {remedy}", remedy = remedy(source))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file holds something else than it should.
    #[error(
        "{path} cannot be used: {why}; restore it from a backup, or remove its folder to begin with a new authority"
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A certificate could not be made.
    #[error("making a certificate")]
    Make(#[from] rcgen::Error),
    /// A key that was made cannot be used.
    #[error("using a certificate that was just made")]
    Use(#[from] rustls::Error),
}

/// The authority.
pub struct LocalCa {
    root: Authority,
    intermediate: Authority,
}

/// A certificate that signs others.
struct Authority {
    pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    not_after: OffsetDateTime,
}

/// What a certificate is to be.
struct Kind {
    common_name: String,
    life: Duration,
    /// How many authorities may stand below it.
    depth: u8,
}

impl LocalCa {
    /// The authority in the data folder of this machine, made if there is none.
    ///
    /// # Errors
    /// [`LocalCaError`]
    pub fn open_here(data_dir: &Path, clock: &Clock) -> Result<Self, LocalCaError> {
        Self::open(data_dir, &installation(), clock.now_utc())
    }

    /// The authority in the data folder, made if there is none. `installation` is part of its name, for people.
    ///
    /// # Errors
    /// [`LocalCaError`]
    pub fn open(data_dir: &Path, installation: &str, now: OffsetDateTime) -> Result<Self, LocalCaError> {
        let folder = data_dir.join("tls/local_ca");
        let root = match Authority::load(&folder, "root")? {
            Some(root) => root,
            None => {
                let common_name = format!("bank-aicc root of {installation}");
                let kind = Kind { common_name, life: ROOT_LIFE, depth: 1 };
                Authority::make(&folder, "root", &kind, None, now)?
            }
        };
        let intermediate = Self::intermediate(&folder, &root, installation, now)?;
        Ok(Self { root, intermediate })
    }

    fn intermediate(
        folder: &Path,
        root: &Authority,
        installation: &str,
        now: OffsetDateTime,
    ) -> Result<Authority, LocalCaError> {
        match Authority::load(folder, "intermediate")? {
            Some(found) if found.not_after - now > LEAF_LIFE * 2 => Ok(found),
            Some(_) | None => {
                let common_name = format!("bank-aicc intermediate of {installation}");
                let kind = Kind { common_name, life: INTERMEDIATE_LIFE, depth: 0 };
                Authority::make(folder, "intermediate", &kind, Some(root), now)
            }
        }
    }

    /// The root, as PEM, for devices to trust.
    pub fn root_pem(&self) -> &str {
        &self.root.pem
    }

    /// Until when the root is valid.
    pub fn root_not_after(&self) -> OffsetDateTime {
        self.root.not_after
    }

    /// A certificate for these names, signed now.
    ///
    /// # Errors
    /// [`LocalCaError`]
    pub fn issue(&self, names: &[String], now: OffsetDateTime) -> Result<Arc<CertifiedKey>, LocalCaError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, names.first().map_or("localhost", String::as_str));
        params.not_before = now - BACKDATED;
        params.not_after = (now + LEAF_LIFE).min(self.intermediate.not_after);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&key, &self.intermediate.issuer)?;
        let chain = vec![leaf.der().clone(), self.intermediate.der.clone()];
        Ok(Arc::new(certificate::from_der(chain, key.serialize_der())?))
    }
}

impl Authority {
    /// What is stored under a name; `None` if nothing is.
    fn load(folder: &Path, name: &str) -> Result<Option<Self>, LocalCaError> {
        let (certificate_path, key_path) = paths(folder, name);
        let read = |path: &Path| fs::read_to_string(path);
        let pem = match read(&certificate_path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LocalCaError::File { path: certificate_path, source }),
        };
        let key = read(&key_path).map_err(|source| LocalCaError::File { path: key_path.clone(), source })?;
        let key = KeyPair::from_pem(&key).map_err(|error| content(&key_path, error))?;
        let issuer = Issuer::from_ca_cert_pem(&pem, key).map_err(|error| content(&certificate_path, error))?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| content(&certificate_path, error))?;
        let facts = CertificateFacts::of(&der).map_err(|error| content(&certificate_path, error))?;
        Ok(Some(Self { pem, der, issuer, not_after: facts.not_after }))
    }

    /// Makes one and stores it, the key first: a certificate without its key would be of no use.
    fn make(
        folder: &Path,
        name: &str,
        kind: &Kind,
        signed_by: Option<&Self>,
        now: OffsetDateTime,
    ) -> Result<Self, LocalCaError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, kind.common_name.as_str());
        params.not_before = now - BACKDATED;
        params.not_after = now + kind.life;
        if let Some(above) = signed_by {
            params.not_after = params.not_after.min(above.not_after);
        }
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(kind.depth));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = true;
        let certificate = match signed_by {
            Some(above) => params.signed_by(&key, &above.issuer)?,
            None => params.self_signed(&key)?,
        };
        let (certificate_path, key_path) = paths(folder, name);
        let pem = certificate.pem();
        for (path, content) in [(&key_path, &key.serialize_pem()), (&certificate_path, &pem)] {
            private_file::write(path, content.as_bytes())
                .map_err(|source| LocalCaError::File { path: path.clone(), source })?;
        }
        let not_after = params.not_after;
        Ok(Self { pem, der: certificate.der().clone(), issuer: Issuer::new(params, key), not_after })
    }
}

fn paths(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")))
}

fn content(path: &Path, error: impl std::fmt::Display) -> LocalCaError {
    LocalCaError::Content { path: path.to_owned(), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::ServerName;
    use rustls::pki_types::UnixTime;

    use super::*;

    fn verify(root: &str, leaf: &CertifiedKey, name: &str, at: OffsetDateTime) -> Result<(), rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(at.unix_timestamp().try_into().unwrap()));
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&leaf.cert[0], &leaf.cert[1..], &name, &[], at).map(|_| ())
    }

    #[test]
    fn a_client_that_trusts_the_root_trusts_each_site() {
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + DAY * 20_000;
        let authority = LocalCa::open(folder.path(), "branch-7", now).unwrap();
        let names = ["chat.branch.example", "10.1.2.3"].map(str::to_owned);
        let leaf = authority.issue(&names, now).unwrap();
        for name in &names {
            verify(authority.root_pem(), &leaf, name, now).unwrap();
            verify(authority.root_pem(), &leaf, name, now + DAY * 89).unwrap();
            verify(authority.root_pem(), &leaf, name, now + DAY * 91).unwrap_err();
        }
        verify(authority.root_pem(), &leaf, "other.example", now).unwrap_err();

        let later = now + DAY * 365 * 6;
        let again = LocalCa::open(folder.path(), "branch-7", later).unwrap();
        assert_eq!(again.root_pem(), authority.root_pem(), "the root stays");
        assert_ne!(again.intermediate.pem, authority.intermediate.pem, "the intermediate was about to end");
        verify(authority.root_pem(), &again.issue(&names, later).unwrap(), &names[0], later).unwrap();
    }

    #[test]
    fn a_damaged_authority_is_told_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + DAY * 20_000;
        LocalCa::open(folder.path(), "branch-7", now).unwrap();
        let key = folder.path().join("tls/local_ca/root.key");
        fs::write(&key, "nonsense").unwrap();
        let error = LocalCa::open(folder.path(), "branch-7", now).err().unwrap().to_string();
        assert!(error.contains("root.key cannot be used") && error.contains("backup"), "{error}");
        fs::remove_file(&key).unwrap();
        assert!(LocalCa::open(folder.path(), "branch-7", now).is_err());
    }
}
