//! When agents work, as a pack's `[hours]` says.

use std::ops::Range;

use time::OffsetDateTime;
use time::Time;
use time::Weekday;

use crate::knowledge::pack::Pack;

impl Pack {
    /// Whether agents work at `at`, a time in KST; `None` where the pack does not say. Public holidays are unknown to it.
    pub fn is_staffed(&self, at: OffsetDateTime) -> Option<bool> {
        let weekdays = span(self.hours.get("weekdays")?)?;
        let of_day = match at.weekday() {
            Weekday::Saturday => self.hours.get("saturday").and_then(|hours| span(hours)),
            Weekday::Sunday => self.hours.get("sunday").and_then(|hours| span(hours)),
            Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => {
                Some(weekdays)
            }
        };
        Some(of_day.is_some_and(|hours| hours.contains(&at.time())))
    }
}

/// `09:00-18:00`.
fn span(hours: &str) -> Option<Range<Time>> {
    let time = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0).ok()
    };
    let (from, until) = hours.split_once('-')?;
    Some(time(from)?..time(until)?)
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
}
