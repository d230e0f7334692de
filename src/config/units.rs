//! Sizes and durations as an operator writes them. What is printed reads back as the same value.

use std::fmt;
use std::time::Duration;

/// A number of bytes, written `"10MiB"`, `"64KiB"`, `"1GiB"`, or as a plain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

impl ByteSize {
    /// Plain bytes.
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Units of 1,024 bytes.
    pub const fn kib(kib: u64) -> Self {
        Self(kib << 10)
    }

    /// Units of 1,024 KiB.
    pub const fn mib(mib: u64) -> Self {
        Self(mib << 20)
    }

    /// Units of 1,024 MiB.
    pub const fn gib(gib: u64) -> Self {
        Self(gib << 30)
    }

    /// Reads a number with `KiB`, `MiB`, `GiB`, `B` or nothing after it; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = split_number(text)?;
        let (_, bytes) = SIZE_UNITS.into_iter().find(|&(name, _)| name == unit || (unit.is_empty() && name == "B"))?;
        number.checked_mul(bytes).map(Self)
    }

    /// The bare number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The bare number of bytes, for buffers.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, bytes) = largest_unit(SIZE_UNITS, self.0).unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / bytes)
    }
}

/// Reads a whole number with `ms`, `s`, `m`, `h` or `d` after it; `None` for anything else.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split_number(text)?;
    let (_, unit_ms) = DURATION_UNITS.into_iter().find(|&(name, _)| name == unit)?;
    number.checked_mul(unit_ms).map(Duration::from_millis)
}

/// Writes a duration in the largest unit that divides it: `"300ms"`, `"65s"`, `"7d"`. What is finer than a
/// millisecond cannot be written in a configuration and is left out.
pub fn format_duration(duration: Duration) -> String {
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, unit_ms) = largest_unit(DURATION_UNITS, duration_ms).unwrap_or(("s", 1));
    format!("{}{unit}", duration_ms / unit_ms)
}

const SIZE_UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

const DURATION_UNITS: [(&str, u64); 5] =
    [("d", 24 * 60 * 60 * 1000), ("h", 60 * 60 * 1000), ("m", 60 * 1000), ("s", 1000), ("ms", 1)];

/// `"10MiB"` is 10 and `"MiB"`.
fn split_number(text: &str) -> Option<(u64, &str)> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = text.strip_suffix(unit)?.parse().ok()?;
    Some((number, unit))
}

/// The largest unit that divides `number`; none for zero, which every unit divides.
fn largest_unit<const N: usize>(units: [(&'static str, u64); N], number: u64) -> Option<(&'static str, u64)> {
    units.into_iter().find(|&(_, size)| number != 0 && number.is_multiple_of(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, ms, written) in [
            ("300ms", 300, "300ms"),
            ("10s", 10_000, "10s"),
            ("5m", 300_000, "5m"),
            ("7d", 604_800_000, "7d"),
            ("2h", 7_200_000, "2h"),
            ("0ms", 0, "0s"),
            ("60s", 60_000, "1m"),
            ("1500ms", 1_500, "1500ms"),
            ("24h", 86_400_000, "1d"),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(ms)), "{text}");
            assert_eq!(format_duration(Duration::from_millis(ms)), written);
        }
    }

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes, written) in [
            ("10MiB", 10_485_760, "10MiB"),
            ("64KiB", 65_536, "64KiB"),
            ("1GiB", 1_073_741_824, "1GiB"),
            ("1000", 1_000, "1000B"),
            ("1000B", 1_000, "1000B"),
            ("1536", 1_536, "1536B"),
            ("1024", 1_024, "1KiB"),
            ("0", 0, "0B"),
        ] {
            assert_eq!(ByteSize::parse(text), Some(ByteSize::bytes(bytes)), "{text}");
            assert_eq!(ByteSize::bytes(bytes).to_string(), written);
        }
    }

    #[test]
    fn what_was_written_reads_back() {
        for number in [0, 1, 59, 60, 61, 999, 1_000, 1_001, 3_600_000, 86_400_000, 1 << 40, u64::MAX] {
            let (duration, size) = (Duration::from_millis(number), ByteSize::bytes(number));
            assert_eq!(parse_duration(&format_duration(duration)), Some(duration));
            assert_eq!(ByteSize::parse(&size.to_string()), Some(size));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "s", "10 s", "-1s", "+1s", "1.5s", "10S", "10sec", "1h30m", "10", "１０s", "18446744073709551616ms"]
        {
            assert_eq!(parse_duration(text), None, "{text:?}");
        }
        for text in ["", "MiB", "10 MiB", "-1", "+1", "10MB", "10mib", "10M", "18446744073709551615KiB"] {
            assert_eq!(ByteSize::parse(text), None, "{text:?}");
        }
    }
}
