//! Who may (design D11): sessions that the server opens, their tokens, existing clients, and each session's pace.

use serde_json::Value;
use serde_json::json;

use crate::support::Customer;
use crate::support::Server;
use crate::support::Socket;

const EMERGENCY: &str = "보이스피싱으로 돈을 송금했어요 도와주세요";

both_stores! {
    /// Opening a session gives an id, a token and a cookie that no script and no other site gets at.
    async fn opening_a_session_gives_a_token_and_a_cookie(server: Server) {
        let answer = server.http().post("/api/v1/sessions", &json!({})).await;
        let opened = answer.expect(201);
        let (id, token) = (opened["session_id"].as_str().unwrap(), opened["token"].as_str().unwrap());
        assert!(token.len() >= 43, "256 random bits: {token}");
        assert_eq!(opened["created_at"], "2026-11-23T09:00:00");
        assert_eq!(answer.header("cache-control"), "no-store");
        let cookie = answer.header("set-cookie");
        let attributes: Vec<_> = cookie.split("; ").skip(1).collect();
        assert!(cookie.contains(token), "the cookie holds the token");
        assert!(attributes.contains(&"HttpOnly") && attributes.contains(&"SameSite=Strict"), "{cookie}");
        assert!(!attributes.contains(&"Secure"), "over plain HTTP a browser would not send it: {cookie}");
        let other = server.http().post_nothing("/api/v1/sessions").await.expect(201);
        assert!(other["session_id"] != id && other["token"] != token, "each its own");
        let stored = server.stored().await;
        assert!(stored.contains(id) && !stored.contains(token), "only the token's hash is stored");
    }

    /// Where TLS ends in front, the cookie is for TLS only.
    async fn behind_tls_the_cookie_is_for_tls_only(setup: Setup) {
        let server = setup.with("api.session_cookie_secure", "always").start().await;
        let answer = server.http().post("/api/v1/sessions", &json!({})).await;
        assert!(answer.header("set-cookie").split("; ").any(|attribute| attribute == "Secure"));
    }

    /// Every route of a session asks for its token: none is 401, a wrong one 403, the right one or its cookie passes.
    async fn every_route_of_a_session_asks_for_its_token(server: Server) {
        let (owner, other) = (server.token_customer().await, server.token_customer().await);
        owner.says("안녕하세요").await;
        let cookie = |of: &Customer, token: &str| format!("other=1; aicc_session={}.{token}", of.session());
        for (method, path, body) in routes(&owner) {
            let request = || server.http().request(method, &path).json(&body);
            let answer = server.http().send(request()).await;
            answer.expect_problem(401, "session_token_required");
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{path}");
            for wrong in [other.token(), &owner.token()[1..], "x"] {
                let request = request().header("authorization", format!("Bearer {wrong}"));
                server.http().send(request).await.expect_problem(403, "session_token_wrong");
            }
            let others_cookie = request().header("cookie", cookie(&other, other.token()));
            server.http().send(others_cookie).await.expect_problem(401, "session_token_required");
            let mark = if path.contains('?') { '&' } else { '?' };
            let in_url = server.http().request(method, &format!("{path}{mark}token={}", owner.token())).json(&body);
            assert_eq!(server.http().send(in_url).await.status, 401, "a token never stands in a URL");
        }
        for (method, path, body) in routes(&owner) {
            let request = || server.http().request(method, &path).json(&body);
            server.http().send(owner.signed(request())).await.expect(200);
            let with_cookie = request().header("cookie", cookie(&owner, owner.token()));
            server.http().send(with_cookie).await.expect(200);
            // A frame's cookie and that of the chat's own page have one name, and come in either order.
            let both = format!("{}; {}", cookie(&other, other.token()), cookie(&owner, owner.token()));
            server.http().send(request().header("cookie", both)).await.expect(200);
        }
    }

    /// A WebSocket of a session with a token opens for its owner alone.
    async fn a_websocket_opens_for_its_owner_alone(server: Server) {
        let (owner, other) = (server.token_customer().await, server.token_customer().await);
        owner.connects().await.asks("안녕하세요").await;
        let path = format!("/api/v1/chat/ws/{}", owner.session());
        let open = async |headers: &[(&'static str, String)]| {
            Socket::open_with(server.address(), &path, headers).await.map(|_| ())
        };
        let cookie = format!("aicc_session={}.{}", owner.session(), owner.token());
        assert_eq!(open(&[("cookie", cookie)]).await, Ok(()));
        assert_eq!(open(&[]).await, Err(403));
        assert_eq!(open(&[("authorization", format!("Bearer {}", other.token()))]).await, Err(403));
        let in_url = format!("{path}?token={}", owner.token());
        assert_eq!(Socket::open(server.address(), &in_url, None).await.map(|_| ()), Err(403));
    }

    /// Existing clients, agents among them, see and touch nothing of a session with a token.
    async fn existing_clients_see_nothing_of_a_session_with_a_token(server: Server) {
        let (owner, desk) = (server.token_customer().await, server.desk().await);
        let mut dashboard = desk.dashboard("consultant_dashboard").await;
        let mut socket = owner.connects().await;
        socket.says(EMERGENCY).await;
        socket.until("handover_report").await;
        assert_eq!(desk.listed().await, [Value::Null; 0]);
        dashboard.expect_nothing().await;
        desk.dashboard("consultant_dashboard_2").await.expect_nothing().await;
        desk.accepts(&owner, &json!({})).await.expect_problem(401, "session_token_required");
        let message = server.http().post(&owner.path("messages"), &json!({"message": "네"})).await;
        message.expect_problem(401, "session_token_required");
        owner.post("close").await.expect(200);
        assert_eq!(desk.closed().await, [Value::Null; 0]);
    }

    /// Where existing clients are not served, nobody chooses an id, and nobody is an agent.
    async fn without_existing_clients_a_token_is_needed(setup: Setup) {
        let server = setup.with("api.legacy_clients", "false").start().await;
        refuses_existing_clients(&server).await;
    }

    /// Existing clients are served in the networks that are named, and nowhere else.
    async fn existing_clients_are_served_in_their_networks_alone(setup: Setup) {
        let server = setup.with("api.legacy_networks", "10.20.0.0/16,192.0.2.7").start().await;
        refuses_existing_clients(&server).await;
    }

    /// A token is good after a restart.
    async fn a_token_outlives_a_restart(server: Server) {
        let owner = server.token_customer().await;
        owner.says("안녕하세요").await;
        let server = server.restart().await;
        let request = server.http().request("GET", &owner.path("messages"));
        let history = server.http().send(owner.signed(request)).await.expect(200);
        assert_eq!(history.as_array().unwrap().len(), 2);
        let request = server.http().request("GET", &owner.path("messages"));
        server.http().send(request).await.expect_problem(401, "session_token_required");
    }

    /// A session that says too much is told when to go on; others are not held up, and nothing of it is stored.
    async fn a_session_that_says_too_much_is_told_when_to_go_on(setup: Setup) {
        let server = setup
            .with("api.limits.session_messages_per_second", "0.01")
            .with("api.limits.session_messages_burst", "3")
            .start()
            .await;
        let (hasty, calm) = (server.customer().await, server.customer().await);
        let mut socket = hasty.connects().await;
        for _ in 0..3 {
            hasty.says("안녕하세요").await;
            socket.expect("customer_message").await;
            socket.expect("response").await;
        }
        let answer = hasty.posts(&json!({"session_id": hasty.session(), "user_message": "안녕하세요"})).await;
        answer.expect_problem(429, "rate_limited");
        let wait_ms = answer.json()["retry_after_ms"].as_u64().unwrap();
        assert!((1..=100_000).contains(&wait_ms), "{wait_ms}");
        let wait_s: u64 = answer.header("retry-after").parse().unwrap();
        assert_eq!(wait_s, wait_ms.div_ceil(1000));
        socket.send(&json!({"type": "message", "user_message": "안녕하세요", "client_message_id": "fourth"})).await;
        let error = socket.expect("error").await;
        assert!(error["retry_after_ms"].as_u64().is_some_and(|wait_ms| wait_ms > 0), "{error}");
        assert_eq!((&error["code"], &error["client_message_id"]), (&json!("rate_limited"), &json!("fourth")));
        socket.expect_nothing().await;
        calm.says("안녕하세요").await;
        assert_eq!(hasty.history().await.len(), 6);
    }
}

/// The routes a customer may use: method, path, body.
fn routes(customer: &Customer) -> Vec<(&'static str, String, Value)> {
    let nothing = json!({});
    let message =
        json!({"message": "네", "session_id": customer.session(), "user_message": "네", "trigger_reason": "문의"});
    vec![
        ("POST", "/api/v1/chat/message".to_owned(), message.clone()),
        ("POST", "/api/v1/handover/analyze".to_owned(), message.clone()),
        ("GET", customer.path("messages"), nothing.clone()),
        ("GET", customer.path("all-messages"), nothing.clone()),
        ("GET", customer.path("events?wait=0"), nothing.clone()),
        ("GET", customer.path("handover-status"), nothing.clone()),
        ("POST", customer.path("customer-message"), message),
        ("POST", customer.path("request-handover"), nothing.clone()),
        ("POST", customer.path("close"), nothing),
    ]
}

async fn refuses_existing_clients(server: &Server) {
    let legacy = server.customer().await;
    let message = json!({"session_id": legacy.session(), "user_message": "안녕하세요"});
    legacy.posts(&message).await.expect_problem(401, "session_token_required");
    legacy.get("messages").await.expect_problem(401, "session_token_required");
    for list in ["handover", "closed"] {
        server.http().get(&format!("/api/v1/sessions/{list}")).await.expect_problem(403, "agents_only");
    }
    let owner = server.token_customer().await;
    owner.says("안녕하세요").await.expect(json!({"is_session_end": false}));
    owner.connects().await.asks("안녕하세요").await;
    for what in ["accept", "decline", "messages"] {
        let request = server.http().request("POST", &owner.path(what)).json(&json!({"message": "네"}));
        server.http().send(owner.signed(request)).await.expect_problem(403, "agents_only");
    }
    for id in ["consultant_dashboard", legacy.session()] {
        let refused = Socket::open(server.address(), &format!("/api/v1/chat/ws/{id}"), None).await;
        assert_eq!(refused.map(|_| ()), Err(403), "{id}");
    }
}
