//! Whether a program works with a database, which then cannot be exchanged.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::fs::FlockOperation;
use rustix::io::Errno;
use sqlx::MySqlConnection;

use crate::store::Result;
use crate::store::StoreError;

/// How often MariaDB is asked before its other connections are taken for open: one that was closed is listed a moment longer.
const ATTEMPTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Takes the whole file for this process, as SQLite itself locks it; none if there is no file. Every process that has
/// it open in WAL mode holds a part of it. Dropping any handle on the file in this process gives the lock back.
///
/// # Errors
/// [`StoreError::InUse`].
pub(super) fn seize(file: &Path) -> Result<Option<File>> {
    let opened = match OpenOptions::new().read(true).write(true).open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(StoreError::file(format!("opening the database file {} failed", file.display()))(error));
        }
    };
    match rustix::fs::fcntl_lock(&opened, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(opened)),
        Err(Errno::AGAIN | Errno::ACCESS) => Err(in_use(file)),
        Err(error) => {
            Err(StoreError::file(format!("locking the database file {} failed", file.display()))(error.into()))
        }
    }
}

/// A program works with this file.
pub(super) fn in_use(file: &Path) -> StoreError {
    StoreError::InUse(format!(
        "a program works with {}; stop it first: `systemctl stop bank-aicc.socket bank-aicc.service`",
        file.display()
    ))
}

/// # Errors
/// [`StoreError::InUse`] while anybody else is connected to the same database of a MariaDB server.
pub(super) async fn be_alone(connection: &mut MySqlConnection) -> Result<()> {
    // Without the privilege PROCESS only those of the same user are listed; servers of this program are among them.
    const SQL: &str = "
        SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()";
    let mut others = 0_i64;
    for _ in 0..ATTEMPTS {
        others = sqlx::query_scalar(SQL).fetch_one(&mut *connection).await?;
        if others == 0 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(StoreError::InUse(format!(
        "{others} other connections to the database are open; stop every server first \
         (`systemctl stop bank-aicc.socket bank-aicc.service`), and close other clients"
    )))
}
