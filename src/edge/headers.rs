//! Headers of every response, those of errors included: what browsers are told to be careful with.
//!
//! A response that has one of them already keeps its own. There is no `Server`: whoever is to know what answers here can read it
//! in the operator's documents.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::PoisonError;

use arc_swap::ArcSwap;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::Response;

use crate::config::AllowedOrigin;
use crate::config::Config;
use crate::edge::error_page;

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Whose pages may load a file, other than by the rules of CORS.
pub(super) const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Marks a response whose content comes from another server: it gets the headers that server's clients know, and not
/// those that speak of what pages may load and do, of which only their author knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foreign;

/// The headers of every response.
pub(super) struct Headers {
    lists: ArcSwap<Lists>,
}

struct Lists {
    /// For our own content.
    own: Vec<(HeaderName, HeaderValue)>,
    /// For content of other servers.
    foreign: Vec<(HeaderName, HeaderValue)>,
    error_page_policy: Option<HeaderValue>,
}

impl Headers {
    /// As the configuration says.
    pub(super) fn new(config: &Config) -> Self {
        Self { lists: ArcSwap::from_pointee(Lists::new(config)) }
    }

    /// Responses that begin from now on get these.
    pub(super) fn reload(&self, config: &Config) {
        self.lists.store(Lists::new(config).into());
    }

    /// The policy of error pages, unless pages have none.
    pub(super) fn error_page_policy(&self) -> Option<HeaderValue> {
        self.lists.load().error_page_policy.clone()
    }

    /// What our own content gets, for responses that are prepared.
    pub(super) fn own(&self) -> Vec<(HeaderName, HeaderValue)> {
        self.lists.load().own.clone()
    }

    /// Adds what is missing.
    pub(super) fn apply(&self, response: &mut Response) {
        let lists = self.lists.load();
        let is_foreign = response.extensions().get::<Foreign>().is_some();
        let list = if is_foreign { &lists.foreign } else { &lists.own };
        let headers = response.headers_mut();
        headers.reserve(list.len());
        for (name, value) in list {
            add(headers, name, value);
        }
    }
}

/// Adds a header, unless it is there.
pub(super) fn add(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue) {
    headers.entry(name).or_insert_with(|| value.clone());
}

impl Lists {
    fn new(config: &Config) -> Self {
        let settings = &config.edge.headers;
        let embed_origins = &config.web.embed_origins;
        let frame_ancestors = frame_ancestors(embed_origins);
        let policy = match settings.content_security_policy.as_str() {
            "" => String::new(),
            policy if names_ancestors(policy) => policy.to_owned(),
            policy => format!("{}; {frame_ancestors}", policy.trim_end_matches([';', ' '])),
        };
        let error_page_policy = format!(
            "default-src 'none'; style-src {style}; base-uri 'none'; form-action 'none'; {frame_ancestors}",
            style = error_page::style_source(),
        );
        let may_be_framed = !embed_origins.is_empty();
        let frame_options = settings.x_frame_options.as_str();
        let extra = settings.extra.iter().map(|line| (permanent_name(&line.name), line.value.as_str()));
        let known = [
            (header::X_FRAME_OPTIONS, if may_be_framed { "" } else { frame_options }),
            (header::X_CONTENT_TYPE_OPTIONS, settings.x_content_type_options.as_str()),
            (header::X_XSS_PROTECTION, settings.x_xss_protection.as_str()),
            (header::REFERRER_POLICY, settings.referrer_policy.as_str()),
        ];
        let of_content = [
            (header::CONTENT_SECURITY_POLICY, policy.as_str()),
            (PERMISSIONS_POLICY, settings.permissions_policy.as_str()),
            (CROSS_ORIGIN_OPENER_POLICY, settings.cross_origin_opener_policy.as_str()),
            (CROSS_ORIGIN_RESOURCE_POLICY, settings.cross_origin_resource_policy.as_str()),
        ];
        let foreign: Vec<_> = extra
            .chain(known.into_iter().map(|(name, value)| (Some(name), value)))
            .filter_map(|(name, value)| pair(name?, value))
            .collect();
        let own = foreign.iter().cloned().chain(of_content.into_iter().filter_map(|(name, value)| pair(name, value)));
        Self {
            own: own.collect(),
            foreign,
            error_page_policy: HeaderValue::try_from(error_page_policy).ok().filter(|_| !policy.is_empty()),
        }
    }
}

/// A header that has a value.
fn pair(name: HeaderName, value: &str) -> Option<(HeaderName, HeaderValue)> {
    permanent(value).filter(|value| !value.is_empty()).map(|value| (name, value))
}

/// A value that is sent again and again. It is never freed, so that copies of it are not counted: the count would be the one thing
/// that all cores write to with every response. Each text is kept once, however often the configuration is read.
pub(super) fn permanent(value: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(value).ok().map(|_| HeaderValue::from_static(kept(value)))
}

/// A name, likewise.
fn permanent_name(name: &str) -> Option<HeaderName> {
    let name = name.to_ascii_lowercase();
    HeaderName::try_from(&name).ok().map(|_| HeaderName::from_static(kept(&name)))
}

fn kept(text: &str) -> &'static str {
    static TEXTS: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let texts = texts.get_or_insert_default();
    if let Some(kept) = texts.get(text) {
        return kept;
    }
    let kept: &'static str = Box::leak(text.into());
    texts.insert(kept);
    kept
}

fn frame_ancestors(embed_origins: &[AllowedOrigin]) -> String {
    let origins = embed_origins.iter().map(AllowedOrigin::as_str);
    origins.fold("frame-ancestors 'self'".to_owned(), |policy, origin| policy + " " + origin)
}

fn names_ancestors(policy: &str) -> bool {
    let mut directives = policy.split(';').filter_map(|directive| directive.split_whitespace().next());
    directives.any(|name| name.eq_ignore_ascii_case("frame-ancestors"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers_of(text: &str, is_foreign: bool) -> HeaderMap {
        let config = Config::parse(text, "test", std::iter::empty()).unwrap();
        let mut response = Response::default();
        if is_foreign {
            response.extensions_mut().insert(Foreign);
        }
        Headers::new(&config).apply(&mut response);
        response.into_parts().0.headers
    }

    #[test]
    fn pages_may_be_framed_by_whom_the_configuration_names() {
        for (text, expected, frame_options) in [
            ("", "; frame-ancestors 'self'", Some("SAMEORIGIN")),
            (
                "web.embed_origins = ['https://a.example', 'https://b.example:8443']",
                "; frame-ancestors 'self' https://a.example https://b.example:8443",
                None,
            ),
            ("web.embed_origins = ['*']", "; frame-ancestors 'self' *", None),
            (
                "edge.headers.content_security_policy = \"default-src 'self'; \"",
                "default-src 'self'; frame-ancestors 'self'",
                Some("SAMEORIGIN"),
            ),
            (
                "edge.headers.content_security_policy = \"Frame-Ancestors 'none'\"",
                "Frame-Ancestors 'none'",
                Some("SAMEORIGIN"),
            ),
        ] {
            let headers = headers_of(text, false);
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.ends_with(expected), "{text}: {policy}");
            assert_eq!(
                headers.get(header::X_FRAME_OPTIONS).map(|value| value.to_str().unwrap()),
                frame_options,
                "{text}"
            );
        }
    }

    #[test]
    fn each_header_can_be_changed_and_left_out() {
        let keys = [
            "content_security_policy",
            "x_frame_options",
            "x_content_type_options",
            "x_xss_protection",
            "referrer_policy",
            "permissions_policy",
            "cross_origin_opener_policy",
            "cross_origin_resource_policy",
        ];
        for key in keys {
            let name = key.replace('_', "-");
            assert!(headers_of("", false).contains_key(&name), "{name}");
            assert!(!headers_of(&format!("edge.headers.{key} = ''"), false).contains_key(&name), "{name}");
            let changed = headers_of(&format!("edge.headers.{key} = 'changed'"), false);
            assert!(changed[&name].to_str().unwrap().starts_with("changed"), "{name}");
        }
        let extra = headers_of("edge.headers.extra = ['X-Robots-Tag: noindex', 'referrer-policy: no-referrer']", false);
        assert_eq!(
            (&extra["x-robots-tag"], &extra["referrer-policy"]),
            (&"noindex".parse().unwrap(), &"no-referrer".parse().unwrap())
        );
    }

    #[test]
    fn what_another_server_wrote_gets_no_policy_of_ours() {
        let headers = headers_of("edge.headers.extra = ['X-Robots-Tag: noindex']", true);
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["referrer-policy", "x-content-type-options", "x-frame-options", "x-robots-tag", "x-xss-protection"]
        );
    }
}
