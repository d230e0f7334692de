//! What a message is about and what it calls for, in the words existing clients read.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

/// What the customer wants of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Intent {
    /// Asks for information or help.
    InfoReq,
    /// Complains about the bank.
    Complaint,
    /// Asks for a person.
    HumanReq,
}

/// The mood a message shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Sentiment {
    /// Content or thankful.
    Positive,
    /// Angry, frustrated or afraid.
    Negative,
    /// Neither.
    Neutral,
}

/// Triage: how a message is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Ticket {
    /// Small talk, noise or something that is not the bank's: a short reply without sources.
    SimpleAnswer,
    /// The bank's documents answer it.
    AutoAnswer,
    /// One more fact is needed before anything can be answered.
    NeedMoreInfo,
    /// A person has to take it.
    HumanRequired,
}

/// What an existing client should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SuggestedAction {
    /// Go on with the assistant.
    Continue,
    /// The conversation is waiting for, or with, a person.
    Handover,
}

/// The word each variant is stored and sent as, and back.
macro_rules! wire_words {
    ($type:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// The word on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The variant for a word from the wire or the database; `None` for any other word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use wire_words;

wire_words!(Intent { InfoReq = "INFO_REQ", Complaint = "COMPLAINT", HumanReq = "HUMAN_REQ" });
wire_words!(Sentiment { Positive = "POSITIVE", Negative = "NEGATIVE", Neutral = "NEUTRAL" });
wire_words!(Ticket {
    SimpleAnswer = "SIMPLE_ANSWER",
    AutoAnswer = "AUTO_ANSWER",
    NeedMoreInfo = "NEED_MORE_INFO",
    HumanRequired = "HUMAN_REQUIRED",
});
wire_words!(SuggestedAction { Continue = "CONTINUE", Handover = "HANDOVER" });
