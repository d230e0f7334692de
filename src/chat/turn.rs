//! One turn: a customer's message and the assistant's answer, committed together before anybody is told.

use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::chat::Chat;
use crate::chat::ChatError;
use crate::chat::Event;
use crate::chat::STALE_RETRIES;
use crate::chat::Topic;
use crate::chat::cells::Cell;
use crate::chat::context;
use crate::chat::context::Earlier;
use crate::chat::model::Listener;
use crate::chat::plan::Aid;
use crate::chat::plan::Outcome;
use crate::chat::plan::Plan;
use crate::chat::plan::Taken;
use crate::chat::plan::Want;
use crate::chat::prompts;
use crate::domain::Author;
use crate::domain::ClientMessageId;
use crate::domain::Decision;
use crate::domain::Intent;
use crate::domain::Message;
use crate::domain::MessageId;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::SuggestedAction;
use crate::store::CommitError;
use crate::store::Committed;
use crate::text::pii;
use crate::text::pii::Masked;

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

/// Who asked, and what he hears beside the reply.
#[derive(Debug, Default)]
pub struct Asker {
    /// The subscription the answer is returned to and that need not hear of it again.
    pub subscription: Option<u64>,
    /// Hears how the answer comes along, where a model writes it.
    pub progress: Option<Listener>,
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
    pub(super) fn stored(question: Message, answer: Message, decision: Decision) -> Self {
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
    /// `client_message_id` is stored already gets the stored answer.
    ///
    /// Where a language model may be asked, a turn that was begun is stored even if the caller stops waiting; the model is then no
    /// longer listened to.
    ///
    /// # Errors
    /// [`ChatError`]; then nothing was stored, except possibly after a time-out of the database, when the same
    /// `client_message_id` finds out.
    pub async fn take_turn(
        &self,
        id: &SessionId,
        text: &str,
        client_message_id: Option<ClientMessageId>,
        asker: Asker,
    ) -> Result<Arc<Reply>, ChatError> {
        if let Some(notice) = self.length_notice(text) {
            return Ok(notice.into());
        }
        if is_no_text(text) {
            return Err(ChatError::InvalidText);
        }
        let cell = self.inner.cells.get(id);
        cell.admit().map_err(|retry_after| ChatError::RateLimited { retry_after })?;
        let left = CancellationToken::new();
        let Some(model) = &self.inner.model else {
            return self.turn(&cell, id, text, client_message_id, asker, left).await;
        };
        let _leaves = left.clone().drop_guard();
        let (chat, id, text) = (self.clone(), id.clone(), text.to_owned());
        let turn = async move { chat.turn(&cell, &id, &text, client_message_id, asker, left).await };
        match model.tracker().spawn(turn).await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(ChatError::NotReady),
            },
        }
    }

    async fn turn(
        &self,
        cell: &Arc<Cell>,
        id: &SessionId,
        text: &str,
        client_message_id: Option<ClientMessageId>,
        asker: Asker,
        left: CancellationToken,
    ) -> Result<Arc<Reply>, ChatError> {
        let begun_at = Instant::now();
        let engine = self.engine().await?;
        let _turn = if self.inner.model.is_some() { Some(cell.begin_turn().await?) } else { None };
        let mut state = cell.enter().await?;
        let masked = self.mask(id, text).await?;
        let taken = Taken { text, masked: &masked, client_message_id, cell, begun_at };
        let mut aid = Aid::default();
        let mut stale = 0;
        while stale < STALE_RETRIES {
            let before = match state.take() {
                Some(session) => session,
                None if cell.take_unknown() => Session::open(id.clone(), None, self.inner.clock.now()),
                None => {
                    let stored = self.inner.store.sessions().find(id).await?;
                    stored.unwrap_or_else(|| Session::open(id.clone(), None, self.inner.clock.now()))
                }
            };
            let kept = self.inner.model.as_ref().map(|_| before.clone());
            let Plan { change, drafts, is_handover_changed, quoted } =
                match self.plan(&engine, before, &taken, &aid).await? {
                    Outcome::Planned(plan) => *plan,
                    Outcome::Wants(want) => {
                        if let Some(name) = &taken.client_message_id
                            && let Some(question) = self.inner.store.messages().named(id, name).await?
                        {
                            drop(state);
                            return self.replay_and_tell(cell, id, question, asker.subscription).await;
                        }
                        // Others may change the conversation while a model speaks; what was planned is then planned again.
                        *state = kept.filter(|session| session.version > 0);
                        cell.note_unknown(state.is_none());
                        drop(state);
                        self.ask_model(want, id, cell, &left, asker.progress.as_ref(), &mut aid).await;
                        state = cell.enter().await?;
                        continue;
                    }
                };
            let told = Arc::new(OnceLock::new());
            let (hub, topic, tell) = (self.inner.hub.clone(), Topic::Session(id.clone()), Arc::clone(&told));
            let handover = is_handover_changed.then(|| change.session.handover.clone());
            let announced = Arc::clone(cell);
            let listener = asker.subscription;
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
                Err(CommitError::Stale) => stale += 1,
                Err(CommitError::Duplicate(question)) => {
                    drop(state);
                    return self.replay_and_tell(cell, id, question, asker.subscription).await;
                }
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(ChatError::Contended)
    }

    /// Asks the model for what a plan wants of it.
    async fn ask_model(
        &self,
        want: Want,
        id: &SessionId,
        cell: &Arc<Cell>,
        left: &CancellationToken,
        listener: Option<&Listener>,
        aid: &mut Aid,
    ) {
        let Some(model) = &self.inner.model else { return };
        match want {
            Want::Category { engine, question } => {
                let stop = model.stop(left.clone(), Some(Arc::clone(cell)), None);
                aid.categorised = Some(model.categorise(&engine, id, &question, &stop).await);
            }
            Want::Answer { task, category } => {
                let stop = model.stop(left.clone(), Some(Arc::clone(cell)), category);
                aid.composed = Some(model.compose(&task, &stop, listener).await);
            }
        }
    }

    /// The reply that was given to a stored message. A commit of unknown outcome told nobody; now it is known to have
    /// happened.
    async fn replay_and_tell(
        &self,
        cell: &Cell,
        id: &SessionId,
        question: MessageId,
        listener: Option<u64>,
    ) -> Result<Arc<Reply>, ChatError> {
        let reply = Arc::new(self.replay(id, question).await?);
        if reply.turn.as_ref().is_some_and(|turn| cell.note_announced(turn.answer.id)) {
            let event = Event::Turn(Arc::clone(&reply));
            self.inner.hub.publish(&Topic::Session(id.clone()), event.into(), listener);
        }
        Ok(reply)
    }

    /// The reply that was given to a stored message.
    async fn replay(&self, id: &SessionId, question: MessageId) -> Result<Reply, ChatError> {
        let messages = self.inner.store.messages();
        match (messages.find(id, question).await?, messages.answer_to(id, question).await?) {
            (Some(question), Some((answer, decision))) => Ok(Reply::stored(question, answer, decision)),
            _ => Err(ChatError::NameTaken(question)),
        }
    }

    /// Masks a message. A number may begin in the message before it, so that is looked at where digits make it possible.
    pub(super) async fn mask(&self, id: &SessionId, text: &str) -> Result<Masked, ChatError> {
        if !text.chars().any(char::is_numeric) {
            return Ok(pii::mask(text));
        }
        let before = self.inner.store.messages().latest(id, 2).await?;
        let before = before.iter().rev().find(|message| message.author == Author::Customer);
        Ok(before.map_or_else(|| pii::mask(text), |before| pii::mask_after(&before.body, text)))
    }

    /// What went before a message that leans on it.
    pub(super) async fn earlier(&self, id: &SessionId) -> Result<Earlier, ChatError> {
        // Each message of the customer has an answer.
        let messages = self.inner.store.messages().latest(id, 2 * context::EARLIER_MAX as u32).await?;
        let last_answer = messages.iter().rfind(|message| message.author == Author::Assistant);
        let cited = last_answer.map(|answer| answer.sources.iter().map(|source| source.document_id.clone()).collect());
        let of_customer = messages.into_iter().filter(|message| message.author == Author::Customer);
        Ok(Earlier { said: of_customer.map(|message| message.body).collect(), cited: cited.unwrap_or_default() })
    }

    /// The customer's last messages as they are stored, at most `limit`, from old to new.
    pub(super) async fn said_by_customer(&self, id: &SessionId, limit: usize) -> Result<Vec<String>, ChatError> {
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
