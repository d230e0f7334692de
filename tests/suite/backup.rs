//! Backups of a server that runs, and what comes of them: every row, certificates and configuration are there again, and the
//! restored server answers.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use serde_json::json;

use crate::support::Customer;
use crate::support::Operator;
use crate::support::PATIENCE;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Store;
use crate::support::Stored;
use crate::support::copy_all;
use crate::support::text;

const QUESTION: &str = "정기예금 중도해지하면 이자는 어떻게 되나요?";

/// The folder of this beginning in another one; there is one.
fn folder_in(folder: &Path, beginning: &str) -> PathBuf {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().unwrap().starts_with(beginning))
        .map(|entry| entry.path())
        .collect();
    assert_eq!(found.len(), 1, "{beginning}… in {}: {found:?}", folder.display());
    found[0].clone()
}

/// Conversations of every kind, so that no table is empty but those of language models.
async fn live(server: &Server, operator: &Operator) -> Customer {
    let customer = server.customer_named("고객 \u{1f600} 'x\"");
    customer.says_named("안녕하세요", "name-1").await;
    let answer = customer.says(QUESTION).await;
    assert!(!answer.cited().is_empty());
    let opinion = json!({"useful": false, "reason": "unclear", "comment": "다시 설명해 주세요"});
    let opinion = customer.post_json(&format!("messages/{}/feedback", answer.message_id()), &opinion).await;
    assert!((200..300).contains(&opinion.status), "{}", opinion.text());
    let other = server.customer().await;
    other.says("상담원 연결해 주세요").await;
    other.says("네").await;
    server.token_customer().await.says("영업점은 몇 시까지 하나요?").await;
    operator.does(&["model", "off", "--reason", "점검"]);
    customer
}

both_stores! {
    /// Every row, every certificate and the configuration come back; what was there is aside; the server answers.
    async fn everything_comes_back_and_the_restored_server_answers(setup: Setup) {
        let store = setup.store();
        let server = setup.start().await;
        let operator = Operator::of(&server);
        let customer = live(&server, &operator).await;
        let stored = Stored::of(&server);
        let key = server.folder().join("tls/local_ca/root.key");
        fs::create_dir_all(key.parent().unwrap()).unwrap();
        fs::write(&key, "the key").unwrap();

        let file = operator.path("before.tar.zst");
        let said = operator.does(&["backup", "create", text(&file)]);
        assert!(said.contains("before.tar.zst"), "{said}");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let before = stored.rows().await;
        for table in ["sessions", "messages", "decisions", "feedback", "packs", "audit", "model_switches"] {
            assert!(!before[table].is_empty(), "{table}");
        }
        let verified = operator.does(&["backup", "verify", text(&file)]);
        assert!(verified.contains("good") && verified.contains(&format!("{}  messages", before["messages"].len())));
        let again = operator.fails(&["backup", "create", text(&file)]);
        assert!(again.contains("is there already; name another file"), "{again}");

        // What is said after the backup is not in it, and not lost.
        let late = server.customer_named("late").says("백업 뒤에 한 말").await.message_id();
        fs::write(&key, "another key").unwrap();
        let changed = stored.rows().await;
        let name = server.database().map(str::to_owned);
        let folder = server.stop();
        let said = operator.restores(&file).await;
        assert!(said.contains("what was there before"), "{said}");
        assert_eq!(stored.rows().await, before);
        assert_eq!(fs::read_to_string(&key).unwrap(), "the key");
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let aside = folder_in(folder.path(), "before-restore-");
        assert_eq!(fs::read_to_string(aside.join("tls/local_ca/root.key")).unwrap(), "another key");
        match &stored {
            Stored::Sqlite(_) => assert_eq!(Stored::file(&aside.join("bank-aicc.db")).rows().await, changed),
            Stored::MariaDb(_) => {
                let tables = "SELECT CAST(table_name AS CHAR) FROM information_schema.tables
                    WHERE table_schema = DATABASE() AND table_name LIKE 'old\\_%\\_messages'";
                let [old]: [String; 1] = stored.texts(tables).await.try_into().unwrap();
                let bodies = stored.texts(&format!("SELECT body FROM {old} WHERE session_id = 'late'")).await;
                assert_eq!(bodies.len(), 2, "{bodies:?}");
            }
        }
        let configuration = folder_in(folder.path(), "restored-configuration-");
        let text = fs::read_to_string(configuration.join("config.toml")).unwrap();
        assert_eq!(text, fs::read_to_string(operator.configuration()).unwrap());
        assert!(!folder.path().join("restore-unfinished").exists());

        let mut setup = Setup::new(store).folder(folder);
        if let Some(name) = name {
            setup = setup.database(&name);
        }
        let server = setup.start().await;
        let customer = server.customer_named(customer.session());
        let history = customer.history().await;
        assert!(history.iter().any(|message| message.to_string().contains(QUESTION)), "{history:?}");
        let answer = customer.says(QUESTION).await;
        assert!(!answer.cited().is_empty(), "{:#}", answer.0);
        assert!(answer.message_id() > late, "no number that a client has seen is given to another message");
    }

    /// Numbers that decisions name, whose messages are gone, are not given again; tables of others in the same database stay.
    async fn numbers_of_messages_that_are_gone_are_not_given_again(setup: Setup) {
        const FAR: &str = "UPDATE decisions SET message_id = message_id + 5000000";
        let store = setup.store();
        let server = setup.start().await;
        let operator = Operator::of(&server);
        server.customer().await.says("안녕하세요").await;
        let stored = Stored::of(&server);
        stored.execute("DELETE FROM messages", "DELETE FROM messages").await;
        stored.execute(FAR, FAR).await;
        stored.execute("SELECT 1", "CREATE TABLE chat_sessions AS SELECT 'earlier' AS id").await;
        let file = operator.backs_up("a.tar.zst");
        let name = server.database().map(str::to_owned);
        let folder = server.stop();
        operator.restores(&file).await;
        if matches!(stored, Stored::MariaDb(_)) {
            assert_eq!(stored.texts("SELECT id FROM chat_sessions").await, ["earlier"]);
        }
        let mut setup = Setup::new(store).folder(folder);
        if let Some(name) = name {
            setup = setup.database(&name);
        }
        let server = setup.start().await;
        assert!(server.customer().await.says("안녕하세요").await.message_id() > 5_000_000);
    }

    /// While a program works with the database, it is not exchanged under its feet.
    async fn a_server_that_runs_is_not_restored_over(server: Server) {
        let operator = Operator::of(&server);
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        let file = operator.backs_up("a.tar.zst");
        let stored = Stored::of(&server);
        let before = stored.rows().await;
        let told = operator.fails(&["backup", "restore", text(&file)]);
        assert!(told.contains("stop it first") || told.contains("other connections to the database are open"), "{told}");
        assert!(told.contains("bank-aicc.socket bank-aicc.service") && told.contains("nothing was changed"), "{told}");
        assert_eq!(stored.rows().await, before);
        customer.says(QUESTION).await;
        assert!(!server.folder().join("restore-unfinished").exists());
    }

    /// While others write, a backup is of one moment: each conversation up to a point, each question with its answer. Of either
    /// database it becomes a SQLite file in another folder.
    async fn under_load_a_backup_is_of_one_moment(server: Server) {
        const CUSTOMERS: usize = 4;
        let operator = Operator::of(&server);
        let is_over = Arc::new(AtomicBool::new(false));
        let acknowledged: Vec<_> = (0..CUSTOMERS).map(|_| Arc::new(AtomicUsize::new(0))).collect();
        let mut customers = tokio::task::JoinSet::new();
        for (number, count) in acknowledged.iter().enumerate() {
            let (customer, count) = (server.customer_named(&format!("load-{number}")), Arc::clone(count));
            let is_over = Arc::clone(&is_over);
            customers.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let next = count.load(Ordering::Relaxed) + 1;
                    customer.says_named("영업점은 몇 시까지 하나요?", &format!("{next:06}")).await;
                    count.store(next, Ordering::Relaxed);
                }
            });
        }
        for round in 0..3 {
            let done: Vec<usize> = acknowledged.iter().map(|count| count.load(Ordering::Relaxed)).collect();
            let file = tokio::task::block_in_place(|| operator.backs_up(&format!("{round}.tar.zst")));
            let folder = operator.path(&format!("restored-{round}"));
            tokio::task::block_in_place(|| operator.does(&["backup", "restore", text(&file), "--to", text(&folder)]));
            let restored = Stored::file(&folder.join("bank-aicc.db"));
            let unanswered = "SELECT body FROM messages WHERE author = 'customer' AND NOT EXISTS
                (SELECT 1 FROM decisions WHERE user_message_id = messages.id)";
            assert_eq!(restored.texts(unanswered).await, Vec::<String>::new());
            let unasked = "SELECT body FROM messages WHERE author = 'assistant' AND NOT EXISTS
                (SELECT 1 FROM decisions WHERE message_id = messages.id)";
            assert_eq!(restored.texts(unasked).await, Vec::<String>::new());
            for (number, done) in done.iter().enumerate() {
                let names = format!(
                    "SELECT CAST(client_message_id AS TEXT) FROM messages
                     WHERE session_id = 'load-{number}' AND author = 'customer' ORDER BY id"
                );
                let names = restored.texts(&names).await;
                let expected: Vec<String> = (1..=names.len()).map(|next| format!("{next:06}")).collect();
                assert_eq!(names, expected, "round {round}");
                assert!(names.len() >= *done, "what was acknowledged before is in it: {} of {done}", names.len());
            }
        }
        is_over.store(true, Ordering::Relaxed);
        tokio::time::timeout(PATIENCE, customers.join_all()).await.unwrap();
    }
}

/// A backup of MariaDB, restored into another folder, is a SQLite file with the same conversations, and is served from there.
/// Into the configured database goes only what was made of its kind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_rehearsed_in_another_folder() {
    let mut made = vec![Setup::new(Store::Sqlite)];
    if crate::support::MariaDb::is_wanted() {
        made.push(Setup::new(Store::MariaDb));
    }
    for setup in made {
        let store = setup.store();
        let server = setup.start().await;
        let operator = Operator::of(&server);
        let customer = live(&server, &operator).await;
        let history = customer.history().await;
        let file = operator.backs_up("a.tar.zst");
        let before = Stored::of(&server).rows().await;

        let folder = tempfile::tempdir().unwrap();
        operator.does(&["backup", "restore", text(&file), "--to", text(folder.path())]);
        // Made again anyway, which takes a debug build long.
        copy_all(&server.folder().join("knowledge"), &folder.path().join("knowledge")).unwrap();
        let rehearsal = Setup::new(Store::Sqlite).folder(folder).start().await;
        let rehearsed = rehearsal.customer_named(customer.session());
        assert_eq!(rehearsed.history().await, history, "{store:?}");
        assert!(!rehearsed.says(QUESTION).await.cited().is_empty());
        let reasons = "SELECT typeof(reason) || ' ' || reason FROM model_switches";
        assert_eq!(Stored::of(&rehearsal).texts(reasons).await, ["text 점검"], "{store:?}: text is text in both");
        assert_eq!(Stored::of(&server).rows().await, before, "the server in use is not touched");

        if store == Store::MariaDb {
            let operator = operator.with("storage.url", "sqlite:other.db");
            let told = operator.fails(&["backup", "restore", text(&file)]);
            assert!(told.contains("the backup is of a MariaDB, and storage.url names a SQLite file"), "{told}");
            assert!(!server.folder().join("other.db").exists());
        }
    }
}

/// Secrets leave only towards standard output, and come back from standard input.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_go_to_standard_output_only() {
    let server = Setup::new(Store::Sqlite).administered().start().await;
    let operator = Operator::of(&server);
    let file = operator.path("plain.tar.zst");
    let said = operator.does(&["backup", "create", text(&file)]);
    assert!(said.contains("not in it: admin.token_file ("), "{said}");
    let told = operator.fails(&["backup", "create", "--with-secrets", text(&operator.path("secret.tar.zst"))]);
    assert!(told.contains("is for backups that are encrypted"), "{told}");
    assert!(!operator.path("secret.tar.zst").exists());

    let secret = operator.path("secret");
    let script = "\"$program\" backup create --with-secrets - --config \"$config\" > \"$1\" &&
        \"$program\" backup verify - < \"$1\" && \"$program\" backup restore - --to \"$2\" < \"$1\"";
    let folder = operator.path("restored");
    let output = operator.scripts(script, &[text(&secret), text(&folder)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (file, has_secrets) in [(&file, false), (&secret, true)] {
        let folder = operator.path(if has_secrets { "with" } else { "without" });
        operator.does(&["backup", "restore", text(file), "--to", text(&folder)]);
        let secrets = folder_in(&folder, "restored-configuration-").join("secrets/admin.token_file");
        assert_eq!(secrets.exists(), has_secrets);
    }
    let restored = folder_in(&folder, "restored-configuration-").join("secrets/admin.token_file");
    let token = fs::read_dir(restored).unwrap().next().unwrap().unwrap();
    assert_eq!(token.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

/// There is nothing to back up where nothing was ever served, and nothing is made by trying.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_never_served_is_not_backed_up() {
    let server = Setup::new(Store::Sqlite).start().await;
    let operator = Operator::of(&server);
    let operator = operator.with("storage.url", "sqlite:nothing.db");
    let told = operator.fails(&["backup", "create", text(&operator.path("a.tar.zst"))]);
    assert!(told.contains("the database was never served, so there is nothing to back up"), "{told}");
    assert!(!server.folder().join("nothing.db").exists() && !operator.path("a.tar.zst").exists());
}

/// What root wrote there, the user of the folder could not use.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn root_writes_nothing_into_another_users_folder() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let server = Setup::new(Store::Sqlite).start().await;
    let operator = Operator::of(&server);
    let backup = operator.backs_up("good.tar.zst");
    let folder = server.stop();
    std::os::unix::fs::chown(folder.path(), Some(65_534), None).unwrap();
    let files =
        || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>();
    let before = files();
    for command in [
        &["backup", "create"][..],
        &["backup", "restore", text(&backup)],
        &["knowledge", "import", "packaging/demo-pack"],
        &["model", "status"],
        &["retention", "run"],
    ] {
        let told = operator.fails(command);
        assert!(told.contains("is another user's than root's"), "{command:?}: {told}");
    }
    assert_eq!(files(), before);
}
