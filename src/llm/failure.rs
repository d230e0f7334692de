//! What can go wrong with a model, in the words of records and metrics, and for people.

use std::time::Duration;

/// Why an endpoint did not answer, or did not finish.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection, or it broke.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// TLS was begun, and what came back is none.
    #[error("it does not speak TLS there, and url begins with https://")]
    NotTls,
    /// Nothing came within `llm.first_token_timeout`.
    #[error("it was silent for {0:?}")]
    Silent(Duration),
    /// It thought for `llm.thinking_timeout` and said nothing.
    #[error("it only thought, for {0:?}")]
    Thinking(Duration),
    /// The whole answer took longer than it may.
    #[error("the answer was not finished in time")]
    TooLong,
    /// It refused with a status.
    #[error("it answered with status {status}{}", said(.message))]
    Status {
        /// HTTP status.
        status: u16,
        /// When to come back, where it said so.
        retry_after: Option<Duration>,
        /// What it said, shortened.
        message: String,
    },
    /// What it sent is no answer.
    #[error("its answer cannot be read: {0}")]
    Malformed(String),
    /// The answer ended before its end.
    #[error("the answer broke off")]
    CutOff,
    /// It answered without a word.
    #[error("it answered without a word")]
    Empty,
}

/// Why no endpoint was asked, or none answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No endpoint has this role.
    #[error("no endpoint is configured for it")]
    NoEndpoint,
    /// All endpoints for it are left out after failures.
    #[error("all endpoints are left out after failures")]
    AllDown,
    /// `llm.queue_max` questions wait already.
    #[error("too many questions wait already")]
    QueueFull,
    /// It waited for `llm.queue_timeout`.
    #[error("no endpoint became free in time")]
    QueueTimeout,
    /// Those that were asked failed.
    #[error("{endpoint}: {failure}")]
    Failed {
        /// The last one that was asked.
        endpoint: String,
        /// What became of it.
        failure: Failure,
        /// How many were asked.
        attempts: u32,
    },
}

/// What a server said, for the end of a sentence; many say nothing.
pub(super) fn said(message: &str) -> String {
    let message = message.trim();
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

impl Failure {
    /// The word for a model that only thinks.
    pub const THINKING: &'static str = "thinking";

    /// One word for metrics and records.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Connection(_) | Self::NotTls => "connection",
            Self::Silent(_) => "silent",
            Self::Thinking(_) => Self::THINKING,
            Self::TooLong => "too_long",
            Self::Status { status: 429, .. } => "rate_limited",
            Self::Status { status: 401 | 403, .. } => "unauthorized",
            Self::Status { .. } => "status",
            Self::Malformed(_) => "malformed",
            Self::CutOff => "cut_off",
            Self::Empty => "empty",
        }
    }

    /// All words of [`Self::as_str`].
    pub(super) const WORDS: [&'static str; 10] = [
        "connection",
        "silent",
        "thinking",
        "too_long",
        "rate_limited",
        "unauthorized",
        "status",
        "malformed",
        "cut_off",
        "empty",
    ];

    /// Whether the endpoint has read the question all the same, and perhaps counts it.
    pub(super) fn was_read(&self) -> bool {
        match self {
            Self::Connection(_) | Self::NotTls | Self::Status { .. } => false,
            Self::Silent(_) | Self::Thinking(_) | Self::TooLong | Self::Malformed(_) | Self::CutOff | Self::Empty => {
                true
            }
        }
    }

    /// How long the endpoint is to be left out for it at least, however few failures there were: it said so itself, or asking again
    /// cannot help.
    pub(super) fn rest(&self) -> Option<Duration> {
        /// A server that wishes for more is asked again all the same.
        const REST_MAX: Duration = Duration::from_mins(5);
        const RATE_LIMITED: Duration = Duration::from_secs(2);
        const MISCONFIGURED: Duration = Duration::from_secs(30);
        match self {
            Self::Status { retry_after: Some(wait), .. } => Some((*wait).min(REST_MAX)),
            Self::Status { status: 429, .. } => Some(RATE_LIMITED),
            Self::Status { status: 401 | 403 | 404, .. } => Some(MISCONFIGURED),
            Self::Status { .. }
            | Self::Connection(_)
            | Self::NotTls
            | Self::Silent(_)
            | Self::Thinking(_)
            | Self::TooLong
            | Self::Malformed(_)
            | Self::CutOff
            | Self::Empty => None,
        }
    }
}

impl Refused {
    /// How many endpoints have read the question all the same: the first attempt's counts like the last one's.
    pub fn readings(&self) -> u32 {
        match self {
            Self::Failed { failure, attempts, .. } if failure.was_read() => *attempts,
            Self::Failed { .. } | Self::NoEndpoint | Self::AllDown | Self::QueueFull | Self::QueueTimeout => 0,
        }
    }

    /// One word for records.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoEndpoint => "no_endpoint",
            Self::AllDown => "all_down",
            Self::QueueFull => "queue_full",
            Self::QueueTimeout => "queue_timeout",
            Self::Failed { failure, .. } => failure.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_nothing_is_not_quoted() {
        let status = |message: &str| Failure::Status { status: 404, retry_after: None, message: message.to_owned() };
        assert_eq!(status("Not Found").to_string(), "it answered with status 404: Not Found");
        assert_eq!(status(" ").to_string(), "it answered with status 404");
    }
}
