//! Hand-over (상담원 이관): its status, and the report the agent receives.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::MessageId;
use crate::domain::Sentiment;
use crate::domain::Timestamp;
use crate::domain::intent::wire_words;

/// Where a hand-over stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoverStatus {
    /// Asked for; no agent yet.
    Pending,
    /// An agent has taken it.
    Accepted,
    /// Declared in the contract; nothing sets it.
    Declined,
    /// Declared in the contract; nothing sets it.
    Timeout,
    /// The customer changed his mind.
    Cancelled,
}

wire_words!(HandoverStatus {
    Pending = "pending",
    Accepted = "accepted",
    Declined = "declined",
    Timeout = "timeout",
    Cancelled = "cancelled",
});

impl HandoverStatus {
    /// The conversation waits for an agent, or has one.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Accepted)
    }
}

/// Another agent has the conversation already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the hand-over is already accepted")]
pub struct AlreadyAccepted;

/// The hand-over of one session. It changes only through its verbs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handover {
    status: Option<HandoverStatus>,
    requested_at: Option<Timestamp>,
    accepted_at: Option<Timestamp>,
    agent: Option<Attendant>,
}

/// Who took a conversation, as his desk names him.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attendant {
    /// The desk's own name for him.
    pub id: Option<String>,
    /// What the customer is told.
    pub name: Option<String>,
}

impl Handover {
    /// As it was stored.
    pub fn restore(
        status: Option<HandoverStatus>,
        requested_at: Option<Timestamp>,
        accepted_at: Option<Timestamp>,
        agent: Attendant,
    ) -> Self {
        let agent = (agent != Attendant::default()).then_some(agent);
        Self { status, requested_at, accepted_at, agent }
    }

    /// Where it stands; `None` if none was asked for, or the customer refused.
    pub fn status(&self) -> Option<HandoverStatus> {
        self.status
    }

    /// When it was last asked for.
    pub fn requested_at(&self) -> Option<Timestamp> {
        self.requested_at
    }

    /// When an agent last took it. Declining leaves it (wire contract §6).
    pub fn accepted_at(&self) -> Option<Timestamp> {
        self.accepted_at
    }

    /// Who took it.
    pub fn agent_id(&self) -> Option<&str> {
        self.agent.as_ref()?.id.as_deref()
    }

    /// What the customer is told of who took it.
    pub fn agent_name(&self) -> Option<&str> {
        self.agent.as_ref()?.name.as_deref()
    }

    /// A person was asked for. A hand-over an agent already has stays his.
    pub fn request(&mut self, now: Timestamp) {
        if self.status != Some(HandoverStatus::Accepted) {
            self.status = Some(HandoverStatus::Pending);
            self.requested_at = Some(now);
        }
    }

    /// An agent takes the conversation, from any state but accepted.
    ///
    /// # Errors
    /// [`AlreadyAccepted`] when an agent has it.
    pub fn accept(&mut self, agent: Option<Attendant>, now: Timestamp) -> Result<(), AlreadyAccepted> {
        if self.status == Some(HandoverStatus::Accepted) {
            return Err(AlreadyAccepted);
        }
        self.status = Some(HandoverStatus::Accepted);
        self.accepted_at = Some(now);
        if agent.is_some() {
            self.agent = agent;
        }
        Ok(())
    }

    /// The agent gives it back to the queue.
    pub fn decline(&mut self) {
        self.status = Some(HandoverStatus::Pending);
        self.agent = None;
    }

    /// The customer no longer wants a person.
    pub fn cancel(&mut self) {
        self.status = Some(HandoverStatus::Cancelled);
    }

    /// The customer refused consent, so nothing was ever asked for.
    pub fn withdraw(&mut self) {
        self.status = None;
    }
}

/// What an agent reads before taking a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The customer's mood over the conversation.
    pub sentiment: Sentiment,
    /// Three lines: what it is about, what was said and collected, where it stands.
    pub summary: Vec<SummaryLine>,
    /// At most five, most telling first.
    pub keywords: Vec<String>,
    /// Documents that help with the inquiry, best first.
    pub recommendations: Vec<Recommendation>,
}

/// One line of a report's summary, and the messages it was taken from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryLine {
    /// The line.
    pub text: String,
    /// The messages it rests on.
    pub message_ids: Vec<MessageId>,
}

/// A document recommended to the agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recommendation {
    /// The document's title.
    pub title: String,
    /// Where it can be read, relative to this server.
    pub url: String,
    /// How well it fits, 0 to 1.
    pub relevance_score: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declined_hand_over_waits_again_and_can_be_taken_by_another() {
        let mut handover = Handover::default();
        let [first, second] = [1, 2].map(Timestamp::from_unix_ms);
        handover.request(first);
        let agent = |id: &str| Some(Attendant { id: Some(id.to_owned()), name: None });
        handover.accept(agent("agent-1"), first).unwrap();
        assert_eq!(handover.accept(agent("agent-2"), second), Err(AlreadyAccepted));
        handover.decline();
        assert_eq!(handover.status(), Some(HandoverStatus::Pending));
        assert_eq!((handover.agent_id(), handover.accepted_at()), (None, Some(first)));
        handover.accept(agent("agent-2"), second).unwrap();
        assert_eq!((handover.agent_id(), handover.accepted_at()), (Some("agent-2"), Some(second)));
    }

    #[test]
    fn asking_again_does_not_take_the_conversation_from_its_agent() {
        let mut handover = Handover::default();
        handover.accept(None, Timestamp::from_unix_ms(1)).unwrap();
        handover.request(Timestamp::from_unix_ms(2));
        assert_eq!(handover.status(), Some(HandoverStatus::Accepted));
    }
}
