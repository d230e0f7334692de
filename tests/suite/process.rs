//! The built program: its commands, its first words, its signals, and what it does with what others left behind.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::Authority;
use crate::support::Customer;
use crate::support::Http;
use crate::support::Program;
use crate::support::Raw;
use crate::support::Site;
use crate::support::demo_pack;
use crate::support::eventually;

const QUESTION: &str = "가온 신용대출 금리가 지금 몇 퍼센트인가요?";
/// Set, `web/openapi.json` is written anew instead of compared.
const UPDATE_VARIABLE: &str = "UPDATE";

/// The earlier system's guide against `demo`: health, a question over HTTP. Its data go with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_says_where_it_listens_answers_and_leaves_nothing() {
    let mut demo = Program::start(&["demo", "--listen", "127.0.0.1:0"], &[]);
    let http = Http::at(demo.address());
    let data = demo.printed("Data:");
    let folder = PathBuf::from(data.trim().strip_prefix("Data:").unwrap().split('(').next().unwrap().trim());
    assert!(folder.is_dir(), "{data}");
    http.get("/health").await.expect(200);
    http.until_ready().await;
    let reply = Customer::named(&http, "test_session_001").says("대출 금리가 얼마인가요?").await;
    assert!(!reply.cited().is_empty(), "{:#}", reply.0);
    assert_eq!(http.get("/").await.status, 200, "the screen");
    demo.signal("TERM");
    assert!(demo.ended().0.success());
    assert!(!folder.exists(), "thrown away");
}

/// A demo whose port is taken says so and takes a free one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_takes_a_free_port_when_its_port_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut demo = Program::start(&["demo", "--listen", &format!("127.0.0.1:{port}")], &[]);
    let address = demo.address();
    assert_ne!(address.port(), port);
    demo.printed(&port.to_string());
    Http::at(address).get("/health").await.expect(200);
    demo.signal("TERM");
    assert!(demo.ended().0.success());
}

/// With `--data` a demo keeps its data, and finds them again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_keeps_its_data_in_a_named_folder() {
    let folder = TempDir::new().unwrap();
    let arguments = ["demo", "--listen", "127.0.0.1:0", "--data", folder.path().to_str().unwrap()];
    for expected in [2, 4] {
        let mut demo = Program::start(&arguments, &[]);
        let http = Http::at(demo.address());
        http.until_ready().await;
        let customer = Customer::named(&http, "kept");
        customer.says("안녕하세요").await;
        assert_eq!(customer.history().await.len(), expected);
        demo.signal("INT");
        assert!(demo.ended().0.success());
    }
}

/// A demo lets everybody in, so it refuses the network, with a word on what to do; localhost is this machine.
#[test]
fn a_demo_is_for_this_machine_alone() {
    for (address, expected) in [("0.0.0.0:0", "on this machine alone"), ("nowhere", "an IP address and a port")] {
        let output = Program::run(&["demo", "--listen", address], &[]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    let mut demo = Program::start(&["demo", "--listen", "localhost:0"], &[]);
    assert!(demo.address().ip().is_loopback());
    demo.signal("TERM");
    demo.ended();
}

/// The first line of `serve`'s log says where it listens, as JSON; the environment overrules the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_does_what_its_configuration_says() {
    let site = Site::new("api.legacy_clients = true\n");
    let program =
        Program::start(&["serve", "--config", site.config()], &[("BANK_AICC__API__LIMITS__MESSAGE_CHARS_MAX", "5")]);
    let line: Value = serde_json::from_str(&program.log_line()).unwrap();
    let message = line["message"].as_str().unwrap();
    let address = message.strip_prefix("listening on http://").unwrap().parse().unwrap();
    let http = Http::at(address);
    let reply = Customer::named(&http, "a").says("여섯 글자예요").await;
    assert!(reply.text().contains("5자"), "{}", reply.text());
    let without_pack = Customer::named(&http, "a").says("대출 금리").await;
    assert_eq!(without_pack.cited(), [""; 0]);
}

/// A port that is taken is the end of `serve`, and it says which.
#[test]
fn serve_says_which_port_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let site = Site::new("");
    let output = Program::run(&["serve", "--config", site.config()], &[("BANK_AICC__SERVER__LISTEN", &address)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&address), "{}", stderr(&output));
}

/// `check` names everything that is wrong at once, each with its line and key; `serve` refuses the same.
#[test]
fn check_names_everything_that_is_wrong_with_its_line() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.toml");
    let text = "[server]\nlisten = [\"127.0.0.1:0\"]\nworker_thread = 2\n\n[api.limits]\nmessage_chars_max = \"many\"\n\
        message_chars_min = 0\n\n[nonsense]\na = 1\n";
    fs::write(&file, text).unwrap();
    let config = file.to_str().unwrap();
    for command in ["check", "serve"] {
        let output = Program::run(&[command, "--config", config], &[("BANK_AICC__LOG__LEVL", "info")]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        let said = stderr(&output);
        for (line, key) in [
            (3, "server.worker_thread"),
            (6, "api.limits.message_chars_max"),
            (7, "api.limits.message_chars_min"),
            (9, "nonsense"),
        ] {
            let place = format!("{config}:{line}: ");
            assert!(said.lines().any(|said| said.starts_with(&place) && said.contains(key)), "{place}{key}\n{said}");
        }
        assert!(said.contains("BANK_AICC__LOG__LEVL") && said.contains("5 errors"), "{said}");
    }
}

/// `check` prints what is in effect and where it comes from, but no secret.
#[test]
fn check_prints_what_is_in_effect_but_no_secret() {
    let site = Site::new("storage.url = \"mysql://aicc:hunter2@db.bank.example:3306/aicc\"\n");
    let output = Program::run(&["check", "--config", site.config()], &[("BANK_AICC__LOG__LEVEL", "debug")]);
    let shown = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(shown.contains("level = \"debug\" # environment BANK_AICC__LOG__LEVEL"), "{shown}");
    assert!(shown.contains("mysql://aicc:***@db.bank.example:3306/aicc"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!site.folder().join("data").exists(), "it changes nothing");
}

/// `check` tries what the configuration names: a data folder that cannot be written to and a pack that cannot be read are
/// told with their places, and nothing is left behind.
#[test]
fn check_tries_the_data_folder_and_the_pack() {
    let site = Site::new("knowledge.pack = \"pack\"\n");
    let check = |environment: &[(&str, &str)]| Program::run(&["check", "--config", site.config()], environment);
    let pack = demo_pack();
    let output = check(&[("BANK_AICC__KNOWLEDGE__PACK", pack.to_str().unwrap())]);
    assert!(output.status.success(), "{}", stderr(&output));

    // Below a file there can be no folder.
    let below_file = format!("{}/data", site.config());
    let output = check(&[("BANK_AICC__SERVER__DATA_DIR", &below_file)]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains(&format!("{}:5: knowledge.pack: reading {below_file}/pack: ", site.config())), "{said}");
    let expected = format!("BANK_AICC__SERVER__DATA_DIR: server.data_dir: {below_file} cannot be written to: ");
    assert!(said.contains(&expected) && said.contains("2 errors"), "{said}");
    let left: Vec<_> = fs::read_dir(site.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["config.toml"], "it changes nothing");
}

/// `check` reads the certificates that the configuration names, and says of each what is wrong with it.
#[test]
fn check_reads_the_certificates_that_are_named() {
    let site = Site::new("");
    let (authority, other) = (Authority::new("ours"), Authority::new("another"));
    authority.write(site.folder(), "good", &["a.example"], 30);
    authority.write(site.folder(), "old", &["a.example"], -1);
    other.write(site.folder(), "strange", &["b.example"], 30);
    fs::write(site.folder().join("ca.pem"), authority.pem()).unwrap();
    fs::write(site.folder().join("cut.pem"), &authority.pem()[..200]).unwrap();
    let check = |authorities: [&str; 3], certificate: &str, key: &str| {
        let path = |name: &str| site.folder().join(name).display().to_string();
        let [behind, issuing, clients] = authorities.map(path);
        site.set(&format!(
            "[[edge.proxy]]\nprefix = \"/old\"\nupstreams = [\"https://10.0.0.7\"]\nca_file = \"{behind}\"\n\
             [[edge.site]]\nnames = [\"a.example\"]\nsource = \"files\"\ncertificate_file = \"{}\"\nkey_file = \"{}\"\n\
             [edge.acme]\nca_file = \"{issuing}\"\n[edge.client_certificates]\nca_file = \"{clients}\"\n",
            path(certificate),
            path(key),
        ));
        let output = Program::run(&["check", "--config", site.config()], &[]);
        (output.status.code(), stderr(&output))
    };
    let ca = ["ca.pem"; 3];
    assert_eq!(check(ca, "good.pem", "good.key").0, Some(0));
    let (status, said) = check(["nowhere.pem", "cut.pem", "good.key"], "strange.pem", "good.key");
    assert_eq!(status, Some(2), "{said}");
    for (line, key, why) in [
        (8, "edge.proxy.1.ca_file", "nowhere.pem: No such file"),
        (12, "edge.site.1.certificate_file", "good.key is not the key of the first certificate in "),
        (15, "edge.acme.ca_file", "cut.pem: "),
        (17, "edge.client_certificates.ca_file", "good.key: it holds no certificate; allowed: a PEM file"),
    ] {
        let place = format!("{}:{line}: {key}: ", site.config());
        assert!(said.lines().any(|said| said.starts_with(&place) && said.contains(why)), "{place}{why}\n{said}");
    }
    for (certificate, key, why) in [
        ("old.pem", "old.key", "old.pem has expired on "),
        ("strange.pem", "strange.key", "strange.pem is for b.example, not for a.example; "),
    ] {
        let (status, said) = check(ca, certificate, key);
        assert!(status == Some(2) && said.contains(why) && said.contains("1 error in"), "{said}");
    }
}

/// A configuration that is not there is named, with the reason.
#[test]
fn a_configuration_that_is_not_there_is_named() {
    for command in [&["serve"][..], &["check"], &["knowledge", "list"]] {
        let output = Program::run(&[command, &["--config", "/nonexistent/config.toml"]].concat(), &[]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("/nonexistent/config.toml"), "{}", stderr(&output));
    }
}

/// A pack is imported, listed and searched; a broken one changes nothing and says what is wrong with each file.
#[test]
fn a_pack_is_imported_listed_and_searched() {
    let site = Site::new("");
    let knowledge = |arguments: &[&str]| {
        let output = Program::run(&[&["knowledge"], arguments, &["--config", site.config()]].concat(), &[]);
        (output.status.code(), String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output))
    };
    let (status, _, said) = knowledge(&["list"]);
    assert_eq!(status, Some(1));
    assert!(said.contains("knowledge import"), "what to do: {said}");

    let (status, report, said) = knowledge(&["import", demo_pack().to_str().unwrap()]);
    assert_eq!(status, Some(0), "{said}");
    assert!(report.contains("documents/loan/credit-loan.md: ") && report.contains("sections"), "{report}");
    let (_, listed, _) = knowledge(&["list"]);
    let expired = "loan/credit-loan-rates-2025.md\t2025년 하반기 신용대출 금리 안내\t2025-07-01~2025-12-31";
    assert!(listed.contains("가온은행") && listed.contains(expired), "{listed}");
    let search = |expected: &str| {
        let (_, found, said) = knowledge(&["search", QUESTION, "--limit", "3"]);
        assert!(found.contains(expected), "{found}{said}");
        assert!(found.lines().filter(|line| line.contains(" p.")).count() <= 3, "{found}");
    };
    search("loan/credit-loan.md");

    let broken = site.folder().join("broken");
    fs::create_dir_all(broken.join("documents")).unwrap();
    fs::write(broken.join("pack.toml"), "name = 7\n").unwrap();
    fs::write(broken.join("documents/scan.exe"), "MZ").unwrap();
    let (status, _, said) = knowledge(&["import", broken.to_str().unwrap()]);
    assert_eq!(status, Some(1));
    assert!(said.contains("pack.toml") && said.contains("documents/scan.exe"), "both files: {said}");
    search("loan/credit-loan.md");
}

/// A running server takes up what another process imports, and misses no beat.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_takes_up_an_imported_pack() {
    let site = Site::new("api.legacy_clients = true\nknowledge.reload_interval = \"100ms\"\n");
    let program = Program::start(&["serve", "--config", site.config()], &[]);
    let http = Http::at(program.address());
    let customer = Customer::named(&http, "waiting");
    let before = customer.says(QUESTION).await;
    assert_eq!(before.cited(), [""; 0]);
    assert!(before.buttons().iter().any(|message| message.contains("상담원")), "a person is offered: {:#}", before.0);
    site.import(&demo_pack());
    let greeting = eventually("the new greeting", async || {
        let greeting = http.get("/api/v1/greeting").await.expect(200);
        (greeting["bank"] != "").then_some(greeting)
    });
    assert_eq!(greeting.await["bank"], "가온은행 데모");
    assert!(!customer.says(QUESTION).await.cited().is_empty());
}

/// SIGTERM closes WebSockets with 1012 (service restart), finishes, and ends well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_closes_websockets_and_ends_well() {
    let site = Site::new("api.legacy_clients = true\n");
    let mut program = Program::start(&["serve", "--config", site.config()], &[]);
    let customer = Customer::named(&Http::at(program.address()), "leaving");
    let mut sockets = [customer.connects().await, customer.connects().await];
    sockets[0].asks("안녕하세요").await;
    program.signal("TERM");
    for socket in &mut sockets {
        let close = socket.closed().await.expect("a close frame");
        assert_eq!(u16::from(close.code), 1012, "{close:?}");
    }
    let (status, log) = program.ended();
    assert!(status.success(), "{status}: {log:#?}");
    assert!(log.last().is_some_and(|line| line.contains("stopped")), "{log:#?}");
    assert!(!log.iter().any(|line| line.contains("gave up waiting")), "{log:#?}");
}

/// A client that holds its request back does not hold the server up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_does_not_wait_for_a_client_that_holds_back() {
    let site = Site::new("server.shutdown_timeout = \"1s\"\n");
    let mut program = Program::start(&["serve", "--config", site.config()], &[]);
    let address = program.address();
    let mut raw = Raw::connect(address).await;
    let head = "POST /api/v1/chat/message HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    assert!(raw.send(format!("{head}Content-Length: 100\r\n\r\n{{").as_bytes()).await);
    // Answered on another connection, so the one above is being read.
    Http::at(address).get("/health").await.expect(200);
    program.signal("TERM");
    let (status, log) = program.ended();
    assert!(status.success(), "{status}: {log:#?}");
    assert!(log.last().is_some_and(|line| line.contains("stopped")), "{log:#?}");
    assert!(!log.iter().any(|line| line.contains("writes")), "the writer ends with the last connection: {log:#?}");
}

/// What was taken before SIGTERM is answered: every turn that is stored was also told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_answers_the_turns_it_has_taken() {
    const CUSTOMERS: usize = 40;
    let site = Site::new("api.legacy_clients = true\n");
    let mut program = Program::start(&["serve", "--config", site.config()], &[]);
    let http = Http::at(program.address());
    let mut sockets = Vec::new();
    for number in 0..CUSTOMERS {
        sockets.push(Customer::named(&http, &format!("leaving-{number}")).connects().await);
    }
    for socket in &mut sockets {
        socket.says("정기예금 금리가 얼마인가요?").await;
    }
    program.signal("TERM");
    let mut told = Vec::new();
    for (number, socket) in sockets.iter_mut().enumerate() {
        while let Ok(frame) = socket.next_or_close().await {
            if frame["type"] == "response" {
                told.push(format!("leaving-{number}"));
            }
        }
    }
    let (status, log) = program.ended();
    assert!(status.success(), "{status}: {log:#?}");
    let program = Program::start(&["serve", "--config", site.config()], &[]);
    let http = Http::at(program.address());
    for number in 0..CUSTOMERS {
        let name = format!("leaving-{number}");
        let answer = http.get(&format!("/api/v1/sessions/{name}/all-messages")).await;
        assert_eq!(answer.status == 200, told.contains(&name), "{name}: stored means told");
    }
}

/// The access log counts what went out, compressed or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_access_log_counts_what_was_sent() {
    let site = Site::new("");
    let mut program = Program::start(&["serve", "--config", site.config()], &[]);
    let http = Http::at(program.address());
    let mut expected = Vec::new();
    for encoding in ["identity", "gzip"] {
        let request = http.request("GET", &format!("/api/v1/openapi.json?{encoding}"));
        let answer = http.send(request.header("accept-encoding", encoding)).await;
        assert_eq!(answer.status, 200);
        expected.push((format!("/api/v1/openapi.json?{encoding}"), answer.body.len()));
    }
    program.signal("TERM");
    let (_, log) = program.ended();
    let lines = log.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let logged: Vec<_> = lines
        .filter(|line| line["target"] == "access")
        .map(|line| {
            (line["request_uri"].as_str().unwrap().to_owned(), line["body_bytes_sent"].as_u64().unwrap() as usize)
        })
        .collect();
    assert_eq!(logged, expected);
    assert!(expected[1].1 < expected[0].1 / 2, "it was compressed: {expected:?}");
}

/// `openapi` prints what the screens' client was generated from.
#[test]
fn the_screens_client_was_made_from_this_description() {
    let output = Program::run(&["openapi"], &[]);
    assert!(output.status.success());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/openapi.json");
    if std::env::var_os(UPDATE_VARIABLE).is_some() {
        fs::write(&file, &output.stdout).unwrap();
    }
    let is_fresh = fs::read(&file).unwrap() == output.stdout;
    assert!(
        is_fresh,
        "web/openapi.json is stale: run this test with {UPDATE_VARIABLE}=1, then `npm run schema` in web/"
    );
}

both_stores! {
    /// Programs that start at once on one empty database all come up.
    async fn programs_that_start_at_once_all_come_up(store: Store) {
        let site = Site::on(store).await;
        let programs: Vec<_> = (0..4).map(|_| Program::start(&["serve", "--config", site.config()], &[])).collect();
        for program in programs {
            Http::at(program.address()).get("/health").await.expect(200);
        }
    }

    /// A schema that a later release made is refused, in words that say what to do.
    async fn a_newer_schema_is_refused(store: Store) {
        let site = Site::on(store).await;
        let arguments = ["serve", "--config", site.config()];
        let mut program = Program::start(&arguments, &[]);
        program.address();
        program.signal("TERM");
        program.ended();
        site.execute("INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
            VALUES (9999, 'later', CURRENT_TIMESTAMP, TRUE, 'x', 0)").await;
        let output = Program::run(&arguments, &[]);
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        for word in ["9999", "newer than this program", "backup"] {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
