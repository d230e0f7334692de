//! How long upstreams took for a request, for the access log.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

/// How long each upstream that was asked took, as an extension of a response. It grows until the body is at its end, so read it
/// when the response was sent. Shown as nginx shows `$upstream_response_time`: seconds with three digits, several upstreams with
/// commas between, and `-` for none.
#[derive(Debug, Clone, Default)]
pub struct UpstreamTime {
    tries: Arc<Mutex<Vec<Try>>>,
}

#[derive(Debug)]
struct Try {
    address: Arc<str>,
    begun: Instant,
    taken: Option<Duration>,
}

impl UpstreamTime {
    /// The addresses of those that were asked, `host:port`, with commas between.
    pub fn addresses(&self) -> String {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.iter().map(|one| &*one.address).collect::<Vec<_>>().join(", ")
    }

    /// An upstream is asked from now on.
    pub(super) fn begin(&self, address: &Arc<str>) {
        let one = Try { address: Arc::clone(address), begun: Instant::now(), taken: None };
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).push(one);
    }

    /// The upstream that was asked last is done with.
    pub(super) fn end(&self) {
        if let Some(one) = self.tries.lock().unwrap_or_else(PoisonError::into_inner).last_mut() {
            one.taken.get_or_insert_with(|| one.begun.elapsed());
        }
    }
}

impl fmt::Display for UpstreamTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.is_empty() {
            return f.write_str("-");
        }
        for (number, one) in tries.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            let taken = one.taken.unwrap_or_else(|| one.begun.elapsed());
            write!(f, "{separator}{:.3}", taken.as_secs_f64())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_as_nginx_shows_them() {
        let time = UpstreamTime::default();
        assert_eq!(time.to_string(), "-");
        let tried = |address: &str, taken_ms| Try {
            address: address.into(),
            begun: Instant::now(),
            taken: Some(Duration::from_millis(taken_ms)),
        };
        time.tries.lock().unwrap().push(tried("a:80", 3));
        assert_eq!(time.to_string(), "0.003");
        time.tries.lock().unwrap().push(tried("b:80", 75_012));
        assert_eq!(time.to_string(), "0.003, 75.012");
        assert_eq!(time.addresses(), "a:80, b:80");
    }
}
