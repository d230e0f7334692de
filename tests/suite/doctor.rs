//! What `doctor` says of an installation: whether the database lets it in, and whether there is anything to answer from.

use serde_json::Value;

use crate::support::Operator;
use crate::support::Setup;
use crate::support::Store;
use crate::support::Stored;
use crate::support::text;

/// The level of what is said of this subject, and what was found; `None`: nothing is said of it.
fn said(operator: &Operator, subject: &str) -> Option<(String, String)> {
    let output = operator.run(&["doctor", "--json"]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let findings = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut of_it = findings.filter(|finding| finding["subject"] == subject);
    let told = of_it.next().map(|finding| ["level", "found"].map(|key| finding[key].as_str().unwrap().to_owned()));
    assert!(of_it.next().is_none(), "{lines}");
    told.map(|[level, found]| (level, found))
}

both_stores! {
    /// A server without a pack is up, and answers nothing.
    async fn knowledge_is_looked_for(store: Store) {
        let server = Setup::new(store).start().await;
        let operator = Operator::of(&server);
        assert_eq!(said(&operator, "knowledge"), Some(("good".to_owned(), "a pack is imported".to_owned())));
        Stored::of(&server).execute("DELETE FROM packs", "DELETE FROM packs").await;
        let (level, found) = said(&operator, "knowledge").unwrap();
        assert_eq!(level, "warning");
        assert!(found.starts_with("no pack is imported"), "{found}");
        let new = tempfile::tempdir().unwrap();
        if store == Store::Sqlite {
            assert_eq!(said(&operator.with("server.data_dir", text(new.path())), "knowledge"), None, "nothing was stored yet");
        }
    }
}

/// That something answers at its port is not enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_lets_nobody_in_is_told() {
    let server = Setup::new(Store::Sqlite).start().await;
    let url = "mysql://aicc@127.0.0.1:1/aicc";
    let operator = Operator::of(&server).with("storage.url", url);
    let (level, found) = said(&operator, &format!("database {url}")).unwrap();
    assert_eq!(level, "problem");
    assert!(found.starts_with("does not let this program in: the database cannot be reached"), "{found}");
}
