//! What is certain of a configuration that is wrong.

use crate::config::tests::*;

/// Reads this file with these variables: where the database is, and whether something is wrong.
fn salvage(text: impl AsRef<[u8]>, environment: &[(&str, &str)]) -> Option<(String, bool)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    fs::write(&file, text).unwrap();
    let environment = environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    let (config, errors) = Config::salvage(&file, environment).ok()?;
    let place = format!("{} {}", config.server.data_dir.display(), config.storage.url.display_masked());
    Some((place, errors.is_some()))
}

#[test]
fn what_is_wrong_elsewhere_does_not_hide_the_database() {
    const STORAGE: &str = "server.data_dir = '/srv'\nstorage.url = 'sqlite:a.db'\n";
    let place = |is_wrong| Some(("/srv sqlite:a.db".to_owned(), is_wrong));
    assert_eq!(salvage(STORAGE, &[]), place(false));
    for wrong in [
        "storage.readers = 0",
        "server.listen = 7",
        "chat.nothing = 1",
        "[[llm.endpoint]]\nurl = 'localhost'",
        "[[llm.endpoint]]\nurl = \"http://a",
        "[llm\nqueue_max = 1",
        "admin.token_file = '/nowhere/token'",
    ] {
        assert_eq!(salvage(format!("{STORAGE}{wrong}\n"), &[]), place(true), "{wrong}");
    }
    let korean = [STORAGE.as_bytes(), b"# \xc0\xba\xc7\xe0\n"].concat();
    assert_eq!(salvage(korean, &[]), place(true), "a comment that is not UTF-8");
    let default = Some(("/var/lib/bank-aicc sqlite:bank-aicc.db".to_owned(), true));
    assert_eq!(salvage("# storage.url = 'mysql://a@b/c'\n[llm\nurl = 'http://a'", &[]), default, "nobody set it");
}

#[test]
fn a_doubt_about_the_database_is_one() {
    for wrong in [
        "storage.url = 'postgres://a@b/c'",
        "storage.url = \"mysql://a@b/c",
        "storage.ulr = 'mysql://a@b/c'",
        "stroage.url = 'mysql://a@b/c'",
        "server.data_dri = '/srv'",
        "[server\ndata_dir = '/srv",
        "storage.url = 'mysql://a@b/c'\nstorage.password_file = '/nowhere/password'",
    ] {
        assert_eq!(salvage(wrong, &[]), None, "{wrong}");
    }
    assert_eq!(salvage(b"server.data_dir = '/srv/\xc0\xba'\n", &[]), None, "not UTF-8");
    assert_eq!(salvage("", &[("BANK_AICC__STORAGE__URL", "nowhere")]), None);
    let named = [("BANK_AICC__STORAGE__URL", "mysql://a@b/c")];
    let shown = salvage("storage.url = \"mysql://a@\nlog.level = 7", &named).map(|(place, _)| place);
    assert_eq!(shown.as_deref(), Some("/var/lib/bank-aicc mysql://a@b/c"), "a variable has the last word");
}
