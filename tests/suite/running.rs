//! The program under a service manager: its sockets, its word, its configuration read again.

use std::io::ErrorKind;
use std::net::Shutdown;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use serde_json::Value;
use socket2::SockRef;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::Authority;
use crate::support::Customer;
use crate::support::Http;
use crate::support::PATIENCE;
use crate::support::Program;
use crate::support::Raw;
use crate::support::Site;
use crate::support::Tls;
use crate::support::soon;

/// Receives what a program tells its service manager.
struct Manager {
    socket: UnixDatagram,
    _folder: tempfile::TempDir,
    path: String,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, path: path.to_str().unwrap().to_owned(), _folder: folder }
    }

    /// Reads what is there, and is none the wiser.
    fn forgets(&self) {
        self.socket.set_nonblocking(true).unwrap();
        while self.socket.recv(&mut [0; 4096]).is_ok() {}
        self.socket.set_nonblocking(false).unwrap();
    }

    /// Reads on to a message that holds this.
    fn hears(&self, text: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = self.socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{text}: {error}"));
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if message.contains(text) {
                return message;
            }
        }
    }
}

/// Ready once customers are served, alive as often as asked, reloading and ready again, stopping.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_manager_hears_how_it_stands() {
    let (manager, site) = (Manager::new(), Site::new(""));
    let environment = [("NOTIFY_SOCKET", manager.path.as_str()), ("WATCHDOG_USEC", "300000")];
    let mut program = Program::start(&["serve", "--config", site.config()], &environment);
    manager.hears("READY=1");
    Http::at(program.address()).get("/health").await.expect(200);
    manager.hears("WATCHDOG=1");
    manager.hears("WATCHDOG=1");
    program.signal("HUP");
    let reloading = manager.hears("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    manager.hears("READY=1");
    program.signal("TERM");
    manager.hears("STOPPING=1");
    assert!(program.ended().0.success());
}

/// The watchdog is fed on requests over the program's own sockets, through TLS and behind a load balancer's header.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watchdog_asks_every_socket() {
    let (folder, guarded) = (tempfile::tempdir().unwrap(), free_address());
    let ca_file = folder.path().join("clients.pem");
    std::fs::write(&ca_file, Authority::new("clients").pem()).unwrap();
    let ca = ca_file.display();
    let known_only = format!(
        "edge.tls.listen = [\"{guarded}\"]\nedge.client_certificates.ca_file = \"{ca}\"\n\
         edge.client_certificates.listeners = [\"{guarded}\"]\n"
    );
    let anybody = "edge.tls.listen = [\"127.0.0.1:0\"]\n";
    for settings in [
        anybody,
        &format!("{anybody}edge.proxy_protocol_from = [\"127.0.0.1\"]\n"),
        &format!("{anybody}edge.status.health_allow = [\"203.0.113.1\"]\n"),
        &known_only,
    ] {
        let (manager, site) = (Manager::new(), Site::new(settings));
        let environment = [("NOTIFY_SOCKET", manager.path.as_str()), ("WATCHDOG_USEC", "600000")];
        let program = Program::start(&["serve", "--config", site.config()], &environment);
        let (plain, tls) = (program.address(), program.tls_address());
        let mut answering: Vec<String> =
            (0..2).map(|_| program.logged("the watchdog is fed while this socket answers")).collect();
        answering.sort_by_key(|line| line.contains("https://"));
        assert!(answering[0].contains(&format!("http://{plain}")), "{answering:#?}");
        assert!(answering[1].contains(&format!("https://{tls}")), "{answering:#?}");
        manager.hears("WATCHDOG=1");
        manager.hears("WATCHDOG=1");
    }
}

/// A program whose threads turn, and that answers nobody any more, is not fed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watchdog_notices_that_nobody_is_answered() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let (manager, site) = (Manager::new(), Site::new(""));
    let own = std::fs::read_to_string(site.config()).unwrap();
    std::fs::write(site.config(), own.replace("127.0.0.1:0", &address.to_string())).unwrap();
    let environment = [("NOTIFY_SOCKET", manager.path.as_str()), ("WATCHDOG_USEC", "600000")];
    let program = Program::start_with_socket_and(&socket, &environment, &["serve", "--config", site.config()]);
    program.logged("the watchdog is fed while this socket answers");
    manager.hears("WATCHDOG=1");
    // The two have one socket; from now on it takes no connection in either.
    SockRef::from(&socket).shutdown(Shutdown::Both).unwrap();
    let told = program.logged("does not answer itself");
    assert!(told.contains(&format!("http://{address}")), "{told}");
    manager.forgets();
    manager.socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut buffer = [0; 4096];
    let heard = manager.socket.recv(&mut buffer).map(|length| String::from_utf8_lossy(&buffer[..length]).into_owned());
    assert_eq!(heard.map_err(|error| error.kind()), Err(ErrorKind::WouldBlock));
}

/// A socket that is handed over stays open from one process to the next, so nobody is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_of_the_service_manager_outlives_the_process() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let site = Site::new("");
    let own = std::fs::read_to_string(site.config()).unwrap();
    std::fs::write(site.config(), own.replace("127.0.0.1:0", &address.to_string())).unwrap();
    for _ in 0..2 {
        let mut program = Program::start_with_socket(&socket, &["serve", "--config", site.config()]);
        // Asked before it serves: the request waits in the socket.
        Http::at(address).get("/health").await.expect(200);
        program.signal("TERM");
        assert!(program.ended().0.success());
    }
    std::fs::write(site.config(), own).unwrap();
    let mut lost = Program::start_with_socket(&socket, &["serve", "--config", site.config()]);
    let (status, log) = lost.ended();
    assert!(!status.success() && log.iter().any(|line| line.contains("make the socket unit")), "{log:#?}");
}

/// What may change at once changes, what may not is named, and nonsense changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_is_read_again() {
    let site = Site::new("api.legacy_clients = true\n");
    let program = Program::start(&["serve", "--config", site.config()], &[]);
    let http = Http::at(program.address());
    let mut socket = Customer::named(&http, "kept").connects().await;
    let long = "x".repeat(3000);
    let status = async || http.post_bytes("/api/v1/sessions", Some("application/json"), long.clone()).await.status;
    assert_ne!(status().await, 413);

    site.set("api.legacy_clients = true\nserver.limits.body_bytes_max = \"2KiB\"\nchat.unclear_replies_max = 5\nlog.level = \"debug\"\n");
    program.signal("HUP");
    let told = program.logged("was read again");
    assert!(told.contains("chat.unclear_replies_max") && !told.contains("body_bytes_max"), "{told}");
    assert_eq!(status().await, 413);

    site.set("server.limits.body_bytes_max = \"2 potatoes\"\n");
    program.signal("HUP");
    let told = program.logged("the old one stays in force");
    assert!(told.contains("body_bytes_max") && told.contains("potatoes"), "{told}");
    assert_eq!(status().await, 413);
    socket.asks("안녕하세요").await;
}

/// Files are prepared with the headers of every response, and prepared again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_get_the_headers_that_were_read_again() {
    let site = Site::new("edge.headers.referrer_policy = \"no-referrer\"\n");
    let program = Program::start(&["serve", "--config", site.config()], &[]);
    let http = Http::at(program.address());
    let policies = async || {
        let whole = http.get("/").await;
        let etag = whole.headers["etag"].to_str().unwrap().to_owned();
        let part = http.send(http.request("GET", "/").header("range", "bytes=0-9")).await;
        let unchanged = http.send(http.request("GET", "/").header("if-none-match", etag)).await;
        assert_eq!([whole.status, part.status, unchanged.status], [200, 206, 304]);
        [whole, part, unchanged].map(|answer| {
            answer
                .headers
                .get_all("referrer-policy")
                .iter()
                .map(|value| value.to_str().unwrap().to_owned())
                .collect::<Vec<String>>()
        })
    };
    assert_eq!(policies().await, [(); 3].map(|()| vec!["no-referrer".to_owned()]));
    for policy in ["same-origin", ""] {
        site.set(&format!("edge.headers.referrer_policy = \"{policy}\"\n"));
        program.signal("HUP");
        program.logged("was read again");
        let expected: Vec<String> =
            [policy].into_iter().filter(|policy| !policy.is_empty()).map(str::to_owned).collect();
        assert_eq!(policies().await, [(); 3].map(|()| expected.clone()));
    }
}

/// A load balancer says whose a connection is, before TLS as before plain HTTP; nobody else may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_balancer_introduces_its_clients() {
    const LINE: &str = "PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n";
    const REQUEST: &str = "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let settings = "edge.tls.listen = [\"127.0.0.1:0\"]\nedge.tls.redirect_http = false\n";
    let site = Site::new(&format!("{settings}edge.proxy_protocol_from = [\"127.0.0.1\"]\n"));
    let program = Program::start(&["serve", "--config", site.config()], &[]);
    let (plain, tls) = (program.address(), program.tls_address());

    let mut raw = Raw::connect(plain).await;
    assert!(raw.send(format!("{LINE}{REQUEST}").as_bytes()).await);
    assert!(raw.read_to_end().await.starts_with("HTTP/1.1 404"));
    assert!(program.logged("/nothing").contains("203.0.113.7"));

    let mut stream = TcpStream::connect(tls).await.unwrap();
    stream.write_all(LINE.as_bytes()).await.unwrap();
    let mut stream = Tls::trusting(&site.local_root()).over(stream, "localhost", &["http/1.1"]).await.unwrap();
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let _ = soon("the answer", stream.read_to_end(&mut Vec::new())).await;
    assert!(program.logged("/nothing").contains("203.0.113.7"));

    // It has to introduce everybody.
    let mut raw = Raw::connect(plain).await;
    assert!(raw.send(REQUEST.as_bytes()).await);
    assert_eq!(raw.read_to_end().await, "");

    // And nobody else may.
    site.set(&format!("{settings}edge.proxy_protocol_from = [\"203.0.113.1\"]\n"));
    program.signal("HUP");
    program.logged("was read again");
    let mut raw = Raw::connect(plain).await;
    assert!(raw.send(format!("{LINE}{REQUEST}").as_bytes()).await);
    assert!(raw.read_to_end().await.starts_with("HTTP/1.1 400"));
}

/// `doctor` finds nothing wrong with what serves, and says what is wrong with what does not, each with its remedy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_what_is_wrong_and_what_to_do() {
    let (free, upstream) = (free_address(), free_address());
    let site = Site::new("");
    let own = std::fs::read_to_string(site.config()).unwrap();
    std::fs::write(site.config(), own.replace("127.0.0.1:0", &free)).unwrap();
    let examine = |environment: &[(&str, &str)]| {
        let output = Program::run(&["doctor", "--json", "--config", site.config()], environment);
        let lines = String::from_utf8(output.stdout).unwrap();
        let findings: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for finding in &findings {
            assert_eq!(finding["level"] == "good", finding["remedy"] == "", "{finding}");
        }
        (output.status.code(), findings)
    };
    let level = |findings: &[Value], subject: &str| {
        let of_subject = |finding: &&Value| finding["subject"].as_str().unwrap().starts_with(subject);
        findings.iter().find(of_subject).unwrap_or_else(|| panic!("{subject}"))["level"].as_str().unwrap().to_owned()
    };
    let tls = ("BANK_AICC__EDGE__TLS__LISTEN", free_address());
    let mut program = Program::start(&["serve", "--config", site.config()], &[(tls.0, &tls.1)]);
    program.tls_address();
    let (status, findings) = examine(&[(tls.0, &tls.1)]);
    assert_eq!(status, Some(0), "{findings:#?}");
    for subject in ["listener", "data folder", "certificate of localhost", "outbound"] {
        assert_eq!(level(&findings, subject), "good", "{findings:#?}");
    }
    program.signal("TERM");
    assert!(program.ended().0.success());

    let (status, findings) = examine(&[]);
    assert_eq!((status, level(&findings, "listener").as_str()), (Some(0), "warning"), "{findings:#?}");
    for (variable, value, subject) in [
        ("BANK_AICC__SERVER__DATA_DIR", "/proc/nowhere", "data folder"),
        ("BANK_AICC__SERVER__LISTEN", "203.0.113.9:8080", "listener"),
        ("BANK_AICC__EDGE__PROXY__1__UPSTREAMS", &format!("http://{upstream}"), "outbound"),
    ] {
        let more = ("BANK_AICC__EDGE__PROXY__1__PREFIX", "/old");
        let with_proxy = [(variable, value), more];
        let environment = if subject == "outbound" { &with_proxy[..] } else { &with_proxy[..1] };
        let (status, findings) = examine(environment);
        assert_eq!((status, level(&findings, subject).as_str()), (Some(3), "problem"), "{findings:#?}");
    }
}

/// An address nobody listens on at the moment.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
