//! A connection on loan from a pool.

use std::ops::Deref;
use std::ops::DerefMut;

use sqlx::pool::PoolConnection;

use crate::store::Result;

/// A connection that goes back to its pool only when its work ended well. Dropped before [`Lease::end`], after an error
/// or because its user gave up waiting, it is closed: nobody knows what it is still busy with. Left to itself, the pool
/// would wait for its last answer, for ever if the network has swallowed that; and a transaction that SQLite rolled
/// back by itself, because the disk is full, would count as open for good.
pub(super) struct Lease<DB: sqlx::Database> {
    connection: PoolConnection<DB>,
    is_sound: bool,
}

impl<DB: sqlx::Database> Lease<DB> {
    /// Takes a connection, or makes one.
    pub(super) async fn of(pool: &sqlx::Pool<DB>) -> Result<Self> {
        Ok(Self { connection: pool.acquire().await?, is_sound: false })
    }

    /// Gives the connection back.
    pub(super) fn end(mut self) {
        self.is_sound = true;
    }
}

impl<DB: sqlx::Database> Deref for Lease<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.connection
    }
}

impl<DB: sqlx::Database> DerefMut for Lease<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }
}

impl<DB: sqlx::Database> Drop for Lease<DB> {
    fn drop(&mut self) {
        if !self.is_sound {
            self.connection.close_on_drop();
        }
    }
}
