//! What is refused, and how it is told.

use crate::config::tests::parse;
use crate::config::tests::refusals;

#[test]
fn each_wrong_value_is_told_with_its_line_and_what_is_allowed() {
    for (text, expected) in [
        (
            "[storage]\nurl = 'postgres://aicc@db/bank'",
            "config.toml:2: storage.url: \"postgres://aicc@db/bank\" is not a database this program knows; allowed: \
             \"sqlite:<file>\" or \"mysql://user@host/database\", with ? # / @ in a password percent-encoded",
        ),
        (
            "[chat]\n\nsession_inactive_after = 10",
            "config.toml:3: chat.session_inactive_after: 10 is not a duration; allowed: a whole number with ms, s, m, \
             h or d, such as \"30s\", \"100ms\" to \"30d\"",
        ),
        (
            "chat.session_inactive_after = \"31d\"",
            "config.toml:1: chat.session_inactive_after: \"31d\" is out of range; allowed: \"100ms\" to \"30d\"",
        ),
        (
            "server.limits.body_bytes_max = '10MB'",
            "config.toml:1: server.limits.body_bytes_max: \"10MB\" is not a size; allowed: a whole number with KiB, \
             MiB or GiB, such as \"10MiB\", or a number of bytes, \"1KiB\" to \"1GiB\"",
        ),
        (
            "server.limits.header_bytes_max = 4096",
            "config.toml:1: server.limits.header_bytes_max: \"4KiB\" is out of range; allowed: \"8KiB\" to \"1MiB\"",
        ),
        (
            "api.limits.message_chars_max = 0",
            "config.toml:1: api.limits.message_chars_max: 0 is out of range; allowed: 1 to 100000",
        ),
        (
            "chat.unclear_replies_max = 300",
            "config.toml:1: chat.unclear_replies_max: 300 is not a whole number this key can hold; allowed: a whole \
             number without quotes, 1 to 10",
        ),
        (
            "server.worker_threads = -1",
            "config.toml:1: server.worker_threads: -1 is not a whole number this key can hold; allowed: a whole \
             number without quotes, 0 to 1024",
        ),
        (
            "api.limits.session_messages_per_second = nan",
            "config.toml:1: api.limits.session_messages_per_second: NaN is out of range; allowed: 0.01 to 1000.0",
        ),
        (
            "api.limits.session_messages_per_second = '2'",
            "config.toml:1: api.limits.session_messages_per_second: \"2\" is not a number; allowed: a number without \
             quotes, 0.01 to 1000.0",
        ),
        (
            "[edge.compression]\ntypes = ['text/html', 'text/event-stream']",
            "config.toml:2: edge.compression.types: \"text/event-stream\" is not a kind of content that can be compressed; \
             allowed: \"type/subtype\", such as \"text/html\"; not \"text/event-stream\", whose events must not wait",
        ),
        (
            "edge.compression.algorithms = ['deflate']",
            "config.toml:1: edge.compression.algorithms: \"deflate\" is not a way to compress; allowed: \"brotli\", \
             \"zstd\" or \"gzip\"",
        ),
        (
            "edge.headers.referrer_policy = 'no-referreré'",
            "config.toml:1: edge.headers.referrer_policy: \"no-referrer\u{e9}\" is not the value of a header; allowed: \
             printable ASCII in quotes, on one line, or \"\" for no such header",
        ),
        (
            "edge.headers.extra = ['Content-Length: 1']",
            "config.toml:1: edge.headers.extra: \"Content-Length: 1\" is not a header for every response; allowed: \
             \"Name: value\" in ASCII; not what belongs to a single response, such as Content-Type, Cache-Control or \
             Set-Cookie",
        ),
        (
            "api.legacy_clients = 'yes'",
            "config.toml:1: api.legacy_clients: \"yes\" is not a switch; allowed: true or false",
        ),
        (
            "api.session_cookie_secure = 'sometimes'",
            "config.toml:1: api.session_cookie_secure: \"sometimes\" is not a choice; allowed: \"auto\", \"always\" \
             or \"never\"",
        ),
        (
            "log.format = 1979-05-27",
            "config.toml:1: log.format: a date is not a log format; allowed: \"json\" or \"text\"",
        ),
        (
            "server.listen = 'localhost:80'",
            "config.toml:1: server.listen: \"localhost:80\" is not a list; allowed: values in square brackets, such \
             as [\"…\", \"…\"], or [] for none",
        ),
        (
            "[server]\nlisten = [\n  '127.0.0.1:80',\n  'localhost:80',\n]",
            "config.toml:4: server.listen: \"localhost:80\" is not an address to listen on; allowed: \
             \"<IP address>:<port>\", such as \"127.0.0.1:8080\" or \"[::]:8080\"",
        ),
        (
            "server.data_dir = ''",
            "config.toml:1: server.data_dir: \"\" is not a path; allowed: the path of a file or folder, such as \
             \"/var/lib/bank-aicc\"",
        ),
        (
            "knowledge.pack = \"a\\u0000b\\nc\"",
            "config.toml:1: knowledge.pack: \"a\\u0000b\\u000Ac\" is not a path; allowed: the path of a file or \
             folder, or \"\" for none",
        ),
        (
            "api.public_url = 'https://bank.example/chat'",
            "config.toml:1: api.public_url: \"https://bank.example/chat\" is not a web address without a path; \
             allowed: \"https://host\", \"https://host:port\", or \"\" for none",
        ),
        ("server = 1", "config.toml:1: server: 1 is not a section; allowed: [server]"),
        ("\n[[server.limits]]", "config.toml:2: server.limits: a list is not a section; allowed: [server.limits]"),
        (
            "[log.level]\nstore = 'debug'",
            "config.toml:1: log.level: a section is not a log level; allowed: \"error\", \"warn\", \"info\", \
             \"debug\", \"trace\", or such as \"info,bank_aicc::store=debug\"",
        ),
    ] {
        assert_eq!(refusals(text, &[]), [expected]);
    }
}

#[test]
fn unknown_names_are_told_with_what_was_probably_meant() {
    for (text, expected) in [
        ("[server]\nlistn = []", "config.toml:2: server.listn: no such key; did you mean server.listen?"),
        ("\nlisten = []", "config.toml:2: listen: no such key; did you mean server.listen?"),
        (
            "[chat]\nmessage-chars-max = 1",
            "config.toml:2: chat.message-chars-max: no such key; did you mean api.limits.message_chars_max?",
        ),
        ("colour = 'red'", "config.toml:1: colour: no such key"),
        ("[sever]\nlisten = []", "config.toml:1: sever: no such section; did you mean [server]?"),
        (
            "[server]\n[server.limit]\nbody_bytes_max = 1",
            "config.toml:2: server.limit: no such section; did you mean [server.limits]?",
        ),
        ("[[chat.rooms]]", "config.toml:1: chat.rooms: no such key"),
        ("\"a\\nb\\u0000\" = 1", "config.toml:1: a\\nb\\0: no such key"),
    ] {
        assert_eq!(refusals(text, &[]), [expected]);
    }
}

#[test]
fn what_is_not_toml_is_told_with_line_and_column() {
    for (text, place) in [
        ("[server]\nlisten = ", "config.toml:2:"),
        ("[server\n", "config.toml:1:8: "),
        ("log.level = 'a'\nlog.level = 'b'", "config.toml:2:5: "),
        ("[log]\n[log]", "config.toml:2:2: "),
        ("a = 'x", "config.toml:1:"),
        ("a = 1 2", "config.toml:1:5: "),
        ("a\0b = 1", "config.toml:1:2: "),
        ("가 = 1", "config.toml:1:1: "),
    ] {
        let lines = refusals(text, &[]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(place) && lines[0].contains("this is not TOML: "), "{lines:?}");
    }
    assert_eq!(refusals("a = \n[log]\nlevel = \n", &[]).len(), 2, "every line that is wrong");
}

#[test]
fn everything_wrong_is_told_at_once_in_the_order_of_the_file() {
    let text = "[log]\nlevel = 'loud'\ncolour = true\n[server]\nlisten = ['a', '127.0.0.1:80', 'b']\n[caht]\n";
    let lines = refusals(text, &[("BANK_AICC__LOG__FORMAT", "xml"), ("BANK_AICC__LOG__COLOUR", "1")]);
    let starts = [
        "config.toml:2: log.level: \"loud\"",
        "config.toml:3: log.colour: no such key",
        "config.toml:5: server.listen: \"a\"",
        "config.toml:5: server.listen: \"b\"",
        "config.toml:6: caht: no such section; did you mean [chat]?",
        "BANK_AICC__LOG__COLOUR: no such key",
        "BANK_AICC__LOG__FORMAT: log.format: \"xml\"",
    ];
    assert_eq!(lines.len(), starts.len(), "{lines:#?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line} does not start with {start}");
    }
}

#[test]
fn wrong_variables_are_told_by_their_names() {
    for (variable, text, expected) in [
        ("BANK_AICC__LOG__LEVEL", "loud", "BANK_AICC__LOG__LEVEL: log.level: \"loud\" is not a log level; "),
        (
            "BANK_AICC__SERVER__WORKER_THREADS",
            "many",
            "BANK_AICC__SERVER__WORKER_THREADS: server.worker_threads: \"many\" is not ",
        ),
        (
            "BANK_AICC__SERVER__WORKER_THREADS",
            "-1",
            "BANK_AICC__SERVER__WORKER_THREADS: server.worker_threads: -1 is not ",
        ),
        (
            "BANK_AICC__SERVER__WORKER_THREADS",
            "9999",
            "BANK_AICC__SERVER__WORKER_THREADS: server.worker_threads: 9999 is out of range; ",
        ),
        (
            "BANK_AICC__SERVER__LISTEN",
            "127.0.0.1:80,x",
            "BANK_AICC__SERVER__LISTEN: server.listen: \"x\" is not an address ",
        ),
        ("BANK_AICC__SERVER__LISTEN", "", "BANK_AICC__SERVER__LISTEN: server.listen: [] listens nowhere; "),
        ("BANK_AICC__LOG__LEVLE", "1", "BANK_AICC__LOG__LEVLE: no such key; did you mean BANK_AICC__LOG__LEVEL?"),
        ("BANK_AICC__log__level", "info", "BANK_AICC__log__level: no such key; did you mean BANK_AICC__LOG__LEVEL?"),
        ("BANK_AICC__LISTEN", "1", "BANK_AICC__LISTEN: no such key; did you mean BANK_AICC__SERVER__LISTEN?"),
        ("BANK_AICC__LOG", "1", "BANK_AICC__LOG: no such key"),
        ("BANK_AICC__", "1", "BANK_AICC__: no such key"),
    ] {
        let lines = refusals("", &[(variable, text)]);
        assert!(lines.len() == 1 && lines[0].starts_with(expected), "{lines:?}");
    }
    assert!(parse("", &[("PATH", "/bin"), ("BANK_AICC_CONFIG", "x"), ("bank_aicc__log__level", "x")]).is_ok());
}

#[test]
fn a_wrong_value_in_the_file_is_told_even_if_it_is_overruled() {
    assert_eq!(refusals("log.level = 'loud'", &[("BANK_AICC__LOG__LEVEL", "info")]).len(), 1);
}

#[test]
fn values_that_do_not_go_together_are_told_where_one_was_set() {
    for (text, environment, expected) in [
        ("server.listen = []", None, "config.toml:1: server.listen: [] listens nowhere; "),
        (
            "server.listen = ['1.2.3.4:80', '1.2.3.4:80']",
            None,
            "config.toml:1: server.listen: 1.2.3.4:80 is listed twice; ",
        ),
        (
            "\napi.limits.message_chars_max = 1",
            None,
            "config.toml:2: api.limits.message_chars_max: message_chars_min 2 is more than message_chars_max 1",
        ),
        (
            "api.limits.socket_idle_timeout = '20s'",
            None,
            "config.toml:1: api.limits.socket_idle_timeout: socket_ping_interval \"30s\" must \
             be shorter than socket_idle_timeout \"20s\"",
        ),
        (
            "api.limits.message_chars_max = 20000\napi.limits.socket_frame_bytes_max = \"64KiB\"",
            None,
            "config.toml:2: api.limits.socket_frame_bytes_max: socket_frame_bytes_max 64KiB is too small \
             for a message of message_chars_max 20000 characters; allowed: at least 81024B",
        ),
        (
            "",
            Some(("BANK_AICC__API__LIMITS__SOCKET_FRAME_BYTES_MAX", "1KiB")),
            "BANK_AICC__API__LIMITS__SOCKET_FRAME_BYTES_MAX: api.limits.socket_frame_bytes_max: \
             socket_frame_bytes_max 1KiB is too small",
        ),
    ] {
        let lines = refusals(text, environment.as_slice());
        assert!(lines.len() == 1 && lines[0].starts_with(expected), "{lines:?}");
    }
    let half_wrong = refusals("api.limits.message_chars_max = 'x'\napi.limits.message_chars_min = 900", &[]);
    assert_eq!(half_wrong.len(), 1, "a value that could not be read is not compared: {half_wrong:?}");
}

/// Design D11.
#[test]
fn legacy_clients_from_other_machines_need_named_networks() {
    let config = |listen: &str, networks: &str| {
        format!("[server]\nlisten = [{listen}]\n[api]\nlegacy_clients = true\nlegacy_networks = [{networks}]")
    };
    for listen in ["'127.0.0.1:80'", "'[::1]:80'", "'127.0.0.1:80', '127.8.8.8:80'", "'[::ffff:127.0.0.1]:80'"] {
        assert!(parse(&config(listen, ""), &[]).is_ok(), "{listen}");
    }
    for listen in ["'0.0.0.0:80'", "'[::]:80'", "'127.0.0.1:80', '10.0.0.5:80'"] {
        let lines = refusals(&config(listen, ""), &[]);
        let expected = "config.toml:4: api.legacy_clients: true lets clients without a token use any session whose id \
                        they know, and other machines reach server.listen ";
        assert!(lines.len() == 1 && lines[0].starts_with(expected), "{lines:?}");
        assert!(lines[0].contains("api.legacy_networks"), "{lines:?}");
        assert!(parse(&config(listen, "'10.0.0.0/8'"), &[]).is_ok(), "{listen}");
    }
    let over_tls = "edge.tls.listen = ['127.0.0.1:443', '0.0.0.0:8443']\napi.legacy_clients = true";
    let lines = refusals(over_tls, &[]);
    assert!(lines.len() == 1 && lines[0].contains("other machines reach edge.tls.listen 0.0.0.0:8443;"), "{lines:?}");
    assert!(parse(&format!("{over_tls}\napi.legacy_networks = ['10.0.0.0/8']"), &[]).is_ok());
    let by_variable = refusals("server.listen = ['0.0.0.0:80']", &[("BANK_AICC__API__LEGACY_CLIENTS", "true")]);
    assert!(by_variable[0].starts_with("BANK_AICC__API__LEGACY_CLIENTS: api.legacy_clients: "), "{by_variable:?}");
}

#[test]
fn hostile_input_is_refused_in_short_lines() {
    let long = "x".repeat(1 << 20);
    for text in [
        format!("a = {}", "[".repeat(10_000)),
        format!("a = {}{}", "[".repeat(10_000), "]".repeat(10_000)),
        format!("a = {}", "{a=".repeat(10_000)),
        vec!["a"; 10_000].join(".") + " = 1",
        format!("[{}]", vec!["a"; 10_000].join(".")),
        "\0".repeat(100),
        "log.level = \"\\u0000\"".to_owned(),
        format!("log.level = '{long}'"),
        format!("storage.url = 'mysql://{long}'"),
        format!("server.listen = ['{long}']"),
        format!("server.worker_threads = {}", "9".repeat(1 << 20)),
        format!("api.limits.session_messages_per_second = 1{}.0", "0".repeat(1 << 20)),
        format!("{long} = 1"),
        format!("[{long}]"),
        "[".repeat(10_000),
    ] {
        let errors = parse(&text, &[]).unwrap_err();
        for line in errors.to_string().lines() {
            assert!(line.chars().count() < 500, "{} characters", line.chars().count());
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }
    for value in [&long, &"[".repeat(10_000), "\0", "\u{202e}\n", "", "''''", "{", "\\"] {
        for variable in ["LOG__LEVEL", "SERVER__LISTEN", "STORAGE__URL", "SERVER__WORKER_THREADS", "NOTHING"] {
            let errors = parse("", &[(&format!("BANK_AICC__{variable}"), value)]).unwrap_err();
            assert!(errors.to_string().len() < 500, "{variable}={value}: {errors}");
        }
    }
    assert!(parse("", &[(&format!("BANK_AICC__{long}"), "1")]).unwrap_err().to_string().len() < 500);
}
