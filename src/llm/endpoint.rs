//! One endpoint: how it is reached and asked.

use std::error::Error;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use http_body_util::Limited;
use hyper::Method;
use hyper::Request as HttpRequest;
use hyper::Response;
use hyper::Uri;
use hyper::body::Incoming;
use hyper::header;
use hyper::header::HeaderValue;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use rustls::ClientConfig;
use rustls::InvalidMessage;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tower::BoxError;
use tower::timeout::Timeout;
use tower::util::BoxCloneSyncService;

use crate::authorities;
use crate::config::LlmEndpoint;
use crate::config::LlmRole;
use crate::llm::Failure;
use crate::llm::Request;
use crate::llm::request::Body;
use crate::llm::stream::Pieces;
use crate::llm::stream::message_of;
use crate::telemetry::chain;

/// What is read of a refusal, and of a list of models.
const REFUSAL_BYTES_MAX: usize = 16 << 10;
const MODELS_BYTES_MAX: usize = 1 << 20;
/// How long reading the rest of a refusal may take.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections that are kept for the next question.
const IDLE_CONNECTIONS_MAX: usize = 16;
/// Shorter than what servers and firewalls between keep.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;
type Http = Client<Connector, Full<Bytes>>;

/// An endpoint.
pub(super) struct Endpoint {
    pub(super) name: String,
    pub(super) roles: Vec<LlmRole>,
    pub(super) weight: u32,
    pub(super) concurrent_max: usize,
    pub(super) legacy_variable: Option<&'static str>,
    base: String,
    model: OnceCell<String>,
    authorization: Option<HeaderValue>,
    temperature: f64,
    http: Http,
}

impl Endpoint {
    /// As configured; `ca_file` is where the file of its authorities is.
    ///
    /// # Errors
    /// What is wrong with that file, or with the key.
    pub(super) fn new(
        settings: &LlmEndpoint,
        ca_file: Option<PathBuf>,
        connect_timeout: Duration,
        temperature: f64,
    ) -> Result<Self, String> {
        let authorization = settings.api_key.as_ref().map(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.reveal()))
                .map_err(|_| "the key holds a character that no header can".to_owned())?;
            value.set_sensitive(true);
            Ok::<_, String>(value)
        });
        let model = settings.model.clone();
        Ok(Self {
            name: settings.name.clone(),
            roles: settings.roles.clone(),
            weight: settings.weight,
            concurrent_max: settings.concurrent_max,
            legacy_variable: settings.legacy_variable,
            base: settings.url.as_str().to_owned(),
            model: if model.is_empty() { OnceCell::new() } else { OnceCell::new_with(Some(model)) },
            authorization: authorization.transpose()?,
            temperature,
            http: client(roots(settings, ca_file.as_deref())?, connect_timeout)?,
        })
    }

    /// The model that is asked for; empty until the endpoint said which one it has.
    pub(super) fn model(&self) -> &str {
        self.model.get().map_or("", String::as_str)
    }

    /// Sends a question; the pieces of the answer.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn ask(&self, request: &Request) -> Result<Pieces, Failure> {
        let model = self.model.get_or_try_init(async || self.only_model().await).await?;
        let body = Body::json(request, model, self.temperature);
        let response = self.send(Method::POST, "/chat/completions", body).await?;
        Pieces::of(response)
    }

    /// The names of the models it has.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn models(&self) -> Result<Vec<String>, Failure> {
        #[derive(Deserialize)]
        struct Models {
            data: Vec<Model>,
        }
        #[derive(Deserialize)]
        struct Model {
            id: String,
        }
        let response = self.send(Method::GET, "/models", Vec::new()).await?;
        let body = Limited::new(response.into_body(), MODELS_BYTES_MAX).collect().await;
        let body = body.map_err(|_| Failure::CutOff)?.to_bytes();
        let models: Models = serde_json::from_slice(&body)
            .map_err(|error| Failure::Malformed(format!("{error} in the list of its models")))?;
        Ok(models.data.into_iter().map(|model| model.id).collect())
    }

    async fn only_model(&self) -> Result<String, Failure> {
        let models = self.models().await?;
        models.into_iter().next().ok_or_else(|| Failure::Malformed("it has no model".to_owned()))
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Response<Incoming>, Failure> {
        let mut request = HttpRequest::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "text/event-stream, application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Full::from(body)).map_err(|error| Failure::Connection(error.to_string()))?;
        let response = self.http.request(request).await;
        let response = response.map_err(|error| failure_of(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let body = Limited::new(response.into_body(), REFUSAL_BYTES_MAX).collect();
        let message = match tokio::time::timeout(REFUSAL_TIMEOUT, body).await {
            Ok(Ok(body)) => message_of(&body.to_bytes()),
            Ok(Err(_)) | Err(_) => String::new(),
        };
        Err(Failure::Status { status, retry_after, message })
    }
}

/// Why there is no response.
fn failure_of(error: &(dyn Error + 'static)) -> Failure {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) = error.downcast_ref() {
            return Failure::NotTls;
        }
        // The source of an I/O error is not what is in it but the source of that.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = inside.map(|inside| inside as &(dyn Error + 'static)).or_else(|| error.source());
    }
    Failure::Connection(chain(error).to_string())
}

/// Whom an endpoint's certificate may come from. The system's are read only if a certificate has to be checked.
fn roots(settings: &LlmEndpoint, ca_file: Option<&Path>) -> Result<RootCertStore, String> {
    match ca_file {
        Some(file) => Ok(authorities::roots(&authorities::read(file)?)),
        None if !settings.url.is_https() => Ok(RootCertStore::empty()),
        None => {
            let roots = authorities::roots(&rustls_native_certs::load_native_certs().certs);
            let remedy = "install ca-certificates, or set ca_file";
            if roots.is_empty() { Err(format!("the system has no trusted authorities; {remedy}")) } else { Ok(roots) }
        }
    }
}

fn client(roots: RootCertStore, connect_timeout: Duration) -> Result<Http, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("preparing TLS: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect_timeout));
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_timer(TokioTimer::new())
        .build(BoxCloneSyncService::new(Timeout::new(connector, connect_timeout))))
}
