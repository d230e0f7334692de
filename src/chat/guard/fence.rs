//! The fence for what a language model writes: sentence by sentence, while it streams.
//!
//! A sentence is let out when it cites passages in force, every figure of it stands there as it is told, its words are
//! theirs, and it is plain text that neither advises nor promises. After the first that is not, nothing more is let out.

use crate::chat::guard::acts;
use crate::chat::guard::conduct;
use crate::chat::guard::figures;
use crate::chat::guard::grounds::Prepared;
use crate::chat::guard::marks;
use crate::chat::guard::opposites;
use crate::chat::guard::products;
use crate::chat::guard::script;
use crate::chat::guard::stream;
use crate::chat::guard::support;
use crate::text::figures as reading;

/// One numbered passage a model was given, from 1.
#[derive(Debug, Clone, Copy)]
pub struct Grounds<'a> {
    /// The document's title.
    pub title: &'a str,
    /// The heading above it, and the question it answers.
    pub heading: &'a str,
    /// What it says.
    pub text: &'a str,
    /// Whether it may be cited today.
    pub is_in_force: bool,
}

/// A sentence that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Its words without citation marks, and the white space before them, so that all texts put together read well.
    pub text: String,
    /// The passages it cites, from 1, each once.
    pub cites: Vec<usize>,
}

/// Why a sentence may not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum Fault {
    /// It cites nothing.
    Uncited,
    /// It cites a passage that was not given.
    UnknownCitation,
    /// It cites a passage that is not in force.
    NotInForce,
    /// It states a figure that does not stand in what it cites, or not of what it is told of.
    Figure,
    /// What it cites does not say it, or says the opposite.
    Unsupported,
    /// It advises a product or a decision.
    Advice,
    /// It promises to act or says it did.
    Promise,
    /// It holds markup.
    Markup,
    /// It holds an address that stands in no passage.
    Link,
    /// It holds characters that are not what they look like.
    Unreadable,
    /// It, or all of it, is too long.
    TooLong,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Uncited,
        Self::UnknownCitation,
        Self::NotInForce,
        Self::Figure,
        Self::Unsupported,
        Self::Advice,
        Self::Promise,
        Self::Markup,
        Self::Link,
        Self::Unreadable,
        Self::TooLong,
    ];

    /// The word for records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uncited => "uncited",
            Self::UnknownCitation => "unknown_citation",
            Self::NotInForce => "not_in_force",
            Self::Figure => "figure",
            Self::Unsupported => "unsupported",
            Self::Advice => "advice",
            Self::Promise => "promise",
            Self::Markup => "markup",
            Self::Link => "link",
            Self::Unreadable => "unreadable",
            Self::TooLong => "too_long",
        }
    }
}

/// A sentence that was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// Why.
    pub fault: Fault,
    /// The beginning of what it says, for the record.
    pub text: String,
}

/// Characters of a sentence at most.
const SENTENCE_CHARS_MAX: usize = 600;
/// Bytes of an answer at most.
const ANSWER_BYTES_MAX: usize = 40 * 1024;

/// Characters that are taken at once.
const PART_CHARS: usize = 64;

/// Lets sentences out that may be shown. Owned; prepared once for an answer.
#[derive(Debug)]
pub struct Fence {
    grounds: Vec<Prepared>,
    pending: String,
    bytes: usize,
    /// The last number of a list that counts up from 1.
    numbering: u32,
    /// What is told is what somebody said, so it may be told in the past.
    is_report: bool,
    /// Whether a sentence was let out.
    is_begun: bool,
    is_closed: bool,
}

impl Fence {
    /// A fence around what these passages say.
    pub fn new(grounds: &[Grounds<'_>]) -> Self {
        let grounds = grounds.iter().map(Prepared::of).collect();
        Self {
            grounds,
            pending: String::new(),
            bytes: 0,
            numbering: 0,
            is_report: false,
            is_begun: false,
            is_closed: false,
        }
    }

    /// A fence around a report of what was said in these messages.
    pub fn around_report(messages: &[Grounds<'_>]) -> Self {
        Self { is_report: true, ..Self::new(messages) }
    }

    /// Takes what came; gives the sentences that are whole now. After the first fault nothing more is let out.
    pub fn push(&mut self, piece: &str) -> Vec<Result<Released, Stopped>> {
        let room = ANSWER_BYTES_MAX - self.bytes;
        let ends = piece.char_indices().map(|(at, c)| at + c.len_utf8());
        let fits = ends.take_while(|end| *end <= room).last().unwrap_or_default();
        self.bytes += fits;
        let mut released = Vec::new();
        let mut rest = &piece[..fits];
        // Part by part: however much comes at once, no more than a sentence is ever looked at.
        while !rest.is_empty() && !self.is_closed {
            let end = rest.char_indices().nth(PART_CHARS).map_or(rest.len(), |(at, _)| at);
            self.pending.push_str(&rest[..end]);
            rest = &rest[end..];
            released.extend(self.release(false));
            if self.pending.chars().count() > SENTENCE_CHARS_MAX {
                released.extend(self.stop_too_long());
            }
        }
        if fits < piece.len() {
            released.extend(self.stop_too_long());
        }
        released
    }

    /// Gives what is left when nothing more comes.
    pub fn finish(&mut self) -> Vec<Result<Released, Stopped>> {
        if self.is_closed {
            return Vec::new();
        }
        let released = self.release(true);
        self.close();
        released
    }

    /// Whether a sentence may be shown, behind those that were let out already.
    ///
    /// # Errors
    /// Why not.
    pub fn check_sentence(&self, sentence: &str) -> Result<Released, Fault> {
        if sentence.trim().chars().count() > SENTENCE_CHARS_MAX {
            return Err(Fault::TooLong);
        }
        let (text, cites) = marks::taken_out(sentence);
        let text = script::without_bold(&text);
        let mut cited = Vec::with_capacity(cites.len());
        for cite in &cites {
            let ground = cite.checked_sub(1).and_then(|index| self.grounds.get(index)).ok_or(Fault::UnknownCitation)?;
            cited.push(ground);
        }
        if let Some(fault) = script::fault(&text, &cited) {
            return Err(fault);
        }
        if conduct::promises(&text, &cited) || (!self.is_report && acts::have_happened(&text, &cited)) {
            return Err(Fault::Promise);
        }
        if conduct::advises(&text, &cited) {
            return Err(Fault::Advice);
        }
        if cited.is_empty() {
            return Err(Fault::Uncited);
        }
        if cited.iter().any(|ground| !ground.is_in_force) {
            return Err(Fault::NotInForce);
        }
        let (_, words) = self.numbered(&text);
        let read = reading::read(words);
        if !figures::are_held(&read, &cited) {
            return Err(Fault::Figure);
        }
        if !products::are_held(words, &cited) {
            return Err(Fault::Unsupported);
        }
        if !support::is_supported(&figures::words_beside(&read), &cited) || opposites::are_said(words, &cited) {
            return Err(Fault::Unsupported);
        }
        Ok(Released { text, cites })
    }

    /// The sentences that are whole.
    fn release(&mut self, is_all: bool) -> Vec<Result<Released, Stopped>> {
        let mut released = Vec::new();
        while !self.pending.is_empty()
            && let Some(end) = stream::sentence_end(&self.pending, is_all)
        {
            let sentence = self.pending[..end].to_owned();
            let is_last = end == self.pending.len();
            if is_last && marks::taken_out(&sentence).0.trim().is_empty() {
                // White space waits for what follows it.
                break;
            }
            self.pending.drain(..end);
            match self.check_sentence(&sentence) {
                Ok(mut checked) => {
                    // What was judged apart is read apart.
                    if self.is_begun && !checked.text.starts_with(char::is_whitespace) {
                        checked.text.insert(0, ' ');
                    }
                    self.is_begun = true;
                    if let (Some(number), _) = self.numbered(&checked.text) {
                        self.numbering = number;
                    }
                    released.push(Ok(checked));
                }
                Err(fault) => {
                    self.close();
                    released.push(Err(Stopped { fault, text: beginning(&sentence) }));
                    break;
                }
            }
        }
        released
    }

    /// The number of a list item that counts on, and the words behind it.
    fn numbered<'t>(&self, text: &'t str) -> (Option<u32>, &'t str) {
        let line = text.trim_start();
        let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let rest = line[digits..].strip_prefix(['.', ')']).filter(|rest| rest.starts_with(' '));
        let number = line[..digits].parse().ok().filter(|number| *number == 1 || *number == self.numbering + 1);
        match number.zip(rest) {
            Some((number, rest)) => (Some(number), rest),
            None => (None, text),
        }
    }

    fn stop_too_long(&mut self) -> Option<Result<Released, Stopped>> {
        if self.is_closed {
            return None;
        }
        let text = beginning(&self.pending);
        self.close();
        Some(Err(Stopped { fault: Fault::TooLong, text }))
    }

    fn close(&mut self) {
        self.is_closed = true;
        self.pending = String::new();
    }
}

/// What is kept of a text that was stopped.
fn beginning(text: &str) -> String {
    text.chars().take(SENTENCE_CHARS_MAX).collect()
}
