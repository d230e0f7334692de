//! The web screens inside the program, built and compressed by `build.rs`.

use std::fs;
use std::path::Path;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use rust_embed::RustEmbed;

use crate::api;
use crate::config::Config;
use crate::edge::AssetRules;
use crate::edge::Assets;
use crate::edge::Problem;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// Vite names by content what it builds into the folder. `widget.js` is loaded by pages of the bank's own site.
const RULES: AssetRules = AssetRules { immutable_folder: "assets/", shared: &["widget.js"] };
/// Largest logo.
const LOGO_BYTES_MAX: u64 = 256 << 10;
/// What a picture may do when it is opened by itself: nothing but look as it does.
const LOGO_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");
/// How long a browser shows a logo without asking again.
const LOGO_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The screens as one installation shows them.
#[derive(Clone)]
pub struct Screens {
    assets: Assets,
    logo: Option<Logo>,
}

/// The bank's logo.
#[derive(Clone)]
struct Logo {
    bytes: Bytes,
    content_type: HeaderValue,
}

impl Screens {
    /// As the configuration says.
    ///
    /// # Errors
    /// What is wrong with the logo, and what is allowed.
    pub fn new(config: &Config) -> Result<Self, String> {
        let logo = config.web.theme.logo.as_ref().map(|path| read_logo(&config.server.resolve(path))).transpose()?;
        let files = Files::iter().filter_map(|name| Files::get(&name).map(|file| (name, file.data)));
        Ok(Self { assets: Assets::new(files, RULES), logo })
    }

    /// The screens' files, which need no route.
    pub fn assets(&self) -> Assets {
        self.assets.clone()
    }

    /// Answers what is no file and no route of the API: the logo, a screen that a browser navigates to under a path of the screen's
    /// own, and a refusal for everything else.
    pub fn page(&self, request: &Request) -> Response {
        let path = request.uri().path();
        if api::is_api(path) || api::is_upgrade(request) {
            return api::not_found(request);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method Not Allowed");
            problem.headers.push((header::ALLOW, HeaderValue::from_static("GET, HEAD")));
            return problem.into_response();
        }
        let not_found = || Problem::new(StatusCode::NOT_FOUND, "not_found", "Not Found").into_response();
        if path == api::LOGO_PATH {
            return self.logo.clone().map_or_else(not_found, IntoResponse::into_response);
        }
        if path == "/" {
            return api::running();
        }
        self.assets.navigate(request).unwrap_or_else(not_found)
    }
}

impl IntoResponse for Logo {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CONTENT_SECURITY_POLICY, LOGO_POLICY),
            (header::CACHE_CONTROL, LOGO_CACHE),
        ];
        (headers, self.bytes).into_response()
    }
}

fn read_logo(path: &Path) -> Result<Logo, String> {
    let shown = path.display();
    let allowed = "allowed: an .svg, .png or .webp file of at most 256 KiB";
    let content_type = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some(_) | None => return Err(format!("{shown} is no picture that is known; {allowed}")),
    };
    let unreadable = |error| format!("reading {shown}: {error}; {allowed}");
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > LOGO_BYTES_MAX {
        return Err(format!("{shown} has {length} bytes; {allowed}"));
    }
    let bytes = fs::read(path).map_err(unreadable)?.into();
    Ok(Logo { bytes, content_type: HeaderValue::from_static(content_type) })
}
