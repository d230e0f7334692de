//! Knowledge packs, whole: importing one is one row, so it is all or nothing.

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use crate::config::Database;
use crate::config::Storage;
use crate::domain::Timestamp;
use crate::store::Result;
use crate::store::dialect::WriteLease;
use crate::store::pool::Pool;
use crate::store::pool::in_time;
use crate::store::pool::mysql_options;
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

/// Whether a knowledge pack is imported; `None` where nothing was stored yet. Connects as the server would, and changes nothing.
///
/// # Errors
/// When the database cannot be reached, or does not let this user in.
pub async fn has_pack(settings: &Storage, data_dir: &Path) -> Result<Option<bool>> {
    const SQL: &str = "SELECT COUNT(*) FROM packs";
    let look = async {
        let packs: i64 = match &settings.url {
            Database::Sqlite { file } => {
                const IS_THERE: &str = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'packs'";
                let file = data_dir.join(file);
                if !file.exists() {
                    return Ok(None);
                }
                let options = SqliteConnectOptions::new().filename(file).read_only(true);
                let mut connection = options.disable_statement_logging().connect().await?;
                if sqlx::query_scalar::<_, i64>(IS_THERE).fetch_one(&mut connection).await? == 0 {
                    return Ok(None);
                }
                sqlx::query_scalar(SQL).fetch_one(&mut connection).await?
            }
            Database::MySql { url } => {
                const IS_THERE: &str = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'packs'";
                let mut connection = mysql_options(url.reveal())?.connect().await?;
                if sqlx::query_scalar::<_, i64>(IS_THERE).fetch_one(&mut connection).await? == 0 {
                    return Ok(None);
                }
                sqlx::query_scalar(SQL).fetch_one(&mut connection).await?
            }
        };
        Ok(Some(packs > 0))
    };
    in_time(settings.connect_timeout, look).await
}
