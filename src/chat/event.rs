//! What happens in a conversation, for everybody who watches it.

use std::sync::Arc;

use crate::chat::Reply;
use crate::domain::Handover;
use crate::domain::Message;
use crate::domain::SessionId;
use crate::store::DashboardReport;

/// What can be listened to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One conversation.
    Session(SessionId),
    /// Automatic hand-over reports of all conversations, for the agents' dashboards.
    Dashboards,
}

/// Something that happened, after it was committed.
#[derive(Debug, Clone)]
pub enum Event {
    /// The customer wrote and the assistant answered.
    Turn(Arc<Reply>),
    /// The customer wrote to the agent; the assistant was not asked.
    CustomerMessage(Message),
    /// An agent wrote.
    AgentMessage(Message),
    /// The hand-over changed.
    Handover(Handover),
    /// The conversation was closed.
    Closed,
    /// A report for the dashboards.
    Report(DashboardReport),
}
