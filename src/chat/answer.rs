//! Extractive answers: whole sentences of the bank's documents, cited (design D5).

use time::Date;

use crate::chat::context::Piece;
use crate::chat::engine::Bearing;
use crate::chat::engine::Engine;
use crate::chat::engine::Found;
use crate::chat::guard;
use crate::chat::quote;
use crate::chat::versions;
use crate::chat::versions::Dispute;
use crate::domain::Source;
use crate::knowledge::Pack;
use crate::knowledge::Passage;
use crate::knowledge::PassageKind;
use crate::nlu;
use crate::text::reading::Reading;

/// Passages looked at for one question.
const HITS_MAX: usize = 16;
/// The same for one that may go on from the last answer, whose document is looked at closer.
const FOLLOW_UP_HITS_MAX: usize = 48;

/// An answer and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// What the assistant says.
    pub(super) text: String,
    /// The passages it quotes, and those that contradict them.
    pub(super) sources: Vec<Source>,
    /// What became of a contradiction.
    pub(super) dispute: Option<Dispute>,
    /// Questions of the message that it does not answer.
    pub(super) unanswered: Vec<String>,
    /// Numbers of the passages it quotes.
    pub(super) quoted: Vec<u32>,
    /// Numbers of other passages of the same documents that may be told beside them, best first.
    pub(super) related: Vec<u32>,
}

/// A document that answers, but not today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outdated {
    /// Its title.
    pub(super) title: String,
    /// The first day it may be used, if that is still to come.
    pub(super) from: Option<Date>,
    /// The last day it might be used, if that has passed.
    pub(super) until: Option<Date>,
}

/// What the documents have on a question.
pub(super) struct Search {
    /// The answer, if a passage is good enough.
    pub(super) answer: Option<Answer>,
    /// How well the best passage fits, 0 to 1; 0 if there is none.
    pub(super) score_best: f32,
}

/// A question that is asked.
pub(super) struct Asking<'a> {
    /// In full.
    pub(super) question: &'a Reading,
    /// The customer's own last words, of which the question may hold more.
    pub(super) own: &'a Reading,
    /// What it is about.
    pub(super) bearing: &'a Bearing,
    /// Documents that the last answer quoted, where the question may go on from that.
    pub(super) cited: &'a [String],
}

/// Looks for the passage that answers a question among the documents in force on `today`.
pub(super) fn find(engine: &Engine, asking: &Asking<'_>, today: Date) -> Search {
    let Asking { question, own, bearing, cited } = asking;
    let hits_max = if cited.is_empty() { HITS_MAX } else { FOLLOW_UP_HITS_MAX };
    let mut hits = engine.search(question, bearing, today, hits_max);
    if question.tight() != own.tight() {
        rank_by_own_words(engine, asking, &mut hits, today);
    }
    if !cited.is_empty() {
        prefer_cited(cited, &mut hits);
    }
    let Some(best) = hits.first() else {
        return Search { answer: None, score_best: 0.0 };
    };
    if best.score < engine.pack().thresholds.answer_score_min {
        return Search { answer: None, score_best: best.score };
    }
    let (newest, contradicted) = versions::newest(best, &hits);
    let mut answer = answer_from(engine, newest, &hits, asking);
    add_related(&mut answer, newest, &hits);
    if let Some((older, dispute)) = contradicted {
        answer.sources.push(source(older, quote::quote(question, own, older.passage)));
        answer.dispute = Some(dispute);
    }
    // The embedded engine quotes, so this holds; it is asked all the same, because every answer goes this way.
    // A document that somebody planted instructions in is not quoted.
    let is_fit = guard::check(&answer.text, &answer.sources).is_ok() && nlu::is_for_people(&answer.text);
    let answer = is_fit.then_some(answer);
    Search { answer, score_best: best.score }
}

/// The document that would answer a question if it were in force on `today`.
pub(super) fn find_outdated(engine: &Engine, question: &Reading, bearing: &Bearing, today: Date) -> Option<Outdated> {
    let best = engine.search(question, bearing, None, 1).into_iter().next()?;
    let document = best.document;
    let is_outdated = best.score >= engine.pack().thresholds.answer_score_min && !Pack::is_in_force(document, today);
    is_outdated.then(|| Outdated {
        title: document.title.clone(),
        from: document.effective_from.filter(|from| *from > today),
        until: document.effective_until.filter(|until| *until < today),
    })
}

/// Looks for the answer of each question of a message, and puts them together.
pub(super) fn find_each(engine: &Engine, questions: &[Piece], today: Date) -> Search {
    let mut together = Search { answer: None, score_best: 0.0 };
    let mut answers: Vec<Answer> = Vec::new();
    let mut unanswered = Vec::new();
    for piece in questions {
        let question = engine.read(&piece.whole);
        let bearing = engine.bearing(&question);
        let found = find(engine, &Asking { question: &question, own: &question, bearing: &bearing, cited: &[] }, today);
        together.score_best = together.score_best.max(found.score_best);
        match found.answer {
            Some(answer) if answers.iter().all(|known| known.text != answer.text) => answers.push(answer),
            // What was quoted for another question answers one that leans on it, and any other only by chance.
            Some(_) if piece.whole != piece.own => {}
            Some(_) | None => unanswered.push(piece.own.clone()),
        }
    }
    let mut whole = if let [_, _, ..] = &answers[..] {
        let labelled = answers.iter().map(|answer| {
            let about = answer.sources.first().map(|source| format!("[{}]\n", source.section)).unwrap_or_default();
            format!("{about}{}", answer.text)
        });
        let text = labelled.collect::<Vec<_>>().join("\n\n");
        let dispute = answers.iter().find_map(|answer| answer.dispute);
        let (sources, quoted): (Vec<_>, Vec<_>) =
            answers.into_iter().map(|answer| (answer.sources, answer.quoted)).unzip();
        let (sources, quoted) = (sources.concat(), quoted.concat());
        let is_grounded = guard::check(&text, &sources).is_ok();
        is_grounded.then_some(Answer { text, sources, dispute, unanswered: Vec::new(), quoted, related: Vec::new() })
    } else {
        answers.pop()
    };
    if let Some(answer) = &mut whole {
        answer.unanswered = unanswered;
    }
    together.answer = whole;
    together
}

/// Looks for the answers of two questions that were perhaps one; `None` unless each has its own.
pub(super) fn find_both(engine: &Engine, questions: &[Piece; 2], today: Date) -> Option<Search> {
    let found = find_each(engine, questions, today);
    let answer = found.answer.as_ref()?;
    let sections: Vec<_> = answer.sources.iter().map(|source| (&source.document_id, &source.section)).collect();
    let are_two = sections.iter().any(|section| Some(section) != sections.first());
    (are_two && answer.unanswered.is_empty()).then_some(found)
}

/// Orders the passages that answer a follow-up by what speaks for them in all that was said and, once more, in what was
/// said last. Telling last words speak loudly, so a new matter wins over the old one.
fn rank_by_own_words<'e>(engine: &'e Engine, asking: &Asking<'_>, hits: &mut Vec<Found<'e>>, today: Date) {
    let by_own_words = engine.search(asking.own, asking.bearing, today, HITS_MAX);
    for hit in hits.iter_mut() {
        hit.rank += by_own_words.iter().find(|own| own.is_same(hit)).map_or(0.0, |own| own.rank);
    }
    let new: Vec<Found<'e>> = by_own_words.into_iter().filter(|own| !hits.iter().any(|hit| own.is_same(hit))).collect();
    hits.extend(new);
    hits.sort_by(|one, other| other.rank.total_cmp(&one.rank));
}

/// Puts passages of the documents the last answer quoted further to the front.
fn prefer_cited(cited: &[String], hits: &mut [Found<'_>]) {
    /// In the measure of [`Found::rank`], where a sure category counts ten.
    const BONUS: f32 = 8.0;
    for hit in hits.iter_mut().filter(|hit| cited.contains(&hit.document.id)) {
        hit.rank += BONUS;
    }
    hits.sort_by(|one, other| other.rank.total_cmp(&one.rank));
}

/// The answer a passage gives. Rows of a table come with the prose beside it where that says more of what was asked, and
/// prose with the table it announces.
fn answer_from(
    engine: &Engine,
    best: &Found<'_>,
    hits: &[Found<'_>],
    Asking { question, own, .. }: &Asking<'_>,
) -> Answer {
    let excerpt = quote::quote(question, own, best.passage);
    let mut text = excerpt.clone();
    let mut sources = vec![source(best, excerpt)];
    let mut quoted = vec![best.number];
    match best.passage.kind {
        PassageKind::TableRows => {
            let is_beside =
                |hit: &&Found<'_>| hit.passage.kind == PassageKind::Prose && share_section(hit.passage, best.passage);
            let prose = hits.iter().find(is_beside);
            let lead = prose.and_then(|prose| Some((prose, quote::lead(question, &text, prose.passage)?)));
            if let Some((prose, lead)) = lead {
                text = format!("{lead}\n{text}");
                sources.insert(0, source(prose, lead.to_owned()));
                quoted.push(prose.number);
            } else if quote::is_rows(&text) {
                text = format!("{}\n{text}", best.passage.heading);
            }
        }
        PassageKind::Prose if quote::announces(&text) => {
            if let Some(rows) = next_in_section(engine, best) {
                let excerpt = quote::quote(question, own, rows.passage);
                text = format!("{text}\n{excerpt}");
                sources.push(source(&rows, excerpt));
                quoted.push(rows.number);
            }
        }
        PassageKind::Faq | PassageKind::List | PassageKind::Prose => {}
    }
    Answer { text, sources, dispute: None, unanswered: Vec::new(), quoted, related: Vec::new() }
}

/// Adds the other passages of the same document that fit the question as well, for whoever may combine passages.
fn add_related(answer: &mut Answer, best: &Found<'_>, hits: &[Found<'_>]) {
    /// A model reads more of them slowly, and finds no more in them.
    const PASSAGES_MAX: usize = 5;
    let is_near = |hit: &&Found<'_>| hit.document.id == best.document.id && hit.score >= best.score / 2.0;
    for hit in hits.iter().filter(is_near) {
        let is_quoted = answer.quoted.contains(&hit.number);
        if answer.quoted.len() + answer.related.len() < PASSAGES_MAX && !is_quoted {
            answer.related.push(hit.number);
        }
    }
}

/// The table or list that follows a passage of prose in its section.
fn next_in_section<'e>(engine: &'e Engine, prose: &Found<'e>) -> Option<Found<'e>> {
    let number = prose.number + 1;
    let (next, _) = engine.passage(number)?;
    let is_laid_out = matches!(next.kind, PassageKind::TableRows | PassageKind::List);
    (is_laid_out && share_section(next, prose.passage)).then_some(Found { passage: next, number, ..*prose })
}

fn share_section(one: &Passage, other: &Passage) -> bool {
    (one.document, one.section) == (other.document, other.section)
}

fn source(found: &Found<'_>, excerpt: String) -> Source {
    Source {
        source: found.document.source.clone(),
        page: found.passage.page,
        score: found.score,
        document_id: found.document.id.clone(),
        title: found.document.title.clone(),
        section: found.passage.heading.clone(),
        excerpt,
    }
}
