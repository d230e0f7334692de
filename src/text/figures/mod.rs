//! The figures of a text: every amount, rate, date, time, period, number and count of it, as a value that does not depend on
//! how it is written. 100만원, 1,000,000원, 백만 원 and KRW 1 million are one figure; 3.5% and 3.5%p are two.
//!
//! Reading prefers to see too much: what looks like a number but cannot be read to a value becomes
//! [`Value::Unreadable`], which is like nothing but itself. Words that only contain the syllable of a number (이자, 만기, 사용)
//! are no figures.

mod calendar;
mod english;
mod form;
mod numeral;
mod scan;
mod series;
#[cfg(test)]
mod tests;
mod units;

use std::ops::Range;

/// The figures of a text, and the form of the text their places refer to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// The text as it was read: compatibility characters made plain, lower case, nothing invisible, single spaces; line
    /// ends stay.
    pub form: Vec<char>,
    /// In the order of the text.
    pub all: Vec<Figure>,
}

/// A figure and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it says.
    pub value: Value,
    /// Its characters in [`Figures::form`].
    pub span: Range<usize>,
    /// Whether it is only understood: the one month of 매월, the one case of 건당. A text that says it holds it, but
    /// nobody has to show where it comes from.
    pub is_implied: bool,
}

/// What a figure says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// So much of something, in millionths of the unit.
    Quantity(u128, Unit),
    /// A day of the calendar, or what is said of one: at least one part is there.
    Date {
        /// 1900 to 2199.
        year: Option<u16>,
        /// 1 to 12.
        month: Option<u8>,
        /// 1 to 31.
        day: Option<u8>,
    },
    /// A time of day.
    Time {
        /// After midnight, below 1,440.
        minutes: u16,
        /// False where it may be meant twelve hours later: 4시.
        is_certain: bool,
    },
    /// A telephone or other number of which only the digits count.
    Number(String),
    /// Looks like a number and cannot be read.
    Unreadable(String),
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nothing that is said.
    Bare,
    /// Money, by its ISO 4217 code in lower case.
    Money(&'static str),
    /// Hundredths of something.
    Percent,
    /// Differences between rates (%p).
    PercentPoint,
    /// Shares of a whole: 절반, 3분의 1.
    Share,
    /// Multiples: 두 배.
    Multiple,
    /// Months; a year is twelve.
    Months,
    /// Days as a period; a week is seven.
    Days,
    /// "25일": a period or a day of the month.
    Day,
    /// A day of every month (매월 25일).
    DayOfMonth,
    /// Working days (영업일).
    BusinessDays,
    /// Seconds; an hour is 3,600.
    Seconds,
    /// Quarters of a year.
    Quarter,
    /// Times something happens (회, 번).
    Times,
    /// Cases (건).
    Cases,
    /// People.
    Persons,
    /// Years of age.
    Age,
    /// A place in an order: 1순위, 두 번째, 제2조.
    Ordinal,
    /// Things of any other kind: 장, 개, 계좌, 가지.
    Things,
}

/// Reads the figures of a text.
pub fn read(text: &str) -> Figures {
    let form = form::of(text);
    let all = scan::figures(&form);
    Figures { form, all }
}

impl Figures {
    /// Those that the text states itself.
    pub fn stated(&self) -> impl Iterator<Item = &Figure> {
        self.all.iter().filter(|figure| !figure.is_implied)
    }
}

impl Value {
    /// Whether a text that says `held` says this too. A date may be told in part, and a time without 오전 and 오후.
    pub fn stands_as(&self, held: &Self) -> bool {
        match (self, held) {
            (Self::Quantity(ours, our_unit), Self::Quantity(theirs, their_unit)) => {
                quantities_agree((*ours, *our_unit), (*theirs, *their_unit))
            }
            (Self::Date { year, month, day }, Self::Date { year: their_year, month: their_month, day: their_day }) => {
                (year.is_none() || year == their_year)
                    && (month.is_none() || month == their_month)
                    && (day.is_none() || day == their_day)
            }
            (
                Self::Time { minutes, is_certain },
                Self::Time { minutes: their_minutes, is_certain: their_is_certain },
            ) => {
                const HALF_DAY: u16 = 720;
                let is_exact = *is_certain && *their_is_certain;
                minutes == their_minutes || (!is_exact && minutes % HALF_DAY == their_minutes % HALF_DAY)
            }
            (Self::Number(ours), Self::Number(theirs)) | (Self::Unreadable(ours), Self::Unreadable(theirs)) => {
                ours == theirs
            }
            (Self::Number(digits), Self::Quantity(micro, Unit::Bare))
            | (Self::Quantity(micro, Unit::Bare), Self::Number(digits)) => {
                !digits.starts_with('0') && *micro == numeral::whole(digits).unwrap_or(u128::MAX)
            }
            (Self::Quantity(..) | Self::Date { .. } | Self::Time { .. } | Self::Number(_) | Self::Unreadable(_), _) => {
                false
            }
        }
    }

    /// Whether both say the same sort of thing, so that one could be mistaken for the other.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Quantity(_, ours), Self::Quantity(_, theirs)) => units_agree(*ours, *theirs),
            (Self::Date { .. }, Self::Date { .. })
            | (Self::Time { .. }, Self::Time { .. })
            | (Self::Number(_), Self::Number(_)) => true,
            (Self::Quantity(..) | Self::Date { .. } | Self::Time { .. } | Self::Number(_) | Self::Unreadable(_), _) => {
                false
            }
        }
    }
}

fn quantities_agree((ours, our_unit): (u128, Unit), (theirs, their_unit): (u128, Unit)) -> bool {
    const HUNDRED: u128 = 100;
    /// A number without a unit from which on it is money: 300만.
    const MONEY_MIN: u128 = 10_000 * numeral::ONE;
    match (our_unit, their_unit) {
        (Unit::Share, Unit::Percent) => ours * HUNDRED == theirs,
        (Unit::Percent, Unit::Share) => ours == theirs * HUNDRED,
        (Unit::Bare, Unit::Money("krw")) | (Unit::Money("krw"), Unit::Bare) => ours == theirs && ours >= MONEY_MIN,
        _ => ours == theirs && units_agree(our_unit, their_unit),
    }
}

fn units_agree(ours: Unit, theirs: Unit) -> bool {
    match (ours, theirs) {
        (Unit::Day, Unit::Days | Unit::DayOfMonth) | (Unit::Days | Unit::DayOfMonth, Unit::Day) => true,
        (Unit::Bare, Unit::Things | Unit::Ordinal) | (Unit::Things | Unit::Ordinal, Unit::Bare) => true,
        _ => ours == theirs,
    }
}
