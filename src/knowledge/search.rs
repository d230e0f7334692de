//! Finding the passages that answer a question, and saying how well they do.
//!
//! Ranking is BM25 in two steps at once: every posting counts for its document and for its passage, and a passage is
//! ranked by both. tantivy's own query path is not used: it fixes k1 and b, scores one level only, and took 77 µs for a
//! question on the demo pack where this takes 14 (2 virtual CPUs, November 2026). The score a hit carries is not BM25,
//! whose size depends on the pack and the question, but how much of what was asked the passage speaks of.

use std::cmp::Ordering;

use time::Date;

use crate::knowledge::analysis::Dictionaries;
use crate::knowledge::analysis::Lookup;
use crate::knowledge::analysis::Question;
use crate::knowledge::analysis::Unit;
use crate::knowledge::bm25::Scores;
use crate::knowledge::bm25::idf;
use crate::knowledge::index::Index;
use crate::knowledge::pack::is_within;
use crate::knowledge::postings::Field;
use crate::knowledge::postings::Postings;
use crate::knowledge::weights::WEIGHTS;
use crate::knowledge::weights::Weights;
use crate::text::normalize::normalize;
use crate::text::normalize::spaceless;
use crate::text::reading::Reading;

/// A passage that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Index into [`Index::passages`].
    pub passage: u32,
    /// Index into the pack's documents.
    pub document: u32,
    /// How much of what was asked it speaks of, 0 to 1.
    pub score: f32,
}

/// Passages whose coverage is looked at. Beyond these BM25 leaves nothing that could win.
const CANDIDATES: usize = 16;

impl Index {
    /// The passages that fit `question` best, best first, at most `limit`. Documents that are not in force on `today`
    /// (a day in KST) are not searched.
    pub fn search(&self, question: &Reading, today: Date, limit: usize) -> Vec<Hit> {
        let dictionaries = Dictionaries { stems: &self.stems.dictionary, grams: &self.grams.dictionary };
        let question = self.vocabulary.question(question, dictionaries);
        let found = Found::look_up(self, &question, today, &WEIGHTS);
        let mut hits = found.best(self, &question, &WEIGHTS, limit.max(CANDIDATES));
        hits.truncate(limit);
        hits
    }

    /// Whether each document is in force; `None` if all are.
    fn in_force(&self, today: Date) -> Option<Vec<bool>> {
        let is_in_force = |&(from, until): &(Option<Date>, Option<Date>)| is_within(from, until, today);
        let validity = &self.rows.validity;
        if validity.iter().all(is_in_force) { None } else { Some(validity.iter().map(is_in_force).collect()) }
    }
}

/// Everything the index says about a question, on documents in force.
struct Found<'i> {
    stems: Vec<Postings<'i>>,
    grams: Vec<Postings<'i>>,
    /// How telling each of the question's units is.
    rarities: Vec<f32>,
}

impl<'i> Found<'i> {
    fn look_up(index: &'i Index, question: &Question, today: Date, weights: &Weights) -> Self {
        let in_force = index.in_force(today);
        let read = |field: &'i Field, lookups: &[Lookup]| {
            lookups.iter().map(|lookup| field.postings(lookup.token, in_force.as_deref())).collect()
        };
        let (stems, grams) = (read(&index.stems, &question.stems), read(&index.grams, &question.grams));
        let mut found = Self { stems, grams, rarities: Vec::with_capacity(question.units.len()) };
        for unit in &question.units {
            let rarity = found.rarity(index, unit, weights);
            found.rarities.push(rarity);
        }
        found
    }

    /// The best passages by BM25 and coverage.
    fn best(&self, index: &Index, question: &Question, weights: &Weights, candidates: usize) -> Vec<Hit> {
        let mut scores = Scores::new(index, weights);
        for (field, all, lookups, weight) in [
            (&index.stems, &self.stems, &question.stems, 1.0),
            (&index.grams, &self.grams, &question.grams, weights.gram),
        ] {
            for (postings, lookup) in all.iter().zip(lookups) {
                let weight = if lookup.is_synonym { weight * weights.synonym } else { weight };
                scores.add(field, postings, weight);
            }
        }
        let mut ranked: Vec<Ranked> =
            scores.passages().map(|(passage, bm25)| Ranked { passage, bm25, score: 0.0 }).collect();
        if ranked.len() > candidates {
            ranked.select_nth_unstable_by(candidates, Ranked::best_first);
            ranked.truncate(candidates);
        }
        for ranked in &mut ranked {
            let (score, coverage) = self.score(index, question, ranked.passage, weights);
            ranked.score = score;
            ranked.bm25 *= 1.0 - weights.coverage + weights.coverage * coverage;
        }
        ranked.sort_unstable_by(Ranked::best_first);
        ranked.into_iter().map(|ranked| ranked.hit(index, question, weights)).collect()
    }

    /// How telling a unit is: the rarer in the documents, the more. A word that no document has is the most telling,
    /// unless it is a customer's usual way of putting things.
    fn rarity(&self, index: &Index, unit: &Unit, weights: &Weights) -> f32 {
        let by_wording = unit.wordings.iter().map(|wording| {
            let stems = wording.stems.iter().map(|&stem| self.stems[stem].documents()).min().unwrap_or(0);
            let grams = wording.grams.iter().map(|&gram| self.grams[gram].documents()).min().unwrap_or(0);
            stems.max(grams)
        });
        let documents = by_wording.max().unwrap_or(0);
        let mut rarity = idf(index.rows.validity.len(), documents);
        if documents == 0 && unit.is_usual {
            rarity *= weights.usual;
        }
        if unit.is_syllable {
            rarity *= weights.syllable;
        }
        rarity
    }

    /// The score of a passage, and the share of the question, weighted by rarity, that it speaks of.
    fn score(&self, index: &Index, question: &Question, passage: u32, weights: &Weights) -> (f32, f32) {
        let mut present = 0.0;
        let mut total = 0.0;
        for (unit, rarity) in question.units.iter().zip(&self.rarities) {
            present += rarity * self.presence(index, unit, passage, weights);
            total += rarity;
        }
        let missing = total - present;
        if present > 0.0 {
            (present / (present + weights.missing * missing + weights.doubt), present / total)
        } else {
            (0.0, 0.0)
        }
    }

    /// How surely a passage is about a unit, in any of its wordings.
    fn presence(&self, index: &Index, unit: &Unit, passage: u32, weights: &Weights) -> f32 {
        let document = index.passages[passage as usize].document;
        let surety = |postings: &Postings<'_>| match postings.in_passage(passage) {
            Some(place) if place.heading > 0 => 1.0,
            _ if postings.is_in_title(document) => 1.0,
            Some(_) => weights.mention,
            None => 0.0,
        };
        let share = |places: &[usize], all: &[Postings<'_>]| {
            places.iter().map(|&place| surety(&all[place])).sum::<f32>() / places.len().max(1) as f32
        };
        let by_wording = unit.wordings.iter().map(|wording| {
            let by_stems = share(&wording.stems, &self.stems);
            // Bigrams are the weaker evidence, and looking at them is most of the work.
            if by_stems >= GRAM_TRUST {
                return by_stems * wording.share;
            }
            let by_grams = share(&wording.grams, &self.grams);
            let by_grams = if by_grams < GRAM_SHARE_MIN { 0.0 } else { by_grams * GRAM_TRUST };
            by_stems.max(by_grams) * wording.share
        });
        by_wording.fold(0.0, f32::max)
    }
}

/// A word is recognised by its bigrams when at least this share of them is there, and then a little less surely.
const GRAM_SHARE_MIN: f32 = 0.5;
const GRAM_TRUST: f32 = 0.9;

/// A passage on its way to becoming a hit.
struct Ranked {
    passage: u32,
    bm25: f32,
    score: f32,
}

impl Ranked {
    /// Best first; the pack's order decides between equals, so that the same question always has the same answer.
    fn best_first(&self, other: &Self) -> Ordering {
        other.bm25.total_cmp(&self.bm25).then(self.passage.cmp(&other.passage))
    }

    fn hit(&self, index: &Index, question: &Question, weights: &Weights) -> Hit {
        let passage = &index.passages[self.passage as usize];
        let is_about_others = !question.others.is_empty() && {
            let text = spaceless(&normalize(&passage.text));
            !question.others.iter().any(|other| text.contains(other))
        };
        let score = if is_about_others { self.score * weights.others } else { self.score };
        Hit { passage: self.passage, document: passage.document, score }
    }
}
