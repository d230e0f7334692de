//! Finding the passages that answer a question, and saying how well they do.
//!
//! Ranking is BM25 in two steps at once: every posting counts for its document and for its passage, and a passage is
//! ranked by both. tantivy's own query path is not used: it fixes k1 and b, scores one level only, and took 77 µs for a
//! question on the demo pack where this takes 40 (2 virtual CPUs, November 2026). The score a hit carries is not BM25,
//! whose size depends on the pack and the question, but how much of what was asked the passage speaks of.

use std::cmp::Ordering;
use std::io;
use std::ops::Range;

use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::IndexRecordOption;
use time::Date;

use crate::knowledge::analysis::Lookup;
use crate::knowledge::analysis::Question;
use crate::knowledge::analysis::Unit;
use crate::knowledge::bm25::Scores;
use crate::knowledge::bm25::idf;
use crate::knowledge::index::FieldPostings;
use crate::knowledge::index::Index;
use crate::knowledge::index::IndexError;
use crate::knowledge::index::Part;
use crate::knowledge::index::Row;
use crate::knowledge::pack::is_within;
use crate::knowledge::weights::WEIGHTS;
use crate::knowledge::weights::Weights;
use crate::text::normalize::normalize;
use crate::text::normalize::spaceless;

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
    ///
    /// # Errors
    /// [`IndexError::Unreadable`] when the index's files can no longer be read.
    pub fn search(&self, question: &str, today: Date, limit: usize) -> Result<Vec<Hit>, IndexError> {
        self.search_weighted(question, today, limit, &WEIGHTS)
    }

    pub(super) fn search_weighted(
        &self,
        question: &str,
        today: Date,
        limit: usize,
        weights: &Weights,
    ) -> Result<Vec<Hit>, IndexError> {
        let question = self.vocabulary.question(question);
        let found = Found::look_up(self, &question, today, weights);
        let found = found.map_err(|source| IndexError::Unreadable { path: self.dir.clone(), source })?;
        let mut hits = found.best(self, &question, weights, limit.max(CANDIDATES));
        hits.truncate(limit);
        Ok(hits)
    }
}

/// The postings of one token: a range of [`Found::postings`], and in how many documents it occurs.
struct Occurrences {
    postings: Range<usize>,
    documents: u32,
}

/// Everything the index says about a question, on documents in force.
#[derive(Default)]
pub(super) struct Found {
    /// Row and frequency; rows ascend within one token.
    postings: Vec<(u32, u32)>,
    stems: Vec<Occurrences>,
    grams: Vec<Occurrences>,
    /// How telling each of the question's units is.
    pub(super) rarities: Vec<f32>,
}

impl Found {
    pub(super) fn look_up(index: &Index, question: &Question, today: Date, weights: &Weights) -> io::Result<Self> {
        let in_force: Vec<bool> =
            index.rows.validity.iter().map(|&(from, until)| is_within(from, until, today)).collect();
        let mut found = Self { postings: Vec::with_capacity(1024), ..Self::default() };
        found.stems = found.read(index, &index.stems, &question.stems, &in_force)?;
        found.grams = found.read(index, &index.grams, &question.grams, &in_force)?;
        for unit in &question.units {
            let rarity = found.rarity(index, question, unit, weights)?;
            found.rarities.push(rarity);
        }
        Ok(found)
    }

    fn read(
        &mut self,
        index: &Index,
        field: &FieldPostings,
        lookups: &[Lookup],
        in_force: &[bool],
    ) -> io::Result<Vec<Occurrences>> {
        let mut all = Vec::with_capacity(lookups.len());
        // One reader of blocks is opened and then moved from token to token.
        let mut blocks: Option<BlockSegmentPostings> = None;
        for lookup in lookups {
            let begin = self.postings.len();
            let mut documents = 0;
            let mut last_document = u32::MAX;
            if let Some(info) = field.reader.terms().get(lookup.token.as_bytes())? {
                let mut block = match blocks.take() {
                    Some(mut block) => {
                        field.reader.reset_block_postings_from_terminfo(&info, &mut block)?;
                        block
                    }
                    None => field.reader.read_block_postings_from_terminfo(&info, IndexRecordOption::WithFreqs)?,
                };
                while !block.docs().is_empty() {
                    for (&row, &frequency) in block.docs().iter().zip(block.freqs()) {
                        // A row beyond the last can only come of a damaged file.
                        let Some(&Row { document, .. }) = index.rows.all.get(row as usize) else { continue };
                        if in_force[document as usize] {
                            self.postings.push((row, frequency));
                            documents += u32::from(document != last_document);
                            last_document = document;
                        }
                    }
                    block.advance();
                }
                blocks = Some(block);
            }
            all.push(Occurrences { postings: begin..self.postings.len(), documents });
        }
        Ok(all)
    }

    /// The best passages by BM25 and coverage.
    fn best(&self, index: &Index, question: &Question, weights: &Weights, candidates: usize) -> Vec<Hit> {
        let mut scores = Scores::new(index, weights);
        for (field, all, lookups, weight) in [
            (&index.stems, &self.stems, &question.stems, 1.0),
            (&index.grams, &self.grams, &question.grams, weights.gram),
        ] {
            for (occurrences, lookup) in all.iter().zip(lookups) {
                let weight = if lookup.is_synonym { weight * weights.synonym } else { weight };
                scores.add(field, &self.postings[occurrences.postings.clone()], occurrences.documents, weight);
            }
        }
        let of_row = |(row, Row { part, .. }, bm25)| match part {
            Part::Text(passage) => Some(Ranked { row, passage, bm25, score: 0.0 }),
            Part::Title | Part::Heading(_) => None,
        };
        let mut ranked: Vec<Ranked> = scores.passages().filter_map(of_row).collect();
        if ranked.len() > candidates {
            ranked.select_nth_unstable_by(candidates, Ranked::best_first);
            ranked.truncate(candidates);
        }
        for ranked in &mut ranked {
            let (score, coverage) = self.score(index, question, ranked.row, weights);
            ranked.score = score;
            ranked.bm25 *= 1.0 - weights.coverage + weights.coverage * coverage;
        }
        ranked.sort_unstable_by(Ranked::best_first);
        ranked.into_iter().map(|ranked| ranked.hit(index, question, weights)).collect()
    }

    /// How telling a unit is: the rarer in the documents, the more. A word that no document has is the most telling,
    /// unless it is a customer's usual way of putting things.
    fn rarity(&self, index: &Index, question: &Question, unit: &Unit, weights: &Weights) -> io::Result<f32> {
        let by_wording = unit.wordings.iter().map(|wording| {
            let stems = wording.stems.iter().map(|&stem| self.stems[stem].documents).min().unwrap_or(0);
            let grams = wording.grams.iter().map(|&gram| self.grams[gram].documents).min().unwrap_or(0);
            stems.max(grams)
        });
        let documents = by_wording.max().unwrap_or(0);
        let mut rarity = idf(index.rows.titles.len(), documents);
        if let Some(own) = unit.wordings.first().and_then(|wording| wording.stems.first()) {
            let own = question.stems[*own].token.as_str();
            if documents == 0 && index.asked.terms().get(own)?.is_some() {
                rarity *= weights.usual;
            }
            if own.chars().nth(1).is_none() {
                rarity *= weights.syllable;
            }
        }
        Ok(rarity)
    }

    /// The score of a passage, and the share of the question, weighted by rarity, that it speaks of.
    fn score(&self, index: &Index, question: &Question, row: u32, weights: &Weights) -> (f32, f32) {
        let mut present = 0.0;
        let mut total = 0.0;
        for (unit, rarity) in question.units.iter().zip(&self.rarities) {
            present += rarity * self.presence(index, unit, row, weights);
            total += rarity;
        }
        let missing = total - present;
        if present > 0.0 {
            (present / (present + weights.missing * missing + weights.doubt), present / total)
        } else {
            (0.0, 0.0)
        }
    }

    /// How surely a passage, given by the row of its text, is about a unit, in any of its wordings.
    pub(super) fn presence(&self, index: &Index, unit: &Unit, row: u32, weights: &Weights) -> f32 {
        let title = index.rows.titles[index.rows.all[row as usize].document as usize];
        let surety = |occurrences: &Occurrences| {
            let postings = &self.postings[occurrences.postings.clone()];
            let has = |row: u32| postings.binary_search_by_key(&row, |&(row, _)| row).is_ok();
            if has(row - 1) || has(title) {
                1.0
            } else if has(row) {
                weights.mention
            } else {
                0.0
            }
        };
        let share = |places: &[usize], all: &[Occurrences]| {
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
    /// The row of its text.
    row: u32,
    passage: u32,
    bm25: f32,
    score: f32,
}

impl Ranked {
    /// Best first; the pack's order decides between equals, so that the same question always has the same answer.
    fn best_first(&self, other: &Self) -> Ordering {
        other.bm25.total_cmp(&self.bm25).then(self.row.cmp(&other.row))
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
