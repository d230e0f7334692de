//! Lines that wait to be written: one buffer of bounded size, which the writer takes as a whole.

use std::mem;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long the writer lets lines gather, so that it is not woken for each of them.
const GATHER_TIME: Duration = Duration::from_millis(100);
/// What gathers before the writer is woken all the same: a buffer that stays in the processor's cache.
const BATCH_BYTES: usize = 256 << 10;
/// A buffer that a burst made larger than this is given back.
const IDLE_BYTES: usize = 4 * BATCH_BYTES;

/// Between the requests and the writer.
pub(super) struct Queue {
    state: Mutex<State>,
    /// For the writer: there is something to do.
    wake: Condvar,
    /// For [`Queue::close`]: the writer is done.
    done: Condvar,
    dropped_total: AtomicU64,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    bytes_max: usize,
    dropped_count: u64,
    /// Lines were dropped and the writer has not caught up since.
    overflows: bool,
    /// The file is to be opened anew after this many bytes of `lines`.
    reopens_after: Option<usize>,
    closes: bool,
    is_done: bool,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Queued,
    /// There was no room for it.
    Dropped,
    /// As before, and it is the first of a series.
    FirstDropped,
}

/// What the writer shall do next.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) lines: Vec<u8>,
    /// Lines that found no room since the last time.
    pub(super) dropped_count: u64,
    /// Open the file anew after this many bytes of `lines`.
    pub(super) reopens_after: Option<usize>,
    /// There is nothing after this.
    pub(super) closes: bool,
}

impl State {
    fn is_batch(&self, bytes: usize) -> bool {
        bytes >= BATCH_BYTES.min(self.bytes_max / 2)
    }
}

impl Queue {
    pub(super) fn new(bytes_max: usize) -> Self {
        let state = State { bytes_max, ..State::default() };
        Self { state: Mutex::new(state), wake: Condvar::new(), done: Condvar::new(), dropped_total: AtomicU64::new(0) }
    }

    /// Lines that found no room, ever.
    pub(super) fn dropped_total(&self) -> u64 {
        self.dropped_total.load(Ordering::Relaxed)
    }

    pub(super) fn set_bytes_max(&self, bytes_max: usize) {
        self.lock().bytes_max = bytes_max;
    }

    /// Adds a line, if there is room. Does not wait for the disk.
    pub(super) fn push(&self, line: &[u8]) -> Outcome {
        let mut state = self.lock();
        let bytes = state.lines.len();
        if bytes + line.len() > state.bytes_max || state.closes {
            state.dropped_count += 1;
            self.dropped_total.fetch_add(1, Ordering::Relaxed);
            return if mem::replace(&mut state.overflows, true) { Outcome::Dropped } else { Outcome::FirstDropped };
        }
        state.lines.extend_from_slice(line);
        let is_batch = !state.is_batch(bytes) && state.is_batch(state.lines.len());
        let wakes = bytes == 0 || is_batch;
        drop(state);
        if wakes {
            self.wake.notify_one();
        }
        Outcome::Queued
    }

    /// Has the writer open its file anew, after the lines that are queued.
    pub(super) fn reopen(&self) {
        let mut state = self.lock();
        state.reopens_after = Some(state.lines.len());
        self.wake.notify_one();
    }

    /// Waits for something to do. `work` is what was done before, whose buffer is used again.
    pub(super) fn take(&self, work: &mut Work) {
        work.lines.clear();
        work.lines.shrink_to(IDLE_BYTES);
        let is_urgent = |state: &State| state.reopens_after.is_some() || state.closes;
        let state = self.lock();
        let waiting = self.wake.wait_while(state, |state| state.lines.is_empty() && !is_urgent(state));
        let state = waiting.unwrap_or_else(PoisonError::into_inner);
        let waiting = self
            .wake
            .wait_timeout_while(state, GATHER_TIME, |state| !state.is_batch(state.lines.len()) && !is_urgent(state));
        let (mut state, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut state.lines, &mut work.lines);
        work.dropped_count = mem::take(&mut state.dropped_count);
        work.reopens_after = state.reopens_after.take();
        work.closes = state.closes;
        if work.dropped_count == 0 {
            state.overflows = false;
        }
    }

    /// The writer will not take anything any more.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        (state.closes, state.is_done) = (true, true);
        self.done.notify_all();
    }

    /// Takes no more lines, and waits until those that are queued are written, at most for `patience`.
    pub(super) fn close(&self, patience: Duration) {
        let mut state = self.lock();
        state.closes = true;
        self.wake.notify_one();
        drop(self.done.wait_timeout_while(state, patience, |state| !state.is_done));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(queue: &Queue) -> (String, u64) {
        let mut work = Work::default();
        queue.take(&mut work);
        (String::from_utf8(work.lines).unwrap(), work.dropped_count)
    }

    #[test]
    fn lines_beyond_the_bound_are_dropped_counted_and_told_once() {
        let queue = Queue::new(6);
        assert_eq!(["a\n", "b\n", "c\n"].map(|line| queue.push(line.as_bytes())), [Outcome::Queued; 3]);
        assert_eq!(queue.push(b"d\n"), Outcome::FirstDropped);
        assert_eq!(queue.push(b"e\n"), Outcome::Dropped);
        assert_eq!(taken(&queue), ("a\nb\nc\n".to_owned(), 2));
        assert_eq!(queue.push(b"f\n"), Outcome::Queued);
        assert_eq!(queue.push(b"too long\n"), Outcome::Dropped, "the writer has not caught up yet");
        assert_eq!(taken(&queue), ("f\n".to_owned(), 1));
        assert_eq!(queue.push(b"g\n"), Outcome::Queued);
        assert_eq!(taken(&queue), ("g\n".to_owned(), 0));
        assert_eq!(queue.push(b"too long\n"), Outcome::FirstDropped, "a new series");
    }

    #[test]
    fn closing_waits_for_the_writer_but_not_for_ever() {
        let queue = Queue::new(100);
        queue.push(b"last\n");
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut work = Work::default();
                queue.take(&mut work);
                assert!(work.closes && work.lines == b"last\n");
                queue.finish();
            });
            queue.close(Duration::from_secs(60));
            writer.join().unwrap();
        });
        assert_eq!(queue.push(b"late\n"), Outcome::FirstDropped);
        Queue::new(100).close(Duration::from_millis(1));
    }
}
