//! What is shown to the authority while names are being proven: pages over plain HTTP (http-01, RFC 8555 §8.3) and
//! certificates in handshakes (tls-alpn-01, RFC 8737).
//!
//! Invariant: nothing is shown longer than the order that needs it. Each entry is removed with its [`Shown`].

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;
use std::sync::RwLockWriteGuard;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use rustls::sign::CertifiedKey;

/// Where the authority looks for pages.
const PAGES: &str = "/.well-known/acme-challenge/";

/// What is shown at the moment. Cheap to clone: all clones are one.
#[derive(Clone, Default)]
pub struct Challenges {
    shared: Arc<Shared>,
}

/// Bounded by the names of one order: sites are ordered for one after another.
#[derive(Default)]
struct Shared {
    entries: RwLock<Entries>,
    /// How many certificates there are, asked in every handshake.
    certificates: AtomicUsize,
}

#[derive(Default)]
struct Entries {
    /// By token.
    pages: HashMap<String, String>,
    /// By the name a handshake asks for.
    certificates: HashMap<String, Arc<CertifiedKey>>,
}

impl Challenges {
    /// The page of a token, if the authority is expected to ask for it.
    pub fn key_authorization(&self, token: &str) -> Option<String> {
        self.read().pages.get(token).cloned()
    }

    /// The certificate for a handshake of the protocol `acme-tls/1` (ALPN). Close the connection after the handshake:
    /// nothing is served over it.
    pub fn certificate(&self, server_name: &str) -> Option<Arc<CertifiedKey>> {
        self.read().certificates.get(&server_name.to_ascii_lowercase()).cloned()
    }

    /// Whether handshakes of `acme-tls/1` are expected. Offer the protocol at no other time: any client could choose it.
    pub fn is_active(&self) -> bool {
        self.shared.certificates.load(Ordering::Acquire) > 0
    }

    /// The response to the authority's request for a page. Everything else, unknown tokens included, is `None` and goes
    /// its usual way: something behind us may prove names of its own.
    pub(in crate::edge) fn answer(&self, request: &Request) -> Option<Response> {
        let token = request.uri().path().strip_prefix(PAGES)?;
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let page = self.key_authorization(token)?;
        tracing::info!("the authority asked for the page that proves a name");
        let content_type = HeaderValue::from_static("application/octet-stream");
        Some(([(header::CONTENT_TYPE, content_type)], Body::from(page)).into_response())
    }

    /// Shows a page until the guard is dropped.
    pub(super) fn show_page(&self, token: &str, key_authorization: &str) -> Shown {
        self.write().pages.insert(token.to_owned(), key_authorization.to_owned());
        Shown { challenges: self.clone(), what: What::Page(token.to_owned()) }
    }

    /// Shows a certificate in handshakes for a host name or an IP address until the guard is dropped.
    pub(super) fn show_certificate(&self, name: &str, certificate: CertifiedKey) -> Shown {
        let (name, certificate) = (server_name(name), Arc::new(certificate));
        let mut entries = self.write();
        entries.certificates.insert(name.clone(), Arc::clone(&certificate));
        self.shared.certificates.store(entries.certificates.len(), Ordering::Release);
        drop(entries);
        Shown { challenges: self.clone(), what: What::Certificate(name, certificate) }
    }

    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.shared.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.shared.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenges").field("is_active", &self.is_active()).finish_non_exhaustive()
    }
}

/// Keeps an entry there while it lives.
#[must_use]
pub(super) struct Shown {
    challenges: Challenges,
    what: What,
}

enum What {
    Page(String),
    Certificate(String, Arc<CertifiedKey>),
}

impl Drop for Shown {
    fn drop(&mut self) {
        let mut entries = self.challenges.write();
        match &self.what {
            What::Page(token) => {
                entries.pages.remove(token);
            }
            // Another order may show its own under the same name by now.
            What::Certificate(name, certificate) => {
                if entries.certificates.get(name).is_some_and(|shown| Arc::ptr_eq(shown, certificate)) {
                    entries.certificates.remove(name);
                }
                self.challenges.shared.certificates.store(entries.certificates.len(), Ordering::Release);
            }
        }
    }
}

/// What a handshake asks for: the name; for an address the name of its reverse lookup, as no handshake carries
/// addresses (RFC 8738 §6).
fn server_name(name: &str) -> String {
    match name.parse() {
        Ok(IpAddr::V4(address)) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Ok(IpAddr::V6(address)) => {
            let nibbles = address.octets().into_iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa"
        }
        Err(_) => name.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::acme::certificate::proof;

    fn request(method: &str, path: &str) -> Request {
        Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
    }

    #[test]
    fn a_page_is_there_while_its_guard_lives() {
        let challenges = Challenges::default();
        let get = |method, path| challenges.answer(&request(method, path)).map(|response| response.status().as_u16());
        let shown = challenges.show_page("token", "token.thumbprint");
        assert_eq!(challenges.key_authorization("token").as_deref(), Some("token.thumbprint"));
        assert_eq!(get("GET", "/.well-known/acme-challenge/token"), Some(200));
        assert_eq!(get("HEAD", "/.well-known/acme-challenge/token"), Some(200));
        for (method, path) in [
            ("POST", "/.well-known/acme-challenge/token"),
            ("GET", "/.well-known/acme-challenge/other"),
            ("GET", "/.well-known/acme-challenge/token/"),
            ("GET", "/.well-known/acme-challenge/"),
            ("GET", "/token"),
        ] {
            assert_eq!(get(method, path), None, "{method} {path}");
        }
        assert!(!challenges.is_active(), "a page needs no handshake");
        drop(shown);
        assert_eq!(get("GET", "/.well-known/acme-challenge/token"), None);
    }

    #[test]
    fn handshakes_are_expected_while_a_certificate_is_shown() {
        let challenges = Challenges::default();
        let show = |name| challenges.show_certificate(name, proof(name, &[7; 32]).unwrap());
        let (first, second) = (show("chat.bank.example"), show("www.bank.example"));
        assert!(challenges.is_active());
        assert!(challenges.certificate("Chat.Bank.Example").is_some());
        assert!(challenges.certificate("bank.example").is_none());
        drop(first);
        assert!(challenges.certificate("chat.bank.example").is_none());
        let newer = show("www.bank.example");
        drop(second);
        assert!(challenges.certificate("www.bank.example").is_some(), "the newer order's is still there");
        drop(newer);
        assert!(!challenges.is_active());
    }

    #[test]
    fn an_address_is_asked_for_by_its_reverse_name() {
        assert_eq!(server_name("192.0.2.7"), "7.2.0.192.in-addr.arpa");
        let reverse = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
        assert_eq!(server_name("2001:db8::1"), reverse);
    }
}
