//! A step in words: the bank's own sentences where it is an answer, ours everywhere else.

use time::OffsetDateTime;

use crate::chat::answer::Answer;
use crate::chat::engine::Engine;
use crate::chat::follow_ups;
use crate::chat::prompts;
use crate::chat::triage::Understanding;
use crate::chat::workflow::PersonReason;
use crate::chat::workflow::Say;
use crate::chat::workflow::Step;
use crate::domain::CategoryCandidate;
use crate::domain::Engine as AnsweredBy;
use crate::domain::QuickReply;
use crate::domain::Source;
use crate::domain::Stage;
use crate::nlu::Emergency;
use crate::text::pii::Kind;
use crate::text::pii::Masked;

/// What the assistant says in a turn.
pub(super) struct Spoken {
    pub(super) text: String,
    pub(super) sources: Vec<Source>,
    pub(super) buttons: Vec<QuickReply>,
    pub(super) by: AnsweredBy,
}

impl Spoken {
    fn rule(text: impl Into<String>, buttons: Vec<QuickReply>) -> Self {
        Self { text: text.into(), sources: Vec::new(), buttons, by: AnsweredBy::Rule }
    }

    fn answer(answer: Option<&Answer>, suffix: &str, buttons: Vec<QuickReply>) -> Self {
        let Some(answer) = answer else { return Self::rule(suffix, buttons) };
        let mut text = answer.text.clone();
        if !suffix.is_empty() {
            text.push_str("\n\n");
            text.push_str(suffix);
        }
        Self { text, sources: answer.sources.clone(), buttons, by: AnsweredBy::Extractive }
    }
}

/// Below this the best passage may speak of only a part of what was asked: of such answers on test questions of two packs
/// seven in ten came from the right document, of the others nine in ten.
const NEAR_SCORE_MAX: f32 = 0.8;

/// A category less likely than this is not offered instead of the one that was answered from.
const OTHER_CONFIDENCE_MIN: f32 = 0.1;

/// What words depend on beside the step.
pub(super) struct Scene<'t> {
    pub(super) engine: &'t Engine,
    /// In Korea.
    pub(super) now: OffsetDateTime,
    /// What the conversation is about.
    pub(super) topic: Option<&'t str>,
    /// The answer is the one that was given last.
    pub(super) is_repeated: bool,
}

/// Words a step.
pub(super) fn word(scene: &Scene<'_>, step: &Step, understanding: &Understanding) -> Spoken {
    let engine = scene.engine;
    let pack = engine.pack();
    let is_staffed = || pack.is_staffed(scene.now);
    let slot = match &step.stage {
        Stage::Collecting { asking, .. } => engine.slot(asking),
        Stage::Assisted { .. } | Stage::AwaitingConsent { .. } | Stage::Queued | Stage::Attended => None,
    };
    let question = slot.map(|slot| slot.question.as_str()).unwrap_or_default();
    let answer = understanding.answer.as_ref();
    let topics_and_person = || {
        let mut buttons = prompts::topic_buttons(pack);
        buttons.push(prompts::person_button());
        buttons
    };
    match step.say {
        Say::Answer => {
            let mut notes = answer.map(prompts::notes).unwrap_or_default();
            let mut buttons =
                answer.map(|answer| follow_ups::offer(engine, answer, scene.now.date())).unwrap_or_default();
            if scene.is_repeated {
                // Whoever asks the same again did not find in it what he looks for.
                notes.push(prompts::SAME_AGAIN.to_owned());
                let others = understanding.bearing.guesses.iter().skip(1).take(CategoryCandidate::MAX - 1);
                let others = others.filter(|guess| guess.confidence >= OTHER_CONFIDENCE_MIN);
                let others = prompts::category_buttons(others.filter_map(|guess| engine.category(&guess.category)));
                buttons.splice(..0, others);
            } else if understanding.score_best < NEAR_SCORE_MAX {
                notes.push(prompts::NEAREST.to_owned());
            }
            if !notes.is_empty() {
                buttons.push(prompts::person_button());
            }
            Spoken::answer(answer, &notes.join("\n"), buttons)
        }
        Say::AnswerThenAskConsent => Spoken::answer(answer, prompts::ASK_CONSENT_AGAIN, prompts::consent_buttons()),
        Say::AnswerThenAskSlot => Spoken::answer(answer, question, prompts::skip_buttons()),
        Say::AnswerThenWait => {
            Spoken::answer(answer, prompts::still_connecting(is_staffed()), prompts::waiting_buttons())
        }
        Say::AskConsent(reason) => {
            let asks = engine.category_or_default(scene.topic).is_some_and(|topic| !topic.required_slots.is_empty());
            let mut text = prompts::ask_consent(reason, asks);
            let is_hurt = understanding.bearing.acts.wrong() > 0.0 || is_staffed() == Some(false);
            if reason == PersonReason::Needed && is_hurt {
                text.push_str(&prompts::report_at_once(pack));
            }
            Spoken::rule(text, prompts::consent_buttons())
        }
        Say::AskConsentAgain => Spoken::rule(prompts::ASK_CONSENT_AGAIN, prompts::consent_buttons()),
        Say::OfferPersonInstead => Spoken::rule(prompts::offer_person_instead(pack), prompts::consent_buttons_again()),
        Say::ConsentRefused => Spoken::rule(prompts::CONSENT_REFUSED, Vec::new()),
        Say::StartCollecting => {
            Spoken::rule(prompts::start_collecting(question, is_staffed()), prompts::skip_buttons())
        }
        Say::AskSlot => Spoken::rule(question, prompts::skip_buttons()),
        Say::AskSlotAgain => {
            Spoken::rule(slot.map(prompts::ask_slot_again).unwrap_or_default(), prompts::skip_buttons())
        }
        Say::Queued => Spoken::rule(prompts::queued(pack, is_staffed()), prompts::waiting_buttons()),
        Say::EmergencyQueued if understanding.emergency == Some(Emergency::Despair) => {
            Spoken::rule(prompts::despair_queued(is_staffed()), prompts::waiting_buttons())
        }
        Say::EmergencyQueued => Spoken::rule(prompts::emergency_queued(pack, is_staffed()), prompts::waiting_buttons()),
        Say::WarnOfFraud => Spoken::rule(prompts::warn_of_fraud(pack), prompts::fraud_buttons()),
        Say::DeferThenAskSlot => Spoken::rule(prompts::defer_then_ask_slot(question), prompts::skip_buttons()),
        Say::ThanksWaiting => Spoken::rule(prompts::thanks_waiting(is_staffed()), prompts::waiting_buttons()),
        Say::CalmWaiting => Spoken::rule(prompts::calm_waiting(is_staffed()), prompts::waiting_buttons()),
        Say::StillWaiting => Spoken::rule(prompts::still_waiting(pack, is_staffed()), prompts::waiting_buttons()),
        Say::PassedToAgent => Spoken::rule(prompts::PASSED_TO_AGENT, Vec::new()),
        Say::HandoverCancelled => Spoken::rule(prompts::HANDOVER_CANCELLED, Vec::new()),
        Say::AskWhich => {
            let guesses = understanding.bearing.guesses.iter().take(CategoryCandidate::MAX);
            let categories = guesses.filter_map(|guess| engine.category(&guess.category));
            let mut buttons = prompts::category_buttons(categories);
            buttons.push(prompts::person_button());
            Spoken::rule(prompts::ASK_WHICH, buttons)
        }
        Say::NotFound | Say::OffTopic if understanding.names_others && !understanding.is_foreign => {
            Spoken::rule(prompts::not_ours(pack), topics_and_person())
        }
        Say::NotFound => Spoken::rule(prompts::not_found(pack), topics_and_person()),
        Say::Outdated => {
            let text = understanding.outdated.as_ref().map(prompts::outdated).unwrap_or_default();
            Spoken::rule(text, vec![prompts::person_button()])
        }
        Say::OffTopic if understanding.is_foreign => Spoken::rule(prompts::FOREIGN, topics_and_person()),
        Say::OffTopic => Spoken::rule(prompts::OFF_TOPIC, topics_and_person()),
        Say::WhoThisIs => {
            let buttons = match &step.stage {
                Stage::Assisted { .. } => topics_and_person(),
                Stage::AwaitingConsent { .. } => prompts::consent_buttons(),
                Stage::Collecting { .. } => prompts::skip_buttons(),
                Stage::Queued | Stage::Attended => prompts::waiting_buttons(),
            };
            let text = prompts::who_this_is(pack);
            // What was asked of the customer stays open.
            Spoken::rule(if question.is_empty() { text } else { format!("{text}\n\n{question}") }, buttons)
        }
        Say::Greeting => Spoken::rule(pack.greeting.clone(), prompts::topic_buttons(pack)),
        Say::Thanks => Spoken::rule(prompts::THANKS, Vec::new()),
        Say::Farewell => Spoken::rule(prompts::FAREWELL, Vec::new()),
        Say::Acknowledge => Spoken::rule(prompts::ACKNOWLEDGE, Vec::new()),
        Say::OfferTopics => Spoken::rule(prompts::OFFER_TOPICS, topics_and_person()),
        Say::Rephrase => Spoken::rule(prompts::REPHRASE, Vec::new()),
        Say::OfferPerson => Spoken::rule(prompts::OFFER_PERSON, topics_and_person()),
        Say::Calm => Spoken::rule(prompts::CALM, vec![prompts::person_button()]),
    }
}

/// What a customer is told who wrote something that he had better not.
pub(super) fn warning(masked: &Masked) -> Option<&'static str> {
    let wrote = |kinds: &[Kind]| masked.kinds().iter().any(|kind| kinds.contains(kind));
    if wrote(&[Kind::Secret]) {
        return Some(prompts::NO_SECRETS);
    }
    wrote(&[Kind::ResidentNumber, Kind::Card, Kind::Passport, Kind::DriverLicence]).then_some(prompts::NO_PERSONAL_DATA)
}
