//! What the server does with a request: what it says, how fast, in which form, and where it goes wrong.

use std::time::Duration;

/// One way to treat a request. The default is an honest, quick model.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// What it says.
    pub words: Words,
    /// How it cites.
    pub mark: Mark,
    /// How fast it says it.
    pub pace: Pace,
    /// How that looks on the wire.
    pub form: Form,
    /// Where it goes wrong.
    pub fault: Option<Fault>,
}

/// What is said.
#[derive(Debug, Clone, Default)]
pub enum Words {
    /// The first two sentences or rows of the passage that shares most words with the question, each with its mark.
    #[default]
    Faithful,
    /// The same, but a sentence in so many (0–1) gets a figure that stands nowhere in the request. Equal seeds, requests
    /// and order of arrival give equal figures.
    Inventive { share: f64, seed: u64 },
    /// A faithful sentence, and then this, as if somebody's instruction had been obeyed, with the mark `[1]`.
    Obedient { canary: String },
    /// The instructions it was given, line by line, each with the mark `[1]`.
    Leaky,
    /// Exactly this.
    Fixed(String),
    /// This, over and over, until somebody stops it.
    Endless(String),
    /// The answer beside the first text that occurs in the question, and `otherwise` where none does.
    Categories { known: Vec<(String, String)>, otherwise: String },
    /// The first and the last line of the last message, in one sentence without figures of its own.
    Summary,
}

/// How a sentence cites its passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// `문장입니다. [1]`
    #[default]
    AfterStop,
    /// `문장입니다 [1].`
    BeforeStop,
    /// `문장입니다.`
    Missing,
    /// `문장입니다. [99]`, a passage that was not given.
    Unknown,
}

/// How fast an answer comes. An answer that is not streamed takes as long before its first byte.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From the request to the headers.
    pub before_headers: Duration,
    /// From the headers, and the chunk that names the role, to the first token.
    pub before_first_token: Duration,
    /// From each token to the next.
    pub between_tokens: Duration,
    /// Characters in a token.
    pub token_chars: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            before_headers: Duration::ZERO,
            before_first_token: Duration::ZERO,
            between_tokens: Duration::ZERO,
            token_chars: 2,
        }
    }
}

/// How an answer looks on the wire.
#[derive(Debug, Clone)]
pub struct Form {
    /// What ends a line: `\n`, `\r\n` or `\r`.
    pub line_end: &'static str,
    /// `: ping` before each event, and every 20 ms while nothing is said.
    pub has_comments: bool,
    /// Each event over several `data:` lines, among lines with other fields.
    pub is_multi_line: bool,
    /// `data:{`, without the space.
    pub is_tight: bool,
    /// Cut into pieces of so many bytes, whatever a character is.
    pub piece_bytes: Option<usize>,
    /// What it thinks aloud before it answers.
    pub thinking: Thinking,
    /// One JSON, although a stream was asked for.
    pub is_whole: bool,
    /// Tells the usage when it is asked to.
    pub has_usage: bool,
    /// Ends with `[DONE]`.
    pub has_done: bool,
    /// Why it ended: `stop`, `length`, `content_filter`…
    pub finish_reason: &'static str,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            line_end: "\n",
            has_comments: false,
            is_multi_line: false,
            is_tight: false,
            piece_bytes: None,
            thinking: Thinking::Silent,
            is_whole: false,
            has_usage: true,
            has_done: true,
            finish_reason: "stop",
        }
    }
}

/// Where a model's thoughts appear.
#[derive(Debug, Clone, Default)]
pub enum Thinking {
    /// Nowhere.
    #[default]
    Silent,
    /// At the beginning of the answer, as `<think>…</think>`.
    InContent(String),
    /// In deltas of their own, as `reasoning_content`.
    InField(String),
}

/// Where it goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Takes the request and never says a word.
    NoHeaders,
    /// Says `200`, and nothing more.
    NoBody,
    /// Refuses, with OpenAI's error body and perhaps a `Retry-After`.
    Status { code: u16, retry_after: Option<&'static str> },
    /// Sends the client elsewhere.
    Redirect(String),
    /// A page for people, as a proxy on the way would send it.
    Html,
    /// Text that is no stream of events, although it is said to be one.
    NotEvents,
    /// Well for so many tokens, and then this.
    After(usize, Mishap),
}

/// What happens in the middle of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing more comes; the connection stays.
    Stalls,
    /// The connection is closed in the middle of an event.
    Cut,
    /// The answer ends, in good order but without a reason or `[DONE]`.
    Ends,
    /// JSON that stops half-way, and then the proper end.
    BadJson,
    /// Bytes that are no UTF-8, and then the proper end.
    BadUtf8,
    /// A line that goes on for 64 MiB, and then silence.
    EndlessLine,
    /// The server's own error, as an event.
    ErrorEvent,
}

impl Behaviour {
    /// The same at this pace.
    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The same in this form.
    pub fn formed(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// The same with these marks.
    pub fn marked(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }

    /// The same, going wrong so.
    pub fn failing(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }
}

impl From<Words> for Behaviour {
    fn from(words: Words) -> Self {
        Self { words, ..Self::default() }
    }
}

impl From<Pace> for Behaviour {
    fn from(pace: Pace) -> Self {
        Self { pace, ..Self::default() }
    }
}

impl From<Form> for Behaviour {
    fn from(form: Form) -> Self {
        Self { form, ..Self::default() }
    }
}

impl From<Fault> for Behaviour {
    fn from(fault: Fault) -> Self {
        Self::default().failing(fault)
    }
}
