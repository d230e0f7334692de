//! Conversations of the earlier system, read from a real MariaDB, go on here.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use serde_json::json;

use crate::support::EarlierSystem;
use crate::support::MariaDb;
use crate::support::Store;
use crate::support::earlier::PASSWORD;
use crate::support::earlier::printed;

/// The texts of messages.
fn texts(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["message"].as_str().unwrap()).collect()
}

both_stores! {
    /// An existing client finds its conversation under its id, over HTTP and WebSocket, and goes on; nothing is taken from it by the next run.
    async fn a_client_goes_on_where_it_was(server: Server) {
        if !MariaDb::is_wanted() {
            return;
        }
        let earlier = EarlierSystem::new().await;
        earlier.turn("kim-1").await;
        earlier.turn("lee-1").await;
        let told = earlier.moves_to(&server).await;
        assert!(told.starts_with("moved from mysql://mover_") && told.contains(":***@127.0.0.1:"), "{told}");
        assert!(told.contains("conversations 2 read: 2 moved, 0 updated, 0 here already, 0 refused"), "{told}");
        assert!(told.contains("messages      4 read: 4 moved, 0 here already, 0 refused"), "{told}");

        let kim = server.customer_named("kim-1");
        let history = kim.history().await;
        assert_eq!(texts(&history), ["안녕하세요", "무엇을 도와드릴까요?"]);
        assert_eq!([&history[0]["id"], &history[1]["id"]], [1, 2]);
        assert_eq!((&history[0]["role"], &history[1]["role"]), (&json!("user"), &json!("assistant")));
        assert_eq!(history[0]["created_at"], "2025-11-20T12:00:01");
        let mut socket = kim.connects_with("?after_id=0").await;
        let seen = socket.expect("history").await;
        assert_eq!(seen["data"]["messages"].as_array().unwrap().len(), 2);
        assert_eq!(seen["data"]["messages"][1]["sources"][0]["source"], "guide.pdf", "{seen:#}");
        socket.asks("고맙습니다").await;
        kim.says("안녕하세요").await;
        assert_eq!(kim.history().await.len(), 6);

        earlier.says("kim-1", "2025-11-20 12:30:00", "늦은 말").await;
        let again = earlier.moves_to(&server).await;
        assert!(again.contains("2 read: 0 moved, 0 updated, 2 here already, 0 refused"), "{again}");
        assert!(again.contains("5 read: 0 moved, 4 here already, 1 refused"), "{again}");
        assert!(again.contains("its conversation went on here before this message was moved: 1 messages"), "{again}");
        assert_eq!(kim.history().await.len(), 6);
    }

    /// Repeated, it brings what is new and nothing twice; a conversation that fell silent here has not gone on.
    async fn a_later_run_brings_only_what_is_new(server: Server) {
        if !MariaDb::is_wanted() {
            return;
        }
        let earlier = EarlierSystem::new().await;
        earlier.turn("kim-2").await;
        earlier.moves_to(&server).await;
        let again = earlier.moves_to(&server).await;
        assert!(again.contains("1 read: 0 moved, 0 updated, 1 here already, 0 refused"), "{again}");
        earlier.says("kim-2", "2025-11-20 12:40:00", "이체 한도를 알려 주세요").await;
        earlier.turn("park-2").await;
        let later = earlier.moves_to(&server).await;
        assert!(later.contains("2 read: 1 moved, 1 updated, 0 here already, 0 refused"), "{later}");
        assert!(later.contains("5 read: 3 moved, 2 here already, 0 refused"), "{later}");
        let history = server.customer_named("kim-2").history().await;
        assert_eq!(texts(&history), ["안녕하세요", "무엇을 도와드릴까요?", "이체 한도를 알려 주세요"]);
        assert_eq!(history[2]["id"], 3);
    }

    /// The earlier system took capital and small letters for the same; here, the conversation has the spelling its customer used last.
    async fn however_it_was_spelled_it_is_one_conversation(server: Server) {
        if !MariaDb::is_wanted() {
            return;
        }
        let earlier = EarlierSystem::new().await;
        earlier.turn("Choi-3").await;
        earlier.says("CHOI-3", "2025-11-20 12:01:00", "계좌 조회").await;
        earlier.answers("choi-3", "2025-11-20 12:01:01", "네", "CONTINUE").await;
        let told = earlier.moves_to(&server).await;
        assert!(told.contains("its id was spelled in several ways: 1 conversations"), "{told}");
        assert_eq!(server.customer_named("CHOI-3").history().await.len(), 4);
        assert_eq!(server.customer_named("Choi-3").get("messages").await.status, 404);
        // Whatever spelling comes next, it is known.
        earlier.says("choi-3", "2025-11-20 12:02:00", "감사합니다").await;
        let later = earlier.moves_to(&server).await;
        assert!(later.contains("1 read: 0 moved, 1 updated"), "{later}");
        assert_eq!(server.customer_named("CHOI-3").history().await.len(), 5);
    }

    /// Stamps in UTC and in Korean time become what they meant, and the order of messages stays.
    async fn mixed_stamps_become_korean_time(server: Server) {
        if !MariaDb::is_wanted() {
            return;
        }
        let earlier = EarlierSystem::new().await;
        // Made in UTC; a message in UTC among others; the sweep, in UTC, 9 h 10 min after the last message.
        earlier.session("han-4", "2025-11-20 03:00:00", "updated_at = '2025-11-20 12:10:32', is_active = 0").await;
        earlier.says("han-4", "2025-11-20 12:00:01", "하나").await;
        earlier.says("han-4", "2025-11-20 03:00:09", "둘").await;
        earlier.says("han-4", "2025-11-20 00:00:00", "셋").await;
        earlier.execute("UPDATE chat_messages SET created_at = NULL WHERE message = '셋'").await;
        earlier.says("han-4", "2025-11-20 12:00:20", "넷").await;
        let told = earlier.moves_to(&server).await;
        assert!(told.contains("it has no time that can be read: 1 messages"), "{told}");
        let history = server.customer_named("han-4").history().await;
        let times: Vec<&str> = history.iter().map(|message| message["created_at"].as_str().unwrap()).collect();
        let expected = ["12:00:01", "12:00:09", "12:00:09", "12:00:20"].map(|time| format!("2025-11-20T{time}"));
        assert_eq!((texts(&history), times), (vec!["하나", "둘", "셋", "넷"], expected.iter().map(String::as_str).collect()));
        let closed = server.http().get("/api/v1/sessions/closed").await.expect(200);
        let han = closed.as_array().unwrap().iter().find(|session| session["session_id"] == "han-4").unwrap();
        assert_eq!([&han["created_at"], &han["updated_at"]], ["2025-11-20T12:00:00", "2025-11-20T21:10:32"]);
    }

    /// Agents find those who wait and those they have in their list, and those that are over in the other.
    async fn agents_find_who_waits(server: Server) {
        if !MariaDb::is_wanted() {
            return;
        }
        let earlier = EarlierSystem::new().await;
        let flow = "is_human_required_flow = 1, customer_consent_received = 1, info_collection_complete = 1";
        let asked = "handover_requested_at = '2025-11-20 12:00:02'";
        let waiting = format!(r#"{flow}, {asked}, handover_status = 'pending', context_intent = '한도 상향 접수·처리',
            collected_info = '{{"inquiry_detail": "한도", "_category": "한도", "phone": "010-9876-5432"}}'"#);
        let taken = format!(
            "{flow}, {asked}, handover_status = 'accepted', handover_accepted_at = '2025-11-20 12:00:09', assigned_agent_id = 'agent-7'"
        );
        let over = format!("{flow}, {asked}, handover_status = 'pending', is_active = 0, updated_at = '2025-11-20 12:30:00'");
        for (id, columns) in [("waiting-5", &waiting), ("taken-5", &taken), ("over-5", &over)] {
            earlier.session(id, "2025-11-20 03:00:00", columns).await;
            earlier.says(id, "2025-11-20 12:00:01", "상담원 연결해 주세요").await;
            earlier.answers(id, "2025-11-20 12:00:02", "연결해 드리겠습니다.", "HANDOVER").await;
        }
        earlier.message("taken-5", "2025-11-20 12:00:30", "role = 'ASSISTANT', message = '상담원입니다.'").await;
        let told = earlier.moves_to(&server).await;
        assert!(told.contains("nobody took it while it was active: 1 conversations"), "{told}");

        let list = async |name: &str| server.http().get(&format!("/api/v1/sessions/{name}")).await.expect(200);
        let (open, closed) = (list("handover").await, list("closed").await);
        let one = |list: &Value, id: &str| {
            let found = list.as_array().unwrap().iter().find(|session| session["session_id"] == id).cloned();
            found.unwrap_or_else(|| panic!("{id} in {list:#}"))
        };
        let waiting = one(&open, "waiting-5");
        assert_eq!((&waiting["handover_status"], &waiting["collected_info"]["inquiry_detail"]), (&json!("pending"), &json!("한도")));
        assert!(!waiting.to_string().contains("9876"), "{waiting}");
        assert_eq!(one(&open, "taken-5")["handover_accepted_at"], "2025-11-20T12:00:09");
        assert_eq!(one(&closed, "over-5")["handover_status"], "cancelled");
        let taken = server.customer_named("taken-5");
        assert_eq!(taken.get("handover-status").await.expect(200)["assigned_agent_id"], "agent-7");
        // An agent takes who waits, and hears what the other's customer says.
        server.customer_named("waiting-5").post("accept").await.expect(200);
        taken.tells_agent("네, 듣고 있어요").await;
        assert_eq!(texts(&taken.messages("?after_handover=true").await), ["상담원입니다.", "네, 듣고 있어요"]);
    }

    /// What cannot come over is named, and the rest comes; the report is for its owner alone.
    async fn what_is_refused_is_named(server: Server) {
        if !MariaDb::is_wanted() {
            return;
        }
        let earlier = EarlierSystem::new().await;
        server.customer_named("trial-6").says("안녕하세요").await;
        for id in ["trial-6", "a/b", "good-6"] {
            earlier.turn(id).await;
        }
        earlier.message("good-6", "2025-11-20 12:01:00", "role = 'SYSTEM', message = 'x'").await;
        earlier.message("good-6", "2025-11-20 12:01:00", "role = 'USER', message = NULL").await;
        earlier.message("nobody", "2025-11-20 12:01:00", "role = 'USER', message = '네'").await;
        earlier.says("good-6", "2025-11-20 12:02:00", "제 번호는 010-8765-4321입니다").await;
        let file = server.folder().join("moving.json");
        let file = file.to_str().unwrap();
        let told = printed(&earlier.moved_to(&server, &["--report", file]).await);
        assert!(told.contains("3 read: 1 moved, 0 updated, 0 here already, 2 refused"), "{told}");
        assert!(told.contains("10 read: 3 moved, 0 here already, 7 refused"), "{told}");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        let report: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let refused = &report["report"]["refused"];
        for (reason, session, messages) in [
            ("a conversation that began here has its session_id", "trial-6", vec![1, 2]),
            ("its session_id is empty, too long, or has a slash or a control character", "a/b", vec![3, 4]),
            ("its role is neither USER nor ASSISTANT", "good-6", vec![7]),
            ("it has no text", "good-6", vec![8]),
            ("its conversation is not in chat_sessions", "nobody", vec![9]),
        ] {
            let named = json!([{"session_id": session, "messages": messages}]);
            assert_eq!(refused[reason]["named"], named, "{reason}: {refused:#}");
        }
        let changed = &report["report"]["changed"];
        assert_eq!(changed["personal data were masked"]["named"][0]["messages"], json!([10]), "{changed:#}");
        // Its numbers begin with those of the conversation that began here.
        assert_eq!(server.customer_named("trial-6").history().await.len(), 2);
        let history = server.customer_named("good-6").history().await;
        assert!(!texts(&history).concat().contains("8765"), "{history:?}");
        assert!(!fs::read_to_string(file).unwrap().contains("8765") && !told.contains(PASSWORD));
        // What only this run changed, no later one writes over.
        let again = earlier.moved_to(&server, &["--report", file]).await;
        let told = String::from_utf8(again.stderr).unwrap();
        assert!(!again.status.success() && told.contains("is there already; name another file"), "{told}");
        assert_eq!(serde_json::from_slice::<Value>(&fs::read(file).unwrap()).unwrap(), report);
    }

    /// Messages whose numbers are taken here get new ones, all of a conversation, in their order.
    async fn numbers_that_are_taken_are_given_anew(server: Server) {
        if !MariaDb::is_wanted() {
            return;
        }
        let earlier = EarlierSystem::new().await;
        let own = server.customer().await;
        own.says("안녕하세요").await;
        earlier.turn("kim-7").await;
        earlier.turn("lee-7").await;
        let told = earlier.moves_to(&server).await;
        assert!(told.contains("a message here has its number already: 2 messages of 1 conversations"), "{told}");
        let ids = |messages: Vec<Value>| messages.iter().map(|m| m["id"].as_i64().unwrap()).collect::<Vec<_>>();
        assert_eq!(ids(server.customer_named("lee-7").history().await), [3, 4]);
        let anew = ids(server.customer_named("kim-7").history().await);
        assert!(anew[0] > 4 && anew[1] > anew[0], "{anew:?}");
        assert_eq!(texts(&server.customer_named("kim-7").history().await), ["안녕하세요", "무엇을 도와드릴까요?"]);
        // They are known by what they were.
        let again = earlier.moves_to(&server).await;
        assert!(again.contains("2 read: 0 moved, 0 updated, 2 here already"), "{again}");
        own.says("고맙습니다").await;
        let last = *ids(own.history().await).last().unwrap();
        assert!(last > anew[1], "{last}");
    }

    /// What [retention] would delete at once does not come over; who waits for an agent does, however long.
    async fn what_has_had_its_time_stays_there(server: Server) {
        if !MariaDb::is_wanted() {
            return;
        }
        let earlier = EarlierSystem::new().await;
        earlier.turn("old-9").await;
        let waits = "is_human_required_flow = 1, customer_consent_received = 1, info_collection_complete = 1,
            handover_status = 'pending', handover_requested_at = '2025-11-20 12:00:01'";
        earlier.session("waiting-9", "2025-11-20 03:00:00", waits).await;
        earlier.says("waiting-9", "2025-11-20 12:00:01", "상담원 연결해 주세요").await;
        let mut environment = server.environment();
        environment.push(("BANK_AICC__RETENTION__CONVERSATIONS".to_owned(), "7d".to_owned()));
        let told = printed(&earlier.moved(&environment, &[]).await);
        assert!(told.contains("2 read: 1 moved, 0 updated, 0 here already, 1 refused"), "{told}");
        assert!(told.contains("3 read: 1 moved, 0 here already, 2 refused"), "{told}");
        assert!(told.contains("it is older than retention.conversations: 2 messages of 1 conversations"), "{told}");
        assert_eq!(server.customer_named("old-9").get("messages").await.status, 404);
        assert_eq!(server.customer_named("waiting-9").history().await.len(), 1);
        let told = earlier.moves_to(&server).await;
        assert!(told.contains("2 read: 1 moved"), "{told}");
        assert_eq!(server.customer_named("old-9").history().await.len(), 2);
    }

    /// A rehearsal says the same and writes nothing, not even a database.
    async fn a_rehearsal_writes_nothing(server: Server) {
        if !MariaDb::is_wanted() {
            return;
        }
        let earlier = EarlierSystem::new().await;
        earlier.turn("kim-8").await;
        let told = printed(&earlier.moved_to(&server, &["--dry-run"]).await);
        assert!(told.starts_with("would be moved (nothing was written) from mysql://"), "{told}");
        assert!(told.contains("1 read: 1 moved, 0 updated, 0 here already, 0 refused"), "{told}");
        assert_eq!(server.customer_named("kim-8").get("messages").await.status, 404);
        // Where no server ever ran.
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut environment = vec![("BANK_AICC__SERVER__DATA_DIR".to_owned(), data.display().to_string())];
        let empty = MariaDb::shared().await.create_database().await;
        if server.store() == Store::MariaDb {
            environment.push(("BANK_AICC__STORAGE__URL".to_owned(), MariaDb::shared().await.url(&empty)));
        }
        let told = printed(&earlier.moved(&environment, &["--dry-run"]).await);
        assert!(told.contains("1 read: 1 moved"), "{told}");
        assert!(!data.exists() && MariaDb::shared().await.tables_of(&empty).await.is_empty());
    }
}
