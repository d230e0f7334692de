//! Everything that outlives the process: conversations, decisions, reports and knowledge packs, in SQLite or
//! in MariaDB.
//!
//! Invariants: all SQL of the program is in this room, bound and never formatted from values. Every change to a
//! conversation is one [`Change`], committed whole before [`Store::commit`] returns (design D2). What a customer
//! wrote enters only as [`Masked`](crate::text::pii::Masked) (design D7). Reading never waits for writing.
//!
//! The room does not know what a conversation means; `chat` decides, this room keeps.

mod arrivals;
mod cell;
mod change;
mod connections;
mod dialect;
mod earlier;
mod error;
mod feedback;
mod layout;
mod messages;
mod model_runs;
mod packs;
mod place;
mod pool;
mod reports;
mod restoring;
mod retention;
mod sessions;
mod snapshot;
mod soundness;
mod statement;
mod switches;
mod trouble;
mod writer;

use std::path::Path;

use tokio_util::task::TaskTracker;

use crate::config::Storage;
use crate::telemetry::Metrics;

pub use arrivals::Arrival;
pub use arrivals::ArrivalError;
pub use arrivals::Arrivals;
pub use arrivals::ArrivingMessage;
pub use arrivals::Here;
pub use arrivals::Known;
pub use cell::Cell;
pub use cell::Rows;
pub use change::Change;
pub use change::CommitError;
pub use change::Committed;
pub use change::NewMessage;
pub use earlier::Earlier;
pub use earlier::EarlierError;
pub use earlier::EarlierMessage;
pub use earlier::EarlierSession;
pub use earlier::EarlierTotals;
pub use error::Result;
pub use error::StoreError;
pub use feedback::Feedback;
pub use feedback::Opinions;
pub use layout::Layout;
pub use layout::Table;
pub use messages::Messages;
pub use model_runs::LastRun;
pub use model_runs::ModelRun;
pub use model_runs::ModelRuns;
pub use model_runs::RunId;
pub use model_runs::RunOutcome;
pub use model_runs::StoredRun;
pub use model_runs::Verdict;
pub use packs::Packs;
pub use packs::has_pack;
pub use reports::DashboardReport;
pub use reports::Reports;
pub use restoring::Marker;
pub use restoring::Restoring;
pub use restoring::aside_folder;
pub use retention::Expired;
pub use retention::Expiry;
pub use retention::Retention;
pub use sessions::Sessions;
pub use snapshot::DatabaseKind;
pub use snapshot::Snapshot;
pub use soundness::Soundness;
pub use soundness::examine;
pub use switches::AuditEntry;
pub use switches::Switch;
pub use switches::Switches;

use pool::Pool;
use writer::Writer;

/// A handle on the database. Clones share its connections and its one writer.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    writer: Writer,
}

impl Store {
    /// Connects, brings the schema up to date and starts the writer on `tracker`. The writer ends when the last
    /// handle is dropped and everything accepted is committed.
    ///
    /// # Errors
    /// When the database cannot be reached or written, or its schema is newer than this program.
    pub async fn open(settings: &Storage, data_dir: &Path, tracker: &TaskTracker) -> Result<Self> {
        let pool = Pool::open(settings, data_dir).await?;
        let writer = Writer::start(pool.clone(), settings, tracker);
        Ok(Self { pool, writer })
    }

    /// Connects to a database that is there and has this program's schema, to read it; nothing is made or changed. `None` if this
    /// program never had data there.
    ///
    /// # Errors
    /// When the database cannot be reached, or its schema is another one.
    pub async fn look(settings: &Storage, data_dir: &Path, tracker: &TaskTracker) -> Result<Option<Self>> {
        let pool = Pool::look(settings, data_dir).await?;
        Ok(pool.map(|pool| Self { writer: Writer::start(pool.clone(), settings, tracker), pool }))
    }

    /// Commits one change to one conversation, together with whatever else is waiting. `announce` is called right after
    /// the commit, in the order of commits and even if the caller has gone meanwhile; it must not wait for anything.
    ///
    /// # Errors
    /// [`CommitError`]; after `Store(TimedOut)` the change may still be committed.
    pub async fn commit(
        &self,
        change: Change,
        announce: impl FnOnce(&Committed) + Send + 'static,
    ) -> Result<Committed, CommitError> {
        self.writer.commit(change, Box::new(announce)).await
    }

    /// Nothing can be stored just now, though what is stored can be read: the last write failed so.
    pub fn is_read_only(&self) -> bool {
        self.writer.trouble().is_read_only()
    }

    /// Shows how writing goes.
    pub fn register(&self, metrics: &Metrics) {
        self.writer.trouble().register(metrics);
    }

    /// Whether the database answers a read now.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ping(&self) -> Result<()> {
        if !self.writer.is_running() {
            return Err(StoreError::Stopped);
        }
        self.pool.ping().await
    }

    /// Conversations, for reading.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions::new(&self.pool)
    }

    /// Messages, for reading.
    pub fn messages(&self) -> Messages<'_> {
        Messages::new(&self.pool)
    }

    /// Hand-over reports, for reading.
    pub fn reports(&self) -> Reports<'_> {
        Reports::new(&self.pool)
    }

    /// What customers think of answers, and receipts of the AI notice.
    pub fn opinions(&self) -> Opinions<'_> {
        Opinions::new(&self.pool)
    }

    /// What language models were asked, for reading.
    pub fn model_runs(&self) -> ModelRuns<'_> {
        ModelRuns::new(&self.pool)
    }

    /// Switches of the language model, and the audit trail.
    pub fn switches(&self) -> Switches<'_> {
        Switches::new(&self.pool)
    }

    /// The end of what is kept for a time only.
    pub fn retention(&self) -> Retention<'_> {
        Retention::new(&self.pool)
    }

    /// What comes over from the earlier system.
    pub fn arrivals(&self) -> Arrivals<'_> {
        Arrivals::new(&self.pool)
    }

    /// Knowledge packs.
    pub fn packs(&self) -> Packs<'_> {
        Packs::new(&self.pool)
    }
}
