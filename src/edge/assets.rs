//! Static files that are part of the program, compressed when it was built.
//!
//! All that can be known of a response is made at start, so answering is a look into a map that nothing outside can add to:
//! what is no key of it does not exist, however a path is written.
//!
//! A file whose name changes with its content is `immutable` for a year. That is what `Expires` a year ahead,
//! `max-age=31536000` and `public, immutable` of the replaced server say in one line (wire contract §8; `max-age` overrules
//! `Expires`, RFC 9111 §5.3). Under a name that stays, a file has to be asked for again, at the price of a 304: its next version
//! must not wait a year.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::io::Read as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use flate2::read::GzDecoder;
use foldhash::fast::RandomState;
use sha2::Digest as _;
use sha2::Sha256;

use crate::config::ContentCoding;
use crate::edge::Problem;
use crate::edge::encoding;
use crate::edge::encoding::Accepted;
use crate::edge::headers::CROSS_ORIGIN_RESOURCE_POLICY;
use crate::edge::headers::add;
use crate::edge::headers::permanent;
use crate::edge::preconditions;
use crate::edge::preconditions::Wanted;
use crate::edge::request_id;

/// A file whose name changes with its content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A file that has to be asked for again.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
const FRONT_PAGE: &str = "index.html";

/// The files of the program, by path. Cheap to clone.
#[derive(Clone, Default)]
pub struct Assets {
    files: Arc<HashMap<String, Arc<File>, RandomState>>,
    /// The headers that all responses get are there.
    is_dressed: bool,
}

/// What is special about some files.
#[derive(Debug, Clone, Copy)]
pub struct AssetRules {
    /// Names in this folder change with their content.
    pub immutable_folder: &'static str,
    /// Files that pages of other sites load.
    pub shared: &'static [&'static str],
}

/// One file, in every encoding there is of it.
#[derive(Clone)]
struct File {
    /// The smallest first.
    compressed: Vec<Variant>,
    plain: Variant,
}

/// One file in one encoding: all that is sent of it.
#[derive(Clone)]
struct Variant {
    coding: Option<ContentCoding>,
    etag: HeaderValue,
    headers: HeaderMap,
    /// What a 304 repeats (RFC 9110 §15.4.5, RFC 9111 §3.2).
    headers_of_304: HeaderMap,
    bytes: Bytes,
}

impl Assets {
    /// Files by name, without a slash in front. `x.br` and `x.gz` are the content of `x` compressed; `x.gz` may be there instead of
    /// it. A folder's `index.html` is the folder's page.
    pub fn new(files: impl Iterator<Item = (Cow<'static, str>, Cow<'static, [u8]>)>, rules: AssetRules) -> Self {
        let mut contents: BTreeMap<String, BTreeMap<&str, Bytes>> = BTreeMap::new();
        for (name, bytes) in files {
            let (name, suffix) = match name.rsplit_once('.') {
                Some((name, "br")) => (name, "br"),
                Some((name, "gz")) => (name, "gz"),
                Some(_) | None => (&*name, ""),
            };
            let bytes = match bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            };
            contents.entry(name.to_owned()).or_default().insert(suffix, bytes);
        }
        let mut found = HashMap::default();
        for (name, contents) in contents {
            let Some(file) = File::new(&name, contents, rules) else { continue };
            let file = Arc::new(file);
            if let Some(folder) = name.strip_suffix(FRONT_PAGE)
                && (folder.is_empty() || folder.ends_with('/'))
            {
                found.insert(format!("/{folder}"), Arc::clone(&file));
            }
            found.insert(format!("/{name}"), file);
        }
        Self { files: Arc::new(found), is_dressed: false }
    }

    /// The same files, of which each response has these headers already: to put them together for each request costs more than
    /// all the rest of it.
    pub(super) fn dressed(&self, common: &[(HeaderName, HeaderValue)]) -> Self {
        let dress = |(path, file): (&String, &Arc<File>)| (path.clone(), Arc::new(file.dressed(common)));
        Self { files: Arc::new(self.files.iter().map(dress).collect()), is_dressed: true }
    }

    /// The response to a request for one of the files, and whether it has the common headers; `None` leaves it to the application.
    /// So does whoever asks for `/` and wants JSON by name: that is a program, not a browser.
    pub(super) fn answer(&self, request: &Request, accepted: Accepted) -> Option<(Response, bool)> {
        let (path, headers) = (request.uri().path(), request.headers());
        let file = self.files.get(path)?;
        if !is_read(request.method()) || headers.contains_key(header::UPGRADE) || (path == "/" && wants_json(headers)) {
            return None;
        }
        let response = file.respond(request, accepted);
        let is_dressed = self.is_dressed && response.status() == StatusCode::OK;
        Some((response, is_dressed))
    }

    /// The page in which a path that a browser navigates to means something: that of the nearest folder. Only paths that can be
    /// such a page's own: plain words, no file's extension, nothing encoded.
    pub fn navigate(&self, request: &Request) -> Option<Response> {
        let path = request.uri().path();
        if !is_read(request.method()) || !reads_html(request.headers()) || !is_page_path(path) {
            return None;
        }
        let mut folder = path.trim_end_matches('/');
        loop {
            if let Some(file) = self.files.get(&format!("{folder}/")) {
                return Some(file.respond(request, Accepted::of(request.headers())));
            }
            (folder, _) = folder.rsplit_once('/')?;
        }
    }
}

impl File {
    /// `None` if there is no way to make the content as it is.
    fn new(name: &str, mut contents: BTreeMap<&str, Bytes>, rules: AssetRules) -> Option<Self> {
        let plain = match contents.remove("") {
            Some(plain) => plain,
            None => unpacked(contents.get("gz")?)?,
        };
        let compressed = [("br", ContentCoding::Brotli), ("gz", ContentCoding::Gzip)];
        let compressed: Vec<(ContentCoding, Bytes)> =
            compressed.into_iter().filter_map(|(suffix, coding)| Some((coding, contents.remove(suffix)?))).collect();
        let content_type = mime_guess::from_path(name).first_or_octet_stream();
        let content_type = match content_type.type_() {
            mime_guess::mime::TEXT => format!("{content_type}; charset=utf-8"),
            _ => content_type.to_string(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, permanent(&content_type)?);
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let is_immutable = name.starts_with(rules.immutable_folder);
        headers.insert(header::CACHE_CONTROL, if is_immutable { IMMUTABLE } else { REVALIDATE });
        if !compressed.is_empty() {
            headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if rules.shared.contains(&name) {
            headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        }
        let variant = |coding, bytes| Variant::new(coding, bytes, headers.clone());
        Some(Self {
            compressed: compressed.into_iter().map(|(coding, bytes)| variant(Some(coding), bytes)).collect(),
            plain: variant(None, plain),
        })
    }

    fn dressed(&self, common: &[(HeaderName, HeaderValue)]) -> Self {
        let mut file = self.clone();
        for variant in file.compressed.iter_mut().chain([&mut file.plain]) {
            common.iter().for_each(|(name, value)| add(&mut variant.headers, name, value));
            // Its place: a copy of the map has room for what is in it and no more.
            variant.headers.insert(request_id::HEADER, HeaderValue::from_static(""));
        }
        file
    }

    fn respond(&self, request: &Request, accepted: Accepted) -> Response {
        let headers = request.headers();
        let variant = self.variant(accepted);
        // A range of HEAD means nothing (RFC 9110 §14.2).
        let is_head = request.method() == Method::HEAD;
        match preconditions::wanted(headers, &variant.etag, variant.bytes.len()) {
            Wanted::Whole => variant.respond(is_head),
            Wanted::Part { .. } | Wanted::NoSuchPart if is_head => variant.respond(is_head),
            Wanted::Part { first, last } => variant.respond_part(first, last),
            Wanted::NoSuchPart => {
                let mut problem =
                    Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", "Range Not Satisfiable");
                problem.headers.extend(content_range(&format!("bytes */{}", variant.bytes.len())));
                problem.into_response()
            }
            Wanted::Nothing => {
                let mut response = StatusCode::NOT_MODIFIED.into_response();
                *response.headers_mut() = variant.headers_of_304.clone();
                response
            }
            Wanted::Other => {
                Problem::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", "Precondition Failed")
                    .into_response()
            }
        }
    }

    fn variant(&self, accepted: Accepted) -> &Variant {
        let coding = accepted.choose(self.compressed.iter().filter_map(|variant| variant.coding));
        let chosen = coding.and_then(|_| self.compressed.iter().find(|variant| variant.coding == coding));
        chosen.unwrap_or(&self.plain)
    }
}

impl Variant {
    fn new(coding: Option<ContentCoding>, bytes: Bytes, mut headers: HeaderMap) -> Self {
        let digest = Sha256::digest(&bytes);
        // Hexadecimal digits in quotes are always a valid value.
        let etag = format!("\"{}\"", hex::encode(digest.get(..16).unwrap_or_default()));
        let etag = permanent(&etag).unwrap_or(HeaderValue::from_static("\"\""));
        headers.insert(header::ETAG, etag.clone());
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, encoding::name(coding));
        }
        // A browser takes over what a 304 says, so what is special about the file has to be said again.
        let repeated = [header::CACHE_CONTROL, header::ETAG, header::VARY, CROSS_ORIGIN_RESOURCE_POLICY];
        let repeated = headers.iter().filter(|(name, _)| repeated.contains(name));
        let headers_of_304 = repeated.map(|(name, value)| (name.clone(), value.clone())).collect();
        Self { coding, etag, headers, headers_of_304, bytes }
    }

    fn respond(&self, is_head: bool) -> Response {
        let body = if is_head { Body::empty() } else { Body::from(self.bytes.clone()) };
        let mut response = Response::new(body);
        *response.headers_mut() = self.headers.clone();
        if is_head {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(self.bytes.len()));
        }
        response
    }

    fn respond_part(&self, first: usize, last: usize) -> Response {
        let mut response = Response::new(Body::from(self.bytes.slice(first..=last)));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        *response.headers_mut() = self.headers.clone();
        let length = self.bytes.len();
        response.headers_mut().extend(content_range(&format!("bytes {first}-{last}/{length}")));
        response
    }
}

fn content_range(text: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((header::CONTENT_RANGE, HeaderValue::from_str(text).ok()?))
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// A client that reads pages: a browser that somebody looks at.
pub(super) fn reads_html(headers: &HeaderMap) -> bool {
    accept(headers).contains("text/html")
}

/// A program that asks for JSON by name; browsers and `curl` do not.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = accept(headers);
    accept.contains("application/json") && !accept.contains("text/html")
}

fn accept(headers: &HeaderMap) -> &str {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default()
}

fn is_page_path(path: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte))
    };
    let path = path.strip_suffix('/').unwrap_or(path);
    path.is_empty() || path.strip_prefix('/').is_some_and(|words| words.split('/').all(is_word))
}

/// A gzipped file as it was; `None` if it is none.
fn unpacked(packed: &[u8]) -> Option<Bytes> {
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).ok()?;
    Some(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request {
        let builder = Request::builder().method(method).uri(path);
        let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
        builder.body(Body::empty()).unwrap()
    }

    fn answer(assets: &Assets, request: &Request) -> Option<Response> {
        assets.answer(request, Accepted::of(request.headers())).map(|(response, _)| response)
    }

    fn assets() -> Assets {
        let files: [(&str, &[u8]); 6] = [
            ("index.html", b"front"),
            ("desk/index.html", b"desk"),
            ("widget.js", b"widget"),
            ("assets/a-1234.css", b"plain"),
            ("assets/a-1234.css.br", b"brotli"),
            ("assets/a-1234.css.gz", b"gzip"),
        ];
        let rules = AssetRules { immutable_folder: "assets/", shared: &["widget.js"] };
        Assets::new(files.into_iter().map(|(name, bytes)| (name.into(), bytes.into())), rules)
    }

    #[test]
    fn files_are_found_by_their_exact_path_alone() {
        let assets = assets();
        let is_found = |path: &str| answer(&assets, &request("GET", path, &[])).is_some();
        for path in ["/", "/index.html", "/desk/", "/desk/index.html", "/assets/a-1234.css", "/?a=/../b"] {
            assert!(is_found(path), "{path}");
        }
        for path in [
            "//",
            "/desk",
            "/assets/",
            "/assets/a-1234.css.br",
            "/assets/../index.html",
            "/./index.html",
            "/assets/%2e%2e/index.html",
            "/..%2findex.html",
            "/%252e%252e/index.html",
            "/index.html%00",
            "/assets\\a-1234.css",
            "/INDEX.HTML",
            "/%69ndex.html",
        ] {
            assert!(!is_found(path), "{path}");
        }
        assert!(answer(&assets, &request("POST", "/", &[])).is_none());
        assert!(answer(&assets, &request("GET", "/", &[("upgrade", "websocket")])).is_none());
        assert!(answer(&assets, &request("GET", "/", &[("accept", "application/json")])).is_none());
        assert!(answer(&assets, &request("GET", "/", &[("accept", "text/html, application/json")])).is_some());
    }

    #[test]
    fn browsers_that_navigate_get_the_nearest_page() {
        let assets = assets();
        let length = |method: &str, path: &str, accept: &str| {
            let response = assets.navigate(&request(method, path, &[("accept", accept)]))?;
            hyper::body::Body::size_hint(response.body()).exact()
        };
        for (path, expected) in [
            ("/chats/7", Some(5)),
            ("/chats/", Some(5)),
            ("/desk", Some(4)),
            ("/desk/tickets/7", Some(4)),
            ("/desktop", Some(5)),
            ("/favicon.ico", None),
            ("/desk/a.js", None),
            ("/.well-known/change-password", None),
            ("/a/../desk", None),
            ("/a//b", None),
            ("/%2e%2e%2fetc%2fpasswd", None),
            ("/a\\b", None),
        ] {
            assert_eq!(length("GET", path, "text/html,*/*;q=0.8"), expected, "{path}");
        }
        assert_eq!(length("GET", "/chats", "*/*"), None);
        assert_eq!(length("POST", "/chats", "text/html"), None);
    }

    #[test]
    fn what_is_sent_fits_the_file() {
        let assets = assets();
        let headers = |path: &str| answer(&assets, &request("GET", path, &[])).unwrap().into_parts().0.headers;
        let hashed = headers("/assets/a-1234.css");
        assert_eq!(hashed[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(
            (&hashed[header::VARY], &hashed[header::CONTENT_TYPE]),
            (&HeaderValue::from_static("Accept-Encoding"), &HeaderValue::from_static("text/css; charset=utf-8"))
        );
        let page = headers("/");
        assert_eq!(page[header::CACHE_CONTROL], "no-cache");
        assert!(!page.contains_key(header::VARY) && !page.contains_key(CROSS_ORIGIN_RESOURCE_POLICY));
        assert_eq!(headers("/widget.js")[CROSS_ORIGIN_RESOURCE_POLICY], "cross-origin");
        let tags: std::collections::BTreeSet<_> = ["br", "gzip", "identity"]
            .into_iter()
            .map(|coding| {
                let request = request("GET", "/assets/a-1234.css", &[("accept-encoding", coding)]);
                answer(&assets, &request).unwrap().headers()[header::ETAG].as_bytes().to_owned()
            })
            .collect();
        assert_eq!(tags.len(), 3, "each variant has a tag of its own");
    }
}
