//! The API's description for people: one page from the binary, without scripts, readable offline.

use std::fmt::Write as _;

use axum::response::Html;
use serde_json::Value;

use crate::api::openapi;

/// The page.
pub async fn page() -> Html<String> {
    let document = serde_json::to_value(openapi::document()).unwrap_or_default();
    Html(render(&document))
}

fn render(document: &Value) -> String {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let info = &document["info"];
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\
         <title>{title} API</title><h1>{title} {version}</h1><p>{description}</p>\
         <p>For programs: <a href=\"/api/v1/openapi.json\">openapi.json</a></p>",
        title = text(&info["title"]),
        version = text(&info["version"]),
        description = text(&info["description"]),
    );
    for (path, operations) in members(&document["paths"]) {
        for (method, operation) in members(operations) {
            let summary = text(&operation["summary"]);
            let _ = write!(
                page,
                "<h2><code>{} {}</code></h2><p>{summary}</p><p>{}</p>",
                escape(&method.to_uppercase()),
                escape(path),
                text(&operation["description"])
            );
            render_details(&mut page, operation);
        }
    }
    page.push_str("<h1>Schemas</h1>");
    for (name, schema) in members(&document["components"]["schemas"]) {
        let schema = serde_json::to_string_pretty(schema).unwrap_or_default();
        let name = escape(name);
        let _ = write!(page, "<h2 id=\"{name}\"><code>{name}</code></h2><pre>{}</pre>", escape(&schema));
    }
    page.push_str("</html>\n");
    page
}

fn render_details(page: &mut String, operation: &Value) {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    for parameter in parameters {
        let name = escape(parameter["name"].as_str().unwrap_or_default());
        let place = escape(parameter["in"].as_str().unwrap_or_default());
        let _ = write!(page, "<p>Parameter <code>{name}</code> in {place}</p>");
    }
    if let Some(schema) = schema_of(&operation["requestBody"]) {
        let _ = write!(page, "<p>Body: {}</p>", link(&schema));
    }
    for (status, response) in members(&operation["responses"]) {
        let body = schema_of(response).map(|schema| link(&schema)).unwrap_or_default();
        let _ = write!(page, "<p>{}: {body}</p>", escape(status));
    }
}

/// The name of the schema of a body's JSON.
fn schema_of(body: &Value) -> Option<String> {
    let schema = &body["content"]["application/json"]["schema"];
    let reference = schema["$ref"].as_str().or_else(|| schema["items"]["$ref"].as_str())?;
    reference.rsplit('/').next().map(str::to_owned)
}

fn link(schema: &str) -> String {
    let schema = escape(schema);
    format!("<a href=\"#{schema}\"><code>{schema}</code></a>")
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
