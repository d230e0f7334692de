//! A conversation and the stage it is in.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Author;
use crate::domain::CustomerReference;
use crate::domain::Handover;
use crate::domain::HandoverStatus;
use crate::domain::SessionId;
use crate::domain::SuggestedAction;
use crate::domain::Timestamp;
use crate::domain::TokenHash;
use crate::domain::intent::wire_words;

/// What was collected for the agent: slot or contract key to value.
/// Keys that start with `_` are internal but visible to the agents' screen (wire contract §7).
pub type Collected = BTreeMap<String, String>;

/// Where a conversation stands. `unclear` counts replies in a row that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// The assistant answers.
    Assisted {
        /// Replies in a row that could not be understood.
        unclear: u8,
    },
    /// The customer was asked whether details may be collected for an agent.
    AwaitingConsent {
        /// Replies in a row that were neither yes nor no.
        unclear: u8,
    },
    /// The customer agreed; one slot is being asked for.
    Collecting {
        /// The slot whose question was asked last.
        asking: String,
        /// Replies in a row that did not fit the slot.
        unclear: u8,
    },
    /// Waiting for an agent.
    Queued,
    /// An agent has the conversation.
    Attended,
}

impl Stage {
    /// A conversation's first stage.
    pub const START: Self = Self::Assisted { unclear: 0 };

    /// Which stage it is, without what is true in it.
    pub const fn name(&self) -> StageName {
        match self {
            Self::Assisted { .. } => StageName::Assisted,
            Self::AwaitingConsent { .. } => StageName::AwaitingConsent,
            Self::Collecting { .. } => StageName::Collecting,
            Self::Queued => StageName::Queued,
            Self::Attended => StageName::Attended,
        }
    }
}

/// Which [`Stage`] a conversation is in, as decisions record it and clients read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// [`Stage::Assisted`].
    Assisted,
    /// [`Stage::AwaitingConsent`].
    AwaitingConsent,
    /// [`Stage::Collecting`].
    Collecting,
    /// [`Stage::Queued`].
    Queued,
    /// [`Stage::Attended`].
    Attended,
}

wire_words!(StageName {
    Assisted = "assisted",
    AwaitingConsent = "awaiting_consent",
    Collecting = "collecting",
    Queued = "queued",
    Attended = "attended",
});

impl StageName {
    /// The customer is on the way to a person, or with one (the contract's `is_human_required_flow`).
    pub const fn is_human_required_flow(self) -> bool {
        match self {
            Self::Assisted => false,
            Self::AwaitingConsent | Self::Collecting | Self::Queued | Self::Attended => true,
        }
    }

    /// Nothing more is asked before an agent comes (the contract's `info_collection_complete`).
    pub const fn is_collection_complete(self) -> bool {
        match self {
            Self::Assisted | Self::AwaitingConsent | Self::Collecting => false,
            Self::Queued | Self::Attended => true,
        }
    }

    /// What an existing client should do in this stage.
    pub const fn suggested_action(self) -> SuggestedAction {
        if self.is_collection_complete() { SuggestedAction::Handover } else { SuggestedAction::Continue }
    }
}

/// Whether a conversation goes on. The contract knows active and not; the reason decides whether it may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Activity {
    /// It goes on.
    Active,
    /// Nothing was said for too long; the next message takes it up again.
    Silent,
    /// It was closed on purpose and stays so.
    Closed,
}

wire_words!(Activity { Active = "active", Silent = "silent", Closed = "closed" });

/// A conversation's state. Its messages are in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Counts the changes that were committed; 0 before the first.
    pub version: i64,
    /// Who may use it: whoever holds the token, or, without one, existing clients (design D11).
    pub token_hash: Option<TokenHash>,
    /// Who the bank's web site says the customer is.
    pub customer: Option<CustomerReference>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its last message was accepted.
    pub last_message_at: Option<Timestamp>,
    /// Whether it goes on.
    pub activity: Activity,
    /// Where it stands.
    pub stage: Stage,
    /// What was collected for the agent.
    pub collected: Collected,
    /// The pack's category the conversation is about.
    pub topic: Option<String>,
    /// Whether a person was asked for, and who came.
    pub handover: Handover,
    /// A message with `HANDOVER` was stored, so agents see it (wire contract §6).
    pub is_listed_for_agents: bool,
}

impl Session {
    /// A conversation that begins now.
    pub fn open(id: SessionId, token_hash: Option<TokenHash>, now: Timestamp) -> Self {
        Self {
            id,
            version: 0,
            token_hash,
            customer: None,
            created_at: now,
            updated_at: now,
            last_message_at: None,
            activity: Activity::Active,
            stage: Stage::START,
            collected: Collected::new(),
            topic: None,
            handover: Handover::default(),
            is_listed_for_agents: false,
        }
    }

    /// Where a conversation waits that nothing more is asked in: with the agent who has it, else in the queue.
    pub fn waiting_stage(&self) -> Stage {
        if self.handover.status() == Some(HandoverStatus::Accepted) { Stage::Attended } else { Stage::Queued }
    }

    /// What the customer is told of who writes a message of this author now: the name of the agent who has the conversation.
    pub fn agent_name(&self, author: Author) -> Option<&str> {
        self.handover.agent_name().filter(|_| author == Author::Agent)
    }

    /// The contract's `is_active`.
    pub fn is_active(&self) -> bool {
        self.activity == Activity::Active
    }
}
