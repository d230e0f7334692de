//! `bank-aicc backup list`

use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::backup;
use crate::backup::BackupError;
use crate::cli::Failure;
use crate::cli::backup::megabytes;
use crate::cli::load;
use crate::cli::print;
use crate::clock::to_kst;
use crate::domain::Timestamp;

/// Shows the backups of a folder.
pub(super) fn run(folder: Option<PathBuf>, config: &Path) -> Result<(), Failure> {
    let folder = match folder {
        Some(folder) => folder,
        None => {
            let config = load(config)?;
            config.server.resolve(&config.backup.folder)
        }
    };
    let found = if folder.exists() { backup::list(&folder).context("no backups can be listed")? } else { Vec::new() };
    let mut text = format!("{}\n", folder.display());
    for file in &found {
        let _ = write!(text, "{}\t{}\t", file.name, megabytes(file.bytes));
        let _ = match &file.manifest {
            Ok(manifest) => {
                writeln!(text, "{}\tbank-aicc {}, {}", shown(manifest.made_at_ms), manifest.program, manifest.database)
            }
            Err(BackupError::Sealed(_)) => {
                writeln!(text, "{}\tencrypted", file.made_at_ms().map_or_else(|| "-".to_owned(), shown))
            }
            Err(error) => writeln!(text, "{error}"),
        };
    }
    if found.is_empty() {
        text.push_str("no backups\n");
    }
    print(&text);
    Ok(())
}

/// On Korea's wall clock.
pub(super) fn shown(unix_ms: i64) -> String {
    let at = to_kst(Timestamp::from_unix_ms(unix_ms));
    format!("{} {:02}:{:02} KST", at.date(), at.hour(), at.minute())
}
