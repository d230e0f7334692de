//! The web screens inside the program, built and compressed by `build.rs`.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use rust_embed::RustEmbed;

use crate::api;
use crate::edge::Asset;
use crate::edge::Assets;
use crate::edge::Problem;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// Vite names what it builds here by content.
const ASSETS: Assets = Assets::new(find, "assets/");

/// Answers what no route of the API answers: the screens, and a refusal for everything else.
pub async fn page(request: Request) -> Response {
    let path = request.uri().path();
    if api::is_api(path) || api::is_upgrade(request.headers()) {
        return api::not_found(&request);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method Not Allowed");
        problem.headers.push((header::ALLOW, HeaderValue::from_static("GET, HEAD")));
        return problem.into_response();
    }
    let file = match path.trim_start_matches('/') {
        "" if wants_json(request.headers()) => return api::running(),
        "" => "index.html",
        file => file,
    };
    ASSETS
        .respond(file, request.headers())
        .unwrap_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not_found", "Not Found").into_response())
}

/// A program that asks for JSON by name; browsers and `curl` do not.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

fn find(path: &str) -> Option<Asset> {
    Files::get(path).map(|file| Asset { sha256: file.metadata.sha256_hash(), bytes: file.data })
}
