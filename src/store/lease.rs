//! A connection on loan from a pool.

use sqlx::pool::PoolConnection;

use crate::store::Result;

/// A connection that goes back to its pool only when its work ended well. Dropped before [`Lease::end`], after an error
/// or because its user gave up waiting, it is cut off at once: nobody knows what it is still busy with. The pool would
/// wait for its last answer, for ever if the network has swallowed that; and a transaction that SQLite rolled back by
/// itself, because the disk is full, would count as open for good.
pub(super) struct Lease<DB: sqlx::Database> {
    connection: Option<PoolConnection<DB>>,
}

impl<DB: sqlx::Database> Lease<DB> {
    /// Takes a connection, or makes one.
    pub(super) async fn of(pool: &sqlx::Pool<DB>) -> Result<Self> {
        Ok(Self { connection: Some(pool.acquire().await?) })
    }

    /// To work with. It is there for as long as the lease is.
    pub(super) fn connection(&mut self) -> Result<&mut DB::Connection> {
        Ok(self.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)?)
    }

    /// Gives the connection back.
    pub(super) fn end(mut self) {
        drop(self.connection.take());
    }
}

impl<DB: sqlx::Database> Drop for Lease<DB> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Out of the pool, it has nobody to say goodbye to.
            drop(connection.detach());
        }
    }
}
