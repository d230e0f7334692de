//! The built program and an authority: what browsers see while a certificate is ordered, and afterwards.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;

use crate::support::Http;
use crate::support::Program;
use crate::support::Site;
use crate::support::Tls;
use crate::support::authority::Authority;
use crate::support::eventually;
use crate::support::pebble::Nature;
use crate::support::pebble::free_address;
use crate::support::tls::read;

const NAME: &str = "chat.bank.example";

/// A program that serves HTTPS, and the authority it asks.
struct Served {
    program: Program,
    site: Site,
    authority: Authority,
    plain: SocketAddr,
    tls: SocketAddr,
}

impl Served {
    /// With these further settings; the authority keeps everybody waiting.
    async fn with(settings: impl FnOnce(&Authority) -> String) -> Self {
        let [plain, tls] = [free_address(), free_address()];
        let authority = Authority::start(&Nature::default(), plain, tls).await;
        authority.is_slow(true);
        let site = Site::new(&settings(&authority));
        let (plain_text, tls_text) = (plain.to_string(), tls.to_string());
        let listen = [("BANK_AICC__SERVER__LISTEN", &*plain_text), ("BANK_AICC__EDGE__TLS__LISTEN", &*tls_text)];
        let program = Program::start(&["serve", "--config", site.config()], &listen);
        assert_eq!((program.address(), program.tls_address()), (plain, tls));
        Self { program, site, authority, plain, tls }
    }

    /// Waits until a client that trusts the authority's root is served.
    async fn is_trusted(&self) {
        let client = Tls::trusting(&self.authority.pebble().issuing_root().await);
        let answer =
            eventually("a certificate of the authority's", async || client.get(self.tls, NAME, "/health").await.ok())
                .await;
        assert_eq!(answer.status, 200);
    }
}

fn settings(authority: &Authority, challenge: &str) -> String {
    let root = authority.pebble().root_file();
    format!(
        "[[edge.site]]\nnames = [\"{NAME}\"]\nsource = \"acme\"\n[edge.acme]\ndirectory = \"{}\"\n\
         terms_agreed = true\nca_file = \"{}\"\nchallenge = \"{challenge}\"\ncheck_interval = \"100ms\"\n",
        authority.directory(),
        root.display()
    )
}

/// Until the authority has issued, the local authority vouches; then it does, and a connection that was there before stays.
/// Its question over plain HTTP is not sent to HTTPS as all others are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_takes_the_place_of_the_local_one() {
    let served = Served::with(|authority| settings(authority, "http-01")).await;
    let local = Tls::trusting(&served.site.local_root());
    let mut open = local.http2(served.tls, NAME).await.unwrap();
    let mut ask = async || {
        let request = Request::get(format!("https://{NAME}/health")).body(Full::<Bytes>::default()).unwrap();
        read(open.send_request(request).await.unwrap()).await.status
    };
    assert_eq!(ask().await, 200);
    let plain = Http::at(served.plain);
    let sent_on = plain.get("/.well-known/acme-challenge/unknown").await;
    assert_eq!(sent_on.status, 301, "nobody's question");
    served.authority.is_slow(false);
    served.is_trusted().await;
    assert_eq!(ask().await, 200, "the connection from before");
    // A client that knows no session of before sees the new one.
    let stranger = Tls::trusting(&served.site.local_root());
    assert!(stranger.get(served.tls, NAME, "/health").await.is_err(), "no longer the local authority's");

    let client = Tls::trusting(&served.authority.pebble().issuing_root().await);
    let figures = client.get(served.tls, NAME, "/metrics").await.unwrap().text();
    for figure in ["edge_acme_orders_failed", "edge_acme_next_order_seconds", "edge_certificate_days_left"] {
        let line = figures.lines().find(|line| line.starts_with(&format!("{figure}{{site=\"{NAME}\"}} ")));
        assert!(line.is_some(), "{figure} in\n{figures}");
    }
}

/// A site that gets an authority while the program runs is served with its certificate, proven by a handshake at the
/// listener that serves everybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_may_ask_for_an_authority() {
    let served = Served::with(|_| format!("[[edge.site]]\nnames = [\"{NAME}\"]\n")).await;
    let local = Tls::trusting(&served.site.local_root());
    assert_eq!(local.get(served.tls, NAME, "/health").await.unwrap().status, 200);
    served.authority.is_slow(false);
    served.site.set(&settings(&served.authority, "tls-alpn-01"));
    served.program.signal("HUP");
    served.is_trusted().await;
}
