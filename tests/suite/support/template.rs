//! The demo pack made ready once for the process: importing it, building its index and training its classifier takes
//! seconds in a debug build, opening a copy takes milliseconds.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use sqlx::AssertSqlSafe;
use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::SqliteConnection;
use tokio::sync::OnceCell;

use super::MariaDb;
use super::Setup;
use super::Store;
use super::watchdog::Watchdog;

/// The template's SQLite database in one file, without a write-ahead log beside it.
const SNAPSHOT: &str = "snapshot.db";

/// A data folder in which the demo pack is imported.
struct Template {
    folder: PathBuf,
    /// A static is never dropped, so the folder is not either.
    _watchdog: Watchdog,
}

/// Copies the prepared data folder into `folder`: the index and classifier, and for SQLite the database.
pub async fn copy_folder(store: Store, folder: &Path) {
    let template = &prepared().await.folder;
    copy_all(&template.join("knowledge"), &folder.join("knowledge")).unwrap();
    if store == Store::Sqlite {
        fs::copy(template.join(SNAPSHOT), folder.join("bank-aicc.db")).unwrap();
    }
}

/// A new database with the demo pack in it; its name.
pub async fn copy_database() -> String {
    static NAME: OnceCell<String> = OnceCell::const_new();
    let maria = MariaDb::shared().await;
    let template = NAME.get_or_init(async || {
        let name = maria.create_database().await;
        let folder = tempfile::tempdir().unwrap();
        copy_folder(Store::MariaDb, folder.path()).await;
        Setup::new(Store::MariaDb).database(&name).folder(folder).start().await.stop();
        name
    });
    let template = template.await;
    let database = maria.create_database().await;
    for table in maria.tables_of(template).await {
        maria.execute(&format!("CREATE TABLE {database}.{table} LIKE {template}.{table}")).await;
        maria.execute(&format!("INSERT INTO {database}.{table} SELECT * FROM {template}.{table}")).await;
    }
    database
}

async fn prepared() -> &'static Template {
    static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(async || {
            let folder = Setup::new(Store::Sqlite).folder(tempfile::tempdir().unwrap()).start().await.stop();
            let [file, snapshot] =
                ["bank-aicc.db", SNAPSHOT].map(|name| folder.path().join(name).display().to_string());
            let mut connection = SqliteConnection::connect(&format!("sqlite:{file}")).await.unwrap();
            connection.execute(AssertSqlSafe(format!("VACUUM INTO '{snapshot}'"))).await.unwrap();
            connection.close().await.unwrap();
            let folder = folder.keep();
            Template { _watchdog: Watchdog::over_folder(&folder), folder }
        })
        .await
}

/// Copies a folder with all that is in it.
pub fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
