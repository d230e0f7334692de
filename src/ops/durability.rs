//! Whether what is stored would survive: the database's own file, and the backups of it.

use time::Duration;
use time::OffsetDateTime;

use crate::backup;
use crate::config::Config;
use crate::ops::doctor::Finding;
use crate::store;
use crate::store::Soundness;
use crate::store::StoreError;
use crate::telemetry::chain;

/// Older than this, the newest backup of a daily schedule is missed.
const BACKUP_AGE_MAX: Duration = Duration::hours(48);

/// Looks through the database's file, and at the backups.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(database(config).await);
    findings.extend(knowledge(config).await);
    findings.extend(backups(config, OffsetDateTime::now_utc()));
    findings
}

/// Nothing is said of a database that looks after itself.
async fn database(config: &Config) -> Option<Finding> {
    let subject = format!("database {}", config.storage.url.display_masked());
    let restore = "stop the service, look for disk errors with `journalctl -k`, and restore the newest good backup: \
                   `bank-aicc backup list`, `bank-aicc backup restore FILE`; the damaged file is moved aside";
    Some(match store::examine(&config.storage, &config.server.data_dir).await {
        Ok(Soundness::Sound) => Finding::good(subject, "its file was looked through, and is sound"),
        Ok(Soundness::Absent) => Finding::good(subject, "is made when the server first starts"),
        Ok(Soundness::Elsewhere) => return None,
        Err(error @ StoreError::Damaged(_)) => {
            let what = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            Finding::problem(subject, format!("its file is damaged: {what}"), restore)
        }
        Err(error @ StoreError::HalfRestored { .. }) => {
            Finding::problem(subject, error.to_string(), "run the same restore again")
        }
        Err(error @ StoreError::BeingRestored) => {
            Finding::warning(subject, error.to_string(), "run doctor again when the restore has ended")
        }
        Err(error) => {
            let remedy = "run doctor as the user who runs the server";
            Finding::warning(subject, format!("could not be looked through: {}", chain(&error)), remedy)
        }
    })
}

/// Whether there is anything to answer from, and whether the database lets the server in. Nothing is said where nothing was stored yet.
async fn knowledge(config: &Config) -> Option<Finding> {
    Some(match store::has_pack(&config.storage, &config.server.data_dir).await {
        Ok(Some(true)) => Finding::good("knowledge", "a pack is imported"),
        Ok(Some(false)) => {
            let remedy = "import one: `bank-aicc knowledge import PATH`";
            Finding::warning("knowledge", "no pack is imported, so no question is answered from documents", remedy)
        }
        Ok(None) => return None,
        // Told of the database already, or set right by the next start.
        Err(
            StoreError::Damaged(_)
            | StoreError::HalfRestored { .. }
            | StoreError::BeingRestored
            | StoreError::OlderSchema { .. },
        ) => return None,
        Err(error) => {
            let subject = format!("database {}", config.storage.url.display_masked());
            let remedy = "check that it runs, and user, password and rights of storage.url; for a file, run doctor as the user who \
                          runs the server";
            Finding::problem(subject, format!("does not let this program in: {}", chain(&error)), remedy)
        }
    })
}

/// Nothing is said where none is to be made.
fn backups(config: &Config, now: OffsetDateTime) -> Option<Finding> {
    config.backup.schedule?;
    let folder = config.server.resolve(&config.backup.folder);
    let subject = format!("backups {}", folder.display());
    let remedy = "make one: `bank-aicc backup create`; look for `no backup was made` in the log, which says why";
    Some(match backup::newest(&folder) {
        Ok(Some(at)) => {
            let found = format!("the newest is {} hours old", (now - at).whole_hours());
            if now - at > BACKUP_AGE_MAX {
                Finding::warning(subject, found, remedy)
            } else {
                Finding::good(subject, found)
            }
        }
        Ok(None) => Finding::warning(subject, "there is none yet", remedy),
        Err(error) => Finding::warning(subject, error.to_string(), "run doctor as the user who runs the server"),
    })
}
