//! Bare bytes over TCP, for what no honest client would send.

use std::net::IpAddr;
use std::net::SocketAddr;

use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;

use super::soon;

/// One TCP connection.
pub struct Raw {
    stream: TcpStream,
}

impl Raw {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap() }
    }

    /// Connects from one of this machine's addresses.
    pub async fn connect_from(own: IpAddr, address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(own, 0)).unwrap();
        Self { stream: socket.connect(address).await.unwrap() }
    }

    /// Sends as much of this as the server takes; whether it took all.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        soon("sending", self.stream.write_all(bytes)).await.is_ok()
    }

    /// Sends bytes and, meanwhile, reads until the server closes or resets the connection.
    pub async fn send_and_read(self, bytes: &[u8]) -> String {
        let (mut reader, mut writer) = self.stream.into_split();
        let sending = async {
            // A server that refuses need not take all of it.
            let _ = writer.write_all(bytes).await;
            writer
        };
        let (_writer, answer) = tokio::join!(sending, read_to_end(&mut reader));
        answer
    }

    /// Sends bytes and, meanwhile, reads the head of the answer.
    pub async fn send_and_read_head(self, bytes: &[u8]) -> String {
        let (mut reader, mut writer) = self.stream.into_split();
        let reading = async {
            let mut head = String::new();
            let mut chunk = [0; 4096];
            while !head.contains("\r\n\r\n") {
                let Ok(count @ 1..) = soon("an answer", reader.read(&mut chunk)).await else { break };
                head.push_str(&String::from_utf8_lossy(&chunk[..count]));
            }
            head
        };
        tokio::pin!(reading);
        tokio::select! {
            head = &mut reading => head,
            // All was sent, or the server refuses to take more; the answer is still to come.
            _ = writer.write_all(bytes) => reading.await,
        }
    }

    /// Reads until the server closes or resets the connection.
    pub async fn read_to_end(mut self) -> String {
        read_to_end(&mut self.stream).await
    }
}

async fn read_to_end(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = soon("the end of the connection", stream.read(&mut chunk)).await {
        bytes.extend_from_slice(&chunk[..count]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
