//! `bank-aicc backup create`

use std::io::BufWriter;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::backup;
use crate::backup::Recipient;
use crate::backup::Wish;
use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::backup::megabytes;
use crate::cli::backup::progress::Line;
use crate::cli::be_the_owner;
use crate::cli::load;
use crate::cli::print;
use crate::cli::serve::runtime;
use crate::cli::serve::until_signal;
use crate::clock::Clock;
use crate::config::refusal_of_recipient;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The backup's file, which must not be there yet; `-` is standard output
    file: Option<PathBuf>,
    /// Make it in this folder, named by its time, and remove nothing
    #[arg(long, value_name = "FOLDER", conflicts_with = "file")]
    to: Option<PathBuf>,
    /// Encrypt it to this public key of age; without it, to that of [backup], if there is one
    #[arg(long, value_name = "KEY")]
    recipient: Option<String>,
    /// Also put in the files of passwords, keys and certificates that the configuration names; only into a backup that is encrypted, or
    /// towards standard output, to be encrypted there
    #[arg(long)]
    with_secrets: bool,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { file, to, recipient, with_secrets, config } = arguments;
    let config = load(&config.config)?;
    be_the_owner(&config.server.data_dir).context("no backup was made")?;
    let is_standard_output = file.as_ref().is_some_and(|file| file.as_os_str() == "-");
    let recipient = recipient.as_deref().map(named).transpose()?;
    let recipient = recipient.as_ref().or(config.backup.recipient.as_ref());
    if *with_secrets && recipient.is_none() && !is_standard_output {
        let how = "name the public key to encrypt it to: `--recipient age1…`; `bank-aicc backup keygen FILE` makes one";
        return Err(anyhow::anyhow!("--with-secrets is for backups that are encrypted; {how}").into());
    }
    if is_standard_output && std::io::stdout().is_terminal() {
        return Err(
            anyhow::anyhow!("a backup is no text for a terminal; send it on: `… | age …`, or name a file").into()
        );
    }
    let runtime = runtime(&config)?;
    // Told to end, it removes what it has begun.
    let cancelled = runtime.block_on(async { until_signal() })?;
    let clock = Clock::system();
    let handle = runtime.handle();
    let (cancelled, with_secrets) = (&cancelled, *with_secrets);
    let wish = Wish { config: &config, clock: &clock, handle, cancelled, recipient, with_secrets };
    let mut line = Line::new("backing up");
    let mut progress = |done, all| line.show(done, all);
    if is_standard_output {
        let to = BufWriter::new(std::io::stdout().lock());
        let not_in_it = backup::write_to(&wish, to, &mut progress).context("no backup was made")?;
        drop(line);
        eprint!("{}", told(&not_in_it));
        return Ok(());
    }
    let folder = config.server.resolve(&config.backup.folder);
    let made = match (file, to) {
        (Some(file), _) => backup::create(&wish, file, &mut progress),
        (None, Some(folder)) => backup::create_in(&wish, folder, &mut progress),
        (None, None) => backup::create_in(&wish, &folder, &mut progress),
    };
    let made = made.context("no backup was made")?;
    drop(line);
    print(&format!("{} ({})\n{}", made.path.display(), megabytes(made.bytes), told(&made.not_in_it)));
    if file.is_none() && to.is_none() {
        let removed = backup::retain(&folder, config.backup.keep, &made.path);
        let removed = removed.context("the backup was made, but old ones stay")?;
        for path in removed {
            print(&format!("removed {}\n", path.display()));
        }
    }
    Ok(())
}

fn named(recipient: &str) -> anyhow::Result<Recipient> {
    recipient.parse().map_err(|_| anyhow::anyhow!("--recipient: {}", refusal_of_recipient(recipient)))
}

/// What is not in it, a line each.
fn told(not_in_it: &[String]) -> String {
    not_in_it.iter().map(|what| format!("not in it: {what}\n")).collect()
}
