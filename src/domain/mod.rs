//! The words of the business: plain data that every room speaks in.
//!
//! Invariants live in the types: a [`SessionId`] is well-formed, a [`Stage`] carries exactly what is
//! true in it, a [`Handover`] changes only through its verbs. This room does no I/O, reads no clock and
//! knows nothing of HTTP, SQL or Korean text.

mod decision;
mod feedback;
mod handover;
mod ids;
mod intent;
mod message;
mod session;
mod timestamp;

pub use decision::CategoryCandidate;
pub use decision::Decision;
pub use decision::Engine;
pub use decision::PassageVersion;
pub use feedback::FeedbackReason;
pub use handover::AlreadyAccepted;
pub use handover::Attendant;
pub use handover::Handover;
pub use handover::HandoverStatus;
pub use handover::Recommendation;
pub use handover::Report;
pub use handover::SummaryLine;
pub use ids::AgentId;
pub use ids::AgentName;
pub use ids::ClientMessageId;
pub use ids::CustomerReference;
pub use ids::InvalidId;
pub use ids::MessageId;
pub use ids::SessionId;
pub use ids::SessionToken;
pub use ids::TokenHash;
pub use intent::Intent;
pub use intent::Sentiment;
pub use intent::SuggestedAction;
pub use intent::Ticket;
pub use message::Author;
pub use message::Message;
pub use message::QuickReply;
pub use message::Source;
pub use session::Activity;
pub use session::Collected;
pub use session::Session;
pub use session::Stage;
pub use session::StageName;
pub use timestamp::Timestamp;
