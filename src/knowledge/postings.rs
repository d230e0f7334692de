//! Where each token stands, in memory: what tantivy keeps on disk, read once when an index is opened.
//!
//! Asking tantivy's dictionary and unpacking its blocks for every token of every question took half the time of a search.

use std::borrow::Cow;
use std::ops::Range;

use foldhash::HashMap;
use tantivy::InvertedIndexReader;
use tantivy::SegmentReader;
use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::IndexRecordOption;

use crate::knowledge::rows::Part;
use crate::knowledge::rows::Rows;

/// The postings and the lengths of one field.
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
struct Places {
    passages: Range<u32>,
    documents: Range<u32>,
}

/// A passage that has a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InPassage {
    pub document: u32,
    pub passage: u32,
    /// How often its heading and its question have it.
    pub heading: u16,
    /// How often its text has it.
    pub text: u16,
}

/// A document that has a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Reads a field of a segment whose rows are `rows`.
    pub fn read(segment: &SegmentReader, name: &str, rows: &Rows) -> tantivy::Result<Self> {
        let field = segment.schema().get_field(name)?;
        let lengths = segment.get_fieldnorms_reader(field)?;
        let mut passage_length: Vec<f32> = Vec::new();
        let mut document_length: Vec<f32> = Vec::new();
        for (row, number) in rows.all.iter().zip(0..) {
            // A row holds far fewer than 2^24 tokens, up to which f32 is exact.
            let length = lengths.fieldnorm(number) as f32;
            match row.part {
                Part::Title => document_length.push(length),
                Part::Heading(_) => passage_length.push(length),
                Part::Text(_) => *passage_length.last_mut().unwrap_or(&mut 0.0) += length,
            }
            if row.part != Part::Title {
                *document_length.last_mut().unwrap_or(&mut 0.0) += length;
            }
        }
        relate_to_average(&mut passage_length);
        relate_to_average(&mut document_length);
        let mut read = Self {
            dictionary: Dictionary::default(),
            places: vec![],
            passages: vec![],
            documents: vec![],
            passage_length,
            document_length,
        };
        read.read_tokens(&*segment.inverted_index(field)?, rows)?;
        Ok(read)
    }

    fn read_tokens(&mut self, reader: &InvertedIndexReader, rows: &Rows) -> tantivy::Result<()> {
        let mut tokens = reader.terms().stream()?;
        // One reader of blocks is opened and then moved from token to token.
        let mut blocks: Option<BlockSegmentPostings> = None;
        while let Some((token, info)) = tokens.next() {
            let mut block = match blocks.take() {
                Some(mut block) => {
                    reader.reset_block_postings_from_terminfo(info, &mut block)?;
                    block
                }
                None => reader.read_block_postings_from_terminfo(info, IndexRecordOption::WithFreqs)?,
            };
            let (passages, documents) = (self.passages.len(), self.documents.len());
            while !block.docs().is_empty() {
                for (&row, &frequency) in block.docs().iter().zip(block.freqs()) {
                    self.count(rows, row, u16::try_from(frequency).unwrap_or(u16::MAX), documents, passages);
                }
                block.advance();
            }
            blocks = Some(block);
            let places = Places {
                passages: range(passages..self.passages.len()),
                documents: range(documents..self.documents.len()),
            };
            self.dictionary.add(&String::from_utf8_lossy(token));
            self.places.push(places);
        }
        Ok(())
    }

    /// Notes that a row has the token whose places begin where given.
    fn count(&mut self, rows: &Rows, row: u32, frequency: u16, first_document: usize, first_passage: usize) {
        // A row beyond the last can only come of a damaged file.
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
