//! Backups that are encrypted to a public key: the private key alone opens them, here and in the program `age`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::support::Operator;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Store;
use crate::support::Stored;
use crate::support::text;

/// An operator with a pair of keys: the file of the private one, and the public one.
fn with_keys(server: &Server) -> (Operator, PathBuf, String) {
    let operator = Operator::of(server);
    let key = operator.path("key.txt");
    let public = operator.does(&["backup", "keygen", text(&key)]).trim_end().to_owned();
    (operator, key, public)
}

/// Runs the program `age`.
fn age(arguments: &[&str]) {
    let output = Command::new("age").args(arguments).output().expect("the program age is installed");
    assert!(output.status.success(), "age {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The key of the configuration encrypts what goes into the folder; the private key alone opens it, and `age` does, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_private_key_alone_opens_a_backup() {
    let server = Setup::new(Store::Sqlite).administered().start().await;
    let (operator, key, public) = with_keys(&server);
    assert!(public.starts_with("age1") && fs::read_to_string(&key).unwrap().contains(&public), "{public}");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let told = operator.fails(&["backup", "keygen", text(&key)]);
    assert!(told.contains("key.txt is there already"), "{told}");
    let other_key = operator.path("other.txt");
    let other_public = operator.does(&["backup", "keygen", text(&other_key)]);
    assert_ne!(other_public.trim_end(), public);

    let plain = operator.backs_up("plain.tar.zst");
    let operator = operator.with("backup.recipient", &public);
    server.customer().await.says("안녕하세요").await;
    let said = operator.does(&["backup", "create", "--with-secrets"]);
    let sealed = PathBuf::from(said.split(" (").next().unwrap());
    assert!(text(&sealed).ends_with("Z.tar.zst.age"), "{said}");
    assert!(fs::read(&sealed).unwrap().starts_with(b"age-encryption.org/v1\n"));
    assert_eq!(sealed.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let listed = operator.does(&["backup", "list"]);
    assert!(listed.contains("encrypted") && listed.contains(" KST"), "{listed}");

    let told = operator.fails(&["backup", "verify", text(&sealed)]);
    assert!(told.contains("is encrypted; name the file of its private key: `--identity FILE`"), "{told}");
    let told = operator.fails(&["backup", "restore", text(&sealed), "--identity", text(&other_key)]);
    assert!(told.contains("was encrypted to another public key than that of") && told.contains("other.txt"), "{told}");
    let told = operator.fails(&["backup", "verify", text(&sealed), "--identity", text(&plain)]);
    assert!(told.contains("plain.tar.zst"), "{told}");
    let good = operator.does(&["backup", "verify", text(&sealed), "--identity", text(&key)]);
    assert!(good.starts_with("good: "), "{good}");

    // One file may hold several keys, as after a change of them.
    let both = operator.path("both.txt");
    fs::write(&both, [&other_key, &key].map(|file| fs::read_to_string(file).unwrap()).concat()).unwrap();
    assert_eq!(operator.does(&["backup", "verify", text(&sealed), "--identity", text(&both)]), good);

    // There and back by the program age.
    let opened = operator.path("opened.tar.zst");
    age(&["-d", "-i", text(&key), "-o", text(&opened), text(&sealed)]);
    assert_eq!(operator.does(&["backup", "verify", text(&opened)]), good);
    let by_age = operator.path("by-age.tar.zst.age");
    age(&["-r", &public, "-o", text(&by_age), text(&opened)]);
    assert_eq!(operator.does(&["backup", "verify", text(&by_age), "--identity", text(&key)]), good);

    // From a file and from standard input.
    let before = Stored::of(&server).rows().await;
    let script = "\"$program\" backup create - --config \"$config\" > \"$2.piped\" &&
        \"$program\" backup verify - --identity \"$1\" < \"$2.piped\" &&
        head -c 21 \"$2.piped\" | grep -q age-encryption.org/v1 &&
        \"$program\" backup verify - --identity \"$1\" < \"$2\" &&
        \"$program\" backup restore - --to \"$3\" --identity \"$1\" < \"$2\"";
    let piped = operator.path("piped");
    let output = operator.scripts(script, &[text(&key), text(&sealed), text(&piped)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let direct = operator.path("direct");
    operator.does(&["backup", "restore", text(&sealed), "--to", text(&direct), "--identity", text(&key)]);
    for folder in [piped, direct] {
        assert_eq!(Stored::file(&folder.join("bank-aicc.db")).rows().await, before);
        let mut entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let configuration = entries.find(|path| text(path).contains("restored-configuration-")).unwrap();
        assert!(configuration.join("secrets/admin.token_file").exists(), "--with-secrets");
    }

    // Among those of its kind it is kept or removed by its time.
    let operator = operator.with("backup.keep", "1");
    // Its name tells the second.
    std::thread::sleep(Duration::from_millis(1_100));
    let said = operator.does(&["backup", "create"]);
    assert!(said.contains(&format!("removed {}", sealed.display())), "{said}");
    let told = operator.fails(&["backup", "create", text(&plain)]);
    assert!(told.contains("is there already"), "{told}");
}

/// One byte of it turned, or its end missing: it is not opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_encrypted_backup_is_refused() {
    let server = Setup::new(Store::Sqlite).start().await;
    let (operator, key, public) = with_keys(&server);
    let sealed = operator.path("sealed.tar.zst.age");
    operator.does(&["backup", "create", text(&sealed), "--recipient", &public]);
    let good = fs::read(&sealed).unwrap();
    let turned = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        bytes
    };
    // Of the header as text: the share of the recipient, and the sum of the header.
    let places = [60, 140, good.len() / 2, good.len() - 1];
    let bad = places.into_iter().map(turned).chain([good[..good.len() - 10].to_vec(), good[..30].to_vec()]);
    for (number, bytes) in bad.enumerate() {
        let file = operator.path("bad.age");
        fs::write(&file, bytes).unwrap();
        for command in [vec!["verify"], vec!["restore", "--to", text(&operator.path("to"))]] {
            let arguments: Vec<&str> =
                ["backup"].into_iter().chain(command).chain([text(&file), "--identity", text(&key)]).collect();
            let told = operator.fails(&arguments);
            let is_told = told.contains("is damaged") || told.contains("encrypted to another public key");
            assert!(is_told && told.contains("bad.age"), "{number}: {told}");
        }
        assert!(!operator.path("to").join("bank-aicc.db").exists(), "{number}");
    }
    let told = operator.fails(&["backup", "create", "--with-secrets", text(&operator.path("open.tar.zst"))]);
    assert!(told.contains("--with-secrets is for backups that are encrypted"), "{told}");
    let told = operator.fails(&["backup", "create", "--recipient", "age1nokey"]);
    assert!(told.contains("age1nokey is no public key of age"), "{told}");
    // Whoever takes the private key for the public one does not find it in a log.
    let private = fs::read_to_string(&key).unwrap().lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
    let told = operator.fails(&["backup", "create", "--recipient", &private]);
    assert!(told.contains("is a private key") && !told.contains(&private[..24]), "{told}");
    let output = operator.with("backup.recipient", &private).run(&["backup", "create"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "a configuration with an error: {told}");
    assert!(told.contains("is a private key") && !told.contains(&private[..24]), "{told}");
}
