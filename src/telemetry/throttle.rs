//! Keeps what strangers can cause from flooding the log.
//!
//! A line that anybody on the network can bring about (a refused connection, a failed handshake) is said through a
//! [`Throttle`] of its kind:
//!
//! ```text
//! if let Some(unsaid) = self.failed_handshakes.admit() {
//!     tracing::warn!(client = %address, error = %chain(&error), unsaid, "a TLS handshake failed");
//! }
//! ```
//!
//! The totals belong in a metric beside it, since nobody is told of what was not said after the last line.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

/// How long a line's kind is watched.
const WINDOW: Duration = Duration::from_secs(10);
/// Lines of one kind that are said in each window.
const LINES_MAX: u32 = 5;

/// Lets the first lines of one kind through, and counts the others: at most five in ten seconds.
#[derive(Debug, Default)]
pub struct Throttle {
    window: Mutex<Option<Window>>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    said: u32,
    unsaid: u64,
}

impl Throttle {
    /// Whether to say this one, and then how many more like it were not said in the ten seconds before.
    pub fn admit(&self) -> Option<u64> {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> Option<u64> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *window {
            Some(window) if now.saturating_duration_since(window.began) < WINDOW => {
                if window.said == LINES_MAX {
                    window.unsaid += 1;
                    return None;
                }
                window.said += 1;
                Some(0)
            }
            before => {
                let unsaid = before.as_ref().map_or(0, |window| window.unsaid);
                *before = Some(Window { began: now, said: 1, unsaid: 0 });
                Some(unsaid)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_few_lines_and_a_count() {
        let (throttle, begin) = (Throttle::default(), Instant::now());
        let said = (0..1_000).filter(|ms| throttle.admit_at(begin + Duration::from_millis(*ms)).is_some()).count();
        assert_eq!(said, 5);
        assert_eq!(throttle.admit_at(begin + Duration::from_millis(9_999)), None);
        assert_eq!(throttle.admit_at(begin + Duration::from_secs(10)), Some(996), "what was not said before");
        assert_eq!(throttle.admit_at(begin + Duration::from_secs(11)), Some(0));
        assert_eq!(throttle.admit_at(begin + Duration::from_secs(60)), Some(0), "nothing was left unsaid");
    }
}
