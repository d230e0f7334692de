//! One private MariaDB for the whole test process.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use sqlx::AssertSqlSafe;
use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::MySqlConnection;

use super::PATIENCE;
use super::watchdog::Watchdog;

/// Restricts the run: `sqlite` leaves MariaDB out.
const STORES_VARIABLE: &str = "BANK_AICC_TEST_STORES";
const MISSING: &str = "MariaDB is not installed, so its half of the suite cannot run. Install it (Debian: \
    `apt-get install mariadb-server`; `tests/run` does), or set BANK_AICC_TEST_STORES=sqlite to leave it out.";
/// The program is in a folder for administrators, which not everybody's PATH has.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"];

/// A running `mariadbd` on a free loopback port, with its data in a folder that goes with it.
pub struct MariaDb {
    port: u16,
    folder: PathBuf,
    next_database: AtomicU32,
    _watchdog: Watchdog,
}

impl MariaDb {
    /// Whether this run has a MariaDB half.
    pub fn is_wanted() -> bool {
        std::env::var(STORES_VARIABLE).map_or(true, |stores| stores != "sqlite")
    }

    /// The process's own, started when it is first asked for.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<MariaDb, String>> = OnceLock::new();
        let started = tokio::task::spawn_blocking(|| SHARED.get_or_init(start)).await.unwrap();
        started.as_ref().unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// A new, empty database; its name.
    pub async fn create_database(&self) -> String {
        let name = format!("suite_{}", self.next_database.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await;
        name
    }

    /// What `storage.url` says for one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.port)
    }

    /// The folder with a database's files.
    pub fn folder_of(&self, database: &str) -> PathBuf {
        self.folder.join("data").join(database)
    }

    /// Executes a statement as the administrator.
    pub async fn execute(&self, statement: &str) {
        let mut connection = self.connect("").await;
        connection.execute(AssertSqlSafe(statement)).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        connection.close().await.unwrap();
    }

    /// The names of a database's tables.
    pub async fn tables_of(&self, database: &str) -> Vec<String> {
        const SQL: &str = "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = ?";
        let mut connection = self.connect("").await;
        let tables = sqlx::query_scalar(SQL).bind(database).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        tables
    }

    /// A connection of the administrator's to a database.
    pub async fn connect(&self, database: &str) -> MySqlConnection {
        MySqlConnection::connect(&self.url(database)).await.expect("the private MariaDB answers")
    }
}

fn start() -> Result<MariaDb, String> {
    let server = program("mariadbd").ok_or(MISSING)?;
    let folder = tempfile::Builder::new()
        .prefix("bank-aicc-mariadb-")
        .tempdir()
        .map_err(|error| format!("a folder for MariaDB: {error}"))?
        .keep();
    let user = install(&folder)?;
    // Between choosing a free port and taking it, somebody else may.
    for _ in 0..5 {
        if let Some(running) = start_once(&server, &folder, &user)? {
            return Ok(running);
        }
    }
    Err(format!("mariadbd does not start: {}", fs::read_to_string(folder.join("error.log")).unwrap_or_default()))
}

/// Makes an empty data folder in `folder`; the option that names the user who may serve it.
pub(super) fn install(folder: &Path) -> Result<String, String> {
    let installer = program("mariadb-install-db").ok_or(MISSING)?;
    let user = Command::new("id").arg("-un").output().map_err(|error| format!("id -un: {error}"))?;
    let user = format!("--user={}", String::from_utf8_lossy(&user.stdout).trim());
    let installed = Command::new(installer)
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", &user])
        .arg(format!("--datadir={}", folder.join("data").display()))
        // Two at once in one folder for temporary files get in each other's way.
        .env("TMPDIR", folder)
        .output()
        .map_err(|error| format!("mariadb-install-db: {error}"))?;
    if !installed.status.success() {
        return Err(format!("mariadb-install-db: {}", String::from_utf8_lossy(&installed.stderr)));
    }
    Ok(user)
}

/// What serves the data folder in `folder` on a loopback port.
pub(super) fn arguments(folder: &Path, user: &str, port: u16) -> Vec<String> {
    let in_folder = |option: &str, name: &str| format!("--{option}={}", folder.join(name).display());
    let settings = ["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve", "--performance-schema=OFF"];
    let sizes = ["--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--max-connections=1000"];
    let mut arguments: Vec<String> = settings.iter().chain(&sizes).map(|&option| option.to_owned()).collect();
    arguments.extend([in_folder("datadir", "data"), in_folder("socket", "socket"), in_folder("pid-file", "pid")]);
    arguments.extend([in_folder("log-error", "error.log"), in_folder("tmpdir", "")]);
    arguments.extend([user.to_owned(), format!("--port={port}")]);
    arguments
}

/// `None` if it ended before it answered.
fn start_once(server: &Path, folder: &Path, user: &str) -> Result<Option<MariaDb>, String> {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).map_err(|e| e.to_string())?.port();
    let mut child = Command::new(server)
        .args(arguments(folder, user, port))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("mariadbd: {error}"))?;
    let watchdog = Watchdog::over(child.id(), Some(folder));
    let next_database = AtomicU32::new(0);
    let running = MariaDb { port, folder: folder.to_owned(), next_database, _watchdog: watchdog };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if runtime.block_on(MySqlConnection::connect(&running.url(""))).is_ok() {
            return Ok(Some(running));
        }
        if child.try_wait().map_err(|error| error.to_string())?.is_some() {
            let MariaDb { _watchdog: mut watchdog, .. } = running;
            watchdog.dismiss();
            return Ok(None);
        }
        if Instant::now() > deadline {
            return Err("mariadbd does not answer".to_owned());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Where a program of MariaDB's is.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
