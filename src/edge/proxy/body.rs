//! Bodies on their way: a request's, which is lent to one attempt after the other until somebody reads it, and a response's,
//! which is not waited for without a limit. Neither is ever held as a whole.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::LengthLimitError;
use hyper::body::Body as HttpBody;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::body::SizeHint;
use tokio::time::Instant;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use crate::edge::TooSlow;
use crate::edge::proxy::headers;
use crate::edge::proxy::timing::UpstreamTime;
use crate::edge::proxy::upstreams::InFlight;
use crate::telemetry::chain;

/// A request's body, as long as nobody has begun to read it.
pub(super) struct Loan {
    shared: Arc<Shared>,
    hint: SizeHint,
    is_empty: bool,
}

struct Shared {
    state: Mutex<State>,
    /// The reader has all of it, or gave up.
    read: CancellationToken,
}

#[derive(Default)]
struct State {
    body: Option<Body>,
    fault: Option<ClientFault>,
}

/// Why a client did not send its body to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientFault {
    /// More than is taken.
    TooLong,
    /// It stood still.
    TooSlow,
    /// The connection broke.
    Gone,
}

impl Loan {
    /// Of this body.
    pub(super) fn new(body: Body) -> Self {
        let (hint, is_empty) = (body.size_hint(), body.is_end_stream());
        let state = State { body: Some(body), fault: None };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), read: CancellationToken::new() }), hint, is_empty }
    }

    /// Lends it to an attempt. Only one of them gets to read it.
    pub(super) fn lend(&self) -> LentBody {
        LentBody { shared: Arc::clone(&self.shared), body: None, hint: self.hint, is_empty: self.is_empty }
    }

    /// Nobody has begun to read it, so it can be sent again.
    pub(super) fn is_intact(&self) -> bool {
        self.is_empty || self.shared.lock().body.is_some()
    }

    /// Why the client did not send all of it, if it did not.
    pub(super) fn fault(&self) -> Option<ClientFault> {
        self.shared.lock().fault
    }

    /// Waits until the attempt has all of it.
    pub(super) async fn is_read(&self) {
        if !self.is_empty {
            self.shared.read.cancelled().await;
        }
    }

    /// How long it is, if that is known.
    pub(super) fn length(&self) -> Option<u64> {
        if self.is_empty { Some(0) } else { self.hint.exact() }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request's body in one attempt's hands. It is taken when the first part of it is asked for.
pub(super) struct LentBody {
    shared: Arc<Shared>,
    body: Option<Body>,
    hint: SizeHint,
    is_empty: bool,
}

impl HttpBody for LentBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if this.body.is_none() {
            this.body = this.shared.lock().body.take();
        }
        let Some(body) = this.body.as_mut() else { return Poll::Ready(None) };
        let mut polled = Pin::new(body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &mut polled
            && let Some(trailers) = frame.trailers_mut()
        {
            headers::filter_trailers(trailers);
        }
        match &polled {
            Poll::Ready(Some(Err(error))) => {
                this.shared.lock().fault = Some(ClientFault::of(error));
                this.shared.read.cancel();
            }
            Poll::Ready(None) => this.shared.read.cancel(),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().map_or(self.is_empty, HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| self.hint, HttpBody::size_hint)
    }
}

impl Drop for LentBody {
    fn drop(&mut self) {
        if self.body.is_some() {
            self.shared.read.cancel();
        }
    }
}

impl ClientFault {
    fn of(error: &axum::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if error.is::<LengthLimitError>() {
                return Self::TooLong;
            }
            if error.is::<TooSlow>() {
                return Self::TooSlow;
            }
            cause = error.source();
        }
        Self::Gone
    }
}

/// A response's body on its way to the client. It ends with an error, which cuts the client's connection, when the upstream
/// breaks off or is silent for too long; a client that reads slowly is no silence of the upstream's.
pub(super) struct Relayed {
    /// Gone at its end, and with it what is left of the upstream's connection.
    body: Option<Incoming>,
    read_timeout: Duration,
    silence: Option<Pin<Box<Sleep>>>,
    is_silent: bool,
    in_flight: InFlight,
    time: UpstreamTime,
}

impl Relayed {
    pub(super) fn new(body: Incoming, read_timeout: Duration, in_flight: InFlight, time: UpstreamTime) -> Self {
        Self { body: Some(body), read_timeout, silence: None, is_silent: false, in_flight, time }
    }

    /// Whether the upstream has been silent for too long, counted from the first time it was asked in vain.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let silence = self.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.read_timeout)));
        if !self.is_silent {
            self.is_silent = true;
            silence.as_mut().reset(Instant::now() + self.read_timeout);
        }
        silence.as_mut().poll(context).is_ready()
    }

    fn cut(&mut self, error: axum::Error) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.body = None;
        self.time.end();
        let upstream = self.in_flight.upstream();
        upstream.broke_off();
        tracing::warn!(upstream = &**upstream.address(), error = %chain(&error), "an upstream's answer broke off");
        Poll::Ready(Some(Err(error)))
    }
}

impl HttpBody for Relayed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let Some(body) = this.body.as_mut() else { return Poll::Ready(None) };
        match Pin::new(body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                this.is_silent = false;
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(None) => {
                this.body = None;
                this.time.end();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => this.cut(axum::Error::new(error)),
            Poll::Pending if this.is_late(context) => {
                let why = format!("nothing came for {:?} (read_timeout)", this.read_timeout);
                this.cut(axum::Error::new(std::io::Error::new(std::io::ErrorKind::TimedOut, why)))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Relayed {
    fn drop(&mut self) {
        self.time.end();
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_body_is_lent_until_somebody_reads_it() {
        let loan = Loan::new(Body::from("abc"));
        assert_eq!(loan.length(), Some(3));
        drop(loan.lend());
        assert!(loan.is_intact(), "nobody has read it");
        let mut lent = loan.lend();
        let frame = lent.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "abc");
        assert!(!loan.is_intact());
        assert!(lent.frame().await.is_none());
        loan.is_read().await;
        assert!(loan.lend().frame().await.is_none(), "it is lent once");
    }

    #[tokio::test]
    async fn no_body_is_always_intact() {
        let loan = Loan::new(Body::empty());
        assert!(loan.lend().frame().await.is_none());
        assert!(loan.is_intact());
        assert_eq!(loan.length(), Some(0));
        loan.is_read().await;
    }

    #[tokio::test]
    async fn a_body_that_is_too_long_is_the_clients_fault() {
        let limited = http_body_util::Limited::new(Body::from("abcd"), 3);
        let loan = Loan::new(Body::new(limited));
        assert!(loan.lend().frame().await.unwrap().is_err());
        assert_eq!(loan.fault(), Some(ClientFault::TooLong));
    }
}
