//! An answer as what goes over the wire, part by part: OpenAI's events, their form, and where they go wrong.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

use super::asked::Asked;
use super::behaviour::Behaviour;
use super::behaviour::Form;
use super::behaviour::Mishap;
use super::behaviour::Thinking;
use super::speech::Speech;

/// The value of `Content-Type` of a stream.
pub const EVENTS: &str = "text/event-stream";
/// The value of `Content-Type` of a whole answer.
pub const JSON: &str = "application/json";

/// How often a server that says nothing says at least that it is there.
const PING: Duration = Duration::from_millis(20);
/// A line without an end is as many pieces as this, and one piece as many bytes.
const LONG_LINE: (usize, usize) = (1024, 64 * 1024);

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Send these, with which so many tokens are complete.
    Bytes { bytes: Bytes, tokens: usize },
    /// Let what was sent leave.
    Flush,
    /// Do nothing for a while.
    Wait(Duration),
    /// Do nothing for ever.
    Silence,
    /// Go back to the part with this number.
    Again(usize),
    /// Close the connection.
    Break,
}

/// An answer of one piece.
pub fn bytes(bytes: impl Into<Bytes>) -> Vec<Part> {
    vec![Part::Bytes { bytes: bytes.into(), tokens: 0 }]
}

/// An answer as a stream of events, with a mishap after so many tokens.
pub fn stream(asked: &Asked, speech: &Speech, behaviour: &Behaviour, mishap: Option<(usize, Mishap)>) -> Vec<Part> {
    let mut script = Script { form: &behaviour.form, asked, parts: Vec::new() };
    let (content, thoughts) = match &behaviour.form.thinking {
        Thinking::Silent => (speech.text.clone(), Vec::new()),
        Thinking::InContent(thought) => (format!("<think>\n{thought}\n</think>\n\n{}", speech.text), Vec::new()),
        Thinking::InField(thought) => (speech.text.clone(), tokens(thought, behaviour.pace.token_chars)),
    };
    let tokens = tokens(&content, behaviour.pace.token_chars);
    script.delta(&json!({ "role": "assistant", "content": "" }), 0);
    script.wait(behaviour.pace.before_first_token);
    for thought in &thoughts {
        script.delta(&json!({ "reasoning_content": thought }), 0);
        script.wait(behaviour.pace.between_tokens);
    }
    let from = script.parts.len();
    for (number, token) in tokens.iter().enumerate() {
        if number > 0 {
            script.wait(behaviour.pace.between_tokens);
        }
        if let Some((_, mishap)) = mishap.filter(|(after, _)| *after == number) {
            script.fail(mishap, token);
            return script.parts;
        }
        script.delta(&json!({ "content": token }), 1);
    }
    if let Some((_, mishap)) = mishap {
        script.fail(mishap, "");
        return script.parts;
    }
    if speech.is_endless {
        script.wait(behaviour.pace.between_tokens);
        script.parts.push(Part::Again(from));
        return script.parts;
    }
    script.finish(usage(asked, tokens.len() + thoughts.len()));
    script.parts
}

/// An answer as one JSON, with a mishap in its middle.
pub fn whole(asked: &Asked, speech: &Speech, behaviour: &Behaviour, mishap: Option<Mishap>) -> Vec<Part> {
    let mut message = json!({ "role": "assistant", "content": speech.text });
    match &behaviour.form.thinking {
        Thinking::Silent => {}
        Thinking::InContent(thought) => {
            message["content"] = format!("<think>\n{thought}\n</think>\n\n{}", speech.text).into();
        }
        Thinking::InField(thought) => message["reasoning_content"] = thought.as_str().into(),
    }
    let tokens = tokens(&speech.text, behaviour.pace.token_chars).len();
    let mut answer = json!({
        "id": "chatcmpl-0", "object": "chat.completion", "created": 1_790_000_000, "model": asked.model,
        "choices": [{
            "index": 0, "message": message, "logprobs": null, "finish_reason": behaviour.form.finish_reason,
        }],
    });
    if behaviour.form.has_usage {
        answer["usage"] = usage(asked, tokens);
    }
    let answer = answer.to_string();
    let half = Bytes::from(answer[..answer.find("content").expect("a member")].to_owned());
    let mut script = Script { form: &behaviour.form, asked, parts: Vec::new() };
    match mishap {
        None => script.bytes(answer.into_bytes(), tokens),
        Some(Mishap::ErrorEvent) => script.bytes(error_event().to_string().into_bytes(), 0),
        Some(Mishap::Ends | Mishap::BadJson) => script.bytes(half.to_vec(), 0),
        Some(Mishap::BadUtf8) => script.bytes([&half[..], b"content\":\"\xff\xfe\"}}]}"].concat(), 0),
        Some(mishap @ (Mishap::Stalls | Mishap::Cut | Mishap::EndlessLine)) => {
            script.bytes(half.to_vec(), 0);
            script.fail(mishap, "");
        }
    }
    script.parts
}

/// How long a model is busy with an answer that it does not stream.
pub fn time_of(speech: &Speech, behaviour: &Behaviour) -> Duration {
    let tokens = u32::try_from(tokens(&speech.text, behaviour.pace.token_chars).len()).expect("few tokens");
    behaviour.pace.before_first_token + behaviour.pace.between_tokens * tokens.saturating_sub(1)
}

/// A script as it is written.
struct Script<'a> {
    form: &'a Form,
    asked: &'a Asked,
    parts: Vec<Part>,
}

impl Script<'_> {
    /// An event that tells what has come to the answer.
    fn delta(&mut self, delta: &Value, tokens: usize) {
        let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null });
        self.event(&self.chunk(&json!([choice])), tokens);
    }

    fn finish(&mut self, usage: Value) {
        let choice = json!({ "index": 0, "delta": {}, "logprobs": null, "finish_reason": self.form.finish_reason });
        self.event(&self.chunk(&json!([choice])), 0);
        if self.asked.wants_usage && self.form.has_usage {
            let mut chunk = self.chunk(&json!([]));
            chunk["usage"] = usage;
            self.event(&chunk, 0);
        }
        if self.form.has_done {
            self.done();
        }
    }

    fn fail(&mut self, mishap: Mishap, token: &str) {
        // What is there already arrives, whatever comes.
        self.parts.push(Part::Flush);
        let choice = json!({ "index": 0, "delta": { "content": token }, "finish_reason": null });
        let event = self.dressed(&self.chunk(&json!([choice])).to_string());
        let middle = event.find("content").unwrap_or(event.len() / 2);
        match mishap {
            Mishap::Stalls => self.silence(),
            Mishap::Cut => {
                self.bytes(event.as_bytes()[..middle].to_vec(), 0);
                self.parts.extend([Part::Flush, Part::Break]);
            }
            Mishap::Ends => {}
            Mishap::BadJson => {
                self.bytes(self.dressed("{\"choices\":[{\"delta\":{\"content\":\"").into_bytes(), 0);
                self.done();
            }
            Mishap::BadUtf8 => {
                let event = self.dressed("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"??\"}}]}");
                let mut event = event.into_bytes();
                let at = event.iter().position(|&byte| byte == b'?').expect("the content");
                event[at..at + 2].copy_from_slice(b"\xff\xfe");
                self.bytes(event, 0);
                self.done();
            }
            Mishap::EndlessLine => {
                self.bytes(event.as_bytes()[..middle].to_vec(), 0);
                let (pieces, piece_bytes) = LONG_LINE;
                let piece = Part::Bytes { bytes: vec![b'x'; piece_bytes].into(), tokens: 0 };
                self.parts.extend(std::iter::repeat_n(piece, pieces));
                self.parts.push(Part::Silence);
            }
            Mishap::ErrorEvent => {
                self.event(&error_event(), 0);
                self.done();
            }
        }
    }

    fn event(&mut self, json: &Value, tokens: usize) {
        let text = if self.form.is_multi_line { format!("{json:#}") } else { json.to_string() };
        self.bytes(self.dressed(&text).into_bytes(), tokens);
    }

    fn done(&mut self) {
        self.bytes(self.dressed("[DONE]").into_bytes(), 0);
    }

    /// The data of an event with all that belongs around them.
    fn dressed(&self, data: &str) -> String {
        let end = self.form.line_end;
        let mut event = String::new();
        if self.form.has_comments {
            event.push_str(&self.ping());
        }
        if self.form.is_multi_line {
            event.push_str(&format!("event: message{end}id: {}{end}retry: 1000{end}", self.parts.len()));
        }
        for line in data.lines() {
            event.push_str(if self.form.is_tight { "data:" } else { "data: " });
            event.push_str(line);
            event.push_str(end);
        }
        event + end
    }

    fn ping(&self) -> String {
        format!(": ping{end}{end}", end = self.form.line_end)
    }

    fn bytes(&mut self, bytes: Vec<u8>, tokens: usize) {
        let bytes = Bytes::from(bytes);
        let Some(piece_bytes) = self.form.piece_bytes else {
            self.parts.push(Part::Bytes { bytes, tokens });
            return;
        };
        let mut at = 0;
        while at < bytes.len() {
            let end = bytes.len().min(at + piece_bytes);
            let tokens = if end == bytes.len() { tokens } else { 0 };
            self.parts.extend([Part::Bytes { bytes: bytes.slice(at..end), tokens }, Part::Flush]);
            at = end;
        }
    }

    fn wait(&mut self, duration: Duration) {
        if duration.is_zero() {
            return;
        }
        if !self.form.has_comments {
            self.parts.push(Part::Wait(duration));
            return;
        }
        let mut left = duration;
        while left > PING {
            self.parts.push(Part::Wait(PING));
            self.bytes(self.ping().into_bytes(), 0);
            left -= PING;
        }
        self.parts.push(Part::Wait(left));
    }

    /// For ever nothing, or nothing but comments.
    fn silence(&mut self) {
        if !self.form.has_comments {
            self.parts.push(Part::Silence);
            return;
        }
        let from = self.parts.len();
        self.parts.push(Part::Wait(PING));
        self.bytes(self.ping().into_bytes(), 0);
        self.parts.push(Part::Again(from));
    }

    fn chunk(&self, choices: &Value) -> Value {
        let mut chunk = json!({
            "id": "chatcmpl-0", "object": "chat.completion.chunk", "created": 1_790_000_000,
            "model": self.asked.model, "choices": choices,
        });
        if self.asked.wants_usage && self.form.has_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }
}

fn error_event() -> Value {
    json!({ "error": { "message": "The model stopped working.", "type": "server_error", "param": null, "code": 500 } })
}

fn usage(asked: &Asked, completion: usize) -> Value {
    let prompt = asked.text().chars().count() / 2;
    json!({ "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion })
}

fn tokens(text: &str, chars: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(chars.max(1)).map(|token| token.iter().collect()).collect()
}
