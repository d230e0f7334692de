//! One turn: a customer's message and the assistant's answer, committed before anybody is told; together, unless a language model
//! is asked, which takes its time: the message is then committed before.

use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;

use tokio::sync::MutexGuard;
use tokio_util::sync::CancellationToken;

use crate::chat::Chat;
use crate::chat::ChatError;
use crate::chat::Event;
use crate::chat::STALE_RETRIES;
use crate::chat::Topic;
use crate::chat::cells::Cell;
use crate::chat::cells::Owner;
use crate::chat::context;
use crate::chat::context::Earlier;
use crate::chat::engine::Engine;
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
use crate::domain::HandoverStatus;
use crate::domain::Intent;
use crate::domain::Message;
use crate::domain::MessageId;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::Source;
use crate::domain::SuggestedAction;
use crate::store::Change;
use crate::store::CommitError;
use crate::store::Committed;
use crate::store::ModelRun;
use crate::store::RunId;
use crate::telemetry::chain;
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
    /// Nothing can be stored: neither the message nor this.
    pub is_unrecorded: bool,
    /// What it quotes then.
    pub unrecorded_sources: Vec<Source>,
    /// The question and the answer as they were stored, and why; `None` for a notice about a text that was not taken, and for what is
    /// said while nothing can be stored.
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
            is_unrecorded: false,
            unrecorded_sources: Vec::new(),
            turn: Some(StoredTurn { question, answer, decision }),
        }
    }

    fn notice(text: String) -> Self {
        Self {
            text,
            intent: Intent::InfoReq,
            suggested_action: SuggestedAction::Continue,
            is_unrecorded: false,
            unrecorded_sources: Vec::new(),
            turn: None,
        }
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
    /// [`ChatError`]; then nothing was stored, except possibly after a time-out of the database, or the message alone once a model was
    /// asked: the same `client_message_id` finds out, and has the message answered.
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
        let attempt = async {
            let engine = self.engine().await?;
            let _turn = if self.inner.model.is_some() { Some(cell.begin_turn().await?) } else { None };
            let state = cell.enter().await?;
            let masked = self.mask(id, text, client_message_id.as_ref()).await?;
            let taken = Taken { text: text.into(), masked, client_message_id, stored: None, cell, begun_at };
            let mut turn = Turn {
                chat: self,
                engine,
                id,
                cell,
                taken,
                asker,
                left,
                aid: Aid::default(),
                begun: None,
                is_repeated: false,
            };
            let outcome = turn.take(state).await;
            turn.record_vain().await;
            outcome.map(|reply| (reply, turn.is_repeated))
        };
        let outcome = attempt.await;
        let is_repeated = matches!(outcome, Ok((_, true)));
        let outcome = outcome.map(|(reply, _)| reply);
        if !is_repeated {
            self.inner.figures.count_turn(&outcome, begun_at.elapsed());
        }
        outcome
    }

    /// The reply that was given to a stored message, or the message, if it waits for one.
    async fn replay(&self, id: &SessionId, question: MessageId) -> Result<Replay, ChatError> {
        let messages = self.inner.store.messages();
        let question = messages.find(id, question).await?.ok_or(ChatError::Contended)?;
        Ok(match messages.answer_to(id, question.id).await? {
            Some((answer, decision)) => Replay::Answered(Reply::stored(question, answer, decision).into()),
            None => Replay::Open(question),
        })
    }

    /// Masks a message. A number may begin in the message before it, so that is looked at where digits make it possible.
    /// It may be stored already, under its name.
    pub(super) async fn mask(
        &self,
        id: &SessionId,
        text: &str,
        name: Option<&ClientMessageId>,
    ) -> Result<Masked, ChatError> {
        if !text.chars().any(char::is_numeric) {
            return Ok(pii::mask(text));
        }
        // The one before it may not be answered, and the assistant may have answered it.
        let before = self.inner.store.messages().latest(id, 4).await?;
        let is_itself = |message: &Message| name.is_some() && message.client_message_id.as_ref() == name;
        let before = before.iter().rev().find(|message| message.author == Author::Customer && !is_itself(message));
        Ok(before.map_or_else(|| pii::mask(text), |before| pii::mask_after(&before.body, text)))
    }

    /// What went before a message that leans on it; `itself` is that message, if it is stored.
    pub(super) async fn earlier(&self, id: &SessionId, itself: Option<MessageId>) -> Result<Earlier, ChatError> {
        // Most messages of the customer have an answer.
        let messages = self.inner.store.messages().latest(id, 2 * context::EARLIER_MAX as u32).await?;
        let last_answer = messages.iter().rfind(|message| message.author == Author::Assistant);
        let cited = last_answer.map(|answer| answer.sources.iter().map(|source| source.document_id.clone()).collect());
        let of_customer =
            messages.into_iter().filter(|message| message.author == Author::Customer && Some(message.id) != itself);
        Ok(Earlier { said: of_customer.map(|message| message.body).collect(), cited: cited.unwrap_or_default() })
    }

    /// The customer's last messages as they are stored, at most `limit`, from old to new, without `itself`.
    pub(super) async fn said_by_customer(
        &self,
        id: &SessionId,
        limit: usize,
        itself: Option<MessageId>,
    ) -> Result<Vec<String>, ChatError> {
        // Most of them have an answer.
        let messages = self.inner.store.messages().latest(id, 2 * limit as u32).await?;
        let of_customer =
            messages.into_iter().filter(|message| message.author == Author::Customer && Some(message.id) != itself);
        let mut said: Vec<String> = of_customer.map(|message| message.body).collect();
        said.drain(..said.len().saturating_sub(limit));
        Ok(said)
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

/// What is known of a message that is stored already.
enum Replay {
    Answered(Arc<Reply>),
    /// Whoever took it ended before it was answered.
    Open(Message),
}

/// A turn that is being taken.
struct Turn<'t> {
    chat: &'t Chat,
    engine: Arc<Engine>,
    id: &'t SessionId,
    cell: &'t Arc<Cell>,
    taken: Taken<'t>,
    asker: Asker,
    /// Cancelled when whoever asked has gone.
    left: CancellationToken,
    aid: Aid,
    /// The record that a model is about to be asked, until it is known what came of it.
    begun: Option<RunId>,
    /// The message had its answer before.
    is_repeated: bool,
}

impl<'t> Turn<'t> {
    async fn take(&mut self, mut state: MutexGuard<'t, Option<Session>>) -> Result<Arc<Reply>, ChatError> {
        let mut refusals = 0;
        while refusals < STALE_RETRIES {
            let before = self.before(&mut state).await?;
            let is_with_person = before.is_active() && before.handover.status().is_some_and(HandoverStatus::is_open);
            let kept = self.chat.inner.model.clone().map(|model| (model, before.clone()));
            let refused = match (self.chat.plan(&self.engine, before, &self.taken, &self.aid).await?, kept) {
                (Outcome::Planned(plan), _) => match self.commit(&mut state, *plan).await {
                    Ok(reply) => return reply.ok_or(ChatError::Contended),
                    Err(refused) => refused,
                },
                // Nothing is wanted of a model that does not exist.
                (Outcome::Wants { .. }, None) => return Err(ChatError::Contended),
                (Outcome::Wants { want: Want::Category { engine, question }, intent }, Some((model, before))) => {
                    match self.store_question(&mut state, before, intent, None).await {
                        Ok(()) => {
                            drop(state);
                            let stop = model.stop(self.left.clone(), Some(Arc::clone(self.cell)), None);
                            self.aid.categorised = Some(model.categorise(&engine, self.id, &question, &stop).await);
                            state = self.cell.enter().await?;
                            continue;
                        }
                        Err(refused) => refused,
                    }
                }
                (Outcome::Wants { want: Want::Answer { task, category }, intent }, Some((model, before))) => {
                    let prepared = model.prepare(&task);
                    match self.store_question(&mut state, before, intent, Some(prepared.run())).await {
                        Ok(()) => {
                            // Others may change the conversation while a model speaks; what was planned is then planned again.
                            drop(state);
                            let stop = model.stop(self.left.clone(), Some(Arc::clone(self.cell)), category);
                            let composed = model.compose(prepared, &stop, self.asker.progress.as_ref()).await;
                            self.aid.composed = Some(composed);
                            state = self.cell.enter().await?;
                            continue;
                        }
                        Err(refused) => refused,
                    }
                }
            };
            match refused {
                CommitError::Stale => {}
                CommitError::Duplicate(question) => match self.chat.replay(self.id, question).await? {
                    Replay::Answered(reply) => return Ok(self.tell_again(reply)),
                    Replay::Open(question) => self.taken.note_stored(question),
                },
                // Once the message is stored, the same name asks for its answer again.
                CommitError::Store(error) if error.leaves_reading() && self.taken.stored.is_none() => {
                    return Ok(self.reply_unrecorded(is_with_person).into());
                }
                CommitError::Store(error) => return Err(error.into()),
            }
            refusals += 1;
        }
        Err(ChatError::Contended)
    }

    /// What can be said while nothing can be stored: what the bank's documents tell. Whatever would have to be remembered, such as
    /// the wish for a person, is not begun, and whoever waits for a person or talks to one gets none of the assistant's answers.
    fn reply_unrecorded(&self, is_with_person: bool) -> Reply {
        let judgement = self.engine.judge(&self.taken.text, self.chat.inner.clock.today_in_korea());
        let answer = judgement.answer.filter(|_| !is_with_person);
        Reply {
            text: prompts::unrecorded(self.engine.pack(), answer.as_deref()),
            intent: judgement.intent,
            suggested_action: SuggestedAction::Continue,
            is_unrecorded: true,
            unrecorded_sources: if answer.is_some() { judgement.sources } else { Vec::new() },
            turn: None,
        }
    }

    /// The conversation before this turn.
    async fn before(&self, state: &mut Option<Session>) -> Result<Session, ChatError> {
        let Chat { inner } = self.chat;
        // Whoever is known to own it keeps it, though the store does not have it.
        let token = || match self.cell.owner() {
            Some(Owner::Token(token)) => Some(token.clone()),
            Some(Owner::Legacy) | None => None,
        };
        let anew = || Session::open(self.id.clone(), token(), inner.clock.now());
        let open = || self.cell.unsaved().cloned().unwrap_or_else(anew);
        match state.take() {
            Some(session) => Ok(session),
            None if self.cell.take_unknown() => Ok(open()),
            None => Ok(inner.store.sessions().find(self.id).await?.unwrap_or_else(open)),
        }
    }

    /// Stores the message, unless it is, and that a model is about to be asked to answer it: what is then shown of the answer belongs
    /// to a message that is stored, whatever happens. Those who watch are told of the message at once.
    async fn store_question(
        &mut self,
        state: &mut Option<Session>,
        before: Session,
        intent: Intent,
        begun: Option<&ModelRun>,
    ) -> Result<(), CommitError> {
        let is_stored = self.taken.stored.is_some();
        if is_stored && begun.is_none() {
            *state = Some(before);
            return Ok(());
        }
        let now = self.chat.inner.clock.now();
        let session = Session { updated_at: now, last_message_at: Some(now), ..before };
        let change = Change {
            messages: if is_stored { Vec::new() } else { vec![self.taken.question(intent)] },
            answers: self.taken.stored_id(),
            runs: begun.cloned().into_iter().collect(),
            ..Change::state(session)
        };
        let draft = self.taken.as_stored(MessageId::new(0), intent, now);
        let (hub, topic, listener) =
            (self.chat.inner.hub.clone(), Topic::Session(self.id.clone()), self.asker.subscription);
        let announced = draft.clone();
        let announce = move |committed: &Committed| {
            if let [id] = committed.message_ids[..] {
                hub.publish(&topic, Event::CustomerMessage(Message { id, ..announced }).into(), listener);
            }
        };
        let (_, committed) = self.chat.commit(state, change, announce).await?;
        self.cell.note(state.as_ref());
        self.begun = committed.run_ids.first().copied();
        if let [id] = committed.message_ids[..] {
            self.taken.stored = Some(Message { id, ..draft });
        }
        Ok(())
    }

    /// Stores the answer, with the message unless it is stored, and tells those who watch.
    async fn commit(&mut self, state: &mut Option<Session>, plan: Plan) -> Result<Option<Arc<Reply>>, CommitError> {
        let Plan { change, drafts, is_handover_changed, quoted } = plan;
        let change = Change { ends_run: self.begun, ..change };
        let told = Arc::new(OnceLock::new());
        let (hub, topic, tell) = (self.chat.inner.hub.clone(), Topic::Session(self.id.clone()), Arc::clone(&told));
        let handover = is_handover_changed.then(|| change.session.handover.clone());
        let announced = Arc::clone(self.cell);
        let listener = self.asker.subscription;
        let announce = move |committed: &Committed| {
            let (question, answer) = match committed.message_ids[..] {
                [question, answer] => (Some(question), answer),
                [answer] => (None, answer),
                _ => return,
            };
            announced.note_announced(answer);
            let reply = Arc::clone(tell.get_or_init(|| Arc::new(drafts.stored(question, answer))));
            hub.publish(&topic, Event::Turn(reply).into(), listener);
            if let Some(handover) = handover {
                hub.publish(&topic, Event::Handover(handover).into(), None);
            }
        };
        self.chat.commit(state, change, announce).await?;
        self.aid = Aid::default();
        self.cell.note(state.as_ref());
        self.cell.note_answer(quoted.as_deref());
        Ok(told.get().cloned())
    }

    /// The reply that was given before. A commit of unknown outcome told nobody; now it is known to have happened.
    fn tell_again(&mut self, reply: Arc<Reply>) -> Arc<Reply> {
        let is_new = reply.turn.as_ref().is_some_and(|turn| self.cell.note_announced(turn.answer.id));
        self.is_repeated = !is_new;
        if is_new {
            let event = Event::Turn(Arc::clone(&reply));
            self.chat.inner.hub.publish(&Topic::Session(self.id.clone()), event.into(), self.asker.subscription);
        }
        reply
    }

    /// Records what models were asked for nothing: the turn was not stored, or another node had answered.
    async fn record_vain(&self) {
        let runs = self.aid.runs(Some("not_stored"));
        if runs.is_empty() {
            return;
        }
        let recorded = self.chat.inner.store.model_runs().add(self.id, self.taken.stored_id(), self.begun, &runs).await;
        if let Err(error) = recorded {
            tracing::warn!(error = %chain(&error), session.id = %self.id, "what a model was asked was not recorded");
        }
    }
}

/// Holds a control character other than the white space people type.
pub(super) fn is_no_text(text: &str) -> bool {
    text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
}
