//! Knowledge packs, whole: importing one is one row, so it is all or nothing.

use crate::domain::Timestamp;
use crate::store::Result;
use crate::store::pool::Pool;
use crate::store::pool::on_pool;

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
        match self.pool {
            Pool::Sqlite { write, .. } => {
                let query = sqlx::query(INSERT_SQLITE).bind(digest).bind(name).bind(content).bind(now_ms).bind(now_ms);
                query.execute(write).await?;
            }
            Pool::MySql { write, .. } => {
                let query = sqlx::query(INSERT_MYSQL).bind(digest).bind(name).bind(content).bind(now_ms).bind(now_ms);
                query.execute(write).await?;
            }
        }
        Ok(())
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
