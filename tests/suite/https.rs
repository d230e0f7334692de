//! HTTPS by the program itself: certificates, versions, names, HTTP/2, clients' certificates.

use std::fs;
use std::net::SocketAddr;

use axum::http::HeaderValue;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::ext::Protocol;
use hyper_util::rt::TokioIo;
use rustls::HandshakeKind;
use rustls::NamedGroup;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;

use crate::support::Authority;
use crate::support::Http;
use crate::support::Program;
use crate::support::Raw;
use crate::support::Site;
use crate::support::Socket;
use crate::support::Tls;
use crate::support::eventually;
use crate::support::tls::read;

const LISTEN: &str = "edge.tls.listen = [\"127.0.0.1:0\"]\n";

/// A program that serves HTTPS.
struct Served {
    program: Program,
    site: Site,
    plain: SocketAddr,
    address: SocketAddr,
}

impl Served {
    fn with(settings: &str) -> Self {
        Self::on(Site::new(settings))
    }

    fn on(site: Site) -> Self {
        let program = Program::start(&["serve", "--config", site.config()], &[]);
        let (plain, address) = (program.address(), program.tls_address());
        Self { program, site, plain, address }
    }

    /// Waits until customers are answered.
    async fn until_ready(&self) {
        Http::at(self.plain).until_ready().await;
    }
}

/// Settings of sites whose certificates lie in the site's folder as `<name>.pem` and `<name>.key`.
fn with_files(site: &Site, sites: &[(&str, &[&str])], more: &str) -> String {
    let mut text = format!("{LISTEN}{more}");
    for (file, names) in sites {
        let file = site.folder().join(file);
        let file = file.display();
        text.push_str(&format!(
            "[[edge.site]]\nnames = {names:?}\nsource = \"files\"\ncertificate_file = \"{file}.pem\"\nkey_file = \"{file}.key\"\n"
        ));
    }
    text
}

/// Two words in the configuration are HTTPS with a certificate that whoever trusts the local root accepts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_site_the_local_authority_vouches() {
    let served = Served::with(LISTEN);
    let root = served.site.local_root();
    for versions in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let answer = Tls::speaking(&root, &[versions]).get(served.address, "localhost", "/health").await.unwrap();
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.contains_key("strict-transport-security"), "localhost belongs to others, too");
    }
    let by_address = Tls::trusting(&root).get(served.address, "127.0.0.1", "/health").await.unwrap();
    assert_eq!(by_address.status, 200);
    let exported = Program::run(&["cert", "root", "--config", served.site.config()], &[]);
    assert!(exported.status.success());
    assert_eq!(String::from_utf8(exported.stdout).unwrap(), root);
    let status = Program::run(
        &["cert", "status", "--config", served.site.config()],
        &[("BANK_AICC__EDGE__TLS__LISTEN", &served.address.to_string())],
    );
    let shown = String::from_utf8(status.stdout).unwrap();
    assert!(status.status.success() && shown.contains("localhost") && shown.contains(" days)"), "{shown}");
    let told = String::from_utf8(exported.stderr).unwrap();
    for system in ["Windows", "Android", "Linux"] {
        assert!(told.contains(system), "{told}");
    }
}

/// A session is resumed, the key exchange holds against quantum computers, and 1.2 can be switched off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_are_modern() {
    let served = Served::with(&format!("{LISTEN}edge.tls.min_version = \"1.3\"\n"));
    let tls = Tls::trusting(&served.site.local_root());
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let mut stream = tls.connect(served.address, "localhost", &["http/1.1"]).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
        let group = stream.get_ref().1.negotiated_key_exchange_group().unwrap().name();
        assert_eq!(group, NamedGroup::X25519MLKEM768);
        // The tickets come with the answer.
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        kinds.push(stream.get_ref().1.handshake_kind().unwrap());
    }
    assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed]);
    let old = Tls::speaking(&served.site.local_root(), &[&rustls::version::TLS12]);
    old.get(served.address, "localhost", "/health").await.map(|answer| answer.status).unwrap_err();
}

/// Each name gets its certificate; another gets the first one, or none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_get_their_certificates() {
    let (one, other) = (Authority::new("one"), Authority::new("other"));
    for (unknown, serves_unknown) in [("default", true), ("refuse", false)] {
        let site = Site::new("");
        one.write(site.folder(), "one", &["one.example", "www.one.example"], 30);
        other.write(site.folder(), "other", &["*.other.example"], 30);
        let sites: [(&str, &[&str]); 2] =
            [("one", &["one.example", "www.one.example"]), ("other", &["*.other.example"])];
        site.set(&with_files(&site, &sites, &format!("edge.tls.unknown_name = \"{unknown}\"\n")));
        let served = Served::on(site);
        let answer = Tls::trusting(one.pem()).get(served.address, "www.one.example", "/health").await.unwrap();
        let hsts = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        assert_eq!(answer.headers.get("strict-transport-security"), Some(&hsts));
        Tls::trusting(other.pem()).get(served.address, "a.other.example", "/health").await.unwrap();
        Tls::trusting(other.pem()).get(served.address, "www.one.example", "/health").await.map(|_| ()).unwrap_err();
        let both = format!("{}{}", one.pem(), other.pem());
        let stranger = Tls::trusting(&both).get(served.address, "three.example", "/health").await.map(|_| ());
        let told = stranger.unwrap_err().to_string();
        // The certificate of another name, or an alert instead of one.
        assert_eq!(told.contains("not valid for name"), serves_unknown, "{told}");
    }
}

/// A new file is served without a restart; one that is wrong is told, and the old one stays. Open connections stay, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_change_while_it_serves() {
    let authorities = ["first", "second", "third"].map(Authority::new);
    let names: &[&str] = &["bank.example"];
    let site = Site::new("");
    authorities[0].write(site.folder(), "bank", names, 30);
    site.set(&with_files(&site, &[("bank", names)], "api.legacy_clients = true\n"));
    let served = Served::on(site);
    let trusts = async |number: usize| {
        let authority: &Authority = &authorities[number];
        Tls::trusting(authority.pem()).get(served.address, "bank.example", "/health").await.is_ok()
    };
    assert!(trusts(0).await);
    let stream = Tls::trusting(authorities[0].pem()).connect(served.address, "bank.example", &[]).await.unwrap();
    let mut socket = Socket::upgrade_at(stream, "bank.example", "/api/v1/chat/ws/kept", &[]).await.unwrap();
    socket.expect("status").await;

    // Noticed by itself.
    authorities[1].write(served.site.folder(), "bank", names, 30);
    eventually("the second certificate", async || trusts(1).await.then_some(())).await;

    // Noticed at once on SIGHUP; wrong ones are told.
    fs::write(served.site.folder().join("bank.key"), "no key").unwrap();
    served.program.signal("HUP");
    let told = served.program.logged("not as it should be");
    assert!(told.contains("bank.key") && told.contains("one private key as PEM"), "{told}");
    assert!(trusts(1).await);
    // So are those that no client would take.
    for (names, from_day, fault) in
        [(&["other.example"][..], -1, "is not for bank.example"), (names, 7, "is not valid before")]
    {
        let (certificate, key) = authorities[2].issue_from(names, from_day, 30);
        fs::write(served.site.folder().join("bank.key"), key).unwrap();
        fs::write(served.site.folder().join("bank.pem"), certificate).unwrap();
        served.program.signal("HUP");
        served.program.logged(fault);
        assert!(trusts(1).await, "{fault}");
        let status = Program::run(
            &["cert", "status", "--config", served.site.config()],
            &[("BANK_AICC__EDGE__TLS__LISTEN", &served.address.to_string())],
        );
        let shown = String::from_utf8(status.stdout).unwrap();
        assert!(!status.status.success() && shown.contains("edge.site.1.certificate_file"), "{shown}");
    }
    authorities[2].write(served.site.folder(), "bank", names, 30);
    served.program.signal("HUP");
    eventually("the third certificate", async || trusts(2).await.then_some(())).await;
    socket.asks("안녕하세요").await;
}

/// Files that cannot be used do not keep the program from serving.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_usable_files_the_local_authority_steps_in() {
    let site = Site::new("");
    site.set(&with_files(&site, &[("missing", &["bank.example"])], ""));
    let served = Served::on(site);
    Tls::trusting(&served.site.local_root()).get(served.address, "bank.example", "/health").await.unwrap();
}

/// Plain HTTP is sent to HTTPS, path and query with it, but for load balancers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_is_sent_to_https() {
    let served = Served::with(LISTEN);
    let http = Http::at(served.plain);
    let answer = http.send(http.request("GET", "/a/b?c=d&e").header("host", "bank.example")).await;
    assert_eq!(answer.status, 301);
    let expected = format!("https://bank.example:{}/a/b?c=d&e", served.address.port());
    assert_eq!(answer.headers["location"], expected.as_str());
    http.get("/health").await.expect(200);
    let mut raw = Raw::connect(served.plain).await;
    assert!(raw.send(b"GET / HTTP/1.0\r\n\r\n").await);
    assert!(
        raw.read_to_end().await.contains(" 400 "),
        "without a name there is nowhere to send it, and nothing is served"
    );
}

/// HTTP/2 is spoken, many requests at once, and a WebSocket over it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_carries_requests_and_websockets() {
    let served = Served::with(&format!("{LISTEN}api.legacy_clients = true\n"));
    served.until_ready().await;
    let tls = Tls::trusting(&served.site.local_root());
    let sender = tls.http2(served.address, "localhost").await.unwrap();
    let requests = (0..50).map(|_| {
        let mut sender = sender.clone();
        async move {
            let request = Request::get("https://localhost/health").body(Full::<Bytes>::default()).unwrap();
            read(sender.send_request(request).await.unwrap()).await.status
        }
    });
    assert_eq!(futures_util::future::join_all(requests).await, [200; 50]);

    let mut connect = Request::connect("https://localhost/api/v1/chat/ws/by-http2")
        .header("sec-websocket-version", "13")
        .body(Full::<Bytes>::default())
        .unwrap();
    connect.extensions_mut().insert(Protocol::from_static("websocket"));
    let mut answer = sender.clone().send_request(connect).await.unwrap();
    assert_eq!(answer.status(), 200);
    let stream = hyper::upgrade::on(&mut answer).await.unwrap();
    let mut socket = Socket::over(TokioIo::new(stream)).await;
    socket.expect("status").await;
    assert!(!socket.asks("안녕하세요").await.text().is_empty());
}

/// A listener for known clients alone, and paths for known clients alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_show_certificates_where_they_must() {
    let (clients, strangers) = (Authority::new("clients"), Authority::new("strangers"));
    let site = Site::new("");
    let ca_file = site.folder().join("clients.pem");
    fs::write(&ca_file, clients.pem()).unwrap();
    let ca = ca_file.display();
    // A port that is free now; the listener for known clients has to be named.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    site.set(&format!(
        "[edge.tls]\nlisten = [\"127.0.0.1:0\", \"127.0.0.1:{port}\"]\n[edge.client_certificates]\nca_file = \"{ca}\"\n\
         listeners = [\"127.0.0.1:{port}\"]\nprefixes = [\"/api/v1/greeting\"]\n"
    ));
    let served = Served::on(site);
    served.until_ready().await;
    let guarded = served.program.tls_address();
    let root = served.site.local_root();
    let tls = |authority: Option<&Authority>| match authority {
        None => Tls::trusting(&root),
        Some(authority) => Tls::known(&root, &authority.issue(&["client.example"], 30)),
    };
    let ask = async |authority: Option<&Authority>, address, path: &str| {
        tls(authority).get(address, "localhost", path).await.ok().map(|answer| answer.status)
    };
    assert_eq!(ask(None, served.address, "/health").await, Some(200));
    assert_eq!(ask(None, served.address, "/api/v1/greeting").await, Some(403));
    assert_eq!(ask(Some(&clients), served.address, "/api/v1/greeting").await, Some(200));
    assert_eq!(ask(Some(&strangers), served.address, "/api/v1/greeting").await, None);
    assert_eq!(ask(None, guarded, "/health").await, None);
    // Nor does a session that began elsewhere let anybody in.
    let stranger = Tls::trusting(&root);
    stranger.get(served.address, "localhost", "/health").await.unwrap();
    stranger.get(guarded, "localhost", "/health").await.map(|answer| answer.status).unwrap_err();
    assert_eq!(ask(Some(&strangers), guarded, "/health").await, None);
    assert_eq!(ask(Some(&clients), guarded, "/health").await, Some(200));
}

/// The cookie of a session that began over TLS is for TLS alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_follow_the_connection() {
    let served = Served::with(&format!("{LISTEN}edge.tls.redirect_http = false\n"));
    let sender = Tls::trusting(&served.site.local_root()).http2(served.address, "localhost").await.unwrap();
    let open = Request::post("https://localhost/api/v1/sessions").body(Full::<Bytes>::default()).unwrap();
    let over_tls = read(sender.clone().send_request(open).await.unwrap()).await;
    assert!(over_tls.headers["set-cookie"].to_str().unwrap().ends_with("; Secure"));
    let plain = Http::at(served.plain).post_nothing("/api/v1/sessions").await;
    assert!(!plain.headers["set-cookie"].to_str().unwrap().contains("Secure"));
}
