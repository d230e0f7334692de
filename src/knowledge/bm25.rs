//! BM25 of documents and of their passages, in one walk over the postings.

use crate::knowledge::chunk::PassageKind;
use crate::knowledge::index::FieldPostings;
use crate::knowledge::index::Index;
use crate::knowledge::index::Part;
use crate::knowledge::index::Row;
use crate::knowledge::weights::Weights;

/// BM25 of every document and of every passage.
pub(super) struct Scores<'a> {
    index: &'a Index,
    weights: &'a Weights,
    passages: Vec<f32>,
    documents: Vec<f32>,
}

impl<'a> Scores<'a> {
    /// Nothing counted yet.
    pub fn new(index: &'a Index, weights: &'a Weights) -> Self {
        let [passages, documents] = [index.passages.len(), index.rows.titles.len()].map(|count| vec![0.0; count]);
        Self { index, weights, passages, documents }
    }

    /// Counts one token: the rows it occurs in, ascending, with its frequency there, and its number of documents.
    pub fn add(&mut self, field: &FieldPostings, postings: &[(u32, u32)], documents: u32, weight: f32) {
        let rows = &self.index.rows.all;
        let row = |posting: &(u32, u32)| rows[posting.0 as usize];
        let rows_with_token = u32::try_from(postings.len()).unwrap_or(u32::MAX);
        let passage_weight = weight * idf(rows.len(), rows_with_token);
        let document_weight = weight * idf(self.documents.len(), documents);
        for of_document in postings.chunk_by(|a, b| row(a).document == row(b).document) {
            let mut document_frequency = 0.0;
            for of_part in of_document.chunk_by(|a, b| row(a).passage() == row(b).passage()) {
                let frequency = of_part.iter().map(|posting| posting.1).sum::<u32>() as f32;
                match row(&of_part[0]).passage() {
                    None => document_frequency += self.weights.title * frequency,
                    Some(passage) => {
                        document_frequency += frequency;
                        let length = field.passage_length[passage as usize];
                        self.passages[passage as usize] += passage_weight * self.saturated(frequency, length);
                    }
                }
            }
            let document = row(&of_document[0]).document as usize;
            let length = field.document_length[document];
            self.documents[document] += document_weight * self.saturated(document_frequency, length);
        }
    }

    /// Every passage that has any of the tokens, by the row of its text, with its BM25 and its document's together.
    pub fn passages(&self) -> impl Iterator<Item = (u32, Row, f32)> {
        let rows = self.index.rows.all.iter().zip(0..);
        rows.filter_map(|(&row, number)| {
            let Part::Text(passage) = row.part else { return None };
            let of_passage = self.passages[passage as usize];
            // A question with its answer is an article of its own; what stands beside it is about other things.
            let of_document = match self.index.passages[passage as usize].kind {
                PassageKind::Faq => of_passage * self.weights.faq,
                PassageKind::Prose | PassageKind::List | PassageKind::TableRows => {
                    self.documents[row.document as usize]
                }
            };
            let score = of_passage + self.weights.document * of_document;
            (score > 0.0).then_some((number, row, score))
        })
    }

    /// BM25's share of a word that occurs so often in a text of such a length (1 is the average).
    fn saturated(&self, frequency: f32, length: f32) -> f32 {
        let Weights { k1, b, .. } = self.weights;
        frequency * (k1 + 1.0) / (frequency + k1 * (1.0 - b + b * length))
    }
}

/// Inverse document frequency, as BM25 has it: never negative.
pub(super) fn idf(total: usize, having: u32) -> f32 {
    let [total, having] = [total as f32, having as f32];
    (1.0 + (total - having + 0.5) / (having + 0.5)).ln()
}
