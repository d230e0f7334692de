//! What becomes of single conversations.

use std::collections::HashSet;
use std::time::Duration;

use super::*;

const NOW: i64 = 1_795_910_400_000; // 2026-11-29T00:00:00Z

fn site() -> Site {
    let categories = vec!["한도상향 접수/처리".to_owned()];
    Site { categories, now: Timestamp::from_unix_ms(NOW), expired_before: None }
}

fn row() -> EarlierSession {
    let text = |text: &str| Some(text.to_owned());
    EarlierSession {
        row: 1,
        session_id: "kim".to_owned(),
        created_at: text("2026-11-20 03:00:00"),
        updated_at: text("2026-11-20 12:00:20"),
        is_active: text("1"),
        ..EarlierSession::default()
    }
}

fn message(id: i64, role: &str, text: &str) -> EarlierMessage {
    let is_answer = role == "ASSISTANT";
    EarlierMessage {
        id,
        session_row: 1,
        session_id: "kim".to_owned(),
        role: Some(role.to_owned()),
        message: Some(text.to_owned()),
        suggested_action: is_answer.then(|| "CONTINUE".to_owned()),
        created_at: Some(format!("2026-11-20 12:00:{id:02}")),
        ..EarlierMessage::default()
    }
}

fn turn() -> Vec<EarlierMessage> {
    vec![message(1, "USER", "안녕하세요"), message(2, "ASSISTANT", "무엇을 도와드릴까요?")]
}

fn here(of: &Moved, version: i64) -> Here {
    let arrival = of.arrival.as_ref().unwrap();
    Here {
        session: Session { version, ..arrival.session.clone() },
        moved_version: Some(1),
        earlier_ids: arrival.messages.iter().map(|message| message.earlier_id).collect(),
        last_message: Some(2),
    }
}

#[test]
fn a_second_run_finds_nothing_new() {
    let first = decide(&row(), &turn(), None, &site());
    assert_eq!((first.outcome, first.messages_moved), (Outcome::Moved, 2));
    let again = decide(&row(), &turn(), Some(here(&first, 1)), &site());
    assert_eq!((again.outcome, again.messages_here, again.arrives), (Outcome::Here, 2, false));
    // It fell silent here, which the earlier system knows nothing of.
    let mut silent = here(&first, 1);
    silent.session.activity = Activity::Silent;
    assert_eq!(decide(&row(), &turn(), Some(silent), &site()).outcome, Outcome::Here);
}

#[test]
fn a_later_run_brings_what_is_new() {
    let first = decide(&row(), &turn(), None, &site());
    let mut more = turn();
    more.push(message(7, "USER", "한도를 올려 주세요"));
    let later = decide(&row(), &more, Some(here(&first, 1)), &site());
    assert_eq!((later.outcome, later.messages_moved, later.messages_here), (Outcome::Updated, 1, 2));
    let arrival = later.arrival.unwrap();
    assert_eq!((arrival.session.version, arrival.last_message), (1, Some(2)));
    // Closed there, without a message.
    let closed =
        EarlierSession { is_active: Some("0".to_owned()), updated_at: Some("2026-11-20 12:30:00".to_owned()), ..row() };
    let closed = decide(&closed, &turn(), Some(here(&first, 1)), &site());
    assert_eq!((closed.outcome, closed.messages_moved), (Outcome::Updated, 0));
    assert_eq!(closed.arrival.unwrap().session.activity, Activity::Closed);
}

#[test]
fn what_went_on_here_stays() {
    let first = decide(&row(), &turn(), None, &site());
    let mut more = turn();
    more.push(message(7, "USER", "한도를 올려 주세요"));
    let late = decide(&row(), &more, Some(here(&first, 2)), &site());
    assert_eq!((late.outcome, late.arrives), (Outcome::Here, false));
    assert_eq!(late.refused, [(WENT_ON, vec![7])]);
    let mut other = here(&first, 1);
    other.moved_version = None;
    let other = decide(&row(), &more, Some(other), &site());
    assert_eq!((other.outcome, other.refused), (Outcome::Refused, vec![(BEGAN_HERE, vec![1, 2, 7])]));
}

#[test]
fn what_would_be_deleted_at_once_stays_there() {
    let after = |days: u64| {
        let at = Timestamp::from_unix_ms(NOW).minus(Duration::from_hours(24 * days));
        Site { expired_before: Some(at), ..site() }
    };
    let text = |text: &str| Some(text.to_owned());
    let closed = EarlierSession { is_active: text("0"), updated_at: text("2026-11-20 12:30:00"), ..row() };
    let swept = EarlierSession { is_active: text("0"), updated_at: text("2026-11-20 12:10:32"), ..row() };
    // It would fall silent here.
    let left_open = row();
    for row in [&closed, &swept, &left_open] {
        let refused = decide(row, &turn(), None, &after(7));
        assert_eq!((refused.outcome, refused.arrives), (Outcome::Refused, false));
        assert_eq!(refused.refused, [(EXPIRED, vec![1, 2])]);
        assert_eq!(decide(row, &turn(), None, &after(10)).outcome, Outcome::Moved);
    }
    for status in ["pending", "accepted"] {
        let waiting = EarlierSession { handover_status: text(status), ..row() };
        assert_eq!(decide(&waiting, &turn(), None, &after(7)).outcome, Outcome::Moved, "{status}");
    }
    // What is here already is for [retention] to delete.
    let moved = decide(&closed, &turn(), None, &site());
    assert_eq!(decide(&closed, &turn(), Some(here(&moved, 1)), &after(7)).outcome, Outcome::Here);
}

#[test]
fn rows_that_cannot_be_read_are_refused_alone() {
    let mut rows = turn();
    rows.push(message(3, "SYSTEM", "x"));
    rows.push(EarlierMessage { message: None, ..message(4, "USER", "") });
    rows.push(message(5, "user", " \n"));
    rows.push(message(6, "user", "고맙습니다"));
    let moved = decide(&row(), &rows, None, &site());
    assert_eq!((moved.messages_read, moved.messages_moved), (6, 3));
    assert_eq!(moved.refused, [(NO_ROLE, vec![3]), (NO_TEXT, vec![4, 5])]);
    for id in ["", "a/b", "a\nb"] {
        let row = EarlierSession { session_id: id.to_owned(), ..row() };
        assert_eq!(decide(&row, &[], None, &site()).refused, [(NO_ID, Vec::<i64>::new())], "{id:?}");
    }
}

#[test]
fn the_customers_last_spelling_stays() {
    let mut rows = turn();
    rows.push(EarlierMessage { session_id: "Kim".to_owned(), ..message(3, "USER", "네") });
    rows.push(EarlierMessage { session_id: "KIM".to_owned(), ..message(4, "ASSISTANT", "네") });
    let moved = decide(&row(), &rows, None, &site());
    assert_eq!(moved.arrival.unwrap().session.id.as_str(), "Kim");
    assert_eq!(moved.changed, [(SPELLINGS, Vec::<i64>::new())]);
    let known = known_by(&row(), &rows);
    let names: Vec<&str> = known.names.iter().map(SessionId::as_str).collect();
    assert_eq!((names, known.first_message), (vec!["Kim", "kim"], Some(1)));
}

#[test]
fn everything_a_person_wrote_is_masked() {
    let mut rows = vec![message(1, "USER", "제 번호는 010"), message(2, "ASSISTANT", "네?")];
    rows.push(message(3, "USER", "1234-5678 입니다"));
    rows.push(message(4, "ASSISTANT", "010-1234-5678로 전화드리겠습니다"));
    rows.push(EarlierMessage {
        suggested_action: None, ..message(5, "ASSISTANT", "상담원입니다. 010-2345-6789")
    });
    let moved = decide(&row(), &rows, None, &site());
    let text = format!("{:?}", moved.arrival.unwrap().messages);
    for secret in ["1234-5678", "2345-6789"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("author: Agent"), "{text}");
    let (reason, ids) = moved.changed.first().unwrap();
    assert_eq!((*reason, ids.iter().copied().collect::<HashSet<_>>()), (MASKED, HashSet::from([3, 4, 5])));
}

#[test]
fn categories_and_sources_are_read() {
    let names = site().categories;
    for (category, expected) in [
        (Some("한도상향 접수/처리"), Some("한도상향 접수/처리")),
        (Some("한도 상향 접수·처리"), Some("한도상향 접수/처리")),
        (Some("쇼핑케어"), Some("쇼핑케어")),
        (Some(" "), None),
        (None, None),
    ] {
        assert_eq!(topic(category, &names).as_deref(), expected, "{category:?}");
    }
    let json = r#"[{"source": "한도.pdf", "page": 3, "score": 0.5}, {"page": 1}, {"source": "b.md", "page": null}]"#;
    let sources = sources(&EarlierMessage { source_documents: Some(json.to_owned()), ..EarlierMessage::default() });
    let told: Vec<(&str, u32, f32)> = sources.iter().map(|s| (s.source.as_str(), s.page, s.score)).collect();
    assert_eq!(told, [("한도.pdf", 3, 0.5), ("b.md", 1, 0.0)]);
}
