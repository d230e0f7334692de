//! Compressed bodies, unpacked as they come.

use std::pin::Pin;

use async_compression::tokio::bufread::BrotliDecoder;
use async_compression::tokio::bufread::GzipDecoder;
use async_compression::tokio::bufread::ZstdDecoder;
use futures_util::TryStreamExt as _;
use tokio::io::AsyncBufRead;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::BufReader;
use tokio_util::io::StreamReader;

use super::soon;

/// A response's body, unpacked as its `Content-Encoding` says.
pub struct Unpacked {
    reader: Pin<Box<dyn AsyncBufRead + Send>>,
}

impl Unpacked {
    /// Of a response that is still coming in.
    pub fn of(response: reqwest::Response) -> Self {
        let coding = response.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
        let bytes = futures_util::stream::try_unfold(response, |mut response| async move {
            let chunk = response.chunk().await.map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>(chunk.map(|chunk| (chunk, response)))
        });
        Self::new(coding.as_deref().unwrap_or_default(), StreamReader::new(Box::pin(bytes.into_stream())))
    }

    /// Of bytes that are there.
    pub async fn text(coding: &str, bytes: &[u8]) -> String {
        let bytes = std::io::Cursor::new(bytes.to_vec());
        let mut text = String::new();
        Self::new(coding, bytes).reader.read_to_string(&mut text).await.expect("it unpacks to its end");
        text
    }

    /// The next line, without its end; `None` at the end of the body.
    pub async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = soon("a line", self.reader.read_line(&mut line)).await.expect("it unpacks to its end");
        (read > 0).then(|| line.trim_end_matches('\n').to_owned())
    }

    fn new(coding: &str, packed: impl AsyncBufRead + Send + 'static) -> Self {
        let unpacking: Pin<Box<dyn AsyncRead + Send>> = match coding {
            "br" => Box::pin(BrotliDecoder::new(packed)),
            "gzip" => Box::pin(GzipDecoder::new(packed)),
            "zstd" => Box::pin(ZstdDecoder::new(packed)),
            "" => Box::pin(packed),
            other => panic!("an unknown encoding: {other}"),
        };
        Self { reader: Box::pin(BufReader::new(unpacking)) }
    }
}
