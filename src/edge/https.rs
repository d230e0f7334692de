//! Who has to come over HTTPS, and with a certificate of his own.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::config::Config;
use crate::config::SiteSource;
use crate::edge::Peer;
use crate::edge::Problem;
use crate::edge::status;
use crate::edge::target;

/// What is said to clients that came the wrong way, and to all others.
pub(super) struct Https {
    /// The port to come to, if plain HTTP is sent there.
    redirect_port: Option<u16>,
    /// Names that something in front ends TLS for.
    plain_names: Vec<String>,
    known_client_prefixes: Vec<String>,
    hsts: Option<HeaderValue>,
}

impl Https {
    /// As the configuration says, with HTTPS on this port.
    pub(super) fn new(config: &Config, own_port: Option<u16>) -> Self {
        let tls = &config.edge.tls;
        let seen_port = config.api.public_url.as_ref().and_then(|url| url.https_port());
        let seconds = tls.hsts_max_age.as_secs();
        let below = if tls.hsts_include_subdomains { "; includeSubDomains" } else { "" };
        let hsts = HeaderValue::from_str(&format!("max-age={seconds}{below}")).ok();
        let plain = config.edge.sites.iter().filter(|site| site.source == SiteSource::Off);
        Self {
            redirect_port: own_port.filter(|_| tls.redirect_http).map(|own| seen_port.unwrap_or(own)),
            plain_names: plain.flat_map(|site| site.names.iter().cloned()).collect(),
            known_client_prefixes: config.edge.client_certificates.prefixes.clone(),
            // Without a site it is a trial under the machine's own name, which others share.
            hsts: hsts.filter(|_| seconds > 0 && own_port.is_some() && !config.edge.sites.is_empty()),
        }
    }

    /// The refusal of a path that is for clients with a certificate, to one that has shown none.
    pub(super) fn refuse(&self, path: &str, peer: &Peer) -> Option<Problem> {
        let rule_path = target::rule_path(path);
        let is_for_known = self.known_client_prefixes.iter().any(|prefix| target::is_under(&rule_path, prefix));
        let is_known = peer.tls.as_ref().is_some_and(|tls| tls.is_client_known);
        (is_for_known && !is_known).then(|| {
            let detail = "this page is for clients with a certificate that is trusted here; none was shown";
            Problem::new(StatusCode::FORBIDDEN, "client_certificate_required", detail)
        })
    }

    /// Where a request has to go that did not come over HTTPS. Load balancers may ask for health, and follow no redirect.
    pub(super) fn redirect(&self, request: &Request) -> Option<Response> {
        let port = self.redirect_port?;
        if status::is_health(request.uri().path()) {
            return None;
        }
        let Some(host) = host(request.uri(), request.headers()) else {
            let detail = "without a Host header it cannot be said where this page is over HTTPS";
            return Some(Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail).into_response());
        };
        let is_plain = self.plain_names.iter().any(|name| name == host);
        (!is_plain).then(|| redirect(host, port, request.uri()))
    }

    /// Tells browsers to come over HTTPS from now on (RFC 6797), but for this machine's own name, which others share.
    pub(super) fn mark(&self, headers: &mut HeaderMap, peer: &Peer) {
        let Some(hsts) = &self.hsts else { return };
        let name = peer.tls.as_ref().and_then(|tls| tls.server_name.as_deref());
        if name.is_some_and(|name| name != "localhost" && !name.ends_with(".localhost")) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
    }
}

/// The name a request is for, without its port.
fn host<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    if let Some(host) = uri.host() {
        return Some(host);
    }
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let end = if host.starts_with('[') { host.find(']').map(|at| at + 1) } else { host.find(':') };
    host.get(..end.unwrap_or(host.len())).filter(|host| !host.is_empty())
}

fn redirect(host: &str, port: u16, uri: &Uri) -> Response {
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let location = HeaderValue::from_str(&format!("https://{host}{port}{target}"));
    let Ok(location) = location else {
        return Problem::new(StatusCode::BAD_REQUEST, "bad_request", "the Host header is no name").into_response();
    };
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)]).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;

    use super::*;
    use crate::edge::TlsSession;

    fn https(text: &str) -> Https {
        let config = Config::parse(text, "test", std::iter::empty()).unwrap();
        Https::new(&config, config.edge.tls.listen.first().map(|address| address.port()))
    }

    fn peer(server_name: Option<&str>, is_client_known: bool) -> Peer {
        let server_name = server_name.map(str::to_owned);
        let tls = TlsSession { version: "TLSv1.3", server_name, is_client_known };
        Peer { address: [127, 0, 0, 1].into(), tls: Some(Arc::new(tls)) }
    }

    #[test]
    fn plain_requests_are_sent_to_https() {
        let location = |text: &str, host: &str, target: &str| {
            let request = Request::get(target).header("host", host).body(Body::empty()).unwrap();
            let response = https(text).redirect(&request)?;
            assert_eq!(response.status(), 301);
            Some(response.headers()["location"].to_str().unwrap().to_owned())
        };
        let usual = "edge.tls.listen = ['0.0.0.0:443']";
        for (text, host, target, expected) in [
            (usual, "bank.example", "/a?b=c", Some("https://bank.example/a?b=c")),
            (usual, "bank.example:80", "/", Some("https://bank.example/")),
            (usual, "[2001:db8::1]:80", "/", Some("https://[2001:db8::1]/")),
            ("edge.tls.listen = ['0.0.0.0:8443']", "bank.example", "/", Some("https://bank.example:8443/")),
            (
                "edge.tls.listen = ['0.0.0.0:8443']\napi.public_url = 'https://bank.example'",
                "bank.example",
                "/",
                Some("https://bank.example/"),
            ),
            (usual, "bank.example", "/health/live", None),
            (usual, "bank.example", "/health-insurance/", Some("https://bank.example/health-insurance/")),
            ("[edge.tls]\nlisten = ['0.0.0.0:443']\nredirect_http = false", "bank.example", "/", None),
            ("", "bank.example", "/", None),
            (
                "[edge.tls]\nlisten = ['0.0.0.0:443']\n[[edge.site]]\nnames = ['inner.example']\nsource = 'off'",
                "inner.example",
                "/",
                None,
            ),
        ] {
            assert_eq!(location(text, host, target).as_deref(), expected, "{text} {host} {target}");
        }
        let nowhere = Request::get("/admin/").body(Body::empty()).unwrap();
        assert_eq!(https(usual).redirect(&nowhere).map(|response| response.status().as_u16()), Some(400));
    }

    #[test]
    fn some_paths_are_for_known_clients() {
        let https = https(
            "[edge.tls]\nlisten = ['0.0.0.0:443']\n[edge.client_certificates]\nca_file = 'ca.pem'\nprefixes = ['/admin/']",
        );
        let status =
            |target: &str, is_known| https.refuse(target, &peer(None, is_known)).map(|problem| problem.status.as_u16());
        for target in
            ["/admin/users", "//admin/users", "/%61dmin/users", "/ADMIN/users", "/admin;a/users", "/admin%2Fusers"]
        {
            assert_eq!(status(target, false), Some(403), "{target}");
        }
        assert_eq!(status("/admin/users", true), None);
        assert_eq!(status("/", false), None);
    }

    #[test]
    fn browsers_are_told_to_come_back_over_https() {
        let told = |text: &str, name: Option<&str>| {
            let mut headers = HeaderMap::new();
            https(text).mark(&mut headers, &peer(name, false));
            headers.get(header::STRICT_TRANSPORT_SECURITY).map(|value| value.to_str().unwrap().to_owned())
        };
        let trial = "edge.tls.listen = ['0.0.0.0:443']";
        let with = |more: &str| {
            format!("[edge.tls]\nlisten = ['0.0.0.0:443']\n{more}[[edge.site]]\nnames = ['bank.example']\n")
        };
        let usual = &with("");
        let year = "max-age=31536000; includeSubDomains";
        assert_eq!(told(usual, Some("bank.example")).as_deref(), Some(year));
        assert_eq!(told(usual, Some("localhost")), None);
        assert_eq!(told(usual, None), None);
        assert_eq!(told(&with("hsts_max_age = '0s'\n"), Some("bank.example")), None);
        assert_eq!(told(trial, Some("this-machine.example")), None);
    }
}
