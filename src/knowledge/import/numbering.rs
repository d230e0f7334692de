//! The numbers that word processors put before headings and items: `1.`, `가.`, `①`, `제1조`.

/// Levels of a numbering, as word processors have them.
pub(super) const LEVELS_MAX: usize = 10;

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// 1, 2, 3.
    Decimal,
    /// ①, ②, ③.
    Circled,
    /// 가, 나, 다.
    Syllable,
    /// ㄱ, ㄴ, ㄷ.
    Jamo,
    /// a, b, c.
    LowerLetter,
    /// A, B, C.
    UpperLetter,
    /// i, ii, iii.
    LowerRoman,
    /// I, II, III.
    UpperRoman,
    /// 一, 二, 三.
    Ideograph,
    /// No number: a bullet, or nothing.
    Unnumbered,
}

/// One level of a numbering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Level {
    /// The first number.
    pub start: u32,
    /// How its number is written.
    pub format: Format,
    /// What is shown, with `%1` to `%9` for the numbers of the levels.
    pub text: String,
}

/// The current numbers of one list.
#[derive(Debug, Clone, Default)]
pub(super) struct Counter {
    numbers: [Option<u32>; LEVELS_MAX],
}

impl Counter {
    /// Counts the next paragraph of a level and returns what is shown before it; `None` for bullets.
    pub fn next(&mut self, levels: &[Level], level: usize) -> Option<String> {
        let level = level.min(LEVELS_MAX - 1);
        let definition = levels.get(level)?;
        let number = self.numbers[level].map_or(definition.start, |number| number.saturating_add(1));
        self.numbers[level] = Some(number);
        self.numbers[level + 1..].fill(None);
        if definition.format == Format::Unnumbered {
            return None;
        }
        let mut shown = String::new();
        let mut characters = definition.text.chars().peekable();
        while let Some(character) = characters.next() {
            match (character, characters.peek().and_then(|digit| digit.to_digit(10))) {
                ('%', Some(digit @ 1..)) => {
                    characters.next();
                    let position = digit as usize - 1;
                    let format = levels.get(position).map_or(Format::Decimal, |level| level.format);
                    let start = levels.get(position).map_or(1, |level| level.start);
                    shown.push_str(&written(format, self.numbers[position].unwrap_or(start)));
                }
                _ => shown.push(character),
            }
        }
        Some(shown.trim().to_owned()).filter(|shown| !shown.is_empty())
    }
}

/// A number as text; in digits where the writing has no sign for it.
fn written(format: Format, number: u32) -> String {
    const SYLLABLES: &str = "가나다라마바사아자차카타파하";
    const JAMO: &str = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ";
    const IDEOGRAPHS: &str = "一二三四五六七八九十";
    let nth = |signs: &str| signs.chars().nth(number.checked_sub(1)? as usize).map(String::from);
    let sign = match format {
        Format::Decimal => None,
        Format::Circled => nth("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
        Format::Syllable => nth(SYLLABLES),
        Format::Jamo => nth(JAMO),
        Format::LowerLetter => nth("abcdefghijklmnopqrstuvwxyz"),
        Format::UpperLetter => nth("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        Format::LowerRoman => roman(number).map(|roman| roman.to_lowercase()),
        Format::UpperRoman => roman(number),
        Format::Ideograph => nth(IDEOGRAPHS),
        Format::Unnumbered => Some(String::new()),
    };
    sign.unwrap_or_else(|| number.to_string())
}

fn roman(mut number: u32) -> Option<String> {
    const SIGNS: [(u32, &str); 9] =
        [(100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")];
    if !(1..400).contains(&number) {
        return None;
    }
    let mut shown = String::new();
    for (value, sign) in SIGNS {
        while number >= value {
            shown.push_str(sign);
            number -= value;
        }
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(format: Format, text: &str) -> Level {
        Level { start: 1, format, text: text.into() }
    }

    #[test]
    fn levels_count_within_the_level_above() {
        let levels =
            [level(Format::Decimal, "제%1조"), level(Format::Syllable, "%1.%2)"), level(Format::Unnumbered, "•")];
        let mut counter = Counter::default();
        let shown: Vec<_> = [0, 1, 1, 2, 0, 1].map(|level| counter.next(&levels, level)).into();
        let expected = [Some("제1조"), Some("1.가)"), Some("1.나)"), None, Some("제2조"), Some("2.가)")];
        assert_eq!(shown, expected.map(|shown| shown.map(String::from)));
        assert_eq!(Counter::default().next(&levels, 0).as_deref(), Some("제1조"));
        assert_eq!(counter.next(&levels, 7), None);
    }

    #[test]
    fn numbers_are_written_as_the_format_says() {
        for (format, number, expected) in [
            (Format::Circled, 3, "③"),
            (Format::Circled, 21, "21"),
            (Format::Jamo, 2, "ㄴ"),
            (Format::UpperRoman, 14, "XIV"),
            (Format::LowerRoman, 9, "ix"),
            (Format::UpperLetter, 27, "27"),
            (Format::Syllable, 0, "0"),
        ] {
            assert_eq!(written(format, number), expected);
        }
    }
}
