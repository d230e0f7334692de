//! What is wrong with a language model's settings, as `doctor` and `check` tell it, each with its remedy; and that none of it keeps
//! the server from answering.

use std::fs;
use std::fs::Permissions;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::support::ModelServer;
use crate::support::Program;
use crate::support::Setup;
use crate::support::Site;
use crate::support::Store;
use crate::support::model::Certificate;
use crate::support::model::Fault;
use crate::support::model::MODEL;

/// A question that one document answers.
const QUESTION: &str = "정기예금 중도해지하면 이자는 어떻게 되나요?";

/// What is set of the endpoint, by its keys.
type Settings = Vec<(&'static str, String)>;

/// What `doctor` says of the language model, and how it ends.
fn doctor(settings: &Settings) -> (Option<i32>, Value) {
    let site = Site::new("");
    fs::create_dir(site.folder().join("data")).unwrap();
    let environment: Vec<(String, &str)> = settings
        .iter()
        .map(|(key, value)| (format!("BANK_AICC__LLM__ENDPOINT__1__{}", key.to_uppercase()), value.as_str()))
        .collect();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let listen = ("BANK_AICC__SERVER__LISTEN", free.as_str());
    let environment = environment.iter().map(|(name, value)| (name.as_str(), *value));
    let environment: Vec<(&str, &str)> = environment.chain([listen]).collect();
    let output = Program::run(&["doctor", "--json", "--config", site.config()], &environment);
    let lines = String::from_utf8(output.stdout).unwrap();
    let findings = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_model: Vec<Value> =
        findings.filter(|finding| finding["subject"].as_str().unwrap().starts_with("language model")).collect();
    assert_eq!(of_model.len(), 1, "{lines}{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), of_model[0].clone())
}

/// `doctor` warns of this, with what to do; the server starts with it, and the documents answer.
async fn warned(what: &str, settings: Settings, found: &str, remedy: &str) {
    let (status, finding) = doctor(&settings);
    assert_eq!((status, &finding["level"]), (Some(0), &"warning".into()), "{what}: {finding:#}");
    assert!(finding["found"].as_str().unwrap().contains(found), "{what}: {finding:#}");
    assert!(finding["found"].as_str().unwrap().contains("the documents answer alone"), "{what}: {finding:#}");
    assert!(finding["remedy"].as_str().unwrap().contains(remedy), "{what}: {finding:#}");
    let mut setup = Setup::new(Store::Sqlite).with("llm.connect_timeout", "1s").with("llm.first_token_timeout", "2s");
    for (key, value) in &settings {
        setup = setup.with(&format!("llm.endpoint.1.{key}"), value);
    }
    let reply = setup.start().await.customer().await.says(QUESTION).await;
    assert_eq!(reply.0["engine"], "extractive", "{what}: {:#}", reply.0);
    assert!(!reply.cited().is_empty(), "{what}");
}

/// A file that its owner alone may read.
fn secret(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    file.to_str().unwrap().to_owned()
}

/// What answers is good, with the model that will be asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_is_content_with_what_answers() {
    let folder = tempfile::tempdir().unwrap();
    let plain = ModelServer::start().await;
    plain.wants_key(Some("sesame"));
    plain.serves(&["another"]);
    let secured = ModelServer::start_tls(Certificate::Good).await;
    let key = secret(folder.path(), "key", "sesame\n");
    let several = ModelServer::start().await;
    several.serves(&["another", "llama3:latest"]);
    for (settings, model) in [
        (vec![("url", plain.url()), ("api_key_file", key)], "another"),
        (vec![("url", several.url()), ("model", "llama3".to_owned())], "llama3:latest"),
        (vec![("url", secured.url()), ("ca_file", secured.ca_file().to_str().unwrap().to_owned())], MODEL),
    ] {
        let (status, finding) = doctor(&settings);
        assert_eq!(
            (status, &finding["level"], &finding["remedy"]),
            (Some(0), &"good".into(), &"".into()),
            "{finding:#}"
        );
        assert!(finding["found"].as_str().unwrap().ends_with(&format!("with {model}")), "{finding:#}");
    }
    assert_eq!((plain.chats().len(), secured.chats().len()), (0, 0), "nobody is made to speak");
}

/// Several models and none named: the first is asked, which is told with the key that names another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_lists_the_models_to_choose_from() {
    let model = ModelServer::start().await;
    model.serves(&["qwen", "llama3:latest", "gemma"]);
    let (status, finding) = doctor(&vec![("url", model.url())]);
    assert_eq!((status, &finding["level"]), (Some(0), &"warning".into()), "{finding:#}");
    assert!(finding["found"].as_str().unwrap().contains("the first of its 3 models, qwen"), "{finding:#}");
    assert_eq!(finding["remedy"], "set llm.endpoint.1.model to one of qwen, llama3:latest, gemma");
}

/// A key that is refused, and a model that is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_tells_a_wrong_key_and_a_wrong_model() {
    let folder = tempfile::tempdir().unwrap();
    let model = ModelServer::start().await;
    model.wants_key(Some("sesame"));
    let wrong = secret(folder.path(), "key", "open");
    let url = || ("url", model.url());
    warned("wrong key", vec![url(), ("api_key_file", wrong)], "it refuses the key", "api_key_file").await;
    warned("no key", vec![url()], "no key is configured", "llm.endpoint.1.api_key_file").await;
    assert_eq!(model.seen().iter().filter(|seen| seen.header("authorization").contains("open")).count(), 2);
    model.wants_key(None);
    let missing = ("model", "gpt-0".to_owned());
    warned(
        "wrong model",
        vec![url(), missing],
        "it has no model \"gpt-0\"",
        &format!("llm.endpoint.1.model to one of {MODEL}"),
    )
    .await;
    model.serves(&[]);
    warned("no model", vec![url()], "it has no model", "load a model there first").await;
}

/// An endpoint that is not there, is somewhere else, or is something else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_tells_what_cannot_be_reached() {
    let model = ModelServer::start().await;
    let at = |url: String| vec![("url", url)];
    let without_path = model.url().replace("/v1", "/api/v2");
    warned("wrong path", at(without_path), "status 404", "mostly with /v1 at its end").await;
    model.behaves(Fault::Html);
    warned("a page", at(model.url()), "cannot be read", "see whether the server runs").await;
    model.behaves(Fault::Status { code: 503, retry_after: None });
    warned("overloaded", at(model.url()), "status 503", "see whether the server runs").await;
    let secured = model.url().replace("http:", "https:");
    let authority = ModelServer::start_tls(Certificate::Good).await;
    let ca_file = ("ca_file", authority.ca_file().to_str().unwrap().to_owned());
    let remedy = format!("llm.endpoint.1.url to \"{}\"", model.url());
    warned("no TLS", vec![("url", secured), ca_file], "it does not speak TLS", &remedy).await;
    model.behaves(Fault::NoHeaders);
    warned("silent", at(model.url()), "it was silent", "see whether the server runs").await;
    model.dies().await;
    warned("gone", at(model.url()), "the connection failed", "see whether the server runs").await;
}

/// A server that refuses without a word is not quoted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_quotes_no_empty_refusal() {
    for (status, found) in
        [("404 Not Found", "it answered with status 404;"), ("401 Unauthorized", "no key is configured;")]
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        // Whether it is reached at all is tried first, without a word.
        let answers = std::thread::spawn(move || {
            let mut asks = listener.incoming().map(Result::unwrap);
            let mut stream =
                asks.find_map(|mut stream| (stream.read(&mut [0; 4096]).unwrap() > 0).then_some(stream)).unwrap();
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        });
        let (_, finding) = doctor(&vec![("url", url)]);
        answers.join().unwrap();
        assert!(finding["found"].as_str().unwrap().contains(found), "{finding:#}");
    }
}

/// A certificate that the known authorities do not vouch for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_tells_a_wrong_authority() {
    const REMEDY: &str = "name the authority of its certificate by ca_file";
    let (model, another) =
        (ModelServer::start_tls(Certificate::Good).await, ModelServer::start_tls(Certificate::Good).await);
    let ca_file = |of: &ModelServer| ("ca_file", of.ca_file().to_str().unwrap().to_owned());
    let url = ("url", model.url());
    warned("another authority", vec![url.clone(), ca_file(&another)], "the connection failed", REMEDY).await;
    for certificate in [Certificate::Expired, Certificate::OfAnother] {
        let model = ModelServer::start_tls(certificate).await;
        warned("bad certificate", vec![("url", model.url()), ca_file(&model)], "the connection failed", REMEDY).await;
    }
    let nowhere = ("ca_file", "/nowhere/ca.pem".to_owned());
    warned("no such file", vec![url, nowhere], "/nowhere/ca.pem", "put a file there that can be read").await;
}

/// `check` names the setting that is wrong, and what is allowed; it never shows a key.
#[test]
fn check_tells_what_is_wrong_with_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new("");
    let check = |endpoint: &str| {
        site.set(&format!("[[llm.endpoint]]\n{endpoint}\n"));
        let output = Program::run(&["check", "--config", site.config()], &[]);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.success(), said)
    };
    let open = secret(folder.path(), "open", "sesame");
    fs::set_permissions(&open, Permissions::from_mode(0o644)).unwrap();
    let closed = secret(folder.path(), "closed", "sesame");
    let no_pem = secret(folder.path(), "no_pem", "sesame");
    const URL: &str = "url = \"http://127.0.0.1:9/v1\"";
    const SECURED: &str = "url = \"https://127.0.0.1:9/v1\"";
    for (endpoint, key, word) in [
        ("model = \"x\"".to_owned(), "llm.endpoint.1.url", "url"),
        ("url = \"127.0.0.1:9\"".to_owned(), "llm.endpoint.1.url", "http"),
        (format!("{URL}\nroles = [\"decide\"]"), "llm.endpoint.1.roles", "answer"),
        (format!("{URL}\nweight = 0"), "llm.endpoint.1.weight", "1"),
        (format!("{URL}\ntemperature = 1"), "llm.endpoint.1.temperature", "temperature"),
        (format!("{URL}\nca_file = \"{no_pem}\""), "llm.endpoint.1.ca_file", "https"),
        (format!("{SECURED}\nca_file = \"/nowhere/ca.pem\""), "llm.endpoint.1.ca_file", "/nowhere/ca.pem"),
        (format!("{SECURED}\nca_file = \"{no_pem}\""), "llm.endpoint.1.ca_file", "no_pem"),
        (format!("{URL}\napi_key_file = \"/nowhere/key\""), "llm.endpoint.1.api_key_file", "/nowhere/key"),
        (format!("{URL}\napi_key_file = \"{open}\""), "llm.endpoint.1.api_key_file", "600"),
    ] {
        let (is_content, said) = check(&endpoint);
        assert!(!is_content && said.contains(key) && said.contains(word), "{endpoint}: {said}");
        assert!(!said.contains("sesame"), "{said}");
    }
    let (is_content, said) = check(&format!("{URL}\napi_key_file = \"{closed}\""));
    assert!(is_content && said.contains("http://127.0.0.1:9/v1") && !said.contains("sesame"), "{said}");
}
