//! What is recorded of each question to a model, for auditors, on both databases.

use serde_json::Value;
use serde_json::json;

use crate::support::Administrator;
use crate::support::Customer;
use crate::support::ModelServer;
use crate::support::Program;
use crate::support::Site;
use crate::support::administrator::token_file;
use crate::support::demo_pack;
use crate::support::eventually;
use crate::support::model::Behaviour;
use crate::support::model::Form;
use crate::support::model::MODEL;
use crate::support::model::Pace;
use crate::support::model::Words;

/// A question that one document answers.
const QUESTION: &str = "정기예금 중도해지하면 이자는 어떻게 되나요?";

/// The words of a list's objects under this name.
fn words<'v>(list: &'v Value, name: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap()).collect()
}

/// What `bank-aicc model runs` prints at a site, and whether it was content.
fn runs_command(site: &Site, arguments: &[&str]) -> (bool, String) {
    let output = Program::run(&[&["model", "runs"], arguments, &["--config", site.config()]].concat(), &[]);
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

both_stores! {
    /// An auditor reads the same from the command line, from the database alone.
    async fn an_auditor_reads_the_record(store: Store) {
        let model = ModelServer::start().await;
        let site = Site::on(store).await;
        site.import(&demo_pack());
        assert_eq!(runs_command(&site, &[]), (true, String::new()));
        let (url, token) = (model.url(), token_file());
        let settings = [
            ("api.legacy_clients", "true"),
            ("admin.token_file", &token),
            ("llm.endpoint.1.url", &url),
            ("llm.endpoint.1.name", "gpu-1"),
            ("llm.endpoint.1.roles", "[\"answer\"]"),
        ];
        let mut server = site.serve(&settings);
        let http = server.ready().await;
        let is_asked = async || {
            let customer = Customer::new(&http);
            customer.says(QUESTION).await;
            let recorded = Administrator::new(&http).runs(&customer).await;
            (!recorded.is_empty()).then_some((customer, recorded))
        };
        let (one, recorded) = eventually("the model is asked", is_asked).await;
        let honest = model.last().said;
        let (sentence, _) = honest.split_once("] ").expect("two sentences");
        model.behaves(Words::Fixed(format!("{sentence}] 금리는 \u{1b}[31m연 9.87%입니다. [1] 끝입니다. [1]")));
        let other = Customer::new(&http);
        other.says(QUESTION).await;
        let stopped = Administrator::new(&http).runs(&other).await;
        server.signal("TERM");
        assert!(server.ended().0.success());

        let json = |arguments: &[&str]| -> Vec<Value> {
            let (is_content, said) = runs_command(&site, &[arguments, &["--format", "json"]].concat());
            assert!(is_content, "{said}");
            said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let found = json(&["--session", one.session()]);
        assert_eq!(found.len(), recorded.len(), "{found:#?}");
        for (found, recorded) in found.iter().zip(&recorded) {
            assert_eq!((&found["session_id"], &found["engine"]), (&json!(one.session()), &json!("llm")), "{found:#}");
            for (name, value) in recorded.as_object().unwrap() {
                assert_eq!(found[name], *value, "{name}");
            }
        }
        let all = json(&["--since", "1h"]);
        assert_eq!(all.len(), recorded.len() + stopped.len());
        assert_eq!(all.last().unwrap()["session_id"], other.session(), "oldest first");
        assert_eq!(json(&["--limit", "1"]), all[all.len() - 1..], "the latest");
        assert_eq!(json(&["--since", "2099-01-01"]).len(), 0);

        let said = runs_command(&site, &["--session", other.session()]).1;
        for expected in ["answer: finished, ", "endpoint gpu-1, model bank-model, prompt answer-", "released [1]", "9.87%"] {
            assert!(said.contains(expected), "{expected}: {said}");
        }
        let digest = stopped[0]["passages"][0]["digest"].as_str().unwrap();
        assert!(said.contains(digest) && !said.contains('\u{1b}'), "{said}");
        assert!(!runs_command(&site, &["--since", "yesterday"]).0);
    }

    /// Who was asked, with which prompt and passages, how long it took, what it cost, and what the guard said of each sentence; the
    /// same after a restart.
    async fn each_question_is_recorded(setup: Setup) {
        let model = ModelServer::start().await;
        let setup = setup.administered().with("llm.endpoint.1.name", "gpu-1");
        let server = setup.asking(&[&model]).start().await;
        let customer = server.customer().await;
        let pace = Pace { before_first_token: std::time::Duration::from_millis(30), ..Pace::default() };
        model.behaves(pace);
        let reply = customer.says(QUESTION).await;
        let runs = server.administrator().runs(&customer).await;
        assert_eq!(runs.len(), 1, "{runs:#?}");
        let run = &runs[0];
        for (name, expected) in [
            ("message_id", json!(reply.message_id())),
            ("role", json!("answer")),
            ("endpoint", json!("gpu-1")),
            ("model", json!(MODEL)),
            ("outcome", json!("used")),
            ("reason", Value::Null),
            ("attempts", json!(1)),
            ("queued_ms", json!(0)),
        ] {
            assert_eq!(run[name], expected, "{name}: {run:#}");
        }
        let number = |name: &str| run[name].as_i64().unwrap_or_else(|| panic!("{name}: {run:#}"));
        assert!(number("first_token_ms") >= 30 && number("total_ms") >= number("first_token_ms"), "{run:#}");
        assert!(number("prompt_tokens") > 0 && number("completion_tokens") > 0, "{run:#}");
        assert!(run["prompt_version"].as_str().unwrap().starts_with("answer-"), "{run:#}");
        assert!(!run["passages"].as_array().unwrap().is_empty(), "{run:#}");
        for passage in run["passages"].as_array().unwrap() {
            assert!(passage["digest"].as_str().is_some_and(|digest| digest.len() >= 16), "{passage:#}");
        }
        let given = model.last().asked().passages().len();
        assert_eq!(run["passages"].as_array().unwrap().len(), given, "as many as it was given");
        let verdicts = words(&run["verdicts"], "verdict");
        assert!(!verdicts.is_empty() && verdicts.iter().all(|verdict| *verdict == "released"), "{run:#}");
        assert!(run["verdicts"].as_array().unwrap().iter().all(|verdict| verdict["stopped"].is_null()), "{run:#}");
        let spent = number("prompt_tokens") + number("completion_tokens");
        assert_eq!(server.administrator().model().await["tokens_today"], spent);

        let server = server.restart().await;
        assert_eq!(server.administrator().runs(&customer).await, runs);
        assert_eq!(server.administrator().model().await["tokens_today"], spent);
    }

    /// The sentence that was stopped is kept with the reason, and without whatever in it looks like somebody's number.
    async fn what_was_stopped_is_kept_masked(setup: Setup) {
        let model = ModelServer::start().await;
        let server = setup.administered().asking(&[&model]).start().await;
        let customer = server.customer().await;
        customer.says(QUESTION).await;
        let honest = model.last().said;
        let (sentence, _) = honest.split_once("] ").expect("two sentences");
        model.behaves(Words::Fixed(format!("{sentence}] 문의는 010-2345-6789로 하시면 연 9.87%를 드립니다. [1] 끝입니다. [1]")));
        let customer = server.customer().await;
        customer.says(QUESTION).await;
        let run = server.administrator().runs(&customer).await.remove(0);
        assert_eq!(run["outcome"], "finished", "{run:#}");
        let verdicts = words(&run["verdicts"], "verdict");
        assert_eq!((verdicts.len(), verdicts[0]), (2, "released"), "nothing is heard after it: {run:#}");
        assert_eq!(run["reason"], verdicts[1], "{run:#}");
        let stopped = run["verdicts"][1]["stopped"].as_str().unwrap();
        assert!(stopped.contains("9.87%") && !stopped.contains("2345"), "{run:#}");
        assert!(!server.stored().await.contains("2345-6789"), "nor anywhere else");
    }

    /// Where a server does not tell what it cost, it is worked out; and a report's question has no message.
    async fn all_roles_are_recorded(setup: Setup) {
        let model = ModelServer::start().await;
        model.behaves(Behaviour::from(Form { has_usage: false, ..Form::default() }));
        let roles = "[\"answer\", \"triage\", \"summary\"]";
        let server = setup.administered().asking(&[&model]).with("llm.endpoint.1.roles", roles).start().await;
        let customer = server.customer().await;
        customer.says(QUESTION).await;
        server.desk().await.analyzes(&customer).await;
        let runs = eventually("both", async || {
            Some(server.administrator().runs(&customer).await).filter(|runs| runs.len() == 2)
        })
        .await;
        assert_eq!((&runs[0]["role"], &runs[1]["role"]), (&json!("answer"), &json!("summary")), "{runs:#?}");
        assert!(runs[0]["message_id"].is_i64() && runs[1]["message_id"].is_null(), "{runs:#?}");
        for run in &runs {
            assert!(run["prompt_tokens"].as_i64() > Some(0) && run["completion_tokens"].as_i64() > Some(0), "{run:#}");
            assert!(run["prompt_version"].as_str().unwrap().starts_with(run["role"].as_str().unwrap()), "{run:#}");
        }
    }
}
