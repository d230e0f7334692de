//! Importing documents of all formats, and of files that were made to do harm: the pack is taken whole or not at all,
//! and the server goes on answering.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use bank_aicc::chat::Asker;
use bank_aicc::chat::Chat;
use bank_aicc::chat::Engine;
use bank_aicc::clock::Clock;
use bank_aicc::config::Config;
use bank_aicc::domain::SessionId;
use bank_aicc::knowledge::import;
use bank_aicc::knowledge::import::Limits;
use bank_aicc::knowledge::import::Readers;
use bank_aicc::store;
use bank_aicc::telemetry::Metrics;
use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::SqliteConnection;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::support::Customer;
use crate::support::Http;
use crate::support::Program;
use crate::support::Site;
use crate::support::documents;
use crate::support::eventually;
use crate::support::program::PROGRAM;

/// Each format's document answers one question, and is the only one that does.
const QUESTION_OF_EACH: [(&str, &str); 6] = [
    ("branch/hours.md", "영업점 점심시간에도 문을 여나요?"),
    ("card/faq.csv", "카드 결제일을 바꿀 수 있나요?"),
    ("loan/terms.docx", "중도상환수수료는 얼마인가요?"),
    ("fx/notice.hwpx", "환전 우대는 얼마나 되나요?"),
    ("fx/old.hwp", "해외송금 전신료가 얼마예요?"),
    ("deposit/rates.pdf", "정기예금 만기 이자는 언제 주나요?"),
];

/// The smallest pack with a document of each format.
fn pack(folder: &Path) -> PathBuf {
    let root = folder.join("pack");
    let texts = [
        (
            "pack.toml",
            "name = '시험은행'\nlanguage = 'ko'\ngreeting = '안녕하세요.'\n[hours]\nweekdays = '09:00-18:00'\n",
        ),
        (
            "categories.toml",
            "[[category]]\nname = '안내'\ndomain = 'GUIDE'\npolicy = 'answer'\n\
             [[category]]\nname = '금리'\ndomain = 'RATE'\npolicy = 'answer'\n",
        ),
        ("utterances.csv", "category,utterance\n안내,영업시간 알려주세요\n금리,금리가 얼마예요\n"),
        (
            "documents.csv",
            "file,title,category,domain,keywords,effective_from,effective_until\n\
             loan/terms.docx,대출 약관,안내,,상환;해약금,2026-01-01,\n\
             fx/old.hwp,해외송금 안내,안내,,,,2030-12-31\n",
        ),
        ("documents/branch/hours.md", "# 영업점 안내\n\n영업점은 점심시간에도 문을 엽니다.\n"),
        (
            "documents/card/faq.csv",
            "question,answer,category\n카드 결제일을 바꿀 수 있나요?,앱에서 바꿀 수 있습니다.,안내\n",
        ),
    ];
    let documents = [
        ("documents/loan/terms.docx", documents::docx("중도상환수수료", "중도상환수수료는 잔액의 0.7%입니다.")),
        ("documents/fx/notice.hwpx", documents::hwpx("환전 우대는 최대 90%까지 해 드립니다.")),
        ("documents/fx/old.hwp", documents::hwp("해외송금 전신료는 건당 8,000원입니다.")),
        (
            "documents/deposit/rates.pdf",
            documents::pdf(&["정기예금은 목돈을 맡기는 상품입니다.", "정기예금 만기 이자는 만기일에 드립니다."]),
        ),
    ];
    let texts = texts.map(|(name, text)| (name, text.as_bytes().to_vec()));
    for (name, bytes) in texts.into_iter().chain(documents) {
        add(&root, name, &bytes);
    }
    root
}

fn add(root: &Path, name: &str, bytes: &[u8]) {
    let file = root.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, bytes).unwrap();
}

/// What `bank-aicc knowledge …` says at a site: the exit status, standard output, standard error.
fn knowledge(site: &Site, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Program::run(&[&["knowledge"], arguments, &["--config", site.config()]].concat(), &[]);
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn import(site: &Site, pack: &Path) -> (Option<i32>, String, String) {
    knowledge(site, &["import", pack.to_str().unwrap()])
}

/// A document in every format is imported, reported and found; the same pack again is the same pack.
#[test]
fn a_document_in_every_format_is_imported_and_found() {
    let site = Site::new("");
    let pack = pack(site.folder());
    let (status, report, said) = import(&site, &pack);
    assert_eq!(status, Some(0), "{said}");
    for line in [
        "documents/branch/hours.md: 30 characters, 1 section",
        "documents/card/faq.csv: ",
        "documents/deposit/rates.pdf: 2 pages, 42 characters, 2 sections",
        "documents/fx/notice.hwpx: 23 characters, 1 section",
        "documents/fx/old.hwp: 23 characters, 1 section",
        "documents/loan/terms.docx: 28 characters, 1 section",
    ] {
        assert!(report.lines().any(|said| said.starts_with(line)), "{line}: {report}");
    }
    let (_, listed, _) = knowledge(&site, &["list"]);
    assert!(listed.contains("loan/terms.docx\t대출 약관\t2026-01-01~\t1 sections"), "{listed}");
    assert!(listed.contains("fx/old.hwp\t해외송금 안내\t~2030-12-31"), "{listed}");
    for (document, question) in QUESTION_OF_EACH {
        let (_, found, said) = knowledge(&site, &["search", question, "--limit", "1"]);
        assert!(found.contains(&format!("\t{document} p.")), "{question}: {found}{said}");
    }
    let (_, found, _) = knowledge(&site, &["search", "정기예금 만기 이자", "--limit", "1"]);
    assert!(found.contains("deposit/rates.pdf p.2 "), "the page it stands on: {found}");

    let (status, again, said) = import(&site, &pack);
    assert_eq!((status, again), (Some(0), report), "{said}");
    assert_eq!(knowledge(&site, &["list"]).1, listed);
}

/// Every hostile file is refused for its own reason, by name; the others are still looked at, the server goes on
/// answering meanwhile, and from the pack it had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_documents_are_refused_each_for_its_reason() {
    let site = Site::new("api.legacy_clients = true\nknowledge.reload_interval = \"100ms\"\n");
    let good = pack(site.folder());
    assert_eq!(import(&site, &good).0, Some(0));
    let mut server = Program::start(&["serve", "--config", site.config()], &[]);
    let http = Http::at(server.address());
    http.until_ready().await;
    let question = QUESTION_OF_EACH[2].1;
    let ask = async || Customer::new(&http).says(question).await.cited().concat();
    assert_eq!(ask().await, "loan/terms.docx");

    let whole = documents::pdf(&["정기예금은 목돈을 맡기는 상품입니다.", "만기 이자는 만기일에 드립니다."]);
    let hostile: [(&str, Vec<u8>, &str); 8] = [
        ("swelling.docx", documents::swelling_docx(), "it unpacks to many times its size"),
        ("deep.docx", documents::deep_docx(), "its XML is nested too deeply"),
        ("wrong.docx", whole.clone(), "the file is not a .docx document but a PDF: name it .pdf"),
        ("cut.pdf", whole[..whole.len() / 3].to_vec(), ""),
        ("locked.pdf", documents::locked_pdf(), "the document is protected by a password: save it without a password"),
        ("looping.pdf", documents::looping_pdf(), "the document has no text"),
        (
            "swelling.pdf",
            documents::swelling_pdf(),
            "reading it needs more memory than 1024 MiB (document_memory_max): save it as .docx or .md, or split it",
        ),
        ("old.doc", b"\xD0\xCF\x11\xE0".to_vec(), ".doc documents are not read: open it in the word processor"),
    ];
    let bad = site.folder().join("bad");
    fs::rename(&good, &bad).unwrap();
    for (name, bytes, _) in &hostile {
        add(&bad, &format!("documents/hostile/{name}"), bytes);
    }
    let config = site.config().to_owned();
    let imported = tokio::task::spawn_blocking(move || {
        Program::run(&["knowledge", "import", bad.to_str().unwrap(), "--config", &config], &[])
    });
    while !imported.is_finished() {
        assert_eq!(ask().await, "loan/terms.docx");
    }
    let Output { status, stderr, .. } = imported.await.unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    for (name, _, reason) in &hostile {
        let expected = format!("documents/hostile/{name}: {reason}");
        assert!(said.lines().any(|line| line.starts_with(&expected)), "{expected}\n{said}");
    }
    assert_eq!(said.matches("documents/").count(), hostile.len(), "the good ones are not refused: {said}");
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(ask().await, "loan/terms.docx");
    server.signal("TERM");
    assert!(server.ended().0.success());
}

/// A first pack with a document that breaks its reader is told in the log; the server stays up without a pack, and takes
/// the good one when it comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_first_pack_does_not_keep_the_server_from_running() {
    let site =
        Site::new("knowledge.pack = \"../pack\"\nknowledge.reload_interval = \"100ms\"\napi.legacy_clients = true\n");
    let pack = pack(site.folder());
    let hostile = pack.join("documents/swelling.pdf");
    fs::write(&hostile, documents::swelling_pdf()).unwrap();
    let mut server = Program::start(&["serve", "--config", site.config()], &[]);
    let http = Http::at(server.address());
    let line = server.log_line();
    assert!(line.contains("documents/swelling.pdf: reading it needs more memory"), "{line}");
    http.get("/health").await.expect(200);
    fs::remove_file(hostile).unwrap();
    http.until_ready().await;
    let reply = Customer::named(&http, "later").says(QUESTION_OF_EACH[2].1).await;
    assert_eq!(reply.cited(), ["loan/terms.docx"]);
    server.signal("TERM");
    let (status, log) = server.ended();
    assert!(status.success(), "{log:#?}");
    assert!(!log.iter().any(|line| line.contains("panicked") || line.contains("memory allocation")), "{log:#?}");
}

/// The limits are the importer's to set, and a reader that is over its time is ended.
#[test]
fn a_reader_is_given_up_when_its_time_is_over() {
    let folder = TempDir::new().unwrap();
    let pack = pack(folder.path());
    let limits = Limits { document_time_max: Duration::ZERO, ..Limits::default() };
    let readers = Readers::InChild { program: PROGRAM.into() };
    let said = import::read_within(&pack, limits, &readers).unwrap_err().to_string();
    for document in ["deposit/rates.pdf", "fx/notice.hwpx", "fx/old.hwp", "loan/terms.docx"] {
        let expected = format!("documents/{document}: reading it took too long and was given up after 0 seconds");
        assert!(said.contains(&expected), "{said}");
    }
    assert_eq!(said.matches("documents/").count(), 4, "{said}");
}

/// A turn that began on one pack is answered from it, though another has taken its place meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_in_flight_keeps_the_pack_it_began_with() {
    let folder = TempDir::new().unwrap();
    let readers = Readers::InChild { program: PROGRAM.into() };
    let engine = |fee: &str| {
        let pack = pack(folder.path());
        let text = format!("중도상환수수료는 잔액의 {fee}입니다.");
        fs::write(pack.join("documents/loan/terms.docx"), documents::docx("중도상환수수료", &text)).unwrap();
        let (pack, _) = import::read(&pack, &readers).map_err(|error| error.to_string()).unwrap();
        let digest = pack.digest().unwrap();
        Arc::new(Engine::load(pack, digest, folder.path()).map_err(|error| error.to_string()).unwrap())
    };
    let [old, new] = ["0.7%", "0.5%"].map(engine);
    let config = Config::default();
    let store = store::Store::open(&config.storage, folder.path(), &TaskTracker::new()).await.unwrap();
    let (in_use, engines) = watch::channel(Some(Arc::clone(&old)));
    let chat = Chat::new(&config, store, Clock::system(), engines, None, &Metrics::new());
    let ask = |name: &str| {
        let (chat, session) = (chat.clone(), SessionId::parse(name).unwrap());
        tokio::spawn(async move {
            chat.take_turn(&session, QUESTION_OF_EACH[2].1, None, Asker::default()).await.unwrap().text.clone()
        })
    };

    // Nothing can be committed until this connection lets go of the database.
    let file = format!("sqlite:{}", folder.path().join("bank-aicc.db").display());
    let mut hold = SqliteConnection::connect(&file).await.unwrap();
    hold.execute("BEGIN IMMEDIATE").await.unwrap();
    let idle = Arc::strong_count(&old);
    let turn = ask("before");
    eventually("the turn has its pack", async || (Arc::strong_count(&old) > idle).then_some(())).await;
    in_use.send_replace(Some(Arc::clone(&new)));
    hold.execute("ROLLBACK").await.unwrap();
    assert!(turn.await.unwrap().contains("0.7%"));
    assert!(ask("after").await.unwrap().contains("0.5%"));
}
