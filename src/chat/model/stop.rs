//! What ends a question to a model before its time.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::chat::cells::Cell;
use crate::chat::model::switches::Switches;

/// Everything that may end a question.
#[derive(Clone)]
pub struct Stop {
    /// Nobody waits for the answer any more.
    left: CancellationToken,
    /// In which the customer may write again, or an agent take over, and how often that had happened before.
    cell: Option<(Arc<Cell>, u64)>,
    shutdown: CancellationToken,
    switches: Switches,
    category: Option<String>,
}

impl Stop {
    pub(super) fn new(
        left: CancellationToken,
        cell: Option<Arc<Cell>>,
        shutdown: CancellationToken,
        switches: Switches,
        category: Option<String>,
    ) -> Self {
        let cell = cell.map(|cell| {
            let waits = cell.waits();
            (cell, waits)
        });
        Self { left, cell, shutdown, switches, category }
    }

    /// Waits for it; why, in one word for the record.
    pub(super) async fn wait(&self) -> &'static str {
        tokio::select! {
            biased;
            () = self.left.cancelled() => "left",
            () = self.shutdown.cancelled() => "shutdown",
            () = self.switches.off(self.category.as_deref()) => "switched_off",
            () = self.until_wanted() => "hurried",
        }
    }

    async fn until_wanted(&self) {
        match &self.cell {
            Some((cell, waits)) => cell.until_wanted(*waits).await,
            None => std::future::pending().await,
        }
    }
}
