//! `[llm]`: language models of the bank's own, or of a provider; none by default.

use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use crate::config::origin::WebOrigin;
use crate::config::secret::Secret;
use crate::config::secret::read_secret;
use crate::config::section::Section;
use crate::config::server::Server;
use crate::config::value::Value;
use crate::config::value::choices;
use crate::config::value::quote_text;

/// Language models, and how long they are waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct Llm {
    /// How long opening a connection may take: finding the address, TCP and TLS.
    pub connect_timeout: Duration,
    /// How long a model may be silent: before its first token, and between two.
    pub first_token_timeout: Duration,
    /// How long a model may think without saying a word.
    pub thinking_timeout: Duration,
    /// How long a whole answer may take.
    pub answer_timeout: Duration,
    /// Questions that wait for a model while all are busy.
    pub queue_max: usize,
    /// How long one waits.
    pub queue_timeout: Duration,
    /// Most tokens of one answer.
    pub answer_tokens_max: u32,
    /// How freely a model chooses its words, 0 to 2.
    pub temperature: f64,
    /// Failures in a row after which an endpoint is left out; 0 never leaves it out.
    pub fails: u32,
    /// How long it is left out the first time; twice as long each further time, up to ten minutes.
    pub fail_timeout: Duration,
    /// Whether the names of the earlier system's `.env` are read where no endpoint is configured.
    pub legacy_environment: bool,
    /// How many tokens may be spent.
    pub budget: LlmBudget,
    /// The models; none is no model.
    pub endpoints: Vec<LlmEndpoint>,
}

/// How many tokens may be spent, of prompts and answers together; 0 is without limit. A question is asked only if the most it may
/// cost still fits: a token for each of its characters, and [`Llm::answer_tokens_max`].
#[derive(Debug, Clone, PartialEq)]
pub struct LlmBudget {
    /// On one day in Korea, by all servers of one database.
    pub tokens_per_day: u64,
    /// In one conversation.
    pub tokens_per_session: u64,
}

/// A server of a language model.
#[derive(Debug, Clone, PartialEq)]
pub struct LlmEndpoint {
    /// What it is called in logs, metrics and records.
    pub name: String,
    /// Where its API begins.
    pub url: ApiBase,
    /// The model it is asked for.
    pub model: String,
    /// File that holds its key and nothing else.
    pub api_key_file: Option<PathBuf>,
    /// What that file holds.
    pub api_key: Option<Secret<String>>,
    /// PEM file of the authorities that may have issued its certificate; none is the system's.
    pub ca_file: Option<PathBuf>,
    /// What it is asked to do.
    pub roles: Vec<LlmRole>,
    /// How much it gets in comparison with the others.
    pub weight: u32,
    /// Requests it answers at the same time.
    pub concurrent_max: usize,
    /// The variable of the earlier system that means it, if no `[[llm.endpoint]]` does.
    pub legacy_variable: Option<&'static str>,
}

/// What a model is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LlmRole {
    /// To say in its words what passages of the bank's documents say.
    Answer,
    /// To choose the category of a message that the classifier is not sure of.
    Triage,
    /// To sum up a conversation for the agent.
    Summary,
}

impl LlmRole {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Answer, Self::Triage, Self::Summary];

    /// As it stands in the configuration, metrics and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Triage => "triage",
            Self::Summary => "summary",
        }
    }
}

/// Names of the earlier system's `.env`.
pub(super) const LEGACY_VARIABLES: [&str; 5] =
    ["OPENAI_API_KEY", "USE_LM_STUDIO", "LM_STUDIO_BASE_URL", "LM_STUDIO_MODEL", "LLM_TIMEOUT"];
/// Where each of the two kinds it knew is, unless a variable says otherwise, and what the hosted one is asked for.
const OPENAI_URL: &str = "https://api.openai.com/v1";
const OPENAI_MODEL: &str = "gpt-4o-mini";
const LM_STUDIO_URL: &str = "http://127.0.0.1:1234/v1";

impl Llm {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let timeout = || Duration::from_millis(100)..=Duration::from_mins(10);
        let llm = Self {
            connect_timeout: section.within("connect_timeout", Duration::from_secs(3), timeout()),
            first_token_timeout: section.within("first_token_timeout", Duration::from_secs(10), timeout()),
            thinking_timeout: section.within("thinking_timeout", Duration::from_secs(30), timeout()),
            answer_timeout: section.within("answer_timeout", Duration::from_mins(5), timeout()),
            queue_max: section.within("queue_max", 256, 0..=100_000),
            queue_timeout: section.within("queue_timeout", Duration::from_secs(20), timeout()),
            answer_tokens_max: section.within("answer_tokens_max", 700, 16..=8_192),
            temperature: section.within("temperature", 0.2, 0.0..=2.0),
            fails: section.within("fails", 3, 0..=1_000),
            fail_timeout: section.within("fail_timeout", Duration::from_secs(5), timeout()),
            legacy_environment: section.key("legacy_environment", true),
            budget: section.section("budget", LlmBudget::read),
            endpoints: section.tables("endpoint", Vec::new(), |section, _| LlmEndpoint::read(section)),
        };
        llm.check(section);
        llm
    }

    fn check(&self, section: &mut Section<'_>) {
        for (number, endpoint) in (1..).zip(&self.endpoints) {
            let is_taken = self.endpoints.iter().take(number - 1).any(|other| other.name == endpoint.name);
            if is_taken && !endpoint.name.is_empty() {
                let why = format!("{} stands twice; allowed: a name for each", quote_text(&endpoint.name));
                section.refuse(&[&format!("endpoint.{number}.name")], why);
            }
        }
    }

    /// Reads the keys of the files that hold them.
    pub(super) fn add_keys(&mut self, server: &Server, root: &mut Section<'_>) {
        for (number, endpoint) in (1..).zip(&mut self.endpoints) {
            let Some(file) = &endpoint.api_key_file else { continue };
            match read_secret(&server.resolve(file), "key") {
                Ok(key) => endpoint.api_key = Some(key),
                Err(why) => root.refuse(&[&format!("llm.endpoint.{number}.api_key_file")], why),
            }
        }
    }

    /// Takes the endpoint that the earlier system's variables mean, where no other is configured.
    pub(super) fn add_legacy(&mut self, root: &mut Section<'_>) {
        if !self.endpoints.is_empty() || !self.legacy_environment {
            return;
        }
        let mut variable = |name: &str| root.legacy_variable(name).filter(|text| !text.trim().is_empty());
        let is_local = variable("USE_LM_STUDIO").is_some_and(|text| is_yes(&text));
        let (key, url, model) =
            (variable("OPENAI_API_KEY"), variable("LM_STUDIO_BASE_URL"), variable("LM_STUDIO_MODEL"));
        let timeout = variable("LLM_TIMEOUT");
        let (by, url, model, key) = if is_local {
            let key = None;
            ("USE_LM_STUDIO", url.unwrap_or_else(|| LM_STUDIO_URL.to_owned()), model.unwrap_or_default(), key)
        } else if let Some(key) = key {
            ("OPENAI_API_KEY", OPENAI_URL.to_owned(), OPENAI_MODEL.to_owned(), Some(Secret::new(key)))
        } else {
            return;
        };
        let Some(url) = ApiBase::parse(&url) else {
            root.refuse_variable("LM_STUDIO_BASE_URL", format!("{} is not {}", quote_text(&url), ApiBase::NOUN));
            return;
        };
        if let Some(text) = timeout {
            match text.trim().parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
                Some(timeout) if !timeout.is_zero() => self.answer_timeout = timeout,
                Some(_) | None => {
                    let why = format!("{} is no time-out; allowed: a number of seconds, such as 60", quote_text(&text));
                    root.refuse_variable("LLM_TIMEOUT", why);
                }
            }
        }
        root.note_legacy("llm.endpoint.1.url", quote_text(url.as_str()), by);
        root.note_legacy("llm.endpoint.1.model", quote_text(&model), by);
        let name = if is_local { "lm-studio" } else { "openai" }.to_owned();
        let legacy_variable = Some(by);
        self.endpoints.push(LlmEndpoint { name, url, model, api_key: key, legacy_variable, ..LlmEndpoint::default() });
    }
}

/// What the earlier system took for yes.
fn is_yes(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on")
}

impl LlmBudget {
    fn read(section: &mut Section<'_>) -> Self {
        const TOKENS_MAX: u64 = 1_000_000_000_000;
        Self {
            tokens_per_day: section.within("tokens_per_day", 0, 0..=TOKENS_MAX),
            tokens_per_session: section.within("tokens_per_session", 0, 0..=TOKENS_MAX),
        }
    }
}

impl Default for LlmEndpoint {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: ApiBase(String::new()),
            model: String::new(),
            api_key_file: None,
            api_key: None,
            ca_file: None,
            roles: LlmRole::ALL.to_vec(),
            weight: 1,
            concurrent_max: 64,
            legacy_variable: None,
        }
    }
}

impl LlmEndpoint {
    fn read(section: &mut Section<'_>) -> Self {
        let default = Self::default();
        let mut endpoint = Self {
            name: section.key("name", default.name),
            url: section.key("url", default.url),
            model: section.key("model", default.model),
            api_key_file: section.key("api_key_file", None),
            api_key: None,
            ca_file: section.key("ca_file", None),
            roles: section.key("roles", default.roles),
            weight: section.within("weight", default.weight, 1..=1_000),
            concurrent_max: section.within("concurrent_max", default.concurrent_max, 1..=10_000),
            legacy_variable: None,
        };
        endpoint.check(section);
        if endpoint.name.is_empty() {
            // Without the scheme: what people would call it.
            endpoint.name = endpoint.url.as_str().split_once("://").map_or("", |(_, rest)| rest).to_owned();
        }
        endpoint
    }

    fn check(&self, section: &mut Section<'_>) {
        if self.url.as_str().is_empty() {
            let why = r#""" names no server; allowed: where its API begins, such as "http://10.0.0.9:8000/v1""#;
            section.refuse(&["url"], why.to_owned());
        }
        if self.roles.is_empty() {
            let why = format!("[] gives it nothing to do; allowed: at least one of {}", LlmRole::ALLOWED);
            section.refuse(&["roles"], why);
        }
        if self.ca_file.is_some() && !self.url.is_https() {
            let why = "ca_file is for a url that begins with https://".to_owned();
            section.refuse(&["ca_file", "url"], why);
        }
    }
}

/// Where an API begins: `https://host:port/path`, without a slash at the end. Well-formed by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiBase(String);

impl ApiBase {
    /// Reads one; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('/');
        let path_at = text.find("://").and_then(|at| Some(at + 3 + text.get(at + 3..)?.find('/')?));
        let (origin, path) = text.split_at(path_at.unwrap_or(text.len()));
        let origin = WebOrigin::parse(origin)?;
        let is_path = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\\"".contains(&byte));
        (is_path && !path.contains("..")).then(|| Self(format!("{origin}{path}")))
    }

    /// As it stands in the configuration.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl Value for ApiBase {
    const NOUN: &'static str = "the address of an API";
    const ALLOWED: &'static str = r#""http://host:port/v1" or "https://host/v1""#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        Self::parse(value.as_str()?)
    }

    fn to_toml(&self) -> String {
        quote_text(&self.0)
    }
}

choices!(LlmRole: "something a model is asked to do", {
    "answer" => Answer,
    "triage" => Triage,
    "summary" => Summary,
});
