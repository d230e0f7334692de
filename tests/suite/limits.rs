//! How much one client may send, and whose client it is: rate limits, connections, and the word of proxies.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::net::TcpStream;

use crate::support::Http;
use crate::support::Program;
use crate::support::Raw;
use crate::support::Site;
use crate::support::Socket;

const SOCKET: &str = "/api/v1/chat/ws/limited";
const PAGE: &str = "/api/docs";

/// A server without knowledge, which these requests do not need.
struct Limited {
    _site: Site,
    _program: Program,
    address: SocketAddr,
}

impl Limited {
    fn start(settings: &[(&str, &str)]) -> Self {
        let site = Site::new("api.legacy_clients = true\n");
        let program = site.serve(&[&[("edge.rate_limit.enabled", "true")], settings].concat());
        let address = program.address();
        Self { _site: site, _program: program, address }
    }

    /// With one zone, which gives back so little that the time a test takes does not matter.
    fn one_zone(burst: &str, settings: &[(&str, &str)]) -> Self {
        let zone = [
            ("edge.rate_limit.zone.1.name", "all"),
            ("edge.rate_limit.zone.1.paths", "/api/"),
            ("edge.rate_limit.zone.1.per_second", "0.01"),
            ("edge.rate_limit.zone.1.burst", burst),
        ];
        Self::start(&[&zone, settings].concat())
    }
}

/// The statuses of so many requests that come at once on one connection, with these header lines.
async fn at_once(server: &Limited, count: usize, path: &str, headers: &str) -> Vec<u16> {
    let request = |more: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n{headers}{more}\r\n");
    let requests = request("").repeat(count - 1) + &request("Connection: close\r\n");
    let answers = Raw::connect(server.address).await.send_and_read(requests.as_bytes()).await;
    let statuses = answers.split("HTTP/1.1 ").skip(1);
    statuses.map(|answer| answer.get(..3).unwrap().parse().unwrap()).collect()
}

fn passed(statuses: &[u16]) -> usize {
    statuses.iter().filter(|&&status| status != 429).count()
}

/// Of 40 requests at once, the limits of the replaced web server let 21 through, and 10 more each second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_let_through_and_the_rest_refused() {
    let server = Limited::start(&[]);
    let begun = Instant::now();
    let statuses = at_once(&server, 40, PAGE, "").await;
    let refilled = usize::try_from(begun.elapsed().as_millis() / 100).unwrap() + 1;
    assert_eq!(statuses.len(), 40);
    assert!((21..=21 + refilled).contains(&passed(&statuses)), "{statuses:?} in {:?}", begun.elapsed());
    for path in ["/health/live", "/"] {
        assert_eq!(passed(&at_once(&server, 40, path, "").await), 40, "{path} is not limited");
    }
}

/// A refusal says when to come again, in the headers and in the one error body; what is allowed says what is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_says_when_to_come_again() {
    let server = Limited::one_zone("1", &[]);
    let http = Http::at(server.address);
    let first = http.get(PAGE).await;
    assert_eq!((first.status, first.header("ratelimit").as_str()), (200, "\"all\";r=1;t=100"));
    assert_eq!(first.header("ratelimit-policy"), "\"all\";q=2;w=200");
    assert_eq!(http.get(PAGE).await.header("ratelimit"), "\"all\";r=0;t=200");
    let refused = http.get(PAGE).await;
    refused.expect_problem(429, "rate_limited");
    assert_eq!(refused.header("x-content-type-options"), "nosniff");
    assert_eq!(refused.header("ratelimit-policy"), "\"all\";q=2;w=200");
    let (wait, left) = (refused.header("retry-after"), refused.header("ratelimit"));
    assert_eq!(left, format!("\"all\";r=0;t={wait}"), "the window ends when the client may come again");
    assert!((1..=100).contains(&wait.parse::<u64>().unwrap()), "{wait}");
    let wait_ms = refused.json()["retry_after_ms"].as_u64().unwrap();
    assert_eq!(wait_ms.div_ceil(1000).to_string(), wait);
    assert_eq!(http.get("/health/live").await.header("ratelimit"), "");
}

/// A page of another origin can read that it was refused, and when to come again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_origin_can_read_its_refusal() {
    let server = Limited::one_zone("0", &[("api.cors_allowed_origins", "https://bank.example")]);
    let http = Http::at(server.address);
    let ask = async |method: &str| {
        let request = http.request(method, PAGE).header("origin", "https://bank.example");
        let preflight = request.try_clone().unwrap().header("access-control-request-method", "POST");
        http.send(if method == "OPTIONS" { preflight } else { request }).await
    };
    assert_eq!(ask("GET").await.status, 200);
    let preflight = ask("OPTIONS").await;
    assert_eq!((preflight.status, preflight.text().as_str()), (200, "OK"));
    let refused = ask("GET").await;
    refused.expect_problem(429, "rate_limited");
    assert_eq!(refused.header("access-control-allow-origin"), "https://bank.example");
    for name in ["retry-after", "ratelimit", "ratelimit-policy"] {
        let exposed = refused.header("access-control-expose-headers");
        assert!(exposed.split(", ").any(|exposed| exposed == name), "{name}: {exposed}");
    }
}

/// Attempts to open a WebSocket are counted apart: six at once, and the seventh is refused before it is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_to_open_a_socket_are_counted_apart() {
    let server = Limited::start(&[
        ("edge.rate_limit.zone.1.name", "api"),
        ("edge.rate_limit.zone.1.paths", "/api/"),
        ("edge.rate_limit.zone.1.burst", "100"),
        ("edge.rate_limit.zone.2.name", "socket"),
        ("edge.rate_limit.zone.2.paths", "/api/v1/chat/ws/"),
        ("edge.rate_limit.zone.2.per_second", "0.01"),
        ("edge.rate_limit.zone.2.burst", "5"),
    ]);
    let mut open = Vec::new();
    for _ in 0..6 {
        open.push(Socket::open(server.address, SOCKET, None).await.map_err(|status| panic!("{status}")).unwrap());
    }
    for path in [SOCKET, "/api/v1/chat/ws/other"] {
        assert_eq!(Socket::open(server.address, path, None).await.err(), Some(429), "{path}");
    }
    assert_eq!(Http::at(server.address).get(PAGE).await.status, 200);
    for mut socket in open {
        socket.expect("status").await;
        socket.expect_nothing().await;
    }
}

/// A limit holds for a path however it is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_way_of_writing_a_path_escapes_its_limit() {
    let server = Limited::one_zone("0", &[]);
    assert_eq!(at_once(&server, 2, PAGE, "").await, [200, 429]);
    for path in ["/api/docs", "//api/docs", "/api//docs", "/%61pi/docs", "/API/docs", "/api;a/docs", "/api%2Fdocs"] {
        assert_eq!(at_once(&server, 1, path, "").await, [429], "{path}");
    }
    for path in ["/./api/docs", "/x/../api/docs", "/x/%2e%2e/api/docs", "/x/..;/api/docs", "/api\\docs", "/api/docs%00"]
    {
        assert_eq!(at_once(&server, 1, path, "").await, [400], "{path}");
    }
}

/// Whoever is exempt is not limited; a dry run refuses nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exempt_networks_and_dry_runs_are_let_through() {
    for setting in [("edge.rate_limit.exempt", "127.0.0.0/8"), ("edge.rate_limit.dry_run", "true")] {
        let server = Limited::one_zone("0", &[setting]);
        assert_eq!(passed(&at_once(&server, 30, PAGE, "").await), 30, "{setting:?}");
    }
}

/// Who the client is, a trusted proxy says, and nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_who_a_trusted_proxy_says() {
    let is_trusted = ("edge.trusted_proxies", "127.0.0.1");
    let server = Limited::one_zone("0", &[is_trusted]);
    for (headers, status) in [
        ("X-Forwarded-For: 192.0.2.1\r\n", 200),
        ("X-Forwarded-For: 192.0.2.1\r\n", 429),
        ("X-Forwarded-For: 192.0.2.2\r\n", 200),
        ("X-Forwarded-For: 198.51.100.7, 192.0.2.2\r\n", 429),
        ("X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 192.0.2.2, 127.0.0.1\r\n", 429),
        ("X-Forwarded-For: [2001:db8:0:1::1]:4711\r\n", 200),
        ("X-Forwarded-For: 2001:db8:0:1::2\r\n", 429),
        ("X-Forwarded-For: ::ffff:192.0.2.1\r\n", 429),
        // The proxy itself, and whatever else it does not say.
        ("", 200),
        ("X-Forwarded-For: garbage\r\n", 429),
        ("Forwarded: for=192.0.2.3\r\n", 429),
    ] {
        assert_eq!(at_once(&server, 1, PAGE, headers).await, [status], "{headers}");
    }

    let server = Limited::one_zone("0", &[is_trusted, ("edge.forwarded_header", "forwarded")]);
    for (headers, status) in [
        ("Forwarded: for=192.0.2.1;proto=https\r\n", 200),
        ("Forwarded: for=198.51.100.7, for=\"192.0.2.1:4711\"\r\n", 429),
        ("Forwarded: for=\"[2001:db8::1]\"\r\n", 200),
        ("Forwarded: for=_hidden\r\n", 200),
        ("X-Forwarded-For: 192.0.2.3\r\n", 429),
    ] {
        assert_eq!(at_once(&server, 1, PAGE, headers).await, [status], "{headers}");
    }

    let server = Limited::one_zone("0", &[]);
    assert_eq!(at_once(&server, 1, PAGE, "X-Forwarded-For: 192.0.2.1\r\n").await, [200]);
    assert_eq!(at_once(&server, 1, PAGE, "X-Forwarded-For: 192.0.2.2\r\n").await, [429]);
}

/// A load balancer says whose a connection is before anything else. One that does not is not served, and nobody else is
/// believed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_balancer_says_whose_a_connection_is() {
    let request = format!("GET {PAGE} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let balanced = Limited::one_zone("0", &[("edge.proxy_protocol_from", "127.0.0.0/8")]);
    let ends = [192, 0, 2, 3, 198, 51, 100, 1, 0x12, 0x67, 0, 80];
    let block = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &ends[..]].concat();
    for (header, status) in [
        (&b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 80\r\n"[..], "200"),
        (b"PROXY TCP4 192.0.2.1 198.51.100.1 4712 80\r\n", "429"),
        (b"PROXY TCP4 192.0.2.2 198.51.100.1 4711 80\r\n", "200"),
        (b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 80\r\n", "200"),
        (&block, "200"),
        (&block, "429"),
        // The balancer itself.
        (b"PROXY UNKNOWN\r\n", "200"),
        (b"PROXY UNKNOWN\r\n", "429"),
        (b"", ""),
        (b"PROXY TCP4 192.0.2.4\r\n", ""),
    ] {
        let bytes = [header, request.as_bytes()].concat();
        let answer = Raw::connect(balanced.address).await.send_and_read(&bytes).await;
        assert_eq!(
            answer.get(9..12).unwrap_or_default(),
            status,
            "{:?}: {answer:.80}",
            String::from_utf8_lossy(header)
        );
    }
    let direct = Limited::one_zone("0", &[]);
    let bytes = format!("PROXY TCP4 192.0.2.1 198.51.100.1 4711 80\r\n{request}");
    let answer = Raw::connect(direct.address).await.send_and_read(bytes.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer:.80}");
}

/// A branch whose desks share one address may have more connections than others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exempt_network_may_have_more_connections() {
    for (exempt, expected) in [("127.0.0.0/8", 30), ("192.0.2.0/24", 10)] {
        let server = Limited::start(&[
            ("edge.rate_limit.enabled", "false"),
            ("server.limits.connections_per_client_max", "10"),
            ("server.limits.connections_exempt", exempt),
        ]);
        let mut open = Vec::new();
        for _ in 0..30 {
            let connection = TcpStream::connect(server.address).await.unwrap();
            open.extend(Socket::try_upgrade(connection, SOCKET).await);
        }
        assert_eq!(open.len(), expected, "{exempt}");
    }
}
