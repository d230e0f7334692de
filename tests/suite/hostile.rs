//! Bad input of every kind gets its error, or is cut, and harms nobody else.

use std::time::Duration;

use serde_json::json;
use socket2::Domain;
use socket2::Socket as BareSocket;
use socket2::Type;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::Raw;
use crate::support::Server;
use crate::support::Socket;
use crate::support::eventually;

const CHAT: &str = "/api/v1/chat/message";
/// Deeper than any parser's stack.
const DEPTH: usize = 10_000;

both_stores! {
    /// Bodies that are no message get an error of their own, over HTTP and over WebSocket.
    async fn bodies_that_are_no_message_get_their_error(server: Server) {
        let deep_array = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
        let deep_object = format!("{}1{}", "{\"a\":".repeat(DEPTH), "}".repeat(DEPTH));
        let deep_member = format!(r#"{{"type":"message","session_id":"a","user_message":"네","x":{deep_array}}}"#);
        let surrogate = r#"{"type":"message","session_id":"a","user_message":"\ud800 안녕"}"#;
        let repeated = format!(r#"{{"type":"message","session_id":"a","user_message":{}1}}"#, "\"a\":".repeat(1_000));
        let huge_number = r#"{"type":"message","session_id":"a","user_message":1e999999}"#;
        let mut socket = server.customer().await.connects().await;
        for body in [&deep_array, &deep_object, &deep_member, surrogate, &repeated, huge_number, "\u{0}", "{\"a\":\u{1}}"] {
            let answer = server.http().post_bytes(CHAT, None, body).await;
            answer.expect_problem(422, "invalid_request");
            socket.send_text(body).await;
            socket.expect("error").await;
        }
        for bytes in [&b"\xff\xfe{\"session_id\""[..], b"{\"session_id\":\"\xc3\x28\"}", b"\x1f\x8b\x08\x00"] {
            server.http().post_bytes(CHAT, None, bytes).await.expect_problem(422, "invalid_request");
        }
        socket.asks("안녕하세요").await;
        serves_others(&server).await;
    }

    /// Control characters are no text: refused, not stored. White space that people type is text.
    async fn control_characters_are_refused(server: Server) {
        let customer = server.customer().await;
        let mut socket = customer.connects().await;
        for text in ["안녕\u{0}하세요", "\u{0}\u{0}\u{0}", "a\u{1b}[31mb", "안녕\u{7f}", "안녕\u{85}하세요"] {
            let answer = customer.posts(&json!({"session_id": customer.session(), "user_message": text})).await;
            answer.expect_problem(400, "invalid_text");
            socket.says(text).await;
            assert_eq!(socket.expect("error").await["code"], "invalid_text", "{text:?}");
        }
        customer.get("messages").await.expect_problem(404, "session_not_found");
        customer.says("안녕하세요\n\t반갑습니다\r\n").await;
        let told = server.http().post(&customer.path("customer-message"), &json!({"message": "a\u{0}b"})).await;
        told.expect_problem(400, "invalid_text");
        socket.expect("customer_message").await;
    }

    /// Any text people can type comes back as it was, whatever the script.
    async fn every_script_comes_back_as_it_was(server: Server) {
        let customer = server.customer().await;
        for text in [
            "👩‍👩‍👧‍👦🏳️‍🌈 e\u{301} \u{200b}\u{feff} نص عربي \u{202e}abc", "각 각 \u{1112}\u{1161}\u{11ab} ㅏㅓ",
            "'; DROP TABLE messages; -- \\ \" %s %n {} ${x} <script>alert(1)</script>", "\u{10ffff}\u{fffd}\u{fffe}",
        ] {
            let reply = customer.says(text).await;
            assert_eq!(reply.0["user_message"], text);
            let history = customer.messages(&format!("?after_id={}", reply.user_message_id() - 1)).await;
            assert_eq!(history[0]["message"], text);
        }
    }

    /// A text of a mebibyte is told that it is too long, at once.
    async fn a_text_of_a_mebibyte_is_told_it_is_too_long(server: Server) {
        let customer = server.customer().await;
        for text in ["a".repeat(1 << 20), "가".repeat((1 << 20) / 3), "1234-".repeat(200_000)] {
            let chars = format!("(현재: {}자)", text.chars().count());
            assert!(customer.says(&text).await.text().contains(&chars));
            let mut socket = customer.connects().await;
            assert!(socket.asks(&text).await.text().contains(&chars));
        }
        let told = server.http().post(&customer.path("customer-message"), &json!({"message": "a".repeat(1 << 20)})).await;
        told.expect_problem(400, "text_too_long");
        serves_others(&server).await;
    }

    /// A body over the limit is refused with 413, whether it says how long it is or not.
    async fn a_body_over_the_limit_is_refused(server: Server) {
        const MIB: usize = 1 << 20;
        let head = |more: &str| format!("POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{more}\r\n");
        let announced = head(&format!("Content-Length: {}\r\n", 11 * MIB)).into_bytes();
        let whole: Vec<u8> = announced.iter().copied().chain(std::iter::repeat_n(b'a', 11 * MIB)).collect();
        let chunk = [format!("{MIB:x}\r\n").as_bytes(), &[b'a'; MIB], b"\r\n"].concat();
        let chunked = [head("Transfer-Encoding: chunked\r\n").as_bytes(), &chunk.repeat(11), b"0\r\n\r\n"].concat();
        for bytes in [announced, whole, chunked] {
            let answer = Raw::connect(server.address()).await.send_and_read_head(&bytes).await;
            assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        }
        serves_others(&server).await;
    }

    /// Ids that are no path segment, or too long, are refused where they are given.
    async fn ids_that_cannot_be_are_refused(server: Server) {
        let too_long = "가".repeat(256);
        for id in ["a/b", "/", "a\u{0}", "a\nb", &too_long, &"a".repeat(1 << 20)] {
            let answer = server.http().post(CHAT, &json!({"session_id": id, "user_message": "안녕하세요"})).await;
            answer.expect_problem(400, "invalid_session_id");
        }
        for path in ["a%2Fb", "%2F", "a%00", "a%0Ab", "%FF", "%C3%28", &"a".repeat(256)] {
            let expected = if matches!(path, "a%00" | "a%0Ab") { 400 } else { 404 };
            for route in ["messages", "handover-status"] {
                let answer = server.http().get(&format!("/api/v1/sessions/{path}/{route}")).await;
                assert_eq!(answer.status, expected, "{path}: {}", answer.text());
            }
        }
        let longest = server.customer_named(&"가".repeat(255));
        longest.says("안녕하세요").await;
        assert_eq!(longest.history().await.len(), 2);
    }

    /// A frame over the limit ends its connection, and no other.
    async fn a_frame_over_the_limit_ends_its_connection(server: Server) {
        let customer = server.customer().await;
        let mut other = customer.connects().await;
        let mut hostile = customer.connects().await;
        // The server may have hung up before it took all of it.
        let _ = hostile.try_send_frame(Message::text("a".repeat(5 << 20))).await;
        hostile.closed().await;
        other.asks("안녕하세요").await;
        serves_others(&server).await;
    }

    /// What is no WebSocket frame ends its connection, and no other.
    async fn bytes_that_are_no_frame_end_their_connection(server: Server) {
        let upgrade = "GET /api/v1/chat/ws/raw HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let long_ping = [&b"\x89\xfe\x00\x80"[..], &[0; 4 + 128]].concat();
        for frame in [
            &b"\x81\x02hi"[..],                  // not masked, as a client's must be
            b"\xf1\x80\x00\x00\x00\x00",         // reserved bits
            b"\x83\x80\x00\x00\x00\x00",         // a reserved opcode
            &long_ping,                          // more than 125 bytes in a ping
            b"\x80\x80\x00\x00\x00\x00",         // a continuation of nothing
            b"\x81\x82\x00\x00\x00\x00\xff\xff", // a text that is not UTF-8
            b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", // 2^64 - 1 bytes
        ] {
            let bytes = [upgrade.as_bytes(), frame].concat();
            let answer = Raw::connect(server.address()).await.send_and_read(&bytes).await;
            assert!(answer.starts_with("HTTP/1.1 101 "), "{frame:x?}: {answer}");
        }
        serves_others(&server).await;
    }

    /// A connection on which nothing comes, or half a request and no more, is cut after a while.
    async fn half_open_connections_are_cut(setup: Setup) {
        let limits = ["header_read_timeout", "idle_timeout"];
        let short = limits.iter().fold(setup, |setup, limit| setup.with(&format!("server.limits.{limit}"), "300ms"));
        let server = short.start().await;
        for begun in ["", "GET", "GET /health HTTP/1.1\r\nHost: a\r\nX-", "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"] {
            let mut raw = Raw::connect(server.address()).await;
            assert!(raw.send(begun.as_bytes()).await);
            let answer = raw.read_to_end().await;
            let is_whole = begun.ends_with("\r\n\r\n");
            assert_eq!(answer.starts_with("HTTP/1.1 200 "), is_whole, "{begun:?}: {answer}");
        }
        serves_others(&server).await;
    }

    /// A request whose body stands still is refused; one whose body comes slowly is not.
    async fn a_body_that_stands_still_is_not_waited_for(setup: Setup) {
        let limits = setup.with("server.limits.transfer_timeout", "500ms").with("server.limits.transfer_rate_min", "0");
        let server = limits.start().await;
        let head = "POST /api/v1/chat/message HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
        let mut silent = Raw::connect(server.address()).await;
        assert!(silent.send(format!("{head}Content-Length: 100\r\n\r\n{{").as_bytes()).await);
        let answer = silent.read_to_end().await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");

        let body = json!({"session_id": "slow", "user_message": "안녕하세요"}).to_string();
        let mut slow = Raw::connect(server.address()).await;
        let length = body.len();
        assert!(slow.send(format!("{head}Connection: close\r\nContent-Length: {length}\r\n\r\n").as_bytes()).await);
        for part in body.as_bytes().chunks(length.div_ceil(6)) {
            tokio::time::sleep(Duration::from_millis(150)).await;
            assert!(slow.send(part).await);
        }
        let answer = slow.read_to_end().await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        serves_others(&server).await;
    }

    /// Header blocks that are too long, too many or no headers are refused.
    async fn header_bombs_are_refused(server: Server) {
        let one_long = format!("GET /health HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "a".repeat(1 << 20));
        let many = format!("GET /health HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-Many: a\r\n".repeat(50_000));
        let long_path = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(1 << 20));
        for (request, statuses) in [
            (one_long.as_str(), &["431", "400"][..]),
            (&many, &["431", "400"]),
            (&long_path, &["414", "431", "400"]),
            ("GET /health HTTP/1.1\r\nHost : a\r\n\r\n", &["400"]),
            ("GET /health HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", &["400"]),
            ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n", &["400"]),
            ("POST /api/v1/chat/message HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", &["400"]),
            ("POST /api/v1/chat/message HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", &["400"]),
        ] {
            let answer = Raw::connect(server.address()).await.send_and_read(request.as_bytes()).await;
            let is_refused = statuses.iter().any(|status| answer.starts_with(&format!("HTTP/1.1 {status} ")));
            // A reset may overtake the refusal; what must not come is an answer.
            assert!(is_refused || answer.is_empty(), "{}: {answer}", &request[..40]);
        }
        serves_others(&server).await;
    }

    /// One client's connections have a limit; a place that is given up is free again.
    async fn one_clients_connections_have_a_limit(setup: Setup) {
        let server = setup.with("server.limits.connections_per_client_max", "20").start().await;
        let mut held = Vec::new();
        loop {
            let connection = TcpStream::connect(server.address()).await.unwrap();
            match Socket::try_upgrade(connection, "/api/v1/chat/ws/many").await {
                Some(socket) => held.push(socket),
                None => break,
            }
            assert!(held.len() <= 20, "there is no limit");
        }
        // Some places belong to the test's own client.
        let opened = held.len();
        assert!((10..=20).contains(&opened), "{opened}");
        held.clear();
        eventually("a place", async || {
            let socket = TcpStream::connect(server.address()).await.unwrap();
            Socket::try_upgrade(socket, "/api/v1/chat/ws/many").await
        }).await;
    }

    /// A reader that does not read is cut; the others of the session hear everything, and so does he once he is back.
    async fn a_slow_reader_is_cut_while_the_others_go_on(setup: Setup) {
        let server = setup
            .with("api.limits.event_queue_max", "4")
            .with("api.limits.socket_send_timeout", "500ms")
            .start()
            .await;
        let (customer, desk) = (server.customer().await, server.desk().await);
        customer.says("안녕하세요").await;
        let mut slow = slow_reader(&server, customer.session()).await;
        let mut quick = customer.connects().await;
        let text = "가".repeat(20_000);
        let mut last = 0;
        for _ in 0..150 {
            last = desk.says(&customer, &text).await;
            assert_eq!(quick.expect("agent_message").await["data"]["id"], last);
        }
        // What was under way is still delivered, and then the connection ends: 9 MB do not fit in between.
        let mut heard = Vec::new();
        while let Ok(frame) = slow.next_or_close().await {
            heard.push(frame["data"]["id"].as_i64());
        }
        assert!(!heard.contains(&Some(last)), "it was cut before the end, after {} frames", heard.len());
        let heard = heard.into_iter().flatten().last().unwrap_or(0);
        let mut back = customer.connects_with(&format!("?after_id={heard}")).await;
        loop {
            let page = back.expect("history").await["data"].take();
            let end = page["messages"].as_array().unwrap().last().unwrap()["id"].clone();
            if page["more"] == false {
                assert_eq!(end, last);
                break;
            }
            back.send(&json!({"type": "resume", "after_id": end})).await;
        }
        quick.asks("안녕하세요").await;
    }
}

/// A WebSocket with the smallest receive buffer there is, of which the status has been read.
async fn slow_reader(server: &Server, session: &str) -> Socket {
    let socket = BareSocket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    socket.connect(&server.address().into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let connection = TcpStream::from_std(socket.into()).unwrap();
    let mut slow = Socket::upgrade(connection, &format!("/api/v1/chat/ws/{session}"), &[]).await.unwrap();
    slow.expect("status").await;
    slow
}

/// Somebody else is served as if nothing had happened, over HTTP and over WebSocket.
async fn serves_others(server: &Server) {
    tokio::time::timeout(Duration::from_secs(20), async {
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        customer.connects().await.asks("대출 금리가 얼마인가요?").await;
    })
    .await
    .expect("others are served");
}
