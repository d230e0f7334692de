//! The PROXY protocol, versions 1 and 2: the line or block with which a load balancer begins a connection, to say whose
//! it is (HAProxy's proxy-protocol.txt). The `ppp` crate knows the format; here it is taken off the socket to the byte, so that
//! what follows, TLS or HTTP, finds its beginning.
//!
//! Who must send a header, and who must not, is decided by the listener.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ppp::v1;
use ppp::v2;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// What both versions are told apart by, and no header is shorter than.
const START_BYTES: usize = 5;
/// The longest line of version 1, its end included.
const LINE_BYTES_MAX: usize = 107;
/// The fixed part of version 2, which says how long the rest is.
const FIXED_BYTES: usize = 16;
/// The longest rest of version 2: the longest addresses (UNIX sockets) and 4 KiB of further fields.
const REST_BYTES_MAX: usize = 216 + 4 * 1024;

/// Why a connection's PROXY protocol header could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ProxyProtocolError {
    /// The load balancer did not send it in time.
    #[error("no PROXY protocol header came within {0:?}")]
    Late(Duration),
    /// The connection ended or broke before the header did.
    #[error("the connection ended within its PROXY protocol header")]
    Partial(#[source] io::Error),
    /// The connection begins with something else.
    #[error(
        "the connection does not begin with a PROXY protocol header; is its sender in edge.proxy_protocol_from by mistake?"
    )]
    Missing,
    /// A header of version 1 that is none.
    #[error("the PROXY protocol header (version 1) cannot be read")]
    Line(#[source] v1::BinaryParseError),
    /// A header of version 2 that is none.
    #[error("the PROXY protocol header (version 2) cannot be read")]
    Block(#[source] v2::ParseError),
    /// A header of version 2 that is longer than any load balancer makes it.
    #[error("the PROXY protocol header is {0} bytes long; at most {REST_BYTES_MAX} are taken")]
    TooLong(usize),
}

/// Takes the header off a connection that has just begun, and not a byte more: who connected to the load balancer, or
/// `None` if it speaks for itself (version 2 LOCAL, version 1 UNKNOWN, or a family that is not IP), as in a health check.
///
/// # Errors
/// [`ProxyProtocolError`]. What was read until then is lost, so the connection is of no more use.
pub async fn read(stream: &mut TcpStream, timeout: Duration) -> Result<Option<SocketAddr>, ProxyProtocolError> {
    let source = tokio::time::timeout(timeout, read_header(stream)).await;
    let source = source.map_err(|_| ProxyProtocolError::Late(timeout))??;
    Ok(source.map(|source| SocketAddr::new(source.ip().to_canonical(), source.port())))
}

async fn read_header(stream: &mut TcpStream) -> Result<Option<SocketAddr>, ProxyProtocolError> {
    let mut header = vec![0; START_BYTES];
    stream.read_exact(&mut header).await.map_err(ProxyProtocolError::Partial)?;
    if header == v1::PROTOCOL_PREFIX.as_bytes() {
        read_line(stream, header).await
    } else if v2::PROTOCOL_PREFIX.starts_with(&header) {
        read_block(stream, header).await
    } else {
        Err(ProxyProtocolError::Missing)
    }
}

async fn read_line(stream: &mut TcpStream, mut line: Vec<u8>) -> Result<Option<SocketAddr>, ProxyProtocolError> {
    while line.last() != Some(&b'\n') && line.len() < LINE_BYTES_MAX {
        // What has arrived is looked at before it is taken, since the request may follow in the same packet.
        let mut arrived = [0; LINE_BYTES_MAX];
        let window = arrived.get_mut(line.len()..).unwrap_or_default();
        let count = stream.peek(window).await.map_err(ProxyProtocolError::Partial)?;
        let arrived = window.get(..count).unwrap_or_default();
        let count = arrived.iter().position(|&byte| byte == b'\n').map_or(count, |end| end + 1);
        // At the end of the stream nothing has arrived, and reading one byte says so.
        let begin = line.len();
        line.resize(begin + count.max(1), 0);
        let place = line.get_mut(begin..).unwrap_or_default();
        stream.read_exact(place).await.map_err(ProxyProtocolError::Partial)?;
    }
    let header = v1::Header::try_from(line.as_slice()).map_err(ProxyProtocolError::Line)?;
    Ok(match header.addresses {
        v1::Addresses::Unknown => None,
        v1::Addresses::Tcp4(ends) => Some(SocketAddr::from((ends.source_address, ends.source_port))),
        v1::Addresses::Tcp6(ends) => Some(SocketAddr::from((ends.source_address, ends.source_port))),
    })
}

async fn read_block(stream: &mut TcpStream, mut block: Vec<u8>) -> Result<Option<SocketAddr>, ProxyProtocolError> {
    read_to(stream, &mut block, FIXED_BYTES).await?;
    let rest = match block.as_slice() {
        [.., high, low] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    // What is no header is not waited for, however long it says it is.
    match v2::Header::try_from(block.as_slice()) {
        Ok(_) | Err(v2::ParseError::Partial(..)) if rest <= REST_BYTES_MAX => {}
        Ok(_) | Err(v2::ParseError::Partial(..)) => return Err(ProxyProtocolError::TooLong(rest)),
        Err(error) => return Err(ProxyProtocolError::Block(error)),
    }
    read_to(stream, &mut block, FIXED_BYTES + rest).await?;
    let header = v2::Header::try_from(block.as_slice()).map_err(ProxyProtocolError::Block)?;
    Ok(match (header.command, header.addresses) {
        (v2::Command::Local, _) => None,
        (v2::Command::Proxy, v2::Addresses::IPv4(ends)) => {
            Some(SocketAddr::from((ends.source_address, ends.source_port)))
        }
        (v2::Command::Proxy, v2::Addresses::IPv6(ends)) => {
            Some(SocketAddr::from((ends.source_address, ends.source_port)))
        }
        (v2::Command::Proxy, v2::Addresses::Unspecified | v2::Addresses::Unix(_)) => None,
    })
}

/// Reads until there are `bytes` of the header.
async fn read_to(stream: &mut TcpStream, header: &mut Vec<u8>, bytes: usize) -> Result<(), ProxyProtocolError> {
    let begin = header.len();
    header.resize(bytes, 0);
    let place = header.get_mut(begin..).unwrap_or_default();
    stream.read_exact(place).await.map(|_| ()).map_err(ProxyProtocolError::Partial)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);
    const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n";

    /// Sends bytes in pieces, perhaps closes, and reads the header on the other end; what followed it.
    async fn exchange(sent: &[u8], piece: usize) -> (Result<Option<SocketAddr>, ProxyProtocolError>, Vec<u8>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        sender.set_nodelay(true).unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let pieces: Vec<Vec<u8>> = sent.chunks(piece).map(<[u8]>::to_vec).collect();
        let sending = tokio::spawn(async move {
            for piece in pieces {
                // Whoever refuses a header does not read the rest.
                if sender.write_all(&piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(sender);
        });
        let source = read(&mut stream, PATIENCE).await;
        let mut rest = Vec::new();
        if source.is_ok() {
            stream.read_to_end(&mut rest).await.unwrap();
        }
        drop(stream);
        sending.await.unwrap();
        (source, rest)
    }

    fn block(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[command, family], &length, rest].concat()
    }

    fn good_headers() -> Vec<(Vec<u8>, Option<&'static str>)> {
        let v4 = [192, 0, 2, 1, 198, 51, 100, 1, 0x12, 0x67, 1, 187];
        let mut v6 = [0; 36];
        v6[..4].copy_from_slice(&[0x20, 1, 0x0d, 0xb8]);
        v6[15] = 7;
        v6[32..34].copy_from_slice(&[0x12, 0x67]);
        let mut mapped = v6;
        mapped[..16].copy_from_slice(&Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().octets());
        let fields = [&v4[..], &[0x04, 0x0f, 0xfd], &[0; 4093]].concat();
        vec![
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n".to_vec(), Some("192.0.2.1:4711")),
            (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n".to_vec(), Some("[2001:db8::7]:4711")),
            (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 4711 443\r\n".to_vec(), Some("192.0.2.1:4711")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff:f...f ffff 65535 65535\r\n".to_vec(), None),
            (block(0x21, 0x11, &v4), Some("192.0.2.1:4711")),
            (block(0x21, 0x21, &v6), Some("[2001:db8::7]:4711")),
            (block(0x21, 0x21, &mapped), Some("192.0.2.1:4711")),
            (block(0x21, 0x11, &fields), Some("192.0.2.1:4711")),
            (block(0x20, 0x00, &[]), None),
            (block(0x20, 0x11, &v4), None),
            (block(0x21, 0x00, &[]), None),
            (block(0x21, 0x31, &[b'a'; 216]), None),
        ]
    }

    #[tokio::test]
    async fn a_header_is_taken_to_the_byte() {
        for (header, source) in good_headers() {
            let source = source.map(|source| source.parse().unwrap());
            for piece in [1, 7, usize::MAX] {
                let sent = [&header[..], REQUEST].concat();
                let (found, rest) = exchange(&sent, piece).await;
                assert_eq!(found.unwrap(), source, "{:?}", String::from_utf8_lossy(&header));
                assert_eq!(rest, REQUEST, "{:?}", String::from_utf8_lossy(&header));
            }
        }
    }

    #[tokio::test]
    async fn a_header_that_ends_early_is_refused() {
        for (header, _) in good_headers() {
            for length in [0, 1, START_BYTES, START_BYTES + 1, header.len() - 1] {
                let (found, _) = exchange(&header[..length], usize::MAX).await;
                assert!(matches!(found, Err(ProxyProtocolError::Partial(_))), "{length} of {header:?}: {found:?}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let long_line = [b"PROXY TCP4 ", &[b'1'; 200][..], b"\r\n"].concat();
        let too_long = [SIGNATURE, &[0x21, 0x11, 0xff, 0xff], &[0; 65_535]].concat();
        let short_addresses = block(0x21, 0x11, &[192, 0, 2, 1]);
        let other_version = block(0x11, 0x11, &[0; 12]);
        let other_command = block(0x22, 0x11, &[0; 12]);
        let other_family = block(0x21, 0x41, &[0; 12]);
        for header in [
            REQUEST,
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"PROXYTCP4 192.0.2.1 198.51.100.1 4711 443\r\n",
            b"PROXY TCP4 192.0.2.256 198.51.100.1 4711 443\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 443 \r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n",
            b"PROXY TCP4 2001:db8::7 2001:db8::1 4711 443\r\n",
            b"PROXY UDP4 192.0.2.1 198.51.100.1 4711 443\r\n",
            b"proxy TCP4 192.0.2.1 198.51.100.1 4711 443\r\n",
            b"PROXY TCP4 192.0.2.1\r198.51.100.1 4711 443\r\n",
            b"\r\n\r\n\0\r\nQUIT\r\x21\x11\x00\x0c............",
            &long_line,
            &too_long,
            &short_addresses,
            &other_version,
            &other_command,
            &other_family,
        ] {
            let (found, _) = exchange(header, usize::MAX).await;
            let shown = String::from_utf8_lossy(&header[..header.len().min(60)]);
            assert!(found.is_err() && !matches!(found, Err(ProxyProtocolError::Partial(_))), "{shown:?}: {found:?}");
        }
    }

    #[tokio::test]
    async fn a_silent_sender_is_not_waited_for() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        for sent in [&b""[..], b"PROXY TCP4 192.0"] {
            sender.write_all(sent).await.unwrap();
            let found = read(&mut stream, Duration::from_millis(50)).await;
            assert!(matches!(found, Err(ProxyProtocolError::Late(_))), "{found:?}");
        }
    }
}
