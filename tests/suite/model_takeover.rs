//! A person takes over while a model speaks: it falls silent, nothing more of it is shown, and the customer gets one answer.

use serde_json::Value;
use serde_json::json;

use crate::support::Customer;
use crate::support::ModelServer;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Socket;
use crate::support::Store;
use crate::support::model::Behaviour;
use crate::support::model::Fault;
use crate::support::model::Mishap;
use crate::support::model::Words;

/// A question that one document answers.
const QUESTION: &str = "정기예금 중도해지하면 이자는 어떻게 되나요?";
/// Stands in the sentence that the model is about to end.
const UNSAID: &str = "가나다라";

/// A customer to whom a model has said one sentence and is in the middle of another, for ever.
async fn spoken_to(server: &Server, model: &ModelServer) -> (Customer, Socket, String) {
    server.customer().await.says(QUESTION).await;
    let honest = model.last().said;
    let (first, _) = honest.split_once("] ").expect("two sentences");
    let said = format!("{first}] {UNSAID}");
    let behaviour = Behaviour::from(Words::Fixed(said.clone()));
    model.behaves(behaviour.failing(Fault::After(said.chars().count().div_ceil(2), Mishap::Stalls)));
    let customer = server.customer().await;
    let mut socket = customer.connects().await;
    // The conversation exists before it is taken over.
    socket.asks("안녕하세요").await;
    socket.send(&json!({"type": "message", "user_message": QUESTION, "stream": true})).await;
    let shown = socket.until("delta").await["data"]["text"].as_str().unwrap().to_owned();
    (customer, socket, shown)
}

/// Everything up to the answer.
async fn up_to_response(socket: &mut Socket) -> (Vec<Value>, Value) {
    let mut before = Vec::new();
    loop {
        let frame = socket.next().await;
        if frame["type"] == "response" {
            return (before, frame["data"].clone());
        }
        before.push(frame);
    }
}

/// How often it was said what the answer is, in what is kept.
async fn answers(customer: &Customer) -> usize {
    let history = customer.history().await;
    assert!(history.iter().all(|message| !message["message"].as_str().unwrap().contains(UNSAID)), "{history:#?}");
    history.iter().filter(|message| message["author"] == "assistant").count() - 1
}

fn setup() -> Setup {
    // Nothing but what is tested ends the silence.
    Setup::new(Store::Sqlite).administered().with("llm.first_token_timeout", "10m").with("llm.answer_timeout", "10m")
}

both_stores! {
    /// An agent whom the customer waits for takes the conversation: the model stops at once, and the customer is told that the
    /// agent has his message.
    async fn an_agent_takes_over_while_a_model_speaks(setup: Setup) {
        let model = ModelServer::start().await;
        let setup = setup.administered().with("llm.first_token_timeout", "10m").with("llm.answer_timeout", "10m");
        let server = setup.asking(&[&model]).start().await;
        let (customer, mut socket, _) = spoken_to(&server, &model).await;
        let asked = model.chats().len();
        customer.post("request-handover").await.expect(200);
        server.desk().await.accepts(&customer, &json!({"agent_id": "agent_1"})).await.expect(200);
        model.hung_up(1).await;
        let (_, reply) = up_to_response(&mut socket).await;
        assert_ne!(reply["engine"], "llm", "{reply:#}");
        assert!(!reply["ai_message"].as_str().unwrap().contains(UNSAID), "{reply:#}");
        assert_eq!(answers(&customer).await, 1);
        assert_eq!(model.chats().len(), asked, "it is not asked again");
        server.desk().await.says(&customer, "무엇을 도와드릴까요?").await;
        let next = socket.until("agent_message").await;
        assert!(next.to_string().contains("무엇을 도와드릴까요?"), "{next:#}");
        socket.says(QUESTION).await;
        let reply = socket.until("response").await["data"].take();
        assert_eq!((&reply["stage"], model.chats().len()), (&json!("attended"), asked), "the agent answers now");
    }
}

/// An agent who looks after a conversation that did not ask for him, or writes into it, interrupts the model as well; the documents
/// finish the answer, as existing clients expect.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_who_interrupts_is_not_spoken_over() {
    for is_writing in [false, true] {
        let model = ModelServer::start().await;
        let server = setup().asking(&[&model]).start().await;
        let (customer, mut socket, shown) = spoken_to(&server, &model).await;
        if is_writing {
            server.desk().await.says(&customer, "잠시만 기다려 주세요.").await;
        } else {
            server.desk().await.accepts(&customer, &json!({"agent_id": "agent_1"})).await.expect(200);
        }
        model.hung_up(1).await;
        let (_, reply) = up_to_response(&mut socket).await;
        let text = reply["ai_message"].as_str().unwrap();
        assert!(text.starts_with(&shown) && !text.contains(UNSAID), "{reply:#}");
        assert_eq!(answers(&customer).await, 1);
        let runs = server.administrator().runs(&customer).await;
        assert_eq!((&runs[0]["outcome"], &runs[0]["reason"]), (&json!("finished"), &json!("hurried")), "{runs:#?}");
    }
}

/// A conversation that is closed is not spoken to any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_stops_the_model() {
    let model = ModelServer::start().await;
    let server = setup().asking(&[&model]).start().await;
    let (customer, mut socket, _) = spoken_to(&server, &model).await;
    customer.post("close").await.expect(200);
    model.hung_up(1).await;
    let (_, reply) = up_to_response(&mut socket).await;
    assert!(!reply["ai_message"].as_str().unwrap().contains(UNSAID), "{reply:#}");
    assert_eq!(answers(&customer).await, 1);
}
