//! A database that is gone, slow, full, locked or read-only: clients are told so in time and in plain words, nothing is
//! half stored, everything else goes on, and when the cause is removed the next message works.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::Answer;
use crate::support::Ballast;
use crate::support::Customer;
use crate::support::Http;
use crate::support::MariaDb;
use crate::support::Network;
use crate::support::OwnMariaDb;
use crate::support::Program;
use crate::support::Setup;
use crate::support::Socket;
use crate::support::Store;
use crate::support::soon;

/// `storage.write_timeout` of the servers here.
const WRITE_TIMEOUT: &str = "1s";
/// `storage.connect_timeout` of the servers here.
const CONNECT_TIMEOUT: &str = "500ms";
/// Two write timeouts, one of them for the message before, and something for a busy test machine. No client waits
/// longer, whatever happens to the database.
const ANSWER_MAX: Duration = Duration::from_secs(4);
/// What needs no database is there at once, even on a busy test machine.
const AT_ONCE: Duration = Duration::from_secs(1);

/// MariaDB is stopped as an administrator stops it, and started again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_gone() {
    let Some(mut maria) = own_mariadb().await else { return };
    let server = on_mariadb(&maria.url()).start().await;
    let mut outage = Outage::begin(server.http(), &["database_unavailable", "database_timeout"]).await;
    let crowd = Crowd::start(&outage.customer, server.http()).await;
    maria.signal("TERM");
    maria.ended().await;
    crowd.expect_answers_in_time().await;
    outage.is_told().await;
    outage.health_is_bad().await;
    outage.others_go_on().await;
    maria.restart().await;
    outage.is_over().await;
}

/// MariaDB stands still, connections and all, and goes on later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_frozen() {
    let Some(maria) = own_mariadb().await else { return };
    let server = on_mariadb(&maria.url()).start().await;
    let mut outage = Outage::begin(server.http(), &["database_timeout", "database_unavailable"]).await;
    let crowd = Crowd::start(&outage.customer, server.http()).await;
    maria.signal("STOP");
    outage.is_told().await;
    outage.health_is_bad().await;
    outage.others_go_on().await;
    crowd.expect_answers_in_time().await;
    maria.signal("CONT");
    outage.is_over().await;
}

/// The network swallows everything on the connections there are, for ever; only new ones reach MariaDB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_behind_a_broken_network() {
    let Some(maria) = own_mariadb().await else { return };
    let network = Network::to(maria.port()).await;
    let server = on_mariadb(&maria.url_by(network.port())).start().await;
    let mut outage = Outage::begin(server.http(), &["database_timeout", "database_unavailable"]).await;
    let crowd = Crowd::start(&outage.customer, server.http()).await;
    network.swallow();
    outage.is_told().await;
    outage.health_is_bad().await;
    outage.others_go_on().await;
    crowd.expect_answers_in_time().await;
    network.mend();
    outage.is_over().await;
}

/// MariaDB accepts no writes from anybody but its administrators.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_read_only() {
    let Some(maria) = own_mariadb().await else { return };
    let server = on_mariadb(&maria.url()).start().await;
    let mut outage = Outage::begin(server.http(), &["database_read_only"]).await;
    maria.execute("SET GLOBAL read_only = 1").await;
    outage.is_bridged().await;
    outage.reading_goes_on().await;
    outage.others_go_on().await;
    maria.execute("SET GLOBAL read_only = 0").await;
    outage.is_over().await;
}

/// MariaDB's disk is full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_full() {
    if !MariaDb::is_wanted() || !can_make_disks() {
        return;
    }
    let maria = OwnMariaDb::start_on_disk_of("192m").await;
    let server = on_mariadb(&maria.url()).start().await;
    let mut outage = Outage::begin(server.http(), &["database_full"]).await;
    let ballast = Ballast::fill(maria.on_disk("ballast"));
    outage.is_reached().await;
    outage.is_bridged().await;
    outage.reading_goes_on().await;
    outage.others_go_on().await;
    drop(ballast);
    outage.is_over().await;
}

/// SQLite's disk is full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_full() {
    if !can_make_disks() {
        return;
    }
    let prepared = Setup::new(Store::Sqlite).start().await.stop();
    let disk = tempfile::tempdir().unwrap();
    fs::write(prepared.path().join("config.toml"), configuration(disk.path())).unwrap();
    let script = r#"exec unshare --mount --map-root-user sh -c '
        mount -t tmpfs -o size=48m tmpfs "$1" && cp -a "$2/." "$1/" && exec "$0" serve --config "$1/config.toml"
        ' "$0" "$1" "$2""#;
    let program = Program::start_through(script, &[disk.path().to_str().unwrap(), prepared.path().to_str().unwrap()]);
    let http = Http::at(program.address());
    let mut outage = Outage::begin(&http, &["database_full"]).await;
    let inside = PathBuf::from(format!("/proc/{}/root{}", program.process_id(), disk.path().display()));
    let ballast = Ballast::fill(inside.join("ballast"));
    outage.is_reached().await;
    outage.is_bridged().await;
    outage.reading_goes_on().await;
    outage.others_go_on().await;
    drop(ballast);
    outage.is_over().await;
}

/// SQLite's disk refuses to write, for another reason than lack of space.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_on_a_failing_disk() {
    let folder = Setup::new(Store::Sqlite).start().await.stop();
    fs::write(folder.path().join("config.toml"), configuration(folder.path())).unwrap();
    // The signal for a file that is too large would end the program; ignored, the write fails.
    let script = r#"trap '' XFSZ; exec "$0" serve --config "$1/config.toml""#;
    let program = Program::start_through(script, &[folder.path().to_str().unwrap()]);
    let http = Http::at(program.address());
    let mut outage = Outage::begin(&http, &["database_disk_failed"]).await;
    limit_file_size(&program, "4096");
    outage.is_bridged().await;
    outage.reading_goes_on().await;
    outage.others_go_on().await;
    limit_file_size(&program, "unlimited");
    outage.is_over().await;
}

/// Another process keeps SQLite's one write lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_locked() {
    let server = on_sqlite().start().await;
    let mut outage = Outage::begin(server.http(), &["database_timeout"]).await;
    let hold = server.hold_writes().await;
    outage.is_told().await;
    outage.reading_goes_on().await;
    outage.others_go_on().await;
    drop(hold);
    outage.is_over().await;
}

/// The file is moved away, so that whatever is written would be lost with the process, and moved back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_file_moved_away() {
    let server = on_sqlite().start().await;
    let mut outage = Outage::begin(server.http(), &["database_file_moved"]).await;
    let [file, elsewhere] = ["bank-aicc.db", "elsewhere.db"].map(|name| server.folder().join(name));
    fs::rename(&file, &elsewhere).unwrap();
    outage.is_told().await;
    outage.health_is_bad().await;
    outage.others_go_on().await;
    fs::rename(&elsewhere, &file).unwrap();
    outage.is_over().await;
}

/// A file put in the place of the one that is open, such as a restored backup, would get only what is written later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_file_replaced() {
    let server = on_sqlite().start().await;
    let mut outage = Outage::begin(server.http(), &["database_file_moved"]).await;
    let [file, original, copy] = ["bank-aicc.db", "original.db", "copy.db"].map(|name| server.folder().join(name));
    fs::copy(&file, &copy).unwrap();
    fs::rename(&file, &original).unwrap();
    fs::rename(&copy, &file).unwrap();
    outage.is_told().await;
    outage.health_is_bad().await;
    outage.others_go_on().await;
    fs::rename(&original, &file).unwrap();
    outage.is_over().await;
}

/// Customers before, during and after the database is in trouble.
struct Outage {
    http: Http,
    /// What clients are told: some the first, the others one of these.
    codes: &'static [&'static str],
    /// Was there before.
    customer: Customer,
    /// His other device.
    socket: Socket,
    /// Came while nothing could be stored.
    newcomer: Option<Customer>,
    /// Messages that were answered.
    answered: usize,
}

impl Outage {
    /// All is well, and a conversation has begun.
    async fn begin(http: &Http, codes: &'static [&'static str]) -> Self {
        let customer = Customer::new(http);
        customer.says_named("안녕하세요", "before").await;
        http.get("/health").await.expect(200);
        let socket = customer.connects().await;
        Self { http: http.clone(), codes, customer, socket, newcomer: None, answered: 1 }
    }

    /// Says things until one is refused: space that was taken before may still be there.
    async fn is_reached(&mut self) {
        let long = "가".repeat(2_000);
        for number in 0..2_000 {
            let message = self.message(&self.customer, &long, &format!("filler {number}"));
            if self.customer.posts(&message).await.expect(200)["message_id"].is_null() {
                return;
            }
            self.answered += 1;
        }
        panic!("the disk is never full");
    }

    /// Every kind of client gets a refusal that says why, in time.
    async fn is_told(&mut self) {
        let (mut clients, mut told) = (JoinSet::new(), HashSet::new());
        // One conversation that was there before, from several devices at once; and new ones.
        for number in 0..4 {
            for customer in [self.customer.clone(), Customer::new(&self.http)] {
                let message = self.message(&customer, "영업점은 몇 시까지 하나요?", &format!("during {number}"));
                clients.spawn(async move {
                    let asked = Instant::now();
                    (customer.posts(&message).await, asked.elapsed())
                });
            }
        }
        let message = json!({"type": "message", "user_message": "안녕하세요", "client_message_id": "socket"});
        self.socket.send(&message).await;
        let asked = Instant::now();
        let frame = self.socket.until("error").await;
        assert!(asked.elapsed() < ANSWER_MAX, "{:?} for {frame}", asked.elapsed());
        assert_eq!(frame["client_message_id"], "socket");
        self.expect_reason(&frame["message"], &frame);
        told.insert(self.refusal(&frame));
        while let Some(client) = clients.join_next().await {
            let (answer, took) = client.unwrap();
            assert!(took < ANSWER_MAX, "{took:?} for {}", answer.text());
            let body = answer.expect(503);
            told.insert(self.refusal(&body));
            self.expect_reason(&body["detail"], &body);
            assert_eq!(answer.header("retry-after"), "1");
        }
        assert!(told.contains(self.codes[0]), "{told:?}");
    }

    /// Customers get what the documents answer, told that it is not stored, and nothing that would have to be remembered; what only
    /// stores is refused; and who watches over the server sees it.
    async fn is_bridged(&mut self) {
        let unstored = |reply: &Value, says: &str| {
            assert_eq!((&reply["message_id"], &reply["user_message_id"]), (&Value::Null, &Value::Null), "{reply}");
            let said = reply["ai_message"].as_str().unwrap();
            assert!(said.contains(says), "{said}");
        };
        for customer in [self.customer.clone(), Customer::new(&self.http)] {
            for number in 0..4 {
                let message = self.message(&customer, "영업점은 몇 시까지 하나요?", &format!("during {number}"));
                let asked = Instant::now();
                let reply = customer.posts(&message).await.expect(200);
                assert!(asked.elapsed() < ANSWER_MAX, "{:?} for {reply}", asked.elapsed());
                unstored(&reply, "대화가 저장되지 않습니다");
                assert_ne!(reply["source_documents"], json!([]), "{reply}");
            }
            let wish = self.message(&customer, "상담원 연결해 주세요", "wish");
            unstored(&customer.posts(&wish).await.expect(200), "상담원 연결이나 접수가 되지 않습니다");
        }
        // Somebody new with a screen, whose session cannot be stored either; it is stored with the first message that can be.
        let newcomer = Customer::open(&self.http).await;
        let message = self.message(&newcomer, "영업점은 몇 시까지 하나요?", "new");
        unstored(&newcomer.posts(&message).await.expect(200), "대화가 저장되지 않습니다");
        assert!(newcomer.history().await.is_empty());
        self.newcomer = Some(newcomer);
        let message = json!({"type": "message", "user_message": "안녕하세요", "client_message_id": "socket"});
        self.socket.send(&message).await;
        // What was stored before is told to this device as well.
        let reply = loop {
            let frame = self.socket.until("response").await;
            if frame["data"]["message_id"].is_null() {
                break frame["data"].clone();
            }
        };
        unstored(&reply, "대화를 저장할 수 없어");
        let receipt = self.customer.post_json("notice", &json!({"version": "1"})).await;
        // A tablespace that has no room for messages may have some for so few bytes.
        if receipt.status != 204 {
            let body = receipt.expect(503);
            self.refusal(&body);
            self.expect_reason(&body["detail"], &body);
        }
        assert_eq!(self.http.get("/health/ready").await.expect(200)["status"], "read_only");
        assert_eq!(self.http.figure("store_read_only").await, 1.0);
    }

    /// The code of a refusal, which has to be one of those expected.
    fn refusal(&self, body: &Value) -> &'static str {
        let code = self.codes.iter().find(|code| body["code"] == **code);
        code.unwrap_or_else(|| panic!("none of {:?}: {body}", self.codes))
    }

    /// Says in words what is wrong, and nothing that is nobody's business.
    fn expect_reason(&self, detail: &Value, body: &Value) {
        let detail = detail.as_str().unwrap_or_else(|| panic!("{body}"));
        assert!(detail.contains("저장소에 문제가 있어"), "{detail}");
        let secrets = "SELECT INSERT UPDATE COMMIT sessions bank-aicc.db database storage sqlx 127.0.0.1 /tmp";
        for secret in secrets.split(' ') {
            assert!(!detail.contains(secret), "{detail}");
        }
    }

    async fn health_is_bad(&self) {
        for path in ["/health", "/health/ready"] {
            let asked = Instant::now();
            let health = self.http.get(path).await.expect(503);
            assert!(asked.elapsed() < ANSWER_MAX, "{path}: {:?}", asked.elapsed());
            assert_eq!((&health["status"], &health["database"]), (&json!("unhealthy"), &json!("disconnected")));
            assert!(health["error"].as_str().unwrap().starts_with("the database"), "{health}");
        }
    }

    /// What needs no database.
    async fn others_go_on(&self) {
        for path in ["/health/live", "/", "/api/docs", "/api/v1/openapi.json", "/api/v1/greeting"] {
            let asked = Instant::now();
            let answer = self.http.get(path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            assert!(asked.elapsed() < AT_ONCE, "{path}: {:?}", asked.elapsed());
        }
    }

    /// What only reads.
    async fn reading_goes_on(&self) {
        let asked = Instant::now();
        self.http.get("/health").await.expect(200);
        assert_eq!(self.customer.history().await.len(), 2 * self.answered);
        assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    }

    /// The first message after the trouble works, as do those repeated that were refused, and nothing was half stored.
    async fn is_over(&self) {
        self.customer.says_named("감사합니다", "after").await;
        Customer::new(&self.http).says("안녕하세요").await;
        if let Some(newcomer) = &self.newcomer {
            newcomer.says_named("영업점은 몇 시까지 하나요?", "new").await;
            assert_eq!(newcomer.history().await.len(), 2);
            let stranger = Customer::named(&self.http, newcomer.session());
            assert_eq!(stranger.get("messages").await.status, 401, "it is stored with its token");
        }
        let mut names = vec!["after".to_owned(), "socket".to_owned()];
        names.extend((0..4).map(|number| format!("during {number}")));
        for name in &names {
            self.customer.says_named("영업점은 몇 시까지 하나요?", name).await;
        }
        self.http.get("/health").await.expect(200);
        assert_eq!(self.http.get("/health/ready").await.expect(200)["status"], "ready");
        let history = self.customer.history().await;
        for (place, message) in history.iter().enumerate() {
            assert_eq!(message["role"], ["user", "assistant"][place % 2], "{message}");
        }
        let named = |name: &str| history.iter().filter(|message| message["client_message_id"] == name).count();
        for name in names.iter().map(String::as_str).chain(["before"]) {
            assert_eq!(named(name), 1, "{name}");
        }
        let stored = history.len() / 2 - names.len();
        // A filler that was refused may be stored all the same: nobody said that it is not.
        let answered = self.answered;
        assert!(stored == answered || stored == answered + 1, "{stored} stored of {answered} answered");
    }

    fn message(&self, customer: &Customer, text: &str, name: &str) -> Value {
        json!({"session_id": customer.session(), "user_message": text, "client_message_id": name})
    }
}

/// Clients that read and write all the time, so that some are in the middle of it whenever something happens.
struct Crowd {
    clients: JoinSet<Duration>,
}

impl Crowd {
    /// Starts it and waits until everybody is busy.
    async fn start(customer: &Customer, http: &Http) -> Self {
        const PAIRS: usize = 8;
        let mut clients = JoinSet::new();
        let busy = Arc::new(Barrier::new(2 * PAIRS + 1));
        for _ in 0..PAIRS {
            let reader = customer.clone();
            clients.spawn(until_refused(Arc::clone(&busy), async move || reader.get("messages").await));
            let writer = Customer::new(http);
            clients.spawn(until_refused(Arc::clone(&busy), async move || {
                let message = json!({"session_id": writer.session(), "user_message": "안녕하세요"});
                writer.posts(&message).await
            }));
        }
        soon("the first answers", busy.wait()).await;
        Self { clients }
    }

    /// Each got its refusal.
    async fn expect_answers_in_time(mut self) {
        while let Some(longest) = soon("an answer for every client", self.clients.join_next()).await {
            let longest = longest.unwrap();
            assert!(longest < ANSWER_MAX, "{longest:?}");
        }
    }
}

/// Asks again and again; the longest that an answer took.
async fn until_refused(busy: Arc<Barrier>, ask: impl AsyncFn() -> Answer) -> Duration {
    let mut longest = Duration::ZERO;
    ask().await.expect(200);
    busy.wait().await;
    loop {
        let asked = Instant::now();
        let answer = ask().await;
        longest = longest.max(asked.elapsed());
        if answer.status == 503 {
            return longest;
        }
        answer.expect(200);
    }
}

fn on_sqlite() -> Setup {
    let setup = Setup::new(Store::Sqlite).with("storage.write_timeout", WRITE_TIMEOUT);
    setup.with("storage.connect_timeout", CONNECT_TIMEOUT)
}

fn on_mariadb(url: &str) -> Setup {
    on_sqlite().with("storage.url", url)
}

async fn own_mariadb() -> Option<OwnMariaDb> {
    if MariaDb::is_wanted() { Some(OwnMariaDb::start().await) } else { None }
}

/// Whether a process may have a small disk of its own. Containers do not always allow it.
fn can_make_disks() -> bool {
    let script = "mount -t tmpfs -o size=1m tmpfs /tmp";
    let tried = Command::new("unshare").args(["--mount", "--map-root-user", "sh", "-c", script]).output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        println!("left out: this machine does not let a process mount a disk of its own");
    }
    can
}

fn limit_file_size(program: &Program, bytes: &str) {
    let id = program.process_id().to_string();
    // Only the soft limit, so that it can be raised again.
    let done = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={bytes}:")]).status();
    assert!(done.unwrap().success(), "prlimit");
}

fn configuration(data_dir: &Path) -> String {
    let data_dir = data_dir.display();
    format!(
        r#"
        server = {{ listen = ["127.0.0.1:0"], data_dir = "{data_dir}" }}
        api = {{ legacy_clients = true, limits = {{ session_messages_per_second = 1000.0, session_messages_burst = 1000 }} }}
        storage = {{ write_timeout = "{WRITE_TIMEOUT}", connect_timeout = "{CONNECT_TIMEOUT}" }}
        log = {{ access = false }}
        edge = {{ rate_limit = {{ enabled = false }} }}
        "#
    )
}
