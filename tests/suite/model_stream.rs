//! A model's answer over plain HTTP, as server-sent events: sentence by sentence while it comes, and ended when nobody listens.

use serde_json::Value;
use serde_json::json;

use crate::support::Customer;
use crate::support::EventStream;
use crate::support::Http;
use crate::support::ModelServer;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Store;
use crate::support::eventually;
use crate::support::model::Behaviour;
use crate::support::model::End;
use crate::support::model::Fault;
use crate::support::model::Mishap;
use crate::support::model::Words;

/// A question that one document answers.
const QUESTION: &str = "정기예금 중도해지하면 이자는 어떻게 되나요?";

/// Asks for a stream of events.
async fn stream(http: &Http, customer: &Customer) -> EventStream {
    let message = json!({"session_id": customer.session(), "user_message": QUESTION});
    http.events(http.request("POST", "/api/v1/chat/message").json(&message)).await
}

/// What an honest model says to the question.
async fn honest(server: &Server, model: &ModelServer) -> String {
    server.customer().await.says(QUESTION).await;
    model.last().said
}

/// An honest model that falls silent in its second sentence and never goes on.
fn silent_after_a_sentence(honest: &str) -> Behaviour {
    let (first, _) = honest.split_once("] ").expect("two sentences");
    let tokens = (first.chars().count() + 8).div_ceil(2);
    Behaviour::from(Words::Fixed(honest.to_owned())).failing(Fault::After(tokens, Mishap::Stalls))
}

/// A sentence is there before the model has ended, and the whole reply is the last event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentences_come_as_the_model_writes() {
    let model = ModelServer::start().await;
    let server = Setup::new(Store::Sqlite).with("llm.first_token_timeout", "5s").asking(&[&model]).start().await;
    let honest = honest(&server, &model).await;
    model.behaves(silent_after_a_sentence(&honest));
    let customer = server.customer().await;
    let mut events = stream(server.http(), &customer).await;
    let first = events.next().await.unwrap();
    assert_eq!(first.name, "delta", "{first:?}");
    assert_eq!((model.in_flight(), model.last().end), (1, End::Running), "the model is still at it");
    let first = first.data["text"].as_str().unwrap().to_owned();
    assert!(honest.starts_with(first.trim_end_matches('.')), "{first}");

    // It never goes on: the documents do.
    let mut rest = events.rest().await;
    let last = rest.pop().unwrap();
    assert_eq!((last.name.as_str(), &last.data["engine"]), ("response", &json!("llm")), "{last:?}");
    assert!(rest.iter().all(|event| event.name == "delta"), "{rest:#?}");
    let shown: String = rest.iter().map(|event| event.data["text"].as_str().unwrap()).collect();
    assert_eq!(last.data["ai_message"], format!("{first}{shown}"));
    assert!(!shown.is_empty(), "what was missing");
    model.hung_up(1).await;
    let history = customer.history().await;
    assert_eq!((history.len(), &history[1]["message"]), (2, &last.data["ai_message"]), "{history:#?}");
}

/// A whole answer of a model is its sentences and nothing else; without the model, the same request streams the documents' answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_whole_reply() {
    let model = ModelServer::start().await;
    let server = Setup::new(Store::Sqlite).asking(&[&model]).start().await;
    for engine in ["llm", "extractive"] {
        let events = stream(server.http(), &server.customer().await).await.rest().await;
        let (last, deltas) = events.split_last().unwrap();
        assert_eq!((last.name.as_str(), &last.data["engine"]), ("response", &json!(engine)), "{last:?}");
        let shown: String = deltas.iter().map(|event| event.data["text"].as_str().unwrap()).collect();
        assert_eq!(last.data["ai_message"], shown);
        model.behaves(Fault::Html);
    }
}

/// Who hangs up stops the model; the turn is kept, with why it was not heard to its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_stops_the_model() {
    let model = ModelServer::start().await;
    let setup = Setup::new(Store::Sqlite).administered().with("llm.first_token_timeout", "5m");
    let server = setup.asking(&[&model]).start().await;
    let honest = honest(&server, &model).await;
    for (behaviour, outcome) in [
        (silent_after_a_sentence(&honest), "finished"),
        (Behaviour::from(Fault::After(1, Mishap::Stalls)), "unused"),
        (Behaviour::from(Fault::NoBody), "unused"),
    ] {
        let (asked, hung_up) = (model.chats().len(), model.hang_ups());
        model.behaves(behaviour);
        let customer = server.customer().await;
        let events = if outcome == "finished" {
            let mut events = stream(server.http(), &customer).await;
            assert_eq!(events.next().await.unwrap().name, "delta");
            Some(events)
        } else {
            // Nothing is sent before the first sentence, not even the headers.
            let (http, customer) = (server.http().clone(), customer.clone());
            let asking = tokio::spawn(async move { stream(&http, &customer).await });
            model.asked(asked + 1).await;
            asking.abort();
            None
        };
        drop(events);
        model.hung_up(hung_up + 1).await;
        let runs: Vec<Value> = eventually("the turn is stored", async || {
            let runs = server.administrator().runs(&customer).await;
            Some(runs).filter(|runs| runs.first().is_some_and(|run| run["outcome"] != "begun"))
        })
        .await;
        assert_eq!((&runs[0]["outcome"], &runs[0]["reason"]), (&json!(outcome), &json!("left")), "{runs:#?}");
        assert_eq!(customer.history().await.len(), 2);
    }
}
