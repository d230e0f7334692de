//! What the process takes of the machine, under the names all of Prometheus' clients use.

use std::fs;

use crate::telemetry::Kind;
use crate::telemetry::Metrics;

/// Ticks of `/proc` in a second: fixed on every architecture this is built for (`USER_HZ`, proc(5)).
const TICKS_PER_SECOND: f64 = 100.0;

/// Adds the process' figures.
pub(super) fn register(metrics: &Metrics) {
    metrics.register("bank_aicc_build_info", "The program's version.", Kind::Gauge, |samples| {
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("arch", std::env::consts::ARCH)];
        samples.add(&labels, 1_u64);
    });
    metrics.register("process_start_time_seconds", "Unix time of the start.", Kind::Gauge, |samples| {
        if let Some(seconds) = start_seconds() {
            samples.add(&[], seconds);
        }
    });
    metrics.register("process_resident_memory_bytes", "Memory in use.", Kind::Gauge, |samples| {
        if let Some(bytes) = resident_bytes() {
            samples.add(&[], bytes);
        }
    });
    metrics.register("process_cpu_seconds", "Processor time spent.", Kind::Counter, |samples| {
        if let Some(seconds) = cpu_seconds() {
            samples.add(&[], seconds);
        }
    });
    metrics.register("process_open_fds", "Open file descriptors.", Kind::Gauge, |samples| {
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            // One of them is the folder that is being read.
            samples.add(&[], entries.count().saturating_sub(1));
        }
    });
    metrics.register("process_max_fds", "File descriptors the process may open.", Kind::Gauge, |samples| {
        if let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
            samples.add(&[], limit);
        }
    });
    metrics.register("process_threads", "Threads.", Kind::Gauge, |samples| {
        if let Some(threads) = stat_field(20) {
            samples.add(&[], threads);
        }
    });
}

fn resident_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    u64::try_from(rustix::param::page_size()).ok()?.checked_mul(pages)
}

fn cpu_seconds() -> Option<f64> {
    let ticks = u32::try_from(stat_field(14)?.checked_add(stat_field(15)?)?).ok()?;
    Some(f64::from(ticks) / TICKS_PER_SECOND)
}

/// Since the epoch: when the machine started, and how long after that the process did.
fn start_seconds() -> Option<f64> {
    let of_machine = fs::read_to_string("/proc/stat").ok()?;
    let booted: u32 = of_machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    // Ticks since the start of the machine fill 32 bits after 497 days.
    let ticks = stat_field(22)?;
    let seconds = u32::try_from(ticks / 100).ok()?;
    Some(f64::from(booted) + f64::from(seconds))
}

/// A field of `/proc/self/stat`, numbered as in proc(5).
fn stat_field(number: usize) -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_ascii_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Exposition;

    #[test]
    fn the_process_is_seen() {
        let text = Metrics::new().snapshot(Exposition::Text);
        let figure = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
            line.and_then(|line| line.rsplit_once(' ')).unwrap_or_else(|| panic!("{name}: {text}")).1.parse().unwrap()
        };
        assert!(figure("process_resident_memory_bytes") > 100_000.0);
        assert!(figure("process_open_fds") >= 3.0);
        assert!(figure("process_threads") >= 1.0);
        assert!(figure("process_cpu_seconds_total") >= 0.0);
        assert!(figure("process_max_fds") > figure("process_open_fds"));
        assert!(figure("process_start_time_seconds") > 1.7e9);
    }
}
