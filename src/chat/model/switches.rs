//! Whether the model may be used now: the switches that an operator sets, as the database has them.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::watch;

use crate::store::Switch;

/// The switches as they were last read.
#[derive(Clone)]
pub(super) struct Switches {
    state: Arc<watch::Sender<Switched>>,
}

/// What is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Switched {
    is_off: bool,
    categories: BTreeSet<String>,
}

impl Switched {
    /// Whether the model may answer messages of this category.
    pub(super) fn allows(&self, category: Option<&str>) -> bool {
        !self.is_off && category.is_none_or(|category| !self.categories.contains(category))
    }
}

impl Switches {
    /// Off until the database was asked.
    pub(super) fn new() -> Self {
        let unknown = Switched { is_off: true, categories: BTreeSet::new() };
        Self { state: Arc::new(watch::Sender::new(unknown)) }
    }

    /// Takes over what the database has.
    pub(super) fn update(&self, switches: &[Switch]) {
        let off = switches.iter().filter(|switch| switch.is_off);
        let (all, categories): (Vec<&Switch>, Vec<&Switch>) = off.partition(|switch| switch.category.is_empty());
        let categories = categories.into_iter().map(|switch| switch.category.clone()).collect();
        let switched = Switched { is_off: !all.is_empty(), categories };
        self.state.send_if_modified(|state| {
            let is_new = *state != switched;
            if is_new {
                tracing::info!(is_off = switched.is_off, categories = ?switched.categories, "the model's switches changed");
                *state = switched;
            }
            is_new
        });
    }

    pub(super) fn allow(&self, category: Option<&str>) -> bool {
        self.state.borrow().allows(category)
    }

    /// Waits until the model may no longer be used for this category.
    pub(super) async fn off(&self, category: Option<&str>) {
        let mut state = self.state.subscribe();
        if state.wait_for(|switched| !switched.allows(category)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn switch(category: &str, is_off: bool) -> Switch {
        let (reason, changed_by) = (String::new(), String::new());
        Switch { category: category.to_owned(), is_off, reason, changed_by, changed_at_ms: 0 }
    }

    #[tokio::test]
    async fn what_is_off_is_off_at_once() {
        let switches = Switches::new();
        assert!(!switches.allow(None), "nothing is known yet");
        switches.update(&[switch("대출", true), switch("", false)]);
        assert!(switches.allow(None) && switches.allow(Some("카드")) && !switches.allow(Some("대출")));
        let waits = tokio::spawn({
            let switches = switches.clone();
            async move { switches.off(Some("카드")).await }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        switches.update(&[switch("", true)]);
        waits.await.unwrap();
        assert!(!switches.allow(Some("카드")) && !switches.allow(None));
    }
}
