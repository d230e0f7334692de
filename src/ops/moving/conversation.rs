//! What becomes of one conversation of the earlier system: pure, from its rows and from what is here of it.

use serde_json::Value;

use crate::domain::Activity;
use crate::domain::HandoverStatus;
use crate::domain::Intent;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::Source;
use crate::domain::SuggestedAction;
use crate::domain::Timestamp;
use crate::ops::moving::standing;
use crate::ops::moving::times;
use crate::ops::moving::times::LastChange;
use crate::ops::moving::times::Said;
use crate::store::Arrival;
use crate::store::ArrivingMessage;
use crate::store::EarlierMessage;
use crate::store::EarlierSession;
use crate::store::Here;
use crate::store::Known;
use crate::store::NewMessage;
use crate::text::pii;

const MASKED: &str = "personal data were masked";
const SPELLINGS: &str = "its id was spelled in several ways";
const NO_TIME: &str = "it has no time that can be read";
const RENUMBERED: &str = "a message here has its number already";
const WAITED: &str = "nobody took it while it was active";
const CONTROL: &str = "control characters in it became spaces";
const BEGAN_HERE: &str = "a conversation that began here has its session_id";
const NO_ID: &str = "its session_id is empty, too long, or has a slash or a control character";
const WENT_ON: &str = "its conversation went on here before this message was moved";
const NO_ROLE: &str = "its role is neither USER nor ASSISTANT";
const NO_TEXT: &str = "it has no text";
const EXPIRED: &str = "it is older than retention.conversations";

/// What is the same for all conversations.
pub(super) struct Site {
    /// The names of the pack's categories.
    pub(super) categories: Vec<String>,
    pub(super) now: Timestamp,
    /// A conversation that is over and was last changed before this has had its time; `None`: none has.
    pub(super) expired_before: Option<Timestamp>,
}

impl Site {
    /// It would be deleted as soon as it is here, or was.
    fn has_expired(&self, session: &Session) -> bool {
        let awaits_agent = session.handover.status().is_some_and(HandoverStatus::is_open);
        let is_over = match session.activity {
            Activity::Silent | Activity::Closed => true,
            // It falls silent here without counting as changed, or nobody ever wrote in it.
            Activity::Active => !awaits_agent,
        };
        is_over && self.expired_before.is_some_and(|before| session.updated_at < before)
    }
}

/// What became of a conversation as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It came over.
    Moved,
    /// It had come over before, and has more now.
    Updated,
    /// It is here already.
    Here,
    /// It stays there.
    Refused,
}

/// What became of it and of its messages.
pub(super) struct Moved {
    /// Its name, as the report tells it.
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) messages_read: u64,
    pub(super) messages_moved: u64,
    pub(super) messages_here: u64,
    /// What came over differently, and why: the conversation, or some of its messages.
    pub(super) changed: Vec<(&'static str, Vec<i64>)>,
    /// What did not come over, and why.
    pub(super) refused: Vec<(&'static str, Vec<i64>)>,
    /// What is to be stored.
    pub(super) arrival: Option<Arrival>,
    /// There was an arrival.
    pub(super) arrives: bool,
}

impl Moved {
    fn new(name: &str, outcome: Outcome, messages: &[EarlierMessage]) -> Self {
        Self {
            name: name.to_owned(),
            outcome,
            messages_read: messages.len() as u64,
            messages_moved: 0,
            messages_here: 0,
            changed: Vec::new(),
            refused: Vec::new(),
            arrival: None,
            arrives: false,
        }
    }

    /// Nothing of it comes over.
    fn refused(name: &str, why: &'static str, messages: &[EarlierMessage]) -> Self {
        let ids = messages.iter().map(|message| message.id).collect();
        Self { refused: vec![(why, ids)], ..Self::new(name, Outcome::Refused, messages) }
    }

    /// Its messages got new numbers.
    pub(super) fn note_renumbered(&mut self, arrival: &Arrival) {
        self.changed.push((RENUMBERED, arrival.messages.iter().map(|message| message.earlier_id).collect()));
    }
}

/// By what a conversation is found here.
pub(super) fn known_by(row: &EarlierSession, messages: &[EarlierMessage]) -> Known {
    let names = [spelling(row, messages), row.session_id.as_str()];
    Known {
        first_message: messages.iter().find(|message| read(message).is_ok()).map(|message| message.id),
        names: names.into_iter().filter_map(|name| SessionId::parse(name).ok()).collect(),
    }
}

/// Decides.
pub(super) fn decide(row: &EarlierSession, messages: &[EarlierMessage], here: Option<Here>, site: &Site) -> Moved {
    let name = spelling(row, messages);
    let Ok(id) = SessionId::parse(name) else { return Moved::refused(name, NO_ID, messages) };
    // Under another spelling it is another conversation, unless that one was moved.
    let here = here.filter(|here| here.moved_version.is_some() || here.session.id == id);
    if here.as_ref().is_some_and(|here| here.moved_version.is_none()) {
        return Moved::refused(name, BEGAN_HERE, messages);
    }
    let id = here.as_ref().map_or(id, |here| here.session.id.clone());
    let mut moved = Moved::new(id.as_str(), Outcome::Here, messages);
    let is_here = |message: &EarlierMessage| here.as_ref().is_some_and(|here| here.earlier_ids.contains(&message.id));
    let goes_on = here.as_ref().is_some_and(|here| !here.is_as_moved());

    let (mut readable, mut no_role, mut no_text, mut late) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for message in messages {
        match read(message) {
            _ if is_here(message) => moved.messages_here += 1,
            Err(NO_TEXT) => no_text.push(message.id),
            Err(_) => no_role.push(message.id),
            Ok(_) if goes_on => late.push(message.id),
            Ok(_) => {}
        }
        readable.extend(read(message).ok().map(|(role, text)| Row { message, role, text }));
    }
    let refused = [(NO_ROLE, no_role), (NO_TEXT, no_text), (WENT_ON, late)];
    moved.refused.extend(refused.into_iter().filter(|(_, ids)| !ids.is_empty()));
    if goes_on {
        return moved;
    }
    let stamps: Vec<Option<&str>> = readable.iter().map(|row| row.message.created_at.as_deref()).collect();
    let said = times::messages(&stamps, row.created_at.as_deref(), site.now);
    let (session, notes) = session(row, &readable, &said.times, id, site);
    if here.is_none() && site.has_expired(&session) {
        return Moved::refused(name, EXPIRED, messages);
    }
    // Masking takes most of the time, and a repeated run finds nearly everything here.
    let arriving = match readable.iter().all(|row| is_here(row.message)) {
        true => Vec::new(),
        false => arriving(&readable, &said, is_here, &mut moved),
    };
    let session = match &here {
        None => session,
        Some(here) => Session { version: here.session.version, ..as_it_is(session, &here.session) },
    };
    let is_news = here.as_ref().is_none_or(|here| !arriving.is_empty() || session != here.session);
    if !is_news {
        moved.changed.clear();
        return moved;
    }
    if messages.iter().any(|message| message.session_id != row.session_id) {
        moved.changed.push((SPELLINGS, Vec::new()));
    }
    for note in notes {
        match moved.changed.iter().any(|(reason, _)| *reason == note) {
            true => {}
            false => moved.changed.push((note, Vec::new())),
        }
    }
    moved.outcome = if here.is_some() { Outcome::Updated } else { Outcome::Moved };
    moved.messages_moved = arriving.len() as u64;
    moved.arrives = true;
    let last_message = here.and_then(|here| here.last_message);
    moved.arrival = Some(Arrival { session, last_message, messages: arriving });
    moved
}

/// A message that can be read.
struct Row<'r> {
    message: &'r EarlierMessage,
    role: Role,
    text: &'r str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    User,
    Assistant,
}

/// The messages that are not here yet, as they are stored.
fn arriving(
    readable: &[Row<'_>],
    said: &Said,
    is_here: impl Fn(&EarlierMessage) -> bool,
    moved: &mut Moved,
) -> Vec<ArrivingMessage> {
    // Each answer of the machine says what is to be done next; what has nothing of it between them is an agent's.
    let tells_action = readable.iter().any(|row| action(row.message).is_some());
    let (mut masked, mut without_time, mut cleaned) = (Vec::new(), Vec::new(), Vec::new());
    let mut arriving = Vec::new();
    let mut before: Option<String> = None;
    for (index, (Row { message, role, text }, created_at)) in readable.iter().zip(&said.times).enumerate() {
        let is_new = !is_here(message);
        if !is_new && *role == Role::Assistant {
            continue;
        }
        let clean = without_controls(text);
        if is_new && clean.is_some() {
            cleaned.push(message.id);
        }
        let text = clean.as_deref().unwrap_or(text);
        let body = match (role, &before) {
            (Role::User, Some(before)) if text.chars().any(char::is_numeric) => pii::mask_after(before, text),
            (Role::User | Role::Assistant, _) => pii::mask(text),
        };
        if *role == Role::User {
            before = Some(body.as_str().to_owned());
        }
        if !is_new {
            continue;
        }
        if body.is_altered() {
            masked.push(message.id);
        }
        if said.borrowed.contains(&index) {
            without_time.push(message.id);
        }
        let stored = match (role, action(message)) {
            (Role::User, _) => NewMessage::of_customer(body, intent(message), None),
            (Role::Assistant, None) if tells_action && sources(message).is_empty() => NewMessage::of_agent(body),
            (Role::Assistant, action) => NewMessage::of_earlier_assistant(body, action, sources(message)),
        };
        arriving.push(ArrivingMessage { earlier_id: message.id, message: stored, created_at: *created_at });
    }
    let changed = [(MASKED, masked), (NO_TIME, without_time), (CONTROL, cleaned)];
    moved.changed.extend(changed.into_iter().filter(|(_, ids)| !ids.is_empty()));
    arriving
}

/// The conversation's state, and what is to be noted of it.
fn session(
    row: &EarlierSession,
    readable: &[Row<'_>],
    said: &[Timestamp],
    id: SessionId,
    site: &Site,
) -> (Session, Vec<&'static str>) {
    let mut notes = Vec::new();
    let last = said.last().copied();
    let created_at = times::created(row.created_at.as_deref(), said, site.now);
    let change = times::updated(row.updated_at.as_deref(), last, site.now);
    let created_or = created_at.or(said.first().copied()).or(match change {
        LastChange::Message => None,
        LastChange::Sweep(at) | LastChange::Later(at) => Some(at),
    });
    if created_at.is_none() && said.is_empty() {
        notes.push(NO_TIME);
    }
    let created_at = created_or.unwrap_or(site.now);
    let (collected, is_masked) = standing::collected(row.collected_info.as_deref());
    if is_masked {
        notes.push(MASKED);
    }
    let standing = standing::of(row, &collected, change, last, site.now);
    if standing.waited_in_vain {
        notes.push(WAITED);
    }
    let is_listed = readable.iter().any(|row| action(row.message) == Some(SuggestedAction::Handover))
        || standing.handover.status().is_some_and(|_| standing.stage.name().is_collection_complete());
    let updated_at = match change {
        LastChange::Message => last.unwrap_or(created_at),
        LastChange::Sweep(at) | LastChange::Later(at) => at.max(created_at),
    };
    let session = Session {
        created_at,
        updated_at,
        last_message_at: last,
        activity: standing.activity,
        stage: standing.stage,
        collected,
        topic: topic(row.context_intent.as_deref(), &site.categories),
        handover: standing.handover,
        is_listed_for_agents: is_listed,
        ..Session::open(id, None, created_at)
    };
    (session, notes)
}

/// What is here, where the earlier system says nothing else: who opened it and when, and that it fell silent here meanwhile.
fn as_it_is(session: Session, here: &Session) -> Session {
    let is_silent_here = here.activity == Activity::Silent && session.activity == Activity::Active;
    let says_no_more = session.last_message_at == here.last_message_at;
    let same = Session {
        created_at: here.created_at,
        customer: here.customer.clone(),
        activity: if is_silent_here && says_no_more { here.activity } else { session.activity },
        ..session
    };
    // The sweep of either system is no news.
    let is_swept = says_no_more && same.activity == here.activity;
    Session { updated_at: if is_swept { here.updated_at } else { same.updated_at }, ..same }
}

/// The spelling its customer used last.
fn spelling<'r>(row: &'r EarlierSession, messages: &'r [EarlierMessage]) -> &'r str {
    let is_customers = |message: &&EarlierMessage| role(message) == Some(Role::User);
    let last = messages.iter().rev().find(is_customers).or(messages.last());
    last.map_or(row.session_id.as_str(), |message| message.session_id.as_str())
}

/// Whose it is and what it says, or why that cannot be read.
fn read(message: &EarlierMessage) -> Result<(Role, &str), &'static str> {
    let role = role(message).ok_or(NO_ROLE)?;
    let text = message.message.as_deref().filter(|text| !text.trim().is_empty()).ok_or(NO_TEXT)?;
    Ok((role, text))
}

fn role(message: &EarlierMessage) -> Option<Role> {
    match message.role.as_deref()?.trim().to_ascii_uppercase().as_str() {
        "USER" => Some(Role::User),
        "ASSISTANT" => Some(Role::Assistant),
        _ => None,
    }
}

fn action(message: &EarlierMessage) -> Option<SuggestedAction> {
    SuggestedAction::parse(&message.suggested_action.as_deref()?.trim().to_ascii_uppercase())
}

fn intent(message: &EarlierMessage) -> Option<Intent> {
    Intent::parse(&message.intent.as_deref()?.trim().to_ascii_uppercase())
}

/// The documents of an answer. The earlier system knew their files' names and pages only.
fn sources(message: &EarlierMessage) -> Vec<Source> {
    let Some(Ok(Value::Array(sources))) = message.source_documents.as_deref().map(serde_json::from_str) else {
        return Vec::new();
    };
    let source = |source: &Value| {
        let name = source.get("source")?.as_str()?.to_owned();
        let page = source.get("page").and_then(Value::as_u64).and_then(|page| u32::try_from(page).ok()).unwrap_or(1);
        let score = source.get("score").and_then(Value::as_f64).unwrap_or(0.0) as f32;
        let (document_id, section, excerpt) = (String::new(), String::new(), String::new());
        Some(Source { title: name.clone(), source: name, page: page.max(1), score, document_id, section, excerpt })
    };
    sources.iter().filter_map(source).collect()
}

/// The pack's name of a category, if only spaces and signs differ; else the earlier one.
fn topic(category: Option<&str>, known: &[String]) -> Option<String> {
    let category = category.map(str::trim).filter(|category| !category.is_empty())?;
    let letters = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let wanted: String = letters(category);
    let exact = known.iter().find(|name| *name == category);
    let found = exact.or_else(|| known.iter().find(|name| letters(name) == wanted));
    Some(found.map_or(category, String::as_str).to_owned())
}

/// The text with spaces for what no client may send; `None` if there is nothing of it.
fn without_controls(text: &str) -> Option<String> {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    text.contains(is_odd).then(|| text.replace(is_odd, " "))
}

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
