//! Identifiers. Each is well-formed by construction, so nothing inside checks it again.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

/// Why a string is not an identifier. `Display` completes the sentence "… is not valid: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// More characters than the contract allows.
    #[error("it is longer than {chars_max} characters")]
    TooLong {
        /// The largest number of characters.
        chars_max: usize,
    },
    /// A character that cannot stand in one segment of a path.
    #[error("it contains a slash or a control character")]
    Forbidden,
}

/// A conversation's id: opaque, chosen by the client or by us, compared exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// The contract's limit (wire contract §1).
    pub const CHARS_MAX: usize = 255;

    /// Accepts any client's id that fits one path segment.
    ///
    /// # Errors
    /// [`InvalidId`] when it is blank, longer than [`Self::CHARS_MAX`], or holds a slash or control character.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        parse_id(text, Self::CHARS_MAX).map(Self)
    }

    /// The id as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name a client gives its own message, so that a repeated delivery is recognised.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct ClientMessageId(Arc<str>);

impl ClientMessageId {
    /// Design §4.
    pub const CHARS_MAX: usize = 64;

    /// Accepts a client's name for its message.
    ///
    /// # Errors
    /// As [`SessionId::parse`], with [`Self::CHARS_MAX`].
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        parse_id(text, Self::CHARS_MAX).map(Self)
    }

    /// The name as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name an agent's desk gives the agent who takes a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentId(String);

impl AgentId {
    /// The contract's limit (wire contract §10).
    pub const CHARS_MAX: usize = 100;

    /// Accepts a desk's name for an agent.
    ///
    /// # Errors
    /// As [`SessionId::parse`], with [`Self::CHARS_MAX`].
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        parse_id(text, Self::CHARS_MAX).map(|id: Arc<str>| Self(id.as_ref().to_owned()))
    }

    /// The name as the desk wrote it.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// What customers are told of the agent who takes their conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentName(String);

impl AgentName {
    /// As long as a name of a person or a team is.
    pub const CHARS_MAX: usize = 40;

    /// Accepts a name that is one line.
    ///
    /// # Errors
    /// [`InvalidId`] when it is blank, longer than [`Self::CHARS_MAX`], or holds a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        check_id(text, Self::CHARS_MAX, char::is_control)?;
        Ok(Self(text.trim().to_owned()))
    }

    /// The name as the desk wrote it.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// The bank's own word for its customer, as its web site signed it: opaque to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerReference(String);

impl CustomerReference {
    /// `docs/embedding.md`.
    pub const CHARS_MAX: usize = 256;

    /// Accepts any word that is one line.
    ///
    /// # Errors
    /// [`InvalidId`] when it is blank, longer than [`Self::CHARS_MAX`], or holds a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        check_id(text, Self::CHARS_MAX, char::is_control)?;
        Ok(Self(text.to_owned()))
    }

    /// The word as the bank wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message's place in the one stream of all messages: positive and strictly increasing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(i64);

impl MessageId {
    /// From the database or the wire.
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The bare number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// The secret that proves who opened a session. Shown once, stored only as [`TokenHash`].
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// Wraps a token that was just made or that a client presented.
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for the one reply that tells the client.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(***)")
    }
}

/// SHA-256 of a [`SessionToken`], in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHash(pub String);

fn parse_id(text: &str, chars_max: usize) -> Result<Arc<str>, InvalidId> {
    check_id(text, chars_max, |c| c == '/' || c.is_control())?;
    Ok(text.into())
}

fn check_id(text: &str, chars_max: usize, is_forbidden: impl Fn(char) -> bool) -> Result<(), InvalidId> {
    if text.trim().is_empty() {
        return Err(InvalidId::Empty);
    }
    // A character is at most four bytes, so a long text is refused without being walked.
    if text.len() > chars_max * 4 || text.chars().count() > chars_max {
        return Err(InvalidId::TooLong { chars_max });
    }
    if text.chars().any(is_forbidden) {
        return Err(InvalidId::Forbidden);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_fit_one_path_segment() {
        for (text, expected) in [
            ("test_session_001", Ok(())),
            ("고객 1", Ok(())),
            (" padded ", Ok(())),
            ("", Err(InvalidId::Empty)),
            ("  ", Err(InvalidId::Empty)),
            ("a/b", Err(InvalidId::Forbidden)),
            ("a\0b", Err(InvalidId::Forbidden)),
            ("a\nb", Err(InvalidId::Forbidden)),
        ] {
            assert_eq!(SessionId::parse(text).map(|_| ()), expected, "{text:?}");
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(SessionId::parse(&"가".repeat(255)).is_ok());
        assert_eq!(SessionId::parse(&"가".repeat(256)), Err(InvalidId::TooLong { chars_max: 255 }));
        assert_eq!(SessionId::parse(&"a".repeat(1 << 20)), Err(InvalidId::TooLong { chars_max: 255 }));
    }
}
