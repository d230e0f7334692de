//! How things stand with the certificates: for the log's readers, for metrics, and in a file for other processes.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use serde::Deserialize;
use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;

use crate::edge::acme::storage;
use crate::edge::acme::storage::Storage;
use crate::edge::acme::storage::StorageError;
use crate::edge::certificate::CertificateFacts;
use crate::telemetry::chain;

/// How things stand at one authority.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// When this was true.
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// The authority's directory.
    pub directory: String,
    /// Why the machine's clock seems to be wrong, in a sentence.
    pub clock_doubt: Option<String>,
    /// Each site whose source is the authority.
    pub sites: Vec<SiteReport>,
}

/// How things stand with one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteReport {
    /// Its names.
    pub names: Vec<String>,
    /// What is being done for it.
    pub stage: Stage,
    /// What it is served with; `None` while it has no certificate of the authority's.
    pub certificate: Option<CertificateFacts>,
    /// When the certificate is to be renewed.
    #[serde(with = "rfc3339::option")]
    pub next_renewal: Option<OffsetDateTime>,
    /// Who says so.
    pub renewal_by: Option<RenewalBy>,
    /// How the names were proven last: `http-01` or `tls-alpn-01`.
    pub challenge: Option<Method>,
    /// Orders that failed in a row.
    pub failures: u32,
    /// Why the last one failed; gone once one succeeds.
    pub last_error: Option<Failure>,
    /// When it will be repeated.
    #[serde(with = "rfc3339::option")]
    pub next_retry: Option<OffsetDateTime>,
}

/// What is being done for a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing: the next renewal or repetition is not due.
    Waiting,
    /// The authority is asked for a certificate.
    Ordering,
    /// The names are being proven.
    Proving,
    /// The names are proven, and the certificate is awaited.
    Issuing,
}

/// Who says when a certificate is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenewalBy {
    /// The authority, by ACME Renewal Information (RFC 9773).
    Authority,
    /// Two thirds of its lifetime.
    Lifetime,
}

/// How a name is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// By a page over plain HTTP.
    #[serde(rename = "http-01")]
    Http01,
    /// By a certificate in a handshake.
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
}

/// Why an order failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// What was tried, on what, and why it failed.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The authority asked not to be asked again before the next retry.
    pub is_asked_to_wait: bool,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
        })
    }
}

impl SiteReport {
    /// Of a site of which nothing is known yet.
    pub(super) fn new(names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            stage: Stage::Waiting,
            certificate: None,
            next_renewal: None,
            renewal_by: None,
            challenge: None,
            failures: 0,
            last_error: None,
            next_retry: None,
        }
    }
}

/// The report of the server that has this data folder, as it wrote it last; `None` if no site ever had an authority.
///
/// # Errors
/// The file cannot be read. Only its owner may.
pub fn read_report(data_dir: &Path) -> Result<Option<Report>, StorageError> {
    storage::read_status(data_dir)
}

/// A handle on the report of a running server. Clones show the same.
#[derive(Debug, Clone)]
pub struct Status {
    report: Arc<Mutex<Report>>,
    storage: Storage,
}

impl Status {
    pub(super) fn new(report: Report, storage: Storage) -> Self {
        Self { report: Arc::new(Mutex::new(report)), storage }
    }

    /// The report as it is now.
    pub fn report(&self) -> Report {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the report, and writes it if that changed anything beside its time. That it cannot be written is no reason
    /// to stop, only to say so.
    pub(super) async fn change(&self, at: OffsetDateTime, change: impl FnOnce(&mut Report)) {
        let changed = {
            let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
            let before = report.clone();
            change(&mut report);
            let is_same = *report == before;
            report.at = at;
            (!is_same).then(|| report.clone())
        };
        if let Some(report) = changed
            && let Err(error) = self.write(report).await
        {
            tracing::warn!(error = %chain(&error), "the status of the certificates was not written");
        }
    }

    /// Writes the report as it is.
    pub(super) async fn save(&self) -> Result<(), StorageError> {
        self.write(self.report()).await
    }

    async fn write(&self, report: Report) -> Result<(), StorageError> {
        let storage = self.storage.clone();
        off_thread(move || storage.put_status(&report)).await
    }
}

/// Runs what waits for the disk where it holds up nobody.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        let source = std::io::Error::other(error);
        Err(StorageError::Io { doing: "working on", path: "the certificates' folder".into(), source })
    })
}
