//! Number words in English: three percent, five million won, twenty-five.

use crate::text::figures::numeral::ONE;
use crate::text::figures::numeral::at;

/// The number whose words begin at `start`: millionths, the end, and how many words it has.
pub(super) fn number(form: &[char], start: usize) -> Option<(u128, usize, usize)> {
    let (mut total, mut section, mut words, mut end, mut place) = (0_u128, 0_u128, 0, start, start);
    let mut is_point = false;
    let mut decimal = ONE / 10;
    let mut fraction = 0;
    while let Some((word, next)) = word(form, place) {
        match (small(&word), scale(&word)) {
            (Some(digit), _) if is_point && digit < 10 => {
                fraction += digit * decimal;
                decimal /= 10;
            }
            (Some(value), _) => section += value,
            (None, Some(100)) => section = section.max(1) * 100,
            (None, Some(scale)) => {
                total += section.max(1).checked_mul(scale)?;
                section = 0;
            }
            (None, None) if word == "point" && words > 0 => is_point = true,
            (None, None) if word == "and" && words > 0 => {}
            (None, None) => break,
        }
        if !matches!(word.as_str(), "and" | "point") {
            words += 1;
            end = next;
        }
        place = if matches!(at(form, next), ' ' | '-') { next + 1 } else { next };
    }
    let micro = (total + section).checked_mul(ONE)?.checked_add(fraction)?;
    (words > 0).then_some((micro, end, words))
}

/// The factor of an English scale behind digits (5 million): millionths are multiplied by it, and the end.
pub(super) fn scale_at(form: &[char], start: usize) -> Option<(u128, usize)> {
    let start = if at(form, start) == ' ' { start + 1 } else { start };
    let (word, end) = word(form, start)?;
    scale(&word).filter(|scale| *scale > 100).map(|scale| (scale, end))
}

/// The word of Latin letters at a place.
pub(super) fn word(form: &[char], start: usize) -> Option<(String, usize)> {
    let word: String = (start..).map(|place| at(form, place)).take_while(char::is_ascii_lowercase).collect();
    let end = start + word.len();
    (!word.is_empty()).then_some((word, end))
}

/// The month a word names.
pub(super) fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let is_month = |month: &&str| {
        *month == word || (word.len() == 3 && month.starts_with(word)) || (word == "sept" && **month == *"september")
    };
    MONTHS.iter().position(is_month).map(|month| month as u32 + 1)
}

fn small(word: &str) -> Option<u128> {
    const ONES: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = |words: &[&str]| words.iter().position(|one| *one == word).map(|place| place as u128);
    place(&ONES).or_else(|| place(&TENS).map(|ten| (ten + 2) * 10))
}

fn scale(word: &str) -> Option<u128> {
    Some(match word {
        "hundred" => 100,
        "thousand" => 1_000,
        "million" => 1_000_000,
        "billion" => 1_000_000_000,
        "trillion" => 1_000_000_000_000,
        _ => return None,
    })
}
