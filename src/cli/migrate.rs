//! `bank-aicc migrate-from`

use std::io::IsTerminal as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;
use tokio_util::task::TaskTracker;

use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::be_the_owner;
use crate::cli::load;
use crate::cli::print;
use crate::cli::serve::runtime;
use crate::clock::Clock;
use crate::clock::to_kst;
use crate::config::Config;
use crate::config::Database;
use crate::config::read_secret;
use crate::ops;
use crate::ops::MovingReport;
use crate::ops::Progress;
use crate::store::Earlier;
use crate::store::Store;

/// Holds the password, where there is no file for it.
const PASSWORD_VARIABLE: &str = "BANK_AICC_SOURCE_PASSWORD";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The earlier system's database: mysql://user@host:3306/database
    #[arg(value_name = "URL")]
    source: String,
    /// File that holds its password and nothing else, readable by its owner alone; or set BANK_AICC_SOURCE_PASSWORD
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Write nothing; say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Write what was moved, changed and refused to this file as JSON, with the ids; its owner alone can read it
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

/// Brings conversations over.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = load(&arguments.config.config)?;
    let source = source(arguments)?;
    if let Some(file) = &arguments.report {
        // Said now rather than after the work is done. The report of an earlier run says what only that run changed.
        if file.exists() {
            return Err(anyhow::anyhow!(
                "writing a report to {}: it is there already; name another file",
                file.display()
            )
            .into());
        }
        private_file_beside(file).with_context(|| format!("writing a report to {}", file.display()))?;
    }
    if !arguments.dry_run {
        be_the_owner(&config.server.data_dir).context("nothing was moved")?;
    }
    let now = Clock::system().now();
    let (report, outcome) = runtime(&config)?.block_on(bring(&config, &source, arguments.dry_run))?;
    let shown = source.display_masked();
    let told = if report.is_rehearsal { "would be moved (nothing was written)" } else { "moved" };
    print(&format!("{told} from {shown}\n\n{report}"));
    if let Some(file) = &arguments.report {
        let at = to_kst(now);
        let text =
            json!({"source": shown, "started_at": at.to_string(), "is_complete": outcome.is_ok(), "report": report});
        write_report(file, &text).with_context(|| format!("writing the report to {}", file.display()))?;
        print(&format!("\nwhich they are: {}\n", file.display()));
    } else if !report.refused.is_empty() {
        print("\nwhich they are, a file tells: --report FILE\n");
    }
    outcome.context("moving broke off; what came over stays, so run the same command again").map_err(Failure::Other)
}

async fn bring(
    config: &Config,
    source: &Database,
    is_rehearsal: bool,
) -> anyhow::Result<(MovingReport, Result<(), ops::MovingError>)> {
    let mut earlier = Earlier::open(source).await.with_context(|| format!("reading {}", source.display_masked()))?;
    let tasks = TaskTracker::new();
    let (storage, data_dir) = (&config.storage, &config.server.data_dir);
    let here = match is_rehearsal {
        true => Store::look(storage, data_dir, &tasks).await,
        false => Store::open(storage, data_dir, &tasks).await.map(Some),
    };
    let here = here.with_context(|| format!("opening {}", storage.url.display_masked()))?;
    let is_watched = std::io::stderr().is_terminal();
    let show = |Progress { messages, of }: Progress| {
        if is_watched {
            // Nobody is told if this fails: it is only for eyes.
            let _ = write!(std::io::stderr(), "\r{messages} of {of} messages ");
        }
    };
    let (kept_for, now) = (config.retention.conversations, Clock::system().now());
    let moved = ops::move_in(&mut earlier, here.as_ref(), is_rehearsal, kept_for, now, show).await;
    if is_watched {
        eprintln!();
    }
    Ok(moved)
}

/// The database with its password, which is in one place.
fn source(arguments: &Arguments) -> anyhow::Result<Database> {
    // What the earlier system's own DATABASE_URL says before its driver's name.
    let url = arguments.source.replacen("mysql+pymysql://", "mysql://", 1);
    let database = Database::parse(&url).filter(|database| matches!(database, Database::MySql { .. })).context(
        "this is no address of the earlier system's database; allowed: mysql://user@host:3306/database, with ? # / @ \
         percent-encoded",
    )?;
    let in_variable = std::env::var(PASSWORD_VARIABLE).ok().filter(|password| !password.is_empty());
    let password = match (&arguments.password_file, in_variable) {
        (Some(_), Some(_)) => anyhow::bail!("there is a --password-file and a {PASSWORD_VARIABLE}; keep one"),
        (Some(file), None) => {
            read_secret(file, "password").map_err(|why| anyhow::anyhow!("--password-file: {why}"))?.reveal().clone()
        }
        (None, Some(password)) => password,
        (None, None) => return Ok(database),
    };
    database.with_password(&password).map_err(|why| anyhow::anyhow!(why))
}

/// A new file in the folder of another, readable by its owner alone.
fn private_file_beside(file: &Path) -> anyhow::Result<tempfile::NamedTempFile> {
    anyhow::ensure!(!file.is_dir(), "it is a folder; name a file");
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(tempfile::NamedTempFile::new_in(folder)?)
}

/// Writes it whole or not at all, in the place of an earlier one.
fn write_report(file: &Path, report: &serde_json::Value) -> anyhow::Result<()> {
    let mut written = private_file_beside(file)?;
    serde_json::to_writer_pretty(&mut written, report)?;
    written.write_all(b"\n")?;
    written.as_file().sync_all()?;
    written.persist(file)?;
    Ok(())
}
