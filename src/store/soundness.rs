//! Whether the embedded database's file holds what SQLite wrote into it. A disk that loses or turns a byte says nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use sqlx::ConnectOptions as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteConnectOptions;

use crate::config::Database;
use crate::config::Storage;
use crate::store::Marker;
use crate::store::Result;
use crate::store::StoreError;

/// How long a start looks. `bank-aicc doctor` looks through the whole of a large file.
const START_TIME: Duration = Duration::from_secs(2);
/// Steps of SQLite's machine between two looks at the time.
const STEPS: i32 = 10_000;

/// What looking through the database showed.
#[derive(Debug)]
pub enum Soundness {
    /// Every page is where it belongs.
    Sound,
    /// Another server keeps the data, and looks after its files by itself.
    Elsewhere,
    /// Nothing was stored yet.
    Absent,
}

/// Looks through all of the database's file, without a limit in time.
///
/// # Errors
/// [`StoreError::Damaged`], [`StoreError::HalfRestored`]; another one if it cannot be looked through.
pub async fn examine(settings: &Storage, data_dir: &Path) -> Result<Soundness> {
    Marker::check(data_dir)?;
    let Database::Sqlite { file } = &settings.url else { return Ok(Soundness::Elsewhere) };
    let file = data_dir.join(file);
    if !file.exists() {
        return Ok(Soundness::Absent);
    }
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(settings.write_timeout);
    let mut connection = options.disable_statement_logging().connect().await?;
    look_through(&mut connection).await?;
    Ok(Soundness::Sound)
}

/// Looks through as much of the file as can be seen in a moment.
///
/// # Errors
/// [`StoreError::Damaged`].
pub(super) async fn look_quickly(connection: &mut SqliteConnection) -> Result<()> {
    let end = Instant::now() + START_TIME;
    connection.lock_handle().await?.set_progress_handler(STEPS, move || Instant::now() < end);
    let found = look_through(connection).await;
    connection.lock_handle().await?.remove_progress_handler();
    match found {
        // Interrupted, since the time was over: so far all was well.
        Err(StoreError::Refused(error)) if is_interruption(&error) => Ok(()),
        found => found,
    }
}

/// # Errors
/// [`StoreError::Damaged`] with the first thing that is wrong.
pub(super) async fn look_through(connection: &mut SqliteConnection) -> Result<()> {
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(connection).await?;
    if found == "ok" {
        return Ok(());
    }
    let found: Box<dyn std::error::Error + Send + Sync> = found.replace('\n', " ").into();
    Err(StoreError::Damaged(Arc::from(found)))
}

fn is_interruption(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "9")
}
