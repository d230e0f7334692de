//! `bank-aicc doctor`: what keeps this installation from serving well, and what to do about it.
//!
//! It looks from the outside, as a monitor does: it changes nothing, and it may run beside the server or without it.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use rustix::process::Resource;
use rustix::process::getrlimit;
use time::OffsetDateTime;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::config::ByteSize;
use crate::config::Config;
use crate::edge;
use crate::ops::certificates;
use crate::ops::certificates::Standing;
use crate::ops::destinations;
use crate::ops::durability;
use crate::ops::models;

/// A database that cannot grow any more loses nothing, but refuses every message.
const SPACE_MIN: ByteSize = ByteSize::mib(200);
const SPACE_SMALL: ByteSize = ByteSize::gib(2);
/// Descriptors for everything but connections: files, the database, the log.
const DESCRIPTORS_BESIDE: u64 = 256;
/// What the program asks for to hold a storm of reconnecting clients.
const BACKLOG_WANTED: u64 = 4096;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// What to do about a port that somebody has.
const TAKEN: &str = "see who has it with `ss -ltnp`. systemd: the socket unit holds it and the service does not start, and \
                     `journalctl -u bank-aicc -n 50` says why. Another program: end it, or listen elsewhere";
/// What is read of an answer.
const ANSWER_BYTES_MAX: u64 = 16 << 10;

/// When this program was built, in seconds since the Unix epoch.
const BUILT_UNIX: &str = env!("BANK_AICC_BUILT_UNIX");

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Good,
    /// It serves, but not for ever, or not as well as it could.
    Warning,
    /// It does not serve.
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// What was looked at.
    pub subject: String,
    /// What was found.
    pub found: String,
    /// What to do; empty if nothing has to be done.
    pub remedy: String,
}

impl Finding {
    pub(super) fn good(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { level: Level::Good, subject: subject.into(), found: found.into(), remedy: String::new() }
    }

    pub(super) fn warning(subject: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Warning, subject: subject.into(), found: found.into(), remedy: remedy.into() }
    }

    pub(super) fn problem(subject: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Problem, subject: subject.into(), found: found.into(), remedy: remedy.into() }
    }
}

/// Looks at everything.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![clock(), descriptors(config), backlog()];
    findings.extend(data_folder(&config.server.data_dir));
    findings.extend(durability::examine(config).await);
    for &address in &config.server.listen {
        findings.push(listener(address, !introduces(config, address)).await);
    }
    for &address in &config.edge.tls.listen {
        findings.push(listener(address, false).await);
    }
    findings.extend(certificate_files(config));
    findings.extend(shown_certificates(config).await);
    findings.extend(outbound(config).await);
    findings.extend(models::examine(config).await);
    findings
}

fn clock() -> Finding {
    let now = OffsetDateTime::now_utc();
    let shown = now.replace_nanosecond(0).unwrap_or(now);
    let remedy = "set the clock and let it be kept right: `timedatectl set-ntp true`, or chrony against the bank's own \
                  time servers";
    if now.unix_timestamp() < BUILT_UNIX.parse().unwrap_or(0) {
        return Finding::problem(
            "clock",
            format!("it says {shown}, which is before this program was built"),
            format!("{remedy}; certificates and opening hours are wrong until then"),
        );
    }
    if is_unsynchronised() {
        return Finding::warning("clock", format!("it says {shown}, and nobody keeps it right"), remedy);
    }
    Finding::good("clock", shown.to_string())
}

/// systemd leaves a mark once it has set the clock; without systemd nothing is known.
fn is_unsynchronised() -> bool {
    let (folder, mark) = (Path::new("/run/systemd/timesync"), Path::new("/run/systemd/timesync/synchronized"));
    folder.exists() && !mark.exists()
}

fn descriptors(config: &Config) -> Finding {
    let needed = config.server.limits.connections_max as u64 + DESCRIPTORS_BESIDE;
    // The server raises its own limit as far as it may.
    match getrlimit(Resource::Nofile).maximum {
        Some(allowed) if allowed < needed => Finding::warning(
            "file descriptors",
            format!("{allowed} are allowed, and server.limits.connections_max needs {needed}"),
            format!("LimitNOFILE={needed} in the systemd unit, or `ulimit -Hn` for a shell; or lower connections_max"),
        ),
        Some(allowed) => Finding::good("file descriptors", format!("{allowed} allowed, {needed} needed")),
        None => Finding::good("file descriptors", "as many as wanted"),
    }
}

fn backlog() -> Finding {
    let path = "/proc/sys/net/core/somaxconn";
    let allowed = fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u64>().ok());
    match allowed {
        Some(allowed) if allowed < BACKLOG_WANTED => Finding::warning(
            "listen backlog",
            format!("the kernel keeps {allowed} waiting clients; {BACKLOG_WANTED} are asked for"),
            format!("sysctl -w net.core.somaxconn={BACKLOG_WANTED}, and the same line in /etc/sysctl.d/"),
        ),
        Some(allowed) => Finding::good("listen backlog", format!("{allowed} clients may wait")),
        None => Finding::good("listen backlog", "not known on this system"),
    }
}

fn data_folder(folder: &Path) -> Vec<Finding> {
    let subject = format!("data folder {}", folder.display());
    let mut findings = Vec::new();
    match tempfile::NamedTempFile::new_in(folder) {
        Ok(_) => findings.push(Finding::good(subject.clone(), "can be written to")),
        Err(error) => {
            let remedy = "make it for the user who runs the server, and run doctor as that user: \
                          `install -d -o bank-aicc -m 700 FOLDER`";
            findings.push(Finding::problem(subject.clone(), format!("cannot be written to: {error}"), remedy));
        }
    }
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let Ok(space) = rustix::fs::statvfs(there) else { return findings };
    let free = ByteSize::bytes(space.f_bavail.saturating_mul(space.f_frsize));
    let found = format!("{} MiB free", free.get() >> 20);
    let remedy = "make room, or move server.data_dir to a larger disk";
    findings.push(match free {
        free if free < SPACE_MIN => Finding::problem(subject, found, remedy),
        free if free < SPACE_SMALL => Finding::warning(subject, found, remedy),
        _ => Finding::good(subject, found),
    });
    findings
}

/// Whether connections from here have to begin with a PROXY protocol header.
fn introduces(config: &Config, address: SocketAddr) -> bool {
    let own = edge::reachable(address).ip();
    config.edge.proxy_protocol_from.iter().any(|network| network.contains(&own))
}

/// The files of certificates and authorities that the configuration names.
fn certificate_files(config: &Config) -> Vec<Finding> {
    let wrong = edge::try_files(config, OffsetDateTime::now_utc());
    let finding = |(key, why): (String, String)| match why.split_once("; ") {
        Some((found, remedy)) => Finding::problem(key, found, remedy),
        None => Finding::problem(key, why, "put a file there that can be used; `bank-aicc check` tries it, too"),
    };
    wrong.into_iter().map(finding).collect()
}

/// Whether whoever listens there answers as this program does: each of its responses has a name.
async fn is_ours(mut stream: TcpStream) -> bool {
    const REQUEST: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = Vec::new();
    let exchange = async {
        stream.write_all(REQUEST).await?;
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await
    };
    let _ = tokio::time::timeout(CONNECT_TIMEOUT, exchange).await;
    String::from_utf8_lossy(&answer).to_ascii_lowercase().contains("\r\nx-request-id:")
}

/// Whether the server answers there, or could.
async fn listener(address: SocketAddr, is_http: bool) -> Finding {
    let subject = format!("listener {address}");
    let refused = match TcpListener::bind(address) {
        Ok(_) => {
            let start = "start the server: `systemctl start bank-aicc`";
            return Finding::warning(subject, "is free, and nobody listens", start);
        }
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
            let name = "name one that `ip address` shows, or 0.0.0.0 for all";
            return Finding::problem(subject, "is no address of this machine", name);
        }
        Err(error) => error,
    };
    let connecting = TcpStream::connect(edge::reachable(address));
    if let Ok(Ok(stream)) = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        if is_http && !is_ours(stream).await {
            return Finding::problem(subject, "is taken by something that does not answer as this server does", TAKEN);
        }
        return Finding::good(subject, "answers");
    }
    if refused.kind() == io::ErrorKind::PermissionDenied {
        return Finding::problem(
            subject,
            "may not be listened on by this user",
            "ports below 1024 need the socket unit (`systemctl enable --now bank-aicc.socket`), or CAP_NET_BIND_SERVICE",
        );
    }
    Finding::problem(subject, format!("is taken, and does not answer: {refused}"), TAKEN)
}

async fn shown_certificates(config: &Config) -> Vec<Finding> {
    let Some(address) = config.edge.tls.listen.first().copied().map(edge::reachable) else { return Vec::new() };
    let mut findings = Vec::new();
    for name in certificates::sites(config).into_iter().flat_map(|(names, _)| names) {
        let subject = format!("certificate of {name}");
        findings.push(match edge::probe(address, &name).await {
            Err(why) => Finding::warning(subject, format!("not shown at {address}: {why}"), "start the server"),
            Ok(shown) => certificate(subject, &shown),
        });
    }
    findings
}

fn certificate(subject: String, shown: &edge::Shown) -> Finding {
    let now = OffsetDateTime::now_utc();
    let days = (shown.not_after - now).whole_days();
    let found = format!("from {}, {days} days left, chain of {}", shown.issuer, shown.chain_length);
    let renew = "replace it if it is from a file; otherwise `bank-aicc cert status` and the log say what keeps it from being renewed";
    match certificates::judge(shown, now) {
        Standing::WrongName => {
            let remedy = "make names and certificate of its [[edge.site]] agree";
            Finding::problem(subject, format!("{found}; it is for other names"), remedy)
        }
        Standing::Over => Finding::problem(subject, format!("{found}: it is over"), renew),
        Standing::Early => {
            let remedy = "set this machine's clock right, or serve a certificate that is valid already".to_owned();
            Finding::problem(subject, format!("{found}: it is not valid before {}", shown.not_before.date()), remedy)
        }
        Standing::Late => Finding::warning(subject, found, renew),
        Standing::Good if shown.chain_length < 2 => Finding::warning(
            subject,
            format!("{found}: no certificate between it and the root is shown"),
            "put the authority's intermediate certificate into the file, after the site's own",
        ),
        Standing::Good => Finding::good(subject, found),
    }
}

async fn outbound(config: &Config) -> Vec<Finding> {
    let destinations = destinations::of(config);
    if destinations.is_empty() {
        return vec![Finding::good("outbound", "the configuration names nobody to connect to")];
    }
    let mut findings = Vec::new();
    for destination in destinations {
        let subject = format!("outbound {} ({})", destination.address, destination.key);
        findings.push(match destinations::reach(&destination.address).await {
            Ok(socket) => Finding::good(subject, format!("{socket} answers")),
            // What to do about it is told where it is examined.
            Err(why) if !destination.is_needed => Finding::warning(subject, why, ""),
            Err(why) => Finding::problem(
                subject,
                why,
                "check the name, the network and every firewall between; the key says whom it is for",
            ),
        });
    }
    findings
}
