//! Moving conversations in that breaks off, is refused, or meets tables that are not whole.

use std::ops::Range;
use std::process::Output;

use serde_json::Value;

use crate::support::EarlierSystem;
use crate::support::MariaDb;
use crate::support::Server;
use crate::support::eventually;

/// So many that they are stored in several transactions.
const CONVERSATIONS: usize = 600;
const MESSAGES_EACH: usize = 20;
/// How often it is tried to kill the command before it is done, each time with twice as many conversations.
const ATTEMPTS: usize = 3;
/// Looking at each of the conversations would take longer than moving them.
const STEP: usize = 7;

/// More conversations, by statements of the database. Their messages take turns, and have nothing that is to be masked.
async fn fill(earlier: &EarlierSystem, numbers: &Range<usize>) {
    let (first, last, count) = (numbers.start, numbers.end - 1, numbers.len());
    let sessions = format!(
        "INSERT INTO chat_sessions (id, session_id, created_at, updated_at)
         SELECT seq, CONCAT('many-', seq), '2025-11-20 03:00:00', '2025-11-20 13:00:00' FROM seq_{first}_to_{last}"
    );
    let (first_id, last_seq) = (id(numbers, first, 0), count * MESSAGES_EACH - 1);
    let messages = format!(
        "INSERT INTO chat_messages (id, session_id, role, message, suggested_action, created_at)
         SELECT {first_id} + seq, CONCAT('many-', {first} + seq MOD {count}),
                IF(seq DIV {count} MOD 2 = 0, 'USER', 'ASSISTANT'),
                IF(seq DIV {count} MOD 2 = 0, '안녕하세요', '반갑습니다'),
                IF(seq DIV {count} MOD 2 = 0, NULL, 'CONTINUE'),
                '2025-11-20 12:00:00' + INTERVAL (seq DIV {count}) SECOND
         FROM seq_0_to_{last_seq}"
    );
    earlier.execute(&sessions).await;
    earlier.execute(&messages).await;
}

/// The number of a conversation's message, counted from 0.
fn id(numbers: &Range<usize>, conversation: usize, message: usize) -> usize {
    (numbers.start - 1) * MESSAGES_EACH + message * numbers.len() + conversation - numbers.start + 1
}

async fn history(server: &Server, number: usize) -> Option<Vec<Value>> {
    let answer = server.customer_named(&format!("many-{number}")).get("messages").await;
    (answer.status == 200).then(|| answer.json().as_array().unwrap().clone())
}

/// All messages of a conversation are there, under their numbers and in their places.
fn assert_whole(messages: &[Value], numbers: &Range<usize>, number: usize) {
    let found: Vec<(u64, &str)> =
        messages.iter().map(|message| (message["id"].as_u64().unwrap(), message["role"].as_str().unwrap())).collect();
    let expected: Vec<(u64, &str)> = (0..MESSAGES_EACH)
        .map(|message| (id(numbers, number, message) as u64, ["user", "assistant"][message % 2]))
        .collect();
    assert_eq!(found, expected, "many-{number}");
}

/// The number before these words in the line about messages.
fn count_of(told: &str, words: &str) -> usize {
    let line = told.lines().find(|line| line.starts_with("messages")).unwrap();
    let before = line.split(words).next().unwrap();
    before.split_whitespace().next_back().unwrap().parse().unwrap()
}

both_stores! {
    /// Killed midway, it leaves whole conversations behind; the next run brings the others, and nothing twice.
    async fn killed_midway_it_goes_on(server: Server) {
        if !MariaDb::is_wanted() {
            return;
        }
        let earlier = EarlierSystem::new().await;
        let (mut before, mut count) = (0, CONVERSATIONS);
        for _ in 0..ATTEMPTS {
            let numbers = before + 1..before + count + 1;
            fill(&earlier, &numbers).await;
            let mut moving = earlier.starts_moving_to(&server).await;
            eventually("the first conversation", async || history(&server, numbers.start).await).await;
            moving.signal("KILL");
            moving.ended();
            let was_done = history(&server, numbers.end - 1).await.is_some();
            for number in numbers.clone().step_by(STEP) {
                if let Some(messages) = history(&server, number).await {
                    assert_whole(&messages, &numbers, number);
                }
            }

            let told = earlier.moves_to(&server).await;
            let (moved, here) = (count_of(&told, " moved"), count_of(&told, " here already"));
            assert!(here >= (before + 1) * MESSAGES_EACH, "{told}");
            assert_eq!(moved + here, (before + count) * MESSAGES_EACH, "{told}");
            for number in numbers.clone().step_by(STEP).chain([numbers.end - 1]) {
                assert_whole(&history(&server, number).await.unwrap(), &numbers, number);
            }
            before += count;
            count *= 2;
            if !was_done {
                break;
            }
        }
        let again = earlier.moves_to(&server).await;
        assert!(again.contains(&format!("0 moved, 0 updated, {before} here already, 0 refused")), "{again}");
    }
}

/// What the command says when it fails.
fn refusal(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && !told.contains("panicked"), "{told}");
    told
}

/// Tables that are not the earlier system's, or a copy of them without keys, are refused before anything is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_are_not_whole_are_refused() {
    if !MariaDb::is_wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let environment = [("BANK_AICC__SERVER__DATA_DIR".to_owned(), data.display().to_string())];
    for (change, expected) in [
        ("DROP TABLE chat_messages", "it has no table chat_messages, or this user may not read it"),
        ("ALTER TABLE chat_sessions RENAME COLUMN session_id TO name", "chat_sessions has no column session_id"),
        (
            "ALTER TABLE chat_messages MODIFY id INT NOT NULL, DROP PRIMARY KEY;
             INSERT INTO chat_messages SELECT * FROM chat_messages WHERE id = 2",
            "chat_messages has the id 2 in more than one row",
        ),
        (
            "ALTER TABLE chat_messages DROP INDEX session_id;
             INSERT INTO chat_messages (session_id, role, message) SELECT 'kim', 'USER', 'x' FROM seq_1_to_30000",
            "chat_messages has 30002 rows and no index on session_id",
        ),
    ] {
        let earlier = EarlierSystem::new().await;
        earlier.turn("kim").await;
        for statement in change.split(';') {
            earlier.execute(statement).await;
        }
        let told = refusal(&earlier.moved(&environment, &[]).await);
        assert!(told.contains(expected), "{told}");
    }
    let earlier = EarlierSystem::new().await;
    for (url, expected) in [
        ("mysql://mover@127.0.0.1:1/aicc_db", "the earlier system's database cannot be reached"),
        ("sqlite:earlier.db", "this is no address of the earlier system's database"),
    ] {
        let arguments = ["migrate-from", url, "--config", "/dev/null"];
        let environment = [("BANK_AICC__SERVER__DATA_DIR", environment[0].1.as_str())];
        let output = tokio::task::block_in_place(|| crate::support::Program::run(&arguments, &environment));
        assert!(refusal(&output).contains(expected), "{url}");
    }
    // The password in two places.
    let file = folder.path().join("password");
    std::fs::write(&file, "x\n").unwrap();
    let told = refusal(&earlier.moved(&environment, &["--password-file", file.to_str().unwrap()]).await);
    assert!(told.contains("keep one"), "{told}");
    assert!(!data.exists());
}
