//! Prompts of a pack: shown with their versions, used in what models are asked, and recorded with what they answered.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::support::Administrator;
use crate::support::Customer;
use crate::support::Http;
use crate::support::ModelServer;
use crate::support::Program;
use crate::support::Site;
use crate::support::administrator::token_file;
use crate::support::copy_all;
use crate::support::demo_pack;
use crate::support::eventually;
use crate::support::model::Words;

/// A question that one document answers.
const QUESTION: &str = "예금 중간에 깨면 이자 얼마나 손해봐요?";
/// What the pack says to models instead.
const PROMPT: &str = "{bank} 안내원으로서 {today} 현재의 글로만 짧게 답합니다. 중괄호 {예}와 {today 는 그대로 둡니다.\n\n{passages}\n=== END ===";

fn run(site: &Site, arguments: &[&str]) -> (bool, String) {
    let output = Program::run(&[arguments, &["--config", site.config()]].concat(), &[]);
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// The demo's pack with a prompt of its own.
fn pack(site: &Site, file: &str, prompt: &str) -> PathBuf {
    let root = site.folder().join("pack");
    copy_all(&demo_pack(), &root).unwrap();
    fs::create_dir_all(root.join("prompts")).unwrap();
    fs::write(root.join("prompts").join(file), prompt).unwrap();
    root
}

fn import(site: &Site, pack: &std::path::Path) -> (bool, String) {
    run(site, &["knowledge", "import", pack.to_str().unwrap()])
}

/// The version that `model prompts` shows of a prompt, and where it is from.
fn version(site: &Site, name: &str) -> (String, String) {
    let (is_content, said) = run(site, &["model", "prompts", name]);
    let first = said.lines().next().unwrap();
    let shown = first.strip_prefix("# ").and_then(|line| line.strip_suffix(')')).and_then(|line| line.split_once(" ("));
    let (version, origin) = shown.unwrap_or_else(|| panic!("{said}"));
    assert!(is_content && version.starts_with(&format!("{name}-")), "{said}");
    (version.to_owned(), origin.to_owned())
}

/// A pack's prompt is the one in use, shown, sent and recorded; the next pack without one is asked with the built-in one again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pack_brings_its_prompt() {
    let model = ModelServer::start().await;
    let site = Site::new(&format!(
        "api.legacy_clients = true\nadmin.token_file = \"{}\"\nknowledge.reload_interval = \
         \"100ms\"\n[[llm.endpoint]]\nurl = \"{}\"\nroles = [\"answer\"]\n",
        token_file(),
        model.url()
    ));
    let (_, built_in) = run(&site, &["model", "prompts", "--built-in"]);
    assert_eq!(built_in.matches(" (built in)\n").count(), 3, "{built_in}");
    let pack = pack(&site, "answer.txt", PROMPT);
    let (is_content, said) = import(&site, &pack);
    assert!(is_content, "{said}");

    let (of_pack, origin) = version(&site, "answer");
    assert_eq!(origin, "of the pack in use");
    assert!(!built_in.contains(&of_pack), "{of_pack}");
    for name in ["triage", "summary"] {
        let (version, origin) = version(&site, name);
        assert!(origin == "built in" && built_in.contains(&version), "{version} {origin}");
    }
    let said = run(&site, &["model", "prompts", "answer"]).1;
    assert!(said.contains(PROMPT), "{said}");
    assert_eq!(run(&site, &["model", "prompts", "--built-in"]).1, built_in);
    let (is_content, said) = run(&site, &["model", "prompts", "other"]);
    assert!(!is_content && said.contains("answer, triage, summary"), "{said}");

    let server = site.serve(&[]);
    let http = Http::at(server.address());
    http.until_ready().await;
    let administrator = Administrator::new(&http);
    let asked = async || {
        let customer = Customer::new(&http);
        let engine = customer.says(QUESTION).await.0["engine"].clone();
        Some((administrator.runs(&customer).await, engine)).filter(|(runs, _)| !runs.is_empty())
    };
    let (runs, engine) = eventually("the model is asked", asked).await;
    assert_eq!((&engine, &runs[0]["prompt_version"]), (&json!("llm"), &json!(of_pack)), "{runs:#?}");
    let system = model.last().asked().messages[0].content.clone();
    assert!(system.starts_with("가온은행 데모 안내원으로서 20"), "{system}");
    assert!(system.contains("현재의 글로만 짧게 답합니다. 중괄호 {예}와 {today 는 그대로 둡니다.\n\n[1] "), "{system}");
    assert!(system.ends_with("\n=== END ==="), "{system}");
    model.behaves(Words::Fixed("중도해지하시면 연 9.87%의 이자를 드립니다. [1]".to_owned()));
    assert_eq!(asked().await.unwrap().1, "extractive", "the guard is the same");
    model.behaves(Words::Faithful);

    fs::remove_dir_all(pack.join("prompts")).unwrap();
    assert!(import(&site, &pack).0);
    let (now, origin) = version(&site, "answer");
    assert!(origin == "built in" && built_in.contains(&now), "{now} {origin}");
    eventually("the next pack", async || (asked().await.unwrap().0[0]["prompt_version"] == now).then_some(())).await;
    assert!(!model.last().asked().messages[0].content.contains("안내원으로서"));
}

/// A prompt that says nowhere where the passages belong, or has a name nobody asks for, is refused with its file and the remedy;
/// the pack is not taken.
#[test]
fn a_prompt_that_cannot_be_used_is_refused() {
    for (file, prompt, why) in [
        ("answer.txt", "짧게 답합니다.", "{passages} is missing"),
        ("answer.txt", "{passages} {password}", "{password}"),
        ("answer.txt", "{passages} {passages}", "stands twice"),
        ("triage.txt", "분류합니다.", "{categories} is missing"),
        ("summary.txt", "{passages}", "{conversation} is missing"),
        ("anser.txt", "{passages}", "prompts/anser.txt"),
    ] {
        let site = Site::new("");
        let pack = pack(&site, file, prompt);
        let (is_content, said) = import(&site, &pack);
        assert!(!is_content, "{file}: {said}");
        assert!(said.contains(&format!("prompts/{file}")) && said.contains(why), "{file}: {said}");
    }
}
