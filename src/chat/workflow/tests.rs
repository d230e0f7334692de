//! Every (stage, input) pair, and what must hold of all of them.

use super::*;

const INPUTS: [Input; 20] = [
    Input::Emergency,
    Input::WantsPerson,
    Input::NeedsPerson,
    Input::Suspicious,
    Input::Agrees,
    Input::Refuses,
    Input::Cancels,
    Input::DoesNotKnow,
    Input::SlotValue,
    Input::Answerable,
    Input::Ambiguous,
    Input::Unanswerable,
    Input::Outdated,
    Input::OffTopic,
    Input::AsksWho,
    Input::Greeting,
    Input::Thanks,
    Input::Farewell,
    Input::Abuse,
    Input::Unclear,
];

fn consent() -> Stage {
    Stage::AwaitingConsent { unclear: 0 }
}

fn collecting() -> Stage {
    asking("card")
}

/// Every (stage, input) pair with the stage and the words it must lead to, one slot being left to ask.
#[test]
fn every_stage_answers_every_input() {
    use Input as I;
    let assisted = || Stage::START;
    let unclear = |unclear| Stage::Assisted { unclear };
    let consent_again = || (Stage::AwaitingConsent { unclear: 1 }, Say::AskConsentAgain);
    let slot_again = || (Stage::Collecting { asking: "card".into(), unclear: 1 }, Say::AskSlotAgain);
    let waiting = || (Stage::Queued, Say::StillWaiting);
    let next_slot = || (asking("amount"), Say::AskSlot);
    // Columns: assisted, awaiting consent, collecting "card", queued.
    let table: [(Input, [(Stage, Say); 4]); 20] = [
        (I::Emergency, std::array::from_fn(|_| (Stage::Queued, Say::EmergencyQueued))),
        (
            I::WantsPerson,
            [
                (consent(), Say::AskConsent(PersonReason::Wanted)),
                (Stage::Queued, Say::Queued),
                (Stage::Queued, Say::Queued),
                waiting(),
            ],
        ),
        (
            I::NeedsPerson,
            [(consent(), Say::AskConsent(PersonReason::Needed)), consent_again(), slot_again(), waiting()],
        ),
        (
            I::Suspicious,
            [(assisted(), Say::WarnOfFraud), consent_again(), slot_again(), (Stage::Queued, Say::WarnOfFraud)],
        ),
        (
            I::Agrees,
            [(assisted(), Say::Acknowledge), (asking("amount"), Say::StartCollecting), slot_again(), waiting()],
        ),
        (I::Refuses, [(assisted(), Say::Acknowledge), (assisted(), Say::ConsentRefused), next_slot(), waiting()]),
        (
            I::Cancels,
            [
                (assisted(), Say::Acknowledge),
                (assisted(), Say::ConsentRefused),
                (assisted(), Say::HandoverCancelled),
                (assisted(), Say::HandoverCancelled),
            ],
        ),
        (I::DoesNotKnow, [(assisted(), Say::OfferTopics), consent_again(), next_slot(), waiting()]),
        (I::SlotValue, [(unclear(1), Say::Rephrase), consent_again(), next_slot(), waiting()]),
        (
            I::Answerable,
            [
                (assisted(), Say::Answer),
                (consent(), Say::AnswerThenAskConsent),
                (collecting(), Say::AnswerThenAskSlot),
                (Stage::Queued, Say::AnswerThenWait),
            ],
        ),
        (I::Ambiguous, [(assisted(), Say::AskWhich), consent_again(), slot_again(), waiting()]),
        (
            I::Unanswerable,
            [(assisted(), Say::NotFound), consent_again(), (collecting(), Say::DeferThenAskSlot), waiting()],
        ),
        (I::Outdated, [(assisted(), Say::Outdated), consent_again(), (collecting(), Say::DeferThenAskSlot), waiting()]),
        (I::OffTopic, [(assisted(), Say::OffTopic), consent_again(), slot_again(), waiting()]),
        (I::AsksWho, [assisted(), consent(), collecting(), Stage::Queued].map(|stage| (stage, Say::WhoThisIs))),
        (I::Greeting, [(assisted(), Say::Greeting), consent_again(), slot_again(), waiting()]),
        (I::Thanks, [(assisted(), Say::Thanks), consent_again(), slot_again(), (Stage::Queued, Say::ThanksWaiting)]),
        (I::Farewell, [(assisted(), Say::Farewell), consent_again(), slot_again(), waiting()]),
        (I::Abuse, [(assisted(), Say::Calm), consent_again(), slot_again(), (Stage::Queued, Say::CalmWaiting)]),
        (I::Unclear, [(unclear(1), Say::Rephrase), consent_again(), slot_again(), waiting()]),
    ];
    assert_eq!(table.each_ref().map(|(input, _)| *input), INPUTS, "every input has its row");
    for (input, expected) in table {
        for (stage, (stage_after, say)) in
            [assisted(), consent(), collecting(), Stage::Queued].into_iter().zip(expected)
        {
            let step = next(&stage, input, Some("amount"), 2);
            assert_eq!((step.stage, step.say), (stage_after, say), "{stage:?} + {input:?}");
        }
        let step = next(&Stage::Attended, input, Some("amount"), 2);
        assert_eq!((step.stage, step.say), (Stage::Attended, Say::PassedToAgent), "attended + {input:?}");
    }
}

#[test]
fn a_person_is_always_reachable_and_an_emergency_never_asked() {
    for stage in [Stage::START, consent(), collecting(), Stage::Queued] {
        let step = next(&stage, Input::Emergency, Some("card"), 2);
        assert_eq!((step.stage, step.handover), (Stage::Queued, HandoverVerb::Request), "{stage:?}");
        let step = next(&stage, Input::WantsPerson, Some("card"), 2);
        assert!(step.stage.name().is_human_required_flow(), "{stage:?}");
    }
}

#[test]
fn only_a_clear_yes_is_consent() {
    for input in INPUTS {
        let step = next(&consent(), input, Some("card"), 2);
        let collects = matches!(step.stage, Stage::Collecting { .. });
        assert_eq!(collects, input == Input::Agrees, "{input:?}");
    }
}

#[test]
fn the_last_slot_leads_to_the_queue() {
    for input in [Input::SlotValue, Input::DoesNotKnow, Input::Refuses] {
        let step = next(&collecting(), input, None, 2);
        assert_eq!((step.stage, step.say, step.handover), (Stage::Queued, Say::Queued, HandoverVerb::Request));
    }
    let step = next(&consent(), Input::Agrees, None, 2);
    assert_eq!((step.stage, step.say), (Stage::Queued, Say::Queued));
}

#[test]
fn after_two_unclear_replies_a_person_is_offered_and_the_conversation_goes_on() {
    let mut stage = Stage::START;
    let said = [0, 1, 2].map(|_| {
        let step = next(&stage, Input::Unclear, None, 2);
        stage = step.stage;
        step.say
    });
    assert_eq!(said, [Say::Rephrase, Say::OfferPerson, Say::OfferPerson]);
    let step = next(&stage, Input::Answerable, None, 2);
    assert_eq!(step.stage, Stage::START, "understanding starts the count anew");

    let step = next(&Stage::AwaitingConsent { unclear: 1 }, Input::Unclear, Some("card"), 2);
    assert_eq!(step.say, Say::OfferPersonInstead);
    let step = next(&Stage::Collecting { asking: "card".into(), unclear: 1 }, Input::Unclear, Some("amount"), 2);
    assert_eq!((step.stage, step.collected), (asking("amount"), CollectedVerb::Skip), "never asked for ever");
}
