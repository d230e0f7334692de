//! One endpoint after another: whatever is wrong with the first before its first word, the second answers; after it, nobody else
//! is asked.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;

use crate::support::Customer;
use crate::support::ModelServer;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Store;
use crate::support::eventually;
use crate::support::model::Behaviour;
use crate::support::model::Certificate;
use crate::support::model::End;
use crate::support::model::Fault;
use crate::support::model::Form;
use crate::support::model::MODEL;
use crate::support::model::Mishap;
use crate::support::model::Pace;
use crate::support::model::Thinking;
use crate::support::model::Words;

/// A question that one document answers.
const QUESTION: &str = "정기예금 중도해지하면 이자는 어떻게 되나요?";
/// Long enough for an endpoint that is well, on any machine.
const SILENCE_MAX: &str = "3s";

/// Two endpoints, `first` and `second`; the first is asked first.
fn two(first: &ModelServer, second: &ModelServer) -> Setup {
    Setup::new(Store::Sqlite)
        .administered()
        .with("llm.endpoint.1.name", "first")
        .with("llm.endpoint.1.weight", "100")
        .with("llm.endpoint.1.model", MODEL)
        .with("llm.endpoint.2.name", "second")
        .with("llm.first_token_timeout", SILENCE_MAX)
        .asking(&[first, second])
}

/// What the customer was shown while the answer came, and the answer; nothing else comes.
async fn hears(customer: &Customer) -> (String, Value) {
    let mut socket = customer.connects().await;
    let heard = socket.hears(QUESTION).await;
    socket.expect_nothing().await;
    heard
}

/// How many requests to an endpoint came to this end.
async fn ended(server: &Server, endpoint: &str, outcome: &str) -> f64 {
    server.http().figure(&format!("llm_requests_total{{endpoint=\"{endpoint}\",outcome=\"{outcome}\"}}")).await
}

/// How many requests to an endpoint ended, however they did.
async fn ended_at_all(server: &Server, endpoint: &str) -> f64 {
    let metrics = server.http().get("/metrics").await.text();
    let start = format!("llm_requests_total{{endpoint=\"{endpoint}\",");
    let counts = metrics.lines().filter(|line| line.starts_with(&start));
    counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

/// The second endpoint answers in place of the first, which ends so; once, and it is counted and recorded.
async fn fails_over(what: &str, setup: Setup, second: &ModelServer, outcome: &str) {
    let server = setup.start().await;
    let customer = server.customer().await;
    let (shown, reply) = hears(&customer).await;
    assert_eq!(reply["engine"], "llm", "{what}: {reply:#}");
    assert_eq!(reply["ai_message"], shown.as_str(), "{what}");
    assert_eq!(customer.history().await.len(), 2, "{what}: a question and one answer");
    assert_eq!(second.chats().len(), 1, "{what}");
    assert_eq!(server.http().figure("llm_failovers_total").await, 1.0, "{what}");
    assert_eq!(ended(&server, "first", outcome).await, 1.0, "{what}: {}", server.http().get("/metrics").await.text());
    assert_eq!(ended(&server, "second", "answered").await, 1.0, "{what}");
    let runs = server.administrator().runs(&customer).await;
    assert_eq!(runs.len(), 1, "{what}: {runs:#?}");
    assert_eq!((&runs[0]["endpoint"], &runs[0]["attempts"]), (&json!("second"), &json!(2)), "{what}: {runs:#?}");
}

/// The same, with this wrong at the first.
async fn fault_fails_over(fault: Fault, outcome: &str) {
    let (first, second) = (ModelServer::start().await, ModelServer::start().await);
    let what = format!("{fault:?}");
    first.behaves(fault);
    fails_over(&what, two(&first, &second), &second, outcome).await;
    assert_eq!(first.chats().len(), 1, "{what}: asked once");
}

/// One that says nothing at all is no better than one that is silent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_a_word_fails_over() {
    let (first, second) = (ModelServer::start().await, ModelServer::start().await);
    first.behaves(Words::Fixed(String::new()));
    fails_over("empty", two(&first, &second), &second, "empty").await;
}

/// An answer that was ended for its length or its contents is not taken for a whole one: the documents finish it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shortened_answer_is_finished() {
    let model = ModelServer::start().await;
    let server = Setup::new(Store::Sqlite).administered().asking(&[&model]).start().await;
    for finish_reason in ["length", "content_filter"] {
        model.behaves(Form { finish_reason, ..Form::default() });
        let customer = server.customer().await;
        let (_, reply) = hears(&customer).await;
        let runs = server.administrator().runs(&customer).await;
        assert_eq!((&runs[0]["outcome"], &runs[0]["reason"]), (&json!("finished"), &json!("shortened")), "{reply:#}");
    }
}

/// An endpoint that refuses with a status.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_fails_over() {
    for (code, retry_after, outcome) in [
        (500, None, "status"),
        (503, Some("1"), "status"),
        (429, Some("60"), "rate_limited"),
        (429, None, "rate_limited"),
        (401, None, "unauthorized"),
        (404, None, "status"),
    ] {
        fault_fails_over(Fault::Status { code, retry_after }, outcome).await;
    }
    fault_fails_over(Fault::Redirect("http://127.0.0.1:9/v1/chat/completions".to_owned()), "status").await;
}

/// An endpoint whose answer cannot be read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_answer_fails_over() {
    fault_fails_over(Fault::Html, "malformed").await;
    fault_fails_over(Fault::NotEvents, "cut_off").await;
    for mishap in [Mishap::BadJson, Mishap::BadUtf8, Mishap::ErrorEvent] {
        fault_fails_over(Fault::After(0, mishap), "malformed").await;
    }
}

/// An endpoint whose answer ends before it begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_before_its_first_word_fails_over() {
    for mishap in [Mishap::Cut, Mishap::Ends] {
        fault_fails_over(Fault::After(0, mishap), "cut_off").await;
    }
}

/// An endpoint that says nothing: no headers, no body, or nothing but that it begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_fails_over() {
    for fault in [Fault::NoHeaders, Fault::NoBody, Fault::After(0, Mishap::Stalls)] {
        fault_fails_over(fault, "silent").await;
    }
}

/// An endpoint that cannot be connected to: nobody listens, whoever listens does not take the connection or does not shake hands,
/// or it is somebody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_out_of_reach_fails_over() {
    let second = ModelServer::start().await;
    let gone = ModelServer::start().await;
    gone.dies().await;
    fails_over("refused", two(&gone, &second), &second, "connection").await;

    let second = ModelServer::start().await;
    let full = Full::start().await;
    let setup = two(&gone, &second).with("llm.endpoint.1.url", &full.url()).with("llm.connect_timeout", "500ms");
    fails_over("no connection", setup, &second, "connection").await;

    let second = ModelServer::start().await;
    let mute = ModelServer::start_tls(Certificate::Good).await;
    mute.is_mute(true);
    let setup = two(&mute, &second)
        .with("llm.endpoint.1.ca_file", mute.ca_file().to_str().unwrap())
        .with("llm.connect_timeout", "500ms");
    fails_over("no handshake", setup, &second, "connection").await;

    for certificate in [Certificate::Expired, Certificate::OfAnother] {
        let second = ModelServer::start().await;
        let other = ModelServer::start_tls(certificate).await;
        let setup = two(&other, &second).with("llm.endpoint.1.ca_file", other.ca_file().to_str().unwrap());
        fails_over("another's certificate", setup, &second, "connection").await;
        assert_eq!(other.seen().len(), 0, "it is told nothing");
    }
}

/// An endpoint with an authority of the bank's own answers where the authority is known; otherwise it is told nothing, and the
/// documents answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_authority_is_trusted_where_it_is_named() {
    let model = ModelServer::start_tls(Certificate::Good).await;
    let another = ModelServer::start_tls(Certificate::Good).await;
    for (ca_file, engine) in [(Some(&model), "llm"), (Some(&another), "extractive"), (None, "extractive")] {
        let mut setup = Setup::new(Store::Sqlite).asking(&[&model]);
        if let Some(trusted) = ca_file {
            setup = setup.with("llm.endpoint.1.ca_file", trusted.ca_file().to_str().unwrap());
        }
        let server = setup.start().await;
        let reply = server.customer().await.says(QUESTION).await.0;
        assert_eq!(reply["engine"], engine, "{reply:#}");
        assert!(!reply["source_documents"].as_array().unwrap().is_empty(), "{reply:#}");
    }
    assert_eq!(model.chats().len(), 1, "only by whoever knows it");
}

/// Where both fail, the documents answer, and a third is not asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_are_asked_at_most() {
    let models = [ModelServer::start().await, ModelServer::start().await, ModelServer::start().await];
    models[0].behaves(Fault::Html);
    models[1].behaves(Fault::Status { code: 500, retry_after: None });
    let setup = two(&models[0], &models[1])
        .with("llm.endpoint.2.weight", "10")
        .with("llm.endpoint.2.model", MODEL)
        .asking(&models.each_ref());
    let server = setup.start().await;
    let customer = server.customer().await;
    let (shown, reply) = hears(&customer).await;
    assert_eq!((&reply["engine"], &reply["ai_message"]), (&json!("extractive"), &json!(shown)));
    let runs = server.administrator().runs(&customer).await;
    assert_eq!((&runs[0]["attempts"], &runs[0]["outcome"]), (&json!(2), &json!("unused")), "{runs:#?}");
    assert_eq!((&runs[0]["endpoint"], &runs[0]["reason"]), (&json!("second"), &json!("status")), "{runs:#?}");
    assert_eq!(models.each_ref().map(|model| model.chats().len()), [1, 1, 0]);
}

/// Once the customer has heard a sentence, or the model has said a word, the documents finish it and nobody else is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_is_asked_after_the_first_word() {
    let (first, second) = (ModelServer::start().await, ModelServer::start().await);
    let server = two(&first, &second).with("llm.fails", "0").start().await;
    hears(&server.customer().await).await;
    let honest = first.last().said;
    let (sentence, _) = honest.split_once("] ").expect("two sentences");
    first.behaves(Words::Fixed(honest.clone()));
    let after_sentence = (sentence.chars().count() + 8).div_ceil(2);
    for (mishap, reason) in [
        (Mishap::Cut, "cut_off"),
        (Mishap::Ends, "cut_off"),
        (Mishap::BadJson, "malformed"),
        (Mishap::BadUtf8, "malformed"),
        (Mishap::ErrorEvent, "malformed"),
        (Mishap::Stalls, "silent"),
    ] {
        for (tokens, outcome, engine) in [(1, "unused", "extractive"), (after_sentence, "finished", "llm")] {
            let what = format!("{mishap:?} after {tokens}");
            let asked_before = first.chats().len();
            first.behaves_next([Behaviour::from(Words::Fixed(honest.clone())).failing(Fault::After(tokens, mishap))]);
            let customer = server.customer().await;
            let (shown, reply) = hears(&customer).await;
            assert_eq!((&reply["engine"], &reply["ai_message"]), (&json!(engine), &json!(shown)), "{what}");
            let runs = server.administrator().runs(&customer).await;
            let of = |name: &str| runs[0][name].clone();
            assert_eq!(
                (of("outcome"), of("reason"), of("attempts")),
                (json!(outcome), json!(reason), json!(1)),
                "{what}"
            );
            assert_eq!(first.chats().len(), asked_before + 1, "{what}: asked once");
        }
    }
    assert_eq!(second.chats().len(), 0);
    assert_eq!(server.http().figure("llm_failovers_total").await, 0.0);
    first.idle().await;
    assert_ne!(first.last().end, End::Running);
}

/// A listener that takes no connections: those it has no room for are not even refused.
struct Full {
    listener: tokio::net::TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Full {
    async fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = tokio::time::timeout(Duration::from_secs(1), TcpStream::connect(address)).await {
            waiting.push(stream.unwrap());
        }
        Self { listener, _waiting: waiting }
    }

    fn url(&self) -> String {
        format!("http://{}/v1", self.listener.local_addr().unwrap())
    }
}

/// Each request is counted once, by how it ended: also one that the guard has heard enough of, and one whose customer left, before
/// its first word or after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_counted_once() {
    let model = ModelServer::start().await;
    let setup = Setup::new(Store::Sqlite).administered().asking(&[&model]).with("llm.endpoint.1.name", "gpu");
    let server = setup.with("llm.first_token_timeout", "5m").with("llm.fails", "0").start().await;
    server.customer().await.says(QUESTION).await;
    model.behaves(Words::Endless("확인되지 않은 금리는 연 98.76%입니다. [1] ".to_owned()));
    server.customer().await.says(QUESTION).await;
    model.behaves(Fault::Status { code: 500, retry_after: None });
    server.customer().await.says(QUESTION).await;
    for fault in [Fault::NoHeaders, Fault::After(1, Mishap::Stalls)] {
        model.behaves(fault);
        let (asked, hung_up) = (model.chats().len(), model.hang_ups());
        let mut socket = server.customer().await.connects().await;
        socket.says(QUESTION).await;
        model.asked(asked + 1).await;
        drop(socket);
        model.hung_up(hung_up + 1).await;
    }
    model.idle().await;
    for (outcome, count) in [("answered", 1.0), ("status", 1.0), ("stopped", 3.0)] {
        eventually(outcome, async || (ended(&server, "gpu", outcome).await == count).then_some(())).await;
    }
    assert_eq!(ended_at_all(&server, "gpu").await, model.chats().len() as f64);
}

/// Thoughts are no silence, but they are waited for only so long, wherever they stand; no other endpoint is asked for as many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thoughts_are_waited_for_only_so_long() {
    let thought = "생각하는 중입니다. ".repeat(200);
    let pace = Pace { between_tokens: Duration::from_millis(50), token_chars: 10, ..Pace::default() };
    for thinking in [Thinking::InField(thought.clone()), Thinking::InContent(thought.clone())] {
        let (first, second) = (ModelServer::start().await, ModelServer::start().await);
        first.behaves(Behaviour::from(Form { thinking, ..Form::default() }).paced(pace));
        let server = two(&first, &second).with("llm.thinking_timeout", "1s").start().await;
        let customer = server.customer().await;
        let asked_at = Instant::now();
        assert_eq!(customer.says(QUESTION).await.0["engine"], "extractive");
        assert!(asked_at.elapsed() >= Duration::from_secs(1), "{:?}", asked_at.elapsed());
        let runs = server.administrator().runs(&customer).await;
        assert_eq!((&runs[0]["reason"], &runs[0]["attempts"]), (&json!("thinking"), &json!(1)), "{runs:#?}");
        assert_eq!((ended(&server, "first", "thinking").await, second.chats().len()), (1.0, 0));
    }

    // Longer than silence may last, and not too long.
    let model = ModelServer::start().await;
    let thinking = Thinking::InField("생각하는 중입니다. ".repeat(60));
    model.behaves(Behaviour::from(Form { thinking, ..Form::default() }).paced(pace));
    let setup = Setup::new(Store::Sqlite).administered().asking(&[&model]);
    let server = setup.with("llm.first_token_timeout", "2s").start().await;
    assert_eq!(server.customer().await.says(QUESTION).await.0["engine"], "llm");
}
