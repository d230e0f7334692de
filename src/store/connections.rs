//! A few connections to one database, on loan one at a time.
//!
//! sqlx's own pool asks each connection that comes back whether it is still well, and waits for the answer without a
//! limit: a network that swallows it takes the connection's place away for good, the writer's only place before all.
//! Here a connection comes back unasked after work that ended well and is cut off after any other, and one that is
//! taken has little time to answer.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::Connection;
use sqlx::Executor;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

use crate::store::Result;
use crate::store::StoreError;

/// The part of the time for connecting that a connection at hand may take to show that it is well.
const PING_SHARE: u32 = 4;

/// A handle on the connections.
pub(super) struct Connections<DB: sqlx::Database> {
    shared: Arc<Shared<DB>>,
}

impl<DB: sqlx::Database> Clone for Connections<DB> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

/// How connections are made.
pub(super) struct Terms<DB: sqlx::Database> {
    /// Where to.
    pub(super) options: <DB::Connection as Connection>::Options,
    /// How many at most.
    pub(super) count: u32,
    /// How long it may take to get one.
    pub(super) timeout: Duration,
    /// Executed first on each.
    pub(super) greeting: Option<&'static str>,
    /// Asked whether they are well before they are used again. Those to a file always are.
    pub(super) is_pinged: bool,
}

struct Shared<DB: sqlx::Database> {
    terms: Terms<DB>,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<DB::Connection>>,
}

impl<DB: sqlx::Database> Connections<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    /// Connects when somebody asks.
    pub(super) fn new(terms: Terms<DB>) -> Self {
        let places = Arc::new(Semaphore::new(terms.count as usize));
        Self { shared: Arc::new(Shared { terms, places, idle: Mutex::default() }) }
    }

    /// One more that is at hand.
    pub(super) fn with(self, connection: DB::Connection) -> Self {
        self.shared.idle().push(connection);
        self
    }

    /// Takes a connection that is at hand and well, or makes one.
    ///
    /// # Errors
    /// When there is none in time.
    pub(super) async fn lease(&self) -> Result<Lease<DB>> {
        let found = tokio::time::timeout(self.shared.terms.timeout, self.find()).await;
        found.unwrap_or(Err(StoreError::Unavailable(Arc::new(sqlx::Error::PoolTimedOut))))
    }

    async fn find(&self) -> Result<Lease<DB>> {
        let place = Arc::clone(&self.shared.places).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let lease =
            |connection| Lease { connection: Some(connection), shared: Arc::clone(&self.shared), _place: place };
        let terms = &self.shared.terms;
        let at_hand = self.shared.idle().pop();
        if let Some(mut connection) = at_hand {
            if !terms.is_pinged || is_well::<DB>(&mut connection, terms.timeout / PING_SHARE).await {
                return Ok(lease(connection));
            }
            // Whatever has happened to it has happened to the others.
            self.shared.idle().clear();
        }
        let mut connection = terms.options.connect().await?;
        if let Some(greeting) = terms.greeting {
            connection.execute(greeting).await?;
        }
        Ok(lease(connection))
    }
}

async fn is_well<DB: sqlx::Database>(connection: &mut DB::Connection, limit: Duration) -> bool {
    matches!(tokio::time::timeout(limit, connection.ping()).await, Ok(Ok(())))
}

impl<DB: sqlx::Database> Shared<DB> {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<DB::Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is used again only when its work ended well. Dropped before [`Lease::end`], after an error or
/// because its user gave up waiting, it is cut off: nobody knows what it is still busy with, and a transaction that
/// SQLite rolled back by itself, because the disk is full, would count as open for ever.
pub(super) struct Lease<DB: sqlx::Database> {
    connection: Option<DB::Connection>,
    shared: Arc<Shared<DB>>,
    _place: OwnedSemaphorePermit,
}

impl<DB: sqlx::Database> Lease<DB> {
    /// To work with. It is there for as long as the lease is.
    pub(super) fn connection(&mut self) -> Result<&mut DB::Connection> {
        Ok(self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?)
    }

    /// Gives the connection back.
    pub(super) fn end(mut self) {
        if let Some(connection) = self.connection.take() {
            self.shared.idle().push(connection);
        }
    }
}
