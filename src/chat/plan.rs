//! What one turn comes to: understood, decided and worded, but not yet stored.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use crate::chat::Chat;
use crate::chat::ChatError;
use crate::chat::cells::Cell;
use crate::chat::context;
use crate::chat::context::Earlier;
use crate::chat::engine::Engine;
use crate::chat::model::Categorised;
use crate::chat::model::Composed;
use crate::chat::model::Task;
use crate::chat::slots;
use crate::chat::triage;
use crate::chat::triage::Said;
use crate::chat::triage::Understanding;
use crate::chat::turn::Reply;
use crate::chat::wording;
use crate::chat::wording::Scene;
use crate::chat::wording::Spoken;
use crate::chat::workflow;
use crate::chat::workflow::CollectedVerb;
use crate::chat::workflow::HandoverVerb;
use crate::chat::workflow::Input;
use crate::chat::workflow::Say;
use crate::chat::workflow::Step;
use crate::config::LlmRole;
use crate::domain::Activity;
use crate::domain::Author;
use crate::domain::ClientMessageId;
use crate::domain::Collected;
use crate::domain::Decision;
use crate::domain::Engine as AnsweredBy;
use crate::domain::Intent;
use crate::domain::Message;
use crate::domain::MessageId;
use crate::domain::Session;
use crate::domain::Stage;
use crate::domain::Timestamp;
use crate::store::Change;
use crate::store::ModelRun;
use crate::store::NewMessage;
use crate::store::RunOutcome;
use crate::text::pii;
use crate::text::pii::Masked;

/// Earlier messages of the customer that may already hold what would be asked.
const EARLIER_MESSAGES_MAX: usize = 20;

/// A message that was taken.
pub(super) struct Taken<'t> {
    /// As it was typed.
    pub(super) text: Cow<'t, str>,
    /// What may be kept of it.
    pub(super) masked: Masked,
    pub(super) client_message_id: Option<ClientMessageId>,
    /// As it is stored, if it is already.
    pub(super) stored: Option<Message>,
    pub(super) cell: &'t Cell,
    pub(super) begun_at: Instant,
}

impl Taken<'_> {
    /// The message as it is stored before it is answered.
    pub(super) fn question(&self, intent: Intent) -> NewMessage {
        NewMessage::of_customer(self.masked.clone(), Some(intent), self.client_message_id.clone())
    }

    /// The stored message of this id.
    pub(super) fn as_stored(&self, id: MessageId, intent: Intent, created_at: Timestamp) -> Message {
        Message {
            id,
            author: Author::Customer,
            body: self.masked.as_str().to_owned(),
            intent: Some(intent),
            suggested_action: None,
            sources: Vec::new(),
            quick_replies: Vec::new(),
            client_message_id: self.client_message_id.clone(),
            is_protected: self.masked.is_altered(),
            agent_name: None,
            engine: None,
            created_at,
        }
    }

    /// Notes that the message is stored. What is stored is what is answered: a name may have come with another text now.
    pub(super) fn note_stored(&mut self, question: Message) {
        if question.body != self.masked.as_str() {
            self.text = Cow::Owned(question.body.clone());
            self.masked = pii::mask(&question.body);
        }
        self.stored = Some(question);
    }

    pub(super) fn stored_id(&self) -> Option<MessageId> {
        self.stored.as_ref().map(|question| question.id)
    }
}

/// What a language model contributed to a turn so far.
#[derive(Default)]
pub(super) struct Aid {
    pub(super) categorised: Option<Categorised>,
    pub(super) composed: Option<Composed>,
}

/// What a plan wants of a language model before it can be made.
pub(super) enum Want {
    /// A category.
    Category { engine: Arc<Engine>, question: String },
    /// The answer in its words. An operator may have switched it off for the category.
    Answer { task: Box<Task>, category: Option<String> },
}

/// What planning came to.
pub(super) enum Outcome {
    Planned(Box<Plan>),
    Wants { want: Want, intent: Intent },
}

/// A turn that is decided but not yet stored.
pub(super) struct Plan {
    pub(super) change: Change,
    pub(super) drafts: Drafts,
    pub(super) is_handover_changed: bool,
    /// The answer from documents, without what is said around it.
    pub(super) quoted: Option<String>,
}

/// The two messages of a turn before they have ids.
pub(super) struct Drafts {
    /// Without an id, unless it is stored already.
    question: Message,
    answer: Spoken,
    decision: Decision,
    created_at: Timestamp,
}

impl Drafts {
    /// The turn, now that its messages have ids; the question may have had one before.
    pub(super) fn stored(self, question: Option<MessageId>, answer: MessageId) -> Reply {
        let question = Message { id: question.unwrap_or(self.question.id), ..self.question };
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
            engine: Some(self.decision.engine),
            created_at: self.created_at,
        };
        Reply::stored(question, answer, self.decision)
    }
}

impl Chat {
    /// Understands, decides and words one turn.
    pub(super) async fn plan(
        &self,
        engine: &Arc<Engine>,
        mut session: Session,
        taken: &Taken<'_>,
        aid: &Aid,
    ) -> Result<Outcome, ChatError> {
        let Taken { text, masked, cell, begun_at, .. } = taken;
        let today = self.inner.clock.today_in_korea();
        let looks_back =
            matches!(session.stage, Stage::Assisted { .. }) && context::looks_back(engine, masked.as_str());
        let earlier = if looks_back { self.earlier(&session.id, taken.stored_id()).await? } else { Earlier::default() };
        let said = Said { raw: text, masked: masked.as_str(), earlier: &earlier, taken_for: aid.category() };
        let mut understanding = triage::understand(engine, (&session).into(), said, today);
        if matches!(session.stage, Stage::AwaitingConsent { .. }) && understanding.input == Input::Agrees {
            // Agreeing to collect details looks back, so that nothing already said is asked.
            let earlier = self.said_by_customer(&session.id, EARLIER_MESSAGES_MAX, taken.stored_id()).await?;
            let said: Vec<&str> = earlier.iter().map(String::as_str).chain([&**text]).collect();
            triage::plan_collection(engine, (&session).into(), &said, &mut understanding);
        }
        let step = workflow::next(
            &session.stage,
            understanding.input,
            understanding.missing.as_deref(),
            self.inner.unclear_max,
        );
        if let Some(want) = self.want(engine, &session, &step, &understanding, taken, aid) {
            return Ok(Outcome::Wants { want, intent: understanding.intent });
        }
        let now = self.inner.clock.now();
        let stage_before = session.stage.name();
        let handover_before = session.handover.clone();
        perform(engine, &mut session, &step, &understanding, now);
        let quoted =
            understanding.answer.as_ref().filter(|_| step.say == Say::Answer).map(|answer| answer.text.clone());
        let passages = understanding.answer.as_ref().filter(|_| quoted.is_some()).map(|answer| answer.quoted.clone());
        let composed = aid.composed.as_ref().filter(|composed| Some(&composed.embedded) == quoted.as_ref());
        if let (Some(composed), Some(answer)) = (composed, &mut understanding.answer) {
            (answer.text, answer.sources) = (composed.text.clone(), composed.sources.clone());
        }
        let scene = Scene {
            engine,
            now: self.inner.clock.now_in_korea(),
            topic: session.topic.as_deref(),
            is_repeated: quoted.as_deref().is_some_and(|answer| cell.was_answered(answer)),
        };
        let mut spoken = wording::word(&scene, &step, &understanding);
        spoken.text.insert_str(0, &preface(masked));
        let written = composed.filter(|composed| !composed.cited.is_empty());
        if written.is_some() {
            spoken.by = AnsweredBy::Llm;
        }
        let used = written.map(|composed| composed.cited.clone()).or(passages).unwrap_or_default();
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
            elapsed_ms: i64::try_from(begun_at.elapsed().as_millis()).unwrap_or(i64::MAX),
            passages: used.into_iter().filter_map(|number| engine.passage_version(number)).collect(),
        };
        let is_handover_changed = session.handover != handover_before;
        let question = taken.stored.clone();
        let drafts = Drafts {
            question: question.unwrap_or_else(|| taken.as_stored(MessageId::new(0), understanding.intent, now)),
            answer: spoken,
            decision: decision.clone(),
            created_at: now,
        };
        let answer = NewMessage::of_assistant(
            drafts.answer.text.clone(),
            decision.stage_after.suggested_action(),
            drafts.answer.sources.clone(),
            drafts.answer.buttons.clone(),
            decision.engine,
        );
        let question = taken.stored.is_none().then(|| taken.question(understanding.intent));
        // The conversation may have taken another turn while the model spoke.
        let runs = aid.runs(composed.is_none().then_some("changed"));
        let change = Change {
            session,
            messages: question.into_iter().chain([answer]).collect(),
            answers: taken.stored_id(),
            ends_run: None,
            decision: Some(decision),
            report: None,
            runs,
        };
        Ok(Outcome::Planned(Box::new(Plan { change, drafts, is_handover_changed, quoted })))
    }

    /// What a language model could do for a turn that is understood like this, if it may.
    fn want(
        &self,
        engine: &Arc<Engine>,
        session: &Session,
        step: &Step,
        understanding: &Understanding,
        taken: &Taken<'_>,
        aid: &Aid,
    ) -> Option<Want> {
        /// Less says too little for anybody.
        const CHARS_MIN: usize = 5;
        let model = self.inner.model.as_ref().filter(|_| !taken.cell.is_wanted())?;
        let is_unsure = matches!(understanding.input, Input::Ambiguous | Input::Unanswerable | Input::Unclear);
        let question = understanding.question.clone();
        if is_unsure
            && aid.categorised.is_none()
            && matches!(session.stage, Stage::Assisted { .. })
            && question.chars().count() >= CHARS_MIN
            && model.may(LlmRole::Triage, None)
        {
            return Some(Want::Category { engine: Arc::clone(engine), question });
        }
        let answer = understanding.answer.as_ref().filter(|_| step.say == Say::Answer && aid.composed.is_none())?;
        let category = understanding.topic(engine).map(|(category, _)| category.to_owned());
        // What contradicts itself, and what is told of several matters at once, the documents say better.
        let is_plain = answer.dispute.is_none() && answer.unanswered.is_empty();
        (is_plain && model.may(LlmRole::Answer, category.as_deref())).then(|| {
            let task = Task {
                session: session.id.clone(),
                engine: Arc::clone(engine),
                question,
                passages: [answer.quoted.as_slice(), &answer.related].concat(),
                embedded: answer.text.clone(),
                embedded_sources: answer.sources.clone(),
                preface: preface(&taken.masked),
                today: self.inner.clock.today_in_korea(),
            };
            Want::Answer { task: Box::new(task), category }
        })
    }
}

impl Aid {
    /// The category the model took the message for.
    fn category(&self) -> Option<&str> {
        self.categorised.as_ref()?.category.as_deref()
    }

    /// What was asked of models, for the record; `unused` says why an answer of a model's was given up, if it was.
    pub(super) fn runs(&self, unused: Option<&'static str>) -> Vec<ModelRun> {
        let categorised = self.categorised.iter().map(|categorised| categorised.run.clone());
        let composed = self.composed.iter().map(|composed| match (unused, composed.run.outcome) {
            (Some(reason), RunOutcome::Used | RunOutcome::Finished) => {
                ModelRun { outcome: RunOutcome::Unused, reason: Some(reason), ..composed.run.clone() }
            }
            (None, RunOutcome::Used | RunOutcome::Finished) | (_, RunOutcome::Unused | RunOutcome::Begun) => {
                composed.run.clone()
            }
        });
        categorised.chain(composed).collect()
    }
}

/// What is said before everything else.
fn preface(masked: &Masked) -> String {
    wording::warning(masked).map(|warning| format!("{warning}\n\n")).unwrap_or_default()
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
