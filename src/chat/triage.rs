//! Understanding: what one message means at the stage the conversation is in.
//!
//! Pure: the same session, text and engine give the same understanding. `workflow` decides what follows from it.

use time::Date;

use crate::chat::answer;
use crate::chat::answer::Answer;
use crate::chat::answer::Asking;
use crate::chat::answer::Outdated;
use crate::chat::context;
use crate::chat::context::Earlier;
use crate::chat::engine::Bearing;
use crate::chat::engine::Engine;
use crate::chat::slots;
use crate::chat::workflow::Input;
use crate::domain::CategoryCandidate;
use crate::domain::Collected;
use crate::domain::Intent;
use crate::domain::Session;
use crate::domain::Stage;
use crate::knowledge::Category;
use crate::knowledge::Policy;
use crate::nlu;
use crate::nlu::Act;
use crate::nlu::Consent;
use crate::nlu::Emergency;
use crate::nlu::Guess;
use crate::nlu::Signals;
use crate::nlu::SmallTalk;
use crate::text::reading::Reading;

/// A second category this close to the first makes a message ambiguous.
const AMBIGUITY_GAP: f32 = 0.1;
/// A second category of this likelihood is one to reckon with.
const RIVAL_CONFIDENCE_MIN: f32 = 0.2;
/// "대출 금리 얼마예요" names two things and still many matters.
const VAGUE_STEMS_MAX: usize = 2;
/// A longer message without spaces is one word, too, and yet says enough.
const VAGUE_CHARS_MAX: usize = 10;
/// A single word is answered only when its category is as sure as this.
const BARE_CONFIDENCE_MIN: f32 = 0.75;
/// From this probability on that a person should take it, a message is led to one.
const PERSON_LIKELY: f32 = 0.25;
/// From this one on it is if no document answers; and below it a word that wishes for a person is rather no wish.
const PERSON_POSSIBLE: f32 = 0.15;
/// The same where the lexicons heard a dispute, or a complaint that nothing answers.
const PERSON_HEARD: f32 = 0.08;
/// From this likelihood on that a wrong is being done to somebody he is warned, even if he only asks whether it is one. Of
/// messages that look alike and are harmless one in thirty to forty reaches it.
const SUSPICION_MIN: f32 = 0.4;
/// Leading somebody to a person who did not ask for one takes more than a guess.
const PERSON_CONFIDENCE_MIN: f32 = 0.6;
/// With less than this (the logarithm of the odds) for its being the bank's business, a message is not, whatever
/// category it comes nearest to.
const OFF_TOPIC_ODDS_MAX: f32 = -1.5;
/// On the way to a person only a passage that answers this surely interrupts.
const INTERRUPTION_SCORE_MIN: f32 = 0.85;

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
    needs_person: f32,
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
            self.bearing.guesses.first().filter(|best| self.input.is_topical() && is_sure(best, engine))
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
}

/// Understands what was said.
pub(super) fn understand(engine: &Engine, standing: Standing<'_>, said: Said<'_>, today: Date) -> Understanding {
    let Said { raw, masked, earlier } = said;
    let message = Reading::of(masked);
    let signals = nlu::listen(&message);
    let corrected = engine.corrected(&message);
    let own = corrected.as_ref().unwrap_or(&message);
    let own_bearing = engine.bearing(own);
    let inclination = nlu::incline(&signals, &own_bearing.acts);
    let leans = is_piece(&signals) && inclination.needs_person < PERSON_LIKELY;
    let in_full = if leans { context::in_full(engine, masked, &message, &earlier.said) } else { None };
    let full = in_full.as_ref().map(|in_full| engine.read(&in_full.text));
    let (question, bearing) = match &full {
        Some(question) => (question, engine.bearing(question)),
        None => (own, own_bearing),
    };
    let own = if in_full.is_some_and(|in_full| in_full.is_correction) { question } else { own };
    let questions = context::questions(masked);
    let found = if let Some(both) = context::conjoined(masked).and_then(|two| answer::find_both(engine, &two, today)) {
        both
    } else if questions.is_empty() {
        answer::find(engine, &Asking { question, own, bearing: &bearing, cited: &earlier.cited }, today)
    } else {
        answer::find_each(engine, &questions, today)
    };
    let mut understanding = Understanding {
        input: Input::Unclear,
        intent: inclination.intent,
        needs_person: inclination.needs_person,
        bearing,
        answer: found.answer,
        outdated: None,
        score_best: found.score_best,
        values: Vec::new(),
        emergency: signals.emergency,
        names_others: false,
        is_foreign: signals.is_foreign,
        missing: None,
    };
    understanding.input = match standing.stage {
        Stage::Assisted { .. } => assisted(engine, question, &signals, &understanding),
        Stage::AwaitingConsent { .. } => {
            plan_collection(engine, standing, &[raw], &mut understanding);
            awaiting_consent(&signals, &understanding)
        }
        Stage::Collecting { asking, .. } => {
            continue_collection(engine, standing, asking, raw, &mut understanding);
            collecting(engine, asking, &signals, &understanding)
        }
        Stage::Queued | Stage::Attended => queued(&signals, &understanding),
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

/// May be a piece of an earlier question, and is nothing else.
fn is_piece(signals: &Signals) -> bool {
    signals.small_talk.is_none()
        && signals.consent.is_none()
        && signals.emergency.is_none()
        && !(signals.wants_person || signals.abuse || signals.manipulates || signals.is_foreign)
}

fn assisted(engine: &Engine, message: &Reading, signals: &Signals, understanding: &Understanding) -> Input {
    if signals.emergency.is_some() {
        return Input::Emergency;
    }
    let needs_person = if signals.declines_person { 0.0 } else { understanding.needs_person };
    // Who is asked about is not always wished for: "상담원 통화는 녹음되나요?"
    let is_told = !signals.asks || signals.leans_to_person;
    let is_wish = understanding.intent == Intent::HumanReq && needs_person >= PERSON_LIKELY && is_told;
    let is_said = signals.wants_person && (!signals.asks || needs_person >= PERSON_POSSIBLE);
    if is_said || (is_wish && !signals.manipulates) {
        return Input::WantsPerson;
    }
    if signals.manipulates || signals.is_foreign {
        return Input::OffTopic;
    }
    if let Some(input) = small_talk(signals) {
        return input;
    }
    if let Some(input) = bare_reply(signals) {
        return input;
    }
    if understanding.bearing.acts.likelihood(Act::Report) >= SUSPICION_MIN {
        return Input::Suspicious;
    }
    let best = understanding.bearing.guesses.first().filter(|best| is_sure(best, engine));
    let category = best.and_then(|best| engine.category(&best.category));
    let is_surely = best.is_some_and(|best| best.confidence >= PERSON_CONFIDENCE_MIN);
    // Whoever asks, and is surely answered, is served sooner by the answer than by anybody.
    let is_question = signals.asks && is_clear_question(understanding);
    let is_about_agents = understanding.intent == Intent::HumanReq && !is_told;
    if (needs_person >= PERSON_LIKELY && !is_about_agents)
        || (signals.disputes && !is_question && needs_person >= PERSON_HEARD)
    {
        return Input::NeedsPerson;
    }
    let policy = category.map(|category| category.policy);
    if is_surely && !is_question && !signals.declines_person && policy == Some(Policy::Person) {
        match category {
            // A question about agents asks for none.
            Some(category) if category.is_default() && signals.asks => {}
            Some(category) if category.is_default() => return Input::WantsPerson,
            Some(_) | None => return Input::NeedsPerson,
        }
    }
    let is_urgent = is_surely && policy == Some(Policy::Urgent);
    // What happened to somebody is told in the past tense; what he asks about it mostly is not.
    if is_urgent && signals.reports && !signals.asks {
        return Input::Emergency;
    }
    if understanding.answer.is_some() {
        let is_certain = best.is_some_and(|best| best.confidence >= BARE_CONFIDENCE_MIN);
        // "수수료 얼마예요" asks, but of what?
        let is_short = message.tight().chars().count() <= VAGUE_CHARS_MAX;
        let is_vague = best.is_none() && is_short && message.stems().len() <= VAGUE_STEMS_MAX;
        let could_be_several = (is_bare(message) && !is_certain) || (best.is_none() && has_rival(understanding));
        let is_ambiguous = is_vague || (could_be_several && !signals.asks);
        return if is_ambiguous { Input::Ambiguous } else { Input::Answerable };
    }
    if is_urgent && (signals.reports || signals.asks) {
        return Input::NeedsPerson;
    }
    unanswered(engine, signals, understanding, category, needs_person)
}

/// What a message means that no document answers.
fn unanswered(
    engine: &Engine,
    signals: &Signals,
    understanding: &Understanding,
    category: Option<&Category>,
    needs_person: f32,
) -> Input {
    let business = understanding.bearing.acts.business();
    if signals.abuse {
        return Input::Abuse;
    }
    if signals.cancels {
        return Input::Cancels;
    }
    if signals.does_not_know {
        return Input::DoesNotKnow;
    }
    if signals.complains && needs_person >= PERSON_HEARD {
        return Input::NeedsPerson;
    }
    if needs_person >= PERSON_POSSIBLE && business >= OFF_TOPIC_ODDS_MAX {
        return Input::NeedsPerson;
    }
    match category {
        _ if business < OFF_TOPIC_ODDS_MAX => Input::OffTopic,
        Some(category) if category.policy == Policy::Ask => Input::Ambiguous,
        Some(_) => Input::Unanswerable,
        None if is_ambiguous(&understanding.bearing.guesses, engine) && business > 0.0 => Input::Ambiguous,
        None if business > 0.0 => Input::Unanswerable,
        None => Input::OffTopic,
    }
}

fn awaiting_consent(signals: &Signals, understanding: &Understanding) -> Input {
    if signals.emergency.is_some() {
        return Input::Emergency;
    }
    match signals.consent {
        Some(Consent::Yes) => return Input::Agrees,
        Some(Consent::No) => return Input::Refuses,
        None => {}
    }
    if signals.wants_person {
        return Input::WantsPerson;
    }
    if signals.cancels {
        return Input::Cancels;
    }
    // Whoever objects in the middle of a sentence has not agreed either, and is not to be asked again.
    if signals.objects {
        return Input::Refuses;
    }
    if is_clear_question(understanding) && !signals.abuse {
        return Input::Answerable;
    }
    Input::Unclear
}

fn collecting(engine: &Engine, asking: &str, signals: &Signals, understanding: &Understanding) -> Input {
    if signals.emergency.is_some() {
        return Input::Emergency;
    }
    let has_value = understanding.values.iter().any(|(name, _)| name == asking);
    let is_free_text = engine.pattern(asking).is_none();
    if has_value && !is_free_text {
        return Input::SlotValue;
    }
    if signals.wants_person {
        return Input::WantsPerson;
    }
    if signals.cancels {
        return Input::Cancels;
    }
    if signals.does_not_know {
        return Input::DoesNotKnow;
    }
    if signals.consent == Some(Consent::No) {
        return Input::Refuses;
    }
    if signals.small_talk.is_some() || signals.abuse {
        return Input::Unclear;
    }
    if has_value {
        return Input::SlotValue;
    }
    if is_clear_question(understanding) {
        Input::Answerable
    } else if signals.asks {
        Input::Unanswerable
    } else {
        Input::Unclear
    }
}

fn queued(signals: &Signals, understanding: &Understanding) -> Input {
    if signals.emergency.is_some() {
        return Input::Emergency;
    }
    if signals.wants_person && !signals.cancels {
        return Input::WantsPerson;
    }
    // Nothing is asked of one who waits, so what he does not want or puts off is the waiting.
    if signals.cancels || signals.objects {
        return Input::Cancels;
    }
    if signals.abuse || understanding.intent == Intent::Complaint {
        return Input::Abuse;
    }
    if signals.small_talk == Some(SmallTalk::Thanks) {
        return Input::Thanks;
    }
    if signals.small_talk.is_none() && is_clear_question(understanding) {
        return Input::Answerable;
    }
    Input::Unclear
}

fn small_talk(signals: &Signals) -> Option<Input> {
    signals.small_talk.map(|small_talk| match small_talk {
        SmallTalk::Greeting => Input::Greeting,
        SmallTalk::Thanks => Input::Thanks,
        SmallTalk::Farewell => Input::Farewell,
        SmallTalk::WhoIsThis => Input::AsksWho,
        SmallTalk::Noise => Input::Unclear,
    })
}

/// A bare reply to a question that was not asked.
fn bare_reply(signals: &Signals) -> Option<Input> {
    signals.consent.map(|consent| match consent {
        Consent::Yes => Input::Agrees,
        Consent::No => Input::Refuses,
    })
}

fn is_sure(guess: &Guess, engine: &Engine) -> bool {
    guess.confidence >= engine.pack().thresholds.category_confidence_min
}

/// On the way to a person a message is rather about that way, so only a clear question is answered.
fn is_clear_question(understanding: &Understanding) -> bool {
    understanding.answer.is_some() && understanding.score_best >= INTERRUPTION_SCORE_MIN
}

/// "대출", "수수료": a word that names many matters.
fn is_bare(message: &Reading) -> bool {
    const CHARS_MAX: usize = 4;
    message.stems().len() <= 1 && message.tight().chars().count() <= CHARS_MAX
}

/// The first two categories are close, and both likely.
fn has_rival(understanding: &Understanding) -> bool {
    match &understanding.bearing.guesses[..] {
        [first, second, ..] => {
            second.confidence >= RIVAL_CONFIDENCE_MIN && first.confidence - second.confidence <= AMBIGUITY_GAP
        }
        _ => false,
    }
}

fn is_ambiguous(guesses: &[Guess], engine: &Engine) -> bool {
    let enough = engine.pack().thresholds.category_confidence_min / 2.0;
    match guesses {
        [first, second, ..] => second.confidence >= enough && first.confidence - second.confidence <= AMBIGUITY_GAP,
        _ => false,
    }
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
