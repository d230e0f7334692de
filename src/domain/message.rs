//! Messages of a conversation, as they are read back from the store and put on the wire.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ClientMessageId;
use crate::domain::Engine;
use crate::domain::Intent;
use crate::domain::MessageId;
use crate::domain::SuggestedAction;
use crate::domain::Timestamp;
use crate::domain::intent::wire_words;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The bank's customer (고객).
    Customer,
    /// The machine.
    Assistant,
    /// A person at the bank (상담원).
    Agent,
    /// A notice of the system itself.
    System,
}

wire_words!(Author { Customer = "customer", Assistant = "assistant", Agent = "agent", System = "system" });

/// One stored message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its place in the stream.
    pub id: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// What it says; a customer's personal data is already masked.
    pub body: String,
    /// Of a customer's message: what he wants.
    pub intent: Option<Intent>,
    /// Of the assistant's message: what the client should do next.
    pub suggested_action: Option<SuggestedAction>,
    /// The passages the message rests on.
    pub sources: Vec<Source>,
    /// Answers offered as buttons.
    pub quick_replies: Vec<QuickReply>,
    /// The client's own name for it.
    pub client_message_id: Option<ClientMessageId>,
    /// Personal data was masked in it.
    pub is_protected: bool,
    /// Of an agent's message: what the customer was told of who he is.
    pub agent_name: Option<String>,
    /// Of the assistant's message: what wrote it; `None` if it was stored before that was.
    pub engine: Option<Engine>,
    /// When it was accepted.
    pub created_at: Timestamp,
}

/// A passage an answer rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// The document's file name in the knowledge pack.
    pub source: String,
    /// The page the passage stands on; 1 where the format has no pages.
    pub page: u32,
    /// How well the passage fits the question, 0 to 1.
    pub score: f32,
    /// The document's id, stable over imports of the same file.
    pub document_id: String,
    /// The document's title.
    pub title: String,
    /// The heading above the passage; empty where there is none.
    pub section: String,
    /// The words of the document the answer was taken from.
    pub excerpt: String,
}

/// An answer offered as a button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuickReply {
    /// What the button says.
    pub label: String,
    /// What is sent when it is pressed.
    pub message: String,
}
