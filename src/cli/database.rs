//! The database for commands that have to work in an emergency: whatever else is wrong with the configuration, as long as it is
//! certain where the database is.

use std::path::Path;

use anyhow::Context as _;
use tokio_util::task::TaskTracker;

use crate::cli::Failure;
use crate::cli::be_the_owner;
use crate::cli::environment;
use crate::cli::serve::runtime;
use crate::config::Config;
use crate::config::Database;
use crate::store::Store;

/// Does something with the database that the configuration names, if there is one. What is wrong with the rest of it is told as a warning.
pub(super) fn with_database<T>(
    path: &Path,
    work: impl AsyncFnOnce(Config, Store) -> anyhow::Result<T>,
) -> Result<T, Failure> {
    let (config, wrong) = Config::salvage(path, environment()).inspect_err(|_| {
        eprintln!(
            "bank-aicc: it is not certain where the database is, so nothing was done; without the file, BANK_AICC__STORAGE__URL and \
             BANK_AICC__SERVER__DATA_DIR say it: --config /dev/null"
        );
    })?;
    if let Some(wrong) = wrong {
        let url = config.storage.url.display_masked();
        eprintln!("warning: the configuration is wrong beside the database, which is {url}\n{wrong}");
    }
    if let Database::Sqlite { file } = &config.storage.url {
        be_the_owner(&config.server.data_dir)?;
        let file = config.server.resolve(file);
        // An empty one would be made, and no server would look into it.
        if !file.exists() {
            let hint = "`bank-aicc serve` makes it; a relative server.data_dir begins where a command is started";
            return Err(anyhow::anyhow!("there is no database {}: {hint}", file.display()).into());
        }
    }
    runtime(&config)?.block_on(async {
        let tasks = TaskTracker::new();
        let store =
            Store::open(&config.storage, &config.server.data_dir, &tasks).await.context("opening the database")?;
        Ok(work(config, store).await?)
    })
}
