//! The earlier system's database (wire contract §10), in the process's private MariaDB, and the command that reads it.

use std::process::Output;

use sqlx::AssertSqlSafe;
use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::MySqlConnection;

use super::MariaDb;
use super::Program;
use super::Server;

const SESSIONS: &str = "CREATE TABLE chat_sessions (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, session_id VARCHAR(255) NOT NULL UNIQUE,
    created_at DATETIME, updated_at DATETIME, is_active INT NOT NULL DEFAULT 1,
    is_human_required_flow INT NOT NULL DEFAULT 0, customer_consent_received INT NOT NULL DEFAULT 0,
    info_collection_complete INT NOT NULL DEFAULT 0, collected_info TEXT, triage_decision VARCHAR(50),
    context_intent VARCHAR(100), unclear_count INT NOT NULL DEFAULT 0, out_of_domain_count INT NOT NULL DEFAULT 0,
    handover_status VARCHAR(20), handover_requested_at DATETIME, handover_accepted_at DATETIME,
    assigned_agent_id VARCHAR(100)) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci";
const MESSAGES: &str = "CREATE TABLE chat_messages (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, session_id VARCHAR(255) NOT NULL, role VARCHAR(20) NOT NULL,
    message TEXT, intent VARCHAR(20), suggested_action VARCHAR(20), source_documents TEXT, created_at DATETIME,
    KEY (session_id)) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci";

/// A database with the earlier system's two tables, and a user who may read them and nothing else.
pub struct EarlierSystem {
    database: String,
    user: String,
}

/// That user's password.
pub const PASSWORD: &str = "read/only@1";

impl EarlierSystem {
    /// Empty tables.
    pub async fn new() -> Self {
        let maria = MariaDb::shared().await;
        let database = maria.create_database().await;
        let user = format!("mover_{database}");
        let earlier = Self { database, user };
        earlier.execute(SESSIONS).await;
        earlier.execute(MESSAGES).await;
        earlier.execute(&format!("CREATE USER {}@'%' IDENTIFIED BY '{PASSWORD}'", earlier.user)).await;
        for table in ["chat_sessions", "chat_messages"] {
            earlier.execute(&format!("GRANT SELECT ON {}.{table} TO {}@'%'", earlier.database, earlier.user)).await;
        }
        earlier
    }

    /// Executes a statement of its application.
    pub async fn execute(&self, statement: &str) {
        let mut connection = self.connect().await;
        connection.execute(AssertSqlSafe(statement)).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        connection.close().await.unwrap();
    }

    async fn connect(&self) -> MySqlConnection {
        MariaDb::shared().await.connect(&self.database).await
    }

    /// A conversation; `columns` are more of its columns with their values, as in `is_active = 0`.
    pub async fn session(&self, id: &str, created_utc: &str, columns: &str) {
        let more = if columns.is_empty() { String::new() } else { format!(", {columns}") };
        self.execute(&format!("INSERT INTO chat_sessions SET session_id = '{id}', created_at = '{created_utc}'{more}"))
            .await;
    }

    /// What the customer says.
    pub async fn says(&self, id: &str, at: &str, text: &str) {
        self.message(id, at, &format!("role = 'USER', intent = 'INFO_REQ', message = '{text}'")).await;
    }

    /// What the assistant answers.
    pub async fn answers(&self, id: &str, at: &str, text: &str, action: &str) {
        let columns = format!(
            "role = 'ASSISTANT', message = '{text}', suggested_action = '{action}',
             source_documents = '[{{\"source\": \"guide.pdf\", \"page\": 2, \"score\": 0.5}}]'"
        );
        self.message(id, at, &columns).await;
    }

    /// Any message.
    pub async fn message(&self, id: &str, at: &str, columns: &str) {
        let sql = format!("INSERT INTO chat_messages SET session_id = '{id}', created_at = '{at}', {columns}");
        self.execute(&sql).await;
    }

    /// A question and its answer, on 20 November 2025 at noon in Korea.
    pub async fn turn(&self, id: &str) {
        self.session(id, "2025-11-20 03:00:00", "updated_at = '2025-11-20 12:00:02'").await;
        self.says(id, "2025-11-20 12:00:01", "안녕하세요").await;
        self.answers(id, "2025-11-20 12:00:02", "무엇을 도와드릴까요?", "CONTINUE").await;
    }

    /// What the command is given.
    pub async fn url(&self) -> String {
        MariaDb::shared().await.url(&self.database).replace("root@", &format!("{}@", self.user))
    }

    /// Runs `bank-aicc migrate-from` beside a running server, with more arguments.
    pub async fn moved_to(&self, server: &Server, arguments: &[&str]) -> Output {
        let environment = server.environment();
        self.moved(&environment, arguments).await
    }

    /// The same with this configuration.
    pub async fn moved(&self, environment: &[(String, String)], arguments: &[&str]) -> Output {
        let url = self.url().await;
        let mut environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        environment.push(("BANK_AICC_SOURCE_PASSWORD", PASSWORD));
        let arguments = [&["migrate-from", url.as_str(), "--config", "/dev/null"][..], arguments].concat();
        tokio::task::block_in_place(|| Program::run(&arguments, &environment))
    }

    /// Moves, which has to go well; what was printed.
    pub async fn moves_to(&self, server: &Server) -> String {
        printed(&self.moved_to(server, &[]).await)
    }

    /// The command under way.
    pub async fn starts_moving_to(&self, server: &Server) -> Program {
        let (url, mut environment) = (self.url().await, server.environment());
        environment.push(("BANK_AICC_SOURCE_PASSWORD".to_owned(), PASSWORD.to_owned()));
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Program::start(&["migrate-from", &url, "--config", "/dev/null"], &environment)
    }
}

/// What a command that went well printed.
pub fn printed(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
