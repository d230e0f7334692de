//! Which responses are compressed on the fly. Embedded screens come compressed and are left alone.

use axum::http::header;
use tower_http::compression::CompressionLayer;
use tower_http::compression::CompressionLevel;
use tower_http::compression::Predicate;

/// Below this many bytes compression costs more than it saves (the reference's edge).
const BYTES_MIN: u64 = 1024;

/// Compresses text of known length and more than a kilobyte, with what the client asks for.
pub(super) fn layer() -> CompressionLayer<LongText> {
    CompressionLayer::new().quality(CompressionLevel::Precise(4)).compress_when(LongText)
}

/// Text, of known length, long enough. A stream of unknown length is sent as it comes, each event at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct LongText;

impl Predicate for LongText {
    fn should_compress<B: http_body_util::BodyExt>(&self, response: &axum::http::Response<B>) -> bool {
        let is_long = response.body().size_hint().exact().is_some_and(|bytes| bytes >= BYTES_MIN);
        let content_type = response.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_text = ["text/", "application/json", "application/javascript", "image/svg+xml"]
            .iter()
            .any(|prefix| content_type.starts_with(prefix));
        is_long && is_text
    }
}
