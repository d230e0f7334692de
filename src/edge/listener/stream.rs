//! A connection's bytes, with an eye on their pace: below TLS, where it is seen what the client's system takes, and above it,
//! where it is seen whether there is more for it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Context;
use std::task::Poll;

use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio_util::io::InspectWriter;

use crate::edge::listener::activity::Activity;

/// A stream that tells [`Activity`] what happens on it.
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    fn note_write(&self, polled: &Poll<io::Result<usize>>) {
        if polled.is_pending() {
            self.activity.stalled();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.activity.received();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note_write(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.note_write(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        match polled {
            Poll::Ready(_) => self.activity.flushed(),
            Poll::Pending => self.activity.stalled(),
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(context);
        if polled.is_pending() {
            self.activity.stalled();
        }
        polled
    }
}

/// A stream that counts the bytes it takes.
pub(super) fn metered<S: AsyncWrite>(stream: S, taken: Arc<AtomicU64>) -> InspectWriter<S, impl FnMut(&[u8])> {
    InspectWriter::new(stream, move |bytes| {
        taken.fetch_add(bytes.len() as u64, Relaxed);
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt as _;

    use super::*;
    use crate::config::Config;
    use crate::edge::listener::activity::Verdict;

    /// As below TLS, whose buffer still holds the end of an answer that was written long ago.
    #[tokio::test]
    async fn what_the_system_takes_is_seen_after_the_last_write() {
        let mut limits = Config::default().server.limits;
        limits.transfer_timeout = Duration::from_millis(20);
        let (below, _client) = tokio::io::duplex(64 << 10);
        let taken = Arc::default();
        let mut below = metered(below, Arc::clone(&taken));
        let activity = Activity::new(false, Arc::default(), taken);
        activity.stalled();
        for _ in 0..3 {
            tokio::time::sleep(limits.transfer_timeout).await;
            below.write_all(&[0; 8 << 10]).await.unwrap();
            assert!(matches!(activity.judge(&limits), Verdict::WaitUntil(_)));
        }
        tokio::time::sleep(limits.transfer_timeout * 2).await;
        assert!(matches!(activity.judge(&limits), Verdict::TooSlow));
    }
}
