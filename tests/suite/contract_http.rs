//! What every client of the HTTP API relies on: conventions, error shapes, CORS, service routes and chat
//! (wire contract §1 to §3).

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::support::Http;

const CHAT: &str = "/api/v1/chat/message";

both_stores! {
    /// All eight members of a chat reply are there, with the types the contract names, and the type is bare JSON.
    async fn a_chat_reply_has_the_contracts_eight_members(server: Server) {
        let message = json!({"session_id": "eight", "user_message": "대출 금리가 얼마인가요?", "unknown": [1]});
        let answer = server.http().post(CHAT, &message).await;
        assert_eq!(answer.header("content-type"), "application/json");
        let reply = answer.expect(200);
        assert!(reply["ai_message"].as_str().is_some_and(|text| !text.is_empty()), "{reply}");
        for (name, allowed) in [
            ("intent", vec![json!("INFO_REQ"), json!("COMPLAINT"), json!("HUMAN_REQ")]),
            ("suggested_action", vec![json!("CONTINUE")]),
            ("info_collection_complete", vec![json!(false)]),
            ("handover_status", vec![Value::Null]),
            ("is_human_required_flow", vec![json!(false)]),
            ("is_session_end", vec![json!(false)]),
        ] {
            assert!(reply.get(name).is_some_and(|value| allowed.contains(value)), "{name} of {reply}");
        }
        let sources = reply["source_documents"].as_array().unwrap();
        assert!(!sources.is_empty(), "a question the documents answer is sourced: {reply}");
        for source in sources {
            assert!(source["source"].is_string() && source["page"].is_u64(), "{source}");
            assert!(source["score"].as_f64().is_some_and(|score| (0.0..=1.0).contains(&score)), "{source}");
        }
        assert!(answer.text().contains(reply["ai_message"].as_str().unwrap().split('\n').next().unwrap()),
            "Hangul is not escaped");
    }

    /// A wrong body is refused in FastAPI's words, one item for each bad field, in field order.
    async fn a_wrong_body_is_refused_in_fastapis_words(server: Server) {
        let field = |kind: &str, location: Value, message: &str, input: Value| {
            json!({"type": kind, "loc": location, "msg": message, "input": input})
        };
        let missing = |location: Value, input: Value| field("missing", location, "Field required", input);
        let no_string = |name: &str, input: Value| {
            field("string_type", json!(["body", name]), "Input should be a valid string", input)
        };
        let no_object = |input: Value| {
            let message = "Input should be a valid dictionary or object to extract fields from";
            field("model_attributes_type", json!(["body"]), message, input)
        };
        let [id, text] = ["session_id", "user_message"];
        let json_type = Some("application/json");
        let cases = [
            (json_type, "", vec![missing(json!(["body"]), Value::Null)]),
            (json_type, "null", vec![missing(json!(["body"]), Value::Null)]),
            (json_type, "{}", vec![missing(json!(["body", id]), json!({})), missing(json!(["body", text]), json!({}))]),
            (json_type, r#"{"session_id":"a","x":1}"#,
                vec![missing(json!(["body", text]), json!({"session_id": "a", "x": 1}))]),
            (json_type, r#"{"session_id":7,"user_message":["네"]}"#,
                vec![no_string(id, json!(7)), no_string(text, json!(["네"]))]),
            (json_type, r#"{"session_id":null,"user_message":"네"}"#, vec![no_string(id, Value::Null)]),
            (json_type, r#"{"user_message":true}"#,
                vec![missing(json!(["body", id]), json!({"user_message": true})), no_string(text, json!(true))]),
            (json_type, r#"{"session_id":"a","user_message":"네","client_message_id":7}"#,
                vec![no_string("client_message_id", json!(7))]),
            (json_type, "[]", vec![no_object(json!([]))]),
            (json_type, r#""네""#, vec![no_object(json!("네"))]),
            (json_type, "7", vec![no_object(json!(7))]),
            (json_type, "false", vec![no_object(json!(false))]),
            (Some("text/plain"), r#"{"session_id":"a"}"#, vec![no_object(json!(r#"{"session_id":"a"}"#))]),
            (Some("application/x-www-form-urlencoded"), "session_id=a", vec![no_object(json!("session_id=a"))]),
        ];
        for (content_type, body, expected) in cases {
            let answer = server.http().post_bytes(CHAT, content_type, body).await;
            assert_eq!(answer.expect_problem(422, "invalid_request"), Value::Array(expected), "{body}");
        }
    }

    /// What is no JSON is refused with the place, in characters, at which Python's parser would have stopped.
    async fn malformed_json_is_refused_with_its_place(server: Server) {
        for (body, offset) in [
            (r#"{"session_id":}"#, 14),
            (r#"{"가나":}"#, 6),
            ("{\n  \"session_id\": x}", 18),
            (r#"{"session_id": "a""#, 18),
            (r#"{"session_id""#, 13),
            ("x", 0),
        ] {
            let detail = server.http().post_bytes(CHAT, None, body).await.expect_problem(422, "invalid_request");
            let [error] = detail.as_array().unwrap().as_slice() else { panic!("{detail}") };
            assert_eq!((&error["type"], &error["msg"]), (&json!("json_invalid"), &json!("JSON decode error")));
            assert_eq!((&error["loc"], &error["input"]), (&json!(["body", offset]), &json!({})), "{body}");
            assert!(error["ctx"]["error"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
            assert!(error.get("url").is_none());
        }
    }

    /// A missing content type, any JSON type and a charset are all read as JSON.
    async fn json_is_read_under_each_of_its_types(server: Server) {
        let body = json!({"session_id": "types", "user_message": "안녕하세요"}).to_string();
        for content_type in
            [None, Some("application/json"), Some("application/json; charset=utf-8"), Some("application/vnd.bank+json")]
        {
            server.http().post_bytes(CHAT, content_type, body.as_str()).await.expect(200);
        }
    }

    /// Blank fields are refused in the contract's sentences, the session id first.
    async fn blank_fields_are_refused_in_the_contracts_sentences(server: Server) {
        for (session, text, expected) in [
            ("", "안녕하세요", "session_id는 필수입니다."),
            (" \n\t", "안녕하세요", "session_id는 필수입니다."),
            ("", "", "session_id는 필수입니다."),
            ("blank", "", "user_message는 필수입니다."),
            ("blank", " \u{3000}\r\n", "user_message는 필수입니다."),
        ] {
            let answer = server.http().post(CHAT, &json!({"session_id": session, "user_message": text})).await;
            assert_eq!(answer.expect_problem(400, "blank_field"), expected);
        }
    }

    /// A text that is too short or too long gets a notice, and leaves no trace.
    async fn a_text_of_the_wrong_length_gets_a_notice_and_leaves_no_trace(server: Server) {
        let notice = |text: &str| json!({
            "ai_message": text, "intent": "INFO_REQ", "suggested_action": "CONTINUE", "source_documents": [],
            "info_collection_complete": false, "handover_status": null, "is_human_required_flow": false,
            "is_session_end": false,
        });
        let customer = server.customer().await;
        for short in ["아", "?", " ㅋ ", "👍", "N"] {
            customer.says(short).await.expect(notice("메시지를 입력해 주세요."));
        }
        for chars in [2_001, 5_000] {
            let reply = customer.says(&"가".repeat(chars)).await;
            assert!(reply.text().contains("2000자") && reply.text().contains(&format!("(현재: {chars}자)")), "{reply:?}");
            let expected = notice(reply.text());
            reply.expect(expected);
        }
        customer.get("messages").await.expect_problem(404, "session_not_found");
    }

    /// Two and two thousand characters pass, counted after trimming, and so do the six short answers.
    async fn texts_at_the_limits_are_answered(server: Server) {
        let longest = "가나".repeat(1_000);
        let padded = format!(" {longest}\n");
        let texts = ["네", "예", "넵", "응", "어", "노", " 네 ", "ㅎㅎ", "👍👍", &longest, &padded];
        for text in texts {
            let customer = server.customer().await;
            let reply = customer.says(text).await;
            assert_ne!(reply.text(), "메시지를 입력해 주세요.", "{text:?}");
            let history = customer.history().await;
            assert_eq!(history.len(), 2, "{text:?} is stored with its answer");
            assert_eq!(history[0]["message"], text, "as it was sent");
        }
    }

    /// Times are Korea's wall clock, to the second, without an offset.
    async fn times_are_koreas_wall_clock(server: Server) {
        let customer = server.customer().await;
        customer.says("보이스피싱을 당했어요").await;
        server.wait(Duration::from_millis(61_999));
        customer.says("아직인가요").await;
        let history = customer.history().await;
        let times: Vec<_> = history.iter().map(|message| &message["created_at"]).collect();
        assert_eq!(times, ["2026-11-23T09:00:00", "2026-11-23T09:00:00", "2026-11-23T09:01:01", "2026-11-23T09:01:01"]);
        let listed = server.desk().await.listed_of(&customer).await.expect("it is listed");
        assert_eq!(listed["created_at"], "2026-11-23T09:00:00");
        assert_eq!(listed["updated_at"], "2026-11-23T09:01:01");
        let status = customer.get("handover-status").await.expect(200);
        assert_eq!(status["handover_requested_at"], "2026-11-23T09:00:00");
    }

    /// What is no route is not found, whatever the method.
    async fn an_unknown_route_is_not_found(server: Server) {
        for (method, path) in [
            ("GET", "/api/v1/nonsense"),
            ("GET", "/api/v1/nonsense/"),
            ("POST", "/api/v1/nonsense"),
            ("HEAD", "/api/v1/nonsense"),
            ("GET", "/api/v1/sessions"),
            ("GET", "/api/v1/sessions/a"),
            ("GET", "/api/v1/sessions/a/nonsense"),
            ("GET", "/api/v1/sessions//messages"),
            ("GET", "/health/nonsense"),
        ] {
            let answer = server.http().send(server.http().request(method, path)).await;
            assert_eq!(answer.status, 404, "{method} {path}");
            if method != "HEAD" {
                assert_eq!(answer.expect_problem(404, "not_found"), "Not Found", "{method} {path}");
            }
        }
    }

    /// A wrong method is refused and the right ones are named; `HEAD` is a wrong one on every `GET` route.
    async fn a_wrong_method_is_refused_and_the_right_ones_are_named(server: Server) {
        for (method, path, allowed) in [
            ("GET", CHAT, "POST"),
            ("DELETE", CHAT, "POST"),
            ("POST", "/health", "GET"),
            ("HEAD", "/health", "GET"),
            ("HEAD", "/api/v1/sessions/handover", "GET"),
            ("HEAD", "/api/v1/sessions/a/messages", "GET, POST"),
            ("PUT", "/api/v1/sessions/a/messages", "GET, POST"),
            ("GET", "/api/v1/sessions/a/close", "POST"),
            ("OPTIONS", "/health", "GET"),
        ] {
            let answer = server.http().send(server.http().request(method, path)).await;
            let set = |list: &str| list.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
            assert_eq!(set(&answer.header("allow")), set(allowed), "{method} {path}");
            if method == "HEAD" {
                assert_eq!((answer.status, answer.body.len()), (405, 0), "{method} {path}");
            } else {
                assert_eq!(answer.expect_problem(405, "method_not_allowed"), "Method Not Allowed", "{method} {path}");
            }
        }
    }

    /// A slash too many at the end of an existing route points to the route, the query kept.
    async fn a_slash_too_many_is_redirected(server: Server) {
        for (method, path, expected) in [
            ("GET", "/health/", "/health"),
            ("GET", "/api/v1/sessions/handover/", "/api/v1/sessions/handover"),
            ("GET", "/api/v1/sessions/a/messages/?after_id=7", "/api/v1/sessions/a/messages?after_id=7"),
            ("POST", "/api/v1/chat/message/", CHAT),
        ] {
            let answer = server.http().send(server.http().request(method, path)).await;
            assert_eq!((answer.status, answer.body.len()), (307, 0), "{path}");
            let location = answer.header("location");
            let origin = format!("http://{}", server.address());
            assert_eq!(location.strip_prefix(&origin).unwrap_or(&location), expected);
        }
    }

    /// Health and the service routes answer as monitoring knows them.
    async fn health_is_what_monitoring_knows(server: Server) {
        let healthy = json!({"status": "healthy", "database": "connected", "service": "Bank AICC Dev Server"});
        assert_eq!(server.http().get("/health").await.expect(200), healthy);
        server.http().get("/health/live").await.expect(200);
        server.http().get("/health/ready").await.expect(200);
    }

    /// Any page may read the answers, errors included; a request with a cookie gets its own origin echoed.
    async fn pages_of_other_origins_may_read_the_answers(server: Server) {
        let origin = "https://branch.example";
        for (path, status) in [("/health", 200), ("/api/v1/sessions/a/messages", 404), ("/api/v1/nonsense", 404)] {
            let plain = server.http().get(path).await;
            assert_eq!((plain.status, plain.header("access-control-allow-origin").as_str()), (status, ""), "{path}");
            let request = server.http().request("GET", path).header("origin", origin);
            let anonymous = server.http().send(request.try_clone().unwrap()).await;
            assert_eq!(anonymous.header("access-control-allow-origin"), "*", "{path}");
            assert_eq!(anonymous.header("access-control-allow-credentials"), "true", "{path}");
            let known = server.http().send(request.header("cookie", "a=b")).await;
            assert_eq!(known.header("access-control-allow-origin"), origin, "{path}");
            assert!(known.header("vary").to_lowercase().contains("origin"), "{path}");
        }
    }

    /// A preflight is answered before the route is looked at.
    async fn a_preflight_is_answered_for_every_route(server: Server) {
        for path in [CHAT, "/health", "/api/v1/sessions/a/close"] {
            let answer = preflight(server.http(), path, "https://branch.example").await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "OK"), "{path}");
            assert!(answer.header("content-type").starts_with("text/plain"));
            assert_eq!(answer.header("access-control-allow-origin"), "https://branch.example");
            assert_eq!(answer.header("access-control-allow-methods"), "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
            assert_eq!(answer.header("access-control-allow-headers"), "content-type, x-custom");
            assert_eq!(answer.header("access-control-allow-credentials"), "true");
            assert_eq!(answer.header("access-control-max-age"), "600");
        }
    }

    /// Where origins are named, pages of others are told nothing.
    async fn pages_of_origins_that_are_not_named_may_not_read(setup: Setup) {
        let server = setup.with("api.cors_allowed_origins", "https://bank.example").start().await;
        for (origin, allowed) in [("https://bank.example", "https://bank.example"), ("https://evil.example", "")] {
            let request = server.http().request("GET", "/health").header("origin", origin);
            let answer = server.http().send(request).await;
            assert_eq!(answer.header("access-control-allow-origin"), allowed);
            assert_eq!(preflight(server.http(), CHAT, origin).await.header("access-control-allow-origin"), allowed);
        }
    }

    /// Every reply, errors included, carries the headers browsers are protected by, and its request's name.
    async fn every_reply_carries_the_common_headers(server: Server) {
        for path in ["/", "/health", "/api/v1/nonsense", "/nonsense", "/api/v1/sessions/a/messages"] {
            let answer = server.http().get(path).await;
            for (name, value) in [
                ("x-frame-options", "SAMEORIGIN"),
                ("x-content-type-options", "nosniff"),
                ("x-xss-protection", "1; mode=block"),
                ("referrer-policy", "no-referrer-when-downgrade"),
            ] {
                assert_eq!(answer.header(name), value, "{path}");
            }
            assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        }
    }
}

async fn preflight(http: &Http, path: &str, origin: &str) -> crate::support::Answer {
    let request = http
        .request("OPTIONS", path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type, x-custom");
    http.send(request).await
}
