//! What the earlier system's stamps mean (wire contract §1).
//!
//! They are wall-clock times without a zone. By the contract, `chat_sessions.created_at` is UTC; messages and hand-overs are Korean
//! time; `chat_sessions.updated_at` is Korean time, but UTC after a report was made and after the sweep for inactive conversations.
//! What the contract says is held against the neighbours, because the two differ by nine hours:
//!
//! - A message that, in Korean time, would come more than an hour before the message before it, or before its conversation began,
//!   was stamped in UTC, if that puts it after its neighbour and not into the future.
//! - `created_at` is Korean time if, in UTC, it would come after the conversation's last message.
//! - `updated_at` is Korean time unless that would be before the last message, or lies where the sweep stamps in UTC: the sweep comes
//!   9 h 10 min after the last message, which reads as ten minutes after it in Korean time.
//! - A time that cannot be read, or lies in the future by either reading, is no time: a message then has that of its neighbour.

use crate::domain::Timestamp;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// Korea is ahead of UTC by this, all year.
const AHEAD: i64 = 9 * HOUR;
/// Neighbours may be out of order by this much for other reasons: two servers, a clock that was set.
const SLACK: i64 = HOUR;
/// How far ahead the earlier system's clock may be.
const FUTURE: i64 = HOUR;
/// When the sweep stamps, after the last message, as Korean time reads it: after ten minutes, looked for every minute.
const SWEEP: std::ops::RangeInclusive<i64> = 10 * MINUTE..=12 * MINUTE;
/// How much later than the stamp of its message a conversation is stamped in the same turn.
const TURN: i64 = 5 * SECOND;

/// A wall-clock time, as milliseconds since the epoch if it were UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wall(i64);

impl Wall {
    fn in_utc(self) -> i64 {
        self.0
    }

    fn in_korea(self) -> i64 {
        self.0 - AHEAD
    }

    /// Reads `2025-11-20 10:11:12`, with or without a fraction.
    fn parse(text: &str) -> Option<Self> {
        let (date, clock) = text.trim().split_once([' ', 'T'])?;
        let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
        let numbers = |text: &str, mark: char| -> Option<[u16; 3]> {
            let numbers: Option<Vec<u16>> = text.split(mark).map(|number| number.parse().ok()).collect();
            numbers?.try_into().ok()
        };
        let [year, month, day] = numbers(date, '-')?;
        let [hour, minute, second] = numbers(clock, ':')?;
        if !(2000..=2200).contains(&year) {
            return None;
        }
        let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = time::Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
        let [hour, minute, second] = [hour, minute, second].map(|number| u8::try_from(number).unwrap_or(u8::MAX));
        let at = date.with_hms(hour, minute, second).ok()?;
        Some(Self(at.assume_utc().unix_timestamp() * SECOND))
    }
}

/// A stamp that is Korean time by the contract and has no neighbours.
pub(super) fn korean(stamp: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let at = Wall::parse(stamp?)?.in_korea();
    (at <= now.unix_ms() + FUTURE).then(|| Timestamp::from_unix_ms(at))
}

/// When the messages of a conversation were said, and which of them have no time of their own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) times: Vec<Timestamp>,
    pub(super) borrowed: Vec<usize>,
}

/// Reads the stamps of a conversation's messages, in order. `began` is the stamp of the conversation itself.
pub(super) fn messages(stamps: &[Option<&str>], began: Option<&str>, now: Timestamp) -> Said {
    let latest = now.unix_ms() + FUTURE;
    let began = began.and_then(Wall::parse).map(Wall::in_utc).filter(|began| *began <= latest);
    let mut before = None;
    let read: Vec<Option<i64>> = stamps
        .iter()
        .map(|stamp| {
            let wall = Wall::parse((*stamp)?)?;
            let floor: Option<i64> = before.or(began);
            let is_late_enough = |at: i64, slack: i64| floor.is_none_or(|floor| at >= floor - slack);
            let (korean, utc) = (wall.in_korea(), wall.in_utc());
            // Of a conversation's first message it is not certain which of the two stamps is the odd one, so it has to fit closely.
            let is_close = before.is_some() || floor.is_none_or(|floor| utc - floor <= SLACK);
            let is_utc = !is_late_enough(korean, SLACK) && is_late_enough(utc, MINUTE) && utc <= latest && is_close;
            let at = if is_utc { utc } else { korean };
            if at > latest {
                return None;
            }
            before = before.max(Some(at));
            Some(at)
        })
        .collect();
    let mut times = Vec::with_capacity(read.len());
    let mut last = None;
    for (index, at) in read.iter().enumerate() {
        let next = || read.iter().skip(index).find_map(|at| *at);
        let at = at.or(last).or_else(next).or(began).unwrap_or_else(|| now.unix_ms());
        last = Some(at);
        times.push(Timestamp::from_unix_ms(at));
    }
    let borrowed = read.iter().enumerate().filter(|(_, at)| at.is_none()).map(|(index, _)| index).collect();
    Said { times, borrowed }
}

/// When a conversation began, and whether that is a time of its own.
pub(super) fn created(stamp: Option<&str>, said: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
    let wall = Wall::parse(stamp?)?;
    let last = said.iter().max().map(|at| at.unix_ms());
    let is_korean = last.is_some_and(|last| wall.in_utc() > last + MINUTE);
    let at = if is_korean { wall.in_korea() } else { wall.in_utc() };
    // A conversation is not younger than what was said in it.
    let at = said.iter().map(|at| at.unix_ms()).chain([at]).min()?;
    (at <= now.unix_ms() + FUTURE).then(|| Timestamp::from_unix_ms(at))
}

/// What changed a conversation last, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastChange {
    /// A turn, or nobody knows.
    Message,
    /// The sweep for inactive conversations.
    Sweep(Timestamp),
    /// A person or a program, after its last message.
    Later(Timestamp),
}

/// Reads a conversation's `updated_at`; `last` is when its last message was said.
pub(super) fn updated(stamp: Option<&str>, last: Option<Timestamp>, now: Timestamp) -> LastChange {
    let Some(wall) = stamp.and_then(Wall::parse) else { return LastChange::Message };
    let latest = now.unix_ms() + FUTURE;
    let later =
        |at: i64| if at <= latest { LastChange::Later(Timestamp::from_unix_ms(at)) } else { LastChange::Message };
    let Some(last) = last.map(Timestamp::unix_ms) else { return later(wall.in_korea()) };
    let after = wall.in_korea() - last;
    if SWEEP.contains(&after) && wall.in_utc() <= latest {
        LastChange::Sweep(Timestamp::from_unix_ms(wall.in_utc()))
    } else if after > TURN {
        later(wall.in_korea())
    } else if after >= -TURN || wall.in_utc() <= last + TURN {
        LastChange::Message
    } else {
        later(wall.in_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-29 12:00:00";

    /// Seconds after noon of 20 November 2026 in Korea.
    fn seconds(at: Timestamp) -> i64 {
        (at.unix_ms() - Wall::parse("2026-11-20 12:00:00").unwrap().in_korea()) / SECOND
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_ms(Wall::parse(NOW).unwrap().in_utc())
    }

    #[test]
    fn stamps_are_read_or_are_none() {
        // 2026-11-20T12:00:00Z: 20,777 days after the epoch.
        let noon = Some(Wall((20_777 * 24 + 12) * HOUR));
        for (text, expected) in [
            ("2026-11-20 12:00:00", noon),
            ("2026-11-20T12:00:00.123456", noon),
            (" 2026-11-20 12:00:00 ", noon),
            ("0000-00-00 00:00:00", None),
            ("1970-01-01 00:00:00", None),
            ("2026-02-30 12:00:00", None),
            ("2026-11-20 25:00:00", None),
            ("2026-11-20 300:00:00", None),
            ("2026-11-20", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(Wall::parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn messages_are_in_korean_time_unless_their_neighbours_say_utc() {
        let noon = Some("2026-11-20 03:00:00"); // of the conversation, in UTC
        /// Stamps, the seconds after noon they mean, and which of them were changed.
        type Case<'a> = (&'a [Option<&'a str>], &'a [i64], &'a [usize]);
        let cases: [Case<'_>; 7] = [
            (&[Some("2026-11-20 12:00:01"), Some("2026-11-20 12:00:09")], &[1, 9], &[]),
            (
                &[Some("2026-11-20 12:00:01"), Some("2026-11-20 03:00:09"), Some("2026-11-20 12:00:20")],
                &[1, 9, 20],
                &[],
            ),
            (&[Some("2026-11-20 03:00:01"), Some("2026-11-20 03:00:02")], &[1, 2], &[]),
            // Ten minutes back is a clock that was set, not another zone.
            (&[Some("2026-11-20 12:20:00"), Some("2026-11-20 12:10:00")], &[1200, 600], &[]),
            (&[Some("2026-11-20 12:00:01"), None, Some("2026-11-20 12:00:09")], &[1, 1, 9], &[1]),
            (&[Some("0000-00-00 00:00:00"), Some("2026-11-20 12:00:09")], &[9, 9], &[0]),
            (&[Some("2031-01-01 00:00:00")], &[0], &[0]),
        ];
        for (stamps, expected, borrowed) in cases {
            let said = messages(stamps, noon, now());
            let times: Vec<i64> = said.times.iter().map(|at| seconds(*at)).collect();
            assert_eq!((times.as_slice(), said.borrowed.as_slice()), (expected, borrowed), "{stamps:?}");
        }
    }

    #[test]
    fn a_conversation_begins_in_utc_unless_that_is_after_its_end() {
        let said = messages(&[Some("2026-11-20 12:00:01"), Some("2026-11-20 12:30:00")], None, now()).times;
        for (stamp, expected) in [
            ("2026-11-20 03:00:00", Some(0)),
            ("2026-11-20 12:00:00", Some(0)),
            ("2026-11-20 03:10:00", Some(1)),
            ("never", None),
        ] {
            assert_eq!(created(Some(stamp), &said, now()).map(seconds), expected, "{stamp}");
        }
    }

    #[test]
    fn the_sweep_is_told_from_a_person_who_closed() {
        let last = korean(Some("2026-11-20 12:00:00"), now());
        let expected = |stamp: &str| match updated(Some(stamp), last, now()) {
            LastChange::Message => ("message", 0),
            LastChange::Sweep(at) => ("sweep", seconds(at)),
            LastChange::Later(at) => ("later", seconds(at)),
        };
        for (stamp, what) in [
            ("2026-11-20 12:00:00", ("message", 0)),
            ("2026-11-20 12:00:04", ("message", 0)),
            ("2026-11-20 12:05:00", ("later", 300)),
            // 9 h 10 min 30 s later, stamped in UTC.
            ("2026-11-20 12:10:30", ("sweep", 9 * 3600 + 630)),
            ("2026-11-20 15:00:00", ("later", 3 * 3600)),
            // A report, stamped in UTC.
            ("2026-11-20 03:02:00", ("later", 120)),
            ("2026-11-19 12:00:00", ("message", 0)),
            ("2031-01-01 00:00:00", ("message", 0)),
        ] {
            assert_eq!(expected(stamp), what, "{stamp}");
        }
    }
}
