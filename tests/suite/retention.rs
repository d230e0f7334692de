//! What is kept for a time only: how much has had its time is said before, deleted by the running server or by hand, recorded, and
//! nothing else is touched.

use serde_json::json;

use crate::support::Customer;
use crate::support::Http;
use crate::support::Program;
use crate::support::Site;
use crate::support::Store;
use crate::support::demo_pack;
use crate::support::eventually;

/// Everything that was stored so far becomes forty days older. Nothing else can make it so within a test.
const FORTY_DAYS_LATER: [&str; 4] = [
    "UPDATE sessions SET updated_at_ms = updated_at_ms - 3456000000, last_message_at_ms = last_message_at_ms - 3456000000",
    "UPDATE messages SET created_at_ms = created_at_ms - 3456000000",
    "UPDATE decisions SET decided_at_ms = decided_at_ms - 3456000000",
    "UPDATE audit SET at_ms = at_ms - 3456000000",
];
/// Those who do not wait for an agent have closed their conversations, if anything was said in them.
const CLOSED: &str =
    "UPDATE sessions SET activity = 'closed' WHERE handover_status IS NULL AND last_message_at_ms IS NOT NULL";
const AUDITED: &str = "INSERT INTO audit (at_ms, actor, action, subject, detail)
    SELECT MAX(created_at_ms), 'somebody', 'model.off', 'all', '' FROM messages";
/// What belongs to conversations, beside messages.
const BELONGINGS: &str =
    "SELECT (SELECT COUNT(*) FROM feedback) + (SELECT COUNT(*) FROM notice_receipts) + (SELECT COUNT(*) FROM reports)";

/// What `bank-aicc retention …` says at a site.
fn retention(site: &Site, arguments: &[&str]) -> String {
    let output = Program::run(&[&["retention"], arguments, &["--config", site.config()]].concat(), &[]);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

async fn age(site: &Site) {
    for statement in FORTY_DAYS_LATER {
        site.execute(statement).await;
    }
}

/// A hundred and twenty days of a bank: who was there in the beginning, and who has not had his time.
struct Past {
    /// Over, with opinions and receipts.
    old: [Customer; 2],
    /// As old, but waits for an agent.
    waiting: Customer,
    /// Came later; the last one today.
    younger: Vec<Customer>,
}

impl Past {
    async fn at(site: &Site, http: &Http) -> Self {
        let old = [Customer::new(http), Customer::new(http)];
        for customer in &old {
            let answer = customer.says("이체한도 올리고 싶어요").await;
            let opinion = format!("messages/{}/feedback", answer.message_id());
            customer.post_json(&opinion, &json!({"useful": true})).await;
            customer.post_json("notice", &json!({"version": "1"})).await;
            customer.says("감사합니다").await;
        }
        let waiting = Customer::new(http);
        waiting.says("안녕하세요").await;
        waiting.post("request-handover").await;
        // Came and said nothing.
        Customer::open(http).await;
        site.execute(CLOSED).await;
        site.execute(AUDITED).await;
        age(site).await;
        let mut younger = Vec::new();
        for _ in 0..2 {
            younger.push(Customer::new(http));
            younger.last().unwrap().says("이체한도 올리고 싶어요").await;
            age(site).await;
        }
        younger.push(Customer::new(http));
        younger.last().unwrap().says("이체한도 올리고 싶어요").await;
        Self { old, waiting, younger }
    }

    async fn expect_only_the_old_to_be_gone(&self, http: &Http) {
        let history = async |customer: &Customer| Customer::named(http, customer.session()).get("messages").await;
        for customer in &self.old {
            history(customer).await.expect(404);
        }
        assert_ne!(history(&self.waiting).await.expect(200), json!([]));
        for customer in &self.younger {
            assert_eq!(history(customer).await.expect(200).as_array().unwrap().len(), 2);
        }
    }
}

both_stores! {
    /// A running server deletes what has had its time, by class, and records it.
    async fn in_a_running_server(store: Store) {
        let site = Site::on(store).await;
        site.import(&demo_pack());
        let server = site.serve(&[("api.legacy_clients", "true")]);
        let http = server.ready().await;
        let past = Past::at(&site, &http).await;
        let belongings = site.number(BELONGINGS).await;

        let shown = retention(&site, &["show"]);
        assert!(shown.contains("kept until somebody deletes it") && shown.contains("  0 conversations"), "{shown}");
        let shown = retention(&site, &["show", "--conversations", "99d", "--audit", "99d"]);
        assert!(shown.contains("  3 conversations with 8 messages"), "{shown}");
        assert!(shown.contains("  5 reasons of answers, 0 requests to models, 1 lines of the audit trail"), "{shown}");
        assert!(retention(&site, &["show", "--conversations", "121d"]).contains("  0 conversations"));
        assert_eq!(past.old[0].history().await.len(), 4, "showing deletes nothing");
        drop(server);

        let server = site.serve(&[
            ("api.legacy_clients", "true"),
            ("retention.conversations", "99d"),
            ("retention.audit", "200d"),
            ("retention.interval", "1s"),
        ]);
        let http = server.ready().await;
        let gone = Customer::named(&http, past.old[1].session());
        eventually("it is deleted", async || (gone.get("messages").await.status == 404).then_some(())).await;
        eventually("the empty one, too", async || {
            let shown = retention(&site, &["show", "--conversations", "99d", "--audit", "99d"]);
            shown.contains("  0 conversations with 0 messages").then_some(())
        })
        .await;
        past.expect_only_the_old_to_be_gone(&http).await;
        assert_eq!(site.number(BELONGINGS).await, belongings - 4, "two opinions and two receipts");
        let shown = retention(&site, &["show", "--audit", "99d"]);
        assert!(shown.contains("  5 reasons"), "reasons have a period of their own: {shown}");
        let log = retention(&site, &["log"]);
        assert!(log.contains("messages 8"), "{log}");

        // Gone with all that belongs to it, the conversation may begin anew.
        gone.says("이체한도 올리고 싶어요").await;
        assert_eq!(gone.history().await.len(), 2);
    }

    /// An operator deletes it beside a running server, which has no periods.
    async fn by_hand(store: Store) {
        let site = Site::on(store).await;
        site.import(&demo_pack());
        let server = site.serve(&[("api.legacy_clients", "true")]);
        let http = server.ready().await;
        let past = Past::at(&site, &http).await;
        let refused = Program::run(&["retention", "run", "--config", site.config()], &[]);
        assert!(!refused.status.success());
        assert!(String::from_utf8_lossy(&refused.stderr).contains("are not set"), "{refused:?}");
        assert_eq!(past.old[0].history().await.len(), 4);
        let belongings = site.number(BELONGINGS).await;
        let periods = [("BANK_AICC__RETENTION__CONVERSATIONS", "99d"), ("BANK_AICC__RETENTION__AUDIT", "99d")];
        let run = Program::run(&["retention", "run", "--config", site.config()], &periods);
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(said.contains("3 conversations with 8 messages, 5 reasons of answers"), "{said}");
        assert!(said.contains("1 lines of the audit trail"), "{said}");
        past.expect_only_the_old_to_be_gone(&http).await;
        assert_eq!(site.number(BELONGINGS).await, belongings - 4, "two opinions and two receipts");
        assert!(retention(&site, &["log"]).contains("audit entries 1"), "the record of the deletion stays");
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
    site.execute(CLOSED).await;
    for _ in 0..3 {
        age(&site).await;
    }
    // Somebody writes while the clock is ahead, and the server is started again.
    Customer::new(&http).says("안녕하세요").await;
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
    const INTO_THE_FILE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
    let site = Site::on(Store::Sqlite).await;
    site.import(&demo_pack());
    let pace = [("api.limits.session_messages_per_second", "1000"), ("api.limits.session_messages_burst", "1000")];
    let server = site.serve(&[&[("api.legacy_clients", "true")], &pace[..]].concat());
    let http = server.ready().await;
    let customer = Customer::new(&http);
    for _ in 0..40 {
        customer.says(&WORDS.repeat(200)).await;
    }
    site.execute(CLOSED).await;
    for _ in 0..3 {
        age(&site).await;
    }
    drop(server);
    let content = || std::fs::read(site.folder().join("data/bank-aicc.db")).unwrap();
    let holds = |content: &[u8]| content.windows(WORDS.len()).any(|window| window == WORDS.as_bytes());
    let periods = [("BANK_AICC__RETENTION__CONVERSATIONS", "99d")];
    site.execute(INTO_THE_FILE).await;
    let before = content();
    assert!(holds(&before));
    assert!(Program::run(&["retention", "run", "--config", site.config()], &periods).status.success());
    site.execute(INTO_THE_FILE).await;
    let after = content();
    assert!(!holds(&after));
    assert!(after.len() + 100_000 < before.len(), "{} bytes, {} before", after.len(), before.len());
}
