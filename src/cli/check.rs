//! `bank-aicc check`, of our own configuration and of the earlier system's

use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::authorities;
use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::load;
use crate::cli::print;
use crate::clock::Clock;
use crate::edge;
use crate::knowledge::import;
use crate::knowledge::import::Readers;
use crate::ops::EarlierSettings;
use crate::ops::Outcome;
use crate::server::Screens;

/// What is checked.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
    /// The earlier system's .env: say what becomes of its variables, instead of checking the configuration
    #[arg(long, value_name = "FILE")]
    env: Option<PathBuf>,
    /// Write what they become to this new file, and each secret to a file beside it that its owner alone can read
    #[arg(long, value_name = "FILE", requires = "env")]
    write: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.env {
        Some(file) => check_env(file, arguments.write.as_deref()),
        None => check(&arguments.config.config),
    }
}

/// Says what becomes of the earlier system's settings, and writes that.
fn check_env(file: &Path, write: Option<&Path>) -> Result<(), Failure> {
    let settings = EarlierSettings::read(file).map_err(|why| anyhow::anyhow!(why))?;
    print(&settings.to_string());
    if settings.has(Outcome::Wrong) {
        if write.is_some() {
            eprintln!(
                "bank-aicc: nothing was written; set right what is WRONG first, in a copy of the file if need be"
            );
        }
        return Err(Failure::NotGoodEnough);
    }
    let shown = file.display();
    if !settings.has(Outcome::Becomes) {
        print("\nnothing of it becomes a setting: the configuration as it is installed will do\n");
        return Ok(());
    }
    let Some(target) = write else {
        print(&format!(
            "\nnext: bank-aicc check --env {shown} --write FILE writes the settings and secrets to new files\n"
        ));
        return Ok(());
    };
    let written = settings.write(target).map_err(anyhow::Error::from)?;
    let mut text = String::from("\n");
    for path in [&written.settings].into_iter().chain(&written.secrets) {
        text.push_str(&format!("written: {}\n", path.display()));
    }
    text.push_str("next:\n");
    if !written.secrets.is_empty() {
        let secrets: Vec<String> = written.secrets.iter().map(|path| path.display().to_string()).collect();
        text.push_str(&format!("  chown bank-aicc {}    # the user who runs the server\n", secrets.join(" ")));
    }
    text.push_str(&format!(
        "  give the keys of {} the same values in /etc/bank-aicc/config.toml, which it does not replace\n  bank-aicc check\n",
        written.settings.display()
    ));
    print(&text);
    Ok(())
}

/// Says whether a configuration is good, and what is in effect.
fn check(path: &Path) -> Result<(), Failure> {
    let config = load(path)?;
    let mut wrong = Vec::new();
    let data_dir = &config.server.data_dir;
    if let Err(error) = try_writing(data_dir) {
        let found = format!("{} cannot be written to: {error}", data_dir.display());
        wrong.push(("server.data_dir", format!("{found}; allowed: a folder that this user may make or write to")));
    }
    let backups = config.server.resolve(&config.backup.folder);
    if config.backup.schedule.is_some()
        && let Err(error) = try_writing(&backups)
    {
        let found = format!("{} cannot be written to: {error}", backups.display());
        wrong.push(("backup.folder", format!("{found}; allowed: a folder that this user may make or write to")));
    }
    if let Err(error) = Screens::new(&config) {
        wrong.push(("web.theme.logo", error));
    }
    if let Some(pack) = &config.knowledge.pack
        && let Err(error) = import::read(&config.server.resolve(pack), &Readers::in_child())
    {
        wrong.push(("knowledge.pack", error.to_string()));
    }
    let mut files = edge::try_files(&config, Clock::system().now_utc());
    for (number, endpoint) in (1..).zip(&config.llm.endpoints) {
        let why = endpoint.ca_file.as_ref().and_then(|file| authorities::read(&config.server.resolve(file)).err());
        files.extend(why.map(|why| (format!("llm.endpoint.{number}.ca_file"), why)));
    }
    wrong.extend(files.iter().map(|(key, why)| (key.as_str(), why.clone())));
    if !wrong.is_empty() {
        return Err(config.refuse(wrong).into());
    }
    print(&format!("# {} is good. In effect:\n\n{}", path.display(), config.effective()));
    Ok(())
}

/// Writes to the folder, or to the one in which it would be made, and leaves nothing behind.
fn try_writing(folder: &Path) -> io::Result<()> {
    let mut existing = folder;
    while !existing.as_os_str().is_empty() && matches!(existing.metadata(), Err(error) if is_missing(&error)) {
        existing = existing.parent().unwrap_or(Path::new(""));
    }
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    // The file never has a name.
    tempfile::tempfile_in(existing).map(|_| ())
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
