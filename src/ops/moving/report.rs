//! What was moved, changed and refused, for people and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::ops::moving::conversation::Moved;
use crate::ops::moving::conversation::Outcome;

/// So many conversations are named for one reason.
const NAMED_MAX: usize = 100_000;
/// Why messages that belong to nothing stay.
const ORPHANED: &str = "its conversation is not in chat_sessions";

/// Counts of conversations or messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// That there are, as far as they were read.
    pub read: u64,
    /// That came over.
    pub moved: u64,
    /// That had come over before and have more now; conversations only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<u64>,
    /// That are here already.
    pub here_already: u64,
    /// That stay there.
    pub refused: u64,
}

/// What is noted for one reason.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Noted {
    /// How many conversations.
    pub conversations: u64,
    /// How many messages; 0 if it is about conversations as such.
    pub messages: u64,
    /// Which, with the numbers that messages have in the earlier system.
    pub named: Vec<Named>,
    /// How many conversations more.
    pub not_named: u64,
}

/// A conversation, and those of its messages that are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its id.
    pub session_id: String,
    /// Numbers of messages in the earlier system.
    pub messages: Vec<i64>,
}

/// What a run did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MovingReport {
    /// Nothing was written; it says what would have been done.
    #[serde(rename = "dry_run")]
    pub is_rehearsal: bool,
    /// Conversations.
    pub conversations: Counts,
    /// Messages.
    pub messages: Counts,
    /// What came over differently, by reason.
    pub changed: BTreeMap<&'static str, Noted>,
    /// What did not come over, by reason.
    pub refused: BTreeMap<&'static str, Noted>,
}

impl MovingReport {
    /// Adds what became of a conversation.
    pub(super) fn add(&mut self, moved: Moved) {
        let conversations = &mut self.conversations;
        conversations.read += 1;
        let updated = conversations.updated.get_or_insert(0);
        match moved.outcome {
            Outcome::Moved => conversations.moved += 1,
            Outcome::Updated => *updated += 1,
            Outcome::Here => conversations.here_already += 1,
            Outcome::Refused => conversations.refused += 1,
        }
        self.messages.read += moved.messages_read;
        self.messages.moved += moved.messages_moved;
        self.messages.here_already += moved.messages_here;
        for (reason, ids) in moved.changed {
            note(&mut self.changed, reason, &moved.name, ids);
        }
        for (reason, ids) in moved.refused {
            self.messages.refused += ids.len() as u64;
            note(&mut self.refused, reason, &moved.name, ids);
        }
    }

    /// Adds a message without a conversation.
    pub(super) fn add_orphan(&mut self, session: &str, id: i64) {
        self.messages.read += 1;
        self.messages.refused += 1;
        let noted = self.refused.entry(ORPHANED).or_default();
        match noted.named.last_mut().filter(|last| last.session_id == session) {
            Some(last) => {
                noted.messages += 1;
                last.messages.push(id);
            }
            None => note(&mut self.refused, ORPHANED, session, vec![id]),
        }
    }
}

fn note(noted: &mut BTreeMap<&'static str, Noted>, reason: &'static str, session: &str, messages: Vec<i64>) {
    let noted = noted.entry(reason).or_default();
    noted.conversations += 1;
    noted.messages += messages.len() as u64;
    if noted.named.len() < NAMED_MAX {
        noted.named.push(Named { session_id: session.to_owned(), messages });
    } else {
        noted.not_named += 1;
    }
}

/// The counts and the reasons; no ids.
impl fmt::Display for MovingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (conversations, messages) = (&self.conversations, &self.messages);
        writeln!(
            f,
            "conversations {} read: {} moved, {} updated, {} here already, {} refused",
            conversations.read,
            conversations.moved,
            conversations.updated.unwrap_or(0),
            conversations.here_already,
            conversations.refused
        )?;
        writeln!(
            f,
            "messages      {} read: {} moved, {} here already, {} refused",
            messages.read, messages.moved, messages.here_already, messages.refused
        )?;
        for (heading, reasons) in [("changed", &self.changed), ("refused", &self.refused)] {
            if !reasons.is_empty() {
                writeln!(f, "\n{heading}")?;
            }
            for (reason, noted) in reasons {
                match noted.messages {
                    0 => writeln!(f, "  {reason}: {} conversations", noted.conversations)?,
                    messages => {
                        writeln!(f, "  {reason}: {messages} messages of {} conversations", noted.conversations)?;
                    }
                }
            }
        }
        Ok(())
    }
}
