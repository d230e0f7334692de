//! The daily backup: when it is made, how many are kept, and what is told when none is made.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bank_aicc::backup;
use bank_aicc::backup::Identity;
use serde_json::Value;

use crate::support::Operator;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Store;
use crate::support::eventually;
use crate::support::text;

/// The suite's clock stands at Monday, 23 November 2026, 09:00 in Korea.
const NAME: &str = "bank-aicc-20261123T000100Z.tar.zst";

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

async fn on_schedule(store: Store, folder: &Path) -> Server {
    let setup = Setup::new(store).with("backup.schedule", "09:01").with("backup.keep", "2");
    setup.with("backup.folder", text(folder)).start().await
}

both_stores! {
    /// Made at its time, once; of the older ones as many stay as are kept, and whatever else lies there.
    async fn a_backup_is_made_each_day(store: Store) {
        let folder = tempfile::tempdir().unwrap();
        let old = ["bank-aicc-20261120T000100Z.tar.zst", "bank-aicc-20261121T000100Z.tar.zst"];
        for name in old.iter().chain(&["before-upgrade.tar.zst", "bank-aicc-20261119T000100Z.tar.zst.part"]) {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let server = on_schedule(store, folder.path()).await;
        let last = "backup_last_success_timestamp_seconds";
        assert_eq!(server.http().figure(last).await, 1_795_392_060.0 - 2.0 * 86_400.0, "the newest that is there");
        assert_eq!(server.http().figure("backup_failures_total").await, 0.0);
        assert_eq!(names(folder.path()).len(), 4);
        server.wait(Duration::from_secs(60));
        eventually("the backup", async || folder.path().join(NAME).exists().then_some(())).await;
        eventually("its figure", async || (server.http().figure(last).await == 1_795_392_060.0).then_some(())).await;
        let expected = ["bank-aicc-20261119T000100Z.tar.zst.part", old[1], NAME, "before-upgrade.tar.zst"];
        assert_eq!(names(folder.path()), expected);
        let operator = Operator::of(&server);
        operator.does(&["backup", "verify", text(&folder.path().join(NAME))]);
        let listed = operator.does(&["backup", "list", text(folder.path())]);
        assert!(listed.contains("2026-11-23 09:01 KST") && listed.contains("is no backup of bank-aicc"), "{listed}");
        // The next one on the next day.
        server.wait(Duration::from_secs(86_400));
        let next = folder.path().join("bank-aicc-20261124T000100Z.tar.zst");
        eventually("the next backup", async || next.exists().then_some(())).await;
        assert_eq!(server.http().figure("backup_failures_total").await, 0.0);
    }
}

/// With a public key in the configuration, it is encrypted; those before it are kept and removed all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daily_backup_is_encrypted_to_the_configured_key() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let recipient = Identity::generate(&key).unwrap().to_string();
    let backups = folder.path().join("backups");
    fs::create_dir(&backups).unwrap();
    for name in ["bank-aicc-20261120T000100Z.tar.zst.age", "bank-aicc-20261121T000100Z.tar.zst"] {
        fs::write(backups.join(name), "x").unwrap();
    }
    let setup = Setup::new(Store::Sqlite).with("backup.schedule", "09:01").with("backup.keep", "2");
    let server = setup.with("backup.folder", text(&backups)).with("backup.recipient", &recipient).start().await;
    server.wait(Duration::from_secs(60));
    let made = backups.join(format!("{NAME}.age"));
    eventually("the backup", async || made.exists().then_some(())).await;
    eventually("the older ones", async || (names(&backups).len() == 2).then_some(())).await;
    assert_eq!(names(&backups), ["bank-aicc-20261121T000100Z.tar.zst", &format!("{NAME}.age")]);
    assert!(fs::read(&made).unwrap().starts_with(b"age-encryption.org/v1\n"));
    Operator::of(&server).does(&["backup", "verify", text(&made), "--identity", text(&key)]);
}

/// A backup that cannot be made is counted, and the server goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_fails_is_counted() {
    let server = on_schedule(Store::Sqlite, Path::new("/dev/null/backups")).await;
    server.wait(Duration::from_secs(60));
    let failures = "backup_failures_total";
    eventually("a failure", async || (server.http().figure(failures).await == 1.0).then_some(())).await;
    let text = server.http().get("/metrics").await.text();
    assert!(!text.lines().any(|line| line.starts_with("backup_last_success_timestamp_seconds ")), "{text}");
    server.customer().await.says("안녕하세요").await;
}

/// What the server does at its start: a folder in which none could be made is told then, and nothing stays of the attempt.
#[test]
fn the_folder_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("a/b");
    backup::try_folder(&new).unwrap();
    assert_eq!(names(&new), Vec::<String>::new());
    let error = backup::try_folder(Path::new("/dev/null/backups")).unwrap_err().to_string();
    assert!(error.starts_with("creating the folder /dev/null/backups"), "{error}");
}

/// `create` without a file puts it into the configured folder and keeps as many as configured.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn created_ones_are_kept_as_configured() {
    let server = Setup::new(Store::Sqlite).start().await;
    let operator = Operator::of(&server).with("backup.keep", "1");
    let folder = server.folder().join("backups");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("bank-aicc-20200101T000000Z.tar.zst"), "x").unwrap();
    let said = operator.does(&["backup", "create"]);
    assert!(said.contains("removed ") && said.contains("20200101T000000Z"), "{said}");
    let left = names(&folder);
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(operator.does(&["backup", "list"]).contains(&left[0]));
}

/// `doctor` warns of a schedule whose backups are missing, and says nothing where there is no schedule.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_misses_backups() {
    let server = Setup::new(Store::Sqlite).start().await;
    let findings = |operator: &Operator| -> Vec<Value> {
        let output = operator.run(&["doctor", "--json"]);
        let lines = String::from_utf8(output.stdout).unwrap();
        let findings = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        findings.filter(|finding| finding["subject"].as_str().unwrap().starts_with("backups ")).collect()
    };
    let operator = Operator::of(&server);
    assert_eq!(findings(&operator), Vec::<Value>::new());
    let operator = operator.with("backup.schedule", "02:30");
    let [none]: [Value; 1] = findings(&operator).try_into().unwrap();
    assert_eq!((&none["level"], &none["found"]), (&"warning".into(), &"there is none yet".into()));
    let folder = server.folder().join("backups");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("bank-aicc-20200101T000000Z.tar.zst"), "x").unwrap();
    let [late]: [Value; 1] = findings(&operator).try_into().unwrap();
    assert_eq!(late["level"], "warning", "{late}");
    assert!(late["found"].as_str().unwrap().contains("hours old"), "{late}");
    operator.does(&["backup", "create"]);
    let [good]: [Value; 1] = findings(&operator).try_into().unwrap();
    assert_eq!(good["level"], "good", "{good}");
}
