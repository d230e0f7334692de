//! What is carried to a machine with no network: taken if it is as it was signed, and refused with the reason if not.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::Program;

/// A folder with packages, a key, and the bundle that `packaging/bundle` made of them.
struct Release {
    folder: TempDir,
}

impl Release {
    fn new() -> Self {
        let release = Self { folder: tempfile::tempdir().unwrap() };
        for (name, size) in [("bank-aicc_9.deb", 100_000), ("bank-aicc-9.rpm", 512), ("bank-aicc-9.tar.gz", 0)] {
            fs::write(release.path(name), "text ".repeat(size / 5)).unwrap();
        }
        release.make_key("own");
        release.run(&root().join("packaging/bundle"), &[release.folder.path().to_str().unwrap()]);
        release.list_packages("own", "bank-aicc 9");
        release
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bundle(&self) -> PathBuf {
        self.path(&format!("bank-aicc-{}-airgap.bundle", env!("CARGO_PKG_VERSION")))
    }

    fn make_key(&self, name: &str) {
        let (public, secret) = (self.path(&format!("{name}.pub")), self.path(name));
        let arguments = ["-G", "-W", "-f", "-p", public.to_str().unwrap(), "-s", secret.to_str().unwrap()];
        self.run(Path::new("minisign"), &arguments);
    }

    /// Signs the packages beside the bundle, as `packaging/build` does.
    fn list_packages(&self, key: &str, comment: &str) {
        let script = "sha256sum bank-aicc_9.deb bank-aicc-9.rpm bank-aicc-9.tar.gz > SHA256SUMS";
        self.run(Path::new("sh"), &["-c", script]);
        self.run(Path::new("minisign"), &["-S", "-s", key, "-m", "SHA256SUMS", "-t", comment]);
    }

    fn run(&self, program: &Path, arguments: &[&str]) {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).env("BANK_AICC_SIGNING_KEY", self.path("own"));
        let output = command.output().unwrap_or_else(|error| {
            panic!("{}: {error}; tests/run installs what the tests need", program.display());
        });
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {arguments:?}: {told}", program.display());
    }

    /// Exit status and what was said.
    fn verify(&self, file: &Path, key: &str) -> (Option<i32>, String) {
        let key = self.path(&format!("{key}.pub"));
        let output = Program::run(&["verify", file.to_str().unwrap(), "--key", key.to_str().unwrap()], &[]);
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).unwrap())
    }

    /// The bundle, changed.
    fn changed(&self, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
        let mut bytes = fs::read(self.bundle()).unwrap();
        change(&mut bytes);
        let path = self.path("changed.bundle");
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_bundle_is_taken_as_it_was_signed() {
    let release = Release::new();
    let (status, told) = release.verify(&release.bundle(), "own");
    assert!(status == Some(0) && told.contains(&format!("bank-aicc {}", env!("CARGO_PKG_VERSION"))), "{told}");
    // What was looked at is what unpacks, with the tools of every system.
    let unpacked = release.path("unpacked");
    fs::create_dir(&unpacked).unwrap();
    let bundle = release.bundle();
    let script = format!("tar -xf {} -C unpacked && cd unpacked && sha256sum --quiet -c SHA256SUMS", bundle.display());
    release.run(Path::new("sh"), &["-c", &script]);
    for name in [
        "bank-aicc_9.deb",
        "docs/operating.md",
        "demo-pack/pack.toml",
        "demo-pack/documents/faq/은행-업무-자주-묻는-질문.csv",
    ] {
        assert!(unpacked.join(name).exists(), "{name}");
    }
    // The key as its line, too.
    let key = fs::read_to_string(release.path("own.pub")).unwrap();
    let line = key.lines().nth(1).unwrap();
    assert!(Program::run(&["verify", bundle.to_str().unwrap(), "--key", line], &[]).status.success());
}

#[test]
fn a_bundle_that_is_not_as_it_was_signed_is_refused() {
    let release = Release::new();
    release.make_key("other");
    let refused = |file: &Path, key: &str, reason: &str| {
        let (status, told) = release.verify(file, key);
        assert!(status == Some(3) && told.contains("REFUSED") && told.contains(reason), "{reason}: {status:?} {told}");
    };
    refused(&release.bundle(), "other", "another key than");
    let size = fs::metadata(release.bundle()).unwrap().len() as usize;
    // Wherever it is cut: within a header, at its end, within a file, before the archive's end.
    for kept in [100, 512, 600, size / 2 / 512 * 512, size / 2 + 7, size - 20_480] {
        let cut = release.changed(|bytes| bytes.truncate(kept));
        let (status, told) = release.verify(&cut, "own");
        let reason = if kept < 512 { "it does not begin as an archive does" } else { "it is cut off" };
        assert!(status == Some(3) && told.contains(reason), "{kept}: {status:?} {told}");
    }
    let at = |bytes: &[u8], text: &str| bytes.windows(text.len()).position(|found| found == text.as_bytes()).unwrap();
    refused(&release.changed(|bytes| bytes[size / 2] ^= 1), "own", "not the checksum that was signed");
    refused(
        &release.changed(|bytes| {
            let sum = at(bytes, "  bank-aicc_9.deb") - 1;
            bytes[sum] = if bytes[sum] == b'0' { b'1' } else { b'0' };
        }),
        "own",
        "SHA256SUMS.minisig does not fit SHA256SUMS",
    );
    refused(&release.changed(|bytes| bytes.extend(b"more")), "own", "something follows its end");
    refused(&release.changed(|bytes| *bytes = b"no archive".repeat(1000)), "own", "no bundle of bank-aicc");
    refused(&release.changed(|bytes| drop(bytes.drain(..1024))), "own", "SHA256SUMS.minisig is not where it should be");
}

/// Archives that `tar` would make more of than the list says.
#[test]
fn a_bundle_with_something_else_in_it_is_refused() {
    let release = Release::new();
    let bundle = release.bundle();
    for (change, reason) in [
        ("echo more > more; tar --format=ustar -rf changed.bundle more", "more is not in its list"),
        ("mkdir folder; tar --format=ustar -rf changed.bundle folder", "no plain file"),
        ("ln -s /etc/passwd link; tar --format=ustar -rf changed.bundle link", "no plain file"),
        ("tar --format=ustar -rf changed.bundle bank-aicc_9.deb", "is there twice"),
        ("echo x > x; tar --format=ustar -P --transform=s,x,/etc/x, -rf changed.bundle x", "no plain file"),
        ("echo x > x; tar --format=ustar -P --transform=s,x,../x, -rf changed.bundle x", "no plain file"),
        ("tar --delete -f changed.bundle bank-aicc-9.rpm", "bank-aicc-9.rpm is in its list and not in it"),
    ] {
        release.run(Path::new("sh"), &["-c", &format!("cp {} changed.bundle; {change}", bundle.display())]);
        let (status, told) = release.verify(&release.path("changed.bundle"), "own");
        assert!(status == Some(3) && told.contains(reason), "{change}: {status:?} {told}");
    }
}

#[test]
fn packages_are_compared_with_the_list_beside_them() {
    let release = Release::new();
    let (package, list) = (release.path("bank-aicc_9.deb"), release.path("SHA256SUMS"));
    for (file, count) in [(&package, "1 file compared"), (&list, "3 files compared")] {
        let (status, told) = release.verify(file, "own");
        assert!(status == Some(0) && told.contains(count), "{told}");
    }
    let refused = |file: &Path, reason: &str| {
        let (status, told) = release.verify(file, "own");
        assert!(status == Some(3) && told.contains(reason), "{reason}: {status:?} {told}");
    };
    refused(&release.path("own.pub"), "does not name own.pub");
    fs::write(&package, "something else").unwrap();
    refused(&package, "bank-aicc_9.deb has not the checksum");
    refused(&list, "bank-aicc_9.deb has not the checksum");
    // Good by its signature, and of something else.
    release.list_packages("own", "another program 9");
    refused(&package, "signed as \"another program 9\"");
    release.make_key("other");
    release.list_packages("other", "bank-aicc 9");
    refused(&package, "another key than");
    // What cannot be looked at is not called bad.
    fs::remove_file(&list).unwrap();
    let (status, told) = release.verify(&package, "own");
    assert!(status == Some(1) && told.contains("SHA256SUMS cannot be read"), "{told}");
}

#[test]
fn without_a_key_it_says_so() {
    let file = root().join("LICENSE");
    let verify = |more: &[&str]| {
        let arguments = [&["verify", file.to_str().unwrap()], more].concat();
        let output = Program::run(&arguments, &[]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    if option_env!("BANK_AICC_RELEASE_KEY").is_none() {
        let (status, told) = verify(&[]);
        assert!(status == Some(1) && told.contains("--key"), "{told}");
    }
    let (status, told) = verify(&["--key", "/nowhere"]);
    assert!(status == Some(1) && told.contains("/nowhere is neither"), "{told}");
    let (status, told) = verify(&["--key", file.to_str().unwrap()]);
    assert!(status == Some(1) && told.contains("holds no minisign public key"), "{told}");
}
