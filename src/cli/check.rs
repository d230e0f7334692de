//! `bank-aicc check`

use std::io;
use std::path::Path;

use crate::authorities;
use crate::cli::Failure;
use crate::cli::load;
use crate::cli::print;
use crate::clock::Clock;
use crate::edge;
use crate::knowledge::import;
use crate::knowledge::import::Readers;
use crate::server::Screens;

/// Says whether a configuration is good, and what is in effect.
pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let config = load(path)?;
    let mut wrong = Vec::new();
    let data_dir = &config.server.data_dir;
    if let Err(error) = try_writing(data_dir) {
        let found = format!("{} cannot be written to: {error}", data_dir.display());
        wrong.push(("server.data_dir", format!("{found}; allowed: a folder that this user may make or write to")));
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
