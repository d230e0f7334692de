//! Moves conversations of the earlier system into this one: `bank-aicc migrate-from`.
//!
//! [`conversation`] decides, purely, what becomes of each row; `store::earlier` reads them and `store::arrivals` stores them, many
//! conversations at a time. Nothing is ever changed there, and nothing here that began here. What is here already is skipped, so the
//! whole may be repeated, after it broke off or because the earlier system went on.

mod conversation;
mod report;
mod standing;
mod times;

use std::time::Duration;

use crate::domain::Timestamp;
use crate::knowledge::Pack;
use crate::ops::moving::conversation::Moved;
use crate::ops::moving::conversation::Site;
use crate::store::Arrival;
use crate::store::ArrivalError;
use crate::store::Earlier;
use crate::store::EarlierError;
use crate::store::EarlierMessage;
use crate::store::EarlierSession;
use crate::store::Store;
use crate::store::StoreError;

pub use report::MovingReport;

/// How many conversations are read at once.
const SESSIONS_MAX: u32 = 512;
/// How many messages are stored in one transaction, unless a single conversation has more: a running server waits for it.
const MESSAGES_MAX: u64 = 6_000;
/// How often conversations are decided anew because customers went on with them meanwhile.
const ATTEMPTS_MAX: usize = 10;
/// How many messages without a conversation are read at once.
const ORPHANS_MAX: u32 = 10_000;

/// Why moving broke off. What was stored until then stays.
#[derive(Debug, thiserror::Error)]
pub enum MovingError {
    /// The earlier system's data cannot be read.
    #[error(transparent)]
    Earlier(#[from] EarlierError),
    /// Nothing can be stored here.
    #[error("storing conversations here failed")]
    Store(#[from] StoreError),
    /// Customers or another run of the same command were always faster.
    #[error("the conversations changed here again and again while they were moved; repeat the command")]
    Contended,
    /// A task of this program ended early.
    #[error("reading conversations was interrupted; repeat the command, and report it if that does not help")]
    Interrupted,
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Messages that were read.
    pub messages: u64,
    /// Messages there are.
    pub of: u64,
}

/// Moves everything from `earlier` to `here`, or only says what would be moved. `here` is `None` where there is no database yet.
/// What is over and has not changed for `kept_for` stays there, since it would be deleted here; `None`: everything comes.
///
/// # Errors
/// Why it broke off; the report says what was done until then.
pub async fn move_in(
    earlier: &mut Earlier,
    here: Option<&Store>,
    is_rehearsal: bool,
    kept_for: Option<Duration>,
    now: Timestamp,
    mut progress: impl FnMut(Progress),
) -> (MovingReport, Result<(), MovingError>) {
    let mut report = MovingReport { is_rehearsal, ..MovingReport::default() };
    let moving = Moving { here, is_rehearsal, kept_for };
    let outcome = moving.run(earlier, now, &mut report, &mut progress).await;
    (report, outcome)
}

struct Moving<'s> {
    here: Option<&'s Store>,
    is_rehearsal: bool,
    kept_for: Option<Duration>,
}

/// Some conversations with their messages.
type Group = Vec<(EarlierSession, Vec<EarlierMessage>)>;

impl Moving<'_> {
    async fn run(
        &self,
        earlier: &mut Earlier,
        now: Timestamp,
        report: &mut MovingReport,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), MovingError> {
        let totals = earlier.totals();
        let expired_before = self.kept_for.map(|period| now.minus(period));
        let mut site = Site { categories: self.categories().await?, now, expired_before };
        if let Some(store) = self.here.filter(|_| !self.is_rehearsal) {
            store.arrivals().reserve(totals.last_message).await?;
        }
        let mut after = i64::MIN;
        loop {
            let sessions = earlier.sessions(after, SESSIONS_MAX).await?;
            let (Some(first), Some(last)) = (sessions.first(), sessions.last()) else { break };
            after = last.row;
            let counts = earlier.message_counts(first.row, last.row).await?;
            for sessions in groups(sessions, &counts) {
                let (Some(first), Some(last)) = (sessions.first(), sessions.last()) else { continue };
                let messages = earlier.messages(first.row, last.row).await?;
                let moved;
                (moved, site) = self.bring(with_messages(sessions, messages), site).await?;
                moved.into_iter().for_each(|one| report.add(one));
                progress(Progress { messages: report.messages.read, of: totals.messages });
            }
        }
        if report.messages.read < totals.messages {
            self.note_orphans(earlier, report).await?;
        }
        Ok(())
    }

    /// The names of the categories of the pack in use. Without a pack that can be read, those of the earlier system stay as they are.
    async fn categories(&self) -> Result<Vec<String>, StoreError> {
        let Some(store) = self.here else { return Ok(Vec::new()) };
        let Some(digest) = store.packs().active_digest().await? else { return Ok(Vec::new()) };
        let content = store.packs().content(&digest).await?;
        let pack = content.and_then(|content| Pack::from_bytes(&content).ok());
        Ok(pack.map_or_else(Vec::new, |pack| pack.categories.into_iter().map(|category| category.name).collect()))
    }

    /// Decides what becomes of some conversations and stores them, anew if what is here changed meanwhile.
    async fn bring(&self, group: Group, site: Site) -> Result<(Vec<Moved>, Site), MovingError> {
        let (mut group, mut site) = (group, site);
        for _ in 0..ATTEMPTS_MAX {
            let known: Vec<_> = group.iter().map(|(row, messages)| conversation::known_by(row, messages)).collect();
            let here = match self.here {
                Some(store) => store.arrivals().here(&known).await?,
                None => vec![None; known.len()],
            };
            // Masking a thousand messages takes longer than anybody else on this thread should wait.
            let decide = move || {
                let moved: Vec<Moved> = group
                    .iter()
                    .zip(here)
                    .map(|((row, messages), here)| conversation::decide(row, messages, here, &site))
                    .collect();
                (moved, group, site)
            };
            let mut moved;
            (moved, group, site) = tokio::task::spawn_blocking(decide).await.map_err(|_| MovingError::Interrupted)?;
            let arrivals: Vec<Arrival> = moved.iter_mut().filter_map(|one| one.arrival.take()).collect();
            match self.store(&arrivals).await {
                Ok(renumbered) => {
                    let mut outcomes = arrivals.iter().zip(renumbered);
                    for one in moved.iter_mut().filter(|one| one.arrives) {
                        if let Some((arrival, true)) = outcomes.next() {
                            one.note_renumbered(arrival);
                        }
                    }
                    return Ok((moved, site));
                }
                Err(ArrivalError::Changed) => {}
                Err(ArrivalError::Store(error)) => return Err(error.into()),
            }
        }
        Err(MovingError::Contended)
    }

    async fn store(&self, arrivals: &[Arrival]) -> Result<Vec<bool>, ArrivalError> {
        match self.here {
            Some(_) | None if arrivals.is_empty() => Ok(Vec::new()),
            None => Ok(vec![false; arrivals.len()]),
            Some(store) if self.is_rehearsal => Ok(store.arrivals().renumbered(arrivals).await?),
            Some(store) => store.arrivals().store(arrivals).await,
        }
    }

    async fn note_orphans(&self, earlier: &mut Earlier, report: &mut MovingReport) -> Result<(), MovingError> {
        let mut after = i64::MIN;
        loop {
            let orphans = earlier.orphans(after, ORPHANS_MAX).await?;
            let Some((last, _)) = orphans.last() else { return Ok(()) };
            after = *last;
            for (id, session) in orphans {
                report.add_orphan(&session, id);
            }
        }
    }
}

/// Cuts conversations into groups of so many messages.
fn groups(sessions: Vec<EarlierSession>, counts: &[(i64, u64)]) -> Vec<Vec<EarlierSession>> {
    let mut groups: Vec<Vec<EarlierSession>> = Vec::new();
    let (mut in_group, mut counts) = (u64::MAX, counts.iter().peekable());
    for session in sessions {
        let count = counts.next_if(|(row, _)| *row == session.row).map_or(0, |(_, count)| *count);
        if in_group.saturating_add(count) > MESSAGES_MAX {
            groups.push(Vec::new());
            in_group = 0;
        }
        in_group += count;
        if let Some(group) = groups.last_mut() {
            group.push(session);
        }
    }
    groups
}

/// Gives each conversation its messages; both are in the order of the conversations' rows.
fn with_messages(sessions: Vec<EarlierSession>, messages: Vec<EarlierMessage>) -> Group {
    let mut messages = messages.into_iter().peekable();
    let mut group = Vec::with_capacity(sessions.len());
    for session in sessions {
        let mut own = Vec::new();
        while let Some(message) = messages.next_if(|message| message.session_row == session.row) {
            own.push(message);
        }
        group.push((session, own));
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_are_grouped_by_their_messages() {
        let sessions: Vec<_> = (1..=6).map(|row| EarlierSession { row, ..EarlierSession::default() }).collect();
        let counts = [(1, 4_000), (2, 2_000), (4, 1), (5, 50_000), (6, 10)];
        let rows: Vec<Vec<i64>> = groups(sessions, &counts).iter().map(|g| g.iter().map(|s| s.row).collect()).collect();
        assert_eq!(rows, [vec![1, 2, 3], vec![4], vec![5], vec![6]]);
        assert!(groups(Vec::new(), &[]).is_empty());
    }
}
