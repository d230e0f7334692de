//! What the customer's screen needs beside the conversation: how the bank looks, who answers, what helped, the queue.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use serde_json::Value;
use serde_json::json;
use sha2::Sha256;

use crate::support::Customer;

const ACCENT: &str = "#A51E37";
const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
const CUSTOMER_KEY: &str = "0123456789abcdef0123456789abcdef";
const WANTS_PERSON: &str = "상담원 연결해 주세요";

both_stores! {
    /// The bank's look is the configuration's, and otherwise the pack's; the notice has a version of its own.
    async fn the_greeting_says_how_the_bank_looks(setup: Setup) {
        let folder = tempfile::tempdir().unwrap();
        let logo = folder.path().join("logo.svg");
        fs::write(&logo, LOGO).unwrap();
        let setup = setup.with("web.theme.name", "한빛은행").with("web.theme.accent", ACCENT);
        let server = setup.with("web.theme.logo", &logo.display().to_string()).start().await;
        let greeting = server.http().get("/api/v1/greeting").await.expect(200);
        assert_eq!(greeting["bank"], "한빛은행");
        assert_eq!(greeting["theme"], json!({"accent": ACCENT.to_lowercase(), "logo": "/branding/logo"}));
        assert_eq!(greeting["limits"], json!({"message_chars_min": 2, "message_chars_max": 2_000}));
        assert!(greeting["notice"]["text"].as_str().unwrap().starts_with("한빛은행 상담은 사람이 아닌 인공지능"));
        let shown = server.http().get("/branding/logo").await;
        assert_eq!((shown.text().as_str(), shown.header("content-type").as_str()), (LOGO, "image/svg+xml"));
        assert!(shown.header("content-security-policy").contains("sandbox"));
    }

    /// What a customer thinks of an answer is kept, changed, and told when the conversation is read again.
    async fn feedback_is_kept_and_may_change(server: Server) {
        let customer = server.token_customer().await;
        let answer = customer.says("대출 금리가 얼마인가요?").await.message_id();
        for useful in [true, false] {
            assert_eq!(rates(&customer, answer, &json!({"useful": useful})).await.status, 204);
            let told = customer.history().await.into_iter().find(|message| message["id"] == answer).unwrap();
            assert_eq!(told["feedback"], json!({"useful": useful}));
        }
        let comment = "제 번호는 010-1234-5678인데 답이 틀렸어요";
        let told = json!({"useful": false, "reason": "wrong", "comment": comment});
        assert_eq!(rates(&customer, answer, &told).await.status, 204);
        assert!(!server.stored().await.contains("010-1234-5678"), "comments are masked");

        let question = customer.history().await[0]["id"].as_i64().unwrap();
        let stranger = server.token_customer().await;
        rates(&customer, question, &json!({"useful": true})).await.expect_problem(404, "not_found");
        rates(&stranger, answer, &json!({"useful": true})).await.expect_problem(404, "not_found");
        rates(&customer, answer, &json!({"useful": "yes"})).await.expect_problem(422, "invalid_request");
        rates(&customer, answer, &json!({"useful": false, "reason": "rude"})).await.expect_problem(400, "unknown_reason");
        let long = json!({"useful": false, "comment": "가".repeat(501)});
        rates(&customer, answer, &long).await.expect_problem(400, "comment_too_long");
    }

    /// That the notice was seen is kept, once.
    async fn the_notice_has_a_receipt(server: Server) {
        let customer = server.token_customer().await;
        customer.says("안녕하세요").await;
        let version = server.http().get("/api/v1/greeting").await.expect(200)["notice"]["version"].clone();
        for _ in 0..2 {
            assert_eq!(customer.post_json("notice", &json!({"version": version})).await.status, 204);
        }
        assert!(server.stored().await.contains(version.as_str().unwrap()));
    }

    /// Who the bank says the customer is, is kept if the bank signed it, and nothing is opened on another's word.
    async fn a_customer_is_who_the_bank_signed(setup: Setup) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, CUSTOMER_KEY).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let server = setup.with("web.customer_key_file", &file.display().to_string()).start().await;
        let opens = async |body: &Value| server.http().post("/api/v1/sessions", body).await;
        let reference = "k7Qm/2x9d=4T 고객";
        opens(&json!({"customer": {"reference": reference, "signature": signature(reference)}})).await.expect(201);
        assert!(server.stored().await.contains(reference));

        let stolen = json!({"reference": "somebody-else", "signature": signature(reference)});
        opens(&json!({"customer": stolen})).await.expect_problem(403, "customer_signature_wrong");
        let long = "a".repeat(257);
        let long = json!({"reference": long, "signature": signature(&long)});
        opens(&json!({"customer": long})).await.expect_problem(400, "invalid_customer_reference");
        let half = opens(&json!({"customer": {"reference": 7}})).await.expect(422);
        let places: Vec<_> = half["detail"].as_array().unwrap().iter().map(|error| &error["loc"]).collect();
        assert_eq!(places, [&json!(["body", "customer", "reference"]), &json!(["body", "customer", "signature"])]);
        assert!(!server.stored().await.contains("somebody-else"));
    }

    /// Without a key nobody can tell whether it was the bank, so nothing of it is kept.
    async fn without_a_key_no_reference_is_kept(server: Server) {
        let reference = "k7Qm2x9d4T";
        let body = json!({"customer": {"reference": reference, "signature": signature(reference)}});
        server.http().post("/api/v1/sessions", &body).await.expect(201);
        assert!(!server.stored().await.contains(reference));
    }

    /// Who waits is told his place, which moves on.
    async fn who_waits_is_told_his_place(server: Server) {
        let mut waiting = Vec::new();
        for place in 1..=2 {
            let customer = server.customer().await;
            customer.says(WANTS_PERSON).await;
            customer.says(WANTS_PERSON).await.expect_stage("queued");
            server.wait(std::time::Duration::from_secs(1));
            assert_eq!(customer.get("handover-status").await.expect(200)["queue_position"], place);
            waiting.push(customer);
        }
        server.desk().await.accepts(&waiting[0], &json!({})).await.expect(200);
        assert_eq!(waiting[0].get("handover-status").await.expect(200)["queue_position"], json!(null));
        assert_eq!(waiting[1].get("handover-status").await.expect(200)["queue_position"], 1);
    }

    /// Only pages of this server may frame the chat, and those that are named.
    async fn frames_are_allowed_by_name(setup: Setup) {
        let server = setup.with("web.embed_origins", "https://www.bank.example").start().await;
        let page = server.http().send(server.http().request("GET", "/").header("accept", "text/html")).await;
        let policy = page.header("content-security-policy");
        assert!(policy.ends_with("frame-ancestors 'self' https://www.bank.example"), "{policy}");
    }
}

async fn rates(customer: &Customer, message: i64, feedback: &serde_json::Value) -> crate::support::Answer {
    customer.post_json(&format!("messages/{message}/feedback"), feedback).await
}

/// As the bank's web site signs.
fn signature(reference: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(CUSTOMER_KEY.as_bytes()).unwrap().chain_update(reference);
    hex::encode(mac.finalize().into_bytes())
}
