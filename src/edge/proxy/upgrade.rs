//! WebSockets through the proxy: asked for over HTTP/1.1 (RFC 6455) or HTTP/2 (RFC 8441), passed on over HTTP/1.1, and then a
//! `tunnel`.
//!
//! No other protocol is switched to: what is said within a tunnel is not looked at any more, and with `h2c` a client could ask
//! the upstream for whatever it likes.

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use hyper::body::Body as _;
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;

use crate::edge::proxy::Life;
use crate::edge::proxy::headers;
use crate::edge::proxy::tunnel::Tunnel;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");

/// A client's wish for a WebSocket.
pub(super) struct Upgrade {
    near: OnUpgrade,
    is_extended: bool,
}

impl Upgrade {
    /// What a request wishes, if it does. One with a body is none: what of it is the body, and what the tunnel's, two servers could
    /// see differently.
    pub(super) fn wanted(request: &mut Request) -> Option<Self> {
        let protocol = request.extensions().get::<Protocol>();
        let is_extended = protocol.is_some_and(|protocol| protocol.as_str().eq_ignore_ascii_case("websocket"));
        let is_extended = is_extended && request.method() == Method::CONNECT;
        let is_upgrade = request.method() == Method::GET
            && headers::mentions(request.headers(), &header::CONNECTION, "upgrade")
            && headers::mentions(request.headers(), &header::UPGRADE, "websocket");
        let has_body = !request.body().is_end_stream();
        (!has_body && (is_extended || is_upgrade)).then(|| Self { near: hyper::upgrade::on(request), is_extended })
    }

    /// Adds to a request's headers what asks for the upgrade.
    pub(super) fn ask(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONNECTION, UPGRADE);
        headers.insert(header::UPGRADE, WEBSOCKET);
        if self.is_extended {
            headers.insert(header::SEC_WEBSOCKET_KEY, new_key());
            headers.entry(header::SEC_WEBSOCKET_VERSION).or_insert(HeaderValue::from_static("13"));
        }
    }

    /// The answer to the client, after which both ends are connected until one of them closes.
    pub(super) fn switch(
        self,
        mut answer: Response<Incoming>,
        mut headers: HeaderMap,
        tunnel: Tunnel,
        life: &Life,
    ) -> Response {
        let far = hyper::upgrade::on(&mut answer);
        let end = life.end.clone();
        life.tracker.spawn(async move {
            tokio::select! {
                () = tunnel.run(self.near, far, &end.begin) => {}
                () = end.now.cancelled() => {}
            }
        });
        let mut response = Response::new(Body::empty());
        if self.is_extended {
            headers.remove(header::SEC_WEBSOCKET_ACCEPT);
        } else {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            headers.insert(header::CONNECTION, UPGRADE);
            headers.insert(header::UPGRADE, WEBSOCKET);
        }
        *response.headers_mut() = headers;
        response
    }
}

/// A `Sec-WebSocket-Key`: 16 random bytes in base64 (RFC 6455 §4.1), which HTTP/2 clients do not send.
fn new_key() -> HeaderValue {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits: u128 = rand::random();
    let letter =
        |six: u128| usize::try_from(six & 63).ok().and_then(|six| ALPHABET.get(six)).map_or('A', |b| char::from(*b));
    let mut key = String::with_capacity(24);
    for _ in 0..21 {
        key.push(letter(bits));
        bits >>= 6;
    }
    // The last letter stands for the two bits that are left.
    key.push(letter(bits << 4));
    key.push_str("==");
    HeaderValue::from_str(&key).unwrap_or(HeaderValue::from_static("AAAAAAAAAAAAAAAAAAAAAA=="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sixteen_bytes_in_base64() {
        let keys = [new_key(), new_key()];
        assert_ne!(keys[0], keys[1]);
        for key in keys {
            let key = key.to_str().unwrap();
            assert_eq!((key.len(), key.ends_with("==")), (24, true), "{key}");
            assert!("AQgw".contains(&key[21..22]), "no bits beyond the sixteenth byte: {key}");
        }
    }
}
