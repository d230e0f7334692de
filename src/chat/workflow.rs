//! The conversation's state machine (wire contract §7 with the deviations of design §3).
//!
//! [`next`] is pure: the same stage, input and missing slot always give the same step. `turn` performs it.
//!
//! **Invariants:** a person is reachable from every stage; an emergency is queued at once, without consent and
//! without questions; nothing but a clear yes is consent; no reply ends a conversation.

#[cfg(test)]
mod tests;

use crate::domain::Stage;
use crate::domain::Ticket;

/// What a message means, as far as the conversation's course depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Fraud, phishing, theft or a threat is happening to the customer.
    Emergency,
    /// What he is being asked to do looks like a fraud, and nothing seems to be lost yet.
    Suspicious,
    /// He asks for a person.
    WantsPerson,
    /// It is a matter only a person may settle.
    NeedsPerson,
    /// A clear yes.
    Agrees,
    /// A clear no.
    Refuses,
    /// He wants what is going on to stop.
    Cancels,
    /// He does not know, or not now.
    DoesNotKnow,
    /// It holds a value for the slot that is being asked.
    SlotValue,
    /// The documents answer it.
    Answerable,
    /// Several things could be meant.
    Ambiguous,
    /// It is a question, but the documents do not answer it.
    Unanswerable,
    /// It is a question, and the document that answers it is not in force.
    Outdated,
    /// It is no matter of the bank's, or an instruction to the machine.
    OffTopic,
    /// He asks who or what answers him.
    AsksWho,
    /// A greeting.
    Greeting,
    /// Thanks.
    Thanks,
    /// A good-bye.
    Farewell,
    /// Swearing, and nothing else.
    Abuse,
    /// Nothing can be made of it.
    Unclear,
}

impl Input {
    /// The message says what the conversation is about; the others say how it is to go on.
    pub const fn is_topical(self) -> bool {
        match self {
            Self::Emergency
            | Self::Suspicious
            | Self::NeedsPerson
            | Self::Answerable
            | Self::Ambiguous
            | Self::Unanswerable
            | Self::Outdated => true,
            Self::WantsPerson
            | Self::Agrees
            | Self::Refuses
            | Self::Cancels
            | Self::DoesNotKnow
            | Self::SlotValue
            | Self::OffTopic
            | Self::AsksWho
            | Self::Greeting
            | Self::Thanks
            | Self::Farewell
            | Self::Abuse
            | Self::Unclear => false,
        }
    }
}

/// Why a person is to take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonReason {
    /// The customer asked.
    Wanted,
    /// The matter requires it.
    Needed,
}

/// What the assistant says. `prompts` has the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Say {
    /// The answer from the documents.
    Answer,
    /// The answer, then the question for consent again.
    AnswerThenAskConsent,
    /// The answer, then the slot's question again.
    AnswerThenAskSlot,
    /// The answer, then that an agent is still awaited.
    AnswerThenWait,
    /// An agent will answer that; the slot's question again.
    DeferThenAskSlot,
    /// May details be collected for an agent?
    AskConsent(PersonReason),
    /// The same, after a reply that was neither yes nor no.
    AskConsentAgain,
    /// The ways to a person, when the question for consent was not understood repeatedly.
    OfferPersonInstead,
    /// Consent was refused.
    ConsentRefused,
    /// Looking for an agent; the first slot's question.
    StartCollecting,
    /// The next slot's question.
    AskSlot,
    /// The value does not fit; the same slot's question, with an example.
    AskSlotAgain,
    /// Everything is collected; an agent comes.
    Queued,
    /// An agent comes at once, and what to do meanwhile.
    EmergencyQueued,
    /// That it looks like a fraud, what not to do, and where to report it.
    WarnOfFraud,
    /// Still waiting for an agent.
    StillWaiting,
    /// You are welcome; still waiting for an agent.
    ThanksWaiting,
    /// Calm words to swearing while an agent is awaited.
    CalmWaiting,
    /// The message goes to the agent.
    PassedToAgent,
    /// The way to a person was cancelled.
    HandoverCancelled,
    /// Which of these is meant?
    AskWhich,
    /// The documents do not answer it.
    NotFound,
    /// The document that answers it is not in force.
    Outdated,
    /// Not a matter of the bank's.
    OffTopic,
    /// That a program answers, from what, and how to reach a person.
    WhoThisIs,
    /// A greeting.
    Greeting,
    /// You are welcome.
    Thanks,
    /// Good-bye.
    Farewell,
    /// Understood; what can I do?
    Acknowledge,
    /// Topics to choose from.
    OfferTopics,
    /// Please say it differently.
    Rephrase,
    /// It was not understood repeatedly: topics and a person.
    OfferPerson,
    /// Calm words to swearing, and a person.
    Calm,
}

/// What happens to the hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandoverVerb {
    /// Nothing.
    Keep,
    /// It is asked for.
    Request,
    /// The customer no longer wants it.
    Cancel,
    /// It was never agreed to.
    Withdraw,
}

/// What happens to the collected details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectedVerb {
    /// Nothing.
    Keep,
    /// They are emptied.
    Clear,
    /// The category's slots are prepared.
    Start,
    /// The value for the slot being asked is stored.
    Store,
    /// The slot being asked is marked unknown.
    Skip,
}

/// One step of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The stage after it.
    pub stage: Stage,
    /// What the assistant says.
    pub say: Say,
    /// What happens to the hand-over.
    pub handover: HandoverVerb,
    /// What happens to the collected details.
    pub collected: CollectedVerb,
    /// How the message is filed.
    pub ticket: Ticket,
    /// The name of the rule that fired, for the record.
    pub rule: &'static str,
}

/// The step a message leads to.
///
/// `missing` is the slot to ask next once this message's value is stored or the current slot is skipped; `None` when
/// nothing is left to ask. `unclear_max` is how many replies in a row may be unclear before a person is offered.
pub fn next(stage: &Stage, input: Input, missing: Option<&str>, unclear_max: u8) -> Step {
    match stage {
        Stage::Assisted { unclear } => assisted(*unclear, input, unclear_max),
        Stage::AwaitingConsent { unclear } => awaiting_consent(*unclear, input, missing, unclear_max),
        Stage::Collecting { asking, unclear } => collecting(asking, *unclear, input, missing, unclear_max),
        Stage::Queued => queued(input),
        Stage::Attended => step(Stage::Attended, Say::PassedToAgent, Ticket::HumanRequired, "with_agent"),
    }
}

fn assisted(unclear: u8, input: Input, unclear_max: u8) -> Step {
    let stay = |say, ticket, rule| step(Stage::START, say, ticket, rule);
    match input {
        Input::Emergency => emergency(),
        Input::Suspicious => stay(Say::WarnOfFraud, Ticket::HumanRequired, "fraud_suspected"),
        Input::WantsPerson => ask_consent(PersonReason::Wanted, "person_wanted"),
        Input::NeedsPerson => ask_consent(PersonReason::Needed, "person_needed"),
        Input::Answerable => stay(Say::Answer, Ticket::AutoAnswer, "answer"),
        Input::Ambiguous => stay(Say::AskWhich, Ticket::NeedMoreInfo, "ask_which"),
        Input::Unanswerable => stay(Say::NotFound, Ticket::AutoAnswer, "nothing_found"),
        Input::Outdated => stay(Say::Outdated, Ticket::AutoAnswer, "outdated"),
        Input::OffTopic => stay(Say::OffTopic, Ticket::SimpleAnswer, "off_topic"),
        Input::AsksWho => stay(Say::WhoThisIs, Ticket::SimpleAnswer, "who_answers"),
        Input::Greeting => stay(Say::Greeting, Ticket::SimpleAnswer, "greeting"),
        Input::Thanks => stay(Say::Thanks, Ticket::SimpleAnswer, "thanks"),
        Input::Farewell => stay(Say::Farewell, Ticket::SimpleAnswer, "farewell"),
        Input::Abuse => stay(Say::Calm, Ticket::SimpleAnswer, "abuse"),
        Input::Agrees | Input::Refuses | Input::Cancels => {
            stay(Say::Acknowledge, Ticket::SimpleAnswer, "nothing_was_asked")
        }
        Input::DoesNotKnow => stay(Say::OfferTopics, Ticket::SimpleAnswer, "topics"),
        Input::SlotValue | Input::Unclear => {
            let unclear = unclear.saturating_add(1);
            let (say, rule) = if unclear >= unclear_max {
                (Say::OfferPerson, "unclear_repeatedly")
            } else {
                (Say::Rephrase, "unclear")
            };
            step(Stage::Assisted { unclear }, say, Ticket::SimpleAnswer, rule)
        }
    }
}

fn awaiting_consent(unclear: u8, input: Input, missing: Option<&str>, unclear_max: u8) -> Step {
    match input {
        Input::Emergency => emergency(),
        Input::Agrees => match missing {
            Some(slot) => Step {
                handover: HandoverVerb::Request,
                collected: CollectedVerb::Start,
                ..step(asking(slot), Say::StartCollecting, Ticket::HumanRequired, "consent_given")
            },
            None => Step { collected: CollectedVerb::Start, ..enqueue(Say::Queued, "consent_given_nothing_to_ask") },
        },
        // Without consent nothing is collected, but nothing has to be collected to reach a person.
        Input::WantsPerson => enqueue(Say::Queued, "person_without_collection"),
        Input::Refuses | Input::Cancels => Step {
            handover: HandoverVerb::Withdraw,
            collected: CollectedVerb::Clear,
            ..step(Stage::START, Say::ConsentRefused, Ticket::SimpleAnswer, "consent_refused")
        },
        Input::Answerable => step(
            Stage::AwaitingConsent { unclear },
            Say::AnswerThenAskConsent,
            Ticket::AutoAnswer,
            "answer_before_consent",
        ),
        Input::AsksWho => {
            step(Stage::AwaitingConsent { unclear }, Say::WhoThisIs, Ticket::HumanRequired, "who_answers")
        }
        Input::NeedsPerson
        | Input::Suspicious
        | Input::DoesNotKnow
        | Input::SlotValue
        | Input::Ambiguous
        | Input::Unanswerable
        | Input::Outdated
        | Input::OffTopic
        | Input::Greeting
        | Input::Thanks
        | Input::Farewell
        | Input::Abuse
        | Input::Unclear => {
            let unclear = unclear.saturating_add(1);
            let (say, rule) = if unclear >= unclear_max {
                (Say::OfferPersonInstead, "consent_unclear_repeatedly")
            } else {
                (Say::AskConsentAgain, "consent_unclear")
            };
            step(Stage::AwaitingConsent { unclear }, say, Ticket::HumanRequired, rule)
        }
    }
}

fn collecting(slot: &str, unclear: u8, input: Input, missing: Option<&str>, unclear_max: u8) -> Step {
    let go_on = |collected, rule| match missing {
        Some(next) => Step { collected, ..step(asking(next), Say::AskSlot, Ticket::HumanRequired, rule) },
        None => Step { collected, ..enqueue(Say::Queued, rule) },
    };
    match input {
        Input::Emergency => emergency(),
        Input::WantsPerson => enqueue(Say::Queued, "person_without_collection"),
        Input::Cancels => cancel(),
        Input::SlotValue => go_on(CollectedVerb::Store, "slot_filled"),
        // Not wanting to say is not the same as not wanting a person.
        Input::DoesNotKnow | Input::Refuses => go_on(CollectedVerb::Skip, "slot_skipped"),
        Input::Answerable => step(
            Stage::Collecting { asking: slot.to_owned(), unclear },
            Say::AnswerThenAskSlot,
            Ticket::AutoAnswer,
            "answer_between_slots",
        ),
        // A question is no failure to answer ours.
        Input::Unanswerable | Input::Outdated => step(
            Stage::Collecting { asking: slot.to_owned(), unclear },
            Say::DeferThenAskSlot,
            Ticket::HumanRequired,
            "question_between_slots",
        ),
        Input::AsksWho => {
            let stage = Stage::Collecting { asking: slot.to_owned(), unclear };
            step(stage, Say::WhoThisIs, Ticket::HumanRequired, "who_answers")
        }
        Input::NeedsPerson
        | Input::Suspicious
        | Input::Agrees
        | Input::Ambiguous
        | Input::OffTopic
        | Input::Greeting
        | Input::Thanks
        | Input::Farewell
        | Input::Abuse
        | Input::Unclear => {
            let unclear = unclear.saturating_add(1);
            if unclear >= unclear_max {
                return go_on(CollectedVerb::Skip, "slot_unclear_repeatedly");
            }
            let stage = Stage::Collecting { asking: slot.to_owned(), unclear };
            step(stage, Say::AskSlotAgain, Ticket::HumanRequired, "slot_unclear")
        }
    }
}

fn queued(input: Input) -> Step {
    let wait = |say, ticket, rule| step(Stage::Queued, say, ticket, rule);
    match input {
        Input::Emergency => emergency(),
        Input::Cancels => cancel(),
        Input::Answerable => wait(Say::AnswerThenWait, Ticket::AutoAnswer, "answer_while_waiting"),
        Input::Thanks => wait(Say::ThanksWaiting, Ticket::HumanRequired, "thanks_while_waiting"),
        Input::Suspicious => wait(Say::WarnOfFraud, Ticket::HumanRequired, "fraud_suspected"),
        Input::AsksWho => wait(Say::WhoThisIs, Ticket::HumanRequired, "who_answers"),
        Input::Abuse => wait(Say::CalmWaiting, Ticket::HumanRequired, "abuse_while_waiting"),
        Input::WantsPerson
        | Input::NeedsPerson
        | Input::Agrees
        | Input::Refuses
        | Input::DoesNotKnow
        | Input::SlotValue
        | Input::Ambiguous
        | Input::Unanswerable
        | Input::Outdated
        | Input::OffTopic
        | Input::Greeting
        | Input::Farewell
        | Input::Unclear => wait(Say::StillWaiting, Ticket::HumanRequired, "waiting"),
    }
}

fn step(stage: Stage, say: Say, ticket: Ticket, rule: &'static str) -> Step {
    Step { stage, say, handover: HandoverVerb::Keep, collected: CollectedVerb::Keep, ticket, rule }
}

fn asking(slot: &str) -> Stage {
    Stage::Collecting { asking: slot.to_owned(), unclear: 0 }
}

fn ask_consent(reason: PersonReason, rule: &'static str) -> Step {
    Step {
        collected: CollectedVerb::Clear,
        ..step(Stage::AwaitingConsent { unclear: 0 }, Say::AskConsent(reason), Ticket::HumanRequired, rule)
    }
}

fn enqueue(say: Say, rule: &'static str) -> Step {
    Step { handover: HandoverVerb::Request, ..step(Stage::Queued, say, Ticket::HumanRequired, rule) }
}

fn emergency() -> Step {
    enqueue(Say::EmergencyQueued, "emergency_first")
}

fn cancel() -> Step {
    Step {
        handover: HandoverVerb::Cancel,
        collected: CollectedVerb::Clear,
        ..step(Stage::START, Say::HandoverCancelled, Ticket::SimpleAnswer, "handover_cancelled")
    }
}
