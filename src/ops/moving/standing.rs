//! Where a conversation of the earlier system stands here: its stage, whether it goes on, and its hand-over (wire contract §6 and §7).

use serde_json::Value;

use crate::domain::Activity;
use crate::domain::AgentId;
use crate::domain::Attendant;
use crate::domain::Collected;
use crate::domain::Handover;
use crate::domain::HandoverStatus;
use crate::domain::Stage;
use crate::domain::Timestamp;
use crate::ops::moving::times;
use crate::ops::moving::times::LastChange;
use crate::store::EarlierSession;
use crate::text::pii;

/// The contract's key for the slot being asked.
const ASKING: &str = "_current_asking_slot";

/// The longest name of a slot that is taken for one.
const SLOT_CHARS_MAX: usize = 100;

/// Where a conversation stands.
pub(super) struct Standing {
    pub(super) activity: Activity,
    pub(super) stage: Stage,
    pub(super) handover: Handover,
    /// It is over, and nobody had taken it.
    pub(super) waited_in_vain: bool,
}

/// Decides it. `last` is when its last message was said.
pub(super) fn of(
    row: &EarlierSession,
    collected: &Collected,
    change: LastChange,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Standing {
    // A conversation is active until the earlier system says that it is not.
    let is_active = row.is_active.as_deref().is_none_or(is_yes);
    let activity = match change {
        _ if is_active => Activity::Active,
        // Whoever left comes back by himself, whoever was closed does not.
        LastChange::Message | LastChange::Sweep(_) => Activity::Silent,
        LastChange::Later(_) => Activity::Closed,
    };
    let stage = if is_active { stage(row, collected) } else { Stage::START };
    let mut handover = handover(row, now);
    let status = handover.status();
    let waits = matches!(stage, Stage::Queued | Stage::Attended | Stage::Collecting { .. });
    let is_open = status.is_some_and(HandoverStatus::is_open);
    if is_active && waits && !is_open {
        // It waited there without saying so; here, agents find it by its status.
        handover.request(handover.requested_at().or(last).unwrap_or(now));
    }
    let waited_in_vain = !is_active && status == Some(HandoverStatus::Pending);
    if waited_in_vain {
        handover.cancel();
    }
    Standing { activity, stage, handover, waited_in_vain }
}

/// The stage of an active conversation. Its counters of unclear replies are left behind: they were never set back there.
fn stage(row: &EarlierSession, collected: &Collected) -> Stage {
    let is_set = |flag: &Option<String>| flag.as_deref().is_some_and(is_yes);
    let status = row.handover_status.as_deref().and_then(status);
    match status {
        Some(HandoverStatus::Accepted) => return Stage::Attended,
        Some(HandoverStatus::Pending) if !is_set(&row.is_human_required_flow) => return Stage::Queued,
        Some(_) | None => {}
    }
    let (consented, complete) = (is_set(&row.customer_consent_received), is_set(&row.info_collection_complete));
    match (is_set(&row.is_human_required_flow), consented, complete) {
        (false, _, _) => Stage::START,
        (true, false, false) => Stage::AwaitingConsent { unclear: 0 },
        (true, true, false) => match collected.get(ASKING).filter(|slot| is_slot(slot)) {
            Some(slot) => Stage::Collecting { asking: slot.clone(), unclear: 0 },
            // Nobody knows what was asked; nothing has to be collected to reach a person.
            None => Stage::Queued,
        },
        (true, _, true) => Stage::Queued,
    }
}

/// Whether it may be the name of a slot.
fn is_slot(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(char::is_control) && text.chars().nth(SLOT_CHARS_MAX).is_none()
}

fn handover(row: &EarlierSession, now: Timestamp) -> Handover {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let id = text(&row.assigned_agent_id).and_then(|id| AgentId::parse(&id).ok()).map(AgentId::into_string);
    Handover::restore(
        row.handover_status.as_deref().and_then(status),
        times::korean(row.handover_requested_at.as_deref(), now),
        times::korean(row.handover_accepted_at.as_deref(), now),
        Attendant { id, name: None },
    )
}

fn status(word: &str) -> Option<HandoverStatus> {
    HandoverStatus::parse(&word.trim().to_ascii_lowercase())
}

/// Reads a flag, whatever type its column has.
fn is_yes(text: &str) -> bool {
    matches!(text.trim_matches(' ').to_ascii_lowercase().as_str(), "1" | "true" | "\u{1}" | "yes")
}

/// What was collected, masked, and whether that changed anything. Values that are no text become text.
pub(super) fn collected(json: Option<&str>) -> (Collected, bool) {
    let Some(Ok(Value::Object(fields))) = json.map(serde_json::from_str) else { return (Collected::new(), false) };
    let (mut collected, mut is_masked) = (Collected::new(), false);
    for (key, value) in fields {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
        };
        let masked = pii::mask(&text);
        is_masked |= masked.is_altered();
        collected.insert(key, masked.into_string());
    }
    (collected, is_masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_stages() {
        let asking = Collected::from([(ASKING.to_owned(), "loss_date".to_owned())]);
        let collecting = Stage::Collecting { asking: "loss_date".to_owned(), unclear: 0 };
        let consent = Stage::AwaitingConsent { unclear: 0 };
        use HandoverStatus::Accepted;
        use HandoverStatus::Cancelled;
        use HandoverStatus::Pending;
        // H, C, I, status; the stage and the status here.
        for (flags, status, expected, now_is) in [
            ("000", None, Stage::START, None),
            ("001", None, Stage::START, None),
            ("000", Some("cancelled"), Stage::START, Some(Cancelled)),
            ("000", Some("pending"), Stage::Queued, Some(Pending)),
            ("000", Some("accepted"), Stage::Attended, Some(Accepted)),
            ("100", None, consent, None),
            ("110", Some("pending"), collecting.clone(), Some(Pending)),
            ("110", None, collecting, Some(Pending)),
            ("111", Some("pending"), Stage::Queued, Some(Pending)),
            ("111", None, Stage::Queued, Some(Pending)),
            ("111", Some("ACCEPTED"), Stage::Attended, Some(Accepted)),
        ] {
            let flag = |at: usize| flags.get(at..=at).map(str::to_owned);
            let row = EarlierSession {
                is_active: Some("1".to_owned()),
                is_human_required_flow: flag(0),
                customer_consent_received: flag(1),
                info_collection_complete: flag(2),
                handover_status: status.map(str::to_owned),
                ..EarlierSession::default()
            };
            let now = Timestamp::from_unix_ms(1);
            let standing = of(&row, &asking, LastChange::Message, None, now);
            let found = (standing.stage, standing.handover.status());
            assert_eq!(found, (expected, now_is), "{flags} {status:?}");
            assert!(!standing.waited_in_vain);
        }
    }

    #[test]
    fn what_is_no_name_of_a_slot_is_not_asked() {
        let longest = "가".repeat(SLOT_CHARS_MAX);
        let too_long = format!("{longest}가");
        for (asked, is_asked) in [
            ("loss_date", true),
            (longest.as_str(), true),
            (too_long.as_str(), false),
            ("loss\ndate", false),
            (" ", false),
            ("", false),
        ] {
            let yes = || Some("1".to_owned());
            let row = EarlierSession {
                is_active: yes(),
                is_human_required_flow: yes(),
                customer_consent_received: yes(),
                ..EarlierSession::default()
            };
            let collected = Collected::from([(ASKING.to_owned(), asked.to_owned())]);
            let standing = of(&row, &collected, LastChange::Message, None, Timestamp::from_unix_ms(1));
            let collecting = Stage::Collecting { asking: asked.to_owned(), unclear: 0 };
            assert_eq!(standing.stage, if is_asked { collecting } else { Stage::Queued }, "{asked:?}");
            assert_eq!(standing.handover.status(), Some(HandoverStatus::Pending));
        }
    }

    #[test]
    fn a_conversation_that_is_over_waits_for_nobody() {
        let now = Timestamp::from_unix_ms(1);
        for (change, activity) in [
            (LastChange::Sweep(now), Activity::Silent),
            (LastChange::Message, Activity::Silent),
            (LastChange::Later(now), Activity::Closed),
        ] {
            let row = EarlierSession {
                is_active: Some("0".to_owned()),
                is_human_required_flow: Some("1".to_owned()),
                handover_status: Some("pending".to_owned()),
                ..EarlierSession::default()
            };
            let standing = of(&row, &Collected::new(), change, None, now);
            assert_eq!((standing.activity, standing.stage), (activity, Stage::START));
            assert_eq!(standing.handover.status(), Some(HandoverStatus::Cancelled));
            assert!(standing.waited_in_vain);
        }
    }

    #[test]
    fn collected_values_are_text_and_masked() {
        let json =
            r#"{"_waiting_intro_shown": true, "card_last_4_digits": "1234", "phone": "010-1234-5678", "x": null}"#;
        let (collected, is_masked) = collected(Some(json));
        assert_eq!(collected.get("_waiting_intro_shown").map(String::as_str), Some("true"));
        assert_eq!(collected.get("card_last_4_digits").map(String::as_str), Some("1234"));
        assert!(is_masked && !collected["phone"].contains("1234") && !collected.contains_key("x"));
        for other in [None, Some(""), Some("[]"), Some("{")] {
            assert!(super::collected(other).0.is_empty(), "{other:?}");
        }
    }
}
