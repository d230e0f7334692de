//! Times the parts of a turn one by one, in this process, on a knowledge pack and the benchmarks' questions.
//!
//! The pure parts are timed call by call on one thread. Storing is a task that shares its flushes, so what is told of it
//! is the processor time of the whole process for each committed turn, and how many were committed a second.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use bank_aicc::chat::Bearing;
use bank_aicc::chat::Engine;
use bank_aicc::clock::Clock;
use bank_aicc::config::Config;
use bank_aicc::domain::Decision;
use bank_aicc::domain::Engine as AnsweredBy;
use bank_aicc::domain::Intent;
use bank_aicc::domain::Session;
use bank_aicc::domain::SessionId;
use bank_aicc::domain::Source;
use bank_aicc::domain::StageName;
use bank_aicc::domain::SuggestedAction;
use bank_aicc::domain::Ticket;
use bank_aicc::knowledge::import;
use bank_aicc::knowledge::import::Readers;
use bank_aicc::nlu;
use bank_aicc::nlu::Classifier;
use bank_aicc::nlu::Example;
use bank_aicc::store::Change;
use bank_aicc::store::NewMessage;
use bank_aicc::store::Store;
use bank_aicc::text::pii;
use bank_aicc::text::reading::Reading;
use clap::Parser;
use serde_json::Value;
use serde_json::json;
use tokio_util::task::TaskTracker;

/// The program's own allocator, since allocating is a good part of what is timed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Times the parts of a turn.
#[derive(Debug, Parser)]
struct Arguments {
    /// The knowledge pack
    #[arg(long, default_value = "packaging/demo-pack")]
    pack: PathBuf,
    /// The built program, which reads the pack's documents
    #[arg(long, default_value = "target/release/bank-aicc")]
    program: PathBuf,
    /// What customers say, one message a line
    #[arg(long, default_value = "tests/bench/questions.txt")]
    questions: PathBuf,
    /// Where index and database are made, in a folder that is removed again
    #[arg(long, default_value = "/var/tmp")]
    folder: PathBuf,
    /// How often all questions are gone through
    #[arg(long, default_value_t = 200)]
    rounds: usize,
    /// Conversations that store at the same time
    #[arg(long, default_value_t = 256)]
    conversations: usize,
    /// Seconds of storing
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Prints JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Passages a turn looks at.
const HITS_MAX: usize = 5;

/// A part's name and what it does with one message.
type Part<'p> = (&'p str, &'p dyn Fn(&str));

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::Builder::new().prefix("bank-aicc-parts-").tempdir_in(&arguments.folder)?;
    let text = fs::read_to_string(&arguments.questions).context("reading the questions")?;
    let questions: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut parts = understanding(&arguments, &questions, folder.path())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    parts.extend(runtime.block_on(storing(&arguments, &questions, folder.path()))?);
    if arguments.json {
        println!("{}", Value::from(parts));
    } else {
        for part in parts {
            println!(
                "{:<44} {:>8} µs   p99 {:>8} µs",
                part["part"].as_str().unwrap_or_default(),
                part["p50_us"],
                part["p99_us"]
            );
        }
    }
    Ok(())
}

/// What happens before anything is stored.
fn understanding(arguments: &Arguments, questions: &[&str], folder: &Path) -> anyhow::Result<Vec<Value>> {
    let readers = Readers::InChild { program: arguments.program.clone() };
    let (pack, _) = import::read(&arguments.pack, &readers).context("reading the pack")?;
    let examples: Vec<Example<'_>> =
        pack.utterances.iter().map(|row| Example { category: &row.category, text: &row.utterance }).collect();
    let begun = Instant::now();
    let classifier = Classifier::train(&examples)?;
    let training = begun.elapsed();
    let begun = Instant::now();
    let digest = pack.digest()?;
    let engine = Engine::load(pack.clone(), digest.clone(), folder)?;
    let making = begun.elapsed();
    drop(engine);
    let begun = Instant::now();
    let engine = Engine::load(pack, digest, folder)?;
    let loading = begun.elapsed();
    let today = Clock::system().today_in_korea();

    let unknown = Bearing::default();
    let parts: [Part<'_>; 5] = [
        ("masking", &|text| drop(black_box(pii::mask(text)))),
        ("understanding: signals", &|text| {
            black_box(nlu::listen(&Reading::of(text)));
        }),
        ("understanding: category", &|text| drop(black_box(classifier.classify(&Reading::of(text))))),
        ("retrieval", &|text| drop(black_box(engine.search(&Reading::of(text), &unknown, today, HITS_MAX)))),
        ("masking, understanding and retrieval", &|text| {
            let masked = pii::mask(text);
            let message = Reading::of(masked.as_str());
            let signals = nlu::listen(&message);
            let corrected = engine.corrected(&message);
            let message = corrected.as_ref().unwrap_or(&message);
            let bearing = engine.bearing(message);
            black_box(nlu::incline(&signals, &bearing.acts));
            black_box(engine.search(message, &bearing, today, HITS_MAX));
        }),
    ];
    let mut told = vec![
        once("learning the classifier, at import", training),
        once("making the engine ready, at import", making),
        once("making the engine ready, at start", loading),
    ];
    for (name, part) in parts {
        let mut times = Vec::with_capacity(arguments.rounds * questions.len());
        for round in 0..=arguments.rounds {
            for question in questions {
                let begun = Instant::now();
                part(question);
                let elapsed = begun.elapsed();
                // The first round fills caches.
                if round > 0 {
                    times.push(elapsed);
                }
            }
        }
        told.push(quantiles(name, times));
    }
    Ok(told)
}

/// What storing turns costs, many conversations at once.
async fn storing(arguments: &Arguments, questions: &[&str], folder: &Path) -> anyhow::Result<Vec<Value>> {
    let data_dir = ("BANK_AICC__SERVER__DATA_DIR".to_owned(), Value::from(folder.display().to_string()).to_string());
    let config = Config::load(None, [data_dir].into_iter())?;
    let tasks = TaskTracker::new();
    let store = Store::open(&config.storage, folder, &tasks).await?;
    let (begun, cpu_before) = (Instant::now(), cpu_of_this_process()?);
    let until = begun + Duration::from_secs_f64(arguments.seconds);
    let mut conversations = tokio::task::JoinSet::new();
    for conversation in 0..arguments.conversations {
        let store = store.clone();
        let questions: Vec<String> = questions.iter().map(|question| (*question).to_owned()).collect();
        conversations.spawn(async move {
            let id = SessionId::parse(&format!("parts-{conversation}"))?;
            let mut session = Session::open(id, None, Clock::system().now());
            let mut turns = 0;
            while Instant::now() < until {
                store.commit(turn(&session, &questions[turns % questions.len()]), |_| {}).await?;
                session.version += 1;
                turns += 1;
            }
            anyhow::Ok(turns)
        });
    }
    let mut turns = 0;
    while let Some(conversation) = conversations.join_next().await {
        turns += conversation??;
    }
    let (elapsed, cpu) = (begun.elapsed(), cpu_of_this_process()?.saturating_sub(cpu_before));
    drop(store);
    tasks.close();
    tasks.wait().await;
    let each = |time: Duration| (time.as_secs_f64() * 1e7 / turns as f64).round() / 10.0;
    Ok(vec![
        json!({"part": "storing, CPU of a turn", "p50_us": each(cpu), "p99_us": null}),
        json!({"part": "storing, share of the time of a turn", "p50_us": each(elapsed), "p99_us": null}),
    ])
}

/// A turn as it is stored, of a typical size.
fn turn(session: &Session, question: &str) -> Change {
    const ANSWER: &str = "정기예금의 기본금리는 가입 기간에 따라 다릅니다. 12개월은 연 3.10%, 24개월은 연 3.20%이며, 우대금리는 최대 연 \
        0.40%p까지 더해집니다. 금리는 가입일에 고시된 것을 적용하고 만기까지 바뀌지 않습니다.";
    let source = Source {
        source: "deposit/term-deposit.md".to_owned(),
        page: 1,
        score: 0.73,
        document_id: "doc_0123456789abcdef".to_owned(),
        title: "정기예금".to_owned(),
        section: "금리".to_owned(),
        excerpt: ANSWER.to_owned(),
    };
    let decision = Decision {
        ticket: Ticket::AutoAnswer,
        category: Some("예금/적금 안내".to_owned()),
        confidence: 0.87,
        category_candidates: Vec::new(),
        rule: "assisted.answerable".to_owned(),
        stage_before: StageName::Assisted,
        stage_after: StageName::Assisted,
        handover_change: None,
        engine: AnsweredBy::Extractive,
        pack_digest: "0".repeat(64),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        elapsed_ms: 3,
        passages: Vec::new(),
    };
    Change {
        session: session.clone(),
        messages: vec![
            NewMessage::of_customer(pii::mask(question), Some(Intent::InfoReq), None),
            NewMessage::of_assistant(
                ANSWER.to_owned(),
                SuggestedAction::Continue,
                vec![source],
                Vec::new(),
                AnsweredBy::Extractive,
            ),
        ],
        answers: None,
        ends_run: None,
        decision: Some(decision),
        report: None,
        runs: Vec::new(),
    }
}

fn once(part: &str, time: Duration) -> Value {
    json!({"part": part, "p50_us": time.as_micros(), "p99_us": null})
}

fn quantiles(part: &str, mut times: Vec<Duration>) -> Value {
    times.sort_unstable();
    let at = |share: f64| {
        let time = times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
        (time.as_secs_f64() * 1e7).round() / 10.0
    };
    let mean = times.iter().sum::<Duration>().as_secs_f64() * 1e6 / times.len().max(1) as f64;
    json!({"part": part, "p50_us": at(0.5), "p99_us": at(0.99), "mean_us": (mean * 10.0).round() / 10.0})
}

/// Processor time of all threads that live, in nanoseconds (the kernel's schedstats).
fn cpu_of_this_process() -> anyhow::Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let statistics = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += statistics.split_whitespace().next().context("an empty schedstat")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}
