//! Where the built program is run from: a configuration and its data.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::MySqlConnection;
use sqlx::SqliteConnection;
use tempfile::TempDir;

use super::MariaDb;
use super::Program;
use super::Store;

/// A folder with a configuration for `serve`.
pub struct Site {
    folder: TempDir,
    config: String,
    /// Of a MariaDB database; the SQLite file is in the folder.
    url: Option<String>,
}

impl Site {
    /// On a free port, with its data under the folder, and these settings.
    pub fn new(settings: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("config.toml");
        let data = folder.path().join("data");
        let text = format!(
            "server.listen = [\"127.0.0.1:0\"]\nserver.data_dir = \"{}\"\nchat.processing_notice_after = \"1m\"\n\
             edge.rate_limit.enabled = false\n{settings}",
            data.display()
        );
        fs::write(&config, text).unwrap();
        Self { config: config.to_str().unwrap().to_owned(), folder, url: None }
    }

    /// The same on an empty database.
    pub async fn on(store: Store) -> Self {
        let url = match store {
            Store::Sqlite => None,
            Store::MariaDb => {
                let maria = MariaDb::shared().await;
                Some(maria.url(&maria.create_database().await))
            }
        };
        let settings = url.as_ref().map(|url| format!("storage.url = \"{url}\"\n")).unwrap_or_default();
        Self { url, ..Self::new(&settings) }
    }

    /// Replaces the settings that were given with it.
    pub fn set(&self, settings: &str) {
        let text = fs::read_to_string(&self.config).unwrap();
        let own: String = text.split_inclusive('\n').take(4).collect();
        fs::write(&self.config, own + settings).unwrap();
    }

    /// The root of the local authority, as soon as there is one.
    pub fn local_root(&self) -> String {
        fs::read_to_string(self.folder.path().join("data/tls/local_ca/root.pem")).unwrap()
    }

    /// The configuration's file.
    pub fn config(&self) -> &str {
        &self.config
    }

    /// Imports a knowledge pack.
    pub fn import(&self, pack: &Path) {
        let imported = Program::run(&["knowledge", "import", pack.to_str().unwrap(), "--config", self.config()], &[]);
        assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    }

    /// Starts the program on it, with these settings on top, by their keys in `config.toml`.
    pub fn serve(&self, settings: &[(&str, &str)]) -> Program {
        let variable = |key: &str| format!("BANK_AICC__{}", key.to_uppercase().replace('.', "__"));
        let environment: Vec<_> = settings.iter().map(|&(key, value)| (variable(key), value)).collect();
        let environment: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        Program::start(&["serve", "--config", self.config()], &environment)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The number a query finds in the database.
    pub async fn number(&self, query: &'static str) -> i64 {
        match &self.url {
            Some(url) => {
                let mut connection = MySqlConnection::connect(url).await.unwrap();
                sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
            }
            None => {
                let file = format!("sqlite:{}", self.folder.path().join("data/bank-aicc.db").display());
                let mut connection = SqliteConnection::connect(&file).await.unwrap();
                sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// Executes a statement on the database.
    pub async fn execute(&self, statement: &'static str) {
        match &self.url {
            Some(url) => {
                MySqlConnection::connect(url).await.unwrap().execute(statement).await.unwrap();
            }
            None => {
                let file = format!("sqlite:{}", self.folder.path().join("data/bank-aicc.db").display());
                SqliteConnection::connect(&file).await.unwrap().execute(statement).await.unwrap();
            }
        }
    }
}

/// The knowledge pack of the demo.
pub fn demo_pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/demo-pack")
}
