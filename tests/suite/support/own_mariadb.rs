//! A MariaDB of a test's own, to be stopped, frozen, killed and filled up.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use sqlx::AssertSqlSafe;
use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::MySqlConnection;
use tempfile::TempDir;

use super::eventually;
use super::mariadb;
use super::watchdog::Watchdog;

/// Where its port is looked for: below the range that outgoing connections take theirs from, so that it is still free
/// when the server comes back.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// The account the program uses: it may do everything but overrule `read_only`.
const ACCOUNT: &str = "aicc";
const DATABASE: &str = "bank";
/// Keeps the data folder on a disk of this size that nobody else sees and that goes with the process.
const ON_SMALL_DISK: &str = r#"
    mount -t tmpfs -o size="$2" tmpfs "$3/data" && cp -a "$3/installed/." "$3/data/" && shift 3 && exec "$0" "$@""#;

/// A `mariadbd` that is started again on the same port and data. Dropped, it is killed and its data are removed.
pub struct OwnMariaDb {
    folder: TempDir,
    port: u16,
    disk: Option<&'static str>,
    running: Option<Running>,
}

struct Running {
    child: Child,
    watchdog: Watchdog,
}

impl OwnMariaDb {
    /// On the machine's disk.
    pub async fn start() -> Self {
        Self::start_on(None).await
    }

    /// On a disk of this size, such as `96m`, which it loses when it ends.
    pub async fn start_on_disk_of(size: &'static str) -> Self {
        Self::start_on(Some(size)).await
    }

    async fn start_on(disk: Option<&'static str>) -> Self {
        let folder = tempfile::Builder::new().prefix("bank-aicc-mariadb-").tempdir().unwrap();
        let path = folder.path().to_owned();
        tokio::task::spawn_blocking(move || mariadb::install(&path))
            .await
            .unwrap()
            .unwrap_or_else(|why| panic!("{why}"));
        if disk.is_some() {
            fs::rename(folder.path().join("data"), folder.path().join("installed")).unwrap();
            fs::create_dir(folder.path().join("data")).unwrap();
        }
        let port = free_port();
        let mut own = Self { folder, port, disk, running: None };
        own.restart().await;
        own.execute(&format!("CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")).await;
        own.execute(&format!("CREATE USER {ACCOUNT}@'%'")).await;
        own.execute(&format!("GRANT ALL ON {DATABASE}.* TO {ACCOUNT}@'%'")).await;
        own
    }

    /// What `storage.url` says for its one database.
    pub fn url(&self) -> String {
        self.url_by(self.port)
    }

    /// The same by way of another port.
    pub fn url_by(&self, port: u16) -> String {
        format!("mysql://{ACCOUNT}@127.0.0.1:{port}/{DATABASE}")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends it a signal: `TERM`, `KILL`, `STOP`, `CONT`.
    pub fn signal(&self, signal: &str) {
        let id = self.running.as_ref().expect("it runs").child.id();
        let done = Command::new("sh").args(["-c", &format!("kill -{signal} {id}")]).status();
        assert!(done.unwrap().success(), "kill -{signal} {id}");
    }

    /// Waits for its end, after a signal that ends it.
    pub async fn ended(&mut self) {
        let Running { mut child, mut watchdog } = self.running.take().expect("it runs");
        eventually("the end of mariadbd", || {
            let status = child.try_wait().unwrap();
            async move { status }
        })
        .await;
        watchdog.dismiss();
    }

    /// Starts it again and waits until it answers.
    pub async fn restart(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let mut command = self.command();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let watchdog = Watchdog::over(child.id(), Some(self.folder.path()));
        let (url, log) = (self.root_url(), self.folder.path().join("error.log"));
        eventually("an answer of mariadbd", || {
            let status = child.try_wait().unwrap();
            let log = || fs::read_to_string(&log).unwrap_or_default();
            assert!(status.is_none(), "mariadbd ended: {status:?}\n{}", log());
            let url = url.clone();
            async move { MySqlConnection::connect(&url).await.ok() }
        })
        .await;
        self.running = Some(Running { child, watchdog });
    }

    /// Executes a statement as the administrator.
    pub async fn execute(&self, statement: &str) {
        let mut connection = MySqlConnection::connect(&self.root_url()).await.expect("the test's own MariaDB answers");
        connection.execute(AssertSqlSafe(statement)).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        connection.close().await.unwrap();
    }

    /// A file on the small disk, as it is seen from outside.
    pub fn on_disk(&self, name: &str) -> PathBuf {
        let id = self.running.as_ref().expect("it runs").child.id();
        let folder = self.folder.path().join("data");
        PathBuf::from(format!("/proc/{id}/root{}", folder.display())).join(name)
    }

    fn root_url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/", self.port)
    }

    fn command(&self) -> Command {
        let server = mariadb::program("mariadbd").expect("it is installed");
        let user = Command::new("id").arg("-un").output().unwrap();
        let user = format!("--user={}", String::from_utf8_lossy(&user.stdout).trim());
        let arguments = mariadb::arguments(self.folder.path(), &user, self.port);
        match self.disk {
            None => {
                let mut command = Command::new(server);
                command.args(arguments);
                command
            }
            Some(size) => {
                let mut command = Command::new("unshare");
                command.args(["--mount", "--map-root-user", "sh", "-c", ON_SMALL_DISK]).arg(server);
                command.args(["small disk", size]).arg(self.folder.path()).args(arguments);
                command
            }
        }
    }
}

impl Drop for OwnMariaDb {
    fn drop(&mut self) {
        if let Some(Running { mut child, mut watchdog }) = self.running.take() {
            // Either fails only if it has ended already.
            let _ = child.kill();
            let _ = child.wait();
            watchdog.dismiss();
        }
    }
}

fn free_port() -> u16 {
    (0..100)
        .map(|_| rand::random_range(PORTS))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}
