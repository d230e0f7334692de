//! One turn: a customer's message and the assistant's answer, committed together before anybody is told.

use std::sync::Arc;
use std::sync::OnceLock;

use crate::chat::Chat;
use crate::chat::ChatError;
use crate::chat::Event;
use crate::chat::STALE_RETRIES;
use crate::chat::Topic;
use crate::chat::cells::Cell;
use crate::chat::context;
use crate::chat::context::Earlier;
use crate::chat::engine::Engine;
use crate::chat::prompts;
use crate::chat::slots;
use crate::chat::triage;
use crate::chat::triage::Said;
use crate::chat::triage::Understanding;
use crate::chat::wording;
use crate::chat::wording::Scene;
use crate::chat::wording::Spoken;
use crate::chat::workflow;
use crate::chat::workflow::CollectedVerb;
use crate::chat::workflow::HandoverVerb;
use crate::chat::workflow::Input;
use crate::chat::workflow::Say;
use crate::chat::workflow::Step;
use crate::domain::Activity;
use crate::domain::Author;
use crate::domain::ClientMessageId;
use crate::domain::Collected;
use crate::domain::Decision;
use crate::domain::Intent;
use crate::domain::Message;
use crate::domain::MessageId;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::Stage;
use crate::domain::SuggestedAction;
use crate::domain::Timestamp;
use crate::store::Change;
use crate::store::CommitError;
use crate::store::Committed;
use crate::store::NewMessage;
use crate::text::pii;
use crate::text::pii::Masked;

/// Earlier messages of the customer that may already hold what would be asked.
const EARLIER_MESSAGES_MAX: usize = 20;
/// The contract's texts of one character that mean something (wire contract §3).
const ONE_CHARACTER_REPLIES: [&str; 6] = ["네", "예", "넵", "응", "어", "노"];

/// What a turn leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What the assistant says.
    pub text: String,
    /// What the customer wants.
    pub intent: Intent,
    /// What the client should do next.
    pub suggested_action: SuggestedAction,
    /// The question and the answer as they were stored, and why; `None` for a notice about a text that was not taken.
    pub turn: Option<StoredTurn>,
}

/// A stored turn.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTurn {
    /// The customer's message, masked.
    pub question: Message,
    /// The assistant's.
    pub answer: Message,
    /// Why.
    pub decision: Decision,
}

impl Reply {
    fn stored(question: Message, answer: Message, decision: Decision) -> Self {
        Self {
            text: answer.body.clone(),
            intent: question.intent.unwrap_or(Intent::InfoReq),
            suggested_action: decision.stage_after.suggested_action(),
            turn: Some(StoredTurn { question, answer, decision }),
        }
    }

    fn notice(text: String) -> Self {
        Self { text, intent: Intent::InfoReq, suggested_action: SuggestedAction::Continue, turn: None }
    }
}

impl Chat {
    /// Takes one customer message and answers it. The first message opens the conversation. A message whose
    /// `client_message_id` is stored already gets the stored answer. `listener` is the subscription the answer is
    /// returned to and that need not hear of it again.
    ///
    /// # Errors
    /// [`ChatError`]; then nothing was stored, except possibly after a time-out of the database, when the same
    /// `client_message_id` finds out.
    pub async fn take_turn(
        &self,
        id: &SessionId,
        text: &str,
        client_message_id: Option<ClientMessageId>,
        listener: Option<u64>,
    ) -> Result<Arc<Reply>, ChatError> {
        if let Some(notice) = self.length_notice(text) {
            return Ok(notice.into());
        }
        if is_no_text(text) {
            return Err(ChatError::InvalidText);
        }
        let cell = self.inner.cells.get(id);
        cell.admit().map_err(|retry_after| ChatError::RateLimited { retry_after })?;
        let engine = self.engine().await?;
        let mut state = cell.enter().await?;
        let masked = self.mask(id, text).await?;
        for _ in 0..STALE_RETRIES {
            let before = match state.take() {
                Some(session) => session,
                None if cell.take_unknown() => Session::open(id.clone(), None, self.inner.clock.now()),
                None => {
                    let stored = self.inner.store.sessions().find(id).await?;
                    stored.unwrap_or_else(|| Session::open(id.clone(), None, self.inner.clock.now()))
                }
            };
            let Plan { change, drafts, is_handover_changed, quoted } =
                self.plan(&engine, before, text, &masked, client_message_id.clone(), &cell).await?;
            let told = Arc::new(OnceLock::new());
            let (hub, topic, tell) = (self.inner.hub.clone(), Topic::Session(id.clone()), Arc::clone(&told));
            let handover = is_handover_changed.then(|| change.session.handover.clone());
            let announced = Arc::clone(&cell);
            let announce = move |committed: &Committed| {
                let [question, answer] = committed.message_ids[..] else { return };
                announced.note_announced(answer);
                let reply = Arc::clone(tell.get_or_init(|| Arc::new(drafts.stored(question, answer))));
                hub.publish(&topic, Event::Turn(reply).into(), listener);
                if let Some(handover) = handover {
                    hub.publish(&topic, Event::Handover(handover).into(), None);
                }
            };
            match self.commit(&mut state, change, announce).await {
                Ok(_) => {
                    cell.note(state.as_ref());
                    cell.note_answer(quoted.as_deref());
                    return told.get().cloned().ok_or(ChatError::Contended);
                }
                Err(CommitError::Stale) => {}
                Err(CommitError::Duplicate(question)) => {
                    drop(state);
                    let reply = Arc::new(self.replay(id, question).await?);
                    // A commit of unknown outcome told nobody; now it is known to have happened.
                    if reply.turn.as_ref().is_some_and(|turn| cell.note_announced(turn.answer.id)) {
                        let event = Event::Turn(Arc::clone(&reply));
                        self.inner.hub.publish(&Topic::Session(id.clone()), event.into(), listener);
                    }
                    return Ok(reply);
                }
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(ChatError::Contended)
    }

    /// The reply that was given to a stored message.
    async fn replay(&self, id: &SessionId, question: MessageId) -> Result<Reply, ChatError> {
        let messages = self.inner.store.messages();
        match (messages.find(id, question).await?, messages.answer_to(id, question).await?) {
            (Some(question), Some((answer, decision))) => Ok(Reply::stored(question, answer, decision)),
            _ => Err(ChatError::NameTaken(question)),
        }
    }

    /// Understands, decides and words one turn.
    async fn plan(
        &self,
        engine: &Arc<Engine>,
        mut session: Session,
        text: &str,
        masked: &Masked,
        client_message_id: Option<ClientMessageId>,
        cell: &Cell,
    ) -> Result<Plan, ChatError> {
        let today = self.inner.clock.today_in_korea();
        let looks_back =
            matches!(session.stage, Stage::Assisted { .. }) && context::looks_back(engine, masked.as_str());
        let earlier = if looks_back { self.earlier(&session.id).await? } else { Earlier::default() };
        let said = Said { raw: text, masked: masked.as_str(), earlier: &earlier };
        let mut understanding = triage::understand(engine, (&session).into(), said, today);
        if matches!(session.stage, Stage::AwaitingConsent { .. }) && understanding.input == Input::Agrees {
            // Agreeing to collect details looks back, so that nothing already said is asked.
            let earlier = self.said_by_customer(&session.id, EARLIER_MESSAGES_MAX).await?;
            let said: Vec<&str> = earlier.iter().map(String::as_str).chain([text]).collect();
            triage::plan_collection(engine, (&session).into(), &said, &mut understanding);
        }
        let step = workflow::next(
            &session.stage,
            understanding.input,
            understanding.missing.as_deref(),
            self.inner.unclear_max,
        );
        let now = self.inner.clock.now();
        let stage_before = session.stage.name();
        let handover_before = session.handover.clone();
        perform(engine, &mut session, &step, &understanding, now);
        let quoted =
            understanding.answer.as_ref().filter(|_| step.say == Say::Answer).map(|answer| answer.text.clone());
        let scene = Scene {
            engine,
            now: self.inner.clock.now_in_korea(),
            topic: session.topic.as_deref(),
            is_repeated: quoted.as_deref().is_some_and(|answer| cell.was_answered(answer)),
        };
        let mut spoken = wording::word(&scene, &step, &understanding);
        if let Some(warning) = wording::warning(masked) {
            spoken.text = format!("{warning}\n\n{}", spoken.text);
        }
        let topic = understanding.topic(engine);
        let decision = Decision {
            ticket: step.ticket,
            category: topic.map(|(category, _)| category.to_owned()),
            confidence: topic.map_or(0.0, |(_, confidence)| confidence),
            category_candidates: understanding.candidates(),
            rule: step.rule.to_owned(),
            stage_before,
            stage_after: session.stage.name(),
            handover_change: if session.handover.status() == handover_before.status() {
                None
            } else {
                session.handover.status()
            },
            engine: spoken.by,
            pack_digest: engine.digest().to_owned(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let is_handover_changed = session.handover != handover_before;
        let drafts = Drafts {
            question: masked.as_str().to_owned(),
            is_protected: masked.is_altered(),
            intent: understanding.intent,
            client_message_id: client_message_id.clone(),
            answer: spoken,
            decision: decision.clone(),
            created_at: now,
        };
        let messages = vec![
            NewMessage::of_customer(masked.clone(), Some(drafts.intent), client_message_id),
            NewMessage::of_assistant(
                drafts.answer.text.clone(),
                decision.stage_after.suggested_action(),
                drafts.answer.sources.clone(),
                drafts.answer.buttons.clone(),
            ),
        ];
        let change = Change { session, messages, decision: Some(decision), report: None };
        Ok(Plan { change, drafts, is_handover_changed, quoted })
    }

    /// Masks a message. A number may begin in the message before it, so that is looked at where digits make it possible.
    async fn mask(&self, id: &SessionId, text: &str) -> Result<Masked, ChatError> {
        if !text.chars().any(char::is_numeric) {
            return Ok(pii::mask(text));
        }
        let before = self.inner.store.messages().latest(id, 2).await?;
        let before = before.iter().rev().find(|message| message.author == Author::Customer);
        Ok(before.map_or_else(|| pii::mask(text), |before| pii::mask_after(&before.body, text)))
    }

    /// What went before a message that leans on it.
    async fn earlier(&self, id: &SessionId) -> Result<Earlier, ChatError> {
        // Each message of the customer has an answer.
        let messages = self.inner.store.messages().latest(id, 2 * context::EARLIER_MAX as u32).await?;
        let last_answer = messages.iter().rfind(|message| message.author == Author::Assistant);
        let cited = last_answer.map(|answer| answer.sources.iter().map(|source| source.document_id.clone()).collect());
        let of_customer = messages.into_iter().filter(|message| message.author == Author::Customer);
        Ok(Earlier { said: of_customer.map(|message| message.body).collect(), cited: cited.unwrap_or_default() })
    }

    /// The customer's last messages as they are stored, at most `limit`, from old to new.
    async fn said_by_customer(&self, id: &SessionId, limit: usize) -> Result<Vec<String>, ChatError> {
        // Each of them has an answer.
        let messages = self.inner.store.messages().latest(id, 2 * limit as u32).await?;
        let of_customer = messages.into_iter().filter(|message| message.author == Author::Customer);
        Ok(of_customer.map(|message| message.body).collect())
    }

    fn length_notice(&self, text: &str) -> Option<Reply> {
        let text = text.trim();
        let (chars_min, chars_max) = (self.inner.message_chars_min, self.inner.message_chars_max);
        let chars = text.chars().count();
        if chars > chars_max {
            return Some(Reply::notice(prompts::too_long(chars, chars_max)));
        }
        let is_too_short = chars < chars_min && !ONE_CHARACTER_REPLIES.contains(&text);
        is_too_short.then(|| Reply::notice(prompts::TOO_SHORT.to_owned()))
    }
}

/// Holds a control character other than the white space people type.
pub(super) fn is_no_text(text: &str) -> bool {
    text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
}

/// A turn that is decided but not yet stored.
struct Plan {
    change: Change,
    drafts: Drafts,
    is_handover_changed: bool,
    /// The answer from documents, without what is said around it.
    quoted: Option<String>,
}

/// The two messages of a turn before they have ids.
struct Drafts {
    question: String,
    is_protected: bool,
    intent: Intent,
    client_message_id: Option<ClientMessageId>,
    answer: Spoken,
    decision: Decision,
    created_at: Timestamp,
}

impl Drafts {
    /// The turn, now that its messages have ids.
    fn stored(self, question: MessageId, answer: MessageId) -> Reply {
        let question = Message {
            id: question,
            author: Author::Customer,
            body: self.question,
            intent: Some(self.intent),
            suggested_action: None,
            sources: Vec::new(),
            quick_replies: Vec::new(),
            client_message_id: self.client_message_id,
            is_protected: self.is_protected,
            agent_name: None,
            created_at: self.created_at,
        };
        let answer = Message {
            id: answer,
            author: Author::Assistant,
            body: self.answer.text,
            intent: None,
            suggested_action: Some(self.decision.stage_after.suggested_action()),
            sources: self.answer.sources,
            quick_replies: self.answer.buttons,
            client_message_id: None,
            is_protected: false,
            agent_name: None,
            created_at: self.created_at,
        };
        Reply::stored(question, answer, self.decision)
    }
}

/// Applies a step to the conversation's state.
fn perform(engine: &Engine, session: &mut Session, step: &Step, understanding: &Understanding, now: Timestamp) {
    if matches!(session.stage, Stage::Assisted { .. })
        && let Some((category, _)) = understanding.topic(engine)
    {
        session.topic = Some(category.to_owned());
    }
    match step.collected {
        CollectedVerb::Keep => {}
        CollectedVerb::Clear => session.collected.clear(),
        CollectedVerb::Start => {
            session.collected = match engine.category_or_default(session.topic.as_deref()) {
                Some(category) => slots::start(category),
                None => Collected::new(),
            };
            session.collected.extend(understanding.values.iter().cloned());
        }
        CollectedVerb::Store => session.collected.extend(understanding.values.iter().cloned()),
        CollectedVerb::Skip => {
            session.collected.extend(understanding.values.iter().cloned());
            if let Stage::Collecting { asking, .. } = &session.stage {
                session.collected.entry(asking.clone()).or_insert_with(|| slots::UNKNOWN.to_owned());
            }
        }
    }
    match &step.stage {
        Stage::Collecting { asking, .. } => {
            session.collected.insert(slots::ASKING.to_owned(), asking.clone());
            session.collected.insert("_waiting_intro_shown".to_owned(), "true".to_owned());
        }
        Stage::Assisted { .. } | Stage::AwaitingConsent { .. } | Stage::Queued | Stage::Attended => {
            session.collected.remove(slots::ASKING);
        }
    }
    match step.handover {
        HandoverVerb::Keep => {}
        HandoverVerb::Request => session.handover.request(now),
        HandoverVerb::Cancel => session.handover.cancel(),
        HandoverVerb::Withdraw => session.handover.withdraw(),
    }
    session.stage = if step.stage == Stage::Queued { session.waiting_stage() } else { step.stage.clone() };
    // A closed conversation answers but stays closed (wire contract §6), until its customer needs a person: agents see
    // and take only what is open.
    let needs_person = session.stage.name().is_human_required_flow();
    if session.activity == Activity::Silent || needs_person {
        session.activity = Activity::Active;
    }
    session.is_listed_for_agents |= session.stage.name().is_collection_complete();
    session.updated_at = now;
    session.last_message_at = Some(now);
}
