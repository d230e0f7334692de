//! `bank-aicc verify`

use std::path::PathBuf;

use crate::cli::Failure;
use crate::cli::print;
use crate::ops;
use crate::ops::Release;
use crate::ops::ReleaseError;
use crate::ops::ReleaseKey;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// An air-gap bundle, a package, or a SHA256SUMS with all it names beside it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The publisher's minisign public key, itself or a file that holds it; otherwise the one this program was built with
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<String>,
}

/// Says whether a file is as it was published.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let key = ReleaseKey::find(arguments.key.as_deref()).map_err(anyhow::Error::from)?;
    let file = arguments.file.display();
    match ops::verify(&arguments.file, &key) {
        Ok(Release { version, files }) => {
            let (id, plural) = (key.id(), if files == 1 { "" } else { "s" });
            print(&format!("{file}: good. bank-aicc {version}, signed with key {id}; {files} file{plural} compared\n"));
            Ok(())
        }
        Err(error @ ReleaseError::Unreadable { .. }) => Err(anyhow::Error::from(error).into()),
        Err(
            error @ (ReleaseError::Truncated(_)
            | ReleaseError::Foreign(_)
            | ReleaseError::OtherKey(_)
            | ReleaseError::Tampered(_)),
        ) => {
            eprintln!("bank-aicc: {file} is REFUSED: {error}");
            Err(Failure::NotGoodEnough)
        }
    }
}
