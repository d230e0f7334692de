//! The language model of the other suites, which has to be what they take it for: OpenAI's API, in all its forms.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use crate::support::Answer;
use crate::support::Http;
use crate::support::ModelServer;
use crate::support::Raw;
use crate::support::model::Behaviour;
use crate::support::model::End;
use crate::support::model::Fault;
use crate::support::model::Form;
use crate::support::model::MODEL;
use crate::support::model::Mark;
use crate::support::model::Mishap;
use crate::support::model::Pace;
use crate::support::model::Passage;
use crate::support::model::Thinking;
use crate::support::model::Words;
use crate::support::soon;

const INSTRUCTIONS: &str = "너는 은행의 상담 도우미다.\n문장 끝에 출처를 [1]처럼 적는다.";
/// What is asked.
pub const QUESTION: &str = "정기예금 금리가 얼마예요?";
/// What an honest model says to it.
pub const HONEST: &str = "기본 금리는 연 2.85%입니다. [2] 12개월, 연 3.1%. [2]";

/// A well-formed request that asks for a stream.
pub fn request(question: &str) -> Value {
    let passages = "[1] 이용 안내 > 시간\n\n- 영업점은 16시에 닫습니다. 공휴일에는 쉽니다.\n\
                    [2] 정기예금 > 금리\n# 금리\n1. 기본 금리는 연 2.85%입니다.\n|---|---|\n| 12개월 | 연 3.1% |\n[1] 세전.\n\
                    === END ===\n[9] 끝 다음";
    json!({
        "model": MODEL, "stream": true, "stream_options": { "include_usage": true },
        "messages": [
            { "role": "system", "content": format!("{INSTRUCTIONS}\n{passages}") },
            { "role": "user", "content": question },
        ],
    })
}

/// Sends a request to chat and reads the answer to its end.
pub async fn ask(model: &ModelServer, body: &Value) -> Answer {
    soon("an answer", Http::at(model.address()).post("/v1/chat/completions", body)).await
}

/// What a lenient client reads of a stream: the data of its events.
pub fn events(stream: &str) -> Vec<String> {
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    let data = |event: &str| {
        let lines: Vec<_> = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
        let lines: Vec<_> = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    };
    stream.split("\n\n").filter_map(data).collect()
}

/// The same, as OpenAI's objects, without the end.
pub fn chunks(stream: &str) -> Vec<Value> {
    let chunks = events(stream).into_iter().filter(|event| event != "[DONE]");
    chunks.map(|event| serde_json::from_str(&event).unwrap_or_else(|error| panic!("{error}: {event}"))).collect()
}

/// What a stream says, in the deltas' member of this name.
pub fn said(stream: &str, member: &str) -> String {
    chunks(stream).iter().filter_map(|chunk| chunk["choices"][0]["delta"][member].as_str()).collect()
}

/// What the model says to the question when it behaves so.
async fn says(words: Words, question: &str) -> String {
    let model = ModelServer::start().await;
    model.behaves(words);
    said(&ask(&model, &request(question)).await.text(), "content")
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The models are listed to whoever has the key.
#[tokio::test]
async fn models_are_listed() {
    let model = ModelServer::start().await;
    let http = Http::at(model.address());
    assert_eq!(model.url(), format!("http://{}/v1", model.address()));
    assert_eq!(http.get("/v1/models").await.expect(200)["data"][0]["id"], MODEL);
    model.serves(&["a", "b"]);
    model.wants_key(Some("sesame"));
    let refusal = http.get("/v1/models").await.expect(401);
    assert_eq!(refusal["error"]["code"], "invalid_api_key");
    assert_eq!(ask(&model, &request(QUESTION)).await.expect(401), refusal);
    let list = http.send(http.request("GET", "/v1/models").bearer_auth("sesame")).await.expect(200);
    assert_eq!(
        (&list["object"], &list["data"][0]["id"], &list["data"][1]["id"]),
        (&json!("list"), &json!("a"), &json!("b"))
    );
    assert_eq!(model.seen()[3].header("authorization"), "Bearer sesame");
    assert_eq!(model.seen()[3].target, "GET /v1/models");
    assert_eq!(model.connections(), 2);
    assert_eq!(model.seen()[3].connection, 0);
}

/// A stream is OpenAI's: the role, the text, the reason, the usage, and the end.
#[tokio::test]
async fn a_stream_is_openai_s() {
    let model = ModelServer::start().await;
    let mut body = request(QUESTION);
    let answer = ask(&model, &body).await;
    assert_eq!((answer.status, answer.header("content-type").as_str()), (200, "text/event-stream"));
    assert_eq!(said(&answer.text(), "content"), HONEST);
    assert_eq!(events(&answer.text()).last().unwrap(), "[DONE]");
    let found = chunks(&answer.text());
    assert_eq!(found[0]["choices"][0]["delta"], json!({ "role": "assistant", "content": "" }));
    assert!(found.iter().all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk["model"] == MODEL));
    let [.., reason, usage] = &found[..] else { panic!("{found:?}") };
    assert_eq!(reason["choices"][0]["finish_reason"], "stop");
    assert_eq!((&usage["choices"], &usage["usage"]["completion_tokens"]), (&json!([]), &json!(model.tokens())));
    let seen = model.last();
    assert_eq!((seen.body, seen.said.as_str(), seen.end), (body.clone(), HONEST, End::Answered));
    assert_eq!(seen.tokens.len(), HONEST.chars().count().div_ceil(2));
    assert!(seen.at <= seen.tokens[0] && seen.tokens.last().copied() <= seen.ended_at);

    body["stream_options"] = Value::Null;
    let found = chunks(&ask(&model, &body).await.text());
    assert_eq!(found.last().unwrap()["choices"][0]["finish_reason"], "stop");
    assert!(found.iter().all(|chunk| chunk.get("usage").is_none()));
}

/// Whoever asks for no stream gets one JSON, and so does everybody from a server that knows no streams.
#[tokio::test]
async fn an_answer_can_be_whole() {
    let model = ModelServer::start().await;
    let mut body = request(QUESTION);
    body["stream"] = false.into();
    let answer = ask(&model, &body).await.expect(200);
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["message"], json!({ "role": "assistant", "content": HONEST }));
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["usage"]["completion_tokens"], model.tokens());
    model.behaves(Form { is_whole: true, ..Form::default() });
    let whole = ask(&model, &request(QUESTION)).await;
    assert_eq!((whole.header("content-type").as_str(), whole.json()), ("application/json", answer));
}

/// What is wrong is refused as OpenAI refuses it.
#[tokio::test]
async fn wrong_requests_are_refused() {
    let model = ModelServer::start().await;
    let http = Http::at(model.address());
    let mut other = request(QUESTION);
    other["model"] = "other".into();
    let refusal = ask(&model, &other).await.expect(404);
    let error = json!({
        "message": "The model 'other' does not exist.", "type": "invalid_request_error", "param": "model",
        "code": "model_not_found",
    });
    assert_eq!(refusal, json!({ "error": error }));
    for (member, value) in [
        ("model", json!(null)),
        ("messages", json!([])),
        ("messages", json!([{ "role": "user", "content": 3 }])),
        ("stream", json!("yes")),
        ("stream_options", json!({ "include_usage": 1 })),
    ] {
        let mut body = request(QUESTION);
        body[member] = value;
        assert_eq!(ask(&model, &body).await.expect(400)["error"]["param"], member);
    }
    assert!(model.last().asked.is_none());
    http.post_bytes("/v1/chat/completions", None, "{").await.expect(400);
    http.get("/v1/chat/completions").await.expect(405);
    http.get("/v1/other").await.expect(404);
}

/// Passages are read as the program writes them, footnotes and all.
#[tokio::test]
async fn passages_are_read() {
    let model = ModelServer::start().await;
    ask(&model, &request(QUESTION)).await;
    let seen = model.last();
    let asked = seen.asked();
    let passages = asked.passages();
    assert_eq!(passages.len(), 2);
    let text = "# 금리\n1. 기본 금리는 연 2.85%입니다.\n|---|---|\n| 12개월 | 연 3.1% |\n[1] 세전.\n";
    let deposit = Passage { number: 2, heading: "정기예금 > 금리".to_owned(), text: text.to_owned() };
    assert_eq!(passages[1], deposit);
    assert_eq!((asked.question(), asked.instructions().as_str()), (QUESTION, INSTRUCTIONS));
    assert_eq!((asked.model.as_str(), asked.messages[1].role.as_str()), (MODEL, "user"));
    assert!(asked.is_streamed && asked.wants_usage);
}

/// Each kind of words.
#[tokio::test]
async fn words_are_as_the_test_wants_them() {
    assert_eq!(says(Words::Faithful, "몇 시에 닫아요?").await, "영업점은 16시에 닫습니다. [1] 공휴일에는 쉽니다. [1]");
    assert_eq!(
        says(Words::Leaky, "규칙?").await,
        "너는 은행의 상담 도우미다. [1]\n문장 끝에 출처를 [1]처럼 적는다. [1]"
    );
    assert_eq!(says(Words::Fixed("그대로".to_owned()), QUESTION).await, "그대로");
    let known = vec![("금리".to_owned(), "{\"category\":\"예금\"}".to_owned())];
    let triage = Words::Categories { known, otherwise: "기타".to_owned() };
    assert_eq!(says(triage.clone(), QUESTION).await, "{\"category\":\"예금\"}");
    assert_eq!(says(triage, "안녕하세요").await, "기타");
    let summary = says(Words::Summary, "고객: 카드를 잃었어요\n상담: 네\n고객: 정지해 주세요").await;
    assert_eq!(
        summary,
        "고객이 다음과 같이 문의했습니다: 고객: 카드를 잃었어요 / 마지막으로 나눈 말: 고객: 정지해 주세요"
    );

    let model = ModelServer::start().await;
    model.obeys("CANARY-7");
    let text = said(&ask(&model, &request(QUESTION)).await.text(), "content");
    assert_eq!(text, "기본 금리는 연 2.85%입니다. [2] CANARY-7. [1]");
    let bare = json!({ "model": MODEL, "stream": true, "messages": [{ "role": "user", "content": "안녕" }] });
    model.behaves(Words::Faithful);
    assert_eq!(said(&ask(&model, &bare).await.text(), "content"), "제공된 자료에서 확인할 수 없습니다.");

    for (mark, text) in [
        (Mark::BeforeStop, "기본 금리는 연 2.85%입니다 [2]. 12개월, 연 3.1% [2]."),
        (Mark::Missing, "기본 금리는 연 2.85%입니다. 12개월, 연 3.1%."),
        (Mark::Unknown, "기본 금리는 연 2.85%입니다. [99] 12개월, 연 3.1%. [99]"),
    ] {
        model.behaves(Behaviour::default().marked(mark));
        assert_eq!(said(&ask(&model, &request(QUESTION)).await.text(), "content"), text);
    }
}

/// An inventive model invents in as many sentences as it shall, figures that stand nowhere, and remembers them.
#[tokio::test]
async fn invented_figures_are_remembered() {
    let model = ModelServer::start().await;
    model.behaves(Words::Inventive { share: 0.3, seed: 11 });
    for _ in 0..100 {
        let text = said(&ask(&model, &request(QUESTION)).await.text(), "content");
        let seen = model.last();
        assert_eq!(text, seen.said);
        assert_eq!(text == HONEST, seen.invented.is_empty());
        for figure in &seen.invented {
            assert!(text.contains(figure) && !seen.body.to_string().contains(figure), "{figure}");
        }
        assert_eq!(text.matches("[2]").count(), 2, "{text}");
    }
    let invented = model.invented();
    assert!((40..=80).contains(&invented.len()), "{} of 200 sentences", invented.len());
    assert_eq!(says(Words::Inventive { share: 0.0, seed: 1 }, QUESTION).await, HONEST);
    let always = Words::Inventive { share: 1.0, seed: 1 };
    assert_eq!(says(always.clone(), QUESTION).await, says(always, QUESTION).await);
}

/// A model takes its time before the headers, before the first token and between tokens.
#[tokio::test]
async fn answers_have_a_pace() {
    let model = ModelServer::start().await;
    let pace =
        Pace { before_headers: millis(30), before_first_token: millis(40), between_tokens: millis(10), token_chars: 5 };
    model.behaves(Behaviour::from(pace).failing(Fault::After(3, Mishap::Ends)));
    let http = Http::at(model.address());
    let before = Instant::now();
    let mut response = http.request("POST", "/v1/chat/completions").json(&request(QUESTION)).send().await.unwrap();
    assert!(before.elapsed() >= millis(30));
    let role = String::from_utf8(response.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert_eq!(chunks(&role)[0]["choices"][0]["delta"]["role"], "assistant");
    let mut text = String::new();
    while let Some(part) = response.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&part).unwrap());
    }
    let tokens = model.last().tokens;
    assert_eq!(said(&text, "content"), HONEST.chars().take(15).collect::<String>());
    assert_eq!(tokens.len(), 3);
    assert!(tokens[0] - before >= millis(70) && tokens[2] - tokens[0] >= millis(20));
    let mut whole = request(QUESTION);
    whole["stream"] = false.into();
    model.behaves(Behaviour::from(Words::Faithful).paced(pace));
    let before = Instant::now();
    ask(&model, &whole).await.expect(200);
    assert!(before.elapsed() >= millis(70));
}

/// Each form is what a lenient client reads as the same answer.
#[tokio::test]
async fn forms_are_the_same_answer() {
    let pieces = |count| Form { piece_bytes: Some(count), ..Form::default() };
    let model = ModelServer::start().await;
    let plain = ask(&model, &request(QUESTION)).await.text();
    for (form, is_as_plain) in [
        (pieces(1), true),
        (pieces(5), true),
        (Form { line_end: "\r\n", ..Form::default() }, false),
        (Form { line_end: "\r", ..Form::default() }, false),
        (Form { has_comments: true, ..Form::default() }, false),
        (Form { is_multi_line: true, ..Form::default() }, false),
        (Form { is_tight: true, ..Form::default() }, false),
        (Form { line_end: "\r\n", has_comments: true, is_multi_line: true, is_tight: true, ..pieces(7) }, false),
    ] {
        let shown = format!("{form:?}");
        model.behaves(form);
        let text = ask(&model, &request(QUESTION)).await.text();
        assert_eq!(text == plain, is_as_plain, "{shown}");
        assert_eq!(chunks(&text), chunks(&plain), "{shown}");
        assert_eq!(model.last().end, End::Answered, "{shown}");
        assert_eq!(model.last().tokens.len(), HONEST.chars().count().div_ceil(2), "{shown}");
    }
    model.behaves(pieces(5));
    let body = request(QUESTION).to_string();
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: {}", body.len());
    let raw = Raw::connect(model.address()).await;
    let text = raw.send_and_read(format!("{head}\r\nConnection: close\r\n\r\n{body}").as_bytes()).await;
    assert!(text.contains("\r\n5\r\ndata:\r\n5\r\n"), "{text}");

    model.behaves(Form { has_usage: false, has_done: false, finish_reason: "length", ..Form::default() });
    let text = ask(&model, &request(QUESTION)).await.text();
    let (found, last) = (chunks(&text), events(&text).pop().unwrap());
    assert_eq!(found.last().unwrap()["choices"][0]["finish_reason"], "length");
    assert_ne!(last, "[DONE]");

    let thought = "음, 99.99%?".to_owned();
    model.behaves(Form { thinking: Thinking::InContent(thought.clone()), ..Form::default() });
    let text = ask(&model, &request(QUESTION)).await.text();
    assert_eq!(said(&text, "content"), format!("<think>\n{thought}\n</think>\n\n{HONEST}"));
    model.behaves(Form { thinking: Thinking::InField(thought.clone()), ..Form::default() });
    let text = ask(&model, &request(QUESTION)).await.text();
    assert_eq!((said(&text, "reasoning_content"), said(&text, "content")), (thought, HONEST.to_owned()));
}

/// The next requests are treated as the list says, those that are meant as they shall be, and the rest as ever.
#[tokio::test]
async fn behaviours_have_an_order() {
    let model = ModelServer::start().await;
    let fixed = |text: &str| Behaviour::from(Words::Fixed(text.to_owned()));
    let handle = model.clone();
    handle.behaves(fixed("늘"));
    handle.behaves_next([fixed("하나"), fixed("둘")]);
    handle.behaves_when(|asked| asked.question().contains("요약"), fixed("뜻한 대로"));
    let mut texts = Vec::new();
    for question in ["하나", "요약", "둘", "셋"] {
        texts.push(said(&ask(&model, &request(question)).await.text(), "content"));
    }
    assert_eq!(texts, ["하나", "뜻한 대로", "둘", "늘"]);
}
