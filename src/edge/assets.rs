//! Static files that are part of the program, compressed when it was built.

use std::borrow::Cow;
use std::io::Read as _;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use flate2::read::GzDecoder;

/// What pages may load and do: nothing that is not from here. Who may frame them is added.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors 'self'";
/// A file whose name changes with its content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A file that has to be asked for again, at the price of a 304.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// One embedded file.
pub struct Asset {
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
}

/// Serves embedded files. A file `x.br` or `x.gz` is the content of `x` compressed, and may be there instead of it.
#[derive(Clone)]
pub struct Assets {
    find: fn(&str) -> Option<Asset>,
    immutable_folder: &'static str,
    policy: HeaderValue,
}

impl Assets {
    /// `find` gives the file at a path; names under `immutable_folder` change with their content. Pages may be framed by
    /// this server and by `framed_by`, origins as they stand in a policy.
    pub fn new<'o>(
        find: fn(&str) -> Option<Asset>,
        immutable_folder: &'static str,
        framed_by: impl Iterator<Item = &'o str>,
    ) -> Self {
        let policy = framed_by.fold(CONTENT_SECURITY_POLICY.to_owned(), |policy, origin| format!("{policy} {origin}"));
        // Origins are ASCII by construction; without them the policy is only stricter.
        let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
        Self { find, immutable_folder, policy }
    }

    /// The response with the file at `path`, in the best encoding the client takes; `None` if there is no such file.
    pub fn respond(&self, path: &str, request: &HeaderMap) -> Option<Response> {
        let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (asset, encoding) = [("br", "br"), ("gzip", "gz")]
            .into_iter()
            .filter(|(encoding, _)| accepts(accepted, encoding))
            .find_map(|(encoding, suffix)| Some(((self.find)(&format!("{path}.{suffix}"))?, Some(encoding))))
            .or_else(|| Some(((self.find)(path)?, None)))
            .or_else(|| Some((unpacked(&(self.find)(&format!("{path}.gz"))?)?, None)))?;
        let content_type = mime_guess::from_path(path).first_or_octet_stream();
        let is_page = content_type.essence_str() == "text/html";
        let content_type = match content_type.type_() {
            mime_guess::mime::TEXT => format!("{content_type}; charset=utf-8"),
            _ => content_type.to_string(),
        };

        let mut headers = HeaderMap::new();
        let etag = etag(&asset.sha256);
        headers.insert(header::ETAG, etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        let is_immutable = path.starts_with(self.immutable_folder);
        headers.insert(header::CACHE_CONTROL, if is_immutable { IMMUTABLE } else { REVALIDATE });
        if is_page {
            headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        }
        if request.get(header::IF_NONE_MATCH).is_some_and(|known| holds(known, &etag)) {
            return Some((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&content_type).ok()?);
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        let body = match asset.bytes {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        Some((headers, body).into_response())
    }
}

/// A gzipped file as it was; `None` if it is none.
fn unpacked(packed: &Asset) -> Option<Asset> {
    let mut bytes = Vec::new();
    GzDecoder::new(&*packed.bytes).read_to_end(&mut bytes).ok()?;
    Some(Asset { bytes: bytes.into(), sha256: packed.sha256 })
}

/// Whether an `Accept-Encoding` takes an encoding; `q=0` refuses it.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let is_refused = parts.any(|part| {
            part.strip_prefix("q=")
                .and_then(|quality| quality.parse::<f32>().ok())
                .is_some_and(|quality| quality <= 0.0)
        });
        is_named && !is_refused
    })
}

fn etag(sha256: &[u8; 32]) -> HeaderValue {
    let hex: String = sha256.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn holds(if_none_match: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(known), Ok(etag)) = (if_none_match.to_str(), etag.to_str()) else { return false };
    known.split(',').map(|item| item.trim().trim_start_matches("W/")).any(|item| item == etag || item == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_taken_as_the_client_says() {
        for (header, br, gzip) in [
            ("gzip, deflate, br, zstd", true, true),
            ("gzip;q=1.0, br;q=0", false, true),
            ("GZIP", false, true),
            ("identity", false, false),
            ("", false, false),
        ] {
            assert_eq!((accepts(header, "br"), accepts(header, "gzip")), (br, gzip), "{header}");
        }
    }
}
