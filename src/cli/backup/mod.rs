//! `bank-aicc backup`

mod create;
mod list;
mod progress;
mod restore;

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::backup::Identity;
use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::print;

/// What can be done with backups.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a backup while the server runs: database, certificates and configuration in one file
    ///
    /// Without a file it is made in the folder of [backup], named by its time, and of the older ones as many are kept as [backup]
    /// says. It gets its name only after it was read again and found good.
    Create(create::Arguments),
    /// List the backups of a folder, the newest first
    List {
        /// The folder; without it, that of [backup]
        folder: Option<PathBuf>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Read a backup to its end and compare every checksum
    ///
    /// Exit status 0 if it is as it was written, else 1.
    Verify {
        /// The backup; `-` is standard input
        file: PathBuf,
        /// The file of the private key, if it is encrypted
        #[arg(long, value_name = "FILE")]
        identity: Option<PathBuf>,
    },
    /// Put a backup in the place of what is there, which is moved aside
    ///
    /// Stop the server first: `systemctl stop bank-aicc.socket bank-aicc.service`. Begins only when the whole backup was read and
    /// found good.
    Restore(restore::Arguments),
    /// Make a pair of keys for encrypted backups: the private key in a file, the public one is printed
    ///
    /// The public key belongs into [backup] recipient. Carry the private key away from the server, and keep it: without it nobody
    /// can read the backups. The format is that of age; keys of `age-keygen` are as good.
    Keygen {
        /// The file of the private key, which must not be there yet
        file: PathBuf,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(arguments) => create::run(&arguments),
        Command::List { folder, config } => list::run(folder, &config.config),
        Command::Verify { file, identity } => restore::verify(&file, identity.as_deref()),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Keygen { file } => keygen(&file),
    }
}

fn keygen(file: &Path) -> Result<(), Failure> {
    let recipient = Identity::generate(file).context("no keys were made")?;
    print(&format!("{recipient}\n"));
    Ok(())
}

/// Bytes for people.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
