//! Clients that show a certificate of their own (mutual TLS).

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use crate::authorities;
use crate::config::ClientCertificates;
use crate::edge::tls::TlsError;

/// What is asked of clients.
pub(super) struct Verifiers {
    /// A certificate if they have one; `None` asks for none.
    pub(super) optional: Option<Arc<dyn ClientCertVerifier>>,
    /// A certificate, or no connection.
    pub(super) required: Option<Arc<dyn ClientCertVerifier>>,
}

impl Verifiers {
    /// # Errors
    /// Why the authority's file cannot be used.
    pub(super) fn new(settings: &ClientCertificates, data_dir: &Path) -> Result<Self, TlsError> {
        let Some(file) = &settings.ca_file else { return Ok(Self { optional: None, required: None }) };
        let file = data_dir.join(file);
        let told = |why: String| TlsError::ClientAuthority(format!("{}: {why}", file.display()));
        let certificates = authorities::read(&file).map_err(TlsError::ClientAuthority)?;
        let roots = Arc::new(authorities::roots(&certificates));
        let provider = || Arc::new(aws_lc_rs::default_provider());
        let builder = || WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider());
        let asked = !settings.prefixes.is_empty();
        let optional = asked.then(|| builder().allow_unauthenticated().build());
        let optional = optional.transpose().map_err(|error| told(error.to_string()))?;
        let required = builder().build().map_err(|error| told(error.to_string()))?;
        Ok(Self { optional: optional.map(|verifier| verifier as _), required: Some(required) })
    }
}
