//! `bank-aicc retention`

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::database::with_database;
use crate::cli::print;
use crate::cli::shown;
use crate::clock::Clock;
use crate::config::Retention;
use crate::config::format_duration;
use crate::config::parse_duration;
use crate::server;
use crate::store::Expired;

/// What can be done about what is kept for a time only.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Say how much has had its time, and delete nothing
    ///
    /// By the periods of [retention], or by others to see what they would mean.
    Show {
        /// Another period for conversations, such as 1825d
        #[arg(long, value_parser = period)]
        conversations: Option<Duration>,
        /// Another period for reasons, requests to models and the audit trail
        #[arg(long, value_parser = period)]
        audit: Option<Duration>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Delete now what has had its time by the periods of [retention]
    ///
    /// A running server does it by itself, every retention.interval. What is deleted cannot be had back but from a backup.
    Run {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Show what was deleted and when, from the audit trail
    Log {
        /// Most lines to show
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[command(flatten)]
        config: ConfigFile,
    },
}

fn period(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a whole number with h or d, such as 1825d".to_owned())
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Show { conversations, audit, config } => show(conversations, audit, &config.config),
        Command::Run { config } => delete(&config.config),
        Command::Log { limit, config } => log(limit, &config.config),
    }
}

fn show(conversations: Option<Duration>, audit: Option<Duration>, path: &Path) -> Result<(), Failure> {
    with_database(path, async |config, store| {
        let Retention { conversations: first, audit: second, .. } = config.retention;
        let periods =
            Retention { conversations: conversations.or(first), audit: audit.or(second), ..config.retention.clone() };
        let now = Clock::system().now();
        let Expired { conversations, messages, decisions, model_runs, audit_entries } =
            store.retention().expired(server::expiry(&periods, now)).await?;
        let mut text = String::new();
        let kept = |period: Option<Duration>| match period {
            Some(period) => {
                let before = shown(now.minus(period).unix_ms());
                format!("kept for {}; has had its time, if not changed since {before}", format_duration(period))
            }
            None => "kept until somebody deletes it".to_owned(),
        };
        let _ = writeln!(text, "conversations  {}", kept(periods.conversations));
        let _ = writeln!(text, "  {conversations} conversations with {messages} messages");
        let _ = writeln!(text, "audit          {}", kept(periods.audit));
        let _ = writeln!(
            text,
            "  {decisions} reasons of answers, {model_runs} requests to models, {audit_entries} lines of the audit trail"
        );
        text.push_str("nothing was deleted\n");
        print(&text);
        Ok(())
    })
}

fn delete(path: &Path) -> Result<(), Failure> {
    with_database(path, async |config, store| {
        anyhow::ensure!(
            config.retention.conversations.is_some() || config.retention.audit.is_some(),
            "retention.conversations and retention.audit are not set, so nothing has had its time; set them in {}",
            path.display()
        );
        let deleted = server::delete_expired(&store, &config.retention, Clock::system().now()).await?;
        print(&format!("deleted: {}\n", server::summary(deleted)));
        Ok(())
    })
}

fn log(limit: u32, path: &Path) -> Result<(), Failure> {
    with_database(path, async |_, store| {
        let mut text = String::new();
        for entry in store.switches().audit("retention.", limit).await? {
            let _ = writeln!(text, "{}\t{}", shown(entry.at_ms), entry.detail);
        }
        print(if text.is_empty() { "nothing was deleted yet\n" } else { &text });
        Ok(())
    })
}
