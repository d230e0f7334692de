//! What a client asked: the messages, the passages among them, and the question.

use serde_json::Value;

/// The line after the last passage.
const END: &str = "=== END ===";

/// A request to chat, as far as the server cares.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whom it is for.
    pub model: String,
    /// Whether the answer shall come as a stream.
    pub is_streamed: bool,
    /// Whether the stream shall end with the usage.
    pub wants_usage: bool,
    /// All messages, in order.
    pub messages: Vec<Message>,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// `system`, `user`, `assistant`…
    pub role: String,
    /// Its text.
    pub content: String,
}

/// A numbered passage.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// Its mark.
    pub number: u32,
    /// What stands beside the mark.
    pub heading: String,
    /// The lines below.
    pub text: String,
}

impl Asked {
    /// Reads a request.
    ///
    /// # Errors
    /// The name of the parameter that is missing or not what it has to be.
    pub fn parse(body: &Value) -> Result<Self, &'static str> {
        let model = body["model"].as_str().ok_or("model")?.to_owned();
        let messages = body["messages"].as_array().filter(|messages| !messages.is_empty()).ok_or("messages")?;
        let messages = messages.iter().map(Message::parse).collect::<Option<_>>().ok_or("messages")?;
        let is_true = |value: &Value| if value.is_null() { Some(false) } else { value.as_bool() };
        let is_streamed = is_true(&body["stream"]).ok_or("stream")?;
        let wants_usage = is_true(&body["stream_options"]["include_usage"]).ok_or("stream_options")?;
        Ok(Self { model, is_streamed, wants_usage, messages })
    }

    /// The last message.
    pub fn question(&self) -> &str {
        self.messages.last().map_or("", |message| &message.content)
    }

    /// The first message up to the passages.
    pub fn instructions(&self) -> String {
        let lines = self.messages[0].content.lines();
        lines.take_while(|line| mark(line).is_none()).collect::<Vec<_>>().join("\n")
    }

    /// The passages of all messages but the last; where there are none, those of the last.
    pub fn passages(&self) -> Vec<Passage> {
        let (last, earlier) = self.messages.split_last().expect("a message");
        let found: Vec<_> = earlier.iter().flat_map(|message| passages(&message.content)).collect();
        if found.is_empty() { passages(&last.content) } else { found }
    }

    /// Everything that was said to the model.
    pub fn text(&self) -> String {
        self.messages.iter().map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n")
    }
}

impl Message {
    fn parse(message: &Value) -> Option<Self> {
        let role = message["role"].as_str()?.to_owned();
        let content = match &message["content"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts.iter().map(|part| part["text"].as_str()).collect::<Option<Vec<_>>>()?.concat(),
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
        };
        Some(Self { role, content })
    }
}

/// The passages in a text. Their numbers grow, so a lower one at the start of a line is a footnote of the passage.
fn passages(text: &str) -> Vec<Passage> {
    let mut passages: Vec<Passage> = Vec::new();
    for line in text.lines() {
        if line.trim() == END && !passages.is_empty() {
            break;
        }
        match mark(line) {
            Some((number, heading)) if passages.last().is_none_or(|last| last.number < number) => {
                passages.push(Passage { number, heading: heading.to_owned(), text: String::new() });
            }
            Some(_) | None => {
                if let Some(last) = passages.last_mut() {
                    last.text.push_str(line);
                    last.text.push('\n');
                }
            }
        }
    }
    passages
}

/// The number and the heading of a line that begins a passage.
fn mark(line: &str) -> Option<(u32, &str)> {
    let (number, heading) = line.strip_prefix('[')?.split_once(']')?;
    Some((number.parse().ok()?, heading.trim()))
}
