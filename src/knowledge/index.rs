//! The search index of one pack, in a folder on disk.
//!
//! tantivy makes and keeps the dictionary and the postings; opening an index reads them into memory, which takes
//! milliseconds (`postings`). A document is one row for its title and keywords, followed by two rows for each passage:
//! what it is about, and what it says. Every row has three fields: stems, bigrams and concepts. One more row at the end has the words
//! of the pack's example utterances, which tell a customer's way of putting things from a word that is foreign to the
//! bank. The index is derived from the pack and can be made again at any time: it carries the digest of its pack, and
//! one made from anything else is not opened.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use foldhash::HashSet;
use tantivy::Index as TantivyIndex;
use tantivy::ReloadPolicy;
use tantivy::SegmentReader;
use tantivy::TantivyDocument;
use tantivy::TantivyError;
use tantivy::directory::MmapDirectory;
use tantivy::schema::Field as SchemaField;
use tantivy::schema::IndexRecordOption;
use tantivy::schema::Schema;
use tantivy::schema::TextFieldIndexing;
use tantivy::schema::TextOptions;
use tantivy::tokenizer::PreTokenizedString;
use tantivy::tokenizer::Token;

use crate::knowledge::analysis::Dictionaries;
use crate::knowledge::analysis::Tokens;
use crate::knowledge::analysis::Vocabulary;
use crate::knowledge::asked::Asked;
use crate::knowledge::bm25::idf;
use crate::knowledge::chunk;
use crate::knowledge::chunk::Passage;
use crate::knowledge::pack::Pack;
use crate::knowledge::pack::PackError;
use crate::knowledge::postings::Field;
use crate::knowledge::rows::Rows;

/// Why an index could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder holds something that is not an index of ours.
    #[error("making the search index in {}: the folder holds other files; give a new or empty folder", .0.display())]
    Occupied(PathBuf),
    /// There is no index, or it was made from another pack or by another version of the program.
    #[error("opening the search index in {}: it does not belong to this knowledge pack; make it again", .0.display())]
    Stale(PathBuf),
    /// The file system refused.
    #[error("the search index in {}: {source}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The engine refused.
    #[error("the search index in {}: {source}; remove the folder to make it again", path.display())]
    Engine {
        /// The folder.
        path: PathBuf,
        /// What the engine said.
        source: TantivyError,
    },
    /// The pack has no digest.
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// An open index. Searching takes `&self` and no lock, so one index serves every thread.
pub struct Index {
    pub(super) passages: Vec<Passage>,
    pub(super) rows: Rows,
    pub(super) stems: Field,
    pub(super) grams: Field,
    pub(super) concepts: Field,
    pub(super) vocabulary: Vocabulary,
    /// The question each passage answers, where its document puts one.
    pub(super) asked: Vec<Option<Asked>>,
}

const STEMS: &str = "stems";
const GRAMS: &str = "grams";
const CONCEPTS: &str = "concepts";
const ASKED: &str = "asked";

/// The file that says what an index was made from.
const STAMP: &str = "bank-aicc-index";

impl Index {
    /// Makes the index of `pack` in `dir` and opens it. An index of ours that is there already is replaced.
    ///
    /// It is made in a folder beside `dir` and moved into place, so `dir` never holds half an index.
    ///
    /// # Errors
    /// [`IndexError::Occupied`] when `dir` holds anything else; otherwise what the file system or the engine said.
    pub fn create(pack: &Pack, dir: &Path) -> Result<Self, IndexError> {
        let unreadable = |source| IndexError::Unreadable { path: dir.to_owned(), source };
        let engine = |source| IndexError::Engine { path: dir.to_owned(), source };
        let is_ours = dir.join(STAMP).exists();
        if dir.exists() && !is_ours && fs::read_dir(dir).map_err(unreadable)?.next().is_some() {
            return Err(IndexError::Occupied(dir.to_owned()));
        }
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(unreadable)?;
        let making = tempfile::Builder::new().prefix(".index-").tempdir_in(parent).map_err(unreadable)?;
        write(pack, &chunk::passages(pack), making.path()).map_err(engine)?;
        fs::write(making.path().join(STAMP), stamp(pack)?).map_err(unreadable)?;
        if dir.exists() {
            fs::remove_dir_all(dir).map_err(unreadable)?;
        }
        fs::rename(making.keep(), dir).map_err(unreadable)?;
        Self::open(dir, pack)
    }

    /// Opens the index that [`Self::create`] made of the same pack.
    ///
    /// # Errors
    /// [`IndexError::Stale`] when it was made from anything else; otherwise what the file system or the engine said.
    pub fn open(dir: &Path, pack: &Pack) -> Result<Self, IndexError> {
        let stale = || IndexError::Stale(dir.to_owned());
        match fs::read_to_string(dir.join(STAMP)) {
            Ok(found) if found == stamp(pack)? => {}
            Ok(_) => return Err(stale()),
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Err(stale()),
            Err(source) => return Err(IndexError::Unreadable { path: dir.to_owned(), source }),
        }
        let passages = chunk::passages(pack);
        let rows = Rows::new(pack, &passages);
        let segment = segment(dir).map_err(|source| IndexError::Engine { path: dir.to_owned(), source })?;
        let rows_expected = rows.all.len() + 1;
        let segment = segment.filter(|segment| segment.max_doc() as usize == rows_expected).ok_or_else(stale)?;
        let engine = |source| IndexError::Engine { path: dir.to_owned(), source };
        let stems = Field::read(&segment, STEMS, &rows).map_err(engine)?;
        let grams = Field::read(&segment, GRAMS, &rows).map_err(engine)?;
        let concepts = Field::read(&segment, CONCEPTS, &rows).map_err(engine)?;
        let asked = words(&segment, ASKED).map_err(engine)?;
        let dictionaries =
            Dictionaries { stems: &stems.dictionary, grams: &grams.dictionary, concepts: &concepts.dictionary };
        let vocabulary = Vocabulary::new(pack, asked, dictionaries);
        let documents = rows.validity.len();
        let rarity = |stem| idf(documents, stems.postings(stem, None).documents());
        let asked = |passage: &Passage| Some(Asked::new(passage.question.as_deref()?, dictionaries, rarity));
        let asked = passages.iter().map(asked).collect();
        Ok(Self { passages, rows, stems, grams, concepts, vocabulary, asked })
    }

    /// Opens the index of `pack` in `dir`, making it first when it is not there or was made from something else.
    ///
    /// # Errors
    /// As [`Self::create`] and [`Self::open`].
    pub fn open_or_create(dir: &Path, pack: &Pack) -> Result<Self, IndexError> {
        match Self::open(dir, pack) {
            Err(IndexError::Stale(_) | IndexError::Engine { .. }) => Self::create(pack, dir),
            opened => opened,
        }
    }

    /// Every passage, in the order of the pack's documents.
    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }
}

/// What an index is made from: the pack, and the program, because another version may analyse words differently.
fn stamp(pack: &Pack) -> Result<String, PackError> {
    Ok(format!("bank-aicc {}\npack {}\n", env!("CARGO_PKG_VERSION"), pack.digest()?))
}

fn schema() -> (Schema, [SchemaField; 4]) {
    let indexing = TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqs).set_tokenizer("raw");
    let options = TextOptions::default().set_indexing_options(indexing);
    let mut schema = Schema::builder();
    let fields = [STEMS, GRAMS, CONCEPTS, ASKED].map(|name| schema.add_text_field(name, options.clone()));
    (schema.build(), fields)
}

/// Writes every row into one segment, in order.
fn write(pack: &Pack, passages: &[Passage], dir: &Path) -> tantivy::Result<()> {
    const MEMORY_BYTES: usize = 64 << 20;
    let (schema, [stems, grams, concepts, asked]) = schema();
    let builder = TantivyIndex::builder().schema(schema);
    let mut writer = builder.single_segment_index_writer(MmapDirectory::open(dir)?, MEMORY_BYTES)?;
    let mut add = |tokens: Tokens| {
        let mut row = TantivyDocument::new();
        row.add_pre_tokenized_text(stems, pre_tokenized(tokens.stems));
        row.add_pre_tokenized_text(grams, pre_tokenized(tokens.grams));
        row.add_pre_tokenized_text(concepts, pre_tokenized(tokens.concepts));
        writer.add_document(row)
    };
    let mut passages = passages.iter().peekable();
    for (document, number) in pack.documents.iter().zip(0..) {
        add(Tokens::of_title(document))?;
        while let Some(passage) = passages.next_if(|passage| passage.document == number) {
            add(Tokens::of_heading(passage))?;
            add(Tokens::of_text(passage))?;
        }
    }
    let mut row = TantivyDocument::new();
    row.add_pre_tokenized_text(asked, pre_tokenized(Tokens::of_utterances(pack).stems));
    writer.add_document(row)?;
    writer.finalize()?;
    Ok(())
}

/// Every word of a field.
fn words(segment: &SegmentReader, field: &str) -> tantivy::Result<HashSet<Box<str>>> {
    let reader = segment.inverted_index(segment.schema().get_field(field)?)?;
    let mut words = HashSet::default();
    let mut stream = reader.terms().stream()?;
    while stream.advance() {
        words.insert(String::from_utf8_lossy(stream.key()).into());
    }
    Ok(words)
}

fn pre_tokenized(tokens: Vec<String>) -> PreTokenizedString {
    let token = |(position, text)| Token { position, text, ..Token::default() };
    PreTokenizedString { text: String::new(), tokens: tokens.into_iter().enumerate().map(token).collect() }
}

/// The only segment of the index in `dir`; `None` when there is none or more than one.
fn segment(dir: &Path) -> tantivy::Result<Option<SegmentReader>> {
    let index = TantivyIndex::open(MmapDirectory::open(dir)?)?;
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    let searcher = reader.searcher();
    match searcher.segment_readers() {
        [only] => Ok(Some(only.clone())),
        _ => Ok(None),
    }
}
