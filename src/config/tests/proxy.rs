//! `[[edge.proxy]]`: what is read, and what is refused.

use std::time::Duration;

use crate::config::Balance;
use crate::config::HostHeader;
use crate::config::tests::parse;
use crate::config::tests::refusals;

const UPSTREAM: &str = "upstreams = ['http://10.0.0.7:8080']";

#[test]
fn a_prefix_and_its_servers_are_enough() {
    let text = format!("[[edge.proxy]]\nprefix = '/old/'\n{UPSTREAM}\n[[edge.proxy]]\nprefix = '/상담'\n{UPSTREAM}");
    let proxies = parse(&text, &[]).unwrap().edge.proxies;
    assert_eq!(proxies.iter().map(|proxy| proxy.prefix.as_str()).collect::<Vec<_>>(), ["/old", "/상담"]);
    let proxy = &proxies[0];
    assert_eq!((proxy.balance, proxy.host), (Balance::LeastConnections, HostHeader::Client));
    // Wire contract §8.
    assert_eq!(proxy.connect_timeout, Duration::from_secs(75));
    assert_eq!([proxy.send_timeout, proxy.read_timeout], [Duration::from_secs(300); 2]);
    assert_eq!(proxy.tunnel_idle_timeout, Duration::from_secs(604_800));
}

/// The commented example of `config.toml` is one that works.
#[test]
fn the_manuals_example_is_read() {
    let manual = include_str!("../../../config.toml");
    let (_, example) = manual.split_once("# [[edge.proxy]]\n").unwrap();
    let lines = example.lines().take_while(|line| line.starts_with('#')).map(|line| line.trim_start_matches("# "));
    let lines = lines.map(|line| line.strip_prefix('#').unwrap_or(line)).filter(|line| line.contains(" = "));
    let mut text: String = lines.map(|line| format!("{line}\n")).collect();
    assert_eq!(text.lines().count(), 17, "every key:\n{text}");
    text.insert_str(0, "[[edge.proxy]]\n");
    let bare = "[[edge.proxy]]\nprefix = '/old'\nupstreams = ['http://10.0.0.7:8080', 'http://10.0.0.8:8080']";
    assert_eq!(parse(&text, &[]).unwrap().edge.proxies, parse(bare, &[]).unwrap().edge.proxies);
}

#[test]
fn what_cannot_be_is_refused_with_what_is_allowed() {
    for (lines, expected) in [
        (UPSTREAM, "edge.proxy.1.prefix: \"\" would hide every path of this program"),
        (&format!("{UPSTREAM}\nprefix = '/'"), "edge.proxy.1.prefix: \"/\" would hide every path of this program"),
        (&format!("{UPSTREAM}\nprefix = 'old'"), "edge.proxy.1.prefix: \"old\" is no prefix of a path"),
        (&format!("{UPSTREAM}\nprefix = '/a/../b'"), "edge.proxy.1.prefix: \"/a/../b\" is no prefix"),
        (&format!("{UPSTREAM}\nprefix = '/a//b'"), "edge.proxy.1.prefix: \"/a//b\" is no prefix"),
        (&format!("{UPSTREAM}\nprefix = '/a%20b'"), "edge.proxy.1.prefix: \"/a%20b\" is no prefix"),
        ("prefix = '/old'", "edge.proxy.1.upstreams: [] names no server"),
        (
            "prefix = '/old'\nupstreams = ['10.0.0.7']",
            "edge.proxy.1.upstreams: \"10.0.0.7\" is not the address of a server; allowed: \"http://host:port\"",
        ),
        (
            "prefix = '/old'\nupstreams = ['http://a/b']",
            "edge.proxy.1.upstreams: \"http://a/b\" is not the address of a server",
        ),
        ("prefix = '/old'\nupstreams = ['http://a', 'http://A:80']", "edge.proxy.1.upstreams: http://a stands twice"),
        (&format!("prefix = '/old'\n{UPSTREAM}\nca_file = 'a'"), "edge.proxy.1.ca_file: ca_file is for upstreams that"),
        (
            &format!("prefix = '/old'\n{UPSTREAM}\nhealth_path = 'health'"),
            "edge.proxy.1.health_path: \"health\" is not",
        ),
        (
            &format!("prefix = '/old'\n{UPSTREAM}\nfail_statuses = [200]"),
            "edge.proxy.1.fail_statuses: 200 is no status",
        ),
        (
            &format!("prefix = '/old'\n{UPSTREAM}\nbalance = 'random'"),
            "edge.proxy.1.balance: \"random\" is not a way of",
        ),
        (
            &format!("prefix = '/old'\n{UPSTREAM}\n[[edge.proxy]]\nprefix = '/Old/'\n{UPSTREAM}"),
            "edge.proxy.2.prefix: \"/Old\" stands twice",
        ),
    ] {
        let refused = refusals(&format!("[[edge.proxy]]\n{lines}"), &[]);
        assert!(refused.len() == 1 && refused[0].contains(expected), "{refused:?}: {expected}");
    }
}
