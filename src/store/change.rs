//! The one shape of a write: a conversation's next state and the messages that come with it.

use crate::domain::Author;
use crate::domain::ClientMessageId;
use crate::domain::Decision;
use crate::domain::Engine;
use crate::domain::Intent;
use crate::domain::MessageId;
use crate::domain::QuickReply;
use crate::domain::Report;
use crate::domain::Session;
use crate::domain::Source;
use crate::domain::SuggestedAction;
use crate::store::ModelRun;
use crate::store::RunId;
use crate::store::StoreError;
use crate::text::pii::Masked;

/// One atomic change to one conversation.
#[derive(Debug, Clone)]
pub struct Change {
    /// The state to store. Its `version` is that of the state the change was computed from.
    pub session: Session,
    /// Messages to append, in order.
    pub messages: Vec<NewMessage>,
    /// The message that is answered, if an earlier change stored it. It is answered once: a second answer is refused.
    pub answers: Option<MessageId>,
    /// The record that a model is about to be asked, whose place `runs` take.
    pub ends_run: Option<RunId>,
    /// Why the last message, the assistant's, says what it says.
    pub decision: Option<Decision>,
    /// The automatic report for the agents.
    pub report: Option<Report>,
    /// What language models were asked for it.
    pub runs: Vec<ModelRun>,
}

impl Change {
    /// A change of state without messages.
    pub fn state(session: Session) -> Self {
        Self {
            session,
            messages: Vec::new(),
            answers: None,
            ends_run: None,
            decision: None,
            report: None,
            runs: Vec::new(),
        }
    }

    /// The customer's message of a turn, stored by this change or before.
    pub(super) fn question(&self, committed: &Committed) -> Option<MessageId> {
        self.answers.or_else(|| committed.message_ids.first().copied())
    }
}

/// A message to append. What people wrote is masked by type; what the program says is the bank's own text.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub(super) author: Author,
    pub(super) body: String,
    pub(super) intent: Option<Intent>,
    pub(super) suggested_action: Option<SuggestedAction>,
    pub(super) sources: Vec<Source>,
    pub(super) quick_replies: Vec<QuickReply>,
    pub(super) client_message_id: Option<ClientMessageId>,
    pub(super) is_protected: bool,
    /// What wrote it, if it is the assistant's.
    pub(super) engine: Option<Engine>,
}

impl NewMessage {
    /// What the customer wrote.
    pub fn of_customer(text: Masked, intent: Option<Intent>, client_message_id: Option<ClientMessageId>) -> Self {
        Self { intent, client_message_id, ..Self::of_person(Author::Customer, text) }
    }

    /// What an agent wrote.
    pub fn of_agent(text: Masked) -> Self {
        Self::of_person(Author::Agent, text)
    }

    /// What the assistant answers.
    pub fn of_assistant(
        body: String,
        suggested_action: SuggestedAction,
        sources: Vec<Source>,
        quick_replies: Vec<QuickReply>,
        engine: Engine,
    ) -> Self {
        Self {
            author: Author::Assistant,
            body,
            intent: None,
            suggested_action: Some(suggested_action),
            sources,
            quick_replies,
            client_message_id: None,
            is_protected: false,
            engine: Some(engine),
        }
    }

    /// What the earlier system's assistant answered; it may repeat what the customer wrote.
    pub fn of_earlier_assistant(text: Masked, suggested_action: Option<SuggestedAction>, sources: Vec<Source>) -> Self {
        Self { suggested_action, sources, ..Self::of_person(Author::Assistant, text) }
    }

    fn of_person(author: Author, text: Masked) -> Self {
        Self {
            author,
            is_protected: text.is_altered(),
            body: text.into_string(),
            intent: None,
            suggested_action: None,
            sources: Vec::new(),
            quick_replies: Vec::new(),
            client_message_id: None,
            engine: None,
        }
    }
}

/// What a committed change left behind.
#[derive(Debug, Clone, Default)]
pub struct Committed {
    /// The ids of the appended messages, in order.
    pub message_ids: Vec<MessageId>,
    /// The ids of the records of what models were asked, in order.
    pub run_ids: Vec<RunId>,
}

/// Why a change was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The conversation changed since the state was read; read it again.
    #[error("the conversation was changed by somebody else meanwhile")]
    Stale,
    /// A message with this client_message_id is stored already, or the message is answered already.
    #[error("the message is stored already")]
    Duplicate(MessageId),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}
