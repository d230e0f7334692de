//! The circuit breaker of an endpoint, as it looks from outside: who is asked, and how often.

use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::support::Customer;
use crate::support::ModelServer;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Store;
use crate::support::eventually;
use crate::support::model::Behaviour;
use crate::support::model::Fault;
use crate::support::model::MODEL;
use crate::support::model::Mishap;
use crate::support::model::Pace;

/// A question that one document answers.
const QUESTION: &str = "정기예금 중도해지하면 이자는 어떻게 되나요?";
/// Conversations that want the model while it is tried.
const WAITING: usize = 20;

/// Asked by somebody new; his conversation and the answer.
async fn asks(server: &Server) -> (Customer, Value) {
    let customer = server.customer().await;
    let reply = customer.says(QUESTION).await.0;
    (customer, reply)
}

/// Whether the endpoint is asked at the moment, as monitoring and operators see it.
async fn is_up(server: &Server, endpoint: &str) -> bool {
    let figure = server.http().figure(&format!("llm_endpoint_up{{endpoint=\"{endpoint}\"}}")).await;
    let state = server.administrator().model().await;
    let of_name = state["endpoints"].as_array().unwrap().iter().find(|shown| shown["name"] == endpoint).cloned();
    assert_eq!(of_name.unwrap()["up"], figure == 1.0, "{state:#}");
    figure == 1.0
}

/// The reason that is recorded for the only run of a conversation, and how many were asked.
async fn recorded(server: &Server, customer: &Customer) -> (Value, Value) {
    let runs = server.administrator().runs(customer).await;
    assert_eq!(runs.len(), 1, "{runs:#?}");
    (runs[0]["reason"].clone(), runs[0]["attempts"].clone())
}

/// One endpoint, `only`, that is left out after one failure.
fn one(model: &ModelServer) -> Setup {
    Setup::new(Store::Sqlite)
        .administered()
        .with("llm.endpoint.1.name", "only")
        .with("llm.endpoint.1.model", MODEL)
        .with("llm.fails", "1")
        .asking(&[model])
}

/// Asks for the model until it is tried again, which hangs or answers as it was told; the one who tried.
async fn tried(server: &Server, model: &ModelServer, chats: usize) -> tokio::task::JoinHandle<(Customer, Value)> {
    eventually("the endpoint is tried again", async || {
        let customer = server.customer().await;
        let asking = customer.clone();
        let mut turn = tokio::spawn(async move { (asking.clone(), asking.says(QUESTION).await.0) });
        tokio::select! {
            () = model.asked(chats) => Some(turn),
            _ = &mut turn => None,
        }
    })
    .await
}

/// After three failures in a row a dead endpoint is not asked any more: the other one answers all, and it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_endpoint_is_left_out() {
    let (dead, well) = (ModelServer::start().await, ModelServer::start().await);
    dead.behaves(Fault::Status { code: 500, retry_after: None });
    let server = Setup::new(Store::Sqlite)
        .administered()
        .with("llm.endpoint.1.name", "dead")
        .with("llm.endpoint.1.model", MODEL)
        .with("llm.endpoint.1.weight", "1000")
        .with("llm.endpoint.2.name", "well")
        .with("llm.fail_timeout", "10m")
        .asking(&[&dead, &well])
        .start()
        .await;
    for number in 1..=6 {
        let (_, reply) = asks(&server).await;
        assert_eq!(reply["engine"], "llm", "{reply:#}");
        assert_eq!((dead.chats().len(), well.chats().len()), (number.min(3), number));
        assert_eq!(is_up(&server, "dead").await, number < 3, "after {number}");
    }
    assert!(is_up(&server, "well").await);
    assert_eq!(server.http().figure("llm_failovers_total").await, 3.0);
}

/// What answers between failures is not left out: they have to come in a row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_between_failures_starts_the_count_again() {
    let model = ModelServer::start().await;
    let server = one(&model).with("llm.fails", "2").with("llm.fail_timeout", "10m").start().await;
    for number in 1..=6 {
        let fails = number % 2 == 1;
        model.behaves(if fails { Fault::Html.into() } else { Behaviour::default() });
        let (_, reply) = asks(&server).await;
        assert_eq!(reply["engine"], if fails { "extractive" } else { "llm" }, "{reply:#}");
        assert!(is_up(&server, "only").await, "after {number}");
    }
    model.behaves(Fault::Html);
    asks(&server).await;
    asks(&server).await;
    assert!(!is_up(&server, "only").await);
    let (customer, _) = asks(&server).await;
    assert_eq!(recorded(&server, &customer).await, (json!("all_down"), json!(0)));
    assert_eq!(model.chats().len(), 8);
}

/// An endpoint that asks to be left alone is left alone after one failure; how long, it says itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_is_left_alone_when_it_says_so() {
    for (code, retry_after) in [(429, Some("300")), (503, Some("300")), (401, None)] {
        let model = ModelServer::start().await;
        model.behaves_next([Fault::Status { code, retry_after }.into()]);
        let server = one(&model).with("llm.fails", "1000").start().await;
        asks(&server).await;
        let (customer, reply) = asks(&server).await;
        assert_eq!(reply["engine"], "extractive", "{code}: {reply:#}");
        assert_eq!(recorded(&server, &customer).await, (json!("all_down"), json!(0)), "{code}");
        assert!(!is_up(&server, "only").await, "{code}");
    }
    let model = ModelServer::start().await;
    model.behaves_next([Fault::Status { code: 429, retry_after: Some("1") }.into()]);
    let server = one(&model).with("llm.fails", "1000").start().await;
    asks(&server).await;
    let (_, reply) = tried(&server, &model, 2).await.await.unwrap();
    assert_eq!(reply["engine"], "llm", "it is asked again after a second: {reply:#}");
    assert!(is_up(&server, "only").await);
}

/// After the pause one request tries it, though many want to; when it answers, all are answered by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_tries_it_for_all() {
    let model = ModelServer::start().await;
    let slow = Pace { before_first_token: Duration::from_secs(5), ..Pace::default() };
    model.behaves_next([Fault::Html.into(), slow.into()]);
    let server = one(&model).with("llm.fail_timeout", "1s").with("llm.first_token_timeout", "1m").start().await;
    asks(&server).await;
    assert!(!is_up(&server, "only").await);
    let trial = tried(&server, &model, 2).await;
    let mut waiting = Vec::new();
    for _ in 0..WAITING {
        let customer = server.customer().await;
        waiting.push(tokio::spawn(async move { (customer.clone(), customer.says(QUESTION).await.0) }));
    }
    assert_eq!(trial.await.unwrap().1["engine"], "llm");
    let mut waited = 0;
    for one in waiting {
        let (customer, reply) = one.await.unwrap();
        assert_eq!(reply["engine"], "llm", "{reply:#}");
        let runs = server.administrator().runs(&customer).await;
        waited += usize::from(runs[0]["queued_ms"].as_i64().unwrap() > 0);
    }
    assert!(waited > 0, "somebody wanted it meanwhile");
    let chats = model.chats();
    assert_eq!(chats.len(), 2 + WAITING);
    let began = chats[1].tokens[0];
    assert!(chats[2..].iter().all(|seen| seen.at >= began), "nobody else was sent before it answered");
    assert!(is_up(&server, "only").await);
}

/// When the trial fails, those who waited for it are answered from the documents, and it is left out again, for longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_that_fails_sends_nobody_after_it() {
    let model = ModelServer::start().await;
    model.behaves_next([Fault::Html.into(), Fault::After(0, Mishap::Stalls).into()]);
    let server = one(&model).with("llm.fail_timeout", "1s").with("llm.first_token_timeout", "5m").start().await;
    asks(&server).await;
    let trial = tried(&server, &model, 2).await;
    let mut waiting = Vec::new();
    for _ in 0..WAITING {
        let customer = server.customer().await;
        waiting.push(tokio::spawn(async move { (customer.clone(), customer.says(QUESTION).await.0) }));
    }
    eventually("all wait", async || (server.http().figure("llm_queue_length").await == WAITING as f64).then_some(()))
        .await;
    assert_eq!(model.chats().len(), 2, "one request tries it");
    model.dies().await;
    assert_eq!(trial.await.unwrap().1["engine"], "extractive");
    for one in waiting {
        let (customer, reply) = one.await.unwrap();
        assert_eq!(reply["engine"], "extractive", "{reply:#}");
        assert_eq!(recorded(&server, &customer).await, (json!("all_down"), json!(0)));
    }
    assert_eq!(model.chats().len(), 2);
    assert!(!is_up(&server, "only").await);
}

/// A trial that nobody waits for any more says nothing of the endpoint: the next one tries it at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_that_is_given_up_is_tried_by_the_next() {
    let model = ModelServer::start().await;
    model.behaves_next([Fault::Html.into(), Fault::NoBody.into()]);
    let server = one(&model).with("llm.fail_timeout", "1s").with("llm.first_token_timeout", "5m").start().await;
    asks(&server).await;
    let trial = tried(&server, &model, 2).await;
    trial.abort();
    model.hung_up(1).await;
    let (_, reply) = asks(&server).await;
    assert_eq!(reply["engine"], "llm", "{reply:#}");
    assert!(is_up(&server, "only").await);
}
