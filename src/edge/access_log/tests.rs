//! The log as a whole, on real files.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use axum::http::Method;
use axum::http::Uri;
use axum::http::Version;
use flate2::read::GzDecoder;
use tempfile::TempDir;

use super::*;
use crate::domain::Timestamp;
use crate::edge::access_log::file::LogFile;
use crate::telemetry::Exposition;

const PATIENCE: Duration = Duration::from_secs(60);
const MONDAY: Timestamp = Timestamp::from_unix_ms(20_780 * 86_400_000);
const DAY: Duration = Duration::from_secs(86_400);
const NO_ROTATION: Rotation =
    Rotation { bytes_max: 0, age_max: Duration::ZERO, kept_files_max: 10, kept_age_max: Duration::ZERO };

fn config(target: &str, more: &str) -> Config {
    let text = format!("[edge.access_log]\ntarget = {target:?}\n{more}");
    Config::parse(&text, "test", std::iter::empty()).unwrap()
}

fn write(log: &AccessLog, path: &str) {
    let (method, uri): (Method, Uri) = (Method::GET, path.parse().unwrap());
    log.write(&Line {
        time: MONDAY,
        client: None,
        method: &method,
        uri: &uri,
        version: Version::HTTP_11,
        tls_version: "",
        status: 200,
        bytes_in: 0,
        bytes_out: 0,
        request_time: Duration::ZERO,
        upstream_time: None,
        user_agent: None,
        referer: None,
        request_id: "",
    });
}

#[track_caller]
fn eventually<T>(mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain");
        // The writer is a thread of its own and tells nobody when a line is in the file.
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The other files in a folder, oldest first, with what they hold.
fn finished(folder: &Path) -> Vec<(String, String)> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "access.log").collect();
    names.sort();
    let read = |name: String| {
        let bytes = fs::read(folder.join(&name)).unwrap();
        let mut text = String::new();
        if name.ends_with(".gz") {
            GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
        } else {
            text = String::from_utf8(bytes).unwrap();
        }
        (name, text)
    };
    names.into_iter().map(read).collect()
}

#[test]
fn a_moved_file_is_left_alone_once_it_is_reopened() {
    let folder = TempDir::new().unwrap();
    let (path, moved) = (folder.path().join("logs/access.log"), folder.path().join("logs/access.log.1"));
    let log = AccessLog::start(&config(path.to_str().unwrap(), ""), Clock::system(), &Metrics::new());
    write(&log, "/first");
    eventually(|| text(&path).contains("/first").then_some(()));
    fs::rename(&path, &moved).unwrap();
    log.reopen();
    write(&log, "/second");
    log.close();
    assert!(text(&path).contains("/second") && !text(&path).contains("/first"));
    assert!(!text(&moved).contains("/second"));
    drop(log);

    let log = AccessLog::start(&config(path.to_str().unwrap(), ""), Clock::system(), &Metrics::new());
    write(&log, "/third");
    eventually(|| text(&path).contains("/third").then_some(()));
    fs::remove_dir_all(folder.path().join("logs")).unwrap();
    eventually(|| {
        write(&log, "/fourth");
        text(&path).contains("/fourth").then_some(())
    });
}

#[test]
fn a_full_disk_is_counted_and_closing_does_not_hang() {
    let metrics = Metrics::new();
    let log = AccessLog::start(&config("/dev/full", ""), Clock::system(), &metrics);
    for _ in 0..10 {
        write(&log, "/");
    }
    log.close();
    let told = metrics.snapshot(Exposition::Text);
    assert!(told.contains("edge_access_log_lines_dropped_total{reason=\"write\"} 10\n"), "{told}");
    assert!(told.contains("edge_access_log_lines_total 0\n"), "{told}");
}

#[test]
fn a_reload_moves_the_log_and_changes_its_format() {
    let folder = TempDir::new().unwrap();
    let [before, after] = ["a/access.log", "b/access.log"].map(|name| folder.path().join(name));
    let log = AccessLog::start(&config(before.to_str().unwrap(), ""), Clock::system(), &Metrics::new());
    write(&log, "/before");
    eventually(|| text(&before).starts_with("{\"time\":").then_some(()));
    log.reload(&config(after.to_str().unwrap(), "format = \"combined\"\nskip_static = false"));
    assert!(log.takes(true));
    write(&log, "/after");
    log.close();
    assert!(text(&after).starts_with("- - - [23/Nov/2026:00:00:00 +0000] \"GET /after HTTP/1.1\" 200 0"));
    log.reload(&config("stdout", "[log]\naccess = false"));
    assert!(!log.takes(false));
}

#[test]
fn a_file_is_finished_when_it_is_large_and_old_ones_are_removed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("access.log");
    fs::write(folder.path().join("access.log.1"), "not ours\n").unwrap();
    let rotation = Rotation { bytes_max: 20, kept_files_max: 3, ..NO_ROTATION };
    let clock = Clock::manual(MONDAY);
    let mut file = LogFile::new(path.clone(), clock.clone());
    for number in 0..6 {
        // Two lines are 22 bytes, so each pair is a file. The clock stands still for pairs.
        file.write(format!("line {number:03}-a\n").as_bytes(), &rotation).unwrap();
        file.write(format!("line {number:03}-b\n").as_bytes(), &rotation).unwrap();
        file.wait();
        if number % 2 == 1 {
            clock.advance(Duration::from_secs(1));
        }
    }
    assert_eq!(text(&path), "line 005-a\nline 005-b\n");
    file.write(b"last\n", &rotation).unwrap();
    file.wait();
    let expected = [
        ("access.log.1", "not ours\n"),
        ("access.log.20261123T000002.000Z.gz", "line 003-a\nline 003-b\n"),
        ("access.log.20261123T000002.001Z.gz", "line 004-a\nline 004-b\n"),
        ("access.log.20261123T000003.000Z.gz", "line 005-a\nline 005-b\n"),
    ];
    let found = finished(folder.path());
    let contents: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(contents, expected.map(|(_, text)| text), "{found:?}");
    assert!(found.iter().skip(1).all(|(name, _)| name.ends_with("Z.gz")), "{found:?}");
}

#[test]
fn a_file_is_finished_when_it_is_old_also_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("access.log");
    let rotation = Rotation { age_max: DAY, kept_age_max: DAY * 2, ..NO_ROTATION };
    // Files are made by the system's clock, so this one starts there.
    let clock = Clock::manual(Clock::system().now());
    let mut before = LogFile::new(path.clone(), clock.clone());
    before.write(b"first day\n", &rotation).unwrap();
    before.wait();
    let mut file = LogFile::new(path, clock.clone());
    file.write(b"first day\n", &rotation).unwrap();
    file.wait();
    for day in ["second", "third", "fourth"] {
        clock.advance(DAY + Duration::from_secs(60));
        file.write(format!("{day} day\n").as_bytes(), &rotation).unwrap();
        file.wait();
        if day == "second" {
            assert_eq!(finished(folder.path())[0].1, "first day\nfirst day\n");
        }
    }
    let left: Vec<String> = finished(folder.path()).into_iter().map(|(_, text)| text).collect();
    assert_eq!(left, ["second day\n", "third day\n"], "the first was finished more than two days ago");
}

#[test]
fn what_an_earlier_run_left_undone_is_done() {
    let folder = TempDir::new().unwrap();
    for (name, text) in
        [("access.log.20261122T000000.000Z", "left\n"), ("access.log.20261121T000000.000Z.gz.part", "half")]
    {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut file = LogFile::new(folder.path().join("access.log"), Clock::manual(MONDAY));
    file.write(b"now\n", &NO_ROTATION).unwrap();
    file.wait();
    assert_eq!(finished(folder.path()), [("access.log.20261122T000000.000Z.gz".to_owned(), "left\n".to_owned())]);
}
