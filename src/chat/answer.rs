//! Extractive answers: whole sentences of the bank's documents, cited (design D5).

use foldhash::HashMap;
use time::Date;

use crate::chat::duration;
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
const HITS_MAX: usize = 16;
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
    let mut hits = engine.search(question, bearing, today, HITS_MAX);
    if question.tight() != own.tight() {
        rank_by_own_words(engine, asking, &mut hits, today);
    }
    let Some(best) = hits.first() else {
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
    let text = match best.passage.kind {
        // Rows alone do not say what they are about.
        PassageKind::TableRows if is_row(&excerpt) => format!("{}\n{excerpt}", best.passage.heading),
        PassageKind::TableRows | PassageKind::Faq | PassageKind::List | PassageKind::Prose => excerpt,
    };
    let answer = Answer { text, sources: vec![source] };
    // The embedded engine quotes, so this holds; it is asked all the same, because every answer goes this way.
    let answer = guard::check(&answer.text, &answer.sources).is_ok().then_some(answer);
    Search { answer, score_best: best.score }
}

/// Orders the passages that answer a follow-up: first what speaks of all that was said and of what was said last.
fn rank_by_own_words<'e>(engine: &'e Engine, asking: &Asking<'_>, hits: &mut Vec<Found<'e>>, today: Date) {
    let by_own_words = engine.search(asking.own, asking.bearing, today, HITS_MAX);
    let is_same = |one: &Found<'_>, other: &Found<'_>| std::ptr::eq(one.passage, other.passage);
    for hit in hits.iter_mut() {
        let own = by_own_words.iter().find(|own| is_same(own, hit));
        hit.coverage += own.map_or(0.0, |own| own.coverage);
    }
    hits.extend(by_own_words.iter().filter(|own| !hits.iter().any(|hit| is_same(own, hit))).collect::<Vec<_>>());
    hits.sort_by(|one, other| other.coverage.total_cmp(&one.coverage));
}

/// Looks for the answer of each question of a message, and puts them together.
pub(super) fn find_each(engine: &Engine, questions: &[String], today: Date) -> Search {
    let mut together = Search { answer: None, score_best: 0.0 };
    let mut answers: Vec<Answer> = Vec::new();
    for question in questions {
        let question = engine.read(question);
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
            let (rows, caption): (Vec<&str>, Vec<&str>) = passage.text.lines().partition(|line| is_row(line));
            let rows = asked_for(question, own, rows);
            caption.into_iter().chain(rows).collect::<Vec<_>>().join("\n")
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

/// The rows of a table that a question asks for: those of the term it names, else those that say most of its words.
fn asked_for<'r>(question: &Reading, own: &Reading, rows: Vec<&'r str>) -> Vec<&'r str> {
    let term = [own, question].into_iter().find_map(|text| duration::months(text.normalized()).pop());
    if let Some(term) = term
        && rows.iter().any(|row| duration::covers(row, term).is_some())
    {
        let of_term: Vec<&str> = rows.iter().copied().filter(|row| duration::covers(row, term) == Some(true)).collect();
        // A table that lacks the term is shown whole rather than answered from beside it.
        return if of_term.is_empty() { rows } else { of_term };
    }
    let (last, asked) = (Asked::by(own), Asked::by(question));
    let said = |row: &&str| (last.said_in(row).count_ones(), asked.said_in(row).count_ones());
    let most = rows.iter().map(said).max().unwrap_or_default();
    rows.into_iter().filter(|row| said(row) == most).collect()
}

/// Whether a line is a row of a table, as passages are written.
fn is_row(line: &str) -> bool {
    line.lines().next().is_some_and(|line| line.contains(COLUMN_GLUE))
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
