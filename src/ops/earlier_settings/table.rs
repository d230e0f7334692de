//! Every variable of the earlier system (wire contract §9), and what becomes of it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use toml::Value;

use crate::config::ApiBase;
use crate::config::Database;
use crate::config::Secret;
use crate::config::format_duration;
use crate::ops::earlier_settings::dotenv::Entry;

/// Where the secrets are kept, beside the settings.
const DATABASE_PASSWORD: &str = "database.password";
const MODEL_KEY: &str = "llm.key";
/// What the earlier system asked where no variable said otherwise.
const OPENAI_URL: &str = "https://api.openai.com/v1";
const OPENAI_MODEL: &str = "gpt-4o-mini";
const LM_STUDIO_URL: &str = "http://127.0.0.1:1234/v1";
/// The earlier system's variables.
const KNOWN: [&str; 18] = [
    "DATABASE_URL",
    "MYSQL_ROOT_PASSWORD",
    "MYSQL_DATABASE",
    "MYSQL_USER",
    "MYSQL_PASSWORD",
    "MYSQL_HOST",
    "MYSQL_PORT",
    "OPENAI_API_KEY",
    "USE_LM_STUDIO",
    "LM_STUDIO_BASE_URL",
    "LM_STUDIO_MODEL",
    "LLM_TIMEOUT",
    "VECTOR_DB_PATH",
    "SIMILARITY_THRESHOLD",
    "ENABLE_RERANKING",
    "VITE_API_BASE_URL",
    "VITE_WS_URL",
    "VITE_API_TIMEOUT",
];

/// What becomes of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is a setting now.
    Becomes,
    /// It has no use any more.
    NotNeeded,
    /// It has none, and something else is to be done.
    CannotBeKept,
    /// Nobody knows it.
    Unknown,
    /// It makes no sense.
    Wrong,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Becomes => "becomes",
            Self::NotNeeded => "not needed",
            Self::CannotBeKept => "cannot be kept",
            Self::Unknown => "unknown",
            Self::Wrong => "WRONG",
        })
    }
}

/// What becomes of one line.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) what: String,
}

/// What they all become.
#[derive(Debug, Default)]
pub(super) struct Settings {
    database: Option<EarlierDatabase>,
    model: Option<Model>,
}

#[derive(Debug)]
struct EarlierDatabase {
    /// Without a password.
    url: String,
    password: Option<Secret<String>>,
}

#[derive(Debug)]
struct Model {
    name: &'static str,
    url: String,
    model: String,
    key: Option<Secret<String>>,
    timeout: Option<Duration>,
}

impl Settings {
    /// The names of the files that hold secrets, and what each holds.
    pub(super) fn secrets(&self) -> Vec<(&'static str, &str)> {
        let password = self.database.as_ref().and_then(|database| database.password.as_ref());
        let key = self.model.as_ref().and_then(|model| model.key.as_ref());
        let [password, key] = [password, key].map(|secret| secret.map(|secret| secret.reveal().as_str()));
        [(DATABASE_PASSWORD, password), (MODEL_KEY, key)]
            .into_iter()
            .filter_map(|(name, secret)| Some((name, secret?)))
            .collect()
    }

    /// A configuration of nothing else; the secrets are in `folder`.
    pub(super) fn to_toml(&self, folder: &Path) -> String {
        let quoted = |text: &str| Value::String(text.to_owned()).to_string();
        let file = |name: &str| quoted(&folder.join(name).display().to_string());
        let mut text = String::from(
            "# What the earlier system's settings become. It is not to replace config.toml: it says neither where to listen nor\n\
             # anything of HTTPS. Give the same keys there these values.\n",
        );
        if let Some(EarlierDatabase { url, password }) = &self.database {
            text.push_str(&format!("\n[storage]\nurl = {}\n", quoted(url)));
            if password.is_some() {
                text.push_str(&format!("password_file = {}\n", file(DATABASE_PASSWORD)));
            }
        }
        if let Some(Model { name, url, model, key, timeout }) = &self.model {
            if let Some(timeout) = timeout {
                text.push_str(&format!("\n[llm]\nanswer_timeout = {}\n", quoted(&format_duration(*timeout))));
            }
            text.push_str(&format!("\n[[llm.endpoint]]\nname = {}\nurl = {}\n", quoted(name), quoted(url)));
            if !model.is_empty() {
                text.push_str(&format!("model = {}\n", quoted(model)));
            }
            if key.is_some() {
                text.push_str(&format!("api_key_file = {}\n", file(MODEL_KEY)));
            }
        }
        text
    }
}

type Judgement = (Outcome, String);

/// Judges all lines of a file.
pub(super) fn judge(entries: Vec<Entry>) -> (Vec<Finding>, Settings) {
    let mut last: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for Entry { line, name, value } in entries.iter().filter(|entry| !entry.name.is_empty()) {
        last.insert(name, (*line, value.as_deref().map(str::trim).unwrap_or_default()));
    }
    let values: BTreeMap<&str, &str> = last.iter().map(|(name, (_, value))| (*name, *value)).collect();
    let mut settings = Settings { database: None, model: model(&values) };
    let mut findings = Vec::with_capacity(entries.len());
    for Entry { line, name, value } in &entries {
        let by = last.get(name.as_str()).map_or(*line, |(line, _)| *line);
        let (outcome, what) = match value {
            Err(why) => (Outcome::Wrong, why.clone()),
            Ok(_) if by != *line => (Outcome::NotNeeded, format!("line {by} sets it again")),
            Ok(value) => judge_one(name, value.trim(), &values, &mut settings),
        };
        // Of a line that is no variable nothing is shown: it may be a part of a secret.
        let name = if is_shown(name, value.as_deref().ok()) { name.clone() } else { "(no variable)".to_owned() };
        findings.push(Finding { line: *line, name, outcome, what });
    }
    (findings, settings)
}

/// Whether a name is one and not the rest of a secret that went over two lines, such as `c2VjcmV0==`. `value` is `None`
/// if it makes no sense.
fn is_shown(name: &str, value: Option<&str>) -> bool {
    let is_usual = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let has_value = value.is_none_or(|value| value.contains(|c: char| c != '=' && !c.is_whitespace()));
    KNOWN.contains(&name) || (is_usual && has_value)
}

fn judge_one(name: &str, value: &str, values: &BTreeMap<&str, &str>, settings: &mut Settings) -> Judgement {
    let model = settings.model.as_ref();
    let is_local = model.is_some_and(|model| model.name == "lm-studio");
    match name {
        "DATABASE_URL" => database_url(value, settings),
        "USE_LM_STUDIO" => match (yes_or_no(value), model) {
            (None, _) => wrong("it is neither true nor false"),
            (Some(true), Some(model)) => becomes(format!("llm.endpoint: the local model at {}", model.url)),
            (Some(true), None) => not_needed("LM_STUDIO_BASE_URL is wrong, so there is no local model to be asked"),
            (Some(false), _) => not_needed("no local model is asked unless an [[llm.endpoint]] names it"),
        },
        "LM_STUDIO_BASE_URL" => match ApiBase::parse(value) {
            _ if value.is_empty() => not_needed("it is empty"),
            None => wrong("it is no address of an API; allowed: http://host:port/v1"),
            Some(base) if is_local => becomes(format!("llm.endpoint: url = \"{}\"{}", base.as_str(), container(value))),
            Some(_) => not_needed("USE_LM_STUDIO does not say that it is asked"),
        },
        "LM_STUDIO_MODEL" if value.is_empty() => not_needed("it is empty: the only model there is asked"),
        "LM_STUDIO_MODEL" if value.contains(char::is_control) => wrong("it is more than one line"),
        "LM_STUDIO_MODEL" if is_local => becomes(format!("llm.endpoint: model = \"{value}\"")),
        "LM_STUDIO_MODEL" => not_needed("USE_LM_STUDIO does not say that it is asked"),
        "OPENAI_API_KEY" if value.is_empty() => not_needed("it is empty; answers come from the bank's documents"),
        "OPENAI_API_KEY" if value.contains(char::is_control) => wrong("it is more than one line"),
        "OPENAI_API_KEY" if is_local => not_needed("USE_LM_STUDIO says that the local model is asked instead"),
        "OPENAI_API_KEY" => becomes(format!(
            "llm.endpoint: {OPENAI_MODEL} at {OPENAI_URL}, with the key in a file; masked questions then leave the bank, as \
             they did before. Without it, answers come from the bank's documents"
        )),
        "LLM_TIMEOUT" => match timeout(value) {
            _ if value.is_empty() => not_needed("it is empty"),
            None => wrong("it is no number of seconds from 0.1 to 600"),
            Some(timeout) if model.is_some() => {
                becomes(format!("llm.answer_timeout = \"{}\"", format_duration(timeout)))
            }
            Some(_) => not_needed("no language model is asked"),
        },
        "VECTOR_DB_PATH" => cannot_be_kept(
            "the earlier vector database is not read; make a knowledge pack of the original documents and import it",
        ),
        "SIMILARITY_THRESHOLD" => cannot_be_kept(
            "it measured something else; what is good enough to be answered is [thresholds] in the knowledge pack's pack.toml, \
             and `bank-aicc eval` measures it",
        ),
        "ENABLE_RERANKING" => not_needed("passages are always ranked a second time"),
        "MYSQL_ROOT_PASSWORD" | "MYSQL_DATABASE" | "MYSQL_USER" | "MYSQL_PASSWORD" | "MYSQL_HOST" | "MYSQL_PORT" => {
            not_needed("it is the earlier database's own; this program has what DATABASE_URL says")
        }
        "VITE_API_BASE_URL" | "VITE_WS_URL" => {
            not_needed("the screens are in the program and talk to the address they came from")
        }
        "VITE_API_TIMEOUT" => not_needed("the screens wait as long as the server does"),
        _ => match nearest(name, values) {
            Some(meant) => (Outcome::Unknown, format!("the earlier system knew no such variable; was {meant} meant?")),
            None => {
                (Outcome::Unknown, "the earlier system knew no such variable; something else may read it".to_owned())
            }
        },
    }
}

fn becomes(what: String) -> Judgement {
    (Outcome::Becomes, what)
}

fn not_needed(why: &str) -> Judgement {
    (Outcome::NotNeeded, why.to_owned())
}

fn cannot_be_kept(why: &str) -> Judgement {
    (Outcome::CannotBeKept, why.to_owned())
}

fn wrong(why: &str) -> Judgement {
    (Outcome::Wrong, why.to_owned())
}

/// The model that the variables together mean.
fn model(values: &BTreeMap<&str, &str>) -> Option<Model> {
    let value = |name: &str| values.get(name).copied().filter(|value| !value.is_empty());
    let timeout = value("LLM_TIMEOUT").and_then(timeout);
    if value("USE_LM_STUDIO").and_then(yes_or_no) == Some(true) {
        let url = ApiBase::parse(value("LM_STUDIO_BASE_URL").unwrap_or(LM_STUDIO_URL))?.as_str().to_owned();
        let model = value("LM_STUDIO_MODEL").unwrap_or_default().to_owned();
        return Some(Model { name: "lm-studio", url, model, key: None, timeout });
    }
    let key = Some(Secret::new(value("OPENAI_API_KEY")?.to_owned()));
    let (url, model) = (OPENAI_URL.to_owned(), OPENAI_MODEL.to_owned());
    Some(Model { name: "openai", url, model, key, timeout })
}

/// Reads an address as SQLAlchemy writes it: `mysql+pymysql://user:password@host:3306/database?charset=utf8mb4`.
fn database_url(value: &str, settings: &mut Settings) -> Judgement {
    if value.is_empty() {
        return not_needed("it is empty; the embedded database needs none");
    }
    let Some((scheme, rest)) = value.split_once("://") else {
        return wrong("it is no address of a database; allowed: mysql+pymysql://user:password@host:3306/database");
    };
    let dialect = scheme.split_once('+').map_or(scheme, |(dialect, _)| dialect);
    match dialect {
        "mysql" | "mariadb" => {}
        "sqlite" => {
            return cannot_be_kept(
                "the earlier system's SQLite file is not used; the embedded database is the default",
            );
        }
        _ => return cannot_be_kept("there is no such database here; take the embedded one, or a MariaDB or MySQL 8"),
    }
    let shape = "it is no whole address; allowed: mysql+pymysql://user:password@host:3306/database, with @ in a password as %40";
    let Some((user, place)) = rest.split_once('@') else { return wrong(shape) };
    let (user, password) = user.split_once(':').map_or((user, None), |(user, password)| (user, Some(password)));
    let (place, options) = place.split_once('?').map_or((place, ""), |(place, options)| (place, options));
    let url = format!("{dialect}://{user}@{place}");
    let known = Database::parse(&url).filter(|_| !place.contains('@'));
    let Some(database) = known else { return wrong(shape) };
    let password = password.map(percent_decoded).filter(|password| !password.is_empty());
    if password.as_ref().is_some_and(|password| password.contains(char::is_control)) {
        return wrong("its password has a control character, which a file for one line cannot hold");
    }
    let in_file = if password.is_some() { ", with the password in a file" } else { "" };
    let dropped = options.split('&').any(|option| option.contains("ssl"));
    let tls = if dropped { "; what it says of TLS is to be written anew: ?ssl-mode=VERIFY_CA&ssl-ca=FILE" } else { "" };
    let what = format!(
        "storage.url = \"{}\"{in_file}; only if conversations are to be in that database{}{tls}",
        database.display_masked(),
        container(&url)
    );
    settings.database = Some(EarlierDatabase { url, password: password.map(Secret::new) });
    becomes(what)
}

/// What to say of a host that looks like a container's name.
fn container(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let is_name = !name.is_empty() && !name.contains(['.', '[']) && name != "localhost";
    let is_docker = name == "host.docker.internal";
    if is_name || is_docker {
        format!("; {name} may be a name among containers: write one that this server can reach")
    } else {
        String::new()
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "t" | "y" => Some(true),
        "false" | "0" | "no" | "off" | "f" | "n" | "" => Some(false),
        _ => None,
    }
}

/// Seconds within what `llm.answer_timeout` allows.
fn timeout(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    let timeout = Duration::try_from_secs_f64(seconds).ok()?;
    let whole = Duration::from_millis(u64::try_from(timeout.as_millis()).ok()?);
    (Duration::from_millis(100)..=Duration::from_mins(10)).contains(&whole).then_some(whole)
}

fn percent_decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let code = (byte == b'%').then(|| after.get(..2)).flatten().and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A variable of the earlier system that differs in signs or in how letters are written.
fn nearest(name: &str, values: &BTreeMap<&str, &str>) -> Option<&'static str> {
    let letters =
        |name: &str| -> String { name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase() };
    KNOWN.into_iter().find(|known| letters(known) == letters(name) && !values.contains_key(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::earlier_settings::dotenv;

    fn outcomes(text: &str) -> Vec<(Outcome, String)> {
        judge(dotenv::read(text)).0.into_iter().map(|finding| (finding.outcome, finding.what)).collect()
    }

    #[test]
    fn addresses_of_databases_are_understood() {
        use Outcome::Becomes;
        use Outcome::CannotBeKept;
        use Outcome::NotNeeded;
        use Outcome::Wrong;
        for (url, outcome, kept, password) in [
            (
                "mysql+pymysql://aicc:pw@mysql:3306/aicc_db?charset=utf8mb4",
                Becomes,
                "mysql://aicc@mysql:3306/aicc_db",
                "pw",
            ),
            ("mysql://aicc:p%40ss%2F+w@10.0.0.7/aicc_db", Becomes, "mysql://aicc@10.0.0.7/aicc_db", "p@ss/+w"),
            ("mysql+aiomysql://aicc:p/w?x@db.bank/a", Becomes, "mysql://aicc@db.bank/a", "p/w?x"),
            ("mariadb+mariadbconnector://aicc@db/a", Becomes, "mariadb://aicc@db/a", ""),
            ("mysql+pymysql://aicc:p@ss@db/a", Wrong, "", ""),
            ("mysql+pymysql://aicc:pw@db", Wrong, "", ""),
            ("db:3306", Wrong, "", ""),
            ("sqlite:///./aicc.db", CannotBeKept, "", ""),
            ("postgresql://a:b@c/d", CannotBeKept, "", ""),
            ("", NotNeeded, "", ""),
        ] {
            let (findings, settings) = judge(dotenv::read(&format!("DATABASE_URL={url}")));
            let [finding] = findings.as_slice() else { panic!("{url}") };
            assert_eq!(finding.outcome, outcome, "{url}: {}", finding.what);
            let database = settings.database.as_ref();
            assert_eq!(database.map_or("", |database| database.url.as_str()), kept, "{url}");
            let found = database.and_then(|database| database.password.as_ref());
            assert_eq!(found.map_or("", |password| password.reveal().as_str()), password, "{url}");
            assert!(password.is_empty() || !finding.what.contains(password), "{}", finding.what);
        }
    }

    #[test]
    fn a_model_is_what_the_variables_mean_together() {
        let model = |text: &str| judge(dotenv::read(text)).1.model.map(|model| (model.name, model.url, model.model));
        let expected = |name, url: &str, model: &str| Some((name, url.to_owned(), model.to_owned()));
        assert_eq!(model("OPENAI_API_KEY=sk-1\nUSE_LM_STUDIO=false"), expected("openai", OPENAI_URL, OPENAI_MODEL));
        let local =
            "OPENAI_API_KEY=sk-1\nUSE_LM_STUDIO=true\nLM_STUDIO_BASE_URL=http://10.0.0.9:1234/v1/\nLM_STUDIO_MODEL=exa";
        assert_eq!(model(local), expected("lm-studio", "http://10.0.0.9:1234/v1", "exa"));
        assert_eq!(model("USE_LM_STUDIO=1"), expected("lm-studio", LM_STUDIO_URL, ""));
        assert_eq!(model("LLM_TIMEOUT=60"), None);
        let wrong = outcomes("USE_LM_STUDIO=perhaps\nLM_STUDIO_BASE_URL=studio\nLLM_TIMEOUT=soon\nLLM_TIMEOUT=0");
        let outcomes: Vec<Outcome> = wrong.iter().map(|(outcome, _)| *outcome).collect();
        // The first of the two time-outs is set again.
        assert_eq!(outcomes, [Outcome::Wrong, Outcome::Wrong, Outcome::NotNeeded, Outcome::Wrong]);
    }

    #[test]
    fn the_rest_of_a_secret_is_not_shown_as_a_name() {
        const HIDDEN: &str = "(no variable)";
        for (line, shown) in [
            ("c2VjcmV0aHVudGVyMg=", HIDDEN),
            ("c2VjcmV0aHVudGVyMg==", HIDDEN),
            ("ONSWG4TFOQ======", HIDDEN),
            ("ONSWG4TFOQ= # ==", HIDDEN),
            ("c2VjcmV0=hunter2", HIDDEN),
            ("9A=hunter2", HIDDEN),
            ("AWS_SECRET_2=hunter2", "AWS_SECRET_2"),
            ("_A=hunter2", "_A"),
            ("MYSQL_USER=", "MYSQL_USER"),
            ("LM_STUDIO_MODEL=", "LM_STUDIO_MODEL"),
        ] {
            // Twice, because what is set again is told in another way.
            let (findings, _) = judge(dotenv::read(&format!("OPENAI_API_KEY=sk-1\n{line}\n{line}\n")));
            let [_, first, second] = findings.as_slice() else { panic!("{line}: {findings:?}") };
            assert_eq!([first.name.as_str(), second.name.as_str()], [shown; 2], "{line}");
            let name = line.split('=').next().unwrap();
            let told = [first.what.as_str(), second.what.as_str()].concat();
            assert!(shown != HIDDEN || !told.contains(name), "{told}");
        }
    }

    #[test]
    fn what_is_not_known_is_said_and_not_shown() {
        for (text, meant) in [("openai-api-key=hunter2", true), ("AWS_SECRET=hunter2", false), ("hunter2", false)] {
            let (findings, _) = judge(dotenv::read(text));
            let [finding] = findings.as_slice() else { panic!("{text}") };
            assert!(matches!(finding.outcome, Outcome::Unknown | Outcome::Wrong), "{text}");
            assert_eq!(finding.what.contains("OPENAI_API_KEY"), meant, "{}", finding.what);
            assert!(!finding.what.contains("hunter2") && !finding.name.contains("hunter2"));
        }
    }
}
