//! Certificates from an authority, end to end: Pebble in strict mode issues them over the product's own listener.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use bank_aicc::edge::acme::Method;
use bank_aicc::edge::acme::SiteReport;
use bank_aicc::edge::acme::Stage;

use crate::support::authority::Authority;
use crate::support::authority::Refusal;
use crate::support::eventually;
use crate::support::machine::Care;
use crate::support::machine::Machine;
use crate::support::machine::verify;
use crate::support::pebble::Nature;

const NAME: &str = "chat.bank.example";
const HTTP: &str = "challenge = \"http-01\"";
const TLS: &str = "challenge = \"tls-alpn-01\"";
/// Nobody listens here.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

/// A machine and its authority.
async fn prepared(nature: Nature) -> (Machine, Authority) {
    let machine = Machine::start().await;
    let (plain, tls) = machine.addresses();
    let authority = Authority::start(&nature, plain, tls).await;
    (machine, authority)
}

/// Several names in one certificate, proven by pages; the chain is one that browsers take; all is stored for its owner
/// alone, and told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_proven_by_pages() {
    let (machine, authority) = prepared(Nature::default()).await;
    let care = machine.care(&authority, &[NAME, "www.bank.example"], HTTP);
    assert!(care.stored.is_none());
    let certificate = care.certificate(1).await;
    for name in [NAME, "www.bank.example"] {
        verify(&certificate, name, authority.pebble()).await;
    }
    let site = told(&machine, &care, |site| site.certificate.is_some()).await;
    assert_eq!((site.stage, site.challenge, site.failures), (Stage::Waiting, Some(Method::Http01), 0));
    assert_eq!(site.certificate.unwrap().names, [NAME, "www.bank.example"]);
    assert!(site.next_renewal.is_some() && site.next_retry.is_none() && site.last_error.is_none());
    for file in machine.files() {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    assert_eq!(machine.files().len(), 3, "account, certificate, status: {:?}", machine.files());
    care.stop().await;
}

/// The same by handshakes; afterwards none is expected any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_proven_by_handshakes() {
    let (machine, authority) = prepared(Nature::default()).await;
    let care = machine.care(&authority, &[NAME, "www.bank.example"], TLS);
    let certificate = care.certificate(1).await;
    verify(&certificate, "www.bank.example", authority.pebble()).await;
    assert_eq!(care.site().challenge, Some(Method::TlsAlpn01));
    assert!(machine.shows_nothing());
}

/// Addresses are proven by pages; by handshakes under the name of their reverse lookup.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_are_proven() {
    let (machine, authority) = prepared(Nature::default()).await;
    for more in [HTTP, TLS] {
        let care = machine.care(&authority, &["127.0.0.1"], more);
        verify(&care.certificate(1).await, "127.0.0.1", authority.pebble()).await;
        care.stop().await;
        fs::remove_file(machine.certificate_file()).unwrap();
    }
}

/// Where pages do not get through, handshakes do, and the other way round, without waiting for a repetition.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_get_through_is_tried_the_other_way() {
    let machine = Machine::start().await;
    let (plain, tls) = machine.addresses();
    for (plain, tls, expected) in [(NOWHERE, tls, Method::TlsAlpn01), (plain, NOWHERE, Method::Http01)] {
        let authority = Authority::start(&Nature::default(), plain, tls).await;
        let care = machine.care(&authority, &[NAME], "");
        verify(&care.certificate(1).await, NAME, authority.pebble()).await;
        assert_eq!(care.site().challenge, Some(expected));
        care.stop().await;
    }
}

/// Every third good nonce is refused, and there is a certificate in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_nonces_are_not_fatal() {
    let (machine, authority) = prepared(Nature { nonces_refused: 33, ..Nature::default() }).await;
    let care = machine.care(&authority, &[NAME], HTTP);
    eventually("a certificate", async || {
        machine.wait(Duration::from_secs(10));
        care.installed().first().cloned()
    })
    .await;
}

/// A name that leads nowhere: the error says which, why and what to do, and the authority is left alone for longer and
/// longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_leads_nowhere_is_told_and_not_tried_too_often() {
    let (machine, authority) = prepared(Nature { is_resolving: false, ..Nature::default() }).await;
    let care = machine.care(&authority, &[NAME], HTTP);
    let site = care.failures(1).await;
    let error = site.last_error.clone().unwrap();
    assert!(error.message.starts_with("chat.bank.example was not proven by http-01: "), "{}", error.message);
    assert!(error.remedy.as_deref().unwrap_or_default().contains("A and AAAA records"), "{error:?}");
    let minutes = |site: &SiteReport| {
        let pause = site.next_retry.unwrap() - site.last_error.as_ref().unwrap().at;
        pause.as_seconds_f64() / 60.0
    };
    assert!((1.0..=1.25).contains(&minutes(&site)), "{site:?}");
    machine.wait(Duration::from_secs(50));
    still(&authority, 1).await;
    machine.wait(Duration::from_secs(30));
    let site = care.failures(2).await;
    assert!((2.0..=2.5).contains(&minutes(&site)), "{site:?}");
    still(&authority, 2).await;
    assert!(care.installed().is_empty() && machine.shows_nothing());
    care.stop().await;
}

/// An authority that is away holds up nobody; when it is back, it is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_may_be_away_at_start() {
    let (machine, authority) = prepared(Nature::default()).await;
    authority.is_away(true);
    let care = machine.care(&authority, &[NAME], HTTP);
    let error = care.failures(1).await.last_error.unwrap();
    assert!(error.message.contains("asking https://127.0.0.1:"), "{}", error.message);
    assert!(error.remedy.unwrap().contains("edge.acme.directory"));
    authority.is_away(false);
    machine.wait(Duration::from_secs(80));
    care.certificate(1).await;
    assert_eq!(care.site().last_error, None);
}

/// When a certificate is due, the old one stays in use until the new one is there, however long that takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_renewed_when_it_is_due() {
    let (machine, authority) = prepared(Nature::default()).await;
    let care = machine.care(&authority, &[NAME], HTTP);
    let first = care.certificate(1).await;
    let facts = care.site().certificate.unwrap();
    let due = care.site().next_renewal.unwrap();
    let life = facts.not_after - facts.not_before;
    let share = (due - facts.not_before).as_seconds_f64() / life.as_seconds_f64();
    assert!((0.63..=0.67).contains(&share), "{share}");

    authority.is_away(true);
    machine.wait(Duration::try_from(life).unwrap().mul_f64(0.7));
    care.failures(1).await;
    assert_eq!(care.installed().len(), 1, "the old one is in use");
    authority.is_away(false);
    machine.wait(Duration::from_secs(80));
    let second = care.certificate(2).await;
    assert_ne!(first.cert, second.cert);
    let stored = fs::read_to_string(machine.certificate_file()).unwrap();
    assert!(stored.contains("PRIVATE KEY") && stored.matches("BEGIN CERTIFICATE").count() == second.cert.len());
    // By this clock the new one, too, is due at once: said, not worked around, and the authority is left alone.
    let doubt = doubted(&care).await;
    assert!(doubt.contains("ahead of the authority's"), "{doubt}");
    machine.wait(Duration::from_hours(12));
    still(&authority, 2).await;
}

/// A commercial authority knows its customer by a key; without it, it says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_may_want_to_know_its_customer() {
    let customer = Some(("bank-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"));
    let (machine, authority) = prepared(Nature { customer, ..Nature::default() }).await;
    let stranger = machine.care(&authority, &[NAME], HTTP);
    let error = stranger.failures(1).await.last_error.unwrap();
    assert!(error.message.starts_with("registering an account with the authority: "), "{}", error.message);
    assert!(error.remedy.unwrap().contains("eab_key_id"));
    stranger.stop().await;

    machine.put("customer.key", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\n");
    machine.wait(Duration::from_secs(80));
    let more =
        format!("{HTTP}\neab_key_id = \"bank-1\"\neab_key_file = \"customer.key\"\ncontact = [\"pki@bank.example\"]");
    let care = machine.care(&authority, &[NAME], &more);
    care.certificate(1).await;
    assert_eq!(authority.seen().accounts.last().unwrap()["contact"][0], "mailto:pki@bank.example");
}

/// A restarted program serves what is stored, at once and without an order; only a damaged file is replaced, and said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_uses_what_is_stored() {
    let (machine, authority) = prepared(Nature::default()).await;
    let care = machine.care(&authority, &[NAME], HTTP);
    let first = care.certificate(1).await;
    care.stop().await;
    authority.is_away(true);
    let care = machine.care(&authority, &[NAME], HTTP);
    assert_eq!(care.stored.as_ref().unwrap().cert, first.cert);
    care.stop().await;
    authority.is_away(false);

    let care = machine.care(&authority, &[NAME], HTTP);
    still(&authority, 1).await;
    assert!(care.installed().is_empty());
    care.stop().await;

    let file = machine.certificate_file();
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 3]).unwrap();
    let care = machine.care(&authority, &[NAME], HTTP);
    assert!(care.stored.is_none());
    let second = care.certificate(1).await;
    assert_ne!(first.cert, second.cert);
    care.stop().await;
    assert_eq!(machine.care(&authority, &[NAME], HTTP).stored.unwrap().cert, second.cert);
    assert_eq!(authority.seen().accounts.len(), 1, "one account for all of it");
}

/// A site that gets another name is served with its old certificate until there is one for both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_name_needs_another_certificate() {
    let (machine, authority) = prepared(Nature::default()).await;
    let care = machine.care(&authority, &[NAME], HTTP);
    let first = care.certificate(1).await;
    care.stop().await;
    let care = machine.care(&authority, &[NAME, "www.bank.example"], HTTP);
    assert_eq!(care.stored.as_ref().unwrap().cert, first.cert);
    eventually("a certificate for both", async || care.installed().pop()).await;
}

/// An authority's limits are respected, over restarts, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_that_is_asked_too_often_is_left_alone() {
    let (machine, authority) = prepared(Nature::default()).await;
    authority.refuses(Some(Refusal { status: 429, kind: "rateLimited", retry_after: Some("7200") }));
    let care = machine.care(&authority, &[NAME], HTTP);
    let site = care.failures(1).await;
    let error = site.last_error.clone().unwrap();
    assert!(error.message.contains("as the test wants it") && error.remedy.is_some(), "{error:?}");
    assert!(site.next_retry.unwrap() - error.at >= Duration::from_hours(2), "{site:?}");
    told(&machine, &care, |site| site.failures == 1).await;
    care.stop().await;

    authority.refuses(None);
    machine.wait(Duration::from_mins(110));
    let care = machine.care(&authority, &[NAME], HTTP);
    still(&authority, 1).await;
    machine.wait(Duration::from_mins(11));
    care.certificate(1).await;
}

/// A certificate that the disk does not take is served all the same, and stored as soon as it can be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_cannot_be_stored_is_served() {
    let (machine, authority) = prepared(Nature::default()).await;
    let care = machine.care(&authority, &[NAME], HTTP);
    care.certificate(1).await;
    care.stop().await;
    let file = machine.certificate_file();
    fs::remove_file(&file).unwrap();
    fs::create_dir_all(file.join("in the way")).unwrap();
    let care = machine.care(&authority, &[NAME], HTTP);
    assert!(care.stored.is_none());
    let served = care.certificate(1).await;
    assert!(file.is_dir());
    fs::remove_dir_all(&file).unwrap();
    eventually("a stored certificate", async || file.is_file().then_some(())).await;
    care.stop().await;
    assert_eq!(machine.care(&authority, &[NAME], HTTP).stored.unwrap().cert, served.cert);
}

/// An authority that lost its accounts gets a new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_gone_is_registered_anew() {
    let (machine, authority) = prepared(Nature::default()).await;
    authority.refuses(Some(Refusal { status: 400, kind: "accountDoesNotExist", retry_after: None }));
    let care = machine.care(&authority, &[NAME], HTTP);
    care.failures(1).await;
    assert!((2..=4).contains(&authority.seen().accounts.len()), "anew, but not for ever");
    authority.refuses(None);
    machine.wait(Duration::from_secs(80));
    care.certificate(1).await;
}

/// An authority says when it wants a certificate renewed. Whether it takes a word on what the new one replaces or not, there
/// is a new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_may_say_when_to_renew() {
    for echoes_replaces in [true, false] {
        let (machine, authority) = prepared(Nature::default()).await;
        authority.wants_renewal("2126-01-01T00:00:00Z", "2126-01-02T00:00:00Z", echoes_replaces);
        let care = machine.care(&authority, &[NAME], HTTP);
        let first = care.certificate(1).await;
        // Later than the certificate lives: cut short.
        let (facts, due) = eventually("a renewal", async || {
            let site = care.site();
            site.renewal_by.filter(|by| *by == bank_aicc::edge::acme::RenewalBy::Authority)?;
            site.certificate.zip(site.next_renewal)
        })
        .await;
        assert!(due > facts.not_before + (facts.not_after - facts.not_before) * 0.9 && due < facts.not_after);

        authority.wants_renewal("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", echoes_replaces);
        machine.wait(Duration::from_hours(6));
        let second = care.certificate(2).await;
        assert_ne!(first.cert, second.cert);
        let seen = authority.seen();
        let expected = &seen.windows[0];
        assert!(seen.windows.iter().take(2).all(|asked| asked == expected), "{:?}", seen.windows);
        assert_eq!(seen.orders[1]["replaces"], expected.as_str(), "{:?}", seen.orders);
        assert_eq!(seen.orders.get(2).map(|order| order["replaces"].is_null()), (!echoes_replaces).then_some(true));
        care.stop().await;
    }
}

/// A clock that is plainly wrong is said; certificates are issued all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_clock_is_said() {
    let machine = Machine::start_at(0).await;
    let (plain, tls) = machine.addresses();
    let authority = Authority::start(&Nature::default(), plain, tls).await;
    let care = machine.care(&authority, &[NAME], HTTP);
    assert!(doubted(&care).await.contains("before this program was built"));
    care.certificate(1).await;
    care.stop().await;

    let (machine, authority) = prepared(Nature::default()).await;
    authority.has_clock("Sat, 01 Jan 2050 00:00:00 GMT");
    let care = machine.care(&authority, &[NAME], HTTP);
    care.certificate(1).await;
    let doubt = doubted(&care).await;
    assert!(doubt.contains("minutes behind the authority's"), "{doubt}");
    // What others read is written after what is known here.
    let told = eventually("the report", async || machine.report().unwrap().clock_doubt).await;
    assert_eq!(told, doubt);
}

/// A program that ends in the middle of an order shows nothing any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_in_the_middle_of_an_order_leaves_nothing() {
    let (machine, authority) = prepared(Nature::default()).await;
    let care = machine.care(&authority, &[NAME], TLS);
    eventually("a proof", async || (!machine.shows_nothing()).then_some(())).await;
    care.stop().await;
    assert!(machine.shows_nothing());
}

/// Waits until another process can read this of the site.
async fn told(machine: &Machine, care: &Care, is_so: impl Fn(&SiteReport) -> bool) -> SiteReport {
    let told = eventually("a status that is written", async || {
        let site = machine.report()?.sites.pop()?;
        (is_so(&site) && site.stage == Stage::Waiting).then_some(site)
    })
    .await;
    assert_eq!(told, care.site());
    told
}

async fn doubted(care: &Care) -> String {
    eventually("a doubt", async || care.report().clock_doubt).await
}

/// Looks several times whether anything is due, and fails if more than this was ordered.
async fn still(authority: &Authority, orders: usize) {
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(authority.seen().orders.len(), orders);
}
