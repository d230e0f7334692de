//! `bank-aicc check`

use std::path::Path;

use crate::cli::Failure;
use crate::cli::load;

/// Says whether a configuration is good, and what is in effect.
pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let config = load(path)?;
    println!("# {} is good. In effect:\n", path.display());
    print!("{}", config.effective());
    Ok(())
}
