//! Understanding: what one message means at the stage the conversation is in.
//!
//! Pure: the same session, text and engine give the same understanding. `workflow` decides what follows from it.

use time::Date;

use crate::chat::answer;
use crate::chat::answer::Answer;
use crate::chat::answer::Asking;
use crate::chat::answer::Outdated;
use crate::chat::answer::Search;
use crate::chat::context;
use crate::chat::context::Earlier;
use crate::chat::engine::Bearing;
use crate::chat::engine::Engine;
use crate::chat::meaning;
use crate::chat::slots;
use crate::chat::workflow::Input;
use crate::domain::CategoryCandidate;
use crate::domain::Collected;
use crate::domain::Intent;
use crate::domain::Session;
use crate::domain::Stage;
use crate::nlu;
use crate::nlu::Act;
use crate::nlu::Emergency;
use crate::nlu::Guess;
use crate::nlu::Signals;
use crate::text::reading::Reading;

/// Where the conversation stands, as far as a message's meaning depends on it.
#[derive(Clone, Copy)]
pub(super) struct Standing<'s> {
    /// The stage.
    pub(super) stage: &'s Stage,
    /// What it is about.
    pub(super) topic: Option<&'s str>,
    /// What was collected for an agent.
    pub(super) collected: &'s Collected,
}

impl<'s> From<&'s Session> for Standing<'s> {
    fn from(session: &'s Session) -> Self {
        Self { stage: &session.stage, topic: session.topic.as_deref(), collected: &session.collected }
    }
}

/// What a message means.
pub(super) struct Understanding {
    /// For the course of the conversation.
    pub(super) input: Input,
    /// What the customer wants.
    pub(super) intent: Intent,
    /// How probably a person should take it, 0 to 1.
    pub(super) needs_person: f32,
    /// How probably somebody is trying to deceive the customer, going by his own last words, 0 to 1.
    pub(super) swindle: f32,
    /// What it is about.
    pub(super) bearing: Bearing,
    /// The answer, when the documents have one.
    pub(super) answer: Option<Answer>,
    /// The document that would answer if it were in force.
    pub(super) outdated: Option<Outdated>,
    /// How surely the best passage answers, 0 to 1.
    pub(super) score_best: f32,
    /// What it says of the slots, by name.
    pub(super) values: Vec<(String, String)>,
    /// What endangers the customer.
    pub(super) emergency: Option<Emergency>,
    /// It names another company or its product.
    pub(super) names_others: bool,
    /// It is written in another language than Korean.
    pub(super) is_foreign: bool,
    /// The slot to ask once this message is dealt with.
    pub(super) missing: Option<String>,
    /// The whole question, masked: with what went before, where the message leans on that.
    pub(super) question: String,
}

impl Understanding {
    /// The category of a message that has one, when the classifier is sure enough of it, and how sure it is.
    pub(super) fn topic(&self, engine: &Engine) -> Option<(&str, f32)> {
        let best = if matches!(self.input, Input::WantsPerson | Input::NeedsPerson) {
            // "대출 연장하고 싶은데 상담원 연결해 주세요" has a topic beside the wish, "상담원 연결해 주세요" none.
            let is_matter = |guess: &&Guess| engine.category(&guess.category).is_some_and(|found| !found.is_default());
            let matter = self.bearing.guesses.iter().find(is_matter);
            matter.filter(|guess| guess.confidence >= engine.pack().thresholds.category_confidence_min / 4.0)
        } else {
            self.bearing.guesses.first().filter(|best| self.input.is_topical() && meaning::is_sure(best, engine))
        }?;
        Some((&*best.category, best.confidence))
    }

    /// The categories a message with a matter may belong to.
    pub(super) fn candidates(&self) -> Vec<CategoryCandidate> {
        if !(self.input.is_topical() || self.input == Input::WantsPerson) {
            return Vec::new();
        }
        let likely = self.bearing.guesses.iter().filter(|guess| guess.confidence >= CategoryCandidate::CONFIDENCE_MIN);
        let candidate =
            |guess: &Guess| CategoryCandidate { category: guess.category.to_string(), confidence: guess.confidence };
        likely.take(CategoryCandidate::MAX).map(candidate).collect()
    }
}

/// What a customer said.
#[derive(Clone, Copy)]
pub(super) struct Said<'s> {
    /// As it was typed; only slots are read from it.
    pub(super) raw: &'s str,
    /// What may be kept of it.
    pub(super) masked: &'s str,
    /// What went before it, if it [looks back](context::looks_back) on that.
    pub(super) earlier: &'s Earlier,
    /// The category a language model takes it for, where the classifier was not sure of any.
    pub(super) taken_for: Option<&'s str>,
}

impl Said<'_> {
    /// What a message is about, as far as it is known.
    fn bearing(&self, engine: &Engine, message: &Reading) -> Bearing {
        /// As sure as a category has to be for its policy to count.
        const CONFIDENCE: f32 = 0.6;
        let mut bearing = engine.bearing(message);
        if let Some(category) = self.taken_for {
            bearing.guesses.retain(|guess| &*guess.category != category);
            let confidence = engine.pack().thresholds.category_confidence_min.max(CONFIDENCE);
            bearing.guesses.insert(0, Guess { category: category.into(), confidence });
        }
        bearing
    }
}

/// Understands what was said.
pub(super) fn understand(engine: &Engine, standing: Standing<'_>, said: Said<'_>, today: Date) -> Understanding {
    let Said { raw, masked, earlier, .. } = said;
    let message = Reading::of(masked);
    let signals = nlu::listen(&message);
    let corrected = engine.corrected(&message);
    let own = corrected.as_ref().unwrap_or(&message);
    let own_bearing = said.bearing(engine, own);
    let inclination = nlu::incline(&signals, &own_bearing.acts);
    let swindle = own_bearing.acts.likelihood(Act::Swindle);
    let leans = is_piece(&signals) && inclination.needs_person < meaning::PERSON_LIKELY;
    let in_full = if leans { context::in_full(engine, masked, &message, &earlier.said) } else { None };
    let full = in_full.as_ref().map(|in_full| engine.read(&in_full.text));
    let (question, bearing) = match &full {
        Some(question) => (question, said.bearing(engine, question)),
        None => (own, own_bearing),
    };
    let mut whole_text = in_full.as_ref().map_or(masked, |in_full| &in_full.text).to_owned();
    let own = if in_full.as_ref().is_some_and(|in_full| in_full.is_correction) { question } else { own };
    let questions = context::questions(masked);
    let found = if let Some(both) = context::conjoined(masked).and_then(|two| answer::find_both(engine, &two, today)) {
        both
    } else if questions.is_empty() {
        let cited: &[String] = if context::may_lean(&message) { &earlier.cited } else { &[] };
        answer::find(engine, &Asking { question, own, bearing: &bearing, cited }, today)
    } else {
        answer::find_each(engine, &questions, today)
    };
    let may_go_on = found.answer.is_none() && full.is_none() && leans && questions.is_empty();
    let gone_on = if may_go_on { go_on(engine, &message, &bearing, earlier, today) } else { None };
    let whole;
    let (question, bearing, found) = match gone_on {
        Some((text, reading, bearing, found)) => {
            whole = reading;
            whole_text = text;
            (&whole, bearing, found)
        }
        None => (question, bearing, found),
    };
    let mut understanding = Understanding {
        input: Input::Unclear,
        intent: inclination.intent,
        needs_person: inclination.needs_person,
        swindle,
        bearing,
        answer: found.answer,
        outdated: None,
        score_best: found.score_best,
        values: Vec::new(),
        emergency: signals.emergency,
        names_others: false,
        is_foreign: signals.is_foreign,
        missing: None,
        question: whole_text,
    };
    understanding.input = match standing.stage {
        Stage::Assisted { .. } => meaning::assisted(engine, question, &signals, &understanding),
        Stage::AwaitingConsent { .. } => {
            plan_collection(engine, standing, &[raw], &mut understanding);
            meaning::awaiting_consent(&signals, &understanding)
        }
        Stage::Collecting { asking, .. } => {
            continue_collection(engine, standing, asking, raw, &mut understanding);
            meaning::collecting(engine, asking, &signals, &understanding)
        }
        Stage::Queued | Stage::Attended => meaning::queued(question, &signals, &understanding),
    };
    if understanding.input == Input::Unanswerable {
        understanding.outdated = answer::find_outdated(engine, question, &understanding.bearing, today);
        if understanding.outdated.is_some() {
            understanding.input = Input::Outdated;
        }
    }
    if matches!(understanding.input, Input::Unanswerable | Input::OffTopic) {
        understanding.names_others = engine.names_others(question);
    }
    understanding
}

/// The whole question, what it is about and its answer, where a short message that names a matter and finds nothing goes on from the last
/// answer all the same: "엔화도 똑같아요?" after dollars. Only what the last answer quoted may then answer, and only what is the
/// bank's business.
fn go_on(
    engine: &Engine,
    message: &Reading,
    bearing: &Bearing,
    earlier: &Earlier,
    today: Date,
) -> Option<(String, Reading, Bearing, Search)> {
    if !context::is_short(message) || bearing.acts.business() <= 0.0 {
        return None;
    }
    let text = context::joined(message, &earlier.said)?.text;
    let whole = engine.read(&text);
    let bearing = engine.bearing(&whole);
    let asking = Asking { question: &whole, own: message, bearing: &bearing, cited: &earlier.cited };
    let found = answer::find(engine, &asking, today);
    let is_from_there =
        |answer: &Answer| answer.sources.iter().any(|source| earlier.cited.contains(&source.document_id));
    found.answer.as_ref().is_some_and(is_from_there).then_some((text, whole, bearing, found))
}

/// May be a piece of an earlier question, and is nothing else.
fn is_piece(signals: &Signals) -> bool {
    signals.small_talk.is_none()
        && signals.consent.is_none()
        && signals.emergency.is_none()
        && !(signals.wants_person || signals.abuse || signals.manipulates || signals.is_foreign)
}

/// What would be collected if the customer agreed, as far as `said`, his messages from old to new, holds it already.
pub(super) fn plan_collection(
    engine: &Engine,
    standing: Standing<'_>,
    said: &[&str],
    understanding: &mut Understanding,
) {
    let Some(category) = engine.category_or_default(standing.topic) else { return };
    let collected = slots::start(category);
    understanding.values.clear();
    for text in said {
        for (name, value) in slots::values(engine, category, &collected, None, text) {
            understanding.values.retain(|(known, _)| *known != name);
            understanding.values.push((name, value));
        }
    }
    understanding.missing = slots::first_missing(category, &collected, &understanding.values, None).map(str::to_owned);
}

fn continue_collection(
    engine: &Engine,
    standing: Standing<'_>,
    asking: &str,
    raw: &str,
    understanding: &mut Understanding,
) {
    let Some(category) = engine.category_or_default(standing.topic) else { return };
    understanding.values = slots::values(engine, category, standing.collected, Some(asking), raw);
    understanding.missing =
        slots::first_missing(category, standing.collected, &understanding.values, Some(asking)).map(str::to_owned);
}
