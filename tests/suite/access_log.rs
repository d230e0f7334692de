//! The access log: what a line says, where it goes, and that nothing that happens to it stops the serving.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::Value;
use serde_json::json;

use crate::support::Http;
use crate::support::Program;
use crate::support::Raw;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Site;
use crate::support::Store;
use crate::support::eventually;
use crate::support::soon;

/// Below the data folder.
const FILE: &str = "logs/access.log";

fn logging(target: &str) -> Setup {
    Setup::new(Store::Sqlite).with("log.access", "true").with("edge.access_log.target", target)
}

fn path(server: &Server) -> PathBuf {
    server.folder().join(FILE)
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The line of a request, once it is there.
async fn line_of(server: &Server, request_id: &str) -> Value {
    let path = path(server);
    eventually("a line in the access log", async || {
        let line = lines(&path).into_iter().find(|line| line.contains(request_id))?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    })
    .await
}

async fn dropped(server: &Server, reason: &str) -> u64 {
    let metrics = server.http().get("/metrics").await;
    let name = format!("edge_access_log_lines_dropped_total{{reason=\"{reason}\"}} ");
    let metrics = metrics.text();
    let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
    value.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

/// A line has the members existing collectors know, and what is ours beside them, and counts the bytes both ways.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_tells_one_request() {
    let server = logging(FILE).start().await;
    let body = json!({"session_id": "seen", "user_message": "안녕하세요"});
    let request = server.http().request("POST", "/api/v1/chat/message?lang=ko&token=hunter2");
    let request =
        request.header("user-agent", "curl/\"8\"").header("referer", "https://bank.example/?code=hunter2&a=1");
    let answer = server.http().send(request.json(&body)).await;
    let mut line = line_of(&server, &answer.header("x-request-id")).await;
    assert!(line["request_time"].take().as_f64().is_some_and(|seconds| seconds < 60.0));
    let expected = json!({
        "time": "2026-11-23T00:00:00+00:00", "remote_addr": "127.0.0.1", "request_method": "POST",
        "request_uri": "/api/v1/chat/message?lang=ko&token=***", "status": 200,
        "body_bytes_sent": answer.body.len(), "request_time": null, "upstream_response_time": "-",
        "http_user_agent": "curl/\"8\"", "http_referer": "https://bank.example/?code=***&a=1",
        "request_id": answer.header("x-request-id"), "protocol": "HTTP/1.1", "tls_version": "",
        "bytes_in": body.to_string().len(),
    });
    assert_eq!(line, expected);
    let text = fs::read_to_string(path(&server)).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("안녕하세요"), "{text}");
}

/// Refusals have their line as well; files, pictures and monitoring have none unless they are asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_monitoring_are_left_out_as_configured() {
    for (skips, expected) in [
        ("true", &["/x/LOGO.PNG", "/nowhere", "/health"][..]),
        ("false", &["/widget.js", "/x/LOGO.PNG", "/nginx_status", "/metrics", "/nowhere", "/health"]),
    ] {
        let server = logging(FILE).with("edge.access_log.skip_static", skips).start().await;
        for path in ["/widget.js", "/x/LOGO.PNG", "/nginx_status", "/metrics", "/nowhere", "/health"] {
            server.http().get(path).await;
        }
        let file = path(&server);
        let logged = eventually("the last line", async || {
            let lines: Vec<Value> = lines(&file).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
            lines.iter().any(|line| line["request_uri"] == "/health").then_some(lines)
        })
        .await;
        let paths: Vec<&str> = logged.iter().map(|line| line["request_uri"].as_str().unwrap()).collect();
        // The suite's own client asked for the greeting first.
        assert_eq!(paths.strip_prefix(&["/api/v1/greeting"]).unwrap(), expected);
        assert!(logged.iter().any(|line| line["request_uri"] == "/nowhere" && line["status"] == 404));
    }
}

/// A client that goes away before it is answered is 499, as nginx has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_is_499() {
    let server = logging(FILE).start().await;
    let hold = server.hold_writes().await;
    let body = json!({"session_id": "leaving", "user_message": "안녕하세요"}).to_string();
    let head = "POST /api/v1/chat/message?gone HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    let mut raw = Raw::connect(server.address()).await;
    assert!(raw.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await);
    eventually("the request is under way", async || {
        server.http().get("/nginx_status").await.text().contains("Writing: 2 ").then_some(())
    })
    .await;
    drop(raw);
    let line = line_of(&server, "?gone").await;
    assert_eq!((&line["status"], &line["body_bytes_sent"]), (&json!(499), &json!(0)));
    assert_eq!(line["bytes_in"], body.len());
    drop(hold);
}

/// `combined` is what log analysers read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn combined_lines_are_combined() {
    let server = logging(FILE).with("edge.access_log.format", "combined").start().await;
    server.http().send(server.http().request("GET", "/health?a=\"b").header("user-agent", "one")).await;
    let file = path(&server);
    let line = eventually("the line", async || lines(&file).into_iter().find(|line| line.contains("/health"))).await;
    let (before, after) = line.split_once(" 200 ").unwrap();
    assert_eq!(before, "127.0.0.1 - - [23/Nov/2026:00:00:00 +0000] \"GET /health?a=%22b HTTP/1.1\"");
    assert!(after.ends_with(" \"-\" \"one\"") && after.split(' ').next().unwrap().parse::<u32>().is_ok(), "{line}");
}

/// A full disk: everybody is served, and what was lost is counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_nothing() {
    let server = logging("/dev/full").start().await;
    for _ in 0..50 {
        server.http().get("/health").await.expect(200);
    }
    eventually("all is counted", async || (dropped(&server, "write").await == 51).then_some(())).await;
    server.customer().await.says("안녕하세요").await;
}

/// A queue that is full: everybody is served, and what was lost is counted. The disk is a pipe that nobody reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_stops_nothing() {
    let server = logging(FILE).with("edge.access_log.queue_bytes_max", "64KiB").start().await;
    let file = path(&server);
    eventually("the file", async || file.exists().then_some(())).await;
    fs::remove_file(&file).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    // Opening a pipe waits for its reader: the writer hangs from here on.
    let agent = "a".repeat(4_000);
    eventually("lines are dropped", async || {
        let request = server.http().request("GET", "/health").header("user-agent", &agent);
        server.http().send(request).await.expect(200);
        (dropped(&server, "queue").await > 0).then_some(())
    })
    .await;
    server.customer().await.says("안녕하세요").await;
    // A reader comes at last, and gets the lines that found room.
    let reading = tokio::task::spawn_blocking(move || {
        let mut text = [0; 1 << 16];
        let count = fs::File::open(file).unwrap().read(&mut text).unwrap();
        String::from_utf8_lossy(&text[..count]).into_owned()
    });
    assert!(soon("the lines", reading).await.unwrap().contains("/health"));
}

/// The file or its whole folder vanishes: it is made anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_vanishes_is_made_anew() {
    let server = logging(FILE).start().await;
    let file = path(&server);
    eventually("the file", async || file.exists().then_some(())).await;
    let moved = server.folder().join("moved");
    fs::rename(file.parent().unwrap(), &moved).unwrap();
    eventually("a new file with a line", async || {
        server.http().get("/health").await.expect(200);
        lines(&file).iter().any(|line| line.contains("/health")).then_some(())
    })
    .await;
    fs::remove_dir_all(moved).unwrap();
}

/// Files are finished by size, compressed, and only so many are kept; every line is in one of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_finished_compressed_and_removed() {
    let server = logging(FILE)
        .with("edge.access_log.file_bytes_max", "2KiB")
        .with("edge.access_log.kept_files_max", "2")
        .start()
        .await;
    let folder = path(&server).parent().unwrap().to_owned();
    let packed = eventually("two compressed files and no more", async || {
        server.http().get("/health").await.expect(200);
        let names = fs::read_dir(&folder).ok()?.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let packed: Vec<String> = names.filter(|name| name.ends_with("Z.gz")).collect();
        // The clock stands still, so the third file of the second is 2 ms later by name.
        packed.iter().any(|name| name.contains("T000000.002Z")).then_some(packed).filter(|packed| packed.len() == 2)
    })
    .await;
    for name in packed {
        let mut text = String::new();
        GzDecoder::new(&*fs::read(folder.join(name)).unwrap()).read_to_string(&mut text).unwrap();
        assert!(text.len() >= 2048 && text.ends_with("}\n"), "{text}");
        assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{text}");
    }
}

/// Without a place of its own a line is one of the program's log, as JSON or as text; or on standard output.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_go_into_the_programs_log_or_to_standard_output() {
    let site = Site::new("");
    let serve = |environment: &[(&str, &str)]| Program::start(&["serve", "--config", site.config()], environment);
    let program = serve(&[]);
    Http::at(program.address()).get("/health?a=1").await.expect(200);
    let line = loop {
        let line: Value = serde_json::from_str(&program.log_line()).unwrap();
        if line["target"] == "access" {
            break line;
        }
    };
    assert_eq!((&line["request_uri"], &line["status"]), (&json!("/health?a=1"), &json!(200)));
    assert_eq!(
        (&line["level"], &line["message"], &line["protocol"]),
        (&json!("INFO"), &json!("request"), &json!("HTTP/1.1"))
    );
    drop(program);

    let program = serve(&[("BANK_AICC__LOG__FORMAT", "text")]);
    Http::at(program.address()).get("/health?a=1").await.expect(200);
    let line = std::iter::repeat_with(|| program.log_line()).find(|line| line.contains(" access: ")).unwrap();
    assert!(line.contains("INFO access: 127.0.0.1 \"GET /health?a=1 HTTP/1.1\" 200 "), "{line}");
    drop(program);

    let mut program =
        serve(&[("BANK_AICC__EDGE__ACCESS_LOG__TARGET", "stdout"), ("BANK_AICC__LOG__LEVEL", "info,access=error")]);
    Http::at(program.address()).get("/health?a=1").await.expect(200);
    let line: Value = serde_json::from_str(&program.printed("/health")).unwrap();
    assert_eq!(line["request_uri"], "/health?a=1");
    program.signal("TERM");
    let (status, log) = program.ended();
    assert!(status.success() && !log.iter().any(|line| line.contains("/health")), "{log:#?}");
}

/// The last lines before the end are written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_lines_are_written_at_the_end() {
    let server = logging(FILE).start().await;
    server.http().get("/health?last").await.expect(200);
    let folder = server.stop();
    assert!(lines(&folder.path().join(FILE)).iter().any(|line| line.contains("/health?last")));
}

/// logrotate moves the file away and sends SIGUSR1, or SIGHUP: from then on lines go into a new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_opened_anew_on_a_signal() {
    let site = Site::new("edge.access_log.target = \"logs/access.log\"\n");
    let program = Program::start(&["serve", "--config", site.config()], &[]);
    let http = Http::at(program.address());
    let file = site.folder().join("data").join(FILE);
    for signal in ["USR1", "HUP"] {
        let (before, after) = (format!("/health?before-{signal}"), format!("/health?after-{signal}"));
        http.get(&before).await.expect(200);
        eventually("a line", async || lines(&file).iter().any(|line| line.contains(&before)).then_some(())).await;
        let moved = file.with_extension(signal);
        fs::rename(&file, &moved).unwrap();
        program.signal(signal);
        program.logged("again");
        http.get(&after).await.expect(200);
        eventually("a new file", async || lines(&file).iter().any(|line| line.contains(&after)).then_some(())).await;
        assert!(!lines(&moved).iter().any(|line| line.contains(&after)));
    }
}

async fn written(http: &Http) -> u64 {
    let metrics = http.get("/metrics").await.text();
    let count = metrics.lines().find_map(|line| line.strip_prefix("edge_access_log_lines_total "));
    count.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

/// The level of the log changes with SIGHUP, and whether there is an access log at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_changes_what_is_logged() {
    let site = Site::new("log.level = \"info\"\nlog.access = false\n");
    let mut program = Program::start(&["serve", "--config", site.config()], &[]);
    let http = Http::at(program.address());
    http.get("/health?first").await.expect(200);
    site.set("log.level = \"info\"\n");
    program.signal("HUP");
    program.logged("the configuration was read again");
    http.get("/health?second").await.expect(200);
    program.logged("/health?second");
    site.set("log.level = \"error\"\n");
    program.signal("HUP");
    // The new level also silences the line that says so; what is written is counted.
    let mut seen = written(&http).await;
    eventually("silence", async || {
        http.get("/health?third").await.expect(200);
        // A line comes within the tenth of a second that lines are let gather.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let before = std::mem::replace(&mut seen, written(&http).await);
        (before == seen).then_some(())
    })
    .await;
    program.signal("TERM");
    let (status, log) = program.ended();
    assert!(status.success());
    assert!(!log.iter().any(|line| line.contains("stopped") || line.contains("first")), "{log:#?}");
}

/// A path may end like a file's, so only files that were read leave no line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_logged_whatever_the_path_looks_like() {
    let server = logging(FILE).start().await;
    let http = server.http();
    assert_eq!(http.get("/widget.js").await.status, 200);
    assert_eq!(http.get("/api/v1/sessions/guess.png").await.status, 404);
    assert_eq!(http.post_nothing("/widget.js").await.status, 405);
    let folder = server.stop();
    let lines = lines(&folder.path().join(FILE));
    let is_there = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(
        is_there("guess.png") && is_there("POST") && !is_there("\"GET\",\"request_uri\":\"/widget.js\""),
        "{lines:#?}"
    );
}
