//! The operator's side of the language model, over HTTP.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use reqwest::RequestBuilder;
use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::Customer;
use super::Http;
use super::watchdog::Watchdog;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// An operator who has the token of `admin.token_file`.
pub struct Administrator {
    http: Http,
}

impl Administrator {
    /// At this server, which was started with [`token_file`].
    pub fn new(http: &Http) -> Self {
        Self { http: http.clone() }
    }

    /// How the language model stands.
    pub async fn model(&self) -> Value {
        self.http.send(self.request("GET", "/api/v1/admin/model")).await.expect(200)
    }

    /// Switches it, for a category or for all.
    pub async fn switches(&self, state: &str, category: Option<&str>) -> Answer {
        let switch = json!({"state": state, "category": category, "reason": "점검", "by": "운영자"});
        self.http.send(self.request("PUT", "/api/v1/admin/model").json(&switch)).await
    }

    /// The audit trail, newest first.
    pub async fn trail(&self) -> Vec<Value> {
        list(&self.http.send(self.request("GET", "/api/v1/admin/audit")).await)
    }

    /// What models were asked in a conversation, oldest first.
    pub async fn runs(&self, customer: &Customer) -> Vec<Value> {
        let path = format!("/api/v1/admin/sessions/{}/model-runs", customer.session());
        list(&self.http.send(self.request("GET", &path)).await)
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.http.request(method, path).header("authorization", format!("Bearer {TOKEN}"))
    }
}

/// A file with the token, for `admin.token_file`.
pub fn token_file() -> String {
    static FILE: OnceLock<(PathBuf, Watchdog)> = OnceLock::new();
    let (file, _) = FILE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let file = folder.join("token");
        fs::write(&file, TOKEN).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        (file, Watchdog::over_folder(&folder))
    });
    file.to_str().unwrap().to_owned()
}

#[track_caller]
fn list(answer: &Answer) -> Vec<Value> {
    answer.expect(200).as_array().unwrap().clone()
}
