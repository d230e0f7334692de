//! What a message means for the course of a conversation, at the stage it is in.
//!
//! Pure: what was heard, learned and found of it is given ([`Understanding`]), and the order in which that counts is here.

use crate::chat::engine::Engine;
use crate::chat::triage::Understanding;
use crate::chat::workflow::Input;
use crate::domain::Intent;
use crate::knowledge::Category;
use crate::knowledge::Policy;
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
pub(super) const PERSON_LIKELY: f32 = 0.25;
/// From this one on it is even if a passage answers.
const PERSON_SURE: f32 = 0.6;
/// From this one on it is if no document answers; and below it a word that wishes for a person is rather no wish.
const PERSON_POSSIBLE: f32 = 0.15;
/// The same where the lexicons heard a dispute, or a complaint that nothing answers.
const PERSON_HEARD: f32 = 0.08;
/// A shorter message ("찾았어요", "빨리요") tells too little for what the classifier of acts makes of it.
const TOLD_CHARS_MIN: usize = 7;
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

pub(super) fn assisted(engine: &Engine, message: &Reading, signals: &Signals, understanding: &Understanding) -> Input {
    if signals.emergency == Some(Emergency::Phishing) && signals.asks && !signals.reports {
        return Input::Suspicious;
    }
    if signals.emergency.is_some() {
        return Input::Emergency;
    }
    // Who declines a person wants an answer, and has nothing to dispute.
    let declines_person = signals.declines_person && !signals.disputes;
    let tells_little = message.tight().chars().count() < TOLD_CHARS_MIN && !(signals.disputes || signals.complains);
    let needs_person = if declines_person || tells_little { 0.0 } else { understanding.needs_person };
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
    if is_suspicious(message, signals, understanding) {
        // What happened is told in the past tense.
        return if signals.reports && !signals.asks { Input::Emergency } else { Input::Suspicious };
    }
    let best = understanding.bearing.guesses.first().filter(|best| is_sure(best, engine));
    let category = best.and_then(|best| engine.category(&best.category));
    let is_surely = best.is_some_and(|best| best.confidence >= PERSON_CONFIDENCE_MIN);
    let policy = category.map(|category| category.policy);
    let is_urgent = is_surely && policy == Some(Policy::Urgent);
    // What happened to somebody is told in the past tense; what he asks about it mostly is not.
    if is_urgent && signals.reports && !signals.asks {
        return Input::Emergency;
    }
    // Whoever asks, and is surely answered, is served sooner by the answer than by anybody.
    let is_question = signals.asks && is_clear_question(understanding);
    let is_about_agents = understanding.intent == Intent::HumanReq && !is_told;
    // What only the classifier takes for a matter for a person, and a passage answers, is none.
    let is_served = is_question && needs_person < PERSON_SURE && !(signals.complains || signals.leans_to_person);
    if (needs_person >= PERSON_LIKELY && !is_about_agents && !is_served)
        || (signals.disputes && !is_question && needs_person >= PERSON_HEARD)
    {
        return Input::NeedsPerson;
    }
    if is_surely && !is_question && !declines_person && policy == Some(Policy::Person) {
        match category {
            // A question about agents asks for none.
            Some(category) if category.is_default() && signals.asks => {}
            Some(category) if category.is_default() => return Input::WantsPerson,
            Some(_) | None => return Input::NeedsPerson,
        }
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

/// Somebody seems to be about to be deceived. One who lost something, or is in haste, is not.
fn is_suspicious(message: &Reading, signals: &Signals, understanding: &Understanding) -> bool {
    let is_told = message.tight().chars().count() >= TOLD_CHARS_MIN;
    let is_deception = understanding.swindle >= SUSPICION_MIN;
    is_told && is_deception && !signals.wants_person
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

pub(super) fn awaiting_consent(signals: &Signals, understanding: &Understanding) -> Input {
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
    if signals.small_talk == Some(SmallTalk::WhoIsThis) {
        return Input::AsksWho;
    }
    if signals.cancels {
        return Input::Cancels;
    }
    // Whoever objects in the middle of a sentence has not agreed either, and is not to be asked again.
    if signals.objects || signals.steps_back {
        return Input::Refuses;
    }
    if is_clear_question(understanding) && !signals.abuse {
        return Input::Answerable;
    }
    Input::Unclear
}

pub(super) fn collecting(engine: &Engine, asking: &str, signals: &Signals, understanding: &Understanding) -> Input {
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
    if signals.small_talk == Some(SmallTalk::WhoIsThis) {
        return Input::AsksWho;
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

pub(super) fn queued(message: &Reading, signals: &Signals, understanding: &Understanding) -> Input {
    if signals.emergency.is_some() {
        return Input::Emergency;
    }
    if is_suspicious(message, signals, understanding) {
        return Input::Suspicious;
    }
    if signals.wants_person && !signals.cancels {
        return Input::WantsPerson;
    }
    // Nothing is asked of one who waits, so what he does not want or puts off is the waiting.
    if signals.cancels || signals.steps_back {
        return Input::Cancels;
    }
    if signals.abuse || understanding.intent == Intent::Complaint {
        return Input::Abuse;
    }
    if signals.small_talk == Some(SmallTalk::WhoIsThis) {
        return Input::AsksWho;
    }
    if signals.small_talk == Some(SmallTalk::Thanks) {
        return Input::Thanks;
    }
    // What is told while waiting is for the agent.
    if signals.small_talk.is_none() && signals.asks && is_clear_question(understanding) {
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

pub(super) fn is_sure(guess: &Guess, engine: &Engine) -> bool {
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
