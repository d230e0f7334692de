//! Answers in a language model's words: streamed sentence by sentence, guarded, recorded, and finished from the documents.

use serde_json::Value;
use serde_json::json;

use crate::support::Customer;
use crate::support::ModelServer;
use crate::support::Setup;
use crate::support::Store;
use crate::support::eventually;
use crate::support::model::Behaviour;
use crate::support::model::Fault;
use crate::support::model::Mishap;
use crate::support::model::Pace;
use crate::support::model::Words;

/// A question that one document answers.
const QUESTION: &str = "정기예금 중도해지하면 이자는 어떻게 되나요?";

/// What the customer was shown while the answer came, and the answer.
async fn streamed(customer: &Customer) -> (String, Value) {
    customer.connects().await.hears(QUESTION).await
}

both_stores! {
    /// What a model says from the passages is the answer, with the passages it cites, marked as a model's, here and in history.
    async fn a_model_says_it_in_its_words(setup: Setup) {
        let model = ModelServer::start().await;
        let server = setup.asking(&[&model]).start().await;
        let customer = server.customer().await;
        let (shown, reply) = streamed(&customer).await;
        assert_eq!(reply["engine"], "llm", "{reply:#}");
        assert_eq!(reply["ai_message"].as_str().unwrap(), shown);
        assert!(!reply["source_documents"].as_array().unwrap().is_empty());
        assert!(!shown.contains("[1]"), "{shown}");
        assert_eq!(customer.history().await[1]["engine"], "llm");
        assert_eq!(model.chats().len(), 1);
    }

    /// A figure that no passage has is never shown; the documents answer, and it is recorded what was stopped.
    async fn an_invented_figure_is_never_shown(setup: Setup) {
        let model = ModelServer::start().await;
        model.behaves(Words::Fixed("중도해지하시면 연 9.87%의 이자를 드립니다. [1]".to_owned()));
        let server = setup.asking(&[&model]).start().await;
        let customer = server.customer().await;
        let (shown, reply) = streamed(&customer).await;
        assert!(!shown.contains("9.87") && !reply["ai_message"].as_str().unwrap().contains("9.87"), "{reply:#}");
        assert_eq!(reply["engine"], "extractive");
        assert_eq!(reply["ai_message"].as_str().unwrap(), shown);
    }

    /// A model that breaks off in the middle is finished by the documents; nothing is lost.
    async fn a_model_that_breaks_off_is_finished_by_the_documents(setup: Setup) {
        let model = ModelServer::start().await;
        let server = setup.asking(&[&model]).start().await;
        for fault in [
            Fault::After(0, Mishap::Cut),
            Fault::After(60, Mishap::Cut),
            Fault::After(3, Mishap::BadJson),
            Fault::After(3, Mishap::BadUtf8),
            Fault::Html,
            Fault::Status { code: 500, retry_after: None },
            Fault::Status { code: 429, retry_after: Some("0") },
        ] {
            let shown_fault = format!("{fault:?}");
            model.behaves_next([Behaviour::from(fault)]);
            let (shown, reply) = streamed(&server.customer().await).await;
            assert_eq!(reply["ai_message"].as_str().unwrap(), shown, "{shown_fault}");
            assert!(!reply["source_documents"].as_array().unwrap().is_empty(), "{shown_fault}: {reply:#}");
        }
    }
}

/// An endpoint that is silent is left for another one, as one that refuses is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_endpoint_fails_over() {
    let (silent, well) = (ModelServer::start().await, ModelServer::start().await);
    silent.behaves(Fault::NoHeaders);
    let setup = Setup::new(Store::Sqlite).with("llm.first_token_timeout", "500ms").with("llm.endpoint.1.weight", "100");
    let server = setup.asking(&[&silent, &well]).start().await;
    let (_, reply) = streamed(&server.customer().await).await;
    assert_eq!(reply["engine"], "llm", "{reply:#}");
    assert_eq!((silent.connections(), well.chats().len()), (1, 1), "the silent one was asked first");
}

/// The customer who goes stops the model; what he asked is answered from the documents and kept for his return.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_is_no_longer_spoken_to() {
    let model = ModelServer::start().await;
    model.behaves(Behaviour::from(Fault::After(4, Mishap::Stalls)));
    let server = Setup::new(Store::Sqlite).asking(&[&model]).start().await;
    let customer = server.customer().await;
    let mut socket = customer.connects().await;
    socket.send(&json!({"type": "message", "user_message": QUESTION, "stream": true})).await;
    model.began(1).await;
    drop(socket);
    model.hung_up(1).await;
    let history = eventually("the turn is stored", async || {
        let history = customer.history().await;
        (history.len() == 2).then_some(history)
    })
    .await;
    assert_eq!(history[1]["engine"], "extractive", "{history:#?}");
}

/// Another message of the customer's does not wait for a model that takes its time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_message_hurries_the_first() {
    let model = ModelServer::start().await;
    model.behaves(Behaviour::from(Fault::After(4, Mishap::Stalls)));
    let server = Setup::new(Store::Sqlite).asking(&[&model]).start().await;
    let customer = server.customer().await;
    let mut socket = customer.connects().await;
    socket.says(QUESTION).await;
    model.began(1).await;
    socket.says("상담원 연결해 주세요").await;
    let first = socket.until("response").await;
    let second = socket.until("response").await;
    assert_eq!(
        (&first["data"]["engine"], &second["data"]["stage"]),
        (&json!("extractive"), &json!("awaiting_consent"))
    );
}

/// Switched off, a model stops in the middle of an answer, at once and for good; switched on, it speaks again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_switch_stops_a_running_answer() {
    use std::os::unix::fs::PermissionsExt as _;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, TOKEN).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let model = ModelServer::start().await;
    model.behaves(Behaviour::from(Fault::After(4, Mishap::Stalls)));
    let setup = Setup::new(Store::Sqlite).with("admin.token_file", file.to_str().unwrap());
    let server = setup.asking(&[&model]).start().await;
    let customer = server.customer().await;
    let mut socket = customer.connects().await;
    socket.says(QUESTION).await;
    model.began(1).await;
    let switch = async |state: &str, token: &str| {
        let request =
            server.http().request("PUT", "/api/v1/admin/model").header("authorization", format!("Bearer {token}"));
        server.http().send(request.json(&json!({"state": state, "reason": "점검", "by": "운영자"}))).await
    };
    switch("off", "wrong").await.expect(403);
    let state = switch("off", TOKEN).await.expect(200);
    assert_eq!((&state["configured"], &state["on"]), (&json!(true), &json!(false)));
    assert_eq!(socket.until("response").await["data"]["engine"], "extractive");
    model.behaves(Behaviour::default());
    assert_eq!(customer.says(QUESTION).await.0["engine"], "extractive");
    assert_eq!(model.chats().len(), 1, "nobody is asked");
    switch("on", TOKEN).await.expect(200);
    assert_eq!(server.customer().await.says(QUESTION).await.0["engine"], "llm");
    let request =
        server.http().request("GET", "/api/v1/admin/audit").header("authorization", format!("Bearer {TOKEN}"));
    let trail = server.http().send(request).await.expect(200);
    let actions: Vec<_> = trail.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["model.on", "model.off"]);
    let path = format!("/api/v1/admin/sessions/{}/model-runs", customer.session());
    let request = server.http().request("GET", &path).header("authorization", format!("Bearer {TOKEN}"));
    let runs = server.http().send(request).await.expect(200);
    assert_eq!((&runs[0]["outcome"], &runs[0]["reason"]), (&json!("unused"), &json!("switched_off")), "{runs:#}");
}

/// While others are answered, who waits for a place is told it; with no place left to wait in, the documents answer at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_told_his_place() {
    let model = ModelServer::start().await;
    model.behaves(Behaviour::from(Fault::After(4, Mishap::Stalls)).paced(Pace::default()));
    let setup = Setup::new(Store::Sqlite)
        .with("llm.endpoint.1.concurrent_max", "1")
        .with("llm.queue_max", "1")
        .with("chat.processing_notice_after", "0ms");
    let server = setup.asking(&[&model]).start().await;
    let (first, second) = (server.customer().await, server.customer().await);
    let (mut speaking, mut waiting) = (first.connects().await, second.connects().await);
    speaking.says(QUESTION).await;
    model.began(1).await;
    waiting.says(QUESTION).await;
    loop {
        let frame = waiting.until("processing").await;
        if frame.get("queue_position").is_some() {
            assert_eq!(frame["queue_position"], 1);
            break;
        }
    }
    assert_eq!(server.customer().await.says(QUESTION).await.0["engine"], "extractive", "the queue is full");
    model.behaves(Behaviour::default());
    drop(speaking);
    assert_eq!(waiting.until("response").await["data"]["engine"], "llm");
}

/// Who waited in vain is answered from the documents, and it is recorded how long he waited.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_in_vain_is_recorded() {
    let model = ModelServer::start().await;
    model.behaves(Behaviour::from(Fault::After(4, Mishap::Stalls)).paced(Pace::default()));
    let setup = Setup::new(Store::Sqlite)
        .administered()
        .with("llm.endpoint.1.concurrent_max", "1")
        .with("llm.queue_timeout", "1s");
    let server = setup.asking(&[&model]).start().await;
    let (first, second) = (server.customer().await, server.customer().await);
    let mut speaking = first.connects().await;
    speaking.says(QUESTION).await;
    model.began(1).await;
    assert_eq!(second.says(QUESTION).await.0["engine"], "extractive");
    let runs = server.administrator().runs(&second).await;
    assert_eq!(runs[0]["reason"], "queue_timeout", "{runs:#?}");
    assert!(runs[0]["queued_ms"].as_i64().unwrap() >= 1_000, "{runs:#?}");
    assert_eq!(runs[0]["prompt_tokens"], 0, "nobody read the question: {runs:#?}");
}
