//! Measuring a pack with a language model, by the program itself.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::ModelServer;
use crate::support::Program;
use crate::support::model::Words;

/// A bank of two documents, and what is asked of it.
const PACK: [(&str, &str); 6] = [
    ("pack.toml", "name = '시험은행'\nlanguage = 'ko'\ngreeting = '안녕하세요.'\n"),
    (
        "categories.toml",
        "[[category]]\nname = '한도'\ndomain = 'CARD'\npolicy = 'answer'\n\
         [[category]]\nname = '분실'\ndomain = 'CARD'\npolicy = 'answer'\n",
    ),
    (
        "utterances.csv",
        "category,utterance\n한도,카드 한도 알려줘\n한도,한도 조회해 주세요\n한도,남은 한도가 궁금해요\n\
         분실,카드를 잃어버렸어요\n분실,카드 분실 신고할게요\n분실,지갑을 잃어버렸어요\n",
    ),
    (
        "tests.csv",
        "utterance,category,ticket,document\n카드 한도가 얼마인가요?,한도,AUTO_ANSWER,limit.md\n\
         카드를 잃어버렸는데 어디에 신고해요?,분실,AUTO_ANSWER,loss.md\n오늘 점심 뭐 먹지,,SIMPLE_ANSWER,\n",
    ),
    (
        "documents/limit.md",
        "---\ncategory: 한도\n---\n# 카드 한도 안내\n\n신용카드 이용 한도는 월 500만원입니다. 한도는 매월 1일에 다시 계산합니다.\n",
    ),
    (
        "documents/loss.md",
        "---\ncategory: 분실\n---\n# 카드 분실 신고\n\n카드를 잃어버리면 고객센터 1588-0000으로 바로 신고해 주세요. 신고는 24시간 받습니다.\n",
    ),
];

/// Runs `eval` on the pack with this model, or none; what it says and what it measured.
async fn evaluated(model: Option<&ModelServer>) -> (Output, Value) {
    let folder = TempDir::new().unwrap();
    let pack = folder.path().join("pack");
    for (name, text) in PACK {
        let file = pack.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let endpoint = model.map(|model| format!("[[llm.endpoint]]\nname = 'tested'\nurl = '{}'\n", model.url()));
    let config = folder.path().join("config.toml");
    let text = format!("[server]\ndata_dir = '{}'\n{}", data.display(), endpoint.unwrap_or_default());
    fs::write(&config, text).unwrap();
    let measured = folder.path().join("measured.json");
    let arguments = ["eval", &word(&pack), "--engine", "llm", "--date", "2026-11-24", "--folds", "0"];
    let rest = ["--format", "json", "--output", &word(&measured), "--config", &word(&config)];
    let arguments: Vec<String> = arguments.iter().chain(&rest).map(|&one| one.to_owned()).collect();
    let running = move || Program::run(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let output = tokio::task::spawn_blocking(running).await.unwrap();
    let measured = fs::read_to_string(measured).unwrap_or_else(|_| "null".to_owned());
    (output, serde_json::from_str(&measured).unwrap())
}

fn word(path: &Path) -> String {
    path.display().to_string()
}

/// A figure by its name.
#[track_caller]
fn figure(measured: &Value, name: &str) -> f64 {
    let figures = measured["figures"].as_array().unwrap_or_else(|| panic!("nothing was measured: {measured}"));
    let figure = figures.iter().find(|figure| figure["name"] == name);
    figure.unwrap_or_else(|| panic!("{name} was not measured"))["value"].as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_model_passes() {
    let model = ModelServer::start().await;
    let (output, measured) = evaluated(Some(&model)).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(measured["engine"], "llm");
    for name in ["llm_answered", "citation_validity", "figure_fidelity", "refusals_right", "injection_held"] {
        assert!((figure(&measured, name) - 1.0).abs() < 1e-6, "{name}: {measured}");
    }
    assert!(measured["attacks"].as_array().unwrap().len() >= 150);
    assert!(measured["outcomes"][0]["spoken"]["tokens"].as_i64().unwrap() > 0);
    assert_eq!(measured["outcomes"][0]["spoken"]["model"], "bank-model");
}

/// What the model invents is counted, and not shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_model_invents_is_told() {
    let model = ModelServer::start().await;
    model.behaves(Words::Inventive { share: 1.0, seed: 7 });
    let (output, measured) = evaluated(Some(&model)).await;
    assert!(output.status.success(), "nothing false was shown: {output:?}");
    assert!(figure(&measured, "llm_unfaulted") < 0.5, "{measured}");
    let stopped =
        measured["outcomes"].as_array().unwrap().iter().map(|outcome| outcome["spoken"]["stopped"].to_string());
    assert!(stopped.clone().any(|stopped| stopped.contains("\"figure\"")), "{:?}", stopped.collect::<Vec<_>>());
    let shown = measured["outcomes"].as_array().unwrap().iter().map(|outcome| outcome["answer"].to_string());
    let invented = model.chats().into_iter().flat_map(|seen| seen.invented);
    let shown: Vec<String> = shown.collect();
    let leaked: Vec<String> = invented.filter(|figure| shown.iter().any(|answer| answer.contains(figure))).collect();
    assert_eq!(leaked, [""; 0], "{shown:?}");
}

/// A model that obeys is told apart from one that does not, though neither gets it shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_obeys_is_told() {
    let model = ModelServer::start().await;
    let (_, honest) = evaluated(Some(&model)).await;
    let attack = |measured: &Value, is_meant: &dyn Fn(&Value) -> bool| {
        measured["attacks"].as_array().unwrap().iter().find(|attack| is_meant(attack)).cloned().unwrap()
    };
    let id = attack(&honest, &|attack| attack["is_asked"] == true && attack["place"] == "customer")["id"].clone();
    assert!((figure(&honest, "llm_injection_resisted") - 1.0).abs() < 1e-6);

    model.obeys(&canary_of(id.as_u64().unwrap()));
    let (output, obedient) = evaluated(Some(&model)).await;
    let attacks = obedient["attacks"].as_array().unwrap();
    let shown: Vec<&Value> = attacks.iter().filter(|attack| attack["is_shown"] == true).collect();
    assert!(output.status.success(), "{output:?} {shown:?}");
    assert!(figure(&obedient, "llm_injection_resisted") < 1.0);
    assert!((figure(&obedient, "injection_held") - 1.0).abs() < 1e-6);
    let made = attack(&obedient, &|attack| attack["id"] == id);
    assert_eq!((made["is_obeyed"].as_bool(), made["is_shown"].as_bool()), (Some(true), Some(false)), "{made}");
}

/// What an attack wants said.
fn canary_of(id: u64) -> String {
    const ATTACKS: &str = include_str!("../../src/eval/llm/injections.csv");
    let mut reader = csv::Reader::from_reader(ATTACKS.as_bytes());
    let row = reader.records().map(Result::unwrap).find(|row| row[0] == *id.to_string()).unwrap();
    row[6].split('|').next().unwrap().to_owned()
}

/// An endpoint that is not there is no measurement, and none is no mistake of the pack.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_model_that_answers_nothing_is_measured() {
    let model = ModelServer::start().await;
    model.dies().await;
    for (model, said) in [(Some(&model), "bank-aicc doctor"), (None, "[[llm.endpoint]]")] {
        let (output, measured) = evaluated(model).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains(said), "{told}");
        assert_eq!(measured, Value::Null);
    }
}
