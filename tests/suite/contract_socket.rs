//! Chat over WebSocket, as existing clients use it (wire contract §4).

use serde_json::Value;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::Socket;

/// Without consent, questions or anything else, this leads into the agents' queue.
const EMERGENCY: &str = "보이스피싱으로 돈을 송금했어요 도와주세요";

both_stores! {
    /// The earlier system's guide: connect, read the status, send, and read the answer as the very next frame.
    async fn the_guides_client_reads_the_answer_as_the_very_next_frame(server: Server) {
        let path = "/api/v1/chat/ws/test_session_001";
        let mut socket = Socket::open(server.address(), path, None).await.unwrap();
        let status = json!({"type": "status", "message": "connected", "session_id": "test_session_001"});
        assert_eq!(socket.next().await, status);
        socket.send(&json!({"type": "message", "user_message": "대출 금리가 얼마인가요?"})).await;
        let response = socket.next().await;
        assert_eq!(response["type"], "response");
        let data = response["data"].as_object().unwrap();
        for member in ["ai_message", "intent", "suggested_action", "source_documents"] {
            assert!(data.contains_key(member), "{member}");
        }
        assert!(data["source_documents"].as_array().is_some_and(|sources| !sources.is_empty()), "{data:?}");
    }

    /// Only an answer that takes a while is announced.
    async fn an_answer_that_takes_a_while_is_announced(setup: Setup) {
        let server = setup.with("chat.processing_notice_after", "100ms").start().await;
        let mut socket = server.customer().await.connects().await;
        let hold = server.hold_writes().await;
        socket.says("안녕하세요").await;
        let notice = socket.expect("processing").await;
        assert!(notice["message"].as_str().is_some_and(|text| !text.is_empty()));
        drop(hold);
        socket.expect("response").await;
        socket.expect_nothing().await;
    }

    /// A ping is answered at once, even while a turn is under way.
    async fn a_ping_is_answered_while_a_turn_is_under_way(server: Server) {
        let customer = server.customer().await;
        let mut socket = customer.connects().await;
        let hold = server.hold_writes().await;
        socket.says("안녕하세요").await;
        socket.send(&json!({"type": "ping", "timestamp": 1_795_392_000_000_i64})).await;
        assert_eq!(socket.next().await, json!({"type": "pong", "timestamp": 1_795_392_000_000_i64}));
        drop(hold);
        socket.expect("response").await;
        assert_eq!(customer.history().await.len(), 2);
    }

    /// A ping's timestamp comes back as it is, whatever it is.
    async fn a_pings_timestamp_comes_back_as_it_is(server: Server) {
        let mut socket = server.customer().await.connects().await;
        for timestamp in [json!(0), json!(1.25), json!("이제"), json!(true), json!({"a": [1, null]}), Value::Null] {
            socket.send(&json!({"type": "ping", "timestamp": timestamp})).await;
            assert_eq!(socket.next().await, json!({"type": "pong", "timestamp": timestamp}));
        }
        socket.send(&json!({"type": "ping"})).await;
        assert_eq!(socket.next().await, json!({"type": "pong", "timestamp": null}));
    }

    /// Messages sent without waiting are answered one after the other, in the order they came.
    async fn turns_of_one_connection_are_answered_in_order(server: Server) {
        let mut socket = server.customer().await.connects().await;
        let texts: Vec<String> = (1..=20).map(|number| format!("{number}번째 질문입니다. 대출 금리가 얼마인가요?")).collect();
        for text in &texts {
            socket.says(text).await;
        }
        let mut last_id = 0;
        for text in &texts {
            let response = socket.expect("response").await;
            assert_eq!(response["data"]["user_message"], text.as_str());
            let ids = [&response["data"]["user_message_id"], &response["data"]["message_id"]].map(|id| id.as_i64().unwrap());
            assert!(last_id < ids[0] && ids[0] < ids[1], "{last_id} {ids:?}");
            last_id = ids[1];
        }
    }

    /// Every tab of a session sees everything that happens in it, whoever does it and however.
    async fn every_tab_of_a_session_sees_everything(server: Server) {
        let (customer, desk) = (server.customer().await, server.desk().await);
        let (mut first, mut second) = (customer.connects().await, customer.connects().await);
        let mut stranger = server.customer().await.connects().await;

        let reply = first.asks("안녕하세요").await;
        let seen = second.expect("customer_message").await;
        assert_eq!((&seen["data"]["message"], &seen["data"]["role"]), (&json!("안녕하세요"), &json!("user")));
        assert_eq!(second.expect("response").await["data"], reply.0);

        customer.says("가온 신용대출 금리가 지금 몇 퍼센트인가요?").await;
        customer.tells_agent("여보세요").await;
        desk.says(&customer, "상담원입니다.").await;
        customer.post("request-handover").await.expect(200);
        customer.post("close").await.expect(200);
        for tab in [&mut first, &mut second] {
            assert_eq!(tab.expect("customer_message").await["data"]["message"], "가온 신용대출 금리가 지금 몇 퍼센트인가요?");
            tab.expect("response").await;
            assert_eq!(tab.expect("customer_message").await["data"]["message"], "여보세요");
            let agent = tab.expect("agent_message").await;
            assert_eq!((&agent["data"]["message"], &agent["data"]["role"]), (&json!("상담원입니다."), &json!("assistant")));
            assert_eq!(tab.expect("handover_status").await["data"]["handover_status"], "pending");
            assert_eq!(tab.expect("session_closed").await["session_id"], customer.session());
        }
        stranger.expect_nothing().await;

        drop(first);
        customer.says("아직 계세요?").await;
        second.expect("customer_message").await;
        second.expect("response").await;
    }

    /// HTTP and WebSocket are two ways into one session. Connecting does not open it; the first message does.
    async fn http_and_websocket_share_a_session(server: Server) {
        let customer = server.customer().await;
        let mut socket = customer.connects().await;
        customer.get("messages").await.expect_problem(404, "session_not_found");
        socket.asks("  안녕하세요  ").await;
        customer.says("가온 신용대출 금리가 지금 몇 퍼센트인가요?").await;
        let history = customer.history().await;
        assert_eq!(history.len(), 4);
        assert_eq!(history[0]["message"], "안녕하세요", "trimmed, as WebSocket texts are");
    }

    /// A text of the wrong length gets the notice as its response, and leaves no trace.
    async fn a_text_of_the_wrong_length_gets_the_notice(server: Server) {
        let customer = server.customer().await;
        let mut socket = customer.connects().await;
        assert_eq!(socket.asks("?").await.text(), "메시지를 입력해 주세요.");
        assert!(socket.asks(&"가".repeat(2_001)).await.text().contains("(현재: 2001자)"));
        customer.get("messages").await.expect_problem(404, "session_not_found");
        socket.asks("네").await;
    }

    /// Whatever is wrong with a frame, it gets its error and the connection goes on.
    async fn a_bad_frame_gets_its_error_and_the_connection_goes_on(server: Server) {
        let mut socket = server.customer().await.connects().await;
        let required = "user_message는 필수입니다.";
        for (frame, message) in [
            (r#"{"type":"message"}"#, Some(required)),
            (r#"{"type":"message","user_message":null}"#, Some(required)),
            (r#"{"type":"message","user_message":" \n"}"#, Some(required)),
            (r#"{"type":"dance"}"#, Some("알 수 없는 메시지 타입: dance")),
            (r#"{"user_message":"안녕하세요"}"#, Some("알 수 없는 메시지 타입: None")),
            (r#"{"type":null}"#, Some("알 수 없는 메시지 타입: None")),
            (r#"{"type":["message"]}"#, None),
            (r#"{"type":"message","user_message":7}"#, None),
            (r#"{"type":"message","user_message":{"text":"안녕하세요"}}"#, None),
            (r#"{"type":"message","user_message":"안녕하세요","client_message_id":7}"#, None),
            (r#"{"type":"resume"}"#, None),
            (r#"{"type":"resume","after_id":"1"}"#, None),
            ("[]", None),
            ("null", None),
            ("\"안녕하세요\"", None),
            ("", None),
            ("{", None),
            ("안녕하세요", None),
        ] {
            socket.send_text(frame).await;
            let error = socket.expect("error").await;
            let text = error["message"].as_str().unwrap();
            assert!(message.is_none_or(|message| message == text) && !text.is_empty(), "{frame}: {error}");
        }
        for binary in [b"{\"type\":\"ping\"}".to_vec(), vec![0xff; 100], Vec::new()] {
            socket.send_frame(Message::binary(binary)).await;
            socket.expect("error").await;
        }
        socket.asks("안녕하세요").await;
    }

    /// What is no session, and what is no socket route, is refused with 403 before the upgrade.
    async fn what_cannot_be_upgraded_is_refused_before(server: Server) {
        let too_long = format!("/api/v1/chat/ws/{}", "a".repeat(256));
        for path in ["/api/v1/chat/ws/", "/api/v1/chat/ws", "/api/v1/chat/ws/a/b", "/api/v1/chat/ws/a%2Fb",
            "/api/v1/chat/ws/%20", "/api/v1/chat/ws/%FF", "/api/v1/chat/message",
            "/api/v1/sessions/a/messages", "/api/v1/nonsense", "/health", "/", "/ws", &too_long] {
            let refused = Socket::open(server.address(), path, None).await.map(|_| ());
            assert_eq!(refused, Err(403), "{path}");
        }
        // As the replaced web server did: no path may hold this.
        assert_eq!(Socket::open(server.address(), "/api/v1/chat/ws/a%00", None).await.map(|_| ()), Err(400));
        for id in ["고객 1 ♥", "a.b~c", "%41", &"가".repeat(255)] {
            server.customer_named(id).connects().await.asks("안녕하세요").await;
        }
    }

    /// A hand-over is reported to the customer, then to every dashboard in the same words, again and again.
    async fn a_handover_is_reported_to_the_customer_and_the_dashboards(server: Server) {
        let (customer, desk) = (server.customer().await, server.desk().await);
        let mut dashboards = [desk.dashboard("consultant_dashboard").await, desk.dashboard("consultant_dashboard_2").await];
        let mut socket = customer.connects().await;
        for text in [EMERGENCY, "아직인가요"] {
            socket.says(text).await;
            let response = socket.until("response").await;
            assert_eq!(response["data"]["suggested_action"], "HANDOVER");
            assert!(socket.until("handover_processing").await["message"].is_string());
            let report = socket.until("handover_report").await;
            assert_eq!(report["session_id"], customer.session());
            let data = &report["data"];
            assert_eq!(data["status"], "success");
            assert!(["POSITIVE", "NEGATIVE", "NEUTRAL"].contains(&data["customer_sentiment"].as_str().unwrap()));
            assert_eq!(data["summary"].as_str().unwrap().split('\n').count(), 3);
            assert!(data["extracted_keywords"].as_array().is_some_and(|keywords| keywords.len() <= 5));
            assert!(data["kms_recommendations"].is_array());
            for dashboard in &mut dashboards {
                assert_eq!(dashboard.next().await, report, "identical");
            }
        }
        let mut late = desk.dashboard("consultant_dashboard_late").await;
        late.expect("handover_report").await;
        late.expect_nothing().await;
    }

    /// What is asked for by hand, and what happens over HTTP, is not broadcast.
    async fn only_automatic_reports_are_broadcast(server: Server) {
        let (customer, desk) = (server.customer().await, server.desk().await);
        let mut dashboard = desk.dashboard("consultant_dashboard").await;
        customer.says(EMERGENCY).await.expect(json!({"suggested_action": "HANDOVER"}));
        let mut socket = customer.connects().await;
        socket.send(&json!({"type": "request_handover"})).await;
        socket.expect("handover_processing").await;
        let report = socket.expect("handover_report").await;
        assert!(report.get("session_id").is_none(), "{report}");
        assert_eq!(report["data"]["status"], "success");
        dashboard.expect_nothing().await;
    }

    /// A report of a conversation without messages is a report of an error, not an error.
    async fn a_report_of_nothing_says_so(server: Server) {
        let mut socket = server.customer().await.connects().await;
        socket.send(&json!({"type": "request_handover"})).await;
        socket.expect("handover_processing").await;
        let data = socket.expect("handover_report").await["data"].take();
        assert_eq!((&data["status"], &data["customer_sentiment"]), (&json!("error"), &json!("NEUTRAL")));
        assert_eq!((&data["extracted_keywords"], &data["kms_recommendations"]), (&json!([]), &json!([])));
        assert!(data["summary"].is_string());
        socket.asks("안녕하세요").await;
    }

    /// A new dashboard is shown the latest report of each session, oldest first, at most fifty.
    async fn a_new_dashboard_is_shown_the_last_fifty_reports(server: Server) {
        let customers: Vec<_> = (1..=52).map(|number| server.customer_named(&format!("waiting_{number}"))).collect();
        let mut sockets = Vec::new();
        for customer in &customers {
            server.wait(std::time::Duration::from_secs(1));
            let mut socket = customer.connects().await;
            socket.says(EMERGENCY).await;
            socket.until("handover_report").await;
            sockets.push(socket);
        }
        // Told anew, the tenth keeps its place.
        sockets[9].says("아직인가요").await;
        let retold = sockets[9].until("handover_report").await;
        let mut dashboard = server.desk().await.dashboard("consultant_dashboard").await;
        for customer in &customers[2..] {
            let report = dashboard.expect("handover_report").await;
            assert_eq!(report["session_id"], customer.session());
            assert!(customer.session() != "waiting_10" || report == retold, "the latest one");
        }
        dashboard.expect_nothing().await;
    }

    /// A dashboard is a session like any other besides: it may ping, chat and be wrong.
    async fn a_dashboard_may_chat_too(server: Server) {
        let mut dashboard = server.desk().await.dashboard("consultant_dashboard_3").await;
        dashboard.asks("대출 금리가 얼마인가요?").await;
        dashboard.send_text("nonsense").await;
        dashboard.expect("error").await;
        dashboard.expect_nothing().await;
    }
}
