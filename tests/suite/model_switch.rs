//! The switch of the language model: by the command line and over HTTP, for all and for a category, in answers being given, across a
//! restart, and in the audit trail.

use std::time::Duration;
use std::time::Instant;

use serde_json::json;

use crate::support::Administrator;
use crate::support::Customer;
use crate::support::Http;
use crate::support::ModelServer;
use crate::support::Program;
use crate::support::Setup;
use crate::support::Site;
use crate::support::Socket;
use crate::support::Store;
use crate::support::administrator::token_file;
use crate::support::demo_pack;
use crate::support::eventually;
use crate::support::model::Behaviour;
use crate::support::model::Fault;
use crate::support::model::Mishap;

/// A question that one document answers, its category, and one of another.
const QUESTION: &str = "예금 중간에 깨면 이자 얼마나 손해봐요?";
const CATEGORY: &str = "예적금 해지/만기";
const OTHER_QUESTION: &str = "신용대출 요즘 금리 몇프로임";
/// Two seconds are promised; the rest is for a machine that is busy with other tests.
const SWITCHED_WITHIN: Duration = Duration::from_secs(2 + 4);

/// What `bank-aicc model …` says at a site, and whether it was content.
fn model_command(site: &Site, arguments: &[&str]) -> (bool, String) {
    let output = Program::run(&[&["model"], arguments, &["--config", site.config()]].concat(), &[]);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// A site with the demo's documents that asks a model, and waits for it for as long as it takes.
fn site(model: &ModelServer) -> Site {
    let site = Site::new(&format!(
        "api.legacy_clients = true\nadmin.token_file = \"{}\"\n[llm]\nfirst_token_timeout = \"10m\"\nanswer_timeout = \
         \"10m\"\n[[llm.endpoint]]\nurl = \"{}\"\nroles = [\"answer\"]\n",
        token_file(),
        model.url()
    ));
    site.import(&demo_pack());
    site
}

/// Asked by somebody new: which engine answers.
async fn answered_by(http: &Http, question: &str) -> String {
    let reply = Customer::new(http).says(question).await;
    reply.0["engine"].as_str().unwrap().to_owned()
}

/// A conversation in which a model has begun to speak, and never ends.
async fn spoken_to(http: &Http, model: &ModelServer, question: &str) -> Socket {
    let began = model.chats().iter().filter(|seen| !seen.tokens.is_empty()).count();
    let mut socket = Customer::new(http).connects().await;
    socket.send(&json!({"type": "message", "user_message": question, "stream": true})).await;
    model.began(began + 1).await;
    socket
}

fn endless() -> Behaviour {
    Behaviour::from(Fault::After(4, Mishap::Stalls))
}

/// Off from another process, a running server stops within two seconds, in the middle of an answer; off it stays, over a restart,
/// until it is switched on; and it is written down who did, and why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_switches_a_running_server() {
    let model = ModelServer::start().await;
    let site = site(&model);
    let mut server = site.serve(&[]);
    let http = server.ready().await;
    eventually("the model may be asked", async || (answered_by(&http, QUESTION).await == "llm").then_some(())).await;

    model.behaves(endless());
    let mut socket = spoken_to(&http, &model, QUESTION).await;
    let asked = model.chats().len();
    let (is_content, said) = model_command(&site, &["off", "--reason", "야간 점검"]);
    let switched_at = Instant::now();
    assert!(is_content && said.contains("the language model is off"), "{said}");
    model.hung_up(1).await;
    let ended_at = model.last().ended_at.unwrap();
    assert!(ended_at < switched_at + SWITCHED_WITHIN, "{:?}", ended_at - switched_at);
    assert_eq!(socket.until("response").await["data"]["engine"], "extractive");
    model.behaves(Behaviour::default());
    assert_eq!(answered_by(&http, QUESTION).await, "extractive");
    let said = model_command(&site, &["status"]).1;
    assert!(said.contains("\nswitched off\n") && said.contains("야간 점검"), "{said}");
    assert_eq!(Administrator::new(&http).model().await["on"], false);

    // With a category off as well, the log tells when a server has read the switches.
    assert!(model_command(&site, &["off", "--category", CATEGORY]).0);
    server.logged("the model's switches changed");
    server.signal("TERM");
    assert!(server.ended().0.success());
    let server = site.serve(&[]);
    let http = server.ready().await;
    server.logged("the model's switches changed");
    assert_eq!(answered_by(&http, OTHER_QUESTION).await, "extractive", "a restart does not switch it on");
    assert_eq!(model.chats().len(), asked, "nobody was asked");

    let (is_content, said) = model_command(&site, &["on", "--category", CATEGORY]);
    assert!(is_content && said.contains("still off for all categories"), "{said}");
    assert!(model_command(&site, &["on", "--reason", "점검 끝"]).0);
    eventually("the model is asked again", async || (answered_by(&http, QUESTION).await == "llm").then_some(())).await;
    let said = model_command(&site, &["audit"]).1;
    let lines: Vec<&str> = said.lines().collect();
    let [on, category_on, category_off, off] = lines[..] else { panic!("{said}") };
    assert!(on.contains("model.on") && on.contains("점검 끝") && on.contains("command line"), "{said}");
    assert!(off.contains("model.off") && off.contains("야간 점검"), "{said}");
    assert!(category_on.contains("model.on") && category_on.contains(CATEGORY), "{said}");
    assert!(category_off.contains("model.off") && category_off.contains(CATEGORY), "{said}");
    let trail = Administrator::new(&http).trail().await;
    let actions: Vec<_> = trail.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["model.on", "model.on", "model.off", "model.off"]);
}

/// Whatever else is wrong with the configuration, as a hasty edit leaves it, the running server is switched off, and it is told what
/// is wrong; only a doubt about the database stands in the way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_configuration_does_not_stand_in_the_way() {
    let model = ModelServer::start().await;
    let site = site(&model);
    let settings = std::fs::read_to_string(site.config()).unwrap();
    let server = site.serve(&[]);
    let http = server.ready().await;
    eventually("the model may be asked", async || (answered_by(&http, QUESTION).await == "llm").then_some(())).await;
    let write = |text: &[u8]| std::fs::write(site.config(), text).unwrap();
    for (line, told) in [
        ("queue_max = -1", "llm.endpoint.1.queue_max"),
        ("weight = \"heavy\"\n[log]\nlevel = 7", "llm.endpoint.1.weight"),
        ("[[llm.endpoint]]\nurl = \"http://", "not TOML"),
        ("api_key_file = \"/nowhere/key\"", "/nowhere/key"),
    ] {
        write(format!("{settings}{line}\n").as_bytes());
        let reason = format!("오류: {told}");
        let (is_content, said) = model_command(&site, &["off", "--reason", &reason]);
        assert!(is_content && said.contains("the language model is off"), "{line}: {said}");
        assert!(said.contains("warning: ") && said.contains(told), "{line}: {said}");
        eventually("off", async || (answered_by(&http, QUESTION).await == "extractive").then_some(())).await;
        let (is_content, said) = model_command(&site, &["status"]);
        assert!(is_content && said.contains("switched off") && said.contains(&reason), "{line}: {said}");
        assert!(model_command(&site, &["on"]).0, "{line}");
        eventually("on", async || (answered_by(&http, QUESTION).await == "llm").then_some(())).await;
    }
    write(&[settings.as_bytes(), b"# \xc1\xa1\xb0\xcb\n"].concat());
    assert!(model_command(&site, &["off"]).0, "a comment that is not UTF-8");
    assert!(model_command(&site, &["on"]).0);
    write(format!("{settings}[storage]\nurl = \"mysql://nobody@nowhere\n").as_bytes());
    let (is_content, said) = model_command(&site, &["off"]);
    assert!(!is_content && said.contains("not certain where the database is"), "{said}");
    assert_eq!(answered_by(&http, QUESTION).await, "llm");

    // Nor is a new database made in the wrong place.
    write(format!("server.data_dir = \"{}\"\n", site.folder().join("elsewhere").display()).as_bytes());
    let (is_content, said) = model_command(&site, &["off"]);
    assert!(
        !is_content && said.contains("there is no database") && !site.folder().join("elsewhere").exists(),
        "{said}"
    );
}

/// What an endpoint lacks, that it is meant by the earlier system's names, and what the day has cost: from the command line, and from
/// a running server, which knows what it leaves out, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_says_what_is_left_out_and_why() {
    let (model, gone) = (ModelServer::start().await, ModelServer::start().await);
    let setup = Setup::new(Store::Sqlite).administered().asking(&[&model, &gone]);
    let setup = setup.with("llm.endpoint.1.name", "here").with("llm.endpoint.2.name", "gone").with("llm.fails", "1");
    let setup = setup.with("llm.endpoint.2.weight", "1000").with("llm.fail_timeout", "10m");
    let setup = setup.with("llm.endpoint.3.url", "https://127.0.0.1:9/v1").with("llm.endpoint.3.name", "unusable");
    let setup = setup.with("llm.endpoint.3.ca_file", "/nowhere/ca.pem").with("llm.budget.tokens_per_day", "100000");
    let server = setup.start().await;
    gone.dies().await;
    assert_eq!(server.customer().await.says(QUESTION).await.0["engine"], "llm");
    let state = server.administrator().model().await;
    let endpoints = state["endpoints"].as_array().unwrap();
    let named = |name: &str| endpoints.iter().find(|endpoint| endpoint["name"] == name).unwrap();
    assert_eq!((&named("here")["up"], &named("here")["left_out_why"]), (&json!(true), &json!(null)), "{state:#}");
    assert_eq!(named("gone")["up"], false, "{state:#}");
    assert!(named("gone")["left_out_why"].as_str().unwrap().starts_with("the connection failed"), "{state:#}");
    assert!((500..=600).contains(&named("gone")["left_out_seconds"].as_u64().unwrap()), "{state:#}");
    assert!(named("unusable")["left_out_why"].as_str().unwrap().contains("/nowhere/ca.pem"), "{state:#}");
    assert_eq!((&named("unusable")["up"], &named("unusable")["left_out_seconds"]), (&json!(false), &json!(null)));
    assert_eq!(server.http().figure("llm_endpoint_up{endpoint=\"unusable\"}").await, 0.0);
    assert_eq!((&state["tokens_per_day"], &state["tokens_per_session"]), (&json!(100_000), &json!(null)), "{state:#}");

    let site = Site::new("llm.budget.tokens_per_day = 1000\n");
    let status = |variables: &[(&str, &str)]| {
        let output = Program::run(&["model", "status", "--config", site.config()], variables);
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let said = status(&[]);
    assert!(said.contains("there is no database") && !site.folder().join("data").exists(), "{said}");
    site.import(&demo_pack());
    let said = status(&[("OPENAI_API_KEY", "sk-hidden")]);
    assert!(said.contains("meant by OPENAI_API_KEY") && !said.contains("sk-hidden"), "{said}");
    assert!(said.contains("tokens today: 0 of 1000"), "{said}");
    let said = status(&[("USE_LM_STUDIO", "true")]);
    assert!(said.contains("meant by USE_LM_STUDIO") && said.contains("http://127.0.0.1:1234/v1"), "{said}");
    let said = status(&[]);
    assert!(said.contains("no language model is configured") && said.contains("OPENAI_API_KEY"), "{said}");
    site.set("[[llm.endpoint]]\nurl = \"https://127.0.0.1:9/v1\"\nca_file = \"/nowhere/ca.pem\"\n");
    let said = status(&[]);
    assert!(said.contains("NOT USED: ") && said.contains("/nowhere/ca.pem"), "{said}");
    assert!(said.contains("tokens today: 0, without a limit"), "{said}");
}

/// A category that the pack has not is refused with those that it has, and nothing is switched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_category_is_refused() {
    let model = ModelServer::start().await;
    let site = site(&model);
    let (is_content, said) = model_command(&site, &["off", "--category", "없는 업무"]);
    assert!(!is_content && said.contains("없는 업무") && said.contains(CATEGORY), "{said}");
    let said = model_command(&site, &["status"]).1;
    assert!(said.contains("\nswitched on\n") && !said.contains("없는 업무"), "{said}");
    assert_eq!(model_command(&site, &["audit"]).1, "nothing was switched yet\n");

    let server = Setup::new(Store::Sqlite).administered().asking(&[&model]).start().await;
    let administrator = server.administrator();
    let refusal = administrator.switches("off", Some("없는 업무")).await.expect_problem(400, "unknown_category");
    assert!(refusal.as_str().unwrap().contains(CATEGORY), "{refusal}");
    administrator.switches("perhaps", None).await.expect_problem(400, "invalid_state");
    assert_eq!(administrator.trail().await.len(), 0);
    assert_eq!(answered_by(server.http(), QUESTION).await, "llm");
}

both_stores! {
    /// One category is switched off over HTTP: its answers stop, also the one that is being given, and the others go on; it
    /// survives a restart and is switched on again.
    async fn a_category_is_switched_alone(setup: Setup) {
        let model = ModelServer::start().await;
        let setup = setup.administered().with("llm.first_token_timeout", "10m").with("llm.answer_timeout", "10m");
        let server = setup.asking(&[&model]).start().await;
        let category = server.customer().await.says(QUESTION).await.0["category"].clone();
        assert_eq!(category, CATEGORY);
        assert_ne!(server.customer().await.says(OTHER_QUESTION).await.0["category"], CATEGORY);
        model.behaves(endless());
        let mut stopped = spoken_to(server.http(), &model, QUESTION).await;
        let _going_on = spoken_to(server.http(), &model, OTHER_QUESTION).await;
        let state = server.administrator().switches("off", Some(CATEGORY)).await.expect(200);
        assert_eq!((&state["on"], &state["switches"][0]["category"]), (&json!(true), &json!(CATEGORY)), "{state:#}");
        assert_eq!((&state["switches"][0]["state"], &state["switches"][0]["reason"]), (&json!("off"), &json!("점검")));
        assert_eq!(stopped.until("response").await["data"]["engine"], "extractive");
        model.hung_up(1).await;
        assert_eq!(model.in_flight(), 1, "the other one goes on");
        model.behaves(Behaviour::default());
        assert_eq!(answered_by(server.http(), QUESTION).await, "extractive");
        assert_eq!(answered_by(server.http(), OTHER_QUESTION).await, "llm");

        let server = server.restart().await;
        let is_asked = async || (answered_by(server.http(), OTHER_QUESTION).await == "llm").then_some(());
        eventually("the switches are known", is_asked).await;
        assert_eq!(answered_by(server.http(), QUESTION).await, "extractive");
        server.administrator().switches("on", Some(CATEGORY)).await.expect(200);
        assert_eq!(answered_by(server.http(), QUESTION).await, "llm");
        let trail = server.administrator().trail().await;
        let shown = |entry: &serde_json::Value| (entry["action"].clone(), entry["subject"].to_string().contains(CATEGORY));
        assert_eq!(trail.iter().map(shown).collect::<Vec<_>>(), [(json!("model.on"), true), (json!("model.off"), true)]);
        assert!(trail.iter().all(|entry| entry["actor"].as_str().unwrap().starts_with("운영자 (api ")), "{trail:#?}");
    }
}
