//! A request's body that may come slowly, but not stand still.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body;
use hyper::body::Frame;
use hyper::body::SizeHint;
use tokio::time::Instant;
use tokio::time::Sleep;

use crate::config::ServerLimits;

/// Why a body was given up: nothing came for too long, or too little.
#[derive(Debug, thiserror::Error)]
#[error("the request body stood still, or came too slowly")]
pub struct TooSlow;

/// A body that is given up when nothing of it comes for `transfer_timeout`, or, once it was waited for as long as that in
/// all, less than `transfer_rate_min`.
pub(super) struct Paced<B> {
    body: Pin<Box<B>>,
    limits: Arc<ServerLimits>,
    /// Since when it is waited for.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    waited: Duration,
    bytes: u64,
}

impl<B> Paced<B> {
    pub(super) fn new(body: B, limits: Arc<ServerLimits>) -> Self {
        Self { body: Box::pin(body), limits, waiting: None, waited: Duration::ZERO, bytes: 0 }
    }

    fn is_too_slow(&self) -> bool {
        self.waited >= self.limits.transfer_timeout
            && (self.bytes as f64) < self.limits.transfer_rate_min.get() as f64 * self.waited.as_secs_f64()
    }
}

impl<B> Body for Paced<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        match this.body.as_mut().poll_frame(context) {
            Poll::Ready(frame) => {
                if let Some((since, _)) = this.waiting.take() {
                    this.waited += since.elapsed();
                }
                if let Some(Ok(frame)) = &frame {
                    this.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                    if this.is_too_slow() {
                        return Poll::Ready(Some(Err(TooSlow.into())));
                    }
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                let limit = this.limits.transfer_timeout;
                let (_, sleep) =
                    this.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(limit))));
                ready!(sleep.as_mut().poll(context));
                Poll::Ready(Some(Err(TooSlow.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
