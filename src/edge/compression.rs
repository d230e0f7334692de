//! What is compressed on its way out. Embedded files come compressed and are left alone.
//!
//! Not compressed is what is compressed already, a part of something, what `no-transform` protects, and what sets a
//! cookie: a response that hands out a secret beside words that somebody else chose lets its length tell of the secret
//! (BREACH). Written on async-compression rather than on tower-http's layer, which offers zstd for streams as well.

use std::io;

use arc_swap::ArcSwap;
use async_compression::Level;
use async_compression::tokio::bufread::BrotliEncoder;
use async_compression::tokio::bufread::GzipEncoder;
use async_compression::tokio::bufread::ZstdEncoder;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use hyper::body::Body as _;
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;
use tokio_util::io::StreamReader;

use crate::config;
use crate::config::ContentCoding;
use crate::edge::encoding;
use crate::edge::encoding::Accepted;

/// What is written at once. The encoders flush each time their reader comes back, which costs a few bytes each.
const CHUNK_BYTES: usize = 16 << 10;

/// Compresses responses as configured.
pub(super) struct Compression {
    settings: ArcSwap<config::Compression>,
}

/// What has to be known of a request to compress its response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// The encodings the client takes.
    pub(super) accepted: Accepted,
    /// It wants to know what GET would be answered.
    pub(super) is_head: bool,
}

impl Asked {
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Self {
        Self { accepted: Accepted::of(headers), is_head: method == Method::HEAD }
    }
}

impl Compression {
    pub(super) fn new(settings: &config::Compression) -> Self {
        Self { settings: ArcSwap::from_pointee(settings.clone()) }
    }

    /// Responses that begin from now on are compressed like this.
    pub(super) fn reload(&self, settings: &config::Compression) {
        self.settings.store(settings.clone().into());
    }

    /// The response, compressed if that is wanted and worth it. Whatever could have been says that it varies.
    pub(super) fn apply(&self, asked: Asked, mut response: Response) -> Response {
        if response.headers().contains_key(header::CONTENT_ENCODING) {
            return response;
        }
        let settings = self.settings.load();
        if !settings.enabled || !is_fit(&response) || !is_listed(&settings, response.headers()) {
            return response;
        }
        let length = length(asked, &response);
        // Below the least length only for a client that cannot do with less.
        let is_long = length.is_none_or(|bytes| bytes >= settings.min_bytes.get());
        if length == Some(0) || !(is_long || asked.accepted.refuses_plain()) {
            return response;
        }
        vary(response.headers_mut());
        // A zstd stream of unknown length keeps 1.8 MiB while it runs (measured for this design).
        let is_offered = |coding: &ContentCoding| *coding != ContentCoding::Zstd || length.is_some();
        let Some(coding) = asked.accepted.choose(settings.algorithms.iter().copied().filter(is_offered)) else {
            return response;
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_ENCODING, encoding::name(coding));
        headers.remove(header::CONTENT_LENGTH);
        // A part of what is made on the fly cannot be asked for again.
        headers.remove(header::ACCEPT_RANGES);
        weaken(headers);
        response.map(|body| compressed(body, coding, &settings))
    }
}

/// Whether a response may be sent in other bytes than it came.
fn is_fit(response: &Response) -> bool {
    let headers = response.headers();
    let is_whole = response.status() != StatusCode::PARTIAL_CONTENT && !headers.contains_key(header::CONTENT_RANGE);
    let has_body = !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        && !response.status().is_informational();
    let mut directives = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    let is_protected =
        directives.any(|line| line.split(',').any(|directive| directive.trim().eq_ignore_ascii_case("no-transform")));
    is_whole && has_body && !is_protected && !headers.contains_key(header::SET_COOKIE)
}

fn is_listed(settings: &config::Compression, headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    settings.types.iter().any(|listed| listed.as_str().eq_ignore_ascii_case(media_type))
}

/// How long the body is, if that is known. A response to HEAD may have lost its body already, and then says how long it would be.
fn length(asked: Asked, response: &Response) -> Option<u64> {
    let length = response.body().size_hint().exact();
    if !asked.is_head || length.is_some_and(|bytes| bytes > 0) {
        return length;
    }
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn vary(headers: &mut HeaderMap) {
    let mut named = headers.get_all(header::VARY).iter().filter_map(|line| line.to_str().ok());
    let is_named = named.any(|line| {
        line.split(',').map(str::trim).any(|name| name == "*" || name.eq_ignore_ascii_case("accept-encoding"))
    });
    if !is_named {
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}

/// A strong tag promises the same bytes, which other levels and versions of a compressor do not keep.
fn weaken(headers: &mut HeaderMap) {
    if let Some(tag) = headers.get_mut(header::ETAG)
        && tag.as_bytes().starts_with(b"\"")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        *tag = weak;
    }
}

/// Whenever the body has nothing more to give for now, what there is goes out.
fn compressed(body: Body, coding: ContentCoding, settings: &config::Compression) -> Body {
    // Fused: the encoders ask again after the end.
    let source = StreamReader::new(body.into_data_stream().map_err(io::Error::other).fuse());
    let level = |level: u32| Level::Precise(i32::try_from(level).unwrap_or(i32::MAX));
    match coding {
        ContentCoding::Brotli => streamed(BrotliEncoder::with_quality(source, level(settings.brotli_level))),
        ContentCoding::Zstd => streamed(ZstdEncoder::with_quality(source, level(settings.zstd_level))),
        ContentCoding::Gzip => streamed(GzipEncoder::with_quality(source, level(settings.gzip_level))),
    }
}

fn streamed(reader: impl AsyncRead + Send + 'static) -> Body {
    Body::from_stream(ReaderStream::with_capacity(reader, CHUNK_BYTES))
}
