//! Sessions, hand-over and reports over HTTP, as existing agents' screens use them (wire contract §5 and §6).

use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::support::eventually;

both_stores! {
    /// Ids increase over the whole database, and a message names its author as existing clients know them.
    async fn message_ids_increase_over_all_sessions(server: Server) {
        let (first, second) = (server.customer().await, server.customer().await);
        let mut ids = Vec::new();
        for customer in [&first, &second, &first] {
            let reply = customer.says("안녕하세요").await;
            ids.extend([reply.user_message_id(), reply.message_id()]);
        }
        assert!(ids.is_sorted_by(|a, b| a < b) && ids[0] > 0, "{ids:?}");
        let history = first.history().await;
        let seen: Vec<_> = history.iter().map(|message| (message["id"].as_i64().unwrap(), &message["role"])).collect();
        let [user, assistant] = [json!("user"), json!("assistant")];
        assert_eq!(seen, [(ids[0], &user), (ids[1], &assistant), (ids[4], &user), (ids[5], &assistant)]);
        assert_eq!(Value::Array(history), first.get("all-messages").await.expect(200));
    }

    /// `after_id` leaves out what is known, `after_handover` what came before the hand-over, and both combine.
    async fn messages_can_be_asked_for_after_a_point(server: Server) {
        let customer = server.customer().await;
        let first = customer.says("안녕하세요").await;
        let ids = async |query: &str| {
            let messages = customer.messages(query).await;
            messages.iter().map(|message| message["id"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        let everything = [first.user_message_id(), first.message_id()];
        assert_eq!(ids("?after_handover=true").await, everything, "without a hand-over nothing is left out");
        let handed_over = customer.says("보이스피싱을 당했어요").await;
        assert_eq!(ids("?after_handover=true").await, [0; 0], "the hand-over message itself is left out");
        let told = customer.tells_agent("여보세요").await["message_id"].as_i64().unwrap();
        let heard = server.desk().await.says(&customer, "네, 말씀하세요.").await;

        assert_eq!(ids(&format!("?after_id={}", everything[0])).await,
            [everything[1], handed_over.user_message_id(), handed_over.message_id(), told, heard]);
        assert_eq!(ids("?after_handover=true").await, [told, heard]);
        assert_eq!(ids(&format!("?after_handover=true&after_id={told}")).await, [heard]);
        assert_eq!(ids(&format!("?after_handover=true&after_id={}", everything[0])).await, [told, heard]);
        assert_eq!(ids(&format!("?after_handover=false&after_id={heard}")).await, [0; 0]);
        assert_eq!(ids("?after_id=-5").await.len(), 6);
    }

    /// Numbers and flags of a query are read, and refused, as FastAPI does.
    async fn queries_are_read_as_fastapi_does(server: Server) {
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        for flag in ["true", "false", "1", "0", "yes", "no", "on", "off", "t", "f", "y", "n", "TRUE", "No", "oN"] {
            customer.get(&format!("messages?after_handover={flag}")).await.expect(200);
        }
        let int = |input: &str| json!({
            "type": "int_parsing", "loc": ["query", "after_id"], "input": input,
            "msg": "Input should be a valid integer, unable to parse string as an integer"});
        let flag = |input: &str| json!({
            "type": "bool_parsing", "loc": ["query", "after_handover"], "input": input,
            "msg": "Input should be a valid boolean, unable to interpret input"});
        for (query, expected) in [
            ("after_id=abc", vec![int("abc")]),
            ("after_id=", vec![int("")]),
            ("after_id=1.5", vec![int("1.5")]),
            ("after_handover=maybe", vec![flag("maybe")]),
            ("after_handover=", vec![flag("")]),
            ("after_id=x&after_handover=2", vec![int("x"), flag("2")]),
        ] {
            let answer = customer.get(&format!("messages?{query}")).await;
            assert_eq!(answer.expect_problem(422, "invalid_request"), Value::Array(expected), "{query}");
        }
    }

    /// An agent's and a customer's messages to each other are stored without asking the assistant.
    async fn agent_and_customer_write_to_each_other(server: Server) {
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        let stored = customer.tells_agent("").await;
        assert_eq!(stored["success"], true, "an empty text is accepted");
        assert_eq!(stored["created_at"], "2026-11-23T09:00:00");
        let longest = "가".repeat(21_845);
        assert_eq!(longest.len(), 65_535, "the column's limit");
        customer.tells_agent(&longest).await;
        server.desk().await.says(&customer, "상담원입니다.").await;
        let history = customer.history().await;
        let said: Vec<_> = history[2..].iter().map(|m| (m["role"].as_str(), m["message"].as_str())).collect();
        assert_eq!(said, [(Some("user"), Some("")), (Some("user"), Some(longest.as_str())),
            (Some("assistant"), Some("상담원입니다."))]);
        let too_long = json!({"message": format!("{longest}가")});
        let refused = server.http().post(&customer.path("customer-message"), &too_long).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        let missing = server.http().post(&customer.path("messages"), &json!({})).await;
        assert_eq!(missing.expect_problem(422, "invalid_request")[0]["loc"], json!(["body", "message"]));
    }

    /// A hand-over is asked for, accepted once, given back, and accepted again.
    async fn a_handover_is_accepted_once_and_can_be_given_back(server: Server) {
        let (customer, desk) = (server.customer().await, server.desk().await);
        customer.says("안녕하세요").await;
        assert_eq!(customer.get("handover-status").await.expect(200), json!({
            "session_id": customer.session(), "handover_status": null, "handover_requested_at": null,
            "handover_accepted_at": null, "assigned_agent_id": null}));
        let done = |answer: Value, status: &str| {
            assert!(answer["message"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
            assert_eq!((&answer["success"], &answer["handover_status"]), (&json!(true), &json!(status)));
        };
        done(customer.post("request-handover").await.expect(200), "pending");
        server.wait(Duration::from_secs(5));
        done(desk.accepts(&customer, &json!({"agent_id": "agent-1"})).await.expect(200), "accepted");
        desk.accepts(&customer, &json!({"agent_id": "agent-2"})).await.expect_problem(409, "already_accepted");
        let accepted = json!({
            "session_id": customer.session(), "handover_status": "accepted",
            "handover_requested_at": "2026-11-23T09:00:00", "handover_accepted_at": "2026-11-23T09:00:05",
            "assigned_agent_id": "agent-1"});
        assert_eq!(customer.get("handover-status").await.expect(200), accepted);
        done(customer.post("decline").await.expect(200), "pending");
        let given_back = customer.get("handover-status").await.expect(200);
        assert_eq!(given_back["assigned_agent_id"], Value::Null);
        assert_eq!(given_back["handover_accepted_at"], "2026-11-23T09:00:05", "the accepted time stays");
        done(desk.accepts(&customer, &json!({"agent_id": "agent-2"})).await.expect(200), "accepted");
    }

    /// The body of `accept` may be left out in every way the contract names; what is no name is refused.
    async fn accepting_needs_no_body(server: Server) {
        for body in ["", "null", "{}", r#"{"agent_id":null}"#, r#"{"other":1}"#] {
            let customer = server.customer().await;
            customer.says("안녕하세요").await;
            server.http().post_bytes(&customer.path("accept"), None, body).await.expect(200);
            let status = customer.get("handover-status").await.expect(200);
            assert_eq!((&status["handover_status"], &status["assigned_agent_id"]), (&json!("accepted"), &Value::Null));
        }
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        let refused = server.desk().await.accepts(&customer, &json!({"agent_id": 7})).await;
        assert_eq!(refused.expect_problem(422, "invalid_request"), json!([{
            "type": "string_type", "loc": ["body", "agent_id"], "msg": "Input should be a valid string", "input": 7}]));
    }

    /// A cancelled hand-over can still be accepted.
    async fn a_cancelled_handover_can_be_accepted(server: Server) {
        let customer = server.customer().await;
        customer.says("보이스피싱을 당했어요").await.expect_stage("queued");
        customer.says("상담원 연결 취소할게요").await.expect(json!({"handover_status": "cancelled"}));
        assert_eq!(customer.handover_status().await, "cancelled");
        server.desk().await.accepts(&customer, &json!({})).await.expect(200);
        assert_eq!(customer.handover_status().await, "accepted");
    }

    /// Agents see the active conversations with a stored hand-over, and no other.
    async fn only_conversations_on_their_way_to_a_person_are_listed(server: Server) {
        let desk = server.desk().await;
        let (waiting, other) = (server.customer().await, server.customer().await);
        waiting.says("보이스피싱을 당했어요").await.expect(json!({"suggested_action": "HANDOVER"}));
        other.says("안녕하세요").await.expect(json!({"suggested_action": "CONTINUE"}));
        let listed = desk.listed().await;
        let [session] = listed.as_slice() else { panic!("{listed:?}") };
        let mut members: Vec<_> = session.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["collected_info", "created_at", "handover_accepted_at", "handover_status", "session_id",
            "updated_at"]);
        assert_eq!(session["session_id"], waiting.session());
        assert!(session["collected_info"].is_object());
        assert_eq!(session["handover_status"], "pending");
        waiting.post("close").await.expect(200);
        assert_eq!(desk.waiting().await, 0, "a closed conversation waits for nobody");
    }

    /// Closing is done once and can be repeated; a closed conversation answers but does not come back.
    async fn a_closed_session_stays_closed(server: Server) {
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        let closed = json!({"success": true, "message": "세션이 종료되었습니다."});
        for _ in 0..2 {
            assert_eq!(customer.post("close").await.expect(200), closed);
        }
        let gone = format!("세션을 찾을 수 없습니다: {}", customer.session());
        for (what, body) in [
            ("messages", json!({"message": "네"})),
            ("customer-message", json!({"message": "네"})),
            ("request-handover", json!({})),
            ("accept", json!({})),
            ("decline", json!({})),
        ] {
            let answer = server.http().post(&customer.path(what), &body).await;
            assert_eq!(answer.expect_problem(404, "session_not_found"), gone, "{what}");
        }
        customer.says("대출 금리가 얼마인가요?").await;
        assert_eq!(customer.history().await.len(), 4, "it still answers and stores");
        customer.get("handover-status").await.expect(200);
        customer.get("all-messages").await.expect(200);
        let closed = server.desk().await.closed().await;
        assert!(closed.iter().any(|session| session["session_id"] == customer.session()), "it stays inactive");
    }

    /// Whoever is in danger after his conversation was closed reaches a person all the same: it opens again.
    async fn a_closed_session_opens_again_for_an_emergency(server: Server) {
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        customer.post("close").await.expect(200);
        customer.says("방금 보이스피싱을 당해서 돈을 보냈어요").await.expect_stage("queued");
        let desk = server.desk().await;
        assert!(desk.listed_of(&customer).await.is_some(), "agents see it");
        desk.accepts(&customer, &json!({"agent_id": "agent-1"})).await.expect(200);
    }

    /// An agent may take a conversation before anybody asked for him; a customer who then asks is with him at once.
    async fn a_conversation_an_agent_has_does_not_go_back_to_the_queue(server: Server) {
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        server.desk().await.accepts(&customer, &json!({"agent_id": "agent-1"})).await.expect(200);
        customer.says("보이스피싱을 당했어요").await.expect_stage("attended");
        let status = customer.get("handover-status").await.expect(200);
        assert_eq!((&status["handover_status"], &status["assigned_agent_id"]), (&json!("accepted"), &json!("agent-1")));
    }

    /// An agent's name has a limit and holds no control characters.
    async fn an_agents_name_is_checked(server: Server) {
        let customer = server.customer().await;
        customer.says("보이스피싱을 당했어요").await;
        let desk = server.desk().await;
        for name in ["a".repeat(101), "a\u{0}b".to_owned(), String::new()] {
            desk.accepts(&customer, &json!({"agent_id": name})).await.expect_problem(400, "invalid_agent_id");
        }
        desk.accepts(&customer, &json!({"agent_id": "가".repeat(100)})).await.expect(200);
    }

    /// What a customer writes to the agent has the same pace as what he writes to the assistant.
    async fn messages_to_an_agent_are_paced(setup: Setup) {
        let server = setup
            .with("api.limits.session_messages_per_second", "0.1")
            .with("api.limits.session_messages_burst", "3")
            .start()
            .await;
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        let mut statuses = Vec::new();
        for _ in 0..3 {
            let body = json!({"message": "여보세요"});
            statuses.push(server.http().post(&customer.path("customer-message"), &body).await.status);
        }
        assert_eq!(statuses, [200, 200, 429]);
    }

    /// The conversation that changed last is the first of the closed ones.
    async fn closed_sessions_are_listed_latest_first(server: Server) {
        let customers = [server.customer().await, server.customer().await, server.customer().await];
        for customer in &customers {
            customer.says("안녕하세요").await;
        }
        for position in [1, 2, 0] {
            server.wait(Duration::from_secs(1));
            customers[position].post("close").await.expect(200);
        }
        let closed = server.desk().await.closed().await;
        let ids: Vec<_> = closed.iter().map(|session| session["session_id"].as_str().unwrap()).collect();
        assert_eq!(ids, [0, 2, 1].map(|position: usize| customers[position].session()));
    }

    /// A session nobody knows is not found, by any route, and named in the refusal.
    async fn an_unknown_session_is_not_found_by_any_route(server: Server) {
        let customer = server.customer_named("없는 세션");
        for what in ["messages", "all-messages", "handover-status"] {
            let detail = customer.get(what).await.expect_problem(404, "session_not_found");
            assert_eq!(detail, "세션을 찾을 수 없습니다: 없는 세션", "{what}");
        }
        for what in ["messages", "customer-message", "close", "request-handover", "accept", "decline"] {
            let answer = server.http().post(&customer.path(what), &json!({"message": "네"})).await;
            let detail = answer.expect_problem(404, "session_not_found");
            assert_eq!(detail, "세션을 찾을 수 없습니다: 없는 세션", "{what}");
        }
    }

    /// Ids are compared exactly: no case is folded, no accent, no trailing space.
    async fn session_ids_are_compared_exactly(server: Server) {
        for id in ["Exact", "exact", "exact ", "éxact", "e\u{301}xact", "이체", "ｅxact"] {
            let customer = server.customer_named(id);
            assert_eq!(customer.says("안녕하세요").await.user_message_id(), customer.history().await[0]["id"]);
            assert_eq!(customer.history().await.len(), 2, "{id:?} is nobody else's");
        }
    }

    /// Ten real minutes without a message make a session inactive; the next message takes it up again.
    async fn a_silent_session_becomes_inactive_after_ten_minutes(setup: Setup) {
        let server = setup.with("chat.inactivity_sweep_interval", "100ms").start().await;
        let (early, late) = (server.customer().await, server.customer().await);
        early.says("안녕하세요").await;
        server.wait(Duration::from_secs(60));
        late.says("안녕하세요").await;
        server.wait(Duration::from_secs(9 * 60 + 30));
        let closed = eventually("the sweep", async || {
            let closed = server.desk().await.closed().await;
            (!closed.is_empty()).then_some(closed)
        });
        let closed: Vec<_> = closed.await.iter().map(|session| session["session_id"].clone()).collect();
        assert_eq!(closed, [early.session()], "10 min 30 s of silence are too long, 9 min 30 s are not");
        early.says("다시 왔어요").await;
        assert_eq!(server.desk().await.closed().await, [Value::Null; 0]);
        early.tells_agent("여보세요").await;
    }

    /// A report has three lines and what else the contract names, by either of its routes.
    async fn a_report_sums_up_the_conversation(server: Server) {
        let customer = server.customer().await;
        customer.says("가온 신용대출 금리가 지금 몇 퍼센트인가요?").await;
        for route in ["analyze", "request"] {
            let request = json!({"session_id": customer.session(), "trigger_reason": "불만"});
            let report = server.http().post(&format!("/api/v1/handover/{route}"), &request).await.expect(200);
            assert_eq!(report["status"], "success");
            let result = &report["analysis_result"];
            let sentiment = result["customer_sentiment"].as_str().unwrap();
            assert!(["POSITIVE", "NEGATIVE", "NEUTRAL"].contains(&sentiment), "{sentiment}");
            assert_eq!(result["summary"].as_str().unwrap().split('\n').count(), 3, "{report}");
            let keywords = result["extracted_keywords"].as_array().unwrap();
            assert!((1..=5).contains(&keywords.len()) && keywords.iter().all(Value::is_string), "{report}");
            let recommended = result["kms_recommendations"].as_array().unwrap();
            for document in recommended {
                assert!(document["title"].is_string(), "{document}");
                server.http().get(document["url"].as_str().unwrap()).await.expect(200);
            }
            let scores: Vec<_> = recommended.iter().map(|document| document["relevance_score"].as_f64().unwrap()).collect();
            assert!(scores.is_sorted_by(|a, b| a >= b), "best first: {scores:?}");
        }
        assert_eq!(customer.handover_status().await, Value::Null, "the hand-over is untouched");
    }

    /// A report of nothing is refused: blank fields, unknown, closed and empty conversations.
    async fn there_is_no_report_of_nothing(server: Server) {
        let report = async |session: &str, reason: &str| {
            let request = json!({"session_id": session, "trigger_reason": reason});
            server.http().post("/api/v1/handover/analyze", &request).await
        };
        assert_eq!(report(" ", " ").await.expect_problem(400, "blank_field"), "session_id는 필수입니다.");
        assert_eq!(report("a", " ").await.expect_problem(400, "blank_field"), "trigger_reason은 필수입니다.");
        report("unknown", "불만").await.expect_problem(404, "no_conversation");
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        customer.post("close").await.expect(200);
        report(customer.session(), "불만").await.expect_problem(404, "no_conversation");
        let missing = server.http().post("/api/v1/handover/request", &json!({})).await;
        let detail = missing.expect_problem(422, "invalid_request");
        assert_eq!(detail[0]["loc"], json!(["body", "session_id"]));
        assert_eq!(detail[1]["loc"], json!(["body", "trigger_reason"]));
    }
}
