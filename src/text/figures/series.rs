//! Figures beside each other: parts of one (2026년 11월 1일, 1년 6개월, 오후 4시 30분), and ranges and lists, of which only the
//! last names the unit (3~5년, 6·12개월).

use crate::text::figures::Figure;
use crate::text::figures::Unit;
use crate::text::figures::Value;
use crate::text::figures::calendar;
use crate::text::figures::english;
use crate::text::figures::numeral;
use crate::text::figures::numeral::ONE;
use crate::text::figures::numeral::at;
use crate::text::figures::numeral::says;
use crate::text::figures::scan::Content;
use crate::text::figures::scan::Draft;
use crate::text::figures::units;
use crate::text::figures::units::Found;
use crate::text::figures::units::Kind;

/// The figures that drafts make together.
pub(super) fn figures(form: &[char], mut drafts: Vec<Draft>) -> Vec<Figure> {
    hand_units_back(form, &mut drafts);
    hand_currency_on(form, &mut drafts);
    let mut figures: Vec<Figure> = Vec::with_capacity(drafts.len());
    // The kind of the draft the last figure was made of, while it may still grow.
    let mut open: Option<Kind> = None;
    for draft in &drafts {
        let kind = draft.kind();
        let value = value(form, draft);
        let joined = figures.last().zip(open).zip(kind).and_then(|((last, open), kind)| {
            let gap = form.get(last.span.end..draft.span.start)?;
            let is_near = matches!(gap, [] | [' ']);
            if is_near { joined((&last.value, open), (&value, kind)) } else { None }
        });
        match (joined, figures.last_mut()) {
            (Some(joined), Some(last)) => {
                last.value = joined;
                last.span.end = draft.span.end;
            }
            _ => figures.push(Figure { value, span: draft.span.clone(), is_implied: false }),
        }
        open = kind;
    }
    imply(form, &mut figures);
    figures
}

/// "1 November 2026" behind its first number.
pub(super) fn english_date(form: &[char], start: usize, micro: u128, end: usize) -> Option<Draft> {
    let (word, after) = english::word(form, end + usize::from(at(form, end) == ' '))?;
    let month = english::month(&word)?;
    let day = units::small(micro)?;
    let (year, end) = year_at(form, after);
    let value = calendar::valid(year, Some(month), Some(u32::from(day)))?;
    Some(Draft { span: start..end, content: Content::Value(value) })
}

/// "November 1, 2026", whose first word is read.
pub(super) fn named_month(form: &[char], start: usize, word: &str, end: usize) -> Option<Draft> {
    let month = english::month(word)?;
    let place = if at(form, end) == ' ' { end + 1 } else { end };
    let (micro, after) = if at(form, place).is_ascii_digit() { numeral::digits(form, place)? } else { return None };
    let number = u32::from(units::small(micro)?);
    if calendar::is_year(number) {
        let value = calendar::valid(Some(number), Some(month), None)?;
        return Some(Draft { span: start..after, content: Content::Value(value) });
    }
    let after = ["st", "nd", "rd", "th"].iter().find(|end| says(form, after, end)).map_or(after, |_| after + 2);
    let (year, end) = year_at(form, after);
    let value = calendar::valid(year, Some(month), Some(number))?;
    Some(Draft { span: start..end, content: Content::Value(value) })
}

fn year_at(form: &[char], end: usize) -> (Option<u32>, usize) {
    let place = if at(form, end) == ',' { end + 1 } else { end };
    let place = if at(form, place) == ' ' { place + 1 } else { place };
    let year = if at(form, place).is_ascii_digit() { numeral::digits(form, place) } else { None };
    let year = year.and_then(|(micro, after)| Some((u32::from(units::small(micro)?), after)));
    match year.filter(|(year, _)| calendar::is_year(*year)) {
        Some((year, after)) => (Some(year), after),
        None => (None, end),
    }
}

/// Whether "am" or "pm" stands at a place: hours to add, and the end.
pub(super) fn meridiem_after(form: &[char], end: usize) -> Option<(u16, usize)> {
    let place = if at(form, end) == ' ' { end + 1 } else { end };
    let words = [("a.m.", 0), ("p.m.", 12), ("a.m", 0), ("p.m", 12), ("am", 0), ("pm", 12)];
    let (word, hours) = words.into_iter().find(|(word, _)| says(form, place, word))?;
    let end = place + word.len();
    (!at(form, end).is_ascii_alphanumeric()).then_some((hours, end))
}

/// Hours that the word before a time adds: 오후 4시.
fn meridiem_before(form: &[char], start: usize) -> Option<u16> {
    let words = [
        ("오전", 0),
        ("새벽", 0),
        ("아침", 0),
        ("낮", 12),
        ("오후", 12),
        ("저녁", 12),
        ("밤", 12),
        ("am", 0),
        ("pm", 12),
    ];
    let end = if start > 0 && at(form, start - 1) == ' ' { start - 1 } else { start };
    let stands = |word: &str| end.checked_sub(word.chars().count()).is_some_and(|begin| says(form, begin, word));
    words.into_iter().find(|(word, _)| stands(word)).map(|(_, hours)| hours)
}

impl Draft {
    fn kind(&self) -> Option<Kind> {
        match &self.content {
            Content::Number { unit, is_native, .. } => {
                unit.map(|unit| unit.kind).filter(|kind| !is_native || *kind != Kind::Minute)
            }
            Content::Value(Value::Time { .. }) => Some(Kind::Hour),
            Content::Value(_) => None,
        }
    }
}

/// The value of one draft.
fn value(form: &[char], draft: &Draft) -> Value {
    let (micro, unit, is_native) = match &draft.content {
        Content::Value(Value::Time { minutes, is_certain }) => {
            let meridiem = meridiem_before(form, draft.span.start)
                .or(meridiem_after(form, draft.span.end).map(|(hours, _)| hours));
            return time(*minutes, meridiem, *is_certain);
        }
        Content::Value(value) => return value.clone(),
        Content::Number { micro, unit, is_native, .. } => (*micro, *unit, *is_native),
    };
    let unreadable = || Value::Unreadable(form[draft.span.clone()].iter().filter(|c| **c != ' ').collect());
    let small = units::small(micro);
    let Some(unit) = unit else {
        let hours = meridiem_after(form, draft.span.end).filter(|_| small.is_some_and(|hour| hour <= 24));
        return match hours {
            Some((hours, _)) => time(small.unwrap_or(0) * 60, Some(hours), true),
            None => Value::Quantity(micro, Unit::Bare),
        };
    };
    let of = |kind: Unit| units::scaled(micro, &unit).map_or_else(unreadable, |micro| Value::Quantity(micro, kind));
    match unit.kind {
        Kind::Of(kind) => of(kind),
        Kind::Year => match small.map(u32::from).filter(|year| calendar::is_year(*year)) {
            Some(year) => calendar::valid(Some(year), None, None).unwrap_or_else(unreadable),
            None => of(Unit::Months),
        },
        Kind::MonthOfYear => {
            small.and_then(|month| calendar::valid(None, Some(month.into()), None)).unwrap_or_else(unreadable)
        }
        Kind::Day => of(day_unit(form, draft)),
        Kind::Hour => match small.filter(|hour| *hour <= 24) {
            Some(hour) => {
                let meridiem = meridiem_before(form, draft.span.start);
                let half = if says(form, draft.span.end, " 반") && units::ends_word(form, draft.span.end + 2) {
                    30
                } else {
                    0
                };
                time(hour * 60 + half, meridiem, false)
            }
            None => unreadable(),
        },
        Kind::Minute if is_native => Value::Quantity(micro, Unit::Persons),
        Kind::Minute => of(Unit::Seconds),
        Kind::Number if small.is_none_or(|number| number >= 100) => Value::Quantity(micro, Unit::Bare),
        Kind::Number => of(Unit::Times),
    }
}

/// A time of day, given what the words beside it say.
fn time(minutes: u16, meridiem: Option<u16>, is_certain: bool) -> Value {
    const HALF_DAY: u16 = 720;
    const DAY: u16 = 1_440;
    match meridiem {
        Some(hours) if minutes <= HALF_DAY + 59 => {
            Value::Time { minutes: minutes % HALF_DAY + hours * 60, is_certain: true }
        }
        _ => {
            let is_certain = is_certain || !(60..=HALF_DAY + 59).contains(&minutes);
            Value::Time { minutes: minutes % DAY, is_certain }
        }
    }
}

/// What "25일" means, by the words beside it.
fn day_unit(form: &[char], draft: &Draft) -> Unit {
    const MONTHLY: [&str; 9] = ["매월", "매달", "다음 달", "이번 달", "당월", "익월", "매 월", "매 달", "기준일"];
    const PERIOD: [&str; 12] = ["이내", "내", "간", "동안", "안", "이상", "이하", "미만", "초과", "전", "후", "뒤"];
    let start = if draft.span.start > 0 && at(form, draft.span.start - 1) == ' ' {
        draft.span.start - 1
    } else {
        draft.span.start
    };
    let follows = |word: &&str| start.checked_sub(word.chars().count()).is_some_and(|begin| says(form, begin, word));
    let end = if at(form, draft.span.end) == ' ' { draft.span.end + 1 } else { draft.span.end };
    if MONTHLY.iter().any(follows) {
        Unit::DayOfMonth
    } else if PERIOD.iter().any(|word| says(form, end, word)) {
        Unit::Days
    } else {
        Unit::Day
    }
}

/// Two neighbours as one figure.
fn joined((ours, our_kind): (&Value, Kind), (theirs, their_kind): (&Value, Kind)) -> Option<Value> {
    match (ours, theirs) {
        (
            Value::Date { year: Some(year), month: None, .. },
            Value::Date { year: None, month: Some(month), day: None },
        ) => Some(Value::Date { year: Some(*year), month: Some(*month), day: None }),
        (Value::Date { year, month: Some(month), day: None }, Value::Quantity(micro, Unit::Day | Unit::Days))
            if their_kind == Kind::Day =>
        {
            let day = units::small(*micro)?;
            calendar::valid(year.map(u32::from), Some((*month).into()), Some(day.into()))
        }
        (Value::Quantity(years, Unit::Months), Value::Quantity(months, Unit::Months))
            if our_kind == Kind::Year && *months < 12 * ONE =>
        {
            Some(Value::Quantity(years + months, Unit::Months))
        }
        (Value::Time { minutes, is_certain }, Value::Quantity(seconds, Unit::Seconds))
            if our_kind == Kind::Hour && their_kind == Kind::Minute && minutes % 60 == 0 =>
        {
            let more = units::small(seconds / 60).filter(|more| *more < 60)?;
            Some(Value::Time { minutes: minutes + more, is_certain: *is_certain })
        }
        (Value::Quantity(hours, Unit::Seconds), Value::Quantity(minutes, Unit::Seconds))
            if minutes < hours && their_kind == Kind::Minute =>
        {
            Some(Value::Quantity(hours + minutes, Unit::Seconds))
        }
        _ => None,
    }
}

/// Gives the unit of the last of a range or list to those before it.
fn hand_units_back(form: &[char], drafts: &mut [Draft]) {
    for second in (1..drafts.len()).rev() {
        let gap = form.get(drafts[second - 1].span.end..drafts[second].span.start).unwrap_or_default();
        let Content::Number { micro: theirs, scale: their_scale, unit: Some(unit), .. } = drafts[second].content else {
            continue;
        };
        let Content::Number { micro, scale, unit: ours @ None, .. } = &mut drafts[second - 1].content else { continue };
        let Some(is_range) = links(gap) else { continue };
        *ours = Some(Found { end: 0, ..unit });
        // "3~5만원" counts both in 만, "5,000~1만원" does not.
        let scaled = *micro * their_scale;
        if *scale == 1 && their_scale > 1 && (!is_range || scaled < theirs) {
            *micro = scaled;
            *scale = their_scale;
        }
    }
}

/// Gives the currency before the first of a range to the second: $5~10.
fn hand_currency_on(form: &[char], drafts: &mut [Draft]) {
    for first in 0..drafts.len().saturating_sub(1) {
        let gap = form.get(drafts[first].span.end..drafts[first + 1].span.start).unwrap_or_default();
        let Content::Number { unit: Some(unit), .. } = drafts[first].content else { continue };
        let is_before =
            unit.end <= drafts[first].span.start + 4 && !at(form, drafts[first].span.start).is_ascii_digit();
        let is_currency = matches!(unit.kind, Kind::Of(Unit::Money(_)));
        if let Content::Number { unit: theirs @ None, .. } = &mut drafts[first + 1].content
            && is_currency
            && is_before
            && links(gap) == Some(true)
        {
            *theirs = Some(unit);
        }
    }
}

/// Whether what stands between two numbers makes them a range (true) or a list (false).
fn links(gap: &[char]) -> Option<bool> {
    const RANGE: [&str; 8] = ["~", "-", "에서", "부터", "내지", "to", "~~", "through"];
    const LIST: [&str; 14] =
        [",", "·", "/", "또는", "및", "와", "과", "나", "이나", "or", "and", "혹은", "하고", "그리고"];
    let gap: String = gap.iter().filter(|c| **c != ' ').collect();
    if RANGE.contains(&gap.as_str()) {
        Some(true)
    } else if LIST.contains(&gap.as_str()) {
        Some(false)
    } else {
        None
    }
}

/// Adds what is only understood: 매월 says one month, 건당 one case.
fn imply(form: &[char], figures: &mut Vec<Figure>) {
    const EVERY: [(&str, u128, Unit); 15] = [
        ("매월", 1, Unit::Months),
        ("매달", 1, Unit::Months),
        ("월 ", 1, Unit::Months),
        ("월평균", 1, Unit::Months),
        ("월간", 1, Unit::Months),
        ("매년", 12, Unit::Months),
        ("연간", 12, Unit::Months),
        ("연 ", 12, Unit::Months),
        ("해마다", 12, Unit::Months),
        ("매일", 1, Unit::Days),
        ("날마다", 1, Unit::Days),
        ("일일", 1, Unit::Days),
        ("매주", 7, Unit::Days),
        ("건당", 1, Unit::Cases),
        ("인당", 1, Unit::Persons),
    ];
    for place in 0..form.len() {
        if !matches!(form[place], '매' | '월' | '연' | '해' | '날' | '일' | '건' | '인') {
            continue;
        }
        let begins_word =
            place == 0 || !(units::is_syllable(form[place - 1]) || form[place - 1].is_ascii_alphanumeric());
        let Some((word, count, unit)) = EVERY.iter().find(|(word, ..)| begins_word && says(form, place, word)) else {
            continue;
        };
        let span = place..place + word.trim_end().chars().count();
        figures.push(Figure { value: Value::Quantity(count * ONE, *unit), span, is_implied: true });
    }
    figures.sort_by_key(|figure| figure.span.start);
}
