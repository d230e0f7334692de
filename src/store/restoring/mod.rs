//! Puts a whole database in the place of the one that is there, which is moved aside and never removed.
//!
//! The new one is made beside the old one; only when it is complete and sound the two change places. Until then nothing
//! that was there is touched. A [`Marker`] tells of a restoring that was interrupted.

mod in_use;
mod mariadb;
mod marker;
mod sqlite;
#[cfg(test)]
mod tests;

use std::path::Path;

use crate::config::Database;
use crate::config::Storage;
use crate::store::Layout;
use crate::store::Result;
use crate::store::Rows;
use crate::store::StoreError;

pub use marker::Marker;
pub use marker::aside_folder;

use mariadb::MariaDbRestoring;
use sqlite::SqliteRestoring;

/// Added to the last number that was given to a row: after a restore, numbers that clients have already seen, of messages
/// younger than the backup, are not given again to other messages.
const NUMBERS_SKIPPED: i64 = 1_000_000;

/// Why a database was not put in the place of the one that is there.
#[derive(Debug)]
pub struct NotExchanged {
    /// What failed.
    pub error: StoreError,
    /// Nothing was moved, and nothing is left of the new one.
    pub is_unchanged: bool,
}

/// A database that is being filled, beside the one in use.
pub struct Restoring {
    target: Target,
    layout: Layout,
}

enum Target {
    Sqlite(SqliteRestoring),
    MariaDb(Box<MariaDbRestoring>),
}

impl Restoring {
    /// Makes an empty database with this schema beside the one that the settings name, and keeps others from opening that.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when a program works with it.
    pub async fn begin(settings: &Storage, data_dir: &Path, schema: i64) -> Result<Self> {
        let layout = Layout::of(schema).await?;
        let target = match &settings.url {
            Database::Sqlite { file } => Target::Sqlite(SqliteRestoring::begin(&data_dir.join(file), schema).await?),
            Database::MySql { url } => {
                Target::MariaDb(Box::new(MariaDbRestoring::begin(url.reveal(), settings, &layout).await?))
            }
        };
        Ok(Self { target, layout })
    }

    /// Its tables.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Inserts rows of a table of the layout. Rows of any other are left out; compare the count in the end.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert(&mut self, rows: Rows) -> Result<()> {
        let Some(table) = self.layout.table(&rows.table) else { return Ok(()) };
        match &mut self.target {
            Target::Sqlite(target) => target.insert(table, rows.rows).await,
            Target::MariaDb(target) => target.insert(table, rows.rows).await,
        }
    }

    /// Completes the new database and looks through it. How many rows each table has.
    ///
    /// # Errors
    /// When it is not sound.
    pub async fn finish(&mut self) -> Result<Vec<(String, u64)>> {
        match &mut self.target {
            Target::Sqlite(target) => target.finish(&self.layout).await,
            Target::MariaDb(target) => target.finish(&self.layout).await,
        }
    }

    /// Removes the new database, of which nothing will come.
    pub async fn abandon(self) {
        match self.target {
            // Dropped, it is removed.
            Target::Sqlite(_) => {}
            Target::MariaDb(target) => target.abandon().await,
        }
    }

    /// Puts it in the place of the one that is there. What was moved aside, for people; empty if there was nothing.
    ///
    /// # Errors
    /// When it cannot be done; if something was moved already, doing all of it again with the same marker completes it.
    pub async fn exchange(self, marker: &Marker) -> Result<Vec<String>, NotExchanged> {
        match self.target {
            Target::Sqlite(target) => target.exchange(marker),
            Target::MariaDb(target) => target.exchange(marker).await,
        }
    }
}
