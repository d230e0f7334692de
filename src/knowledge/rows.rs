//! Which row of the index is what.

use std::ops::Range;
use std::sync::Arc;

use time::Date;

use crate::knowledge::aspect::Aspects;
use crate::knowledge::chunk::Passage;
use crate::knowledge::chunk::PassageKind;
use crate::knowledge::pack::Pack;

/// Which row is what. Rows of a document stand together, its title first; so do the two rows of a passage.
pub(super) struct Rows {
    /// Every row but the last.
    pub all: Vec<Row>,
    /// When each document may be used.
    pub validity: Vec<(Option<Date>, Option<Date>)>,
    /// The category each passage belongs to.
    pub categories: Vec<Option<Arc<str>>>,
    /// How many passages of its document stand before each.
    pub places: Vec<u32>,
    /// The kinds of facts each passage states.
    pub stated: Vec<Aspects>,
}

/// One row of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub document: u32,
    pub part: Part,
}

impl Row {
    /// The passage it belongs to; `None` for a title.
    pub fn passage(self) -> Option<u32> {
        match self.part {
            Part::Title => None,
            Part::Heading(passage) | Part::Text(passage) => Some(passage),
        }
    }
}

/// What a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Title and keywords of the document.
    Title,
    /// Heading and question of the passage.
    Heading(u32),
    /// The text of the passage.
    Text(u32),
}

impl Rows {
    /// The passages of the document that a passage stands in, it among them.
    pub fn passages_beside(&self, passage: u32) -> Range<u32> {
        let place = self.places.get(passage as usize).copied().unwrap_or(0);
        let first = passage - place;
        let after = self.places.iter().skip(first as usize + 1).take_while(|place| **place > 0).count() as u32;
        first..first + 1 + after
    }

    /// The rows of a pack whose documents are cut into `passages`.
    pub fn new(pack: &Pack, passages: &[Passage]) -> Self {
        let stated = passages.iter().map(|passage| Aspects::stated_in(&passage.text)).collect();
        let mut rows =
            Self { all: Vec::new(), validity: Vec::new(), categories: Vec::new(), places: Vec::new(), stated };
        let mut passages = passages.iter().zip(0..).peekable();
        for (one, document) in pack.documents.iter().zip(0..) {
            rows.validity.push((one.effective_from, one.effective_until));
            rows.all.push(Row { document, part: Part::Title });
            let category: Option<Arc<str>> = one.category.as_deref().map(Arc::from);
            let mut place = 0;
            while let Some((text, passage)) = passages.next_if(|(passage, _)| passage.document == document) {
                rows.all.push(Row { document, part: Part::Heading(passage) });
                rows.all.push(Row { document, part: Part::Text(passage) });
                rows.places.push(place);
                place += 1;
                // A table of questions and answers has a section for each category.
                let of_section = || (text.kind == PassageKind::Faq).then(|| Arc::from(text.heading.as_str()));
                rows.categories.push(category.clone().or_else(of_section));
            }
        }
        rows
    }
}
