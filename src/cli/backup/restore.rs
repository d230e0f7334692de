//! `bank-aicc backup restore` and `bank-aicc backup verify`

use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::backup;
use crate::backup::Destination;
use crate::backup::Identity;
use crate::backup::Restored;
use crate::backup::Source;
use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::backup::list::shown;
use crate::cli::backup::progress::Line;
use crate::cli::be_the_owner;
use crate::cli::load;
use crate::cli::print;
use crate::cli::serve::runtime;
use crate::clock::Clock;
use crate::config::Config;

const STANDARD_INPUT: &str = "standard input";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The backup; `-` is standard input
    file: PathBuf,
    /// Restore into this folder instead of the installation, whatever the configuration says; a database becomes a SQLite file there
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// The file of the private key, if it is encrypted
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

/// Reads all of a backup.
pub(super) fn verify(file: &Path, identity: Option<&Path>) -> Result<(), Failure> {
    let identity = identity.map(Identity::read).transpose().map_err(anyhow::Error::from)?;
    let identity = identity.as_ref();
    let mut line = Line::new("reading");
    let mut progress = |done, all| line.show(done, all);
    let verified = if is_standard_input(file) {
        backup::verify(std::io::stdin().lock(), 0, STANDARD_INPUT, identity, &mut |_, _| ())
    } else {
        Source::open(file, identity).and_then(|source| source.verify(&mut progress))
    };
    let verified = verified.map_err(anyhow::Error::from)?;
    drop(line);
    let manifest = &verified.manifest;
    let mut text = format!(
        "good: made {} by bank-aicc {} of a {}, {} entries as they were written\n",
        shown(manifest.made_at_ms),
        manifest.program,
        manifest.database,
        verified.entries
    );
    let tables = verified.rows.iter().map(|(table, count)| (table, *count));
    rows(&mut text, tables);
    for what in &manifest.not_in_it {
        let _ = writeln!(text, "not in it: {what}");
    }
    print(&text);
    Ok(())
}

/// Puts a backup in the place of what is there.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { file, to, identity, config } = arguments;
    let identity = identity.as_deref().map(Identity::read).transpose().context("nothing was restored")?;
    let config = match to {
        // The installation's own configuration says nothing about another folder.
        Some(_) => Config::default(),
        None => load(&config.config)?,
    };
    let data_dir = to.as_ref().unwrap_or(&config.server.data_dir);
    let data_dir = std::path::absolute(data_dir).context("finding the folder to restore into")?;
    be_the_owner(&data_dir).context("nothing was restored")?;
    let source = if is_standard_input(file) {
        Source::spool(&mut std::io::stdin().lock(), STANDARD_INPUT, &data_dir, identity.as_ref())
    } else {
        Source::open(file, identity.as_ref())
    };
    let source = source.context("nothing was restored")?;
    let runtime = runtime(&config)?;
    let destination = Destination { storage: &config.storage, data_dir: &data_dir, takes_any: to.is_some() };
    let (mut verifying, mut filling) = (Line::new("reading"), Line::new("restoring"));
    let mut verify = |done, all| verifying.show(done, all);
    let mut fill = |done, all| filling.show(done, all);
    let progress: [backup::Progress<'_>; 2] = [&mut verify, &mut fill];
    let restored = backup::restore(runtime.handle(), &destination, &source, &Clock::system(), progress);
    drop((verifying, filling));
    let restored = match restored {
        Ok(restored) => restored,
        Err(halfway @ backup::BackupError::Halfway(_)) => return Err(anyhow::Error::from(halfway).into()),
        Err(error) => {
            return Err(anyhow::Error::from(error).context("nothing was restored, and nothing was changed").into());
        }
    };
    print(&told(&restored, &data_dir));
    Ok(())
}

fn told(restored: &Restored, data_dir: &Path) -> String {
    let Restored { manifest, rows: counts, aside, configuration } = restored;
    let made_at = shown(manifest.made_at_ms);
    let mut text = format!("restored into {} what was backed up {made_at}\n", data_dir.display());
    rows(&mut text, counts.iter().map(|(table, count)| (table, *count)));
    for aside in aside {
        let _ = writeln!(text, "what was there before: {aside}");
    }
    if let Some(folder) = configuration {
        let _ = writeln!(text, "the configuration, to compare with the one in use: {}", folder.display());
    }
    for what in &manifest.not_in_it {
        let _ = writeln!(text, "not in the backup: {what}");
    }
    text
}

fn rows<'r>(text: &mut String, tables: impl Iterator<Item = (&'r String, u64)>) {
    for (table, count) in tables {
        let _ = writeln!(text, "{count:>10}  {table}");
    }
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}
