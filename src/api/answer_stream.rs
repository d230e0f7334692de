//! The answer to a message over plain HTTP as server-sent events, while it comes.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::Value;
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Sleep;

use crate::api::chat::deltas;
use crate::api::error::ApiError;
use crate::api::events::sse_event;
use crate::api::shapes::ReplyShape;
use crate::chat::ChatError;
use crate::chat::Progress;
use crate::chat::Reply;
use crate::edge::Problem;

/// What the customer is told while an answer takes its time.
pub const PROCESSING: &str = "답변을 준비하고 있습니다. 잠시만 기다려 주세요.";

/// A comment this often says that the stream lives, as in [`events`](crate::api::events).
const KEEP_ALIVE: Duration = Duration::from_millis(2_500);
const STILL_HERE: &str = ": still here\n\n";

/// A turn that is being taken.
pub type Turn = Pin<Box<dyn Future<Output = Result<Arc<Reply>, ChatError>> + Send>>;

/// How far the answer has got.
struct Coming {
    turn: Option<Turn>,
    progress: UnboundedReceiver<Progress>,
    /// When the customer is told that it takes a while; `None` once he is.
    notice: Option<Pin<Box<Sleep>>>,
    /// What was sent of the answer.
    sent: String,
    waiting: VecDeque<String>,
}

/// What happened.
enum Happening {
    Progress(Progress),
    Done(Result<Arc<Reply>, ChatError>),
    /// It takes longer than a moment.
    TakesAWhile,
    /// Nothing, for a while.
    Quiet,
}

/// Answers with `delta` events as sentences come and one `response` event at the end; after `notice_after` without any, with a
/// `processing` event. A refusal that comes before anything was sent
/// is the response itself; afterwards it is an `error` event.
///
/// # Errors
/// A refusal before anything was sent.
pub async fn respond(
    turn: Turn,
    progress: UnboundedReceiver<Progress>,
    notice_after: Duration,
) -> Result<Response, ApiError> {
    let notice = Some(Box::pin(tokio::time::sleep(notice_after)));
    let mut coming = Coming { turn: Some(turn), progress, notice, sent: String::new(), waiting: VecDeque::new() };
    match coming.next().await {
        Some(Happening::Progress(progress)) => coming.tell(progress),
        Some(Happening::Done(reply)) => coming.end(Ok(reply?)),
        // From here on a refusal is an event.
        Some(Happening::TakesAWhile) => coming.note(None),
        Some(Happening::Quiet) => coming.waiting.push_back(STILL_HERE.to_owned()),
        None => {}
    }
    let chunks = stream::unfold(coming, |mut coming| async move {
        loop {
            if let Some(event) = coming.waiting.pop_front() {
                return Some((Ok::<_, std::convert::Infallible>(Bytes::from(event)), coming));
            }
            match coming.next().await? {
                Happening::Progress(progress) => coming.tell(progress),
                Happening::Done(reply) => coming.end(reply),
                Happening::TakesAWhile => coming.note(None),
                Happening::Quiet => coming.waiting.push_back(STILL_HERE.to_owned()),
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    // Fused: a stream that has ended may be asked again on its way out.
    Ok((headers, Body::from_stream(chunks.fuse())).into_response())
}

impl Coming {
    async fn next(&mut self) -> Option<Happening> {
        let turn = self.turn.as_mut()?;
        tokio::select! {
            biased;
            Some(progress) = self.progress.recv() => Some(Happening::Progress(progress)),
            reply = turn => {
                self.turn = None;
                Some(Happening::Done(reply))
            }
            () = over(&mut self.notice) => {
                self.notice = None;
                Some(Happening::TakesAWhile)
            }
            // Whoever listens has to know that silence is not the end.
            () = tokio::time::sleep(KEEP_ALIVE) => Some(Happening::Quiet),
        }
    }

    fn tell(&mut self, progress: Progress) {
        // Whoever hears anything needs no notice.
        self.notice = None;
        match progress {
            Progress::Waiting(place) => self.note(Some(place)),
            Progress::Begun => self.note(None),
            Progress::Text(text) => {
                self.sent.push_str(&text);
                self.waiting.push_back(sse_event("delta", None, &json!({"text": text})));
            }
        }
    }

    /// Says that it takes a while; with the place in the queue for a model, if it waits there.
    fn note(&mut self, place: Option<usize>) {
        let mut body = json!({"message": PROCESSING});
        if let Some(place) = place {
            body["queue_position"] = place.into();
        }
        self.waiting.push_back(sse_event("processing", None, &body));
    }

    fn end(&mut self, reply: Result<Arc<Reply>, ChatError>) {
        // What came with the end.
        while let Ok(progress) = self.progress.try_recv() {
            self.tell(progress);
        }
        match reply {
            Ok(reply) => {
                for part in unsent(&self.sent, &reply.text) {
                    self.waiting.push_back(sse_event("delta", None, &json!({"text": part})));
                }
                self.waiting.push_back(sse_event("response", None, &ReplyShape::from(&*reply)));
            }
            Err(error) => {
                let Problem { code, detail, more, .. } = ApiError::from(error).into_problem();
                let mut body = json!({"detail": detail, "code": code});
                if let Value::Object(members) = &mut body {
                    members.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
                }
                self.waiting.push_back(sse_event("error", None, &body));
            }
        }
    }
}

/// Waits for the moment to say that it takes a while; for ever once that is said.
async fn over(notice: &mut Option<Pin<Box<Sleep>>>) {
    match notice {
        Some(notice) => notice.await,
        None => std::future::pending().await,
    }
}

/// The parts of an answer that are still to be sent; none if it became another one than was begun, which the whole reply then tells.
pub fn unsent<'t>(sent: &str, text: &'t str) -> Vec<&'t str> {
    text.strip_prefix(sent).map(deltas).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_is_gone_on_with() {
        assert_eq!(unsent("", "하나. 둘.").concat(), "하나. 둘.");
        assert_eq!(unsent("하나.", "하나. 둘.").concat(), " 둘.");
        assert_eq!(unsent("하나. 둘.", "하나. 둘."), [""; 0]);
        assert_eq!(unsent("하나.", "다른 답."), [""; 0]);
    }
}
