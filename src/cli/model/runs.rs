//! `bank-aicc model runs`

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use time::Date;
use time::PrimitiveDateTime;
use time::Time;
use time::macros::format_description;

use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::database::with_database;
use crate::cli::print;
use crate::cli::shown;
use crate::clock::Clock;
use crate::clock::from_kst;
use crate::config::parse_duration;
use crate::domain::SessionId;
use crate::domain::Timestamp;
use crate::store::StoredRun;
use crate::text::normalize::is_hidden;

/// Which runs, and how they are printed.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Only those of this conversation
    #[arg(long, value_name = "ID", value_parser = session)]
    session: Option<SessionId>,
    /// Only those since then: a span such as 12h or 7d, 2026-11-29, or "2026-11-29 09:30" on Korea's clock
    #[arg(long, value_name = "WHEN", value_parser = since)]
    since: Option<Since>,
    /// The latest so many; they are printed oldest first
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// How they are printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    config: ConfigFile,
}

/// How runs are printed.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For programs, one object a line
    Json,
}

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// So long before now.
    Ago(Duration),
    /// A point in time.
    At(Timestamp),
}

/// Prints what the database has of them. Nothing else is asked.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { session, since, limit, format, config } = arguments;
    with_database(&config.config, async |_, store| {
        let since = match since {
            None => Timestamp::from_unix_ms(0),
            Some(Since::Ago(span)) => Clock::system().now().minus(span),
            Some(Since::At(at)) => at,
        };
        let mut runs = store.model_runs().latest(session.as_ref(), since, limit).await?;
        runs.reverse();
        let is_cut = u32::try_from(runs.len()).is_ok_and(|count| count == limit);
        let text: String = runs
            .iter()
            .map(|(session, run)| match format {
                Format::Text => as_text(session, run),
                Format::Json => format!("{}\n", escaped(&as_json(session, run).to_string())),
            })
            .collect();
        print(&text);
        if is_cut {
            eprintln!("these are the latest {limit}; there may be more: --limit, --since");
        }
        if runs.is_empty() {
            eprintln!("no language model was asked");
        }
        Ok(())
    })
}

fn session(text: &str) -> Result<SessionId, String> {
    SessionId::parse(text).map_err(|error| error.to_string())
}

fn since(text: &str) -> Result<Since, String> {
    let day = format_description!("[year]-[month]-[day]");
    let minute = format_description!("[year]-[month]-[day] [hour]:[minute]");
    let at = Date::parse(text, &day).map(|day| PrimitiveDateTime::new(day, Time::MIDNIGHT));
    let at = at.or_else(|_| PrimitiveDateTime::parse(text, &minute)).map(|shown| Since::At(from_kst(shown)));
    let span = parse_duration(text).map(Since::Ago);
    at.ok().or(span).ok_or_else(|| "a time is written as 12h, 7d, 2026-11-29 or \"2026-11-29 09:30\"".to_owned())
}

fn as_json(session: &SessionId, run: &StoredRun) -> Value {
    json!({
        "id": run.id,
        "session_id": session.as_str(),
        "message_id": run.message_id,
        "engine": run.engine,
        "role": run.role,
        "started_at_ms": run.started_at_ms,
        "endpoint": run.endpoint,
        "model": run.model,
        "prompt_version": run.prompt_version,
        "outcome": run.outcome,
        "reason": run.reason,
        "attempts": run.attempts,
        "queued_ms": run.queued_ms,
        "first_token_ms": run.first_token_ms,
        "total_ms": run.total_ms,
        "prompt_tokens": run.prompt_tokens,
        "completion_tokens": run.completion_tokens,
        "is_estimated": run.is_estimated,
        "passages": list(run.passages.as_deref()),
        "verdicts": list(run.verdicts.as_deref()),
    })
}

fn as_text(session: &SessionId, run: &StoredRun) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut lines = Vec::new();
    let reason = run.reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
    let message = run.message_id.map(|id| format!(", message {id}")).unwrap_or_default();
    let engine = run.engine.as_ref().map(|engine| format!(" by {engine}")).unwrap_or_default();
    let (at, role, outcome) = (shown(run.started_at_ms), &run.role, &run.outcome);
    lines.push(format!("{at}  {role}: {outcome}{reason}"));
    lines.push(format!("  conversation {}{message}{engine}", session.as_str()));
    let (endpoint, model) = (or_none(&run.endpoint), or_none(&run.model));
    lines.push(format!("  endpoint {endpoint}, model {model}, prompt {}, asked {}", run.prompt_version, run.attempts));
    let first = run.first_token_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    let about = if run.is_estimated { "about " } else { "" };
    lines.push(format!(
        "  waited {} ms, first token {first}, in all {} ms; tokens {about}{} + {}",
        run.queued_ms, run.total_ms, run.prompt_tokens, run.completion_tokens
    ));
    let word = |value: &Value, name: &str| match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    for (number, passage) in (1..).zip(list(run.passages.as_deref())) {
        let [document, section, page, digest] =
            ["document", "section", "page", "digest"].map(|name| word(&passage, name));
        lines.push(format!("  [{number}] {document} > {section}, p. {page}, {digest}"));
    }
    for verdict in list(run.verdicts.as_deref()) {
        let [word, cites, stopped] = ["verdict", "cites", "stopped"].map(|name| word(&verdict, name));
        let rest = if stopped.is_empty() { cites } else { stopped };
        lines.push(format!("  {word} {rest}").trim_end().to_owned());
    }
    let mut text = String::new();
    for line in lines {
        // Names and sentences are another machine's, and a terminal obeys control characters.
        let line: String = line.chars().map(|c| if c.is_control() || is_hidden(c) { ' ' } else { c }).collect();
        let _ = writeln!(text, "{line}");
    }
    text + "\n"
}

/// JSON without characters that a terminal obeys or does not show: JSON itself escapes only some of them.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_control() || is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
    text
}

/// A list as the database has it.
fn list(stored: Option<&str>) -> Vec<Value> {
    stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_shows_what_a_terminal_would_hide() {
        let shown = escaped("{\"model\":\"a\u{9b}b\u{202e}c\u{e0001}한\"}");
        assert_eq!(shown, "{\"model\":\"a\\u009bb\\u202ec\\udb40\\udc01한\"}");
        let read: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(read["model"], "a\u{9b}b\u{202e}c\u{e0001}한");
    }

    #[test]
    fn a_time_is_a_span_or_a_point_on_koreas_clock() {
        assert_eq!(since("7d"), Ok(Since::Ago(Duration::from_hours(7 * 24))));
        let at = |unix_ms| Ok(Since::At(Timestamp::from_unix_ms(unix_ms)));
        assert_eq!(since("2027-01-01"), at(1_798_729_200_000));
        assert_eq!(since("2027-01-01 00:01"), at(1_798_729_260_000));
        for wrong in ["", "yesterday", "2027-13-01", "7", "2027-01-01T00:00"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
