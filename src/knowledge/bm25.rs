//! BM25 of documents and of their passages, in one walk over the postings.

use crate::knowledge::chunk::PassageKind;
use crate::knowledge::index::Index;
use crate::knowledge::postings::Field;
use crate::knowledge::postings::Postings;
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
        let [passages, documents] = [index.passages.len(), index.rows.validity.len()].map(|count| vec![0.0; count]);
        Self { index, weights, passages, documents }
    }

    /// Counts one token, which weighs so much in a passage and so much in a document.
    pub fn add(&mut self, field: &Field, token: &Postings<'_>, [in_passage, in_document]: [f32; 2]) {
        let rows: u32 =
            token.passages.iter().map(|place| u32::from(place.heading > 0) + u32::from(place.text > 0)).sum();
        let titles: u32 = token.documents.iter().map(|place| u32::from(place.title > 0)).sum();
        let passage_weight = in_passage * idf(self.index.rows.all.len(), rows + titles);
        for place in token.passages.iter() {
            let length = field.passage_length[place.passage as usize];
            let frequency = self.weights.heading * f32::from(place.heading) + f32::from(place.text);
            self.passages[place.passage as usize] += passage_weight * self.saturated(frequency, length);
        }
        let document_weight = in_document * idf(self.documents.len(), token.documents());
        for place in token.documents.iter() {
            let length = field.document_length[place.document as usize];
            let frequency = self.weights.title * f32::from(place.title) + f32::from(place.passages);
            self.documents[place.document as usize] += document_weight * self.saturated(frequency, length);
        }
    }

    /// Every passage that has any of the tokens, with its BM25 and its document's together.
    pub fn passages(&self) -> impl Iterator<Item = (u32, f32)> {
        let passages = self.index.passages.iter().zip(&self.passages).zip(0..);
        passages.filter_map(|((passage, &of_passage), number)| {
            // A question with its answer is an article of its own; what stands beside it is about other things.
            let of_document = match passage.kind {
                PassageKind::Faq => of_passage * self.weights.faq,
                PassageKind::Prose | PassageKind::List | PassageKind::TableRows => {
                    self.documents[passage.document as usize]
                }
            };
            let score = of_passage + of_document;
            (score > 0.0).then_some((number, score))
        })
    }

    /// The BM25 of a passage alone.
    pub fn passage(&self, passage: u32) -> f32 {
        self.passages.get(passage as usize).copied().unwrap_or(0.0)
    }

    /// BM25's share of a word that occurs so often in a text of such a length (1 is the average).
    fn saturated(&self, frequency: f32, length: f32) -> f32 {
        let Weights { k1, b, length_min, .. } = self.weights;
        let length = length.max(*length_min);
        frequency * (k1 + 1.0) / (frequency + k1 * (1.0 - b + b * length))
    }
}

/// Inverse document frequency, as BM25 has it: never negative.
pub(super) fn idf(total: usize, having: u32) -> f32 {
    let [total, having] = [total as f32, having as f32];
    (1.0 + (total - having + 0.5) / (having + 0.5)).ln()
}
