//! Chains: groups of digits with at most a few separators between them, which may be one number.

use std::ops::Range;

use crate::text::pii::context::Context;
use crate::text::pii::context::Hint;
use crate::text::pii::context::is_amount;
use crate::text::pii::sheet::Sheet;

/// What stands between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    Dash,
    Bracket,
    /// Space, dot or slash.
    Loose,
    /// What separates two numbers more often than it joins one: a tilde, a comma, a line's end, or a word such as
    /// 에 in "공일공에 1234에 5678". Only a layout that nothing else has goes over it.
    Odd,
}

/// Groups of digits that may be one number.
#[derive(Default)]
pub(super) struct Chain {
    pub(super) groups: Vec<Range<usize>>,
    gaps: Vec<Gap>,
    digits: Vec<u8>,
    /// Where each group's digits begin in `digits`, and where the last one's end.
    offsets: Vec<usize>,
}

/// Separators between two groups at most, as in "010 - 1234" and "010 다시 1234".
const GAP_MAX: usize = 3;

/// Words people say for a dash, or between two parts of a number.
#[rustfmt::skip]
const DASH_WORDS: [&str; 19] = [
    "하이픈", "작대기", "짝대기", "다시", "대시", "빼기", "그리고", "이고", "하고", "뒷자리는", "뒷자리", "뒷번호는", "뒷번호",
    "뒤에", "뒤는", "뒤", "에", "의", "요",
];

impl Chain {
    /// Reads the chain that begins at `start`; answers where reading goes on. Numbers with thousands
    /// separators are amounts and are passed over.
    pub(super) fn read(&mut self, sheet: &Sheet, start: usize) -> usize {
        self.groups.clear();
        self.gaps.clear();
        self.digits.clear();
        self.offsets.clear();
        self.offsets.push(0);
        let mut at = start;
        loop {
            let end = at + sheet.digits_from(at);
            if let Some(amount_end) = thousands_end(sheet, at, end) {
                self.gaps.truncate(self.groups.len().saturating_sub(1));
                self.join_singles(sheet);
                return amount_end;
            }
            self.groups.push(at..end);
            self.digits.extend((at..end).filter_map(|at| sheet.at(at).to_digit(10)).map(|digit| digit as u8));
            self.offsets.push(self.digits.len());
            let Some((gap, next)) = gap_after(sheet, end, |c| c.is_ascii_digit()) else {
                self.join_singles(sheet);
                return end;
            };
            self.gaps.push(gap);
            at = next;
        }
    }

    /// Makes one group of digits that stand by themselves with one space between every two: "0 1 0 - 1 2 3 4".
    fn join_singles(&mut self, sheet: &Sheet) {
        const SINGLES_MIN: usize = 3;
        /// Where all digits stand by themselves, and there are so many, two may be a group: "1 1 - 0 4 - 1 2 3 4 5 6 - 0 1".
        const ALL_SINGLES_MIN: usize = 7;
        let is_single = |group: &Range<usize>| group.len() == 1;
        let singles = self.groups.iter().filter(|group| is_single(group)).count();
        if singles < SINGLES_MIN {
            return;
        }
        let is_spread = singles == self.groups.len() && singles >= ALL_SINGLES_MIN;
        let least = if is_spread { 2 } else { SINGLES_MIN };
        let mut joined = Self { digits: std::mem::take(&mut self.digits), offsets: vec![0], ..Self::default() };
        let mut index = 0;
        while let Some(group) = self.groups.get(index) {
            let next = |ahead: usize| self.groups.get(index + ahead);
            let follows = |ahead: &usize| {
                next(*ahead).zip(next(ahead - 1)).is_some_and(|(group, before)| {
                    let between = sheet.slice(before.end..group.start);
                    is_single(group)
                        && is_single(before)
                        && (between == [' '] || between.iter().all(|c| is_invisible(*c)))
                })
            };
            let singles = 1 + (1..).take_while(follows).count();
            let groups = if singles >= least { singles } else { 1 };
            let end = next(groups - 1).map_or(group.end, |last| last.end);
            joined.groups.push(group.start..end);
            joined.offsets.extend(self.offsets.get(index + groups));
            joined.gaps.extend(self.gaps.get(index + groups - 1));
            index += groups;
        }
        *self = joined;
    }

    /// From the first digit of the group at `index` to the last of `groups` groups.
    pub(super) fn span(&self, index: usize, groups: usize) -> Range<usize> {
        let end = self.groups.get(index + groups.max(1) - 1).map_or(0, |group| group.end);
        self.groups.get(index).map_or(0, |group| group.start)..end
    }
}

/// Where "1,234,567" ends, if one to three digits at `start..end` begin such a number.
fn thousands_end(sheet: &Sheet, start: usize, end: usize) -> Option<usize> {
    let mut amount_end = end;
    // No amount begins with a nought: 010,123,4567.
    let may_begin = end - start <= 3 && sheet.at(start) != '0';
    while may_begin && sheet.at(amount_end) == ',' && sheet.digits_from(amount_end + 1) == 3 {
        amount_end += 4;
    }
    // 110,123,456789 has commas for dashes.
    let goes_on = sheet.at(amount_end) == ',' && sheet.at(amount_end + 1).is_ascii_digit();
    (amount_end > end && !goes_on).then_some(amount_end)
}

/// The gap that begins at `end` and the digit behind it, if a digit follows closely enough.
pub(super) fn gap_after(sheet: &Sheet, end: usize, is_digit: impl Fn(char) -> bool) -> Option<(Gap, usize)> {
    let mut gap = Gap::Loose;
    let mut at = end;
    let mut separators = 0;
    let mut words = 0;
    while separators <= GAP_MAX && words <= 1 {
        let odd = match sheet.at(at) {
            c if is_digit(c) => return (at > end).then_some((gap, at)),
            '-' | '_' => Some(Gap::Dash),
            c if is_invisible(c) => Some(Gap::Dash),
            '(' | ')' => Some(Gap::Bracket),
            ' ' | '.' | '/' => None,
            '가'..='힣' => {
                let word = DASH_WORDS.iter().find(|word| sheet.says(at, word))?;
                words += 1;
                gap = Gap::Odd;
                at += word.chars().count();
                continue;
            }
            c if is_sign(c) => Some(Gap::Odd),
            _ => return None,
        };
        if gap != Gap::Odd {
            gap = odd.unwrap_or(gap);
        }
        separators += 1;
        at += 1;
    }
    None
}

/// Whether `c` is invisible, or makes a keycap of a digit.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{FEFF}' | '\u{200D}' | '\u{2060}' | '\u{FE0F}' | '\u{20E3}')
}

/// Whether `c` is neither a letter nor says what the digits beside it are.
fn is_sign(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '\0' | '@' | '%' | '₩' | '$' | '€' | '¥' | '£')
}

/// A group in a chain, from which a rule looks ahead.
pub(super) struct Place<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) context: &'a Context,
    pub(super) chain: &'a Chain,
    pub(super) index: usize,
}

impl Place<'_> {
    /// The digits of the next `groups` groups; empty if there are not so many.
    pub(super) fn digits(&self, groups: usize) -> &[u8] {
        match (self.chain.offsets.get(self.index), self.chain.offsets.get(self.index + groups)) {
            (Some(start), Some(end)) => &self.chain.digits[*start..*end],
            _ => &[],
        }
    }

    /// How many digits the group at `ahead` has; 0 beyond the end.
    pub(super) fn len(&self, ahead: usize) -> usize {
        match (self.chain.offsets.get(self.index + ahead), self.chain.offsets.get(self.index + ahead + 1)) {
            (Some(start), Some(end)) => end - start,
            _ => 0,
        }
    }

    /// How many of the next groups together have `digits` digits, if any number of them has.
    pub(super) fn groups_of(&self, digits: usize) -> Option<usize> {
        let (mut sum, mut groups) = (0, 0);
        while sum < digits && self.len(groups) > 0 {
            sum += self.len(groups);
            groups += 1;
        }
        (sum == digits).then_some(groups)
    }

    pub(super) fn gap(&self, ahead: usize) -> Option<Gap> {
        self.chain.gaps.get(self.index + ahead).copied()
    }

    /// Whether all gaps within the next `groups` groups are `gap`.
    pub(super) fn is_joined_by(&self, groups: usize, gap: Gap) -> bool {
        (0..groups.saturating_sub(1)).all(|ahead| self.gap(ahead) == Some(gap))
    }

    /// Whether a gap within the next `groups` groups is `gap`.
    pub(super) fn has_gap(&self, groups: usize, gap: Gap) -> bool {
        (0..groups.saturating_sub(1)).any(|ahead| self.gap(ahead) == Some(gap))
    }

    pub(super) fn has_shape(&self, shape: &[usize]) -> bool {
        shape.iter().enumerate().all(|(ahead, len)| self.len(ahead) == *len)
    }

    pub(super) fn span(&self, groups: usize) -> Range<usize> {
        self.chain.span(self.index, groups)
    }

    pub(super) fn hint(&self, groups: usize) -> Hint {
        self.context.hint(self.sheet, self.span(groups))
    }

    /// Whether a word close to the number calls it the number of a thing.
    pub(super) fn is_called_thing(&self, groups: usize) -> bool {
        self.context.is_called_thing(self.sheet, self.span(groups))
    }

    /// Whether a word behind the number makes `hint` of it.
    pub(super) fn is_called(&self, hint: Hint, groups: usize) -> bool {
        self.context.is_called(self.sheet, hint, self.span(groups))
    }

    /// Whether the number counts money or things.
    pub(super) fn is_amount(&self, groups: usize) -> bool {
        is_amount(self.sheet, self.span(groups))
    }

    /// Whether a dash joins further digits to the number, as in 2026-11-23-001234.
    pub(super) fn touches_dashes(&self, groups: usize) -> bool {
        let before = self.index.checked_sub(1).and_then(|before| self.chain.gaps.get(before));
        before == Some(&Gap::Dash) || self.gap(groups - 1) == Some(Gap::Dash)
    }

    /// Whether Latin letters touch the number, as in a product code.
    pub(super) fn touches_letters(&self, groups: usize) -> bool {
        let Range { start, end } = self.span(groups);
        let is_letter = |c: char| c.is_ascii_alphabetic();
        let is_dash = |c: char| matches!(c, '-' | '_');
        let before = self.sheet.before(start);
        let after = self.sheet.at(end);
        is_letter(before)
            || is_letter(after)
            || (is_dash(before) && is_letter(self.sheet.before(start.saturating_sub(1))))
            || (is_dash(after) && is_letter(self.sheet.at(end + 1)))
    }
}
