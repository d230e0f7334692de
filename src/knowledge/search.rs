//! Finding the passages that answer a question, and saying how well they do.
//!
//! Ranking is BM25 in two steps at once: every posting counts for its document and for its passage, and a passage is
//! ranked by both. No search engine is used: those at hand fix k1 and b, score one level only, and tantivy took 77 µs for a
//! question on the demo pack where this takes 14 (2 virtual CPUs, November 2026). The score a hit carries is not BM25,
//! whose size depends on the pack and the question, but how much of what was asked the passage speaks of.

use std::cmp::Ordering;

use time::Date;

use crate::knowledge::analysis::Dictionaries;
use crate::knowledge::analysis::Lookup;
use crate::knowledge::analysis::Question;
use crate::knowledge::analysis::Unit;
use crate::knowledge::aspect::Aspects;
use crate::knowledge::bm25::Scores;
use crate::knowledge::bm25::idf;
use crate::knowledge::chunk::PassageKind;
use crate::knowledge::index::Index;
use crate::knowledge::pack::is_within;
use crate::knowledge::postings::Field;
use crate::knowledge::postings::Postings;
use crate::knowledge::weights::Answering;
use crate::knowledge::weights::WEIGHTS;
use crate::knowledge::weights::Weights;
use crate::text::concepts;
use crate::text::normalize::normalize;
use crate::text::normalize::spaceless;
use crate::text::reading::Reading;

/// What is searched for.
#[derive(Debug, Clone, Copy)]
pub struct Query<'q> {
    /// What the customer writes.
    pub text: &'q Reading,
    /// The categories it probably belongs to. Passages of these come sooner.
    pub leanings: &'q [Leaning<'q>],
    /// What speaks for its being the bank's business: the logarithm of the odds, 0 where nothing is known.
    pub business: f32,
    /// The day in KST: documents that are not in force on it are not searched. `None` searches all.
    pub today: Option<Date>,
}

/// A category the question probably belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leaning<'c> {
    /// The pack's name for it.
    pub category: &'c str,
    /// How sure that is, 0 to 1.
    pub confidence: f32,
}

/// A passage that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Index into [`Index::passages`].
    pub passage: u32,
    /// Index into the pack's documents.
    pub document: u32,
    /// How probably it answers, 0 to 1.
    pub score: f32,
    /// What it is ordered by: BM25 and what else speaks for it. Comparable only where the same question was asked, or
    /// questions of which one holds the other.
    pub rank: f32,
}

/// What speaks for a passage.
#[derive(Debug, Clone, Copy)]
struct Evidence {
    /// The share of the question, weighted by how telling its words are, that the passage speaks of, times the root of
    /// how many words it has: of a long question the same share is harder to come by.
    coverage: f32,
    /// The share of the question's words that the documents know.
    familiarity: f32,
}

/// Where a passage may speak of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// In its own heading and text.
    Passage,
    /// The same, beside the other passages of its document, all of which have its title in common.
    Beside,
    /// In the title of its document, too.
    Document,
}

/// Documents whose passages are looked at once more.
const DOCUMENTS_SETTLED: usize = 4;
/// What a document says of the question counts for little when it is little.
const WITHIN_SMOOTHING: f32 = 0.5;

/// Passages whose coverage is looked at. Beyond these BM25 leaves nothing that could win.
const CANDIDATES: usize = 16;

impl Index {
    /// The passages that answer best, best first, at most `limit`.
    pub fn search(&self, query: Query<'_>, limit: usize) -> Vec<Hit> {
        let question = self.vocabulary.question(query.text, self.dictionaries());
        let found = Found::look_up(self, &question, query.today, &WEIGHTS);
        let mut hits = found.best(self, &question, query, limit.max(CANDIDATES));
        hits.truncate(limit);
        hits
    }

    /// Whether a text is about a company or product of the pack's `others.csv`, which is not where money comes from or goes
    /// to, and not what ours is used with.
    pub fn names_others(&self, text: &Reading) -> bool {
        const USED_WITH: [&str; 4] = ["register", "link_account", "open_banking", "spend"];
        let is_used = text.concepts().iter().any(|concept| USED_WITH.contains(&concepts::name(*concept)));
        !is_used && !is_other_side(text) && !self.vocabulary.question(text, self.dictionaries()).others.is_empty()
    }

    fn dictionaries(&self) -> Dictionaries<'_> {
        Dictionaries {
            stems: &self.stems.dictionary,
            grams: &self.grams.dictionary,
            concepts: &self.concepts.dictionary,
        }
    }

    /// Whether each document is in force; `None` if all are, or none has to be.
    fn in_force(&self, today: Option<Date>) -> Option<Vec<bool>> {
        let today = today?;
        let is_in_force = |&(from, until): &(Option<Date>, Option<Date>)| is_within(from, until, today);
        let validity = &self.rows.validity;
        if validity.iter().all(is_in_force) { None } else { Some(validity.iter().map(is_in_force).collect()) }
    }
}

/// Everything the index says about a question, on documents in force.
struct Found<'i> {
    stems: Vec<Postings<'i>>,
    grams: Vec<Postings<'i>>,
    concepts: Vec<Postings<'i>>,
    /// How telling each of the question's units is.
    rarities: Vec<f32>,
}

impl<'i> Found<'i> {
    fn look_up(index: &'i Index, question: &Question, today: Option<Date>, weights: &Weights) -> Self {
        let in_force = index.in_force(today);
        let read = |field: &'i Field, lookups: &[Lookup]| {
            lookups.iter().map(|lookup| field.postings(lookup.token, in_force.as_deref())).collect()
        };
        let (stems, grams) = (read(&index.stems, &question.stems), read(&index.grams, &question.grams));
        let concepts = read(&index.concepts, &question.concepts);
        let mut found = Self { stems, grams, concepts, rarities: Vec::with_capacity(question.units.len()) };
        for unit in &question.units {
            let rarity = found.rarity(index, unit, weights);
            found.rarities.push(rarity);
        }
        found
    }

    /// The best passages by BM25 and category.
    fn best(&self, index: &Index, question: &Question, query: Query<'_>, candidates: usize) -> Vec<Hit> {
        let weights = &WEIGHTS;
        let mut scores = Scores::new(index, weights);
        for (field, all, lookups, weight) in [
            (&index.stems, &self.stems, &question.stems, weights.stem),
            (&index.grams, &self.grams, &question.grams, weights.gram),
            (&index.concepts, &self.concepts, &question.concepts, weights.concept),
        ] {
            for (postings, lookup) in all.iter().zip(lookups) {
                let weight = if lookup.is_synonym { weight.map(|weight| weight * weights.synonym) } else { weight };
                scores.add(field, postings, weight);
            }
        }
        let rank = |(passage, bm25)| {
            let place = index.rows.places.get(passage as usize).copied().unwrap_or(0);
            let lead = weights.lead / (1.0 + place as f32);
            Ranked { passage, rank: bm25 + lead + self.leaning(index, question, query, passage) }
        };
        let mut ranked: Vec<Ranked> = scores.passages().map(rank).collect();
        if ranked.len() > candidates {
            ranked.select_nth_unstable_by(candidates, Ranked::best_first);
            ranked.truncate(candidates);
        }
        for candidate in &mut ranked {
            candidate.rank += weights.own * self.coverage(index, question, candidate.passage, Scope::Passage);
        }
        ranked.sort_unstable_by(Ranked::best_first);
        self.settle_places(index, question, Aspects::asked_by(query.text), &scores, &mut ranked);
        // An entry of questions and answers was written to answer just its question.
        let is_it = |candidate: &Ranked| {
            let asked = index.asked.get(candidate.passage as usize).and_then(Option::as_ref);
            asked.is_some_and(|asked| asked.is_just(question))
        };
        if let Some(at) = ranked.iter().position(is_it) {
            let rank = ranked[0].rank;
            ranked[..=at].rotate_right(1);
            ranked[0].rank = rank;
        }
        let familiarity = self.familiarity(question);
        let length = (question.units.len() as f32).sqrt();
        let hit = |Ranked { passage, rank }| {
            let coverage = self.coverage(index, question, passage, Scope::Document);
            let evidence = Evidence { coverage: coverage * length, familiarity };
            let is_about_others = is_about_others(index, question, query.text, passage);
            let score = evidence.probability(query.business) * if is_about_others { weights.others } else { 1.0 };
            Hit { passage, document: index.passages[passage as usize].document, score, rank }
        };
        ranked.into_iter().map(hit).collect()
    }

    /// Puts forward, of each of the first documents, the passage that answers. What ranks the documents is mostly what they
    /// have in common with the question; what tells their passages apart is the rest.
    fn settle_places(
        &self,
        index: &Index,
        question: &Question,
        asked: Aspects,
        scores: &Scores<'_>,
        ranked: &mut Vec<Ranked>,
    ) {
        let mut settled: Vec<u32> = Vec::with_capacity(DOCUMENTS_SETTLED);
        let mut place = 0;
        while let Some(first) = ranked.get(place)
            && settled.len() < DOCUMENTS_SETTLED
        {
            let (passage, rank) = (first.passage, first.rank);
            let document = index.passages[passage as usize].document;
            let is_entry = index.passages[passage as usize].kind == PassageKind::Faq;
            if !is_entry && !settled.contains(&document) {
                settled.push(document);
                let best = self.best_within(index, question, asked, scores, passage);
                match ranked.iter().position(|other| other.passage == best) {
                    Some(other) => ranked[place..=other].rotate_right(1),
                    None => ranked.insert(place, Ranked { passage: best, rank }),
                }
                ranked[place].rank = rank;
            }
            place += 1;
        }
    }

    /// Of the passages of the document of `passage`, the one that says most of the question beyond what they all do.
    fn best_within(
        &self,
        index: &Index,
        question: &Question,
        asked: Aspects,
        scores: &Scores<'_>,
        passage: u32,
    ) -> u32 {
        let passages = index.rows.passages_beside(passage);
        let presence =
            |unit| passages.clone().map(|passage| self.presence(index, unit, passage, Scope::Beside)).collect();
        let presences: Vec<Vec<f32>> = question.units.iter().map(presence).collect();
        let rarity = |(unit, presences): (&Unit, &Vec<f32>)| {
            let having = presences.iter().filter(|presence| **presence > 0.0).count();
            let rarity = if having == 0 { 0.0 } else { idf(presences.len(), having as u32) };
            if unit.is_syllable { rarity * WEIGHTS.syllable } else { rarity }
        };
        let rarities: Vec<f32> = question.units.iter().zip(&presences).map(rarity).collect();
        let total: f32 = rarities.iter().sum();
        let score = |place: usize, passage: u32| {
            let said: f32 = rarities.iter().zip(&presences).map(|(rarity, presences)| rarity * presences[place]).sum();
            let stated = index.rows.stated.get(passage as usize).copied().unwrap_or_default();
            scores.passage(passage)
                + WEIGHTS.lead_within / (1.0 + place as f32)
                + WEIGHTS.aspect * asked.share_in(stated)
                + WEIGHTS.within * said / (total + WITHIN_SMOOTHING)
        };
        let scored = passages.clone().enumerate().map(|(place, passage)| (score(place, passage), passage));
        let best = scored.max_by(|(one, before), (other, after)| one.total_cmp(other).then(after.cmp(before)));
        best.map_or(passage, |(_, best)| best)
    }

    /// What a passage gains by belonging to a category the question probably belongs to. An entry of questions and
    /// answers gains as far as its question and the customer's speak of the same.
    fn leaning(&self, index: &Index, question: &Question, query: Query<'_>, passage: u32) -> f32 {
        let category = index.rows.categories.get(passage as usize).and_then(Option::as_deref);
        let leaning = query.leanings.iter().find(|leaning| category == Some(leaning.category));
        let Some(leaning) = leaning else { return 0.0 };
        let asked = index.asked.get(passage as usize).and_then(Option::as_ref);
        let likeness = asked
            .map_or(1.0, |asked| asked.likeness(question) * self.coverage(index, question, passage, Scope::Document));
        WEIGHTS.category * leaning.confidence * likeness
    }

    /// The share of the question's words that the documents have, in one wording or another.
    fn familiarity(&self, question: &Question) -> f32 {
        let is_known = |unit: &&Unit| {
            unit.wordings.iter().any(|wording| wording.stems.iter().all(|&stem| self.stems[stem].documents() > 0))
        };
        question.units.iter().filter(is_known).count() as f32 / (question.units.len() as f32 + 0.5)
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

    /// The share of the question, weighted by rarity, that a passage speaks of.
    fn coverage(&self, index: &Index, question: &Question, passage: u32, scope: Scope) -> f32 {
        let (mut present, mut total) = (0.0, 0.0);
        for (unit, rarity) in question.units.iter().zip(&self.rarities) {
            present += rarity * self.presence(index, unit, passage, scope);
            total += rarity;
        }
        present / (total + 1.0)
    }

    /// How surely a passage is about a unit, in any of its wordings.
    fn presence(&self, index: &Index, unit: &Unit, passage: u32, scope: Scope) -> f32 {
        let document = index.passages[passage as usize].document;
        let surety = |postings: &Postings<'_>| match postings.in_passage(passage) {
            Some(place) if place.heading > 0 => 1.0,
            _ if scope == Scope::Document && postings.is_in_title(document) => 1.0,
            Some(_) if scope == Scope::Beside => WEIGHTS.mention_beside,
            Some(_) => WEIGHTS.mention,
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
        let by_wording = by_wording.fold(0.0, f32::max);
        let by_concept = unit.concepts.iter().map(|&concept| surety(&self.concepts[concept])).fold(0.0, f32::max);
        by_wording.max(by_concept * CONCEPT_TRUST)
    }
}

/// Whether the question is about a company that is not ours and that the passage does not mention.
fn is_about_others(index: &Index, question: &Question, text: &Reading, passage: u32) -> bool {
    !question.others.is_empty() && !is_other_side(text) && {
        let text = spaceless(&normalize(&index.passages[passage as usize].text));
        !question.others.iter().any(|other| text.contains(other))
    }
}

/// Where money comes from or goes to, the other company is only the other side.
fn is_other_side(text: &Reading) -> bool {
    const OTHER_SIDE: [&str; 5] = ["transfer", "withdraw", "atm", "receive_money", "wrong_transfer"];
    text.concepts().iter().any(|concept| OTHER_SIDE.contains(&concepts::name(*concept)))
}

impl Evidence {
    /// How probably a passage answers a question for whose being the bank's business so much speaks.
    fn probability(&self, business: f32) -> f32 {
        let Answering { constant, business: by_business, coverage, familiarity } = WEIGHTS.answering;
        let sum = constant + by_business * business + coverage * self.coverage + familiarity * self.familiarity;
        1.0 / (1.0 + (-sum).exp())
    }
}

/// A word is recognised by its bigrams when at least this share of them is there, and then a little less surely.
const GRAM_SHARE_MIN: f32 = 0.5;
const GRAM_TRUST: f32 = 0.9;
/// The same for a word that the passage only has by another of its concept.
const CONCEPT_TRUST: f32 = 0.7;

/// A passage on its way to becoming a hit.
struct Ranked {
    passage: u32,
    /// By which they are ordered: BM25 and what the category adds.
    rank: f32,
}

impl Ranked {
    /// Best first; the pack's order decides between equals, so that the same question always has the same answer.
    fn best_first(&self, other: &Self) -> Ordering {
        other.rank.total_cmp(&self.rank).then(self.passage.cmp(&other.passage))
    }
}
