//! One stream per conversation (design D3 and §4): messages that clients name, resuming, paging, event streams.

use serde_json::Value;
use serde_json::json;

use crate::support::Event;
use crate::support::Server;

both_stores! {
    /// A message sent again under its name gets the same answer and is stored once, by HTTP, WebSocket and stream.
    async fn a_named_message_is_answered_once_whichever_way_it_comes(server: Server) {
        let customer = server.customer().await;
        let (mut tab, mut other_tab) = (customer.connects().await, customer.connects().await);
        let text = "대출 금리가 얼마인가요?";
        let first = customer.says_named(text, "message-1").await.expect(json!({"client_message_id": "message-1"}));
        for tab in [&mut tab, &mut other_tab] {
            assert_eq!(tab.expect("customer_message").await["data"]["client_message_id"], "message-1");
            assert_eq!(tab.expect("response").await["data"], first.0);
        }
        assert_eq!(customer.says_named(text, "message-1").await, first);
        assert_eq!(customer.says_named("다른 말입니다", "message-1").await, first, "the name decides");
        tab.send(&json!({"type": "message", "user_message": text, "client_message_id": "message-1"})).await;
        assert_eq!(tab.expect("response").await["data"], first.0);
        let request = server.http().request("POST", "/api/v1/chat/message").json(
            &json!({"session_id": customer.session(), "user_message": text, "client_message_id": "message-1"}));
        let events = server.http().events(request).await.rest().await;
        assert_eq!(events.last().unwrap().data, first.0);
        other_tab.expect_nothing().await;
        assert_eq!(customer.history().await.len(), 2);
    }

    /// The same name sent many times at once, over HTTP and WebSockets, is one message with one answer.
    async fn concurrent_duplicates_are_one_message(server: Server) {
        let customer = server.customer().await;
        let mut watcher = customer.connects().await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..12 {
            let customer = customer.clone();
            tasks.spawn(async move {
                if number % 2 == 0 {
                    return customer.says_named("안녕하세요", "only-one").await.0;
                }
                let mut socket = customer.connects().await;
                socket.send(&json!({"type": "message", "user_message": "안녕하세요", "client_message_id": "only-one"})).await;
                loop {
                    // The other ways' answer may be heard first; it is the same.
                    let frame = socket.next().await;
                    if frame["type"] == "response" {
                        return frame["data"].clone();
                    }
                }
            });
        }
        let replies = tasks.join_all().await;
        assert!(replies.iter().all(|reply| reply == &replies[0]), "{replies:#?}");
        assert_eq!(customer.history().await.len(), 2);
        watcher.expect("customer_message").await;
        watcher.expect("response").await;
        watcher.expect_nothing().await;
    }

    /// A name is one session's own, and known after a restart.
    async fn a_name_is_one_sessions_own_and_outlives_a_restart(server: Server) {
        let (first, second) = (server.customer().await, server.customer().await);
        let mine = first.says_named("안녕하세요", "m").await;
        let theirs = second.says_named("안녕하세요", "m").await;
        assert_ne!(mine.message_id(), theirs.message_id());
        let server = server.restart().await;
        let first = server.customer_named(first.session());
        assert_eq!(first.says_named("안녕하세요", "m").await, mine);
        assert_eq!(first.history().await.len(), 2);
        assert!(first.says("또 왔어요").await.user_message_id() > theirs.message_id(), "ids go on increasing");
    }

    /// A name has one to 64 characters and fits one line.
    async fn a_name_of_the_wrong_shape_is_refused(server: Server) {
        let customer = server.customer().await;
        for name in ["", " ", "a/b", "a\nb", &"가".repeat(65)] {
            let message = json!({"session_id": customer.session(), "user_message": "안녕하세요", "client_message_id": name});
            customer.posts(&message).await.expect_problem(400, "invalid_client_message_id");
        }
        customer.says_named("안녕하세요", &"가".repeat(64)).await;
    }

    /// The reply and its sources carry what the design adds to the contract.
    async fn a_reply_carries_the_additions(server: Server) {
        let customer = server.customer().await;
        let reply = customer.says("가온 신용대출 금리가 지금 몇 퍼센트인가요?").await;
        let history = customer.history().await;
        assert_eq!((reply.user_message_id(), reply.message_id()),
            (history[0]["id"].as_i64().unwrap(), history[1]["id"].as_i64().unwrap()));
        assert_eq!(reply.0["category"], "신용대출 안내");
        assert!(reply.0["confidence"].as_f64().is_some_and(|confidence| (0.0..=1.0).contains(&confidence)));
        assert_eq!(reply.0["engine"], "extractive");
        for member in ["document_id", "title", "section", "excerpt"] {
            assert!(reply.0["source_documents"][0][member].is_string(), "{member}");
        }
        assert_eq!(history[1]["sources"], reply.0["source_documents"]);
        let greeting = customer.says("안녕하세요").await.expect(json!({"engine": "rule", "category": null}));
        assert_eq!(greeting.cited(), [""; 0]);
    }

    /// A client that was away is given what it missed, at connecting and on asking.
    async fn a_client_that_was_away_is_given_what_it_missed(server: Server) {
        let customer = server.customer().await;
        let first = customer.says("안녕하세요").await;
        let heard = server.desk().await.says(&customer, "상담원입니다.").await;
        let history = customer.history().await;
        for (after, expected) in [(0, &history[..]), (first.message_id(), &history[2..]), (heard, &[])] {
            let mut socket = customer.connects_with(&format!("?after_id={after}")).await;
            let frame = json!({"type": "history", "data": {"messages": expected, "more": false}});
            assert_eq!(socket.next().await, frame);
            socket.send(&json!({"type": "resume", "after_id": after})).await;
            assert_eq!(socket.next().await, frame);
            socket.expect_nothing().await;
        }
        let mut new = server.customer().await.connects_with("?after_id=0").await;
        assert_eq!(new.next().await, json!({"type": "history", "data": {"messages": [], "more": false}}));
    }

    /// A long history comes in pages, and says whether there is more.
    async fn a_long_history_comes_in_pages(setup: Setup) {
        let server = setup.with("api.limits.messages_page_max", "3").start().await;
        let customer = server.customer().await;
        for _ in 0..4 {
            customer.says("안녕하세요").await;
        }
        let history = customer.history().await;
        assert_eq!(history.len(), 8, "existing clients know no pages");
        let mut socket = customer.connects_with("?after_id=0").await;
        for (page, more) in [(&history[0..3], true), (&history[3..6], true), (&history[6..8], false)] {
            assert_eq!(socket.expect("history").await["data"], json!({"messages": page, "more": more}));
            socket.send(&json!({"type": "resume", "after_id": page.last().unwrap()["id"]})).await;
        }
        assert_eq!(socket.expect("history").await["data"], json!({"messages": [], "more": false}));
        let poll = customer.get("events?after_id=0&wait=25").await.expect(200);
        assert_eq!(poll, json!({"messages": &history[0..3], "more": true}));
    }

    /// A streamed answer comes in parts that together are the answer, and ends with the whole reply.
    async fn a_streamed_answer_adds_up(server: Server) {
        for text in ["대출 금리가 얼마인가요?", "안녕하세요", "?"] {
            let customer = server.customer().await;
            let message = json!({"session_id": customer.session(), "user_message": text});
            let request = server.http().request("POST", "/api/v1/chat/message").json(&message);
            let events = server.http().events(request).await.rest().await;
            let (response, deltas) = events.split_last().unwrap();
            assert_eq!(response.name, "response");
            assert!(deltas.iter().all(|delta| delta.name == "delta"), "{events:?}");
            assert_eq!(joined(deltas.iter().map(|delta| &delta.data)), response.data["ai_message"].as_str().unwrap());

            let mut socket = server.customer().await.connects().await;
            socket.send(&json!({"type": "message", "user_message": text, "stream": true})).await;
            let mut deltas = Vec::new();
            let response = loop {
                let mut frame = socket.next().await;
                if frame["type"] == "response" {
                    break frame;
                }
                assert_eq!(frame["type"], "delta");
                deltas.push(frame["data"].take());
            };
            assert_eq!(joined(deltas.iter()), response["data"]["ai_message"].as_str().unwrap());
            let mut plain = server.customer().await.connects().await;
            assert_eq!(plain.asks(text).await.0["ai_message"], response["data"]["ai_message"], "no parts unasked");
        }
        let refused = server.http().request("POST", "/api/v1/chat/message").header("accept", "text/event-stream");
        server.http().send(refused.json(&json!({}))).await.expect_problem(422, "invalid_request");
    }

    /// The event stream tells what was, what is, and goes on after the last event a client has.
    async fn the_event_stream_goes_on_after_the_last_event(server: Server) {
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        let stream = async |query: &str| {
            server.http().events(server.http().request("GET", &customer.path(&format!("events{query}")))).await
        };
        let mut events = stream("").await;
        let history = customer.history().await;
        for message in &history {
            assert_eq!(events.next().await, Some(message_event(message)));
        }
        server.desk().await.says(&customer, "상담원입니다.").await;
        customer.post("request-handover").await.expect(200);
        let told = customer.history().await.pop().unwrap();
        assert_eq!(events.next().await, Some(message_event(&told)));
        let handover = events.next().await.unwrap();
        assert_eq!((handover.name.as_str(), &handover.data["handover_status"]), ("handover_status", &json!("pending")));
        customer.post("close").await.expect(200);
        assert_eq!(events.next().await.map(|event| event.name).as_deref(), Some("session_closed"));

        let mut resumed = stream(&format!("?after_id={}", history[1]["id"])).await;
        assert_eq!(resumed.next().await, Some(message_event(&told)));
        let request = server.http().request("GET", &customer.path("events?after_id=0"));
        let mut resumed = server.http().events(request.header("last-event-id", history[0]["id"].to_string())).await;
        assert_eq!(resumed.next().await, Some(message_event(&history[1])), "what the browser says counts");
    }

    /// A long poll answers at once if there is something, else when there is, else when its time is over.
    async fn a_long_poll_waits_for_something_new(setup: Setup) {
        let server = setup.with("api.limits.long_poll_max", "20s").start().await;
        let customer = server.customer().await;
        let first = customer.says("안녕하세요").await;
        let history = json!({"messages": customer.history().await, "more": false});
        assert_eq!(customer.get("events?wait=25").await.expect(200), history);
        let path = format!("events?wait=25&after_id={}", first.message_id());
        let desk = server.desk().await;
        let (answer, _) = tokio::join!(customer.get(&path), desk.says(&customer, "상담원입니다."));
        assert_eq!(answer.expect(200)["messages"][0]["message"], "상담원입니다.");
        let nothing = json!({"messages": [], "more": false});
        let last = customer.history().await.pop().unwrap()["id"].take();
        assert_eq!(customer.get(&format!("events?wait=0&after_id={last}")).await.expect(200), nothing);
        server.customer().await.get("events?wait=0").await.expect_problem(404, "session_not_found");
        customer.get("events?wait=soon").await.expect_problem(422, "invalid_request");
    }

    /// What no message tells ends a long poll as well, so that whoever polls asks for it.
    async fn a_change_of_the_hand_over_ends_a_long_poll(server: Server) {
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        let last = customer.history().await.pop().unwrap()["id"].clone();
        let desk = server.desk().await;
        for change in ["accept", "decline", "close"] {
            let begun = std::time::Instant::now();
            let poll = tokio::spawn({
                let (customer, last) = (customer.clone(), last.clone());
                async move { customer.get(&format!("events?wait=25&after_id={last}")).await.expect(200) }
            });
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            match change {
                "accept" => drop(desk.accepts(&customer, &json!({"agent_name": "김하나"})).await.expect(200)),
                other => drop(customer.post(other).await.expect(200)),
            }
            assert_eq!(poll.await.unwrap()["messages"], json!([]));
            assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{change} did not end the poll");
        }
        let status = customer.get("handover-status").await.expect(200);
        assert_eq!((&status["is_closed"], &status["agent_name"]), (&json!(true), &json!(null)));
    }

    /// The customer is told who the agent is, and each message keeps who wrote it.
    async fn agents_have_names_where_their_desk_gives_them(server: Server) {
        let (customer, desk) = (server.customer().await, server.desk().await);
        customer.says("안녕하세요").await;
        for (name, text) in [("김하나", "도와드리겠습니다."), ("이두리", "이어서 도와드리겠습니다.")] {
            desk.accepts(&customer, &json!({"agent_id": "agent-1", "agent_name": name})).await.expect(200);
            assert_eq!(customer.get("handover-status").await.expect(200)["agent_name"], name);
            desk.says(&customer, text).await;
            customer.post("decline").await.expect(200);
        }
        assert_eq!(customer.get("handover-status").await.expect(200)["agent_name"], json!(null));
        desk.says(&customer, "확인 후 연락드리겠습니다.").await;
        let names: Vec<_> = customer.history().await.into_iter().map(|message| message["agent_name"].clone()).collect();
        assert_eq!(names, [json!(null), json!(null), json!("김하나"), json!("이두리"), json!(null)]);
        let long = json!({"agent_name": "가".repeat(41)});
        desk.accepts(&customer, &long).await.expect_problem(400, "invalid_agent_name");
    }

    /// A server that goes down ends long polls and event streams rather than waiting for them.
    async fn streams_and_polls_end_with_the_server(server: Server) {
        let customer = server.customer().await;
        customer.says("안녕하세요").await;
        let mut stream = server.http().events(server.http().request("GET", &customer.path("events"))).await;
        stream.next().await.unwrap();
        let begun = std::time::Instant::now();
        let poll = tokio::spawn({
            let customer = customer.clone();
            let last = customer.history().await.pop().unwrap()["id"].clone();
            async move { customer.get(&format!("events?wait=25&after_id={last}")).await }
        });
        let mut socket = customer.connects().await;
        drop(tokio::task::spawn_blocking(move || Server::stop(server)).await.unwrap());
        assert_eq!(stream.rest().await.len(), 1, "the answer to the first message, and then the end");
        assert_eq!(socket.closed().await.map(|close| u16::from(close.code)), Some(1012));
        // Accepted or refused while it went down, but not left waiting.
        let _ = poll.await;
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "nobody waited for the poll's end");
    }
}

fn message_event(message: &Value) -> Event {
    Event { name: "message".to_owned(), id: message["id"].as_i64(), data: message.clone() }
}

fn joined<'v>(deltas: impl Iterator<Item = &'v Value>) -> String {
    deltas.map(|delta| delta["text"].as_str().unwrap()).collect()
}
