//! The verbs of a conversation that are not a turn: agents' and customers' messages, hand-over, report, closing.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio_util::sync::CancellationToken;

use crate::chat::Chat;
use crate::chat::ChatError;
use crate::chat::Event;
use crate::chat::STALE_RETRIES;
use crate::chat::Topic;
use crate::chat::engine::Engine;
use crate::chat::slots;
use crate::chat::summary;
use crate::config::LlmRole;
use crate::domain::Activity;
use crate::domain::Attendant;
use crate::domain::Author;
use crate::domain::HandoverStatus;
use crate::domain::Message;
use crate::domain::MessageId;
use crate::domain::Report;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::Stage;
use crate::domain::SummaryLine;
use crate::domain::Timestamp;
use crate::store::Change;
use crate::store::CommitError;
use crate::store::Committed;
use crate::store::DashboardReport;
use crate::store::NewMessage;
use crate::telemetry::chain;
use crate::text::pii;

/// Messages an agent's report is made of, the latest.
const REPORT_MESSAGES_MAX: u32 = 60;

impl Chat {
    /// An agent writes to the customer of an active conversation.
    ///
    /// # Errors
    /// [`ChatError`].
    pub async fn say_as_agent(&self, id: &SessionId, text: &str) -> Result<Message, ChatError> {
        self.append(id, text, Author::Agent, Event::AgentMessage).await
    }

    /// The customer of an active conversation writes to the agent; the assistant is not asked.
    ///
    /// # Errors
    /// [`ChatError`].
    pub async fn say_to_agent(&self, id: &SessionId, text: &str) -> Result<Message, ChatError> {
        self.append(id, text, Author::Customer, Event::CustomerMessage).await
    }

    /// Asks for an agent at once. The conversation waits in the agents' list.
    ///
    /// # Errors
    /// [`ChatError`].
    pub async fn request_handover(&self, id: &SessionId) -> Result<Session, ChatError> {
        self.change_handover(id, |session, now| {
            session.handover.request(now);
            session.stage = session.waiting_stage();
            session.is_listed_for_agents = true;
            Ok(())
        })
        .await
    }

    /// An agent takes an active conversation. The assistant falls silent only if the customer was waiting for him
    /// (wire contract §6: accepting does not mute the assistant).
    ///
    /// # Errors
    /// [`ChatError::AlreadyAccepted`] when an agent has it, or [`ChatError`].
    pub async fn accept(&self, id: &SessionId, agent: Option<Attendant>) -> Result<Session, ChatError> {
        self.change_handover(id, |session, now| {
            session.handover.accept(agent.clone(), now)?;
            if session.stage == Stage::Queued {
                session.stage = session.waiting_stage();
            }
            Ok(())
        })
        .await
    }

    /// The agent gives an active conversation back to the list.
    ///
    /// # Errors
    /// [`ChatError`].
    pub async fn decline(&self, id: &SessionId) -> Result<Session, ChatError> {
        self.change_handover(id, |session, _| {
            session.handover.decline();
            if session.stage == Stage::Attended {
                session.stage = Stage::Queued;
            }
            Ok(())
        })
        .await
    }

    /// Ends a conversation. Ending it again changes nothing.
    ///
    /// # Errors
    /// [`ChatError`].
    pub async fn close(&self, id: &SessionId) -> Result<(), ChatError> {
        let _wanted = self.inner.cells.get(id).want();
        let close = |session: &mut Session, _| {
            session.activity = Activity::Closed;
            session.stage = Stage::START;
            Ok(())
        };
        self.change(id, Vec::new(), close, |_, _| Some(Event::Closed)).await?;
        Ok(())
    }

    /// Sums up an active conversation for an agent and keeps what it says of the slots.
    ///
    /// # Errors
    /// [`ChatError::UnknownSession`] and [`ChatError::NoConversation`] when there is nothing to sum up.
    pub async fn analyze(&self, id: &SessionId) -> Result<Report, ChatError> {
        let engine = self.engine().await?;
        let messages = self.inner.store.messages().latest(id, REPORT_MESSAGES_MAX).await?;
        if messages.is_empty() {
            return Err(ChatError::NoConversation(id.clone()));
        }
        let (session, _) = self
            .change(
                id,
                Vec::new(),
                |session, _| {
                    require_active(session)?;
                    let Some(category) = engine.category_or_default(session.topic.as_deref()) else { return Ok(()) };
                    for (key, value) in slots::start(category) {
                        session.collected.entry(key).or_insert(value);
                    }
                    for message in messages.iter().filter(|message| message.author == Author::Customer) {
                        let said = summary::heard_part(&message.body);
                        let values = slots::values(&engine, category, &session.collected, None, said);
                        session.collected.extend(values);
                    }
                    Ok(())
                },
                |_, _| None,
            )
            .await?;
        let today = self.inner.clock.today_in_korea();
        // Reading sixty messages takes milliseconds: too long for a worker that others wait for, and one at a time.
        let turn = self.inner.reports.acquire().await;
        let (told_engine, told_session, told_messages) = (Arc::clone(&engine), session.clone(), messages.clone());
        let report =
            tokio::task::spawn_blocking(move || summary::report(&told_engine, &told_session, &told_messages, today));
        let mut report = report.await.map_err(|_| ChatError::NotReady)?;
        drop(turn);
        if let Some(line) = self.inquiry_by_model(&engine, &session, &messages).await {
            report.summary.splice(..1, [line]);
        }
        Ok(report)
    }

    /// What the customer wants in a model's words, if one may be asked and says nothing but what was said.
    async fn inquiry_by_model(&self, engine: &Engine, session: &Session, messages: &[Message]) -> Option<SummaryLine> {
        let category = session.topic.as_deref();
        let model = self.inner.model.as_ref().filter(|model| model.may(LlmRole::Summary, category))?;
        // A better sentence is worth no waiting: the customer's next message or an agent ends it.
        let cell = self.inner.cells.get(&session.id);
        let stop = model.stop(CancellationToken::new(), Some(cell), category.map(str::to_owned));
        let (line, run) = model.summarise(engine, session, messages, &stop).await;
        if let Err(error) = self.inner.store.model_runs().add(&session.id, None, None, &[run]).await {
            tracing::warn!(error = %chain(&error), session.id = %session.id, "a model's summary was not recorded");
        }
        line
    }

    /// Makes the report of a conversation that waits for an agent, keeps it and shows it to the dashboards that may
    /// see it.
    ///
    /// # Errors
    /// [`ChatError`].
    pub async fn report_to_dashboards(&self, id: &SessionId) -> Result<Report, ChatError> {
        let report = self.analyze(id).await?;
        let shown = DashboardReport { session: id.clone(), report: report.clone() };
        let mut attempts = 0;
        loop {
            let cell = self.inner.cells.get(id);
            let mut state = cell.enter().await?;
            let session = self.current(id, &mut state).await?;
            // Until agents log in, dashboards are existing clients', who see sessions without a token (design D11).
            if session.token_hash.is_some() {
                return Ok(report);
            }
            let change = Change { report: Some(report.clone()), ..Change::state(session) };
            let (hub, shown) = (self.inner.hub.clone(), shown.clone());
            let announce = move |_: &Committed| hub.publish(&Topic::Dashboards, Event::Report(shown).into(), None);
            match self.commit(&mut state, change, announce).await {
                Ok(_) => return Ok(report),
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(CommitError::Stale | CommitError::Duplicate(_)) if attempts < STALE_RETRIES => attempts += 1,
                Err(CommitError::Stale | CommitError::Duplicate(_)) => return Err(ChatError::Contended),
            }
        }
    }

    /// Marks one conversation silent unless something was said since `cutoff`.
    pub(super) async fn fall_silent(&self, id: &SessionId, cutoff: Timestamp) -> Result<(), ChatError> {
        let fall_silent = |session: &mut Session, _| {
            // Asked again here: an agent may have been asked for since the list was read.
            let awaits_agent = session.handover.status().is_some_and(HandoverStatus::is_open);
            if session.is_active() && !awaits_agent && session.last_message_at.is_some_and(|at| at < cutoff) {
                session.activity = Activity::Silent;
            }
            Ok(())
        };
        self.change(id, Vec::new(), fall_silent, |_, _| None).await.map(|_| ())
    }

    async fn append(
        &self,
        id: &SessionId,
        text: &str,
        author: Author,
        event: fn(Message) -> Event,
    ) -> Result<Message, ChatError> {
        if super::turn::is_no_text(text) {
            return Err(ChatError::InvalidText);
        }
        if author == Author::Customer {
            self.inner.cells.get(id).admit().map_err(|retry_after| ChatError::RateLimited { retry_after })?;
        }
        let _wanted = self.inner.cells.get(id).want();
        let masked = match author {
            Author::Customer => self.mask(id, text, None).await?,
            Author::Agent | Author::Assistant | Author::System => pii::mask(text),
        };
        let (body, is_protected) = (masked.as_str().to_owned(), masked.is_altered());
        let message = match author {
            Author::Agent => NewMessage::of_agent(masked),
            Author::Customer | Author::Assistant | Author::System => NewMessage::of_customer(masked, None, None),
        };
        let append = |session: &mut Session, now| {
            require_active(session)?;
            session.last_message_at = Some(now);
            Ok(())
        };
        let stored = move |session: &Session, committed: &Committed| Message {
            id: committed.message_ids.first().copied().unwrap_or(MessageId::new(0)),
            author,
            body: body.clone(),
            intent: None,
            suggested_action: None,
            sources: Vec::new(),
            quick_replies: Vec::new(),
            client_message_id: None,
            is_protected,
            agent_name: session.agent_name(author).map(str::to_owned),
            engine: None,
            created_at: session.updated_at,
        };
        let announced = stored.clone();
        let announce = move |session: &Session, committed: &Committed| Some(event(announced(session, committed)));
        let (session, committed) = self.change(id, vec![message], append, announce).await?;
        Ok(stored(&session, &committed))
    }

    async fn change_handover(
        &self,
        id: &SessionId,
        verb: impl Fn(&mut Session, Timestamp) -> Result<(), ChatError>,
    ) -> Result<Session, ChatError> {
        // A language model that speaks is interrupted, as it would be by the customer.
        let _wanted = self.inner.cells.get(id).want();
        let is_new = AtomicBool::new(false);
        let verb = |session: &mut Session, now| {
            require_active(session)?;
            let before = session.handover.status();
            verb(session, now)?;
            is_new.store(session.handover.status() != before, Ordering::Relaxed);
            Ok(())
        };
        let announce = |session: &Session, _: &Committed| Some(Event::Handover(session.handover.clone()));
        let (session, _) = self.change(id, Vec::new(), verb, announce).await?;
        if let Some(status) = session.handover.status().filter(|_| is_new.load(Ordering::Relaxed)) {
            self.inner.figures.count_handover(status);
        }
        Ok(session)
    }

    /// Changes an existing conversation, computing the change again if another node was quicker. `event` is what those
    /// who watch are told.
    async fn change(
        &self,
        id: &SessionId,
        messages: Vec<NewMessage>,
        verb: impl Fn(&mut Session, Timestamp) -> Result<(), ChatError>,
        event: impl Fn(&Session, &Committed) -> Option<Event> + Clone + Send + 'static,
    ) -> Result<(Session, Committed), ChatError> {
        let cell = self.inner.cells.get(id);
        let mut state = cell.enter().await?;
        for attempt in 0..STALE_RETRIES {
            let is_remembered = attempt == 0 && state.is_some();
            let before = self.current(id, &mut state).await?;
            let mut session = before.clone();
            let now = self.inner.clock.now();
            let changed = verb(&mut session, now).map(|()| session != before || !messages.is_empty());
            if !matches!(changed, Ok(true)) && is_remembered {
                // Another node may have changed it since; only a commit would notice.
                *state = None;
                continue;
            }
            if !changed? {
                return Ok((session, Committed::default()));
            }
            session.updated_at = now;
            let (hub, topic, event, after) =
                (self.inner.hub.clone(), Topic::Session(id.clone()), event.clone(), session.clone());
            let announce = move |committed: &Committed| {
                if let Some(event) = event(&after, committed) {
                    hub.publish(&topic, event.into(), None);
                }
            };
            let change = Change { messages: messages.clone(), ..Change::state(session) };
            match self.commit(&mut state, change, announce).await {
                Ok((session, committed)) => return Ok((session, committed)),
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(CommitError::Stale | CommitError::Duplicate(_)) => {}
            }
        }
        Err(ChatError::Contended)
    }

    /// The state of an existing conversation, from its cell or the store.
    async fn current(&self, id: &SessionId, state: &mut Option<Session>) -> Result<Session, ChatError> {
        match state {
            Some(session) if session.version > 0 => Ok(session.clone()),
            _ => {
                let session = self.session(id).await?;
                *state = Some(session.clone());
                Ok(session)
            }
        }
    }

    /// Commits a change and keeps the cell in step with the store.
    pub(super) async fn commit(
        &self,
        state: &mut Option<Session>,
        change: Change,
        announce: impl FnOnce(&Committed) + Send + 'static,
    ) -> Result<(Session, Committed), CommitError> {
        // Empty until the outcome is known: after an error, or if this future is dropped, the store is asked again.
        *state = None;
        let mut session = change.session.clone();
        let committed = self.inner.store.commit(change, announce).await?;
        session.version += 1;
        *state = Some(session.clone());
        Ok((session, committed))
    }
}

fn require_active(session: &Session) -> Result<(), ChatError> {
    if session.is_active() { Ok(()) } else { Err(ChatError::UnknownSession(session.id.clone())) }
}
