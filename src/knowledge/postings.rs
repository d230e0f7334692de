//! Where each token stands, in memory.
//!
//! A search engine's dictionary and its blocks of postings, unpacked for every token of every question, took half the time
//! of a search; the postings of a bank's documents fit into memory as they are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use foldhash::HashMap;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

use crate::knowledge::rows::Part;
use crate::knowledge::rows::Rows;

/// The postings and the lengths of one field.
#[derive(Serialize, Deserialize)]
pub(super) struct Field {
    pub dictionary: Dictionary,
    /// The postings of each token, by number.
    places: Vec<Places>,
    passages: Vec<InPassage>,
    documents: Vec<InDocument>,
    /// Tokens of each passage in relation to the average passage.
    pub passage_length: Vec<f32>,
    /// Tokens of each document in relation to the average document.
    pub document_length: Vec<f32>,
}

/// The tokens that occur, and their numbers.
#[derive(Debug, Default)]
pub(super) struct Dictionary(HashMap<Box<str>, u32>);

/// A token's number in its dictionary; `None` if it does not occur.
pub(super) type Number = Option<u32>;

/// Ranges of [`Field::passages`] and [`Field::documents`].
#[derive(Serialize, Deserialize)]
struct Places {
    passages: Range<u32>,
    documents: Range<u32>,
}

/// A passage that has a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InPassage {
    pub document: u32,
    pub passage: u32,
    /// How often its heading and its question have it.
    pub heading: u16,
    /// How often its text has it.
    pub text: u16,
}

/// A document that has a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InDocument {
    pub document: u32,
    /// How often its title and keywords have it.
    pub title: u16,
    /// How often its passages have it.
    pub passages: u16,
}

/// What the index says about one token: ascending, and only of documents in force.
#[derive(Default)]
pub(super) struct Postings<'i> {
    pub passages: Cow<'i, [InPassage]>,
    pub documents: Cow<'i, [InDocument]>,
}

impl Field {
    /// A field whose `rows` have these tokens each.
    pub fn new<'t>(rows: &Rows, tokens: impl Iterator<Item = &'t Vec<String>>) -> Self {
        let mut passage_length: Vec<f32> = Vec::new();
        let mut document_length: Vec<f32> = Vec::new();
        // In the order of the tokens, and each one's rows in theirs.
        let mut places: BTreeMap<&str, Vec<(u32, u16)>> = BTreeMap::new();
        for ((row, number), tokens) in rows.all.iter().zip(0..).zip(tokens) {
            // A row holds far fewer than 2^24 tokens, up to which f32 is exact.
            let length = tokens.len() as f32;
            match row.part {
                Part::Title => document_length.push(length),
                Part::Heading(_) => passage_length.push(length),
                Part::Text(_) => *passage_length.last_mut().unwrap_or(&mut 0.0) += length,
            }
            if row.part != Part::Title {
                *document_length.last_mut().unwrap_or(&mut 0.0) += length;
            }
            for token in tokens {
                let places = places.entry(token).or_default();
                match places.last_mut() {
                    Some((last, frequency)) if *last == number => *frequency = frequency.saturating_add(1),
                    Some(_) | None => places.push((number, 1)),
                }
            }
        }
        relate_to_average(&mut passage_length);
        relate_to_average(&mut document_length);
        let mut field = Self {
            dictionary: Dictionary::default(),
            places: Vec::with_capacity(places.len()),
            passages: vec![],
            documents: vec![],
            passage_length,
            document_length,
        };
        for (token, places) in places {
            let (passages, documents) = (field.passages.len(), field.documents.len());
            for (row, frequency) in places {
                field.count(rows, row, frequency, documents, passages);
            }
            field.dictionary.add(token);
            let passages = range(passages..field.passages.len());
            field.places.push(Places { passages, documents: range(documents..field.documents.len()) });
        }
        field
    }

    /// Notes that a row has the token whose places begin where given.
    fn count(&mut self, rows: &Rows, row: u32, frequency: u16, first_document: usize, first_passage: usize) {
        let Some(row) = rows.all.get(row as usize) else { return };
        if self.documents[first_document..].last().is_none_or(|last| last.document != row.document) {
            self.documents.push(InDocument { document: row.document, title: 0, passages: 0 });
        }
        let Some(in_document) = self.documents.last_mut() else { return };
        let Some(passage) = row.passage() else {
            in_document.title = in_document.title.saturating_add(frequency);
            return;
        };
        in_document.passages = in_document.passages.saturating_add(frequency);
        if self.passages[first_passage..].last().is_none_or(|last| last.passage != passage) {
            self.passages.push(InPassage { document: row.document, passage, heading: 0, text: 0 });
        }
        let Some(in_passage) = self.passages.last_mut() else { return };
        match row.part {
            Part::Title => {}
            Part::Heading(_) => in_passage.heading = in_passage.heading.saturating_add(frequency),
            Part::Text(_) => in_passage.text = in_passage.text.saturating_add(frequency),
        }
    }

    /// Where `token` stands. `in_force` says of each document whether it counts; `None` if all do.
    pub fn postings(&self, token: Number, in_force: Option<&[bool]>) -> Postings<'_> {
        let Some(places) = token.and_then(|token| self.places.get(token as usize)) else { return Postings::default() };
        let passages = &self.passages[places.passages.start as usize..places.passages.end as usize];
        let documents = &self.documents[places.documents.start as usize..places.documents.end as usize];
        let Some(in_force) = in_force else {
            return Postings { passages: passages.into(), documents: documents.into() };
        };
        let passages = passages.iter().copied().filter(|place| in_force[place.document as usize]);
        let documents = documents.iter().copied().filter(|place| in_force[place.document as usize]);
        Postings { passages: passages.collect(), documents: documents.collect() }
    }
}

impl Dictionary {
    /// The number of a token.
    pub fn number(&self, token: &str) -> Number {
        self.0.get(token).copied()
    }

    /// Gives a new token the next number.
    pub fn add(&mut self, token: &str) {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.entry(token.into()).or_insert(next);
    }
}

/// As the tokens in the order of their numbers.
impl Serialize for Dictionary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tokens: Vec<_> = self.0.iter().collect();
        tokens.sort_unstable_by_key(|(_, number)| **number);
        serializer.collect_seq(tokens.into_iter().map(|(token, _)| token))
    }
}

impl<'de> Deserialize<'de> for Dictionary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Vec::<Box<str>>::deserialize(deserializer)?.into_iter().zip(0..).collect()))
    }
}

impl Postings<'_> {
    /// How many documents have the token.
    pub fn documents(&self) -> u32 {
        u32::try_from(self.documents.len()).unwrap_or(u32::MAX)
    }

    /// Whether a document's title or keywords have the token.
    pub fn is_in_title(&self, document: u32) -> bool {
        let place = self.documents.binary_search_by_key(&document, |place| place.document);
        place.is_ok_and(|place| self.documents[place].title > 0)
    }

    /// What a passage has of the token.
    pub fn in_passage(&self, passage: u32) -> Option<&InPassage> {
        let place = self.passages.binary_search_by_key(&passage, |place| place.passage);
        place.ok().map(|place| &self.passages[place])
    }
}

fn relate_to_average(lengths: &mut [f32]) {
    let average = lengths.iter().sum::<f32>() / lengths.len().max(1) as f32;
    for length in lengths {
        *length /= average.max(1.0);
    }
}

/// Places are counted with 32 bits: four thousand million postings are far beyond what a pack may hold.
fn range(places: Range<usize>) -> Range<u32> {
    let narrow = |place| u32::try_from(place).unwrap_or(u32::MAX);
    narrow(places.start)..narrow(places.end)
}
