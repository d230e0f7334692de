//! When agents work, as a pack's `[hours]` says.

use std::ops::Range;

use time::OffsetDateTime;
use time::Weekday;

use crate::knowledge::pack::Pack;

/// The key without which nothing is known of the others.
pub(super) const WEEKDAYS: &str = "weekdays";
const SATURDAY: &str = "saturday";
const SUNDAY: &str = "sunday";
/// The keys of `[hours]`.
pub(super) const DAYS: [&str; 3] = [WEEKDAYS, SATURDAY, SUNDAY];

impl Pack {
    /// Whether agents work at `at`, a time in KST; `None` where the pack does not say. Public holidays are unknown to it.
    pub fn is_staffed(&self, at: OffsetDateTime) -> Option<bool> {
        let weekdays = span(self.hours.get(WEEKDAYS)?)?;
        let of_day = match at.weekday() {
            Weekday::Saturday => self.hours.get(SATURDAY).and_then(|hours| span(hours)),
            Weekday::Sunday => self.hours.get(SUNDAY).and_then(|hours| span(hours)),
            Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => {
                Some(weekdays)
            }
        };
        let minute = u16::from(at.hour()) * 60 + u16::from(at.minute());
        Some(of_day.is_some_and(|hours| hours.contains(&minute)))
    }
}

/// Whether a text says hours as they are understood here: `09:00-18:00`, at the latest `24:00`.
pub(super) fn is_span(hours: &str) -> bool {
    span(hours).is_some()
}

/// The minutes of a day from the first hour on until the second.
fn span(hours: &str) -> Option<Range<u16>> {
    const MIDNIGHT: u16 = 24 * 60;
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let is_clock = matches!(hour.len(), 1 | 2) && minute.len() == 2 && is_number(hour) && is_number(minute);
        let (hour, minute): (u16, u16) =
            if is_clock { (hour.parse().ok()?, minute.parse().ok()?) } else { return None };
        (minute < 60).then_some(hour * 60 + minute).filter(|minute| *minute <= MIDNIGHT)
    };
    let (from, until) = hours.split_once('-')?;
    let (from, until) = (minute(from)?, minute(until)?);
    (from < until).then_some(from..until)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn pack(hours: &[(&str, &str)]) -> Pack {
        let hours = hours.iter().map(|(day, span)| ((*day).to_owned(), (*span).to_owned())).collect();
        Pack { hours, ..Pack::default() }
    }

    #[test]
    fn agents_work_when_the_pack_says() {
        let usual = pack(&[("weekdays", "09:00-18:00")]);
        for (at, expected) in [
            (datetime!(2026-11-23 08:59 +9), Some(false)),
            (datetime!(2026-11-23 09:00 +9), Some(true)),
            (datetime!(2026-11-23 17:59 +9), Some(true)),
            (datetime!(2026-11-23 18:00 +9), Some(false)),
            (datetime!(2026-11-22 12:00 +9), Some(false)),
        ] {
            assert_eq!(usual.is_staffed(at), expected, "{at}");
        }
        let saturday = datetime!(2026-11-21 10:00 +9);
        for (hours, expected) in [
            (&[("weekdays", "09:00-18:00"), ("saturday", "09:00-13:00")][..], Some(true)),
            (&[], None),
            (&[("weekdays", "연중무휴")], None),
        ] {
            assert_eq!(pack(hours).is_staffed(saturday), expected, "{hours:?}");
        }
    }

    #[test]
    fn hours_are_understood_or_not() {
        for (hours, expected) in [
            ("09:00-18:00", true),
            ("9:00 - 18:00", true),
            ("00:00-24:00", true),
            ("09:00-18:00 (점심 제외)", false),
            ("09:00~18:00", false),
            ("09-18", false),
            ("09:0-18:00", false),
            ("09:00-24:01", false),
            ("09:60-18:00", false),
            ("+9:00-18:00", false),
            ("18:00-09:00", false),
            ("09:00-09:00", false),
            ("", false),
        ] {
            assert_eq!(is_span(hours), expected, "{hours:?}");
        }
    }
}
