//! The earlier system's `.env`: what becomes of each variable, and the files that are written from it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use crate::support::Program;

/// As the earlier system's example has it, with what an operator adds.
const ENV: &str = r#"# database
MYSQL_ROOT_PASSWORD=hunter2/root
DATABASE_URL="mysql+pymysql://aicc:${MYSQL_ROOT_PASSWORD}@mysql:3306/aicc_db?charset=utf8mb4"

export OPENAI_API_KEY='sk-hunter2-key'   # the model
USE_LM_STUDIO=false
LM_STUDIO_BASE_URL=http://10.0.0.9:1234/v1
LM_STUDIO_MODEL=exaone
LLM_TIMEOUT=60
VECTOR_DB_PATH=/app/vector_db
SIMILARITY_THRESHOLD=0.25
ENABLE_RERANKING=true
VITE_API_BASE_URL=http://localhost:8000
VITE_WS_URL=ws://localhost:8000/api/v1/chat/ws
VITE_API_TIMEOUT=300000
SMTP_PASSWORD=hunter2-mail
"#;

/// A folder with an `.env`.
fn folder_with(env: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), env).unwrap();
    folder
}

fn check(folder: &Path, arguments: &[&str]) -> (Output, String) {
    let env = folder.join(".env");
    let output = Program::run(&[&["check", "--env", env.to_str().unwrap()][..], arguments].concat(), &[]);
    let told = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    assert!(!told.contains("hunter2"), "{told}");
    (output, told)
}

/// The line about a variable, and what becomes of it.
fn line_of<'t>(told: &'t str, name: &str) -> &'t str {
    told.lines().find(|line| line.split_whitespace().nth(2) == Some(name)).unwrap_or_else(|| panic!("{name} in {told}"))
}

#[test]
fn each_variable_has_its_outcome() {
    let folder = folder_with(ENV);
    let (output, told) = check(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for (name, expected) in [
        ("MYSQL_ROOT_PASSWORD", "not needed"),
        ("OPENAI_API_KEY", "becomes: llm.endpoint"),
        ("USE_LM_STUDIO", "not needed"),
        ("LM_STUDIO_BASE_URL", "not needed"),
        ("LM_STUDIO_MODEL", "not needed"),
        ("LLM_TIMEOUT", "becomes: llm.answer_timeout = \"1m\""),
        ("VECTOR_DB_PATH", "cannot be kept"),
        ("SIMILARITY_THRESHOLD", "cannot be kept: it measured something else"),
        ("ENABLE_RERANKING", "not needed"),
        ("VITE_API_BASE_URL", "not needed"),
        ("VITE_WS_URL", "not needed"),
        ("VITE_API_TIMEOUT", "not needed"),
        ("SMTP_PASSWORD", "unknown"),
    ] {
        let line = line_of(&told, name);
        assert!(line.contains(&format!(" {expected}")), "{line}");
    }
    let database = line_of(&told, "DATABASE_URL");
    let expected = r#"line 3   DATABASE_URL           becomes: storage.url = "mysql://aicc@mysql:3306/aicc_db", with the password in a file; "#;
    assert!(database.starts_with(expected), "{database}");
    assert!(database.contains("mysql may be a name among containers"), "{database}");
    assert!(told.contains("next: bank-aicc check --env "), "{told}");
    // Nothing but the .env is there.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_is_written_is_a_good_configuration_with_its_secrets_apart() {
    let folder = folder_with(ENV);
    let at = |name: &str| folder.path().join(name);
    let target = at("from-env.toml");
    let (output, told) = check(folder.path(), &["--write", target.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("next:\n  chown bank-aicc ") && told.contains("bank-aicc check\n"), "{told}");
    for (name, secret) in [("database.password", "hunter2/root\n"), ("llm.key", "sk-hunter2-key\n")] {
        assert_eq!(fs::read_to_string(at(name)).unwrap(), secret);
        assert_eq!(fs::metadata(at(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        assert!(told.contains(at(name).to_str().unwrap()), "{told}");
    }
    let written = fs::read_to_string(&target).unwrap();
    assert!(!written.contains("hunter2") && !written.contains("[server]"), "{written}");

    let data = at("data");
    let environment = [("BANK_AICC__SERVER__DATA_DIR", data.to_str().unwrap())];
    let output = Program::run(&["check", "--config", target.to_str().unwrap()], &environment);
    let effective = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for expected in [
        r#"url = "mysql://aicc:***@mysql:3306/aicc_db""#,
        r#"url = "https://api.openai.com/v1""#,
        r#"answer_timeout = "1m""#,
    ] {
        // What is added from a file is not shown as a part of the address.
        let expected = expected.replace(":***", "");
        assert!(effective.replace(":***", "").contains(&expected), "{expected}: {effective}");
    }

    // Nothing is ever overwritten, whichever of the files is there.
    for taken in ["from-env.toml", "llm.key"] {
        let target = at(if taken == "llm.key" { "other.toml" } else { taken });
        let (output, told) = check(folder.path(), &["--write", target.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("exists, and nothing is ever overwritten") && told.contains("move it away"), "{told}");
        assert!(!at("other.toml").exists());
        fs::remove_file(at("database.password")).unwrap();
        assert_eq!(fs::read_to_string(at("llm.key")).unwrap(), "sk-hunter2-key\n");
        fs::write(at("database.password"), "mine\n").unwrap();
    }
    assert_eq!(fs::read_to_string(at("from-env.toml")).unwrap(), written);
}

#[test]
fn a_local_model_takes_the_place_of_the_hosted_one() {
    let env = ENV.replace("USE_LM_STUDIO=false", "USE_LM_STUDIO=True");
    let folder = folder_with(&env);
    let target = folder.path().join("from-env.toml");
    let (_, told) = check(folder.path(), &["--write", target.to_str().unwrap()]);
    for (name, expected) in [
        ("USE_LM_STUDIO", "becomes: llm.endpoint: the local model at http://10.0.0.9:1234/v1"),
        ("LM_STUDIO_MODEL", "becomes: llm.endpoint: model = \"exaone\""),
        ("OPENAI_API_KEY", "not needed: USE_LM_STUDIO says that the local model is asked instead"),
    ] {
        assert!(line_of(&told, name).contains(expected), "{told}");
    }
    assert!(!folder.path().join("llm.key").exists());
    let written = fs::read_to_string(target).unwrap();
    assert!(written.contains("model = \"exaone\"") && !written.contains("api_key_file"), "{written}");
}

#[test]
fn what_makes_no_sense_is_said_and_nothing_is_written() {
    let env = "DATABASE_URL=mysql+pymysql://aicc:hunter2@mysql\nUSE_LM_STUDIO=perhaps\nLM_STUDIO_BASE_URL=hunter2\n\
               LLM_TIMEOUT=soon\nOPENAI_API_KEY=\"hunter2\nhunter2\n\"\nhunter2\nVITE_WS_URL=${MISSING}\n";
    let folder = folder_with(env);
    let target = folder.path().join("from-env.toml");
    let (output, told) = check(folder.path(), &["--write", target.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{told}");
    for name in ["DATABASE_URL", "USE_LM_STUDIO", "LM_STUDIO_BASE_URL", "LLM_TIMEOUT", "OPENAI_API_KEY", "VITE_WS_URL"]
    {
        assert!(line_of(&told, name).contains(" WRONG: "), "{told}");
    }
    assert!(told.contains("line 8   (no variable)          WRONG: it is no NAME=VALUE"), "{told}");
    assert!(told.contains("nothing was written"), "{told}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    let folder = tempfile::tempdir().unwrap();
    let (output, told) = check(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("reading ") && told.contains("No such file"), "{told}");
}
