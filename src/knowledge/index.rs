//! The search index of one pack, kept in a file.
//!
//! A document is one row for its title and keywords, followed by two rows for each passage: what it is about, and what it
//! says. Every row has three fields: stems, bigrams and concepts (`postings`). Beside them stand the words of the pack's
//! example utterances, which tell a customer's way of putting things from a word that is foreign to the bank. The index is
//! derived from the pack and can be made again at any time: it carries the digest of its pack and of itself, and one that
//! was made from anything else, or is damaged, is not opened.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;
use tempfile::TempDir;

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
    /// There is no index, it is damaged, or it was made from another pack or by another version of the program.
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
    /// The index could not be written as bytes.
    #[error("storing the search index")]
    Unwritable(#[source] postcard::Error),
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

/// What the file holds, behind its stamp and its digest.
#[derive(Serialize, Deserialize)]
struct Kept {
    stems: Field,
    grams: Field,
    concepts: Field,
    /// The words of the example utterances.
    asked: BTreeSet<Box<str>>,
}

/// The file.
const FILE: &str = "bank-aicc-index";

impl Index {
    /// Makes the index of `pack` in `dir` and opens it. An index of ours that is there already is replaced.
    ///
    /// It is made in a folder beside `dir` and moved into place, so `dir` never holds half an index.
    ///
    /// # Errors
    /// [`IndexError::Occupied`] when `dir` holds anything else; otherwise what the file system said.
    pub fn create(pack: &Pack, dir: &Path) -> Result<Self, IndexError> {
        let unreadable = |source| IndexError::Unreadable { path: dir.to_owned(), source };
        let holds_others = match fs::read_dir(dir) {
            Ok(mut entries) => entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != FILE)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(unreadable(error)),
        };
        if holds_others {
            return Err(IndexError::Occupied(dir.to_owned()));
        }
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(unreadable)?;
        let making = tempfile::Builder::new().prefix(".index-").tempdir_in(parent).map_err(unreadable)?;
        let passages = chunk::passages(pack);
        let rows = Rows::new(pack, &passages);
        let kept = Kept::of(pack, &passages, &rows);
        fs::write(making.path().join(FILE), kept.to_bytes(&stamp(pack)?)?).map_err(unreadable)?;
        put_in_place(making, dir).map_err(unreadable)?;
        Ok(Self::new(pack, passages, rows, kept))
    }

    /// Opens the index that [`Self::create`] made of the same pack.
    ///
    /// # Errors
    /// [`IndexError::Stale`] when it was made from anything else or is damaged; otherwise what the file system said.
    pub fn open(dir: &Path, pack: &Pack) -> Result<Self, IndexError> {
        let stale = || IndexError::Stale(dir.to_owned());
        let bytes = match fs::read(dir.join(FILE)) {
            Ok(bytes) => bytes,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Err(stale()),
            Err(source) => return Err(IndexError::Unreadable { path: dir.to_owned(), source }),
        };
        let kept = Kept::from_bytes(&bytes, &stamp(pack)?).ok_or_else(stale)?;
        let passages = chunk::passages(pack);
        let rows = Rows::new(pack, &passages);
        Ok(Self::new(pack, passages, rows, kept))
    }

    fn new(pack: &Pack, passages: Vec<Passage>, rows: Rows, kept: Kept) -> Self {
        let Kept { stems, grams, concepts, asked } = kept;
        let dictionaries =
            Dictionaries { stems: &stems.dictionary, grams: &grams.dictionary, concepts: &concepts.dictionary };
        let vocabulary = Vocabulary::new(pack, asked.into_iter().collect(), dictionaries);
        let documents = rows.validity.len();
        let rarity = |stem| idf(documents, stems.postings(stem, None).documents());
        let asked = |passage: &Passage| Some(Asked::new(passage.question.as_deref()?, dictionaries, rarity));
        let asked = passages.iter().map(asked).collect();
        Self { passages, rows, stems, grams, concepts, vocabulary, asked }
    }

    /// Opens the index of `pack` in `dir`, making it first when it is not there or was made from something else.
    ///
    /// # Errors
    /// As [`Self::create`] and [`Self::open`].
    pub fn open_or_create(dir: &Path, pack: &Pack) -> Result<Self, IndexError> {
        match Self::open(dir, pack) {
            Err(IndexError::Stale(_)) => Self::create(pack, dir),
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

/// Moves a folder to where another may be, which is removed. An import and a server that starts may make the same index at once; whichever
/// is put there first is as good.
fn put_in_place(made: TempDir, dir: &Path) -> io::Result<()> {
    let removed = match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    };
    match removed.and_then(|()| fs::rename(made.path(), dir)) {
        Ok(()) => {
            // There is nothing to remove any more.
            let _ = made.keep();
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        Err(error) => Err(error),
    }
}

impl Kept {
    fn of(pack: &Pack, passages: &[Passage], rows: &Rows) -> Self {
        let mut each_row = Vec::with_capacity(rows.all.len());
        let mut passages = passages.iter().peekable();
        for (document, number) in pack.documents.iter().zip(0..) {
            each_row.push(Tokens::of_title(document));
            while let Some(passage) = passages.next_if(|passage| passage.document == number) {
                each_row.push(Tokens::of_heading(passage));
                each_row.push(Tokens::of_text(passage));
            }
        }
        let field = |tokens: fn(&Tokens) -> &Vec<String>| Field::new(rows, each_row.iter().map(tokens));
        Self {
            stems: field(|row| &row.stems),
            grams: field(|row| &row.grams),
            concepts: field(|row| &row.concepts),
            asked: Tokens::of_utterances(pack).stems.into_iter().map(String::into_boxed_str).collect(),
        }
    }

    /// What it was made from, a digest, and the index itself.
    fn to_bytes(&self, stamp: &str) -> Result<Vec<u8>, IndexError> {
        let body = postcard::to_stdvec(self).map_err(IndexError::Unwritable)?;
        Ok([stamp.as_bytes(), Sha256::digest(&body).as_slice(), body.as_slice()].concat())
    }

    /// `None` if the bytes are of something else or damaged.
    fn from_bytes(bytes: &[u8], stamp: &str) -> Option<Self> {
        let (digest, body) = bytes.strip_prefix(stamp.as_bytes())?.split_at_checked(Sha256::output_size())?;
        if Sha256::digest(body).as_slice() != digest {
            return None;
        }
        postcard::from_bytes(body).ok()
    }
}
