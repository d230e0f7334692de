//! The configuration as a whole: what `config.toml` says, what is read, and what is shown of it.

mod llm;
mod proxy;
mod refusals;
mod salvage;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::*;

const MANUAL: &str = include_str!("../../../config.toml");

/// Reads a text under the name `config.toml`, with these variables.
fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let environment = environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Config::parse(text, "config.toml", environment)
}

/// The lines of everything that is wrong, without the count.
fn refusals(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let errors = parse(text, environment).unwrap_err();
    let mut lines: Vec<String> = errors.to_string().lines().map(str::to_owned).collect();
    let count = lines.pop().unwrap();
    assert!(count.starts_with(&format!("{} error", lines.len())), "{count}");
    assert_eq!(lines.len(), errors.iter().count());
    lines
}

#[test]
fn the_manual_says_the_defaults() {
    assert_eq!(parse(MANUAL, &[]).unwrap(), Config::default());
    assert_eq!(parse("", &[]).unwrap(), Config::default());
}

#[test]
fn the_manual_has_every_key() {
    let settings = parse(MANUAL, &[]).unwrap().provenance.settings;
    assert!(!settings.is_empty());
    for setting in settings {
        assert!(matches!(setting.origin, Origin::File { .. }), "config.toml lacks {}", setting.key);
    }
}

/// Each key's paragraph tells its default, in the words of the line below it.
#[test]
fn the_manual_documents_every_default() {
    let mut paragraph = String::new();
    for line in MANUAL.lines() {
        if let Some(comment) = line.strip_prefix('#') {
            paragraph.push_str(comment);
        } else if let Some((key, value)) = line.split_once(" = ") {
            let expected = format!("Default {value}");
            assert!(paragraph.contains(&expected), "the paragraph of {key} does not say: {expected}");
        } else {
            paragraph.clear();
        }
    }
}

#[test]
fn values_are_read() {
    let config = parse(
        r#"
        [server]
        listen = ["10.0.0.5:80", "[::1]:0"]
        data_dir = "/srv/상담"
        limits.body_bytes_max = 1_048_576
        [api]
        cors_allowed_origins = ["*", "https://Bank.Example:443"]
        legacy_networks = ["10.20.30.40/16", "192.0.2.7"]
        session_cookie_secure = "always"
        [api.limits]
        session_messages_per_second = 3
        message_chars_max = 0x10
        [log]
        format = "text"
        "#,
        &[],
    )
    .unwrap();
    assert_eq!(config.server.listen, ["10.0.0.5:80", "[::1]:0"].map(|address| address.parse().unwrap()));
    assert_eq!(config.server.resolve(Path::new("a.db")), Path::new("/srv/상담/a.db"));
    assert_eq!(config.server.resolve(Path::new("/a.db")), Path::new("/a.db"));
    assert_eq!(config.server.limits.body_bytes_max, ByteSize::mib(1));
    assert_eq!(config.api.legacy_networks, ["10.20.0.0/16", "192.0.2.7/32"].map(|network| network.parse().unwrap()));
    assert!(config.api.allows_origin("https://bank.example"));
    assert_eq!(config.api.session_cookie_secure, CookieSecure::Always);
    assert_eq!(config.api.limits.session_messages_per_second, 3.0);
    assert_eq!(config.api.limits.message_chars_max, 16);
    assert_eq!(config.log.format, LogFormat::Text);
}

#[test]
fn the_environment_overrules_each_kind_of_value() {
    let overruled = |variable: &str, text: &str| {
        let variable = format!("BANK_AICC__{variable}");
        let config = parse("[log]\nlevel = 'warn'\n[server]\nworker_threads = 3", &[(&variable, text)]).unwrap();
        let origin = Origin::Environment { variable };
        let settings = config.provenance.settings;
        settings.into_iter().find(|setting| setting.origin == origin).map(|setting| setting.value)
    };
    for (variable, text, expected) in [
        ("LOG__LEVEL", "debug", "\"debug\""),
        ("LOG__LEVEL", "'debug'", "\"debug\""),
        ("LOG__FORMAT", "text", "\"text\""),
        ("LOG__ACCESS", "false", "false"),
        ("SERVER__WORKER_THREADS", "8", "8"),
        ("SERVER__SHUTDOWN_TIMEOUT", "5s", "\"5s\""),
        ("SERVER__SHUTDOWN_TIMEOUT", "\"5s\"", "\"5s\""),
        ("SERVER__LIMITS__BODY_BYTES_MAX", "20MiB", "\"20MiB\""),
        ("SERVER__LIMITS__BODY_BYTES_MAX", "1000000", "\"1000000B\""),
        ("SERVER__DATA_DIR", "/srv/a b", "\"/srv/a b\""),
        ("SERVER__DATA_DIR", "1", "\"1\""),
        ("SERVER__LISTEN", "10.0.0.5:80", "[\"10.0.0.5:80\"]"),
        ("SERVER__LISTEN", "10.0.0.5:80, [::1]:80", "[\"10.0.0.5:80\", \"[::1]:80\"]"),
        ("SERVER__LISTEN", "['[::1]:80']", "[\"[::1]:80\"]"),
        ("API__LEGACY_NETWORKS", "", "[]"),
        ("API__LIMITS__SESSION_MESSAGES_PER_SECOND", "0.5", "0.5"),
        ("API__LIMITS__SESSION_MESSAGES_PER_SECOND", "5", "5.0"),
        ("KNOWLEDGE__PACK", "", "\"\""),
        ("STORAGE__URL", "mysql://aicc@db/bank", "\"mysql://aicc@db/bank\""),
    ] {
        assert_eq!(overruled(variable, text).as_deref(), Some(expected), "{variable}={text}");
    }
}

#[test]
fn secrets_are_never_shown() {
    let config = parse("[storage]\nurl = 'mysql://aicc:hunter2@db:3306/bank'", &[]).unwrap();
    assert!(matches!(&config.storage.url, Database::MySql { url } if url.reveal().contains("hunter2")));
    for shown in
        [format!("{config:?}"), format!("{config:#?}"), config.effective(), config.storage.url.display_masked()]
    {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    for text in [
        "storage.url = 'postgres://aicc:hunter2@db/bank'",
        "storage.url = 'mysql://aicc:hunter2/bank'",
        "storage.url = 'mysql://aicc:hunter2@db'",
        "storage.url = ['mysql://aicc:hunter2@db/bank']",
        "storage.url = 'mysql://aicc:hunter2?@db/bank'",
        "storage.password = 'hunter2'",
        "api.public_url = 'https://aicc:hunter2@bank.example'",
        "storage.url = mysql://aicc:hunter2@db/bank",
        "storage.url = 'mysql://aicc:hunter2@db/bank",
    ] {
        let errors = parse(text, &[]).unwrap_err();
        assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{errors:?}");
    }
    for variable in ["BANK_AICC__STORAGE__URL", "BANK_AICC__STORAGE__PASSWORD", "BANK_AICC__SERVER__LISTEN"] {
        let errors = parse("", &[(variable, "pg://aicc:hunter2@db/bank")]).unwrap_err();
        assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{errors:?}");
    }
}

#[test]
fn the_password_file_completes_the_url() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    fs::write(&path, "hunt/er2\n").unwrap();
    let config = |url: &str| {
        format!("server.data_dir = '{}'\n[storage]\nurl = '{url}'\npassword_file = 'password'", folder.path().display())
    };
    let open = refusals(&config("mysql://aicc@db/bank"), &[]);
    assert!(open[0].starts_with("config.toml:4: storage.password_file: ") && open[0].contains("chmod 600"), "{open:?}");

    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let read = parse(&config("mysql://aicc@db/bank"), &[]).unwrap();
    assert!(matches!(&read.storage.url, Database::MySql { url } if url.reveal() == "mysql://aicc:hunt%2Fer2@db/bank"));
    assert!(!format!("{read:?} {}", read.effective()).contains("hunt"));
    for url in ["sqlite:bank.db", "mysql://aicc:other@db/bank"] {
        let lines = refusals(&config(url), &[]);
        assert!(lines[0].starts_with("config.toml:4: storage.password_file: the URL "), "{lines:?}");
    }

    fs::remove_file(&path).unwrap();
    let missing = refusals(&config("mysql://aicc@db/bank"), &[]);
    assert!(missing[0].contains("No such file"), "{missing:?}");
}

#[test]
fn effective_values_are_toml_that_says_the_same() {
    let environment = [("BANK_AICC__LOG__LEVEL", "debug")];
    let text = "\n\
                server.data_dir = 'a \"b\" \\ 가'\n\
                api.legacy_networks = ['10.0.0.0/8']\n\
                [chat]\n\
                processing_notice_after = '0s'";
    let config = parse(text, &environment).unwrap();
    let effective = config.effective();
    assert_eq!(parse(&effective, &[]).unwrap(), config, "{effective}");
    let defaults = Config::default().effective();
    assert_eq!(parse(&defaults, &[]).unwrap(), Config::default());
    assert_eq!(defaults.lines().filter(|line| line.ends_with(" # default")).count(), config.provenance.settings.len());
    for line in [
        "[server]",
        "[server.limits]",
        "listen = [\"127.0.0.1:8080\"] # default",
        "data_dir = \"a \\\"b\\\" \\\\ 가\" # config.toml line 2",
        "legacy_networks = [\"10.0.0.0/8\"] # config.toml line 3",
        "processing_notice_after = \"0s\" # config.toml line 5",
        "level = \"debug\" # environment BANK_AICC__LOG__LEVEL",
        "session_messages_per_second = 2.0 # default",
    ] {
        assert!(effective.lines().any(|found| found == line), "{line} is not in\n{effective}");
    }
}

#[test]
fn files_are_loaded_under_their_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    let load = || Config::load(Some(&path), std::iter::empty());
    let first_line =
        |outcome: Result<Config, ConfigErrors>| outcome.unwrap_err().to_string().lines().next().unwrap().to_owned();
    let name = path.display();

    assert!(first_line(load()).starts_with(&format!("{name}: opening the file: No such file")));
    fs::write(&path, "[chat]\nunclear_replies_max = 3").unwrap();
    assert_eq!(load().unwrap().chat.unclear_replies_max, 3);
    fs::write(&path, "[chat]\r\nunclear_replies_max = 0").unwrap();
    assert!(first_line(load()).starts_with(&format!("{name}:2: chat.unclear_replies_max: 0 is out of range")));
    fs::write(&path, b"[chat]\n# \xb0\xa1\n").unwrap();
    assert_eq!(first_line(load()), format!("{name}:2: this line is not UTF-8; save the file as UTF-8"));
    fs::write(&path, "\u{feff}[chat]\nunclear_replies_max = 3").unwrap();
    assert_eq!(load().unwrap().chat.unclear_replies_max, 3);
    fs::write(&path, "#".repeat((4 << 20) + 1)).unwrap();
    assert_eq!(first_line(load()), format!("{name}: the file is too long; allowed: 4MiB"));
    assert!(first_line(Config::load(Some(folder.path()), std::iter::empty())).contains(": reading the file: "));
    assert_eq!(Config::load(None, std::iter::empty()).unwrap(), Config::default());
}

#[test]
fn durations_of_the_defaults_are_what_the_design_says() {
    let Config { server, api, chat, .. } = Config::default();
    assert_eq!(server.limits.header_bytes_max.get(), 16_384);
    assert_eq!(api.limits.socket_idle_timeout, Duration::from_secs(604_800));
    assert_eq!((api.limits.message_chars_min, api.limits.message_chars_max), (2, 2_000));
    assert_eq!(chat.session_inactive_after, Duration::from_secs(600));
}
