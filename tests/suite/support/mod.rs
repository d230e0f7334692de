//! What the suites stand on: a server with its own database, clients with readable verbs, and the built program.
//!
//! Nothing here is a double: the server is the product's, the databases are real, the clients speak plain HTTP and
//! WebSocket. Whatever is started ends with its owner, and at the latest with the test process.

pub mod administrator;
mod answer;
pub mod authority;
mod ballast;
mod bare_edge;
mod customer;
mod desk;
pub mod documents;
pub mod earlier;
mod front;
mod http;
mod insistent;
pub mod machine;
mod mariadb;
pub mod model;
mod network;
mod operator;
mod own_mariadb;
mod packed;
pub mod pebble;
pub mod program;
mod raw;
mod server;
mod site;
mod socket;
mod stored;
mod template;
pub mod tls;
mod upstream;
mod watchdog;

use std::future::Future;
use std::time::Duration;
use std::time::Instant;

pub use administrator::Administrator;
pub use answer::Answer;
pub use ballast::Ballast;
pub use bare_edge::BareEdge;
pub use customer::Customer;
pub use desk::Desk;
pub use earlier::EarlierSystem;
pub use front::APPLICATION;
pub use front::Front;
pub use http::Event;
pub use http::EventStream;
pub use http::Http;
pub use insistent::Acknowledged;
pub use insistent::Insistent;
pub use insistent::Transport;
pub use mariadb::MariaDb;
pub use model::ModelServer;
pub use network::Network;
pub use operator::Operator;
pub use operator::text;
pub use own_mariadb::OwnMariaDb;
pub use packed::Unpacked;
pub use program::Program;
pub use raw::Raw;
pub use server::Server;
pub use server::Setup;
pub use site::Site;
pub use site::demo_pack;
pub use socket::Socket;
pub use stored::Stored;
pub use template::copy_all;
pub use tls::Authority;
pub use tls::Tls;
pub use upstream::Act;
pub use upstream::Taken;
pub use upstream::Upstream;
pub use upstream::switch;

/// Longer than anything here takes, even on a busy machine; only a test that fails waits this long.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// Which database a server keeps its data in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// A file in the server's data folder.
    Sqlite,
    /// A database of its own in the process's private MariaDB.
    MariaDb,
}

/// What a test of [`both_stores!`] may ask for.
pub trait On {
    /// Prepares it on a database.
    async fn on(store: Store) -> Self;
}

impl On for Server {
    async fn on(store: Store) -> Self {
        Setup::new(store).start().await
    }
}

impl On for Setup {
    async fn on(store: Store) -> Self {
        Self::new(store)
    }
}

impl On for Store {
    async fn on(store: Store) -> Self {
        store
    }
}

/// Makes each test run on SQLite and on MariaDB: `<suite>::<test>::sqlite` and `<suite>::<test>::mariadb`. A test asks
/// for a running [`Server`], for a [`Setup`] to start one with other settings, or for the bare [`Store`].
macro_rules! both_stores {
    ($($(#[doc = $doc:literal])+ async fn $name:ident($server:ident: $asked:ident) $body:block)+) => {$(
        $(#[doc = $doc])+
        async fn $name($server: $crate::support::$asked) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let store = $crate::support::Store::Sqlite;
                super::$name(<$crate::support::$asked as $crate::support::On>::on(store).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mariadb() {
                if !$crate::support::MariaDb::is_wanted() {
                    return;
                }
                let store = $crate::support::Store::MariaDb;
                super::$name(<$crate::support::$asked as $crate::support::On>::on(store).await).await;
            }
        }
    )+};
}

/// Asks again until `probe` has something; for what no event announces.
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Awaits what has to come soon.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain: {what}"),
    }
}
