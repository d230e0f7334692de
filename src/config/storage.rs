//! `[storage]`: the database.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::database::Database;
use crate::config::secret::read_secret;
use crate::config::section::Section;
use crate::config::server::Server;

/// The database.
#[derive(Debug, Clone, PartialEq)]
pub struct Storage {
    /// Which database, and how to reach it; the password of `password_file` is in it already.
    pub url: Database,
    /// File that holds the database's password and nothing else.
    pub password_file: Option<PathBuf>,
    /// Connections that read at the same time.
    pub readers: u32,
    /// Writes that may wait for the database.
    pub queue_max: usize,
    /// Most writes in one commit.
    pub batch_max: usize,
    /// How long a write may take, waiting included; and so may a read.
    pub write_timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
}

impl Storage {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let timeout = Duration::from_millis(100)..=Duration::from_mins(5);
        Self {
            url: section.key("url", Database::Sqlite { file: "bank-aicc.db".into() }),
            password_file: section.key("password_file", None),
            readers: section.within("readers", 4, 1..=256),
            queue_max: section.within("queue_max", 8_192, 1..=1_000_000),
            batch_max: section.within("batch_max", 512, 1..=100_000),
            write_timeout: section.within("write_timeout", Duration::from_secs(10), timeout.clone()),
            connect_timeout: section.within("connect_timeout", Duration::from_secs(5), timeout),
        }
    }

    /// Puts the password of `password_file` into `url`.
    pub(super) fn add_password(&mut self, server: &Server, root: &mut Section<'_>) {
        let Some(file) = &self.password_file else { return };
        let file = server.resolve(file);
        let with_password = read_secret(&file, "password")
            .and_then(|password| self.url.with_password(password.reveal()).map_err(str::to_owned));
        match with_password {
            Ok(url) => self.url = url,
            Err(why) => root.refuse(&["storage.password_file", "storage.url"], why),
        }
    }
}
