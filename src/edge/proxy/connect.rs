//! Connections to upstreams: TCP to each of the name's addresses in turn, and TLS where the upstream is https.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::http::Uri;
use hyper::rt::ReadBufCursor;
use hyper_util::client::legacy::connect::Connected;
use hyper_util::client::legacy::connect::Connection;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsConnector;
use tower::Service;
use tower::ServiceExt as _;

/// How often TCP asks whether a silent upstream is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Opens connections within a time limit.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    tls: Option<TlsConnector>,
    connect_timeout: Duration,
    send_timeout: Duration,
}

/// An open connection to an upstream.
pub(super) struct Wire {
    io: TokioIo<Pin<Box<dyn Io>>>,
    use_of: Use,
}

/// What a connection has been used for, in the extensions of its responses and errors.
#[derive(Debug, Clone, Default)]
pub(super) struct Use {
    flags: Arc<Flags>,
}

#[derive(Debug, Default)]
struct Flags {
    was_written_to: AtomicBool,
    has_answered: AtomicBool,
}

trait Io: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Io for T {}

impl Connector {
    /// `tls` is for https upstreams.
    pub(super) fn new(tls: Option<Arc<ClientConfig>>, connect_timeout: Duration, send_timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        // Shared among the addresses of a name, so that one that swallows everything does not use up the others' time.
        tcp.set_connect_timeout(Some(connect_timeout));
        Self { tcp, tls: tls.map(TlsConnector::from), connect_timeout, send_timeout }
    }

    async fn connect(self, uri: Uri) -> io::Result<Wire> {
        let stream = self.tcp.oneshot(uri.clone()).await.map_err(|error| {
            let is_late = timed_out(&error);
            io::Error::new(if is_late { io::ErrorKind::TimedOut } else { io::ErrorKind::ConnectionRefused }, error)
        })?;
        let mut stream = TimeoutStream::new(stream.into_inner());
        stream.set_write_timeout(Some(self.send_timeout));
        let stream = Box::pin(stream);
        let io: Pin<Box<dyn Io>> = if uri.scheme_str() == Some("https") {
            let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let tls = self.tls.ok_or_else(|| io::Error::other("no TLS is configured"))?;
            Box::pin(tls.connect(name, stream).await?)
        } else {
            stream
        };
        Ok(Wire { io: TokioIo::new(io), use_of: Use::default() })
    }
}

impl Service<Uri> for Connector {
    type Response = Wire;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Wire>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let connect_timeout = connector.connect_timeout;
            let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
            tokio::time::timeout(connect_timeout, connector.connect(uri)).await.map_err(late)?
        })
    }
}

impl Use {
    /// Nothing of a request was sent on it.
    pub(super) fn is_untouched(&self) -> bool {
        !self.flags.was_written_to.load(Ordering::Relaxed)
    }

    /// It has served a request before.
    pub(super) fn has_answered(&self) -> bool {
        self.flags.has_answered.load(Ordering::Relaxed)
    }

    /// It served one.
    pub(super) fn answered(&self) {
        self.flags.has_answered.store(true, Ordering::Relaxed);
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.use_of.clone())
    }
}

impl hyper::rt::Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl hyper::rt::Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.use_of.flags.was_written_to.store(true, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.use_of.flags.was_written_to.store(true, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

/// Whether some time limit is what an error comes from.
pub(super) fn timed_out(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        cause = error.source();
    }
    false
}
