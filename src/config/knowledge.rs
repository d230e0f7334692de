//! `[knowledge]`: the documents that are answered from.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::section::Section;

/// The documents that are answered from.
#[derive(Debug, Clone, PartialEq)]
pub struct Knowledge {
    /// Knowledge pack, a folder or a .zip, that is imported at start when the store has none.
    pub pack: Option<PathBuf>,
    /// How often the store is asked whether another process published newer documents.
    pub reload_interval: Duration,
}

impl Knowledge {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            pack: section.key("pack", None),
            reload_interval: section.within(
                "reload_interval",
                Duration::from_secs(5),
                Duration::from_millis(100)..=Duration::from_hours(1),
            ),
        }
    }
}
