//! The report an agent reads before taking a conversation: three lines, keywords, mood, recommended documents.
//!
//! Pure: made of stored (masked) messages. Every line names the messages it came from. Slots marked personal are
//! left to the agents' own view of the collected details.

use std::collections::HashMap;
use std::collections::HashSet;

use time::Date;

use crate::chat::engine::Engine;
use crate::chat::slots;
use crate::domain::Author;
use crate::domain::Message;
use crate::domain::MessageId;
use crate::domain::Recommendation;
use crate::domain::Report;
use crate::domain::Sentiment;
use crate::domain::Session;
use crate::domain::Stage;
use crate::domain::SummaryLine;
use crate::nlu;
use crate::nlu::Signals;
use crate::text::reading::Reading;
use crate::text::tokens;

/// The contract's limit (wire contract §4).
const KEYWORDS_MAX: usize = 5;
const RECOMMENDATIONS_MAX: usize = 3;
/// Documents are recommended for what was said last.
const TOPIC_MESSAGES_MAX: usize = 5;
/// Characters of a customer's sentence quoted in a line.
const QUOTE_CHARS_MAX: usize = 80;

/// Characters of one message that are looked at: a customer's message is no longer, but what he writes to an agent may be.
const HEARD_CHARS_MAX: usize = 2_000;

/// The part of a message that is looked at.
pub(super) fn heard_part(body: &str) -> &str {
    body.char_indices().nth(HEARD_CHARS_MAX).map_or(body, |(end, _)| &body[..end])
}

/// Sums up a conversation for the agent. `messages` are its latest, oldest first.
pub(super) fn report(engine: &Engine, session: &Session, messages: &[Message], today: Date) -> Report {
    let said: Vec<&Message> = messages.iter().filter(|message| message.author == Author::Customer).collect();
    let heard: Vec<Signals> = said.iter().map(|message| nlu::listen(&Reading::of(heard_part(&message.body)))).collect();
    let is_telling = said.iter().zip(&heard).filter(|(_, signals)| is_telling(signals));
    let telling: Vec<&Message> = is_telling.map(|(message, _)| *message).collect();
    let lately = telling.iter().rev().take(TOPIC_MESSAGES_MAX).rev();
    let topic_text = lately.map(|message| heard_part(&message.body)).collect::<Vec<_>>().join(" ");
    let sentiment = mood(&heard);
    Report {
        sentiment,
        summary: vec![
            inquiry_line(engine, session, &telling),
            details_line(engine, session, &said),
            state_line(session, sentiment, messages),
        ],
        keywords: keywords(&telling),
        recommendations: recommendations(engine, &topic_text, today),
    }
}

fn inquiry_line(engine: &Engine, session: &Session, telling: &[&Message]) -> SummaryLine {
    let category = session.collected.get("_category").or(session.topic.as_ref());
    // A detail that was asked for is not the inquiry; unless the inquiry was told together with it.
    let details = slots::details(engine, &session.collected);
    let is_detail = |message: &Message| details.iter().any(|detail| message.body.contains(detail.value));
    // Of what was said, the message that is most surely about the conversation's topic; else the last.
    let sureness = |message: &Message| {
        let guesses = engine.bearing(&engine.read(heard_part(&message.body))).guesses;
        let guess = guesses.into_iter().find(|guess| category.is_some_and(|name| **name == *guess.category));
        guess.map_or(0.0, |guess| guess.confidence)
    };
    let inquiries = telling.iter().filter(|message| !is_detail(message)).map(|message| (message, sureness(message)));
    let inquiry = inquiries.max_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(message, _)| message);
    let inquiry = inquiry.or(telling.first());
    let text = match (category, inquiry) {
        (Some(category), Some(message)) => format!("문의: {category} - \"{}\"", shortened(&message.body)),
        (Some(category), None) => format!("문의: {category}"),
        (None, Some(message)) => format!("문의: \"{}\"", shortened(&message.body)),
        (None, None) => "문의: 상담원 연결 요청".to_owned(),
    };
    SummaryLine { text, message_ids: inquiry.map(|message| message.id).into_iter().collect() }
}

fn details_line(engine: &Engine, session: &Session, said: &[&Message]) -> SummaryLine {
    let details = slots::details(engine, &session.collected);
    if details.is_empty() {
        return SummaryLine { text: "확인된 정보: 없음".to_owned(), message_ids: Vec::new() };
    }
    let text = details.iter().map(|detail| format!("{} {}", detail.label, detail.told)).collect::<Vec<_>>().join(", ");
    let is_told = |detail: &slots::Detail<'_>, message: &Message| {
        detail.value != slots::UNKNOWN && message.body.contains(detail.value)
    };
    let holds = |message: &&&Message| details.iter().any(|detail| is_told(detail, message));
    SummaryLine {
        text: format!("확인된 정보: {text}"),
        message_ids: said.iter().filter(holds).map(|message| message.id).collect(),
    }
}

fn state_line(session: &Session, sentiment: Sentiment, messages: &[Message]) -> SummaryLine {
    let stage = match session.stage {
        Stage::Assisted { .. } => "챗봇 상담 중",
        Stage::AwaitingConsent { .. } => "상담원 연결 동의 확인 중",
        Stage::Collecting { .. } => "상담원 연결 정보 확인 중",
        Stage::Queued => "상담원 연결 대기 중",
        Stage::Attended => "상담원 상담 중",
    };
    let mood = match sentiment {
        Sentiment::Positive => "긍정적",
        Sentiment::Neutral => "보통",
        Sentiment::Negative => "불만 또는 불안",
    };
    let last: Option<MessageId> = messages.last().map(|message| message.id);
    SummaryLine {
        text: format!("진행 상태: {stage}, 고객 감정: {mood}"), message_ids: last.into_iter().collect()
    }
}

/// A message that says what the conversation is about, not merely yes, no or "a person, please".
fn is_telling(signals: &Signals) -> bool {
    let is_reply = signals.consent.is_some() || signals.does_not_know || signals.cancels;
    signals.emergency.is_some() || !(is_reply || signals.wants_person || signals.small_talk.is_some())
}

/// The mood of the conversation: that of most messages that show one, negative if as many are.
fn mood(heard: &[Signals]) -> Sentiment {
    let count = |mood| heard.iter().filter(|signals| signals.sentiment == mood).count();
    let (negative, positive) = (count(Sentiment::Negative), count(Sentiment::Positive));
    match negative.cmp(&positive) {
        std::cmp::Ordering::Greater => Sentiment::Negative,
        std::cmp::Ordering::Less => Sentiment::Positive,
        std::cmp::Ordering::Equal if negative > 0 => Sentiment::Negative,
        std::cmp::Ordering::Equal => Sentiment::Neutral,
    }
}

fn keywords(telling: &[&Message]) -> Vec<String> {
    let mut order = Vec::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for stem in telling.iter().flat_map(|message| tokens::stems(heard_part(&message.body))) {
        if stem.chars().count() < 2 || stem.contains('*') || stem.chars().all(|c| c.is_ascii_digit()) {
            continue;
        }
        let count = counts.entry(stem.clone()).or_default();
        if *count == 0 {
            order.push(stem);
        }
        *count += 1;
    }
    // Stable: of equally frequent words the one said first.
    order.sort_by_key(|stem| std::cmp::Reverse(counts.get(stem).copied().unwrap_or_default()));
    order.truncate(KEYWORDS_MAX);
    order
}

fn recommendations(engine: &Engine, text: &str, today: Date) -> Vec<Recommendation> {
    let mut seen = HashSet::new();
    let text = engine.read(text);
    let mut recommendations: Vec<Recommendation> = engine
        .search(&text, &engine.bearing(&text), today, RECOMMENDATIONS_MAX * 4)
        .into_iter()
        .filter(|hit| seen.insert(hit.passage.document))
        .take(RECOMMENDATIONS_MAX)
        .map(|hit| Recommendation {
            title: hit.document.title.clone(),
            url: format!("/api/v1/knowledge/documents/{}", hit.document.id),
            relevance_score: hit.score,
        })
        .collect();
    recommendations.sort_by(|one, other| other.relevance_score.total_cmp(&one.relevance_score));
    recommendations
}

fn shortened(text: &str) -> String {
    let mut characters = text.trim().chars();
    let start: String = characters.by_ref().take(QUOTE_CHARS_MAX).collect();
    if characters.next().is_some() { format!("{start}…") } else { start }
}
