//! The HTTPS client that the authority is asked with: its roots and its limits, and what answers tell beside their content.

use std::error::Error as _;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::Limited;
use hyper_rustls::ConfigBuilderExt as _;
use hyper_rustls::HttpsConnector;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::BodyWrapper;
use instant_acme::BytesResponse;
use instant_acme::HttpClient;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use time::OffsetDateTime;

use crate::authorities;
use crate::clock::Clock;
use crate::edge::acme::error::AcmeError;

/// For one request and its answer. Authorities issue in later requests, so none takes long.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A chain of certificates, the longest answer, has some ten kilobytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

type Connection = legacy::Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>;

/// What answers tell beside their content. Clones are one.
#[derive(Clone, Default)]
pub(super) struct Heard {
    shared: Arc<Mutex<Remarks>>,
}

#[derive(Default)]
struct Remarks {
    ahead: Option<time::Duration>,
    retry_after: Option<Duration>,
}

impl Heard {
    /// How far this machine's clock was ahead of the authority's at its last answer.
    pub(super) fn clock_ahead(&self) -> Option<time::Duration> {
        self.remarks().ahead
    }

    /// How long the authority asked to wait when it refused last. Told once.
    pub(super) fn take_retry_after(&self) -> Option<Duration> {
        self.remarks().retry_after.take()
    }

    fn note(&self, status: StatusCode, headers: &HeaderMap, now: OffsetDateTime) {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let date = |text: &str| httpdate::parse_http_date(text).map(OffsetDateTime::from).ok();
        let there = text(header::DATE).and_then(date);
        let mut remarks = self.remarks();
        remarks.ahead = there.map(|there| now - there).or(remarks.ahead);
        if status.is_client_error() || status.is_server_error() {
            remarks.retry_after = text(header::RETRY_AFTER).and_then(|text| match text.trim().parse() {
                Ok(seconds) => Some(Duration::from_secs(seconds)),
                // By its own clock, which may be right where ours is not.
                Err(_) => Duration::try_from(date(text)? - there.unwrap_or(now)).ok(),
            });
        }
    }

    fn remarks(&self) -> MutexGuard<'_, Remarks> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the authority.
#[derive(Clone)]
pub(super) struct Client {
    connection: Connection,
    heard: Heard,
    clock: Clock,
}

impl Client {
    /// Trusts the roots in a file, or the system's.
    ///
    /// # Errors
    /// The roots cannot be read.
    pub(super) fn new(roots: Option<&Path>, heard: &Heard, clock: &Clock) -> Result<Self, AcmeError> {
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| AcmeError::Client(format!("preparing TLS: {error}")))?;
        let config = match roots {
            Some(path) => {
                let certificates = authorities::read(path).map_err(AcmeError::Client)?;
                builder.with_root_certificates(authorities::roots(&certificates))
            }
            None => builder
                .with_native_roots()
                .map_err(|error| AcmeError::Client(format!("reading the system's root certificates: {error}")))?,
        };
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config.with_no_client_auth())
            .https_only()
            .enable_http1()
            .wrap_connector(connector);
        let connection = legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { connection, heard: heard.clone(), clock: clock.clone() })
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let uri = request.uri().clone();
        let asked = tokio::time::timeout(REQUEST_TIMEOUT, self.clone().ask(request));
        Box::pin(async move {
            let outcome = asked.await.unwrap_or_else(|_| Err(format!("no answer within {REQUEST_TIMEOUT:?}")));
            outcome.map_err(|why| instant_acme::Error::Other(Box::new(Unanswered { uri, why })))
        })
    }
}

impl Client {
    async fn ask(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, String> {
        let response = self.connection.request(request).await.map_err(|error| {
            // Its own words say only that it is an error of a client.
            error.source().map_or_else(|| error.to_string(), |cause| crate::telemetry::chain(cause).to_string())
        })?;
        let (parts, body) = response.into_parts();
        self.heard.note(parts.status, &parts.headers, self.clock.now_utc());
        let bytes = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let bytes = bytes.map_err(|error| format!("reading the answer: {error}"))?.to_bytes();
        let is_refusal = parts.status.is_client_error() || parts.status.is_server_error();
        if is_refusal && serde_json::from_slice::<serde_json::Value>(&bytes).is_err() {
            return Err(format!("the answer was {}", parts.status));
        }
        Ok(BytesResponse { parts, body: Box::new(bytes) })
    }
}

/// An address that gave no answer, or none that an authority would give.
#[derive(Debug)]
struct Unanswered {
    uri: Uri,
    why: String,
}

impl std::error::Error for Unanswered {}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "asking {}: {}", self.uri, self.why)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn answers_tell_the_time_and_how_long_to_wait() {
        let heard = Heard::default();
        let now = datetime!(2026-11-28 12:10 UTC);
        let note = |status: u16, retry_after: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::DATE, HeaderValue::from_static("Sat, 28 Nov 2026 12:00:00 GMT"));
            headers.extend(retry_after.map(|text| (header::RETRY_AFTER, HeaderValue::from_static(text))));
            heard.note(StatusCode::from_u16(status).unwrap(), &headers, now);
            heard.take_retry_after()
        };
        assert_eq!(note(200, Some("10")), None, "no refusal");
        assert_eq!(heard.clock_ahead(), Some(time::Duration::minutes(10)));
        assert_eq!(note(429, Some("3600")), Some(Duration::from_hours(1)));
        assert_eq!(note(503, Some("Sat, 28 Nov 2026 12:05:00 GMT")), Some(Duration::from_mins(5)));
        assert_eq!(note(503, Some("Sat, 28 Nov 2026 11:05:00 GMT")), None, "in the past");
        assert_eq!(note(400, None), None);
        heard.note(StatusCode::OK, &HeaderMap::new(), now);
        assert!(heard.clock_ahead().is_some(), "an answer without a date says nothing new");
    }
}
