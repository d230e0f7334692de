//! Numbers: digits, Korean numerals, and both mixed (3천5백만, 1억 5,000만, 삼백이십).

use crate::text::figures::units;

/// One, in the millionths that values are kept in.
pub(super) const ONE: u128 = 1_000_000;
/// Decimals that a value keeps; a number with more cannot be read.
const DECIMALS_MAX: usize = 6;
/// No figure of a bank has more digits before the point.
const DIGITS_MAX: usize = 21;

/// A number that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numeral {
    /// In millionths.
    pub micro: u128,
    /// The character behind it.
    pub end: usize,
    /// The scales it ends with, multiplied: ten thousand for 5만, ten million for 5천만.
    pub scale: u128,
    /// Syllables of Korean numerals in it.
    pub syllables: usize,
}

/// The value of a whole number in digits.
pub(super) fn whole(digits: &str) -> Option<u128> {
    if digits.len() > DIGITS_MAX { None } else { digits.parse::<u128>().ok()?.checked_mul(ONE) }
}

/// The character at a place; a line end behind the last.
pub(super) fn at(form: &[char], place: usize) -> char {
    form.get(place).copied().unwrap_or('\n')
}

/// Whether `word` stands at a place.
pub(super) fn says(form: &[char], place: usize, word: &str) -> bool {
    word.chars().zip(place..).all(|(c, place)| at(form, place) == c)
}

/// The digit of a Sino-Korean syllable.
pub(super) fn digit(c: char) -> Option<u128> {
    Some(match c {
        '영' | '공' => 0,
        '일' => 1,
        '이' => 2,
        '삼' => 3,
        '사' => 4,
        '오' => 5,
        '육' | '륙' => 6,
        '칠' => 7,
        '팔' => 8,
        '구' => 9,
        _ => return None,
    })
}

pub(super) fn small_scale(c: char) -> Option<u128> {
    Some(match c {
        '십' => 10,
        '백' => 100,
        '천' => 1_000,
        _ => return None,
    })
}

pub(super) fn large_scale(c: char) -> Option<u128> {
    Some(match c {
        '만' => 10_000,
        '억' => 100_000_000,
        '조' => 1_000_000_000_000,
        _ => return None,
    })
}

/// Whether a syllable can be part of a Sino-Korean numeral.
pub(super) fn is_numeral(c: char) -> bool {
    digit(c).is_some() || small_scale(c).is_some() || large_scale(c).is_some()
}

/// Digits with thousands separators and decimals: millionths and the end. `None` if what stands there is no number.
pub(super) fn digits(form: &[char], start: usize) -> Option<(u128, usize)> {
    let run = |from: usize| (from..).take_while(|place| at(form, *place).is_ascii_digit()).count();
    let mut end = start + run(start);
    let mut text: String = form.get(start..end)?.iter().collect();
    if (1..=3).contains(&text.len()) {
        loop {
            let next = if says(form, end, ", 0") { end + 2 } else { end + 1 };
            if at(form, end) != ',' || run(next) != 3 {
                break;
            }
            text.extend(&form[next..next + 3]);
            end = next + 3;
        }
    }
    let whole = whole(&text)?;
    if at(form, end) != '.' || run(end + 1) == 0 {
        return Some((whole, end));
    }
    let decimals = run(end + 1);
    if decimals > DECIMALS_MAX {
        return None;
    }
    let fraction: String = form[end + 1..end + 1 + decimals].iter().collect();
    let fraction = fraction.parse::<u128>().ok()? * 10_u128.pow((DECIMALS_MAX - decimals) as u32);
    Some((whole + fraction, end + 1 + decimals))
}

/// The number that begins at `start` with a digit or, if `is_spaced` also with spaces inside, with a Korean numeral.
/// `may_go_on` says whether what stands behind a space belongs to the same number.
pub(super) fn number(form: &[char], start: usize, is_spaced: bool) -> Option<Numeral> {
    let mut number = Building { form, total: 0, section: 0, pending: None, scale: 1, syllables: 0, place: start };
    while number.step(is_spaced)? {}
    number.finish(start)
}

/// A number while it is read.
struct Building<'f> {
    form: &'f [char],
    /// What 만, 억 and 조 have closed.
    total: u128,
    /// What 십, 백 and 천 have closed since.
    section: u128,
    /// The number before the next scale.
    pending: Option<u128>,
    scale: u128,
    syllables: usize,
    place: usize,
}

impl Building<'_> {
    /// Takes the next part; false if there is none, `None` if what was read is no number.
    fn step(&mut self, is_spaced: bool) -> Option<bool> {
        let mut place = self.place;
        let has_begun = self.pending.is_some() || self.total + self.section > 0 || self.syllables > 0;
        if has_begun && at(self.form, place) == ' ' {
            let goes_on = is_spaced && is_numeral(at(self.form, place + 1)) || self.goes_on(place + 1);
            if !goes_on {
                return Some(false);
            }
            place += 1;
        }
        let c = at(self.form, place);
        if c.is_ascii_digit() {
            if self.pending.is_some() {
                return Some(false);
            }
            let (value, end) = digits(self.form, place)?;
            (self.pending, self.place) = (Some(value), end);
            return Some(true);
        }
        if let Some(value) = digit(c) {
            return self.take_digit(value, place);
        }
        let small = small_scale(c);
        let Some(factor) = small.or_else(|| large_scale(c)) else { return Some(false) };
        self.syllables += 1;
        self.place = place + 1;
        self.scale = factor;
        if small.is_some() {
            self.section = self.section.checked_add(self.pending.take().unwrap_or(ONE).checked_mul(factor)?)?;
            self.section += self.take_fraction();
        } else {
            let below = self.section + self.pending.take().unwrap_or(0);
            let below = if below == 0 { ONE } else { below };
            // 만 behind 억 closes its own section; 억 behind 만 would turn the order round.
            self.total = self.total.checked_add(below.checked_mul(factor)?)?;
            self.section = 0;
        }
        Some(true)
    }

    fn take_digit(&mut self, value: u128, place: usize) -> Option<bool> {
        let has_scale = self.total + self.section > 0;
        if self.pending.is_some() || (has_scale && !self.is_digit_before_more(place + 1)) {
            return Some(false);
        }
        self.syllables += 1;
        self.pending = Some(value * ONE);
        self.place = place + 1;
        let fraction = self.take_fraction();
        self.pending = self.pending.map(|whole| whole + fraction);
        Some(true)
    }

    /// What stands behind a decimal point: 삼점오, 삼 점 오, 십 점 오.
    fn take_fraction(&mut self) -> u128 {
        let point = if at(self.form, self.place) == ' ' { self.place + 1 } else { self.place };
        let first = if at(self.form, point + 1) == ' ' { point + 2 } else { point + 1 };
        if at(self.form, point) == '점' && digit(at(self.form, first)).is_some() {
            let (mut place, mut unit, mut fraction) = (first, ONE / 10, 0);
            while let Some(decimal) = digit(at(self.form, place)).filter(|_| unit > 0) {
                fraction += decimal * unit;
                unit /= 10;
                self.syllables += 1;
                place += 1;
                if at(self.form, place) == ' ' && digit(at(self.form, place + 1)).is_some() {
                    place += 1;
                }
            }
            self.place = place;
            return fraction;
        }
        0
    }

    /// Whether a syllable behind a scale is a digit rather than the next word (백만 이상, 십 일): a scale, a point or a unit follows.
    fn is_digit_before_more(&self, next: usize) -> bool {
        let next = if at(self.form, next) == ' ' { next + 1 } else { next };
        let c = at(self.form, next);
        small_scale(c).is_some() || large_scale(c).is_some() || c == '점' || units::is_at(self.form, next)
    }

    /// Whether what stands behind a space belongs to the number: a scale before its unit, or a smaller part before another
    /// scale or the unit of money.
    fn goes_on(&self, place: usize) -> bool {
        const UNITS: [&str; 9] = ["원", "달러", "엔", "유로", "위안", "불", "명", "won", "krw"];
        let is_unit_at = |place: usize| {
            let place = if at(self.form, place) == ' ' { place + 1 } else { place };
            UNITS.iter().any(|unit| says(self.form, place, unit))
        };
        let scale_at = |place: usize| small_scale(at(self.form, place)).or_else(|| large_scale(at(self.form, place)));
        if scale_at(place).is_some() {
            let end = (place..).find(|place| !is_numeral(at(self.form, *place))).unwrap_or(place);
            return is_unit_at(end);
        }
        if self.pending.is_some() || self.scale < 10 {
            return false;
        }
        if at(self.form, place).is_ascii_digit() {
            let Some((value, end)) = digits(self.form, place) else { return false };
            let is_smaller = value < self.scale * ONE;
            let end = if at(self.form, end) == ' ' && scale_at(end + 1).is_some() { end + 1 } else { end };
            return is_smaller && (scale_at(end).is_some_and(|scale| scale < self.scale) || is_unit_at(end));
        }
        let end = (place..).find(|place| !is_numeral(at(self.form, *place))).unwrap_or(place);
        let has_scale = (place..end).any(|place| scale_at(place).is_some_and(|scale| scale < self.scale));
        has_scale && is_unit_at(end)
    }

    fn finish(self, start: usize) -> Option<Numeral> {
        if self.place == start {
            return None;
        }
        if self.pending.is_some() {
            let micro = self.total.checked_add(self.section)?.checked_add(self.pending.unwrap_or(0))?;
            return Some(Numeral { micro, end: self.place, scale: 1, syllables: self.syllables });
        }
        let micro = self.total.checked_add(self.section)?;
        let scale = self.trailing_scale();
        Some(Numeral { micro, end: self.place, scale, syllables: self.syllables })
    }

    /// The scales at the end, multiplied: 천만 of "3~5천만".
    fn trailing_scale(&self) -> u128 {
        let mut factor = 1;
        let mut place = self.place;
        while let Some(scale) = place
            .checked_sub(1)
            .and_then(|before| small_scale(at(self.form, before)).or_else(|| large_scale(at(self.form, before))))
        {
            factor *= scale;
            place -= 1;
        }
        factor
    }
}
