//! A message that a model is asked to answer is stored before anything of the answer is shown: whatever happens then, the record says
//! what was asked, when, and that a model was; and the message can still be answered.

use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::support::Administrator;
use crate::support::Customer;
use crate::support::ModelServer;
use crate::support::Site;
use crate::support::Socket;
use crate::support::Store;
use crate::support::administrator::token_file;
use crate::support::demo_pack;
use crate::support::eventually;
use crate::support::model::Behaviour;
use crate::support::model::Fault;
use crate::support::model::Mishap;
use crate::support::model::Words;

/// A question that one document answers.
const QUESTION: &str = "정기예금 중도해지하면 이자는 어떻게 되나요?";
const NAME: &str = "question-1";

/// Tells a model to say one sentence and to fall silent in the next, for ever. It must have been asked the question before.
fn fall_silent(model: &ModelServer) {
    let honest = model.last().said;
    let (first, _) = honest.split_once("] ").expect("two sentences");
    let said = format!("{first}] 그리고 또");
    let end = said.chars().count().div_ceil(2);
    model.behaves(Behaviour::from(Words::Fixed(said)).failing(Fault::After(end, Mishap::Stalls)));
}

/// Asks the question over a socket, until a sentence is shown.
async fn ask(socket: &mut Socket) -> String {
    let message = json!({"type": "message", "user_message": QUESTION, "client_message_id": NAME, "stream": true});
    socket.send(&message).await;
    socket.until("delta").await["data"]["text"].as_str().unwrap().to_owned()
}

fn authors(history: &[Value]) -> Vec<&str> {
    history.iter().map(|message| message["author"].as_str().unwrap()).collect()
}

both_stores! {
    /// Those who watch see the message while the model speaks, once, and with the time at which it was asked.
    async fn the_message_comes_before_its_answer(setup: Setup) {
        let model = ModelServer::start().await;
        let setup = setup.administered().with("llm.first_token_timeout", "10m").with("llm.answer_timeout", "10m");
        let server = setup.asking(&[&model]).start().await;
        server.customer().await.says(QUESTION).await;
        fall_silent(&model);
        let customer = server.customer().await;
        let mut socket = customer.connects().await;
        let mut other_tab = customer.connects().await;
        ask(&mut socket).await;
        let shown = other_tab.expect("customer_message").await;
        assert_eq!((&shown["data"]["message"], &shown["data"]["client_message_id"]), (&json!(QUESTION), &json!(NAME)));
        let history = customer.history().await;
        assert_eq!(history, [shown["data"].clone()]);
        let runs = server.administrator().runs(&customer).await;
        assert_eq!((runs.len(), &runs[0]["outcome"]), (1, &json!("begun")), "{runs:#?}");
        assert_eq!(runs[0]["message_id"], shown["data"]["id"], "{runs:#?}");
        assert!(!runs[0]["passages"].as_array().unwrap().is_empty(), "{runs:#?}");

        server.wait(Duration::from_secs(90));
        // An agent's word ends what the model is saying.
        server.desk().await.says(&customer, "상담원입니다.").await;
        let response = socket.until("response").await["data"].take();
        assert_eq!(response["user_message_id"], shown["data"]["id"], "{response:#}");
        let told = other_tab.until("response").await;
        assert_eq!(told["data"]["message_id"], response["message_id"], "and the message was not told again");
        let history = customer.history().await;
        assert_eq!(authors(&history), ["customer", "agent", "assistant"], "{history:#?}");
        assert_eq!(history[0], shown["data"]);
        assert_ne!(history[0]["created_at"], history[2]["created_at"], "{history:#?}");
        let runs = server.administrator().runs(&customer).await;
        assert_eq!((runs.len(), &runs[0]["outcome"]), (1, &json!("finished")), "one takes the other's place: {runs:#?}");
        assert_eq!(runs[0]["message_id"], response["message_id"], "{runs:#?}");
    }

    /// The database fails when the answer is to be stored: the customer is told, and the message is answered when it is sent again.
    async fn an_answer_that_cannot_be_stored(setup: Setup) {
        let model = ModelServer::start().await;
        // Where only the conversations cannot be written, what came of the question to the model still is.
        let outcome = match setup.store() {
            Store::Sqlite => ["begun", "null"],
            Store::MariaDb => ["unused", "not_stored"],
        };
        let setup = setup.administered().with("storage.write_timeout", "500ms");
        let server = setup.asking(&[&model]).start().await;
        server.customer().await.says(QUESTION).await;
        fall_silent(&model);
        let customer = server.customer().await;
        let mut socket = customer.connects().await;
        ask(&mut socket).await;
        let hold = server.hold_writes().await;
        // The next message ends what the model is saying.
        socket.send(&json!({"type": "message", "user_message": "네"})).await;
        let refusal = socket.until("error").await;
        assert_eq!(refusal["client_message_id"], NAME, "{refusal:#}");
        socket.until("error").await;
        drop(hold);
        let runs = server.administrator().runs(&customer).await;
        let told = ["outcome", "reason"].map(|name| runs[0][name].as_str().unwrap_or("null"));
        assert_eq!((runs.len(), told), (1, outcome), "{runs:#?}");

        model.behaves(Behaviour::default());
        let reply = eventually("the database is back", async || {
            let message = json!({
                "session_id": customer.session(), "user_message": QUESTION, "client_message_id": NAME
            });
            Some(customer.posts(&message).await).filter(|answer| answer.status == 200)
        })
        .await;
        let history = customer.history().await;
        assert_eq!(authors(&history), ["customer", "assistant"], "{history:#?}");
        assert_eq!(history[1]["id"], reply.expect(200)["message_id"]);
        let runs = server.administrator().runs(&customer).await;
        assert_eq!(runs.last().unwrap()["message_id"], history[1]["id"], "{runs:#?}");
    }
}

/// A site with the demo's documents that asks a model.
fn site(model: &ModelServer) -> Site {
    let site = Site::new(&format!(
        "api.legacy_clients = true\nadmin.token_file = \"{}\"\n[llm]\nfirst_token_timeout = \"10m\"\nanswer_timeout = \"10m\"\n\
         [[llm.endpoint]]\nurl = \"{}\"\nroles = [\"answer\"]\n",
        token_file(),
        model.url()
    ));
    site.import(&demo_pack());
    site
}

/// A client that asks another server while the first one's model still speaks gets one answer, the same from both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_answer_once() {
    let model = ModelServer::start().await;
    let site = site(&model);
    let servers = [site.serve(&[]), site.serve(&[])];
    let one = servers[0].ready().await;
    let other = servers[1].ready().await;
    for http in [&one, &other] {
        eventually("the model may be asked", async || {
            (Customer::new(http).says(QUESTION).await.0["engine"] == "llm").then_some(())
        })
        .await;
    }
    fall_silent(&model);
    let customer = Customer::new(&one);
    let mut socket = customer.connects().await;
    ask(&mut socket).await;
    model.behaves(Behaviour::default());
    let elsewhere = Customer::named(&other, customer.session()).says_named(QUESTION, NAME).await;
    // The next message ends what the first model is saying.
    socket.send(&json!({"type": "message", "user_message": "네"})).await;
    let here = socket.until("response").await;
    for name in ["message_id", "user_message_id", "ai_message"] {
        assert_eq!(here["data"][name], elsewhere.0[name], "{name}");
    }
    socket.until("response").await;
    assert_eq!(authors(&customer.history().await), ["customer", "assistant", "customer", "assistant"]);
    let runs = Administrator::new(&one).runs(&customer).await;
    assert!(runs.iter().any(|run| run["reason"] == "not_stored"), "and the other's cost is recorded: {runs:#?}");
}

/// The program is killed while it shows an answer: what was asked is stored, and who sends it again is answered once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_an_answer() {
    let model = ModelServer::start().await;
    let site = site(&model);
    let mut server = site.serve(&[]);
    let http = server.ready().await;
    eventually("the model may be asked", async || {
        (Customer::new(&http).says(QUESTION).await.0["engine"] == "llm").then_some(())
    })
    .await;
    fall_silent(&model);
    let customer = Customer::new(&http);
    let mut socket = customer.connects().await;
    let shown = ask(&mut socket).await;
    server.signal("KILL");
    server.ended();

    let server = site.serve(&[]);
    let http = server.ready().await;
    let customer = Customer::named(&http, customer.session());
    let asked = customer.history().await;
    assert_eq!((authors(&asked), &asked[0]["message"]), (vec!["customer"], &json!(QUESTION)));
    let runs = Administrator::new(&http).runs(&customer).await;
    assert_eq!((runs.len(), &runs[0]["outcome"]), (1, &json!("begun")), "it was showing {shown:?}: {runs:#?}");
    model.behaves(Behaviour::default());
    let [one, other] = [customer.says_named(QUESTION, NAME).await, customer.says_named(QUESTION, NAME).await];
    assert_eq!(one, other);
    assert_eq!(one.0["user_message_id"], asked[0]["id"]);
    let history = customer.history().await;
    assert_eq!(authors(&history), ["customer", "assistant"], "{history:#?}");
    assert_eq!(history[0], asked[0], "as it was asked, when it was");
    let runs = Administrator::new(&http).runs(&customer).await;
    let told: Vec<_> = runs.iter().map(|run| (&run["outcome"], &run["message_id"])).collect();
    let what_was_shown = (&json!("begun"), &asked[0]["id"]);
    assert_eq!(told, [what_was_shown, (&json!("used"), &history[1]["id"])], "what was shown stays in the record");
}
