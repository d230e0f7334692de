//! A WebSocket client that reads one frame at a time and never waits for ever.

use std::net::SocketAddr;

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::answer::Reply;
use super::soon;

/// What a WebSocket may run over.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

/// One open WebSocket.
pub struct Socket {
    stream: WebSocketStream<Box<dyn Wire>>,
}

impl Socket {
    /// Opens one; the status of a refusal.
    pub async fn open(address: SocketAddr, path: &str, token: Option<&str>) -> Result<Self, u16> {
        let headers: Vec<_> = token.map(|token| ("authorization", format!("Bearer {token}"))).into_iter().collect();
        Self::open_with(address, path, &headers).await
    }

    /// Opens one with these headers; the status of a refusal.
    pub async fn open_with(address: SocketAddr, path: &str, headers: &[(&'static str, String)]) -> Result<Self, u16> {
        Self::upgrade(TcpStream::connect(address).await.unwrap(), path, headers).await
    }

    /// Opens one over a connection that is there already; the status of a refusal.
    pub async fn upgrade(connection: TcpStream, path: &str, headers: &[(&'static str, String)]) -> Result<Self, u16> {
        let address = connection.peer_addr().unwrap();
        Self::upgrade_at(connection, &address.to_string(), path, headers).await
    }

    /// Opens one over any connection to a server of this name; the status of a refusal.
    pub async fn upgrade_at(
        connection: impl Wire + 'static,
        host: &str,
        path: &str,
        headers: &[(&'static str, String)],
    ) -> Result<Self, u16> {
        let connection: Box<dyn Wire> = Box::new(connection);
        let mut request = format!("ws://{host}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match soon("the handshake", client_async(request, connection)).await {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{path}: {error}"),
        }
    }

    /// Opens one over a connection that the server may have closed already.
    pub async fn try_upgrade(connection: TcpStream, path: &str) -> Option<Self> {
        let request = format!("ws://{}{path}", connection.peer_addr().ok()?).into_client_request().unwrap();
        let connection: Box<dyn Wire> = Box::new(connection);
        let (stream, _) = soon("the handshake", client_async(request, connection)).await.ok()?;
        Some(Self { stream })
    }

    /// One over a stream that is a WebSocket already, as an HTTP/2 stream becomes by an extended CONNECT.
    pub async fn over(stream: impl Wire + 'static) -> Self {
        let stream: Box<dyn Wire> = Box::new(stream);
        Self { stream: WebSocketStream::from_raw_socket(stream, Role::Client, None).await }
    }

    /// Says something and does not wait for the answer.
    pub async fn says(&mut self, text: &str) {
        self.send(&json!({"type": "message", "user_message": text})).await;
    }

    /// Says something and reads the answer, which is the next frame.
    pub async fn asks(&mut self, text: &str) -> Reply {
        self.says(text).await;
        Reply(self.expect("response").await["data"].take())
    }

    /// Says something and reads the answer as it comes: what was shown before it was whole, and the answer.
    pub async fn hears(&mut self, text: &str) -> (String, Value) {
        self.send(&json!({"type": "message", "user_message": text, "stream": true})).await;
        let mut shown = String::new();
        loop {
            let mut frame = self.next().await;
            match frame["type"].as_str().unwrap() {
                "delta" => shown.push_str(frame["data"]["text"].as_str().unwrap()),
                "response" => return (shown, frame["data"].take()),
                other => panic!("{other}"),
            }
        }
    }

    /// Sends a JSON frame.
    pub async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends a text frame.
    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(Message::text(text)).await;
    }

    /// Sends any frame.
    pub async fn send_frame(&mut self, frame: Message) {
        self.try_send_frame(frame).await.unwrap();
    }

    /// Sends a frame that the server may refuse by hanging up.
    pub async fn try_send_frame(&mut self, frame: Message) -> Result<(), Error> {
        soon("sending a frame", self.stream.send(frame)).await
    }

    /// The next frame the server sends.
    pub async fn next(&mut self) -> Value {
        self.next_or_close().await.unwrap_or_else(|close| panic!("the server closed the WebSocket: {close:?}"))
    }

    /// The next frame, which has to be of this type.
    pub async fn expect(&mut self, kind: &str) -> Value {
        let frame = self.next().await;
        assert_eq!(frame["type"], kind, "{frame:#}");
        frame
    }

    /// Reads on to the next frame of this type.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// Nothing was sent that is not read yet: the next frame answers a ping sent now.
    pub async fn expect_nothing(&mut self) {
        self.send(&json!({"type": "ping", "timestamp": "nothing before this"})).await;
        assert_eq!(self.expect("pong").await["timestamp"], "nothing before this");
    }

    /// Reads to the end; how the server closed it, if it said so.
    pub async fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            if let Err(close) = self.next_or_close().await {
                return close;
            }
        }
    }

    /// The next frame the server sends, or how it closed the connection, if it said so.
    pub async fn next_or_close(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match soon("a frame", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("a JSON frame")),
                Some(Ok(Message::Close(close))) => return Err(close),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }
}
