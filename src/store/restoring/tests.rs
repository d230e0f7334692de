//! An exchange that is interrupted at any step and taken again; tables of an earlier version.

use std::fs;
use std::path::Path;

use sqlx::ConnectOptions as _;
use sqlx::Executor as _;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::sqlite::free_aside;
use super::sqlite::steps;
use super::*;
use crate::config::Config;
use crate::store::Snapshot;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::pool::SQLITE_MIGRATIONS;

const OLD: [(&str, &str); 3] = [("a.db", "old"), ("a.db-wal", "old log"), ("a.db-shm", "old index")];

fn content(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|_| "nothing".to_owned())
}

#[test]
fn whatever_step_is_the_last_doing_all_again_completes_it() {
    let count = steps(Path::new("a"), Path::new("b"), Path::new("c")).len();
    for done in 0..=count {
        for there in 0..=OLD.len() {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name);
            let (file, made) = (path("a.db"), path("a.db.restored"));
            let aside = free_aside(&file, "s");
            assert_eq!(aside, path("before-restore-s"));
            for (name, text) in OLD.iter().take(there) {
                fs::write(path(name), text).unwrap();
            }
            fs::write(&made, "first attempt").unwrap();
            for step in steps(&file, &made, &aside).iter().take(done) {
                step.take().unwrap();
            }
            // The second attempt makes it anew.
            fs::write(&made, "restored").unwrap();
            let next = free_aside(&file, "s");
            for step in steps(&file, &made, &next) {
                step.take().unwrap();
            }
            assert_eq!(content(&file), "restored", "after {done} steps with {there} files");
            for (name, text) in OLD.iter().take(there) {
                assert_eq!(content(&aside.join(name)), *text, "{name} after {done} steps with {there} files");
                assert!(*name == "a.db" || !path(name).exists(), "{name} after {done} steps with {there} files");
            }
            assert!(!made.exists());
            // What came into use in the first attempt is not lost, either.
            if done == count {
                assert_eq!(content(&next.join("a.db")), "first attempt", "with {there} files");
            }
        }
    }
}

#[test]
fn a_marker_stands_until_the_end() {
    let folder = tempfile::tempdir().unwrap();
    Marker::check(folder.path()).unwrap();
    let marker = Marker::set(folder.path(), "20261129T023000Z").unwrap();
    assert!(matches!(Marker::check(folder.path()), Err(StoreError::BeingRestored)));
    assert!(matches!(Marker::set(folder.path(), "20261129T023001Z"), Err(StoreError::InUse(_))));
    drop(marker);
    // It has moved nothing yet.
    Marker::check(folder.path()).unwrap();
    let marker = Marker::set(folder.path(), "20261129T023000Z").unwrap();
    marker.begin_exchange().unwrap();
    assert!(matches!(Marker::check(folder.path()), Err(StoreError::BeingRestored)));
    drop(marker);
    let half = Marker::check(folder.path()).unwrap_err();
    assert!(half.to_string().contains("a backup was not restored to its end"), "{half}");
    assert!(matches!(&half, StoreError::HalfRestored { stamp } if stamp == "20261129T023000Z"), "{half}");
    // The next attempt goes on under the same name, and its failure is no end.
    let marker = Marker::set(folder.path(), "20261129T023002Z").unwrap();
    assert_eq!(marker.stamp(), "20261129T023000Z");
    marker.withdraw();
    assert!(Marker::check(folder.path()).is_err());
    Marker::set(folder.path(), "20261129T023003Z").unwrap().end().unwrap();
    Marker::check(folder.path()).unwrap();
    // One that failed before anything was moved leaves nothing.
    let marker = Marker::set(folder.path(), "20261129T023004Z").unwrap();
    marker.begin_exchange().unwrap();
    marker.withdraw();
    Marker::check(folder.path()).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn tables_of_an_earlier_version_are_restored_and_brought_up_to_date() {
    const EARLIER: i64 = 3;
    let (folder, storage) = (tempfile::tempdir().unwrap(), Config::default().storage);
    let [old, new] = ["old", "new"].map(|name| folder.path().join(name));
    fs::create_dir(&old).unwrap();
    let file = SqliteConnectOptions::new().filename(old.join("bank-aicc.db")).create_if_missing(true);
    let mut connection = file.connect().await.unwrap();
    assert!(matches!(Snapshot::open(&storage, &old).await, Err(StoreError::NeverServed)));
    SQLITE_MIGRATIONS.run_to(EARLIER, &mut connection).await.unwrap();
    connection.execute("INSERT INTO packs VALUES ('the digest', 'the pack', x'00ff', 1, 2)").await.unwrap();
    // Its message is gone, as after `retention` for messages.
    let decision = "INSERT INTO decisions
        (message_id, user_message_id, ticket, confidence, rule, stage_before, stage_after, engine, pack_digest, program_version)
        VALUES (5000000, 4999999, 'T', 1.0, 'r', 'a', 'b', 'e', 'd', '1')";
    connection.execute(decision).await.unwrap();

    let snapshot = Snapshot::open(&storage, &old).await.unwrap();
    assert_eq!(snapshot.layout().schema, EARLIER);
    let (sender, mut receiver) = mpsc::channel(9);
    snapshot.send(sender).await.unwrap();
    let marker = Marker::set(&new, "20261129T023000Z").unwrap();
    let mut restoring = Restoring::begin(&storage, &new, EARLIER).await.unwrap();
    while let Some(rows) = receiver.recv().await {
        restoring.insert(rows).await.unwrap();
    }
    let counts = restoring.finish().await.unwrap();
    assert!(counts.contains(&("packs".to_owned(), 1)) && counts.contains(&("messages".to_owned(), 0)), "{counts:?}");
    restoring.exchange(&marker).await.unwrap();
    marker.end().unwrap();

    let store = Store::open(&storage, &new, &TaskTracker::new()).await.unwrap();
    assert_eq!(store.packs().content("the digest").await.unwrap(), Some(vec![0, 0xff]));
    // A table that only later versions have.
    store.switches().all().await.unwrap();
    let mut connection = SqliteConnectOptions::new().filename(new.join("bank-aicc.db")).connect().await.unwrap();
    let last = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'messages'");
    let last: i64 = last.fetch_one(&mut connection).await.unwrap();
    assert_eq!(last, 5_000_000 + NUMBERS_SKIPPED, "a number that a decision names is not given again");
}
