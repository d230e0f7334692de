//! Knowledge packs, whole: importing one is one row, so it is all or nothing.

use std::path::Path;
use std::time::Duration;

use crate::config::Storage;
use crate::domain::Timestamp;
use crate::store::Result;
use crate::store::dialect::WriteLease;
use crate::store::pool::Pool;
use crate::store::pool::in_time;
use crate::store::pool::on_pool;

/// How long storing a pack may take: it is one row of some megabytes.
const ACTIVATE_TIMEOUT: Duration = Duration::from_mins(1);

/// Keeps and finds knowledge packs.
pub struct Packs<'s> {
    pool: &'s Pool,
}

impl<'s> Packs<'s> {
    pub(super) fn new(pool: &'s Pool) -> Self {
        Self { pool }
    }

    /// Stores a pack, if it is not there, and makes it the one in use.
    ///
    /// # Errors
    /// When the database refuses; then the pack in use stays.
    pub async fn activate(&self, digest: &str, name: &str, content: &[u8], now: Timestamp) -> Result<()> {
        const INSERT_SQLITE: &str = "
            INSERT INTO packs (digest, name, content, imported_at_ms, activated_at_ms) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (digest) DO UPDATE SET activated_at_ms = excluded.activated_at_ms";
        const INSERT_MYSQL: &str = "
            INSERT INTO packs (digest, name, content, imported_at_ms, activated_at_ms) VALUES (?, ?, ?, ?, ?)
            ON DUPLICATE KEY UPDATE activated_at_ms = VALUES(activated_at_ms)";
        let now_ms = now.unix_ms();
        let store = async {
            let mut lease = WriteLease::of(self.pool).await?;
            match &mut lease {
                WriteLease::Sqlite(db) => {
                    let query = sqlx::query(INSERT_SQLITE).bind(digest).bind(name).bind(content);
                    query.bind(now_ms).bind(now_ms).execute(db.connection()?).await?;
                }
                WriteLease::MySql(db) => {
                    let query = sqlx::query(INSERT_MYSQL).bind(digest).bind(name).bind(content);
                    query.bind(now_ms).bind(now_ms).execute(db.connection()?).await?;
                }
            }
            lease.end();
            Ok(())
        };
        in_time(ACTIVATE_TIMEOUT, store).await
    }

    /// The digest of the pack in use.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn active_digest(&self) -> Result<Option<String>> {
        const SQL: &str = "SELECT digest FROM packs ORDER BY activated_at_ms DESC, digest LIMIT 1";
        let row: Option<(String,)> = on_pool!(self.pool, db => sqlx::query_as(SQL).fetch_optional(db).await?);
        Ok(row.map(|(digest,)| digest))
    }

    /// The content of a pack, as it was stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn content(&self, digest: &str) -> Result<Option<Vec<u8>>> {
        const SQL: &str = "SELECT content FROM packs WHERE digest = ?";
        let row: Option<(Vec<u8>,)> =
            on_pool!(self.pool, db => sqlx::query_as(SQL).bind(digest).fetch_optional(db).await?);
        Ok(row.map(|(content,)| content))
    }
}

/// Whether a knowledge pack is imported; `None` where nothing was stored yet. Changes nothing.
///
/// # Errors
/// When the database cannot be reached, or its schema is another one.
pub async fn has_pack(settings: &Storage, data_dir: &Path) -> Result<Option<bool>> {
    let Some(pool) = Pool::look(settings, data_dir).await? else { return Ok(None) };
    Ok(Some(Packs::new(&pool).active_digest().await?.is_some()))
}
