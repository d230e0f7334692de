//! Nothing leaves a server that has no language model: the kernel counts.
//!
//! The program runs in a network of its own without a route, with a loopback device that is up, and gets its listening socket from
//! outside. Whatever it sends or tries to send from in there stands in that network's counters.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use crate::support::Customer;
use crate::support::Http;
use crate::support::Program;
use crate::support::Site;
use crate::support::demo_pack;

/// A question that the documents answer, one that leads to a person, and one that nobody can sort.
const MESSAGES: [&str; 3] = ["신용대출 금리가 얼마인가요?", "상담원 연결해 주세요", "그거 있잖아요 그게 좀 이상한데요"];

/// What a network's counters say of attempts to reach somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempts {
    tcp_opened: u64,
    udp_sent: u64,
    without_route: u64,
    sockets_in_use: u64,
}

const NONE: Attempts = Attempts { tcp_opened: 0, udp_sent: 0, without_route: 0, sockets_in_use: 0 };

/// The counters of the network a process is in.
fn attempts(process: u32) -> Attempts {
    let read = |name: &str| fs::read_to_string(format!("/proc/{process}/net/{name}")).unwrap();
    let (tables, v6, sockets) = (read("snmp"), read("snmp6"), read("sockstat"));
    // A line of names and a line of values under the same word.
    let v4 = |protocol: &str, name: &str| -> u64 {
        let mut rows = tables.lines().filter(|line| line.starts_with(&format!("{protocol}:")));
        let (names, values) = (rows.next().unwrap(), rows.next().unwrap());
        let place = names.split_whitespace().position(|one| one == name).unwrap();
        values.split_whitespace().nth(place).unwrap().parse().unwrap()
    };
    let of_v6 = |name: &str| -> u64 {
        let row = v6.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        row.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let in_use = |protocol: &str| -> u64 {
        let row = sockets.lines().find(|line| line.starts_with(&format!("{protocol}:"))).unwrap();
        row.split_whitespace().nth(2).unwrap().parse().unwrap()
    };
    Attempts {
        tcp_opened: v4("Tcp", "ActiveOpens"),
        udp_sent: v4("Udp", "OutDatagrams") + of_v6("Udp6OutDatagrams"),
        without_route: v4("Ip", "OutNoRoutes") + of_v6("Ip6OutNoRoutes"),
        sockets_in_use: in_use("TCP") + in_use("UDP"),
    }
}

/// Whether a process may have a network of its own. Containers do not always allow it.
fn can_make_networks() -> bool {
    let tried = Command::new("unshare").args(["--net", "--map-root-user", "ip", "link", "set", "lo", "up"]).output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        println!("left out: this machine does not let a process have a network of its own");
    }
    can
}

/// A bank in a closed network, after conversations over HTTP and WebSocket; and what it tried to reach.
async fn attempts_of_a_bank(settings: &str) -> Attempts {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let site = Site::new(&format!("knowledge.pack = \"{}\"\n{settings}", demo_pack().display()));
    let own = fs::read_to_string(site.config()).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    fs::write(site.config(), own.replace("127.0.0.1:0", &address)).unwrap();
    let program = Program::start_in_closed_network(&socket, &["serve", "--config", site.config()]);
    let http = Http::at(socket.local_addr().unwrap());
    http.until_ready().await;
    for message in MESSAGES {
        Customer::open(&http).await.says(message).await;
        Customer::open(&http).await.connects().await.asks(message).await;
    }
    assert_eq!(http.get("/metrics").await.status, 200);
    attempts(program.process_id())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_model_nobody_is_reached_for() {
    if can_make_networks() {
        assert_eq!(attempts_of_a_bank("").await, NONE);
    }
}

/// The counters do count: a model elsewhere and one by name are tried.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_model_the_attempt_is_counted() {
    if can_make_networks() {
        let elsewhere = attempts_of_a_bank("[[llm.endpoint]]\nurl = \"http://203.0.113.7:8000/v1\"\n").await;
        assert!(elsewhere.without_route > 0, "{elsewhere:?}");
        let beside = attempts_of_a_bank("[[llm.endpoint]]\nurl = \"http://127.0.0.1:9/v1\"\n").await;
        assert!(beside.tcp_opened > 0, "{beside:?}");
    }
}
