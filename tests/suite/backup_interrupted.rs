//! A restore that is killed: while it fills the new database, nothing was changed; from the exchange on no server starts, and the
//! same restore, done again, completes it and loses nothing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::Operator;
use crate::support::Setup;
use crate::support::Stored;
use crate::support::text;

/// Names what is moved aside.
const STAMP: &str = "20261123T000000000Z";

/// Kills restores until one was killed while it filled the new database.
async fn interrupt(operator: &Operator, file: &Path, marker: &Path) {
    // Long enough to be in the middle, on a fast machine, too.
    for delay in [40, 20, 10, 5, 2].into_iter().chain([0; 20]) {
        let mut program = operator.starts(&["backup", "restore", text(file)]);
        let mut has_begun = false;
        while !has_begun && program.is_running() {
            has_begun = marker.exists();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(delay)).await;
        if program.is_running() {
            program.signal("KILL");
        }
        program.ended();
        // A stamp stands in it from the exchange on.
        if fs::read(marker).is_ok_and(|stamp| stamp.is_empty()) {
            return;
        }
    }
    panic!("no restore was interrupted");
}

both_stores! {
    /// Killed midway, repeated, and served.
    async fn an_interrupted_restore_is_repeated(setup: Setup) {
        let store = setup.store();
        let server = setup.start().await;
        let operator = Operator::of(&server);
        let customer = server.customer_named("before");
        customer.says("안녕하세요").await;
        let stored = Stored::of(&server);
        // Enough for a restore to take a while.
        stored
            .execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
                 INSERT INTO audit (at_ms, actor, action, subject, detail) SELECT i, 'a', 'b', 'c', hex(i) FROM n",
                "INSERT INTO audit (at_ms, actor, action, subject, detail)
                 SELECT seq, 'a', 'b', 'c', HEX(seq) FROM seq_1_to_60000",
            )
            .await;
        let file = operator.backs_up("a.tar.zst");
        let before = stored.rows().await;
        server.customer_named("late").says("백업 뒤에 한 말").await;
        let name = server.database().map(str::to_owned);
        let folder = server.stop();
        // Whoever had the database open is gone when a restore elsewhere would not be refused; here it may take a moment.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let marker = folder.path().join("restore-unfinished");
        interrupt(&operator, &file, &marker).await;
        // Nothing was moved yet, so nothing is refused.
        operator.does(&["backup", "create", text(&operator.path("b.tar.zst"))]);

        // As if it had been killed in the exchange, which is too short to be met.
        fs::write(&marker, STAMP).unwrap();
        let told = operator.fails(&["serve"]);
        assert!(told.contains("a backup was not restored to its end; run the same restore again"), "{told}");
        let told = operator.fails(&["backup", "create", text(&operator.path("c.tar.zst"))]);
        assert!(told.contains("a backup was not restored to its end"), "{told}");
        // A restore that fails does not make it whole.
        fs::write(operator.path("bad.tar.zst"), "bad").unwrap();
        operator.fails(&["backup", "restore", text(&operator.path("bad.tar.zst"))]);
        operator.fails(&["serve"]);

        operator.restores(&file).await;
        assert_eq!(stored.rows().await, before);
        assert!(!marker.exists());
        let left = ["bank-aicc.db.restored", "tls.restored"].map(|name| folder.path().join(name).exists());
        assert_eq!(left, [false, false]);
        // Killed behind the exchange: done again, it removes neither what was there before nor what came into use meanwhile.
        fs::write(&marker, STAMP).unwrap();
        operator.restores(&file).await;
        assert_eq!(stored.rows().await, before);
        for (number, late) in [("", 2), ("2", 0)] {
            let (aside, table) = match &stored {
                Stored::Sqlite(_) => {
                    let dash = if number.is_empty() { "" } else { "-" };
                    let aside = folder.path().join(format!("before-restore-{STAMP}{dash}{number}/bank-aicc.db"));
                    (Stored::file(&aside), "messages".to_owned())
                }
                Stored::MariaDb(_) => {
                    let line = if number.is_empty() { "" } else { "_" };
                    let table = format!("old_{}_{number}{line}messages", STAMP.to_lowercase());
                    (stored.clone(), table)
                }
            };
            let bodies = aside.texts(&format!("SELECT body FROM {table} WHERE session_id = 'late'")).await;
            assert_eq!(bodies.len(), late, "{table} {number}: {bodies:?}");
        }
        let mut setup = Setup::new(store).folder(folder);
        if let Some(name) = name {
            setup = setup.database(&name);
        }
        let server = setup.start().await;
        let customer = server.customer_named("before");
        assert_eq!(customer.history().await.len(), 2);
        assert!(!customer.says("정기예금 중도해지하면 이자는 어떻게 되나요?").await.cited().is_empty());
    }
}
