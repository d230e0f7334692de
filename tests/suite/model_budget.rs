//! Tokens that may be spent, for a day and for a conversation: spent, the documents answer alone, and it is told.

use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::support::Customer;
use crate::support::ModelServer;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Store;
use crate::support::eventually;
use crate::support::model::Fault;
use crate::support::model::Mishap;

/// A question that one document answers.
const QUESTION: &str = "정기예금 중도해지하면 이자는 어떻게 되나요?";
/// Tokens that are set aside for an answer, by default.
const ANSWER_TOKENS_MAX: u64 = 700;
const DAY: Duration = Duration::from_hours(24);

/// Which engine answers, and why not the model.
async fn asks(server: &Server, customer: &Customer) -> (Value, Value) {
    let engine = customer.says(QUESTION).await.0["engine"].clone();
    let runs = server.administrator().runs(customer).await;
    (engine, runs.last().unwrap()["reason"].clone())
}

fn by_model() -> (Value, Value) {
    (json!("llm"), Value::Null)
}

fn by_documents() -> (Value, Value) {
    (json!("extractive"), json!("budget"))
}

/// What one question needs at most, and what it takes in the end.
async fn cost() -> (u64, u64) {
    let model = ModelServer::start().await;
    let server = Setup::new(Store::Sqlite).administered().asking(&[&model]).start().await;
    server.customer().await.says(QUESTION).await;
    let asked = model.last();
    let chars: usize = asked.asked().messages.iter().map(|message| message.content.chars().count()).sum();
    let spent = server.administrator().model().await["tokens_today"].as_u64().unwrap();
    (chars as u64 + ANSWER_TOKENS_MAX, spent)
}

both_stores! {
    /// A day's tokens are spent by one conversation and missed by the next, also after a restart; the next day has its own.
    async fn a_day_has_so_many_tokens(setup: Setup) {
        let (needed, spent) = cost().await;
        assert!(spent > 1, "{spent}");
        let model = ModelServer::start().await;
        let budget = (needed + spent / 2).to_string();
        let setup = setup.administered().with("llm.budget.tokens_per_day", &budget);
        let server = setup.asking(&[&model]).start().await;
        assert_eq!(asks(&server, &server.customer().await).await, by_model());
        assert_eq!(server.administrator().model().await["tokens_today"], spent);
        assert_eq!(server.administrator().model().await["day_budget_spent"], false);
        assert_eq!(server.http().figure("llm_day_budget_spent").await, 0.0);
        assert_eq!(asks(&server, &server.customer().await).await, by_documents());
        let state = server.administrator().model().await;
        assert_eq!((&state["day_budget_spent"], &state["tokens_per_day"]), (&json!(true), &json!(needed + spent / 2)));
        assert_eq!(server.http().figure("llm_day_budget_spent").await, 1.0);
        assert_eq!(server.http().figure("llm_day_tokens_spent").await, spent as f64);
        assert_eq!(server.http().figure("llm_day_tokens_limit").await, (needed + spent / 2) as f64);
        let counted = |outcome: &str| format!("llm_answers_total{{role=\"answer\",outcome=\"{outcome}\"}}");
        assert_eq!(server.http().figure(&counted("used")).await, 1.0);
        assert_eq!(server.http().figure(&counted("unused")).await, 1.0);
        assert_eq!(model.chats().len(), 1);

        let server = server.restart().await;
        eventually("the switches are known", async || {
            let customer = server.customer().await;
            customer.says(QUESTION).await;
            let runs = server.administrator().runs(&customer).await;
            runs.first().map(|run| assert_eq!(run["reason"], "budget", "{runs:#?}"))
        })
        .await;
        assert_eq!(model.chats().len(), 1, "what was spent is spent");

        server.wait(DAY);
        assert_eq!(server.http().figure("llm_day_budget_spent").await, 0.0);
        assert_eq!(asks(&server, &server.customer().await).await, by_model());
        assert_eq!(asks(&server, &server.customer().await).await, by_documents());
        assert_eq!(model.chats().len(), 2);
    }

    /// A conversation's tokens are its own, by the day's rule: another one has as many, and the next message of the first has too few.
    async fn a_conversation_has_so_many_tokens(setup: Setup) {
        let (needed, spent) = cost().await;
        let model = ModelServer::start().await;
        let budget = (needed + spent / 2).to_string();
        let setup = setup.administered().with("llm.budget.tokens_per_session", &budget);
        let server = setup.asking(&[&model]).start().await;
        let (one, other) = (server.customer().await, server.customer().await);
        assert_eq!(asks(&server, &one).await, by_model());
        assert_eq!(asks(&server, &one).await, by_documents());
        assert_eq!(asks(&server, &other).await, by_model());
        server.wait(DAY);
        assert_eq!(asks(&server, &one).await, by_documents(), "a new day does not change it");
        assert_eq!(model.chats().len(), 2);
    }
}

/// A conversation that has less than a question may cost is answered from the documents from the first one on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_does_not_spend_more_than_it_has() {
    let (needed, _) = cost().await;
    let model = ModelServer::start().await;
    let setup = Setup::new(Store::Sqlite).administered().asking(&[&model]);
    let server = setup.with("llm.budget.tokens_per_session", &(needed - 1).to_string()).start().await;
    assert_eq!(asks(&server, &server.customer().await).await, by_documents());
    assert_eq!(model.chats().len(), 0);
}

/// Answers under way may cost all that was set aside for them: who would need the same tokens is answered from the documents.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_not_promised_twice() {
    let (needed, _) = cost().await;
    let model = ModelServer::start().await;
    model.behaves(Fault::After(1, Mishap::Stalls));
    let setup = Setup::new(Store::Sqlite).administered().with("llm.budget.tokens_per_day", &needed.to_string());
    let server = setup.with("llm.first_token_timeout", "5m").asking(&[&model]).start().await;
    let speaking = server.customer().await;
    let mut socket = speaking.connects().await;
    socket.says(QUESTION).await;
    model.began(1).await;
    assert_eq!(asks(&server, &server.customer().await).await, by_documents());
    assert_eq!(model.chats().len(), 1);

    // Given up, what it did not cost is there again; what it did cost is not.
    model.dies().await;
    assert_eq!(socket.until("response").await["data"]["engine"], "extractive");
    assert_eq!(asks(&server, &server.customer().await).await, by_documents());
    assert!(server.administrator().model().await["tokens_today"].as_u64().unwrap() > 0);
}
