//! The load of the benchmarks: customers over HTTP or WebSocket, each of whom waits for the answer before he asks again.
//!
//! It shares the machine with the server it measures, so it does little: one thread, requests put together beforehand,
//! and of a reply no more is read than is needed to know its end and whether it is an answer.
//!
//! It prints one JSON object: what was answered in the window that follows the warm-up, how long each answer took, and
//! the processor time that the processes named by `--process` spent in that window.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;
use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Loads a running bank-aicc and says how it did.
#[derive(Debug, Clone, Parser)]
struct Arguments {
    /// How customers talk to the bank
    #[arg(value_enum)]
    mode: Mode,
    /// Where the server listens
    #[arg(long)]
    address: SocketAddr,
    /// What customers say, one message a line
    #[arg(long, default_value = "tests/bench/questions.txt")]
    questions: PathBuf,
    /// Customers at the same time
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// Over HTTP, a customer's conversation ends after this many turns and another begins. In mode idle, turns that each
    /// customer takes before he falls silent
    #[arg(long, default_value_t = 10)]
    turns: usize,
    /// Seconds before the measurement
    #[arg(long, default_value_t = 2.0)]
    warm_up: f64,
    /// Seconds of the measurement
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// The measurement ends early after this many answers
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    answers_max: usize,
    /// Over HTTP, sends this Accept-Encoding
    #[arg(long, default_value = "")]
    accept_encoding: String,
    /// A process whose processor time is wanted, as NAME=PID; may be repeated
    #[arg(long = "process", value_parser = parse_process)]
    processes: Vec<(String, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// POST /api/v1/chat/message on kept connections
    Http,
    /// /api/v1/chat/ws, one session for each connection
    Websocket,
    /// WebSockets that open, take their turns, say "ready" and hold still until standard input ends
    Idle,
}

/// What all customers share.
struct Bank {
    address: SocketAddr,
    questions: Vec<String>,
    accept_encoding: String,
    turns: usize,
    /// Names this run's sessions apart from those of other runs.
    run: u128,
    /// How many conversations were begun over HTTP. Their names ascend, as those do that the server gives.
    conversations: AtomicUsize,
    phase: Arc<AtomicU8>,
    answers_left: AtomicUsize,
}

const WARM_UP: u8 = 0;
const MEASURING: u8 = 1;
const OVER: u8 = 2;

/// What one customer saw.
#[derive(Default)]
struct Tally {
    /// Microseconds of each answer that was asked for and given within the window.
    latencies_us: Vec<u32>,
    /// All answers, those of the warm-up included.
    answers: u64,
    /// Refusals, within the window or not, and the last of them.
    refusals: u64,
    refusal: String,
    /// Bytes of the replies within the window.
    reply_bytes: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let bank = Rc::new(Bank::new(&arguments)?);
        match arguments.mode {
            Mode::Http | Mode::Websocket => println!("{}", load(&arguments, &bank).await?),
            Mode::Idle => idle(&arguments, &bank).await?,
        }
        Ok(())
    })
}

impl Bank {
    fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let path = &arguments.questions;
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let questions = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Ok(Self {
            address: arguments.address,
            // As JSON strings, quotes included.
            questions: questions.map(|question| Value::from(question).to_string()).collect(),
            accept_encoding: arguments.accept_encoding.clone(),
            turns: arguments.turns.max(1),
            run: std::time::UNIX_EPOCH.elapsed()?.as_micros(),
            conversations: AtomicUsize::new(0),
            phase: Arc::new(AtomicU8::new(WARM_UP)),
            answers_left: AtomicUsize::new(arguments.answers_max),
        })
    }

    fn question(&self, customer: usize, turn: usize) -> &str {
        // 31 is prime to the number of questions, so neighbours are at different places of the list.
        &self.questions[(customer * 31 + turn) % self.questions.len()]
    }

    fn is_over(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == OVER
    }

    /// Notes an answer.
    fn answered(&self, tally: &mut Tally, asked_at: Instant, phase_when_asked: u8, bytes: usize) {
        tally.answers += 1;
        if phase_when_asked == MEASURING && self.phase.load(Ordering::Relaxed) == MEASURING {
            tally.latencies_us.push(u32::try_from(asked_at.elapsed().as_micros()).unwrap_or(u32::MAX));
            tally.reply_bytes += bytes as u64;
            if self.answers_left.fetch_sub(1, Ordering::Relaxed) == 1 {
                self.phase.store(OVER, Ordering::Relaxed);
            }
        }
    }
}

/// Runs all customers through warm-up and measurement.
async fn load(arguments: &Arguments, bank: &Rc<Bank>) -> anyhow::Result<Value> {
    let mut customers = JoinSet::new();
    for customer in 0..arguments.connections {
        let bank = Rc::clone(bank);
        match arguments.mode {
            Mode::Http => customers.spawn_local(async move { over_http(&bank, customer).await }),
            Mode::Websocket | Mode::Idle => customers.spawn_local(async move { over_websocket(&bank, customer).await }),
        };
    }
    tokio::time::sleep(Duration::from_secs_f64(arguments.warm_up)).await;
    let (before, begun) = (Usage::now(&arguments.processes)?, Instant::now());
    bank.phase.store(MEASURING, Ordering::Relaxed);
    while begun.elapsed().as_secs_f64() < arguments.seconds && !bank.is_over() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bank.phase.store(OVER, Ordering::Relaxed);
    let (after, seconds) = (Usage::now(&arguments.processes)?, begun.elapsed().as_secs_f64());

    let mut all = Tally::default();
    while let Some(customer) = customers.join_next().await {
        let tally = customer?.context("a customer's connection broke")?;
        all.latencies_us.extend(tally.latencies_us);
        all.answers += tally.answers;
        all.refusals += tally.refusals;
        all.reply_bytes += tally.reply_bytes;
        if !tally.refusal.is_empty() {
            all.refusal = tally.refusal;
        }
    }
    Ok(report(all, seconds, &before, &after))
}

fn report(mut all: Tally, seconds: f64, before: &Usage, after: &Usage) -> Value {
    all.latencies_us.sort_unstable();
    let counted = all.latencies_us.len();
    let at = |share: f64| {
        let place = ((counted as f64 * share).ceil() as usize).clamp(1, counted.max(1)) - 1;
        all.latencies_us.get(place).map(|&us| f64::from(us) / 1000.0)
    };
    let per_answer = |ms: f64| (counted > 0).then(|| ms / counted as f64);
    let cpu_ms: BTreeMap<&str, f64> =
        after.processes_ms.iter().map(|(name, ms)| (name.as_str(), ms - before.processes_ms[name])).collect();
    let ours_ms: f64 = cpu_ms.values().sum();
    let machine_ms = after.machine_ms - before.machine_ms;
    json!({
        "seconds": seconds,
        "answers": counted,
        "answers_per_second": counted as f64 / seconds,
        "latency_ms": {"p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": at(1.0)},
        "cpu_ms_per_answer": cpu_ms.iter().map(|(name, ms)| ((*name).to_owned(), json!(per_answer(*ms)))).collect::<serde_json::Map<_, _>>(),
        // Cores kept busy by whatever is not part of the measurement, the kernel's own threads included.
        "others_cores": (machine_ms - ours_ms).max(0.0) / 1000.0 / seconds,
        // Cores that the host of this virtual machine did not give us.
        "stolen_cores": (after.stolen_ms - before.stolen_ms) / 1000.0 / seconds,
        "reply_bytes": all.reply_bytes as f64 / counted.max(1) as f64,
        "answers_with_warm_up": all.answers,
        "refusals": all.refusals,
        "refusal": all.refusal,
    })
}

/// One customer after the other on one kept connection.
async fn over_http(bank: &Bank, customer: usize) -> io::Result<Tally> {
    let mut stream = TcpStream::connect(bank.address).await?;
    stream.set_nodelay(true)?;
    let mut tally = Tally::default();
    let mut conversation = 0;
    let (mut request, mut reply) = (Vec::new(), Vec::new());
    let encoding = match bank.accept_encoding.as_str() {
        "" => String::new(),
        encoding => format!("Accept-Encoding: {encoding}\r\n"),
    };
    for turn in 0.. {
        if bank.is_over() {
            break;
        }
        if turn % bank.turns == 0 {
            conversation = bank.conversations.fetch_add(1, Ordering::Relaxed);
        }
        let session = format!("bench-{}-{conversation:09}", bank.run);
        let body = format!(r#"{{"session_id":"{session}","user_message":{}}}"#, bank.question(customer, turn));
        request.clear();
        request.extend_from_slice(
            b"POST /api/v1/chat/message HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n",
        );
        request.extend_from_slice(format!("{encoding}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        let (asked_at, phase) = (Instant::now(), bank.phase.load(Ordering::Relaxed));
        stream.write_all(&request).await?;
        reply.clear();
        while !is_whole(&reply) {
            if stream.read_buf(&mut reply).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if reply.starts_with(b"HTTP/1.1 200 ") {
            bank.answered(&mut tally, asked_at, phase, reply.len());
        } else {
            refused(&mut tally, &String::from_utf8_lossy(&reply));
        }
    }
    Ok(tally)
}

/// Whether a reply has been read to its end: as long as it says, or up to its last chunk.
fn is_whole(reply: &[u8]) -> bool {
    let Some(head) = find(reply, b"\r\n\r\n") else { return false };
    let name = b"\r\ncontent-length: ";
    match find(&reply[..head], name) {
        Some(place) => {
            let digits = reply[place + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
            let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
            reply.len() >= head + 4 + length
        }
        None => reply.ends_with(b"\r\n0\r\n\r\n"),
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn refused(tally: &mut Tally, reply: &str) {
    tally.refusals += 1;
    tally.refusal = reply.chars().take(500).collect();
}

type Socket = WebSocketStream<TcpStream>;

async fn connect(bank: &Bank, customer: usize) -> anyhow::Result<Socket> {
    let stream = TcpStream::connect(bank.address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{}/api/v1/chat/ws/bench-{}-{customer}", bank.address, bank.run);
    let buffers = WebSocketConfig::default().read_buffer_size(8 * 1024).write_buffer_size(0);
    let (mut socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(buffers)).await?;
    let status = socket.next().await.context("the server closed the WebSocket")??;
    anyhow::ensure!(status.to_text()?.starts_with(r#"{"type":"status""#), "not a status frame: {status}");
    Ok(socket)
}

/// One customer on one WebSocket.
async fn over_websocket(bank: &Bank, customer: usize) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut socket = connect(bank, customer).await.map_err(io::Error::other)?;
    for turn in 0.. {
        if bank.is_over() {
            break;
        }
        ask(bank, &mut socket, &mut tally, bank.question(customer, turn)).await.map_err(io::Error::other)?;
    }
    Ok(tally)
}

/// Asks and waits for the answer; other frames (reports, pings) are passed over.
async fn ask(bank: &Bank, socket: &mut Socket, tally: &mut Tally, question: &str) -> anyhow::Result<()> {
    let (asked_at, phase) = (Instant::now(), bank.phase.load(Ordering::Relaxed));
    socket.send(Frame::text(format!(r#"{{"type":"message","user_message":{question}}}"#))).await?;
    loop {
        let frame = socket.next().await.context("the server closed the WebSocket")??;
        let Frame::Text(text) = frame else { continue };
        if text.starts_with(r#"{"type":"response""#) {
            bank.answered(tally, asked_at, phase, text.len());
            return Ok(());
        }
        if text.starts_with(r#"{"type":"error""#) {
            refused(tally, &text);
            return Ok(());
        }
    }
}

/// Opens WebSockets and holds them.
async fn idle(arguments: &Arguments, bank: &Rc<Bank>) -> anyhow::Result<()> {
    /// Handshakes and first turns at the same time.
    const AT_ONCE: usize = 32;
    let opening = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let (opened, mut all_opened) = tokio::sync::mpsc::unbounded_channel();
    let mut customers = JoinSet::new();
    for customer in 0..arguments.connections {
        let (bank, opening, opened, turns) = (Rc::clone(bank), Arc::clone(&opening), opened.clone(), arguments.turns);
        customers.spawn_local(async move {
            let permit = opening.acquire().await?;
            let (mut socket, mut tally) = (connect(&bank, customer).await?, Tally::default());
            for turn in 0..turns {
                ask(&bank, &mut socket, &mut tally, bank.question(customer, turn)).await?;
            }
            drop(permit);
            opened.send(tally.refusals)?;
            // Reading answers the server's pings.
            while let Some(Ok(_)) = socket.next().await {}
            anyhow::Ok(())
        });
    }
    let mut refusals = 0;
    for _ in 0..arguments.connections {
        refusals += tokio::select! {
            opened = all_opened.recv() => opened.context("the customers are gone")?,
            Some(broken) = customers.join_next() => {
                broken??;
                anyhow::bail!("a WebSocket was closed");
            }
        };
    }
    println!("{}", json!({"ready": arguments.connections, "refusals": refusals}));
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    customers.shutdown().await;
    Ok(())
}

/// Processor time spent so far.
struct Usage {
    /// By the processes of the measurement, this one included.
    processes_ms: BTreeMap<String, f64>,
    /// By everybody on this machine.
    machine_ms: f64,
    /// By other virtual machines of the same host, while this one wanted to run.
    stolen_ms: f64,
}

/// Linux counts in hundredths of a second on every architecture we know.
const TICK_MS: f64 = 10.0;

impl Usage {
    fn now(processes: &[(String, u32)]) -> anyhow::Result<Self> {
        let mut processes_ms = BTreeMap::from([("load".to_owned(), process_ms(std::process::id())?)]);
        for (name, pid) in processes {
            processes_ms.insert(name.clone(), process_ms(*pid)?);
        }
        let stat = fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().unwrap_or_default();
        let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|ticks| ticks.parse().ok()).collect();
        let [user, nice, system, _idle, _waiting, irq, soft_irq, stolen, ..] = ticks[..] else {
            anyhow::bail!("/proc/stat begins with {line:?}")
        };
        Ok(Self {
            processes_ms,
            machine_ms: (user + nice + system + irq + soft_irq) * TICK_MS,
            stolen_ms: stolen * TICK_MS,
        })
    }
}

/// User and system time of a process (proc(5), fields 14 and 15 of stat).
fn process_ms(pid: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    // The second field, the program's name in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3).and_then(|ticks| ticks.parse::<f64>().ok());
    let (user, system) = (ticks(14).context("no field 14")?, ticks(15).context("no field 15")?);
    Ok((user + system) * TICK_MS)
}

fn parse_process(text: &str) -> Result<(String, u32), String> {
    let (name, pid) = text.split_once('=').ok_or("write NAME=PID")?;
    Ok((name.to_owned(), pid.parse().map_err(|_| format!("{pid} is no process id"))?))
}
