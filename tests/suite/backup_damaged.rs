//! Backups that are not as they were written, no backups at all, backups of later versions, and a disk that is full: each is
//! refused with the reason, and nothing is changed. A database's file that is damaged is noticed at the start.

use std::fs;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use std::time::SystemTime;

use serde_json::Value;
use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::SqliteConnection;
use tempfile::TempDir;

use crate::support::Operator;
use crate::support::Setup;
use crate::support::Store;
use crate::support::Stored;
use crate::support::text;

/// A server that has ended, its folder, and a backup of it.
struct Ended {
    operator: Operator,
    folder: TempDir,
    backup: Vec<u8>,
}

impl Ended {
    async fn new() -> Self {
        let server = Setup::new(Store::Sqlite).start().await;
        let operator = Operator::of(&server);
        server.customer().await.says("안녕하세요").await;
        let folder = server.stop();
        // Closes the database whole, whoever was the last to use it.
        let file = format!("sqlite:{}", folder.path().join("bank-aicc.db").display());
        let mut connection = SqliteConnection::connect(&file).await.unwrap();
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
        connection.close().await.unwrap();
        // Of what is stored now: a server stores by itself, too, until it ends.
        let backup = fs::read(operator.backs_up("good.tar.zst")).unwrap();
        Self { operator, folder, backup }
    }

    fn stored(&self) -> Stored {
        Stored::file(&self.folder.path().join("bank-aicc.db"))
    }

    /// The names in the data folder, without what any look at the database leaves there.
    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with("bank-aicc.db-")).collect();
        names.sort();
        names
    }

    /// Neither `verify` nor `restore` takes this for good; what they say.
    fn refuses(&self, what: &str, content: &[u8]) -> String {
        let file = self.operator.path("bad.tar.zst");
        fs::write(&file, content).unwrap();
        let verified = self.operator.fails(&["backup", "verify", text(&file)]);
        let restored = self.operator.fails(&["backup", "restore", text(&file)]);
        assert!(restored.contains("nothing was restored, and nothing was changed"), "{what}: {restored}");
        assert!(restored.contains(verified.trim_start_matches("bank-aicc: ").trim()), "{what}: {verified} {restored}");
        assert!(verified.contains("bad.tar.zst"), "{what}: {verified}");
        verified
    }
}

/// A backup like this one, whose entries went through `change`.
fn rewritten(backup: &[u8], mut change: impl FnMut(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(backup).unwrap());
    let mut changed = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let Some(content) = change(&name, content) else { continue };
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        changed.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    changed.into_inner().unwrap().finish().unwrap()
}

/// With another value in its manifest.
fn claiming(backup: &[u8], member: &str, value: Value) -> Vec<u8> {
    rewritten(backup, |name, content| {
        if name != "manifest.json" {
            return Some(content);
        }
        let mut manifest: Value = serde_json::from_slice(&content).unwrap();
        manifest[member] = value.clone();
        Some(serde_json::to_vec(&manifest).unwrap())
    })
}

/// With another entry before its sums, whose name tar itself would not write.
fn with_entry(backup: &[u8], name: &str, kind: tar::EntryType) -> Vec<u8> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(backup).unwrap());
    let mut changed = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header().clone();
        if &*header.path_bytes() == b"sums.json".as_slice() {
            let mut other = tar::Header::new_gnu();
            other.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            other.set_entry_type(kind);
            other.set_size(1);
            other.set_mode(0o600);
            other.set_cksum();
            changed.append(&other, b"x".as_slice()).unwrap();
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        changed.append(&header, content.as_slice()).unwrap();
    }
    changed.into_inner().unwrap().finish().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_wrong_with_a_backup_it_is_refused_and_nothing_is_changed() {
    let ended = Ended::new().await;
    let (before, backup) = (ended.stored().rows().await, &ended.backup);
    ended.operator.does(&["backup", "verify", text(&ended.operator.path("good.tar.zst"))]);
    let _ = ended.refuses("a first one, for what it leaves", b"");
    let names = ended.names();
    for length in [0, 2, 4, 5, 100, backup.len() / 3, backup.len() / 2, backup.len() - 5, backup.len() - 1] {
        let told = ended.refuses(&format!("the first {length} bytes"), &backup[..length]);
        assert!(told.contains("is damaged") || (length == 2 && told.contains("is no backup")), "{length}: {told}");
    }
    let last = backup.len() - 1;
    for at in [0, 4, 5, 6, 20, last / 4, last / 2, last / 4 * 3, last - 10, last] {
        let mut flipped = backup.clone();
        flipped[at] ^= 0xff;
        let told = ended.refuses(&format!("byte {at}"), &flipped);
        assert!(told.contains("is damaged") || (at < 4 && told.contains("is no backup")), "{at}: {told}");
        assert!(told.contains("take another backup") || at < 4, "{at}: {told}");
    }
    let followed = [backup.as_slice(), b"and something else"].concat();
    ended.refuses("something behind it", &followed);
    for (what, foreign) in [
        ("a text", b"SQLite format 3\0 and so on".to_vec()),
        ("another archive", zstd::encode_all(&b"something"[..], 1).unwrap()),
        ("no manifest", rewritten(backup, |name, content| (name != "manifest.json").then_some(content))),
    ] {
        let told = ended.refuses(what, &foreign);
        assert!(told.contains("is no backup of bank-aicc") || told.contains("is damaged"), "{what}: {told}");
    }
    for (what, wrong) in [
        (
            "a row of another value",
            rewritten(backup, |name, content| {
                let text = String::from_utf8(content).unwrap();
                Some(
                    if name.starts_with("tables/messages/") { text.replace("안녕", "반가") } else { text }.into_bytes(),
                )
            }),
        ),
        (
            "a run of rows that is missing",
            rewritten(backup, |name, content| (!name.starts_with("tables/messages/")).then_some(content)),
        ),
        ("no sums", rewritten(backup, |name, content| (name != "sums.json").then_some(content))),
    ] {
        let told = ended.refuses(what, &wrong);
        assert!(told.contains("is damaged"), "{what}: {told}");
    }
    for (member, value, known) in
        [("format", 2.into(), "format of backups"), ("schema", 9999.into(), "schema of the database")]
    {
        let claimed = claiming(&claiming(backup, member, value), "program", "7.8.9".into());
        let told = ended.refuses(member, &claimed);
        assert!(told.contains("was made by bank-aicc 7.8.9, whose") && told.contains(known), "{told}");
        assert!(told.contains("this program does not know; install that version or a later one"), "{told}");
    }
    for (what, hostile, why) in [
        ("leading out", with_entry(backup, "tls/../../x", tar::EntryType::Regular), "leads out of its folder"),
        ("a link", with_entry(backup, "tls/x", tar::EntryType::Symlink), "is not a regular file"),
        ("a large manifest", claiming(backup, "program", "x".repeat(2 << 20).into()), "is too large"),
    ] {
        let told = ended.refuses(what, &hostile);
        assert!(told.contains("is damaged") && told.contains(why), "{what}: {told}");
    }
    let listed = ended.operator.does(&["backup", "list", text(ended.operator.path("bad.tar.zst").parent().unwrap())]);
    assert!(listed.contains("is too large"), "{listed}");
    assert_eq!(ended.names(), names);
    assert_eq!(ended.stored().rows().await, before);
}

/// No half file stays where there is no room for a whole one, and the old database stays where it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_nothing_half_is_left() {
    let ended = Ended::new().await;
    let before = ended.stored().rows().await;
    let (folder, good) = (ended.operator.path("backups"), ended.operator.path("good.tar.zst"));
    // The signal for a file that is too large would end the program; ignored, the write fails. Blocks have 512 bytes.
    let limited =
        |command: &str| format!("trap '' XFSZ; ulimit -f 100; exec \"$program\" {command} --config \"$config\"");
    let output = ended.operator.scripts(&limited("backup create --to \"$1\""), &[text(&folder)]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("make room on that disk, or name a folder on another one"), "{told}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "{told}");

    let output = ended.operator.scripts(&limited("backup restore \"$1\""), &[text(&good)]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("nothing was changed"), "{told}");
    assert_eq!(ended.stored().rows().await, before);
    let left = ["restore-unfinished", "bank-aicc.db.restored", "tls.restored"];
    assert!(ended.names().iter().all(|name| !left.contains(&name.as_str())), "{:?}", ended.names());
    ended.operator.does(&["backup", "restore", text(&good)]);
}

/// What a program left that was killed while it wrote, the next one removes; nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_unfinished_is_removed_by_the_next() {
    let ended = Ended::new().await;
    let folder = ended.operator.path("backups");
    fs::create_dir(&folder).unwrap();
    for name in [".bank-aicc-x1.unfinished", "notes.txt", ".other.unfinished"] {
        fs::write(folder.join(name), "x").unwrap();
        // One that is being made is left alone for a minute.
        let file = fs::File::options().write(true).open(folder.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(120)).unwrap();
    }
    let said = ended.operator.does(&["backup", "create", "--to", text(&folder)]);
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!((names[0].as_str(), names[2].as_str()), (".other.unfinished", "notes.txt"));
    let made = Path::new(said.split(" (").next().unwrap());
    assert_eq!(made, folder.join(&names[1]));
    let listed = ended.operator.does(&["backup", "list", text(&folder)]);
    assert!(listed.contains(&names[1]) && listed.contains("SQLite file"), "{listed}");
}

/// A damaged database is noticed at the start, with the way to restore, which moves it aside.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_database_is_noticed_at_the_start() {
    let ended = Ended::new().await;
    let before = ended.stored().rows().await;
    let path = ended.folder.path().join("bank-aicc.db");
    let good = fs::read(&path).unwrap();
    type Damage = fn(&Path, usize);
    let in_the_middle: Damage = |path, length| {
        let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.seek(SeekFrom::Start(length as u64 / 2)).unwrap();
        file.write_all(&[0xaa; 20_000]).unwrap();
    };
    let at_the_head: Damage = |path, _| {
        let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.write_all(&[0xaa; 200]).unwrap();
    };
    let at_the_end: Damage = |path, length| {
        fs::OpenOptions::new().write(true).open(path).unwrap().set_len(length as u64 / 2).unwrap();
    };
    for (what, damage) in [("middle", in_the_middle), ("head", at_the_head), ("end", at_the_end)] {
        fs::write(&path, &good).unwrap();
        damage(&path, good.len());
        let damaged = fs::read(&path).unwrap();
        let told = ended.operator.fails(&["serve"]);
        assert!(told.contains("the database's file is damaged"), "{what}: {told}");
        assert!(told.contains("bank-aicc backup restore FILE"), "{what}: {told}");
        let output = ended.operator.run(&["doctor", "--json"]);
        let findings = String::from_utf8(output.stdout).unwrap();
        let findings: Vec<Value> = findings.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let finding = findings.iter().find(|finding| finding["subject"].as_str().unwrap().starts_with("database "));
        let finding = finding.unwrap_or_else(|| panic!("{what}: {findings:?}"));
        assert_eq!(finding["level"], "problem", "{what}: {finding}");
        assert!(finding["remedy"].as_str().unwrap().contains("bank-aicc backup restore"), "{what}: {finding}");
        assert_eq!(output.status.code(), Some(3), "{what}");

        let said = ended.operator.restores(&ended.operator.path("good.tar.zst")).await;
        let aside = said.lines().find_map(|line| line.strip_prefix("what was there before: ")).unwrap();
        assert_eq!(fs::read(Path::new(aside).join("bank-aicc.db")).unwrap(), damaged, "{what}");
        fs::remove_dir_all(aside).unwrap();
        assert_eq!(ended.stored().rows().await, before, "{what}");
    }
}
