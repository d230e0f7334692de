//! What the assistant knows: one knowledge pack, its index and its classifier, loaded and never changed.
//!
//! A turn in flight finishes on the engine it began with; a new pack is a new engine, swapped in whole.

use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;

use regex::Regex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Digest as _;
use sha2::Sha256;
use time::Date;

use crate::chat::follow_ups::WayIn;
use crate::domain::PassageVersion;
use crate::knowledge::Block;
use crate::knowledge::Category;
use crate::knowledge::Document;
use crate::knowledge::Hit;
use crate::knowledge::Index;
use crate::knowledge::Leaning;
use crate::knowledge::Pack;
use crate::knowledge::Passage;
use crate::knowledge::Policy;
use crate::knowledge::Query;
use crate::knowledge::Slot;
use crate::nlu::Act;
use crate::nlu::ActClassifier;
use crate::nlu::Acts;
use crate::nlu::Classifier;
use crate::nlu::Example;
use crate::nlu::Guess;
use crate::nlu::Speller;
use crate::nlu::TrainError;
use crate::telemetry::chain;
use crate::text::concepts;
use crate::text::reading::Reading;

/// Why an engine could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The index.
    #[error("the knowledge index in {folder} could not be made or opened")]
    Index {
        /// Where it is kept.
        folder: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The classifier.
    #[error("the classifier could not be trained from the pack's utterances")]
    Classifier(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A slot's pattern.
    #[error("the pattern of slot {slot} is not a regular expression")]
    Pattern {
        /// The slot.
        slot: String,
        /// Why.
        #[source]
        source: regex::Error,
    },
}

/// A passage that fits a question.
#[derive(Debug, Clone, Copy)]
pub struct Found<'e> {
    /// The passage.
    pub passage: &'e Passage,
    /// The document it stands in.
    pub document: &'e Document,
    /// How probably it answers, 0 to 1.
    pub score: f32,
    /// What it is ordered by; see [`Hit::rank`].
    pub rank: f32,
    /// Which of the pack's passages it is, from 0.
    pub number: u32,
}

impl Found<'_> {
    /// Whether both are the same passage.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        std::ptr::eq(self.passage, other.passage)
    }
}

/// What a message is about, as learned from the pack.
#[derive(Debug, Clone, Default)]
pub struct Bearing {
    /// The categories it may belong to, best first; empty when the pack has no utterances to learn from.
    pub guesses: Vec<Guess>,
    /// What is done with it.
    pub acts: Acts,
}

/// Raised whenever the same text is read otherwise than before, so that what an earlier build learned is not used. The lists
/// that are read with are told apart by their own digest.
const READING_REVISION: u32 = 3;
/// The classifier beside the index, so that an unchanged pack is not learned again.
const CLASSIFIER_FILE: &str = "classifier.bin";
const ACTS_FILE: &str = "acts.bin";
const SPELLER_FILE: &str = "words.bin";

/// What tells the lists of examples and concepts in this build from those of another.
fn digest_of_lists() -> String {
    let mut hash = Sha256::new();
    concepts::FILES.iter().for_each(|file| hash.update(file));
    for (act, example) in ActClassifier::examples() {
        hash.update([act as u8]);
        hash.update(example);
    }
    hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// A pack ready to answer from.
pub struct Engine {
    pack: Pack,
    digest: String,
    index: Index,
    classifier: Option<Classifier>,
    acts: ActClassifier,
    speller: Speller,
    patterns: HashMap<String, Regex>,
    /// Of each document, what was worked out when it was first quoted.
    ways_in: Vec<OnceLock<Vec<WayIn>>>,
}

impl Engine {
    /// Makes a pack ready: opens the index and classifier kept under `cache_dir`, or makes them. Takes milliseconds
    /// for a pack that was made ready before, seconds otherwise; call it on a blocking thread.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn load(pack: Pack, digest: String, cache_dir: &Path) -> Result<Self, EngineError> {
        let lists = digest_of_lists();
        let folder = cache_dir.join(format!(
            "{}-{READING_REVISION}-{lists}-{}",
            env!("CARGO_PKG_VERSION"),
            &digest[..digest.len().min(16)]
        ));
        let index = open_or_create_index(&pack, &folder)?;
        let classifier = open_or_train_classifier(&pack, &folder.join(CLASSIFIER_FILE))?;
        let acts = open_or_learn_acts(&pack, &folder.join(ACTS_FILE))?;
        let speller = open_or_learn(&folder.join(SPELLER_FILE), || Ok(learn_words(&pack)))?;
        let mut patterns = HashMap::new();
        for slot in &pack.slots {
            let pattern = slot.regex().map_err(|source| EngineError::Pattern { slot: slot.name.clone(), source })?;
            if let Some(pattern) = pattern {
                patterns.insert(slot.name.clone(), pattern);
            }
        }
        let ways_in = pack.documents.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { pack, digest, index, classifier, acts, speller, patterns, ways_in })
    }

    /// The pack.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The pack's digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What somebody wrote, with its mistyped words set right, as [`Self::bearing`] and [`Self::search`] want it.
    pub fn read(&self, text: &str) -> Reading {
        let typed = Reading::of(text);
        self.corrected(&typed).unwrap_or(typed)
    }

    /// The same of what was read as it was typed; `None` if nothing is mistyped.
    pub fn corrected(&self, typed: &Reading) -> Option<Reading> {
        self.speller.correct(typed)
    }

    /// What a message is about.
    pub fn bearing(&self, message: &Reading) -> Bearing {
        let guesses = self.classifier.as_ref().map(|classifier| classifier.classify(message)).unwrap_or_default();
        Bearing { guesses, acts: self.acts.acts(message) }
    }

    /// Whether a text names another company or its product, of which the pack's `others.csv` has a list.
    pub fn names_others(&self, text: &Reading) -> bool {
        self.index.names_others(text)
    }

    /// The passages that answer a question of this [bearing](Self::bearing) best, of documents in force on `today`, or of
    /// all where no day is given.
    pub fn search(
        &self,
        question: &Reading,
        bearing: &Bearing,
        today: impl Into<Option<Date>>,
        limit: usize,
    ) -> Vec<Found<'_>> {
        let today = today.into();
        let guesses = bearing.guesses.iter();
        let leanings: Vec<Leaning<'_>> =
            guesses.map(|Guess { category, confidence }| Leaning { category, confidence: *confidence }).collect();
        let found = |hit: Hit| {
            let passage = self.index.passages().get(hit.passage as usize)?;
            let document = self.pack.documents.get(passage.document as usize)?;
            Some(Found { passage, document, score: hit.score, rank: hit.rank, number: hit.passage })
        };
        self.index
            .search(Query { text: question, leanings: &leanings, business: bearing.acts.business(), today }, limit)
            .into_iter()
            .filter_map(found)
            .collect()
    }

    /// The passage of this number, and its document.
    pub(super) fn passage(&self, number: u32) -> Option<(&Passage, &Document)> {
        let passage = self.index.passages().get(number as usize)?;
        Some((passage, self.pack.documents.get(passage.document as usize)?))
    }

    /// What is kept of a passage that was used, so that it can be told later which words it had.
    pub(super) fn passage_version(&self, number: u32) -> Option<PassageVersion> {
        let (passage, document) = self.passage(number)?;
        let digest = Sha256::digest(passage.text.as_bytes());
        Some(PassageVersion {
            document: document.id.clone(),
            section: passage.heading.clone(),
            page: passage.page,
            digest: hex::encode(digest.get(..8).unwrap_or_default()),
        })
    }

    /// How to ask for the sections of a document: what `work_out` says once, the same from then on.
    pub(super) fn ways_in(&self, document_id: &str, work_out: impl FnOnce(&Document) -> Vec<WayIn>) -> &[WayIn] {
        let mut known = self.pack.documents.iter().zip(&self.ways_in);
        let found = known.find(|(document, _)| document.id == document_id);
        found.map(|(document, ways_in)| &**ways_in.get_or_init(|| work_out(document))).unwrap_or_default()
    }

    /// A slot's pattern; `None` for free text.
    pub(super) fn pattern(&self, slot: &str) -> Option<&Regex> {
        self.patterns.get(slot)
    }

    /// A slot of the pack.
    pub(super) fn slot(&self, name: &str) -> Option<&Slot> {
        self.pack.slots.iter().find(|slot| slot.name == name)
    }

    /// A category of the pack.
    pub(super) fn category(&self, name: &str) -> Option<&Category> {
        self.pack.categories.iter().find(|category| category.name == name)
    }

    /// The category to collect details under: the conversation's, else the pack's default.
    pub(super) fn category_or_default(&self, topic: Option<&str>) -> Option<&Category> {
        topic
            .and_then(|topic| self.category(topic))
            .or_else(|| self.pack.categories.iter().find(|category| category.is_default()))
    }
}

fn open_or_create_index(pack: &Pack, folder: &Path) -> Result<Index, EngineError> {
    if let Ok(index) = Index::open(folder, pack) {
        return Ok(index);
    }
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| EngineError::Index {
        folder: folder.display().to_string(),
        source,
    };
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| failed(error.into()))?;
    }
    std::fs::create_dir_all(folder).map_err(|error| failed(error.into()))?;
    Index::create(pack, folder).map_err(|error| failed(error.into()))
}

fn open_or_train_classifier(pack: &Pack, file: &Path) -> Result<Option<Classifier>, EngineError> {
    if pack.utterances.is_empty() {
        return Ok(None);
    }
    open_or_learn(file, || {
        let lessons = pack.lessons();
        let utterances = pack.utterances.iter().map(|row| Example { category: &row.category, text: &row.utterance });
        let lessons = lessons.iter().map(|lesson| Example { category: lesson.category, text: &lesson.text });
        Classifier::train(&utterances.chain(lessons).collect::<Vec<_>>())
    })
    .map(Some)
}

fn learn_words(pack: &Pack) -> Speller {
    let utterances = pack.utterances.iter().map(|row| row.utterance.as_str());
    let sections = || pack.documents.iter().flat_map(|document| &document.sections);
    let texts = sections().flat_map(|section| section.blocks.iter().flat_map(Block::texts));
    let names = pack.documents.iter().flat_map(Document::names);
    let names = names.chain(sections().map(|section| section.heading.as_str()));
    let names = names.chain(pack.categories.iter().map(|category| category.name.as_str()));
    let others = ActClassifier::examples().map(|(_, text)| text);
    Speller::learn(utterances.chain(texts).chain(others), names)
}

fn open_or_learn_acts(pack: &Pack, file: &Path) -> Result<ActClassifier, EngineError> {
    // What an utterance of another policy does, its category does not say: closing a card is for a person, too.
    let act = |name: &str| match pack.categories.iter().find(|category| category.name == name)? {
        category if category.is_default() => (category.policy == Policy::Person).then_some(Act::WantPerson),
        category => matches!(category.policy, Policy::Answer | Policy::Ask).then_some(Act::Ask),
    };
    let utterances = pack.utterances.iter().filter_map(|row| Some((act(&row.category)?, row.utterance.as_str())));
    let documents = pack.documents.iter().flat_map(|document| {
        let sections = document.sections.iter().flat_map(|section| {
            let questions = section.blocks.iter().filter_map(|block| match block {
                Block::Faq { question, .. } => Some(question.as_str()),
                Block::Paragraph(_) | Block::List(_) | Block::Table { .. } => None,
            });
            [section.heading.as_str()].into_iter().chain(questions)
        });
        document.names().chain(sections)
    });
    let documents = documents.map(|text| (Act::Ask, text));
    open_or_learn(file, || ActClassifier::learn(utterances.chain(documents)))
}

/// What was learned before and kept in `file`, else what is learned now.
fn open_or_learn<T: Serialize + DeserializeOwned>(
    file: &Path,
    learn: impl FnOnce() -> Result<T, TrainError>,
) -> Result<T, EngineError> {
    if let Some(learned) = std::fs::read(file).ok().and_then(|bytes| postcard::from_bytes(&bytes).ok()) {
        return Ok(learned);
    }
    let learned = learn().map_err(|error| EngineError::Classifier(error.into()))?;
    // A cache: without it everything is merely learned again at the next start.
    if let Err(error) = postcard::to_stdvec(&learned).map_err(std::io::Error::other).and_then(|bytes| {
        let unfinished = file.with_extension("new");
        std::fs::write(&unfinished, bytes).and_then(|()| std::fs::rename(&unfinished, file))
    }) {
        tracing::warn!(error = %chain(&error), file = %file.display(), "what was learned was not kept");
    }
    Ok(learned)
}
