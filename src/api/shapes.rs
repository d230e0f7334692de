//! The product's JSON: what existing clients read, and the additions of design §4.

use serde::Serialize;
use utoipa::ToSchema;

use crate::chat::Reply;
use crate::clock::to_kst;
use crate::domain::Author;
use crate::domain::CategoryCandidate;
use crate::domain::Collected;
use crate::domain::Engine;
use crate::domain::Handover;
use crate::domain::HandoverStatus;
use crate::domain::Intent;
use crate::domain::Message;
use crate::domain::MessageId;
use crate::domain::QuickReply;
use crate::domain::Recommendation;
use crate::domain::Report;
use crate::domain::Sentiment;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::Source;
use crate::domain::StageName;
use crate::domain::SuggestedAction;
use crate::domain::Timestamp;

/// A point in time on Korea's wall clock, without offset, to the second (wire contract §1).
pub fn wall_clock(at: Timestamp) -> String {
    let at = to_kst(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// The answer to a chat message.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ChatReply)]
pub struct ReplyShape {
    /// What the assistant says.
    ai_message: String,
    intent: Intent,
    suggested_action: SuggestedAction,
    /// The passages the answer rests on.
    source_documents: Vec<Source>,
    /// Nothing more is asked before an agent comes.
    info_collection_complete: bool,
    /// The hand-over status, if this turn changed it.
    #[schema(required)]
    handover_status: Option<HandoverStatus>,
    /// The customer is on the way to an agent.
    is_human_required_flow: bool,
    /// Always false: nobody is thrown out.
    is_session_end: bool,
    /// The assistant's message; null for what is not stored: a notice, or an answer while nothing can be stored.
    #[schema(required)]
    message_id: Option<i64>,
    /// Nothing can be stored just now, neither the message nor this answer: what the documents tell is told all the same.
    unrecorded: bool,
    /// The customer's message; null for what is not stored.
    #[schema(required)]
    user_message_id: Option<i64>,
    /// The customer's message as it is stored, personal data masked.
    #[schema(required)]
    user_message: Option<String>,
    /// Personal data was masked in the customer's message.
    protected: bool,
    /// The client's own name for its message.
    #[schema(required)]
    client_message_id: Option<String>,
    /// The pack's category, when one was recognised.
    #[schema(required)]
    category: Option<String>,
    /// How sure the category is, 0 to 1.
    confidence: f32,
    /// The categories the message may belong to, best first, at most three.
    category_candidates: Vec<CategoryCandidate>,
    /// What wrote the answer.
    engine: Engine,
    /// The stage the conversation is in now.
    stage: StageName,
    /// Answers offered as buttons.
    quick_replies: Vec<QuickReply>,
    /// When the turn was stored.
    #[schema(required)]
    created_at: Option<String>,
}

impl From<&Reply> for ReplyShape {
    fn from(reply: &Reply) -> Self {
        let shape = Self {
            ai_message: reply.text.clone(),
            intent: reply.intent,
            suggested_action: reply.suggested_action,
            source_documents: reply.unrecorded_sources.clone(),
            info_collection_complete: false,
            handover_status: None,
            is_human_required_flow: false,
            is_session_end: false,
            message_id: None,
            unrecorded: reply.is_unrecorded,
            user_message_id: None,
            user_message: None,
            protected: false,
            client_message_id: None,
            category: None,
            confidence: 0.0,
            category_candidates: Vec::new(),
            engine: if reply.unrecorded_sources.is_empty() { Engine::Rule } else { Engine::Extractive },
            stage: StageName::Assisted,
            quick_replies: Vec::new(),
            created_at: None,
        };
        let Some(turn) = &reply.turn else { return shape };
        let stage = turn.decision.stage_after;
        Self {
            source_documents: turn.answer.sources.clone(),
            info_collection_complete: stage.is_collection_complete(),
            handover_status: turn.decision.handover_change,
            is_human_required_flow: stage.is_human_required_flow(),
            message_id: Some(turn.answer.id.get()),
            user_message_id: Some(turn.question.id.get()),
            user_message: Some(turn.question.body.clone()),
            protected: turn.question.is_protected,
            client_message_id: turn.question.client_message_id.as_ref().map(|id| id.as_str().to_owned()),
            category: turn.decision.category.clone(),
            confidence: turn.decision.confidence,
            category_candidates: turn.decision.category_candidates.clone(),
            engine: turn.decision.engine,
            stage,
            quick_replies: turn.answer.quick_replies.clone(),
            created_at: Some(wall_clock(turn.answer.created_at)),
            ..shape
        }
    }
}

/// One message of a conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageShape {
    /// Its place in the stream; resume after it.
    id: i64,
    /// `user` or `assistant`, as existing clients know it; agents count as assistant.
    role: &'static str,
    /// What it says.
    message: String,
    created_at: String,
    author: Author,
    sources: Vec<Source>,
    quick_replies: Vec<QuickReply>,
    #[schema(required)]
    client_message_id: Option<String>,
    /// Personal data was masked in it.
    protected: bool,
    #[schema(required)]
    suggested_action: Option<SuggestedAction>,
    /// What the customer thinks of it, where a whole conversation is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<FeedbackShape>,
    /// Of an agent's message: who wrote it, where his desk said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_name: Option<String>,
    /// Of the assistant's message: what wrote it. Left out where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<Engine>,
}

/// What a customer thinks of an answer.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = MessageFeedback)]
pub struct FeedbackShape {
    /// It helped.
    pub useful: bool,
}

impl MessageShape {
    /// The same with what the customer thinks of it, by message.
    pub fn with_feedback(self, useful: impl Fn(MessageId) -> Option<bool>) -> Self {
        let feedback = useful(MessageId::new(self.id)).map(|useful| FeedbackShape { useful });
        Self { feedback, ..self }
    }
}

impl From<Message> for MessageShape {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.get(),
            role: match message.author {
                Author::Customer => "user",
                Author::Assistant | Author::Agent | Author::System => "assistant",
            },
            message: message.body,
            created_at: wall_clock(message.created_at),
            author: message.author,
            sources: message.sources,
            quick_replies: message.quick_replies,
            client_message_id: message.client_message_id.map(|id| id.as_str().to_owned()),
            protected: message.is_protected,
            suggested_action: message.suggested_action,
            feedback: None,
            agent_name: message.agent_name,
            engine: message.engine,
        }
    }
}

/// Texts of one page, in bytes before they are written as JSON, so that a page fits one WebSocket frame.
const PAGE_BYTES_MAX: usize = 256 * 1024;

/// Messages in order, and whether there are more.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = History)]
pub struct HistoryShape {
    /// Oldest first.
    pub messages: Vec<MessageShape>,
    /// More follow; ask again after the last one.
    pub more: bool,
}

impl HistoryShape {
    /// Of `limit + 1` messages read, shows `limit`, or fewer if they are long, and says whether one was left over.
    pub fn page(messages: Vec<Message>, limit: u32) -> Self {
        let read = messages.len();
        let mut bytes = 0;
        let fits = |message: &Message| {
            let is_first = bytes == 0;
            bytes += message.body.len() + message.sources.iter().map(|source| source.excerpt.len()).sum::<usize>() + 1;
            is_first || bytes <= PAGE_BYTES_MAX
        };
        let shown = messages.into_iter().take(limit as usize).take_while(fits);
        let messages: Vec<_> = shown.map(MessageShape::from).collect();
        let more = messages.len() < read;
        Self { messages, more }
    }
}

/// A conversation as agents list it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionShape {
    session_id: String,
    created_at: String,
    updated_at: String,
    /// What was collected for the agent; keys that start with `_` are internal.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    collected_info: Collected,
    #[schema(required)]
    handover_status: Option<HandoverStatus>,
    #[schema(required)]
    handover_accepted_at: Option<String>,
    /// Who the bank's web site says the customer is, where it said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_reference: Option<String>,
}

impl From<Session> for SessionShape {
    fn from(session: Session) -> Self {
        Self {
            session_id: session.id.to_string(),
            created_at: wall_clock(session.created_at),
            updated_at: wall_clock(session.updated_at),
            collected_info: session.collected,
            handover_status: session.handover.status(),
            handover_accepted_at: session.handover.accepted_at().map(wall_clock),
            customer_reference: session.customer.map(|reference| reference.as_str().to_owned()),
        }
    }
}

/// Where a hand-over stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HandoverState)]
pub struct HandoverShape {
    session_id: String,
    #[schema(required)]
    handover_status: Option<HandoverStatus>,
    #[schema(required)]
    handover_requested_at: Option<String>,
    #[schema(required)]
    handover_accepted_at: Option<String>,
    #[schema(required)]
    assigned_agent_id: Option<String>,
    /// The customer's place among those who wait for an agent, 1 for the next; only where the state is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<u32>,
    /// What the customer is told of the agent, where his desk gave a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_name: Option<String>,
    /// The conversation was closed and stays so; left out while it is not, and where the state was not asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    is_closed: bool,
}

impl HandoverShape {
    /// The same with what is told to those who ask.
    pub fn asked(self, queue_position: Option<u32>, is_closed: bool) -> Self {
        Self { queue_position, is_closed, ..self }
    }

    /// Of this session.
    pub fn new(session: &SessionId, handover: &Handover) -> Self {
        Self {
            session_id: session.to_string(),
            handover_status: handover.status(),
            handover_requested_at: handover.requested_at().map(wall_clock),
            handover_accepted_at: handover.accepted_at().map(wall_clock),
            assigned_agent_id: handover.agent_id().map(str::to_owned),
            queue_position: None,
            agent_name: handover.agent_name().map(str::to_owned),
            is_closed: false,
        }
    }
}

/// What an agent reads before taking a conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Report)]
pub struct ReportShape {
    customer_sentiment: Sentiment,
    /// Three lines.
    summary: String,
    /// The same three lines, each with the messages it was taken from.
    summary_lines: Vec<SummaryLineShape>,
    /// At most five.
    extracted_keywords: Vec<String>,
    /// Documents that help with the inquiry.
    kms_recommendations: Vec<Recommendation>,
}

/// One line of a summary.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SummaryLine)]
pub struct SummaryLineShape {
    text: String,
    message_ids: Vec<i64>,
}

impl ReportShape {
    /// The report of a conversation that has nothing to report.
    pub fn nothing(summary: &str) -> Self {
        Self {
            customer_sentiment: Sentiment::Neutral,
            summary: summary.to_owned(),
            summary_lines: Vec::new(),
            extracted_keywords: Vec::new(),
            kms_recommendations: Vec::new(),
        }
    }
}

impl From<Report> for ReportShape {
    fn from(report: Report) -> Self {
        let lines: Vec<&str> = report.summary.iter().map(|line| line.text.as_str()).collect();
        Self {
            customer_sentiment: report.sentiment,
            summary: lines.join("\n"),
            summary_lines: report
                .summary
                .iter()
                .map(|line| SummaryLineShape {
                    text: line.text.clone(),
                    message_ids: line.message_ids.iter().map(|id| id.get()).collect(),
                })
                .collect(),
            extracted_keywords: report.keywords,
            kms_recommendations: report.recommendations,
        }
    }
}

/// A report over HTTP.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Analysis {
    /// `success`, or `error` when there was nothing to sum up.
    pub status: &'static str,
    /// The report.
    pub analysis_result: ReportShape,
}

/// Something was done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Done {
    /// Always true; a refusal is an error.
    pub success: bool,
    /// What was done, in Korean.
    pub message: &'static str,
    /// The hand-over status after it, where it is about a hand-over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handover_status: Option<HandoverStatus>,
}

/// A message was stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageStored {
    /// Always true; a refusal is an error.
    pub success: bool,
    /// Its place in the stream.
    pub message_id: i64,
    /// When it was stored.
    pub created_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_koreas_wall_clock_to_the_second() {
        // 2026-11-22T23:05:09.999Z
        assert_eq!(wall_clock(Timestamp::from_unix_ms(1_795_388_709_999)), "2026-11-23T08:05:09");
    }
}
