//! `bank-aicc backup create`

use std::io::BufWriter;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::backup;
use crate::backup::Wish;
use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::backup::megabytes;
use crate::cli::backup::progress::Line;
use crate::cli::load;
use crate::cli::print;
use crate::cli::serve::runtime;
use crate::cli::serve::until_signal;
use crate::clock::Clock;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The backup's file, which must not be there yet; `-` is standard output
    file: Option<PathBuf>,
    /// Make it in this folder, named by its time, and remove nothing
    #[arg(long, value_name = "FOLDER", conflicts_with = "file")]
    to: Option<PathBuf>,
    /// Also put in the files of passwords, keys and certificates that the configuration names; only towards standard output, to be
    /// encrypted
    #[arg(long)]
    with_secrets: bool,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { file, to, with_secrets, config } = arguments;
    let config = load(&config.config)?;
    let is_standard_output = file.as_ref().is_some_and(|file| file.as_os_str() == "-");
    if *with_secrets && !is_standard_output {
        let how = "bank-aicc backup create --with-secrets - | age -r age1… > FILE";
        return Err(anyhow::anyhow!("--with-secrets writes to standard output only, to be encrypted: `{how}`").into());
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
    let wish = Wish { config: &config, clock: &clock, handle, cancelled: &cancelled, with_secrets: *with_secrets };
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

/// What is not in it, a line each.
fn told(not_in_it: &[String]) -> String {
    not_in_it.iter().map(|what| format!("not in it: {what}\n")).collect()
}
