//! Words on the command line become calls.
//!
//! Exit status: 0 done, 1 failed, 2 the command line or the configuration is wrong, 3 looked at or measured, and not good
//! enough.

mod backup;
mod cert;
mod check;
mod database;
mod demo;
mod doctor;
mod eval;
mod knowledge;
mod manager;
mod mask;
mod migrate;
mod model;
mod read_document;
mod retention;
mod sbom;
mod serve;
mod verify;

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap::Parser;
use clap::Subcommand;

use crate::api;
use crate::api::guide;
use crate::clock::to_kst;
use crate::config::Config;
use crate::config::ConfigErrors;
use crate::domain::Timestamp;
use crate::knowledge::import::COMMAND;

/// A bank's whole AI contact-centre chat in one executable.
///
/// Serves the web screens, the chat API over WebSocket and HTTP, and answers customers from the bank's own documents,
/// without a language model and without any connection to the outside.
#[derive(Debug, Parser)]
#[command(name = "bank-aicc", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open a working bank on this machine, with demo documents and throw-away data
    ///
    /// Listens on loopback only and needs no configuration. Existing clients, which choose their own session id, are
    /// served. Stop it with Ctrl-C; without --data everything is gone then.
    Demo(demo::Arguments),
    /// Run the server as config.toml says
    ///
    /// Logs to standard error. SIGTERM or SIGINT ends it after the requests in progress are answered.
    Serve(ConfigFile),
    /// Read config.toml, say everything that is wrong with it, and print what is in effect
    ///
    /// Like `nginx -t`: starts nothing and changes nothing. Tries also whether the data folder can be written to, as the
    /// user who runs it, and whether knowledge.pack can be read. Exit status 0 if the configuration is good, else 2.
    /// With --env it reads the earlier system's .env instead, and says what becomes of each of its variables; exit status 3 if
    /// one makes no sense.
    Check(check::Arguments),
    /// Bring the conversations of the earlier system over, from its MariaDB or MySQL
    ///
    /// Reads chat_sessions and chat_messages and changes nothing there. Personal data are masked on the way. Both systems may
    /// run meanwhile; repeated, it brings only what is new, and never overwrites a conversation that went on here.
    MigrateFrom(migrate::Arguments),
    /// Say what keeps this installation from serving well, and what to do about it
    ///
    /// Looks at ports, certificates, the clock, file descriptors, the data folder and everybody the configuration names to
    /// connect to. Changes nothing; run it as the user who runs the server. Exit status 3 if there is a problem.
    Doctor(doctor::Arguments),
    /// Certificates: the local authority's root, and what is served
    #[command(subcommand)]
    Cert(cert::Command),
    /// Make backups, check and restore them
    #[command(subcommand)]
    Backup(backup::Command),
    /// Import, list and search the bank's documents
    #[command(subcommand)]
    Knowledge(knowledge::Command),
    /// Language models: switch them off and on, and show their prompts
    #[command(subcommand)]
    Model(model::Command),
    /// How long conversations and audit records are kept: what has had its time, and deleting it
    #[command(subcommand)]
    Retention(retention::Command),
    /// Measure how well a knowledge pack is understood, by the pack's own tests.csv
    ///
    /// Exit status 3 when the pack's data contradicts itself or a gate of its pack.toml is missed: what to run before
    /// publishing a pack.
    Eval(eval::Arguments),
    /// Mask personal data in text
    ///
    /// Copies standard input to standard output line by line, with resident registration numbers, card and account
    /// numbers, phone numbers, e-mail addresses, passport and licence numbers masked.
    Mask,
    /// Print the API's OpenAPI description
    Openapi,
    /// Write the operators' guide, Korean and English, as HTML into a folder
    Guide(GuideFolder),
    /// Print the parts this program is made of, with version and licence (CycloneDX, JSON)
    Sbom,
    /// Check offline that an air-gap bundle or a package is as it was published
    ///
    /// A bundle holds its own checksums and their signature; beside a package, or beside a SHA256SUMS to be checked whole,
    /// stand SHA256SUMS and SHA256SUMS.minisig. Changes nothing and unpacks nothing. Exit status 0 if everything is as it was
    /// signed, 3 if not, 1 if it could not be looked at.
    Verify(verify::Arguments),
    /// Read one untrusted document from standard input: what the program starts itself as
    #[command(name = COMMAND, hide = true)]
    ReadDocument(read_document::Arguments),
}

/// Which configuration.
#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// The configuration file; every key can be overruled by BANK_AICC__SECTION__KEY
    #[arg(long, value_name = "FILE", default_value = "/etc/bank-aicc/config.toml")]
    config: PathBuf,
}

/// Where the guide is written.
#[derive(Debug, clap::Args)]
struct GuideFolder {
    /// The folder; made if it is missing
    folder: PathBuf,
}

/// Why a command failed.
enum Failure {
    /// The configuration is wrong.
    Config(ConfigErrors),
    /// Something was measured, printed, and is not good enough.
    NotGoodEnough,
    /// Anything else.
    Other(anyhow::Error),
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Config(errors)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

/// What root writes into another user's data folder, the server could not use.
///
/// # Errors
/// When root would.
fn be_the_owner(data_dir: &Path) -> anyhow::Result<()> {
    let Ok(metadata) = data_dir.metadata() else { return Ok(()) };
    let is_root = rustix::process::geteuid().is_root();
    anyhow::ensure!(
        !is_root || metadata.uid() == 0,
        "{} is another user's than root's, who could not use what root writes there; run the command as the user who runs \
         the server: `runuser -u bank-aicc -- bank-aicc …`",
        data_dir.display()
    );
    Ok(())
}

/// The whole command line, for man pages and completions.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the program on the process's arguments.
pub fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(arguments),
        Command::Serve(file) => serve::run(&file.config),
        Command::Check(arguments) => check::run(&arguments),
        Command::MigrateFrom(arguments) => migrate::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Cert(command) => cert::run(command),
        Command::Backup(command) => backup::run(command),
        Command::Knowledge(command) => knowledge::run(command),
        Command::Model(command) => model::run(command),
        Command::Retention(command) => retention::run(command),
        Command::Eval(arguments) => eval::run(arguments),
        Command::Mask => mask::run(),
        Command::Openapi => print_openapi(),
        Command::Guide(GuideFolder { folder }) => write_guide(&folder),
        Command::Sbom => sbom::run(),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::ReadDocument(arguments) => read_document::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Config(errors)) => {
            eprintln!("{errors}");
            ExitCode::from(2)
        }
        Err(Failure::NotGoodEnough) => ExitCode::from(3),
        Err(Failure::Other(error)) => {
            eprintln!("bank-aicc: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn load(path: &Path) -> Result<Config, ConfigErrors> {
    Config::load(Some(path), environment())
}

/// The process's environment; what is not text cannot be a setting of ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn write_guide(folder: &Path) -> Result<(), Failure> {
    let written = guide::write(folder).with_context(|| format!("writing the guide to {}", folder.display()));
    let count = written.map_err(Failure::Other)?;
    println!("{count} pages; begin with {}", folder.join("ko/install.html").display());
    Ok(())
}

/// A time on Korea's wall clock.
fn shown(unix_ms: i64) -> String {
    let at = to_kst(Timestamp::from_unix_ms(unix_ms));
    let (date, time) = (at.date(), at.time());
    format!("{date} {:02}:{:02}:{:02} KST", time.hour(), time.minute(), time.second())
}

fn print_openapi() -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(&api::openapi_document()).map_err(anyhow::Error::from)?;
    print(&(text + "\n"));
    Ok(())
}

/// Writes to standard output. Whoever reads may have read enough, which `println!` would take for a fault.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
