//! Keeps the assistant's knowledge up to date: loads the pack that is in use, and whichever comes after it.
//!
//! The store says which pack is in use. An import by this or another process is noticed within
//! `knowledge.reload_interval`; the new engine replaces the old in one step, and turns in flight finish on the old.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::chat::Engine;
use crate::chat::EngineError;
use crate::clock::Clock;
use crate::knowledge::ImportError;
use crate::knowledge::ImportReport;
use crate::knowledge::Pack;
use crate::knowledge::PackError;
use crate::knowledge::import;
use crate::knowledge::import::Readers;
use crate::packed;
use crate::store::Store;
use crate::store::StoreError;
use crate::telemetry::chain;

/// Where a pack comes from when the store has none.
#[derive(Debug, Clone)]
pub enum FirstPack {
    /// From nowhere: the assistant knows nothing until one is imported.
    None,
    /// A folder or a .zip.
    Path(PathBuf),
    /// The demo's, inside the program.
    Demo,
}

/// Why a pack could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// The pack's files.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The stored pack.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The index or the classifier.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was interrupted.
    #[error("preparing the knowledge pack was interrupted")]
    Interrupted,
}

/// Reads a pack and makes it the one in use.
///
/// # Errors
/// [`KnowledgeError`]; then the pack in use stays.
pub async fn import(
    store: &Store,
    clock: &Clock,
    source: &FirstPack,
    readers: &Readers,
) -> Result<Option<ImportReport>, KnowledgeError> {
    let (source, readers) = (source.clone(), readers.clone());
    let prepared = tokio::task::spawn_blocking(move || prepare(&source, &readers)).await;
    let Some(prepared) = prepared.map_err(|_| KnowledgeError::Interrupted)?? else { return Ok(None) };
    let Prepared { name, digest, content, report } = prepared;
    store.packs().activate(&digest, &name, &content, clock.now()).await?;
    Ok(Some(report))
}

/// The pack in use, ready to answer from; an empty one if there is none.
///
/// # Errors
/// [`KnowledgeError`].
pub async fn load(store: &Store, cache_dir: &Path) -> Result<Engine, KnowledgeError> {
    let (pack, digest) = match store.packs().active_digest().await? {
        Some(digest) => match store.packs().content(&digest).await? {
            Some(content) => (Pack::from_bytes(&content)?, digest),
            None => return Err(KnowledgeError::Interrupted),
        },
        None => {
            let pack = nothing();
            let digest = pack.digest()?;
            (pack, digest)
        }
    };
    let cache_dir = cache_dir.to_owned();
    let engine = tokio::task::spawn_blocking(move || Engine::load(pack, digest, &cache_dir)).await;
    let engine = engine.map_err(|_| KnowledgeError::Interrupted)??;
    if engine.pack().documents.is_empty() {
        tracing::warn!(
            "no knowledge pack is imported, so nothing can be answered; run `bank-aicc knowledge import PATH`"
        );
    }
    tracing::info!(
        pack.name = engine.pack().name,
        pack.digest = engine.digest(),
        documents = engine.pack().documents.len(),
        "knowledge pack loaded"
    );
    Ok(engine)
}

/// What keeps an engine up to date.
pub(super) struct Keeper {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) first: FirstPack,
    pub(super) readers: Readers,
    pub(super) cache_dir: PathBuf,
    pub(super) interval: Duration,
    pub(super) engine: watch::Sender<Option<Arc<Engine>>>,
    pub(super) shutdown: CancellationToken,
}

impl Keeper {
    /// Runs until shutdown. A failure is logged once and tried again; what was loaded before goes on answering.
    pub(super) async fn run(self) {
        let mut failure = String::new();
        loop {
            let refreshed = tokio::select! {
                // Reading a pack takes seconds, and what comes of it is of no use any more.
                () = self.shutdown.cancelled() => return,
                refreshed = self.refresh() => refreshed,
            };
            match refreshed {
                Ok(()) => failure.clear(),
                Err(error) if error.to_string() == failure => {}
                Err(error) => {
                    tracing::error!(error = %chain(&error), "the knowledge pack could not be loaded");
                    failure = error.to_string();
                }
            }
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = tokio::time::sleep(self.interval) => {}
            }
        }
    }

    async fn refresh(&self) -> Result<(), KnowledgeError> {
        let mut active = self.store.packs().active_digest().await?;
        if active.is_none() {
            import(&self.store, &self.clock, &self.first, &self.readers).await?;
            active = self.store.packs().active_digest().await?;
        }
        let loaded = self.engine.borrow().as_ref().map(|engine| engine.digest().to_owned());
        if loaded.is_some() && (active.is_none() || active == loaded) {
            return Ok(());
        }
        let engine = load(&self.store, &self.cache_dir).await?;
        self.engine.send_replace(Some(Arc::new(engine)));
        Ok(())
    }
}

fn read(source: &FirstPack, readers: &Readers) -> Result<Option<(Pack, ImportReport)>, ImportError> {
    match source {
        FirstPack::None => Ok(None),
        FirstPack::Path(path) => import::read(path, readers).map(Some),
        FirstPack::Demo => {
            let files = packed::DEMO_PACK.files().into_iter();
            import::read_embedded(files.map(|(name, content)| (name, content.into())), readers).map(Some)
        }
    }
}

/// A pack that was read and is ready to be stored.
struct Prepared {
    name: String,
    digest: String,
    content: Vec<u8>,
    report: ImportReport,
}

fn prepare(source: &FirstPack, readers: &Readers) -> Result<Option<Prepared>, KnowledgeError> {
    let Some((pack, report)) = read(source, readers)? else { return Ok(None) };
    let (digest, content) = (pack.digest()?, pack.to_bytes()?);
    Ok(Some(Prepared { name: pack.name, digest, content, report }))
}

/// What the assistant knows before a pack is imported: nothing, so it offers a person.
fn nothing() -> Pack {
    Pack {
        language: "ko".to_owned(), greeting: "안녕하세요. 무엇을 도와드릴까요?".to_owned(), ..Pack::default()
    }
}
