//! Extractive answers: whole sentences of the bank's documents, cited (design D5).

use std::cmp::Reverse;

use foldhash::HashMap;
use time::Date;

use crate::chat::engine::Bearing;
use crate::chat::engine::Engine;
use crate::chat::engine::Found;
use crate::chat::guard;
use crate::domain::Source;
use crate::knowledge::Passage;
use crate::knowledge::PassageKind;
use crate::knowledge::sentences;
use crate::text::normalize::normalize;
use crate::text::reading::Reading;
use crate::text::tokens;

/// Passages looked at for one question.
const HITS_MAX: usize = 5;
/// A longer passage of prose is quoted in part.
const SENTENCES_MAX: usize = 4;
/// Between the columns of a table's row, as passages are written; a line without it is the table's caption.
const COLUMN_GLUE: &str = " / ";

/// An answer and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// What the assistant says.
    pub(super) text: String,
    /// The passages it quotes.
    pub(super) sources: Vec<Source>,
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
}

/// Looks for the passage that answers a question among the documents in force on `today`.
pub(super) fn find(engine: &Engine, asking: &Asking<'_>, today: Date) -> Search {
    let Asking { question, own, bearing } = asking;
    let hits = engine.search(question, bearing, today, HITS_MAX);
    // Of passages on the same matter the one that speaks of what was said last.
    let own_words = Asked::by(own);
    let is_follow_up = question.tight() != own.tight();
    let speaks_of = |hit: &Found<'_>| {
        let passage = hit.passage;
        let asked = passage.question.as_deref().unwrap_or_default();
        own_words.said_in(&format!("{} {} {asked} {}", hit.document.title, passage.heading, passage.text)).count_ones()
    };
    let best = if is_follow_up {
        let ranked = hits.iter().enumerate();
        ranked.max_by_key(|(rank, hit)| (speaks_of(hit), Reverse(*rank))).map(|(_, hit)| hit)
    } else {
        hits.first()
    };
    let Some(best) = best else {
        return Search { answer: None, score_best: 0.0 };
    };
    if best.score < engine.pack().thresholds.answer_score_min {
        return Search { answer: None, score_best: best.score };
    }
    let excerpt = quote(question, own, best.passage);
    let document = best.document;
    let source = Source {
        source: document.source.clone(),
        page: best.passage.page,
        score: best.score,
        document_id: document.id.clone(),
        title: document.title.clone(),
        section: best.passage.heading.clone(),
        excerpt: excerpt.clone(),
    };
    let answer = Answer { text: excerpt, sources: vec![source] };
    // The embedded engine quotes, so this holds; it is asked all the same, because every answer goes this way.
    let answer = guard::check(&answer.text, &answer.sources).is_ok().then_some(answer);
    Search { answer, score_best: best.score }
}

/// Looks for the answer of each question of a message, and puts them together.
pub(super) fn find_each(engine: &Engine, questions: &[String], today: Date) -> Search {
    let mut together = Search { answer: None, score_best: 0.0 };
    let mut answers: Vec<Answer> = Vec::new();
    for question in questions {
        let question = Reading::of(question);
        let bearing = engine.bearing(&question);
        let found = find(engine, &Asking { question: &question, own: &question, bearing: &bearing }, today);
        together.score_best = together.score_best.max(found.score_best);
        if let Some(answer) = found.answer
            && !answers.contains(&answer)
        {
            answers.push(answer);
        }
    }
    if let [_, _, ..] = &answers[..] {
        let labelled = answers.iter().map(|answer| {
            let about = answer.sources.first().map(|source| format!("[{}]\n", source.section)).unwrap_or_default();
            format!("{about}{}", answer.text)
        });
        let text = labelled.collect::<Vec<_>>().join("\n\n");
        let sources: Vec<Source> = answers.into_iter().flat_map(|answer| answer.sources).collect();
        together.answer = guard::check(&text, &sources).is_ok().then_some(Answer { text, sources });
    } else {
        together.answer = answers.pop();
    }
    together
}

/// The part of a passage that answers: all of it if it is short; of prose the sentences in a row, and of a table the
/// rows, that say most of what was asked. A sentence, a list and a row are never cut.
fn quote(question: &Reading, own: &Reading, passage: &Passage) -> String {
    match passage.kind {
        PassageKind::Faq | PassageKind::List => passage.text.clone(),
        PassageKind::TableRows => {
            let (rows, caption): (Vec<&str>, Vec<&str>) =
                passage.text.lines().partition(|line| line.contains(COLUMN_GLUE));
            let asked = Asked::by(question);
            let last = Asked::by(own);
            let said = |row: &&str| (last.said_in(row).count_ones(), asked.said_in(row).count_ones());
            let said: Vec<(u32, u32)> = rows.iter().map(said).collect();
            let most = said.iter().max().copied().unwrap_or_default();
            let asked_for = rows.into_iter().zip(said).filter(|(_, said)| *said == most).map(|(row, _)| row);
            caption.into_iter().chain(asked_for).collect::<Vec<_>>().join("\n")
        }
        PassageKind::Prose => {
            let sentences = sentences(&passage.text);
            if sentences.len() <= SENTENCES_MAX {
                return passage.text.clone();
            }
            let asked = Asked::by(question);
            let said: Vec<u128> = sentences.iter().map(|sentence| asked.said_in(sentence)).collect();
            let together = |window: &[u128]| window.iter().fold(0, |all, said| all | said).count_ones();
            // The first of equals: a section opens with what matters most.
            let windows = said.windows(SENTENCES_MAX).enumerate();
            let best = windows.max_by_key(|(position, window)| (together(window), usize::MAX - position));
            best.map_or_else(
                || passage.text.clone(),
                |(position, _)| span(&passage.text, &sentences[position..position + SENTENCES_MAX]).to_owned(),
            )
        }
    }
}

/// The part of `text` from the first of its sentences given to the last, as it stands there.
fn span<'t>(text: &'t str, sentences: &[&'t str]) -> &'t str {
    let place = |sentence: &&str| sentence.as_ptr() as usize - text.as_ptr() as usize;
    let begin = sentences.first().map_or(0, place);
    let end = sentences.last().map_or(0, |last| place(last) + last.len());
    text.get(begin..end).unwrap_or(text)
}

/// A question's pairs of characters, numbered.
struct Asked(HashMap<String, u32>);

impl Asked {
    fn by(question: &Reading) -> Self {
        let mut pairs = HashMap::default();
        tokens::each_bigram(question.normalized(), |pair| {
            let next = pairs.len() as u32;
            // What does not fit into a `u128` is left out: no question of that length hangs on one pair.
            if next < u128::BITS && !pairs.contains_key(pair) {
                pairs.insert(pair.to_owned(), next);
            }
        });
        Self(pairs)
    }

    /// Which of them a text says, one bit each.
    fn said_in(&self, text: &str) -> u128 {
        let mut said = 0;
        tokens::each_bigram(&normalize(text), |pair| {
            if let Some(number) = self.0.get(pair) {
                said |= 1 << number;
            }
        });
        said
    }
}
