//! The language model of the other suites when it fails: faults, mishaps in the middle, and a server that is gone.

use std::future::Future;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::model_server::HONEST;
use crate::model_server::QUESTION;
use crate::model_server::ask;
use crate::model_server::chunks;
use crate::model_server::events;
use crate::model_server::request;
use crate::model_server::said;
use crate::support::Http;
use crate::support::ModelServer;
use crate::support::Raw;
use crate::support::Tls;
use crate::support::model::Behaviour;
use crate::support::model::Certificate;
use crate::support::model::End;
use crate::support::model::Fault;
use crate::support::model::Form;
use crate::support::model::Mishap;
use crate::support::model::Pace;
use crate::support::model::Words;
use crate::support::soon;

/// What came until the stream ended or broke, and whether it broke.
async fn read(model: &ModelServer, body: &Value) -> (Vec<u8>, bool) {
    let http = Http::at(model.address());
    let request = http.request("POST", "/v1/chat/completions").json(body);
    let mut bytes = Vec::new();
    // A token that has left the server need not have arrived when the connection breaks, nor the headers before it.
    let Ok(mut response) = soon("headers", request.send()).await else { return (bytes, true) };
    loop {
        match soon("a part", response.chunk()).await {
            Ok(Some(part)) => bytes.extend_from_slice(&part),
            Ok(None) => return (bytes, false),
            Err(_) => return (bytes, true),
        }
    }
}

/// Fails if it ends; for what never comes.
async fn never<T>(future: impl Future<Output = T>) {
    assert!(tokio::time::timeout(Duration::from_millis(100), future).await.is_err(), "it ended");
}

/// Each fault that leaves no answer.
#[tokio::test]
async fn faults_leave_no_answer() {
    let model = ModelServer::start().await;
    model.behaves(Fault::Status { code: 429, retry_after: Some("3") });
    let answer = ask(&model, &request(QUESTION)).await;
    assert_eq!(answer.header("retry-after"), "3");
    assert_eq!(answer.expect(429)["error"]["code"], "rate_limit_exceeded");
    Http::at(model.address()).get("/v1/models").await.expect(429);
    model.behaves(Fault::Redirect("http://127.0.0.1:9/v1".to_owned()));
    let answer = ask(&model, &request(QUESTION)).await;
    assert_eq!((answer.status, answer.header("location").as_str()), (307, "http://127.0.0.1:9/v1"));
    model.behaves(Fault::Html);
    assert!(ask(&model, &request(QUESTION)).await.text().starts_with("<!doctype html>"));
    model.behaves(Fault::NotEvents);
    let answer = ask(&model, &request(QUESTION)).await;
    assert_eq!((answer.header("content-type").as_str(), events(&answer.text()).len()), ("text/event-stream", 0));
    model.behaves(Fault::NoHeaders);
    never(ask(&model, &request(QUESTION))).await;
    model.hung_up(1).await;
    model.behaves(Fault::NoBody);
    let http = Http::at(model.address());
    let asked = http.request("POST", "/v1/chat/completions").json(&request(QUESTION)).send();
    let mut response = soon("headers", asked).await.unwrap();
    never(response.chunk()).await;
    drop(response);
    model.hung_up(2).await;
    let ends: Vec<_> = model.chats().iter().map(|seen| seen.end).collect();
    assert_eq!(ends, [End::Answered, End::Answered, End::Answered, End::Answered, End::HungUp, End::HungUp]);
}

/// Each mishap in the middle of an answer, after the tokens that were well.
#[tokio::test]
async fn mishaps_come_in_the_middle() {
    let begun: String = HONEST.chars().take(4).collect();
    let model = ModelServer::start().await;
    let fail = async |mishap| {
        model.behaves(Fault::After(2, mishap));
        let (bytes, is_broken) = read(&model, &request(QUESTION)).await;
        assert_eq!(is_broken, mishap == Mishap::Cut, "{mishap:?}");
        bytes
    };
    let text = String::from_utf8(fail(Mishap::Cut).await).unwrap();
    let (good, half) = text.rsplit_once("\n\n").unwrap();
    assert_eq!(said(good, "content"), begun);
    assert!(half.starts_with("data: {") && serde_json::from_str::<Value>(&half[6..]).is_err());
    assert_eq!((model.last().end, model.last().tokens.len()), (End::Broken, 2));

    let text = String::from_utf8(fail(Mishap::Ends).await).unwrap();
    assert_eq!((said(&text, "content"), text.contains("[DONE]")), (begun.clone(), false));
    let text = String::from_utf8(fail(Mishap::BadJson).await).unwrap();
    let found = events(&text);
    let [.., bad, done] = &found[..] else { panic!("{found:?}") };
    assert!(serde_json::from_str::<Value>(bad).is_err() && done == "[DONE]");
    assert!(String::from_utf8(fail(Mishap::BadUtf8).await).is_err());
    let text = String::from_utf8(fail(Mishap::ErrorEvent).await).unwrap();
    assert_eq!((said(&text, "content"), &chunks(&text).pop().unwrap()["error"]["code"]), (begun.clone(), &json!(500)));

    for has_comments in [false, true] {
        let form = Form { has_comments, ..Form::default() };
        model.behaves(Behaviour::from(Fault::After(2, Mishap::Stalls)).formed(form));
        never(ask(&model, &request(QUESTION))).await;
    }
    model.hung_up(2).await;
    assert_eq!((model.last().tokens.len(), model.hang_ups()), (2, 2));

    let mut whole = request(QUESTION);
    whole["stream"] = false.into();
    for mishap in [Mishap::Ends, Mishap::BadJson, Mishap::BadUtf8, Mishap::Cut] {
        model.behaves(Fault::After(2, mishap));
        let (bytes, is_broken) = read(&model, &whole).await;
        assert_eq!((is_broken, serde_json::from_slice::<Value>(&bytes).is_err()), (mishap == Mishap::Cut, true));
    }
}

/// A line without an end, and an answer without one: both last until the client hangs up.
#[tokio::test]
async fn endless_answers_last_until_the_client_hangs_up() {
    let model = ModelServer::start().await;
    let endless = Behaviour::from(Words::Endless("끝없이 말합니다. ".to_owned()));
    for (behaviour, most) in [(Fault::After(1, Mishap::EndlessLine).into(), 1 << 20), (endless, 100_000)] {
        model.behaves(behaviour);
        let http = Http::at(model.address());
        let mut response = http.request("POST", "/v1/chat/completions").json(&request(QUESTION)).send().await.unwrap();
        let mut length = 0;
        while length < most {
            length += soon("more", response.chunk()).await.unwrap().unwrap().len();
        }
    }
    model.hung_up(2).await;
    assert!(model.last().tokens.len() > 100);
}

/// The server tells how many are under way, and who hangs up.
#[tokio::test]
async fn requests_under_way_are_counted() {
    let model = ModelServer::start().await;
    model.behaves(Fault::After(1, Mishap::Stalls));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let model = model.clone();
        clients.spawn(async move { read(&model, &request(QUESTION)).await });
    }
    model.asked(3).await;
    assert_eq!(model.in_flight(), 3);
    clients.abort_all();
    model.hung_up(3).await;
    model.idle().await;
    model.behaves(Behaviour::default());
    ask(&model, &request(QUESTION)).await.text();
    assert_eq!((model.in_flight(), model.in_flight_max(), model.hang_ups()), (0, 3, 3));
}

/// A server that is stopped finishes what it is at; one that is killed does not; both can come back where they were.
#[tokio::test]
async fn a_server_can_be_gone_and_come_back() {
    let model = ModelServer::start().await;
    let refused =
        async || Http::at(model.address()).request("GET", "/v1/models").send().await.unwrap_err().is_connect();
    for is_killed in [false, true] {
        // Whoever is stopped has something to finish; whoever is killed would never finish.
        model.behaves(match is_killed {
            false => Behaviour::from(Pace { between_tokens: Duration::from_millis(5), ..Pace::default() }),
            true => Fault::After(2, Mishap::Stalls).into(),
        });
        let client = model.clone();
        let reading = tokio::spawn(async move { read(&client, &request(QUESTION)).await });
        model.began(1 + usize::from(is_killed)).await;
        match is_killed {
            false => model.stops().await,
            true => model.dies().await,
        }
        assert!(refused().await);
        assert_eq!(reading.await.unwrap().1, is_killed);
        model.idle().await;
        assert_eq!(model.last().end, if is_killed { End::Broken } else { End::Answered });
        model.comes_back().await;
        model.behaves(Behaviour::default());
        Http::at(model.address()).get("/v1/models").await.expect(200);
    }
    model.is_mute(true);
    let get = b"GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let silent = Raw::connect(model.address()).await;
    never(silent.send_and_read(get)).await;
    model.is_mute(false);
    assert!(Raw::connect(model.address()).await.send_and_read(get).await.starts_with("HTTP/1.1 200 OK"));
}

/// Over TLS, the authority's file makes a client trust a good certificate, and no other.
#[tokio::test]
async fn a_private_authority_vouches_for_it() {
    for certificate in [Certificate::Good, Certificate::Expired, Certificate::OfAnother] {
        let model = ModelServer::start_tls(certificate).await;
        assert_eq!(model.url(), format!("https://{}/v1", model.address()));
        assert_eq!(std::fs::read_to_string(model.ca_file()).unwrap(), model.ca_pem());
        let answer = Tls::trusting(model.ca_pem()).get(model.address(), "127.0.0.1", "/v1/models").await;
        assert_eq!(answer.is_ok_and(|answer| answer.status == 200), certificate == Certificate::Good);
    }
}
