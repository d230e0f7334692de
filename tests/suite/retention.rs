//! What is kept for a time only: how much has had its time is said before, deleted by the running server or by hand, recorded, and
//! nothing else is touched.

use crate::support::Customer;
use crate::support::Http;
use crate::support::Program;
use crate::support::Site;
use crate::support::Store;
use crate::support::demo_pack;
use crate::support::eventually;

/// Everything that was stored so far becomes this old. Nothing else can make it so within a test.
const AGED: [&str; 4] = [
    "UPDATE sessions SET updated_at_ms = updated_at_ms - 8640000000, activity = 'closed'", // a hundred days
    "UPDATE decisions SET decided_at_ms = decided_at_ms - 8640000000",
    "UPDATE messages SET created_at_ms = created_at_ms - 8640000000",
    "INSERT INTO audit (at_ms, actor, action, subject, detail) VALUES (1, 'somebody', 'model.off', 'all', '')",
];

/// What `bank-aicc retention …` says at a site.
fn retention(site: &Site, arguments: &[&str]) -> String {
    let output = Program::run(&[&["retention"], arguments, &["--config", site.config()]].concat(), &[]);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

/// Two conversations that are over and a hundred days old, each with an opinion, and one of today.
async fn lived_in(site: &Site, http: &Http) -> (Customer, Customer) {
    let old = Customer::new(http);
    for customer in [&old, &Customer::new(http)] {
        let answer = customer.says("이체한도 올리고 싶어요").await;
        let opinion = format!("messages/{}/feedback", answer.message_id());
        customer.post_json(&opinion, &serde_json::json!({"useful": true})).await;
        customer.says("감사합니다").await;
    }
    for statement in AGED {
        site.execute(statement).await;
    }
    let new = Customer::new(http);
    new.says("이체한도 올리고 싶어요").await;
    (old, new)
}

async fn a_server_deletes_what_has_had_its_time(store: Store) {
    let site = Site::on(store).await;
    site.import(&demo_pack());
    let server = site.serve(&[("api.legacy_clients", "true")]);
    let http = server.ready().await;
    let (old, new) = lived_in(&site, &http).await;
    assert_eq!(old.history().await.len(), 4);

    let shown = retention(&site, &["show"]);
    assert!(shown.contains("kept until somebody deletes it") && shown.contains("  0 conversations"), "{shown}");
    let shown = retention(&site, &["show", "--conversations", "99d", "--audit", "99d"]);
    assert!(shown.contains("  2 conversations with 8 messages"), "{shown}");
    assert!(shown.contains("  4 reasons of answers, 0 requests to models, 1 lines of the audit trail"), "{shown}");
    assert!(retention(&site, &["show", "--conversations", "101d"]).contains("  0 conversations"));
    assert_eq!(old.history().await.len(), 4, "showing deletes nothing");
    drop(server);

    let periods = [
        ("api.legacy_clients", "true"),
        ("retention.conversations", "99d"),
        ("retention.audit", "200d"),
        ("retention.interval", "1s"),
    ];
    let server = site.serve(&periods);
    let http = server.ready().await;
    let gone = Customer::named(&http, old.session());
    eventually("it is deleted", async || gone.history().await.is_empty().then_some(())).await;
    assert_eq!(Customer::named(&http, new.session()).history().await.len(), 2, "what is younger stays");
    let shown = retention(&site, &["show", "--conversations", "99d", "--audit", "99d"]);
    assert!(shown.contains("  0 conversations with 0 messages"), "{shown}");
    assert!(shown.contains("  4 reasons"), "reasons have a period of their own: {shown}");
    let log = retention(&site, &["log"]);
    assert!(log.contains("conversations 2, messages 8"), "{log}");
    let feedback = http.get(&format!("/api/v1/sessions/{}/messages", old.session())).await;
    assert!(feedback.status == 404 || feedback.json()["messages"] == serde_json::json!([]), "{}", feedback.text());

    // Gone with all that belongs to it, the conversation may begin anew.
    gone.says("이체한도 올리고 싶어요").await;
    assert_eq!(gone.history().await.len(), 2);
}

async fn by_hand_what_has_had_its_time_is_deleted(store: Store) {
    let site = Site::on(store).await;
    site.import(&demo_pack());
    let server = site.serve(&[("api.legacy_clients", "true")]);
    let http = server.ready().await;
    let (old, new) = lived_in(&site, &http).await;
    let refused = Program::run(&["retention", "run", "--config", site.config()], &[]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("are not set"), "{refused:?}");
    assert_eq!(old.history().await.len(), 4);

    // Beside a running server, which has no periods.
    let periods = [("BANK_AICC__RETENTION__CONVERSATIONS", "99d"), ("BANK_AICC__RETENTION__AUDIT", "99d")];
    let run = Program::run(&["retention", "run", "--config", site.config()], &periods);
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(said.contains("2 conversations with 8 messages, 4 reasons of answers"), "{said}");
    assert!(said.contains("1 lines of the audit trail"), "{said}");
    assert_eq!(old.history().await.len(), 0);
    assert_eq!(new.history().await.len(), 2);
    assert!(retention(&site, &["log"]).contains("audit entries 1"), "the record of the deletion stays");
}

both_stores! {
    /// A running server deletes what has had its time, by class, and records it.
    async fn in_a_running_server(store: Store) {
        a_server_deletes_what_has_had_its_time(store).await;
    }

    /// An operator deletes it beside a running server.
    async fn by_hand(store: Store) {
        by_hand_what_has_had_its_time_is_deleted(store).await;
    }
}

/// A clock that is years ahead deletes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_in_doubt_deletes_nothing() {
    let site = Site::on(Store::Sqlite).await;
    site.import(&demo_pack());
    let server = site.serve(&[("api.legacy_clients", "true")]);
    let http = server.ready().await;
    let customer = Customer::new(&http);
    customer.says("이체한도 올리고 싶어요").await;
    for statement in AGED {
        site.execute(statement).await;
    }
    drop(server);
    let periods = [("api.legacy_clients", "true"), ("retention.conversations", "99d"), ("retention.interval", "1s")];
    let server = site.serve(&periods);
    let http = server.ready().await;
    server.logged("the clock may be wrong");
    assert_eq!(Customer::named(&http, customer.session()).history().await.len(), 2);
}

/// Deleted words are nowhere in the file, and it gets smaller.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_file_keeps_nothing_of_what_was_deleted() {
    const WORDS: &str = "아무도모를말마디";
    let site = Site::on(Store::Sqlite).await;
    site.import(&demo_pack());
    let server = site.serve(&[("api.legacy_clients", "true"), ("api.limits.session_messages_per_second", "1000")]);
    let http = server.ready().await;
    let customer = Customer::new(&http);
    for _ in 0..20 {
        customer.says(&WORDS.repeat(200)).await;
    }
    for statement in AGED {
        site.execute(statement).await;
    }
    Customer::new(&http).says("안녕하세요").await;
    drop(server);
    let content = || std::fs::read(site.folder().join("data/bank-aicc.db")).unwrap();
    let holds = |content: &[u8]| content.windows(WORDS.len()).any(|window| window == WORDS.as_bytes());
    let before = content();
    assert!(holds(&before));
    let periods = [("BANK_AICC__RETENTION__CONVERSATIONS", "99d")];
    assert!(Program::run(&["retention", "run", "--config", site.config()], &periods).status.success());
    let after = content();
    assert!(!holds(&after));
    assert!(after.len() + 100_000 < before.len(), "{} bytes, {} before", after.len(), before.len());
}
