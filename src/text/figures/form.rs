//! The form in which figures are read: one way of writing for each character, and digits that were pulled apart together
//! again.

use unicode_normalization::UnicodeNormalization;

use crate::text::normalize::is_hidden;

/// Stands where something cannot be read: a superscript, a digit of another script.
pub(super) const UNREADABLE: char = '\u{FFFD}';

/// The form of a text.
pub(super) fn of(text: &str) -> Vec<char> {
    let mut form = Vec::with_capacity(text.len() / 2);
    for c in text.chars() {
        match c {
            '\n' | ' '..='@' | '['..='~' | '가'..='힣' => push(&mut form, c),
            _ => unusual(c, &mut form),
        }
    }
    if form.last() == Some(&' ') {
        form.pop();
    }
    tighten(form)
}

fn push(form: &mut Vec<char>, c: char) {
    match (c, form.last()) {
        (' ', None | Some(' ' | '\n')) => {}
        ('\n', Some(' ')) => {
            form.pop();
            form.push('\n');
        }
        _ => form.push(c),
    }
}

fn unusual(c: char, form: &mut Vec<char>) {
    match c {
        'A'..='Z' => form.push(c.to_ascii_lowercase()),
        '①'..='⑳' => apart(form, &format!("{})", u32::from(c) - 0x245F)),
        '❶'..='❿' => apart(form, &format!("{})", u32::from(c) - 0x2775)),
        '⑴'..='⒇' => apart(form, &format!("{})", u32::from(c) - 0x2473)),
        '➀'..='➉' => apart(form, &format!("{})", u32::from(c) - 0x277F)),
        '½' => apart(form, "2분의 1"),
        '⅓' => apart(form, "3분의 1"),
        '⅔' => apart(form, "3분의 2"),
        '¼' => apart(form, "4분의 1"),
        '¾' => apart(form, "4분의 3"),
        '²' | '³' | '¹' | '⁰'..='⁹' | '₀'..='₉' => form.push(UNREADABLE),
        '‐'..='―' | '−' | '﹣' => {
            form.push(if c == '‐' || c == '‑' || c == '−' || c == '﹣' { '-' } else { '~' })
        }
        '〜' | '∼' | '～' | '˜' => form.push('~'),
        '‧' | '•' | '・' | 'ㆍ' | '·' => form.push('·'),
        '\t' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' => push(form, ' '),
        _ if is_invisible(c) => {}
        _ if chinese(c).is_some() => form.extend(chinese(c)),
        _ if c.is_whitespace() => push(form, ' '),
        _ => {
            for plain in std::iter::once(c).nfkc().flat_map(char::to_lowercase) {
                match plain {
                    ' ' => push(form, ' '),
                    _ if plain.is_ascii() || !plain.is_numeric() => form.push(plain),
                    _ => form.push(UNREADABLE),
                }
            }
        }
    }
}

/// A number that is one character touches nothing: ①② is not 12.
fn apart(form: &mut Vec<char>, number: &str) {
    push(form, ' ');
    form.extend(number.chars());
    form.push(' ');
}

/// What is not seen, or only around the character before it, does not keep digits apart.
fn is_invisible(c: char) -> bool {
    c.is_control() || is_hidden(c) || matches!(c, '\u{300}'..='\u{36F}' | '\u{20D0}'..='\u{20FF}')
}

/// Chinese numerals and the units written with them, as they are read.
fn chinese(c: char) -> Option<char> {
    Some(match c {
        '〇' | '零' => '영',
        '一' | '壹' | '壱' => '일',
        '二' | '貳' | '弐' => '이',
        '三' | '參' => '삼',
        '四' | '肆' => '사',
        '五' | '伍' => '오',
        '六' | '陸' => '육',
        '七' | '柒' => '칠',
        '八' | '捌' => '팔',
        '九' | '玖' => '구',
        '十' | '拾' => '십',
        '百' | '佰' => '백',
        '千' | '仟' => '천',
        '萬' | '万' => '만',
        '億' | '亿' => '억',
        '兆' => '조',
        '元' | '圓' => '원',
        '円' => '엔',
        '年' => '년',
        '月' => '월',
        '日' => '일',
        '個' | '箇' => '개',
        '時' => '시',
        '分' => '분',
        '回' => '회',
        '倍' => '배',
        _ => return None,
    })
}

/// Takes out the spaces that stand inside one number: "3 . 5 %", "1 0 0 만 원", "1 000 000원".
fn tighten(form: Vec<char>) -> Vec<char> {
    let at = |at: usize| form.get(at).copied().unwrap_or('\n');
    let is_digit = |c: char| c.is_ascii_digit();
    let mut tight = Vec::with_capacity(form.len());
    let mut position = 0;
    while position < form.len() {
        let c = at(position);
        let begins = is_digit(c) && !tight.last().is_some_and(|before: &char| is_digit(*before) || *before == '.');
        if begins && let Some(end) = pulled_apart(&form, position) {
            tight.extend(form[position..end].iter().filter(|c| **c != ' '));
            position = end;
        } else {
            tight.push(c);
            position += 1;
        }
    }
    tight
}

/// The end of a number with spaces in it that begins at `start`.
fn pulled_apart(form: &[char], start: usize) -> Option<usize> {
    let at = |at: usize| form.get(at).copied().unwrap_or('\n');
    let run = |from: usize| (from..).take_while(|place| at(*place).is_ascii_digit()).count();
    let has_unit = |end: usize| {
        let next = if at(end) == ' ' { at(end + 1) } else { at(end) };
        matches!(next, '%' | '만' | '천' | '백' | '십' | '억' | '원' | '퍼' | '프' | '개' | '년' | '달')
    };
    let first = run(start);
    // Single digits one by one.
    let mut end = start + first;
    let mut digits = 1;
    while first == 1 && at(end) == ' ' && run(end + 1) == 1 {
        end += 2;
        digits += 1;
    }
    if digits == 1 {
        // Thousands set apart by spaces.
        while (1..=3).contains(&first) && at(end) == ' ' && run(end + 1) == 3 {
            end += 4;
            digits += 3;
        }
    }
    // A point with a space before it, or with one behind it before a rate.
    let with_point = |end: usize| {
        let point = if at(end) == ' ' { end + 1 } else { end };
        let fraction = if at(point + 1) == ' ' { point + 2 } else { point + 1 };
        let is_spaced = point > end || (fraction > point + 1 && digits == 1);
        let mut close = fraction + run(fraction);
        while run(fraction) == 1 && at(close) == ' ' && run(close + 1) == 1 {
            close += 2;
        }
        let is_rate = matches!(if at(close) == ' ' { at(close + 1) } else { at(close) }, '%' | '퍼' | '프');
        let is_list = start == 0 || at(start - 1) == '\n';
        let is_number = is_spaced && run(fraction) > 0 && (point > end || is_rate) && !(is_list && point == end);
        (matches!(at(point), '.') && is_number).then_some(close)
    };
    if let Some(close) = with_point(end) {
        return Some(close);
    }
    (digits > 1 && (has_unit(end) || (first == 1 && digits > 2))).then_some(end)
}
