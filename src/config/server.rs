//! `[server]`: where the program listens, where it keeps its files, and what a connection may cost.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::config::section::Section;
use crate::config::units::ByteSize;

/// Where the program listens, and where it keeps its files.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Addresses to listen on, at least one. Port 0 takes any free port.
    pub listen: Vec<SocketAddr>,
    /// Folder of everything the program writes. Relative paths in the configuration start here.
    pub data_dir: PathBuf,
    /// Threads that serve requests; 0 is one for each processor core.
    pub worker_threads: usize,
    /// How long a stopping server waits for requests and conversations to finish.
    pub shutdown_timeout: Duration,
    /// What a connection may cost.
    pub limits: ServerLimits,
}

impl Server {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let server = Self {
            listen: section.key("listen", vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))]),
            data_dir: section.key("data_dir", PathBuf::from("/var/lib/bank-aicc")),
            worker_threads: section.within("worker_threads", 0, 0..=1_024),
            shutdown_timeout: section.within(
                "shutdown_timeout",
                Duration::from_secs(30),
                Duration::ZERO..=Duration::from_hours(1),
            ),
            limits: section.section("limits", ServerLimits::read),
        };
        server.check_listen(section);
        server
    }

    /// A path of the configuration: relative ones start at `data_dir`.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.data_dir.join(path)
    }

    fn check_listen(&self, section: &mut Section<'_>) {
        if self.listen.is_empty() {
            let why = r#"[] listens nowhere; allowed: at least one address, such as ["127.0.0.1:8080"]"#;
            section.refuse(&["listen"], why.to_owned());
        }
        let mut seen = BTreeSet::new();
        let is_repeated = |address: &&SocketAddr| address.port() != 0 && !seen.insert(**address);
        let repeated: Vec<String> = self.listen.iter().filter(is_repeated).map(SocketAddr::to_string).collect();
        if !repeated.is_empty() {
            let why = format!("{} is listed twice; allowed: each address once", repeated.join(", "));
            section.refuse(&["listen"], why);
        }
    }
}

/// What a connection may cost, whoever opens it.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerLimits {
    /// Open connections in all.
    pub connections_max: usize,
    /// Open connections of one client address.
    pub connections_per_client_max: usize,
    /// Clients to which that number does not apply.
    pub connections_exempt: Vec<IpNet>,
    /// Largest block of request headers.
    pub header_bytes_max: ByteSize,
    /// Longest target of a request: its path and query.
    pub uri_bytes_max: ByteSize,
    /// How long a client may take to send its headers.
    pub header_read_timeout: Duration,
    /// How long a connection is kept for its next request.
    pub idle_timeout: Duration,
    /// How long a client may leave a request's body, and how long a response, standing still.
    pub transfer_timeout: Duration,
    /// Bytes a second that a client sends of a body, or takes of a response, at the least once it was waited for so long.
    pub transfer_rate_min: ByteSize,
    /// Largest request body.
    pub body_bytes_max: ByteSize,
}

impl ServerLimits {
    fn read(section: &mut Section<'_>) -> Self {
        let timeout = Duration::from_millis(100)..=Duration::from_hours(1);
        Self {
            connections_max: section.within("connections_max", 20_000, 1..=1_000_000),
            connections_per_client_max: section.within("connections_per_client_max", 200, 1..=1_000_000),
            connections_exempt: section.key("connections_exempt", Vec::new()),
            // hyper does not work with a smaller buffer than 8 KiB.
            header_bytes_max: section.within(
                "header_bytes_max",
                ByteSize::kib(16),
                ByteSize::kib(8)..=ByteSize::mib(1),
            ),
            // hyper takes no longer one than 64 KiB.
            uri_bytes_max: section.within("uri_bytes_max", ByteSize::kib(8), ByteSize::bytes(256)..=ByteSize::kib(64)),
            header_read_timeout: section.within("header_read_timeout", Duration::from_secs(10), timeout.clone()),
            idle_timeout: section.within("idle_timeout", Duration::from_secs(65), timeout.clone()),
            transfer_timeout: section.within("transfer_timeout", Duration::from_secs(30), timeout),
            transfer_rate_min: section.within(
                "transfer_rate_min",
                ByteSize::bytes(256),
                ByteSize::bytes(0)..=ByteSize::mib(1),
            ),
            body_bytes_max: section.within("body_bytes_max", ByteSize::mib(10), ByteSize::kib(1)..=ByteSize::gib(1)),
        }
    }
}
