//! What the server adds to a language model's answer: from the token that settles a sentence to the customer's frame that shows it.
//! The first token of the next sentence settles one, since until then another citation might follow; the end settles the last.
//!
//! One process is the model and all customers, so both ends read one clock. The model speaks at a fixed pace, one token every so many
//! milliseconds, in sentences of the first passage it is given. Customers begin one after the other, so that it is known whose answer
//! each request is; the measurement counts what is said while all of them are being answered. Prints one JSON object.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use bank_aicc::knowledge::sentences;
use clap::Parser;
use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;

/// Measures what a running bank-aicc adds to a model's answers.
#[derive(Debug, Clone, Parser)]
struct Arguments {
    /// Where the server listens
    #[arg(long)]
    address: SocketAddr,
    /// Where the model listens, as the server's configuration has it
    #[arg(long)]
    model: SocketAddr,
    /// Answers at the same time
    #[arg(long, default_value_t = 200)]
    streams: usize,
    /// Milliseconds from a token to the next
    #[arg(long, default_value_t = 20)]
    between_ms: u64,
    /// Characters in a token
    #[arg(long, default_value_t = 2)]
    token_chars: usize,
    /// Sentences of an answer
    #[arg(long, default_value_t = 30)]
    sentences: usize,
    /// What each customer asks; the documents have to answer it
    #[arg(long, default_value = "정기예금 중도해지하면 이자는 어떻게 되나요?")]
    question: String,
}

/// When the last token of each sentence was sent, and the one that settles it.
type Sent = Arc<Mutex<Vec<[Instant; 2]>>>;

/// The model.
#[derive(Clone)]
struct Model {
    arguments: Arc<Arguments>,
    /// Hears of each answer that is begun.
    begun: mpsc::UnboundedSender<Sent>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arc::new(Arguments::parse());
    let (begun, mut beginnings) = mpsc::unbounded_channel();
    let model = Model { arguments: Arc::clone(&arguments), begun };
    let routes = Router::new()
        .route("/v1/models", get(async || Json(json!({"data": [{"id": "metronome"}]}))))
        .route("/v1/chat/completions", post(speak))
        .with_state(model);
    let listener = TcpListener::bind(arguments.model).await.context("binding the model's port")?;
    tokio::spawn(async move { axum::serve(listener, routes).await });

    let mut customers = JoinSet::new();
    let mut answers = Vec::new();
    for number in 0..arguments.streams {
        let socket = connect(arguments.address, number).await?;
        let question = arguments.question.clone();
        customers.spawn(async move { (number, hear(socket, &question).await) });
        answers.push(tokio::select! {
            sent = beginnings.recv() => sent.context("the model ended")?,
            () = tokio::time::sleep(Duration::from_secs(10)) => anyhow::bail!("the model was not asked: do the documents answer?"),
        });
    }
    let all_begun = Instant::now();
    let mut from_last_us = Vec::new();
    let mut from_settled_us = Vec::new();
    let mut first_end = None;
    let mut heard = Vec::new();
    while let Some(customer) = customers.join_next().await {
        first_end.get_or_insert_with(Instant::now);
        let (number, frames) = customer?;
        heard.push((number, frames?));
    }
    let first_end = first_end.context("nobody was answered")?;
    for (number, frames) in heard {
        let sent = answers.get(number).context("an answer")?.lock().unwrap_or_else(PoisonError::into_inner).clone();
        anyhow::ensure!(
            sent.len() == frames.len(),
            "of {} sentences {} were shown: the guard stops what the model says here",
            sent.len(),
            frames.len()
        );
        for ([last, settled], shown) in sent.into_iter().zip(frames) {
            if last > all_begun && settled < first_end {
                let since = |sent: Instant| u32::try_from(shown.duration_since(sent).as_micros()).unwrap_or(u32::MAX);
                from_last_us.push(since(last));
                from_settled_us.push(since(settled));
            }
        }
    }
    println!(
        "{}",
        json!({
            "streams": arguments.streams,
            "tokens_per_second": arguments.streams as f64 * 1000.0 / arguments.between_ms as f64,
            "seconds": first_end.duration_since(all_begun).as_secs_f64(),
            "sentences": from_settled_us.len(),
            "added_ms": quantiles(from_settled_us),
            "from_last_token_ms": quantiles(from_last_us),
        })
    );
    Ok(())
}

fn quantiles(mut latencies_us: Vec<u32>) -> Value {
    latencies_us.sort_unstable();
    let at = |share: f64| {
        let place = ((latencies_us.len() as f64 * share).ceil() as usize).clamp(1, latencies_us.len().max(1)) - 1;
        latencies_us.get(place).map(|&us| f64::from(us) / 1000.0)
    };
    json!({"p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": at(1.0)})
}

/// One answer of the model.
async fn speak(State(model): State<Model>, Json(asked): Json<Value>) -> Response {
    let system = asked["messages"][0]["content"].as_str().unwrap_or_default();
    let sent: Sent = Arc::default();
    // Whoever measures may have given up.
    let _ = model.begun.send(Arc::clone(&sent));
    let tokens = tokens(system, &model.arguments);
    let between = Duration::from_millis(model.arguments.between_ms);
    let speaking = stream::unfold((tokens.into_iter(), sent, None), move |(mut tokens, sent, last)| async move {
        tokio::time::sleep(between).await;
        if let Some(last) = last {
            sent.lock().unwrap_or_else(PoisonError::into_inner).push([last, Instant::now()]);
        }
        let (token, is_last) = tokens.next()?;
        let line = format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"content": token}}]}));
        Some((Ok::<_, Infallible>(line), (tokens, sent, is_last.then(Instant::now))))
    });
    let end = stream::once(async { Ok("data: [DONE]\n\n".to_owned()) });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(speaking.chain(end))).into_response()
}

/// The tokens of an answer, and whether each is the last of its sentence: sentences of the first passage, over and over, cited.
fn tokens(system: &str, arguments: &Arguments) -> Vec<(String, bool)> {
    let passage = system.split_once("\n[1] ").and_then(|(_, rest)| rest.split("\n\n").next());
    let text = passage.and_then(|passage| passage.split_once('\n')).map_or("", |(_, text)| text);
    let said: Vec<&str> = text.lines().flat_map(sentences).map(str::trim).filter(|one| one.ends_with("다.")).collect();
    let mut tokens = Vec::new();
    for sentence in said.iter().cycle().take(arguments.sentences) {
        let cited: Vec<char> = format!("{sentence} [1]").chars().collect();
        let pieces: Vec<String> = cited.chunks(arguments.token_chars).map(|piece| piece.iter().collect()).collect();
        let last = pieces.len() - 1;
        tokens.extend(
            pieces.into_iter().enumerate().map(
                |(at, piece)| {
                    if at == last { (piece + " ", true) } else { (piece, false) }
                },
            ),
        );
    }
    tokens
}

type Socket = WebSocketStream<TcpStream>;

async fn connect(address: SocketAddr, number: usize) -> anyhow::Result<Socket> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let run = std::time::UNIX_EPOCH.elapsed()?.as_micros();
    let url = format!("ws://{address}/api/v1/chat/ws/streams-{run}-{number}");
    Ok(tokio_tungstenite::client_async(url, stream).await?.0)
}

/// Asks, and says when each sentence was shown.
async fn hear(mut socket: Socket, question: &str) -> anyhow::Result<Vec<Instant>> {
    let message = json!({"type": "message", "user_message": question, "stream": true});
    socket.send(Frame::text(message.to_string())).await?;
    let mut shown = Vec::new();
    loop {
        let frame = socket.next().await.context("the server closed the WebSocket")??;
        let at = Instant::now();
        let Frame::Text(text) = frame else { continue };
        let frame: Value = serde_json::from_str(&text)?;
        match frame["type"].as_str() {
            Some("delta") => {
                let count = sentences(frame["data"]["text"].as_str().unwrap_or_default().trim()).len().max(1);
                shown.extend(std::iter::repeat_n(at, count));
            }
            Some("response") => return Ok(shown),
            Some("error") => anyhow::bail!("{text}"),
            _ => {}
        }
    }
}
