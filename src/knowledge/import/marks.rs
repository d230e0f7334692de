//! What a line of a Korean document is, told by the mark it begins with.
//!
//! Many documents use no heading styles: their authors type `제1조(목적)`, `1. 개요`, `■ 대상` and `- 신분증`. The
//! mark decides what the line is on its own; whether `1. 개요` is a heading or an item of a list, its neighbours decide
//! (`outline`).

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A heading of terms and conditions (편, 장, 절, 관, 조), and what follows it on the same line.
    Clause {
        /// As in [`Line::Candidate`].
        level: u8,
        /// The heading.
        heading: &'a str,
        /// The text after it.
        rest: &'a str,
    },
    /// A heading if it stands alone, an item if others like it stand beside it.
    Candidate {
        /// How deep it is: only compared with other levels.
        level: u8,
    },
    /// An item of a list, without its mark.
    Bullet(&'a str),
    /// An item of a numbered list.
    Numbered,
    /// Any other text.
    Text,
}

/// The level of the outermost clause heading; styled headings are above.
const CLAUSE_LEVEL: u8 = 11;
const CANDIDATE_LEVEL: u8 = 20;
/// Longer lines are no headings.
const HEADING_CHARACTERS_MAX: usize = 60;

const BULLETS: &[char] =
    &['-', '–', '—', '*', '•', '·', '∙', 'ㆍ', '▪', '▫', '◦', '○', '●', '❍', '‣', '➢', '➤', '✓', '✔', '◾', '▸', '►'];
const BLOCKS: &[char] = &['■', '□', '◆', '◇', '▣', '◈', '▶', '❏', '◎'];

/// Tells what a line is.
pub(super) fn line(text: &str) -> Line<'_> {
    if let Some(clause) = clause(text) {
        return clause;
    }
    let is_short = !text.contains('\n') && text.chars().count() <= HEADING_CHARACTERS_MAX && !is_sentence(text);
    let mut characters = text.chars();
    let first = characters.next().unwrap_or_default();
    let rest = characters.as_str();
    // '-5%' and '*주의' are text; a round or square mark may stand directly before it.
    let is_spaced = rest.starts_with(char::is_whitespace);
    let content = rest.trim_start();
    if content.is_empty() {
        return Line::Text;
    }
    if BLOCKS.contains(&first) {
        return if is_short { Line::Candidate { level: CANDIDATE_LEVEL + 4 } } else { Line::Bullet(content) };
    }
    if BULLETS.contains(&first) && (is_spaced || !matches!(first, '-' | '–' | '—' | '*' | '·' | 'ㆍ')) {
        return Line::Bullet(content);
    }
    match numbered(text) {
        Some(Numbered::Item) => Line::Numbered,
        Some(Numbered::Outline(_)) if !is_short => Line::Numbered,
        Some(Numbered::Outline(depth)) => Line::Candidate { level: CANDIDATE_LEVEL + depth },
        None => Line::Text,
    }
}

/// The bullets of symbol fonts (Symbol, Wingdings), whose codes have no meaning elsewhere, as a plain bullet.
pub(super) fn plain(character: char) -> char {
    match character {
        '\u{F06C}' | '\u{F06E}' | '\u{F076}' | '\u{F09F}' | '\u{F0A7}' | '\u{F0B7}' | '\u{F0D8}' | '\u{F0FC}' => '•',
        other => other,
    }
}

/// Whether a text ends as a sentence does rather than a heading.
pub(super) fn is_sentence(text: &str) -> bool {
    text.ends_with(['.', ',', ';', ':', '?', '!', '。', '…'])
        || ["니다", "세요", "이다", "한다"].iter().any(|end| text.ends_with(end))
}

/// `제1조(목적) 이 약관은 …`, `제2장 총칙`, `제3조의2 【정의】`.
fn clause(text: &str) -> Option<Line<'_>> {
    const KINDS: [char; 5] = ['편', '장', '절', '관', '조'];
    let rest = text.strip_prefix('제')?.trim_start();
    let rest = rest.strip_prefix(|c: char| c.is_ascii_digit())?.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.trim_start();
    let kind = rest.chars().next()?;
    let depth = KINDS.iter().position(|known| *known == kind)?;
    let rest = &rest[kind.len_utf8()..];
    let rest = rest.strip_prefix('의').map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let level = CLAUSE_LEVEL + u8::try_from(depth).unwrap_or_default();
    let bracketed = rest.trim_start();
    for (open, close) in [('(', ')'), ('（', '）'), ('[', ']'), ('【', '】'), ('〔', '〕'), ('<', '>')] {
        let Some(end) = bracketed.strip_prefix(open).and_then(|inside| inside.find(close)) else {
            continue;
        };
        let end = text.len() - bracketed.len() + open.len_utf8() + end + close.len_utf8();
        let (heading, rest) = text.split_at(end);
        // '제12조(상환)에 따라' refers to a clause and does not begin one.
        let begins = rest.is_empty() || rest.starts_with(char::is_whitespace) || rest.starts_with(['①', '<', '[']);
        let is_title = heading.chars().count() <= HEADING_CHARACTERS_MAX && !heading.contains('\n');
        return (begins && is_title).then(|| Line::Clause { level, heading, rest: rest.trim_start() });
    }
    let begins = rest.is_empty() || rest.starts_with(char::is_whitespace);
    let is_short = text.chars().count() <= HEADING_CHARACTERS_MAX && !text.contains('\n') && !is_sentence(text);
    (begins && is_short).then_some(Line::Clause { level, heading: text, rest: "" })
}

enum Numbered {
    /// `1)`, `(1)`, `①`, `가)`.
    Item,
    /// `Ⅰ.`, `1.`, `1.1`, `가.`, with how deep it usually is.
    Outline(u8),
}

fn numbered(text: &str) -> Option<Numbered> {
    const SYLLABLES: &[char] = &['가', '나', '다', '라', '마', '바', '사', '아', '자', '차', '카', '타', '파', '하'];
    let first = text.chars().next()?;
    if ('①'..='⑳').contains(&first) || ('㉠'..='㉻').contains(&first) || ('❶'..='❿').contains(&first) {
        return Some(Numbered::Item);
    }
    let (mark, rest) = text.split_once(char::is_whitespace)?;
    if rest.trim_start().is_empty() {
        return None;
    }
    let is_number = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_syllable = |part: &str| part.chars().count() == 1 && part.starts_with(SYLLABLES);
    if let Some(inside) = mark.strip_suffix(')') {
        let inside = inside.strip_prefix('(').unwrap_or(inside);
        return (is_number(inside) || is_syllable(inside)).then_some(Numbered::Item);
    }
    // '1.5 %' is a number; a heading goes on with a word.
    if !rest
        .trim_start()
        .starts_with(|c: char| c.is_alphabetic() || matches!(c, '(' | '[' | '「' | '\'' | '"' | '‘' | '“'))
    {
        return None;
    }
    let body = mark.strip_suffix('.');
    let parts: Vec<_> = body.unwrap_or(mark).split('.').collect();
    let is_roman = |part: &str| !part.is_empty() && part.chars().all(|c| ('Ⅰ'..='Ⅻ').contains(&c));
    let is_latin_roman = |part: &str| !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'I' | b'V' | b'X'));
    match (parts.as_slice(), body.is_some()) {
        ([part], _) if is_roman(part) => Some(Numbered::Outline(0)),
        ([part], true) if is_latin_roman(part) => Some(Numbered::Outline(0)),
        ([part], true) if is_number(part) => Some(Numbered::Outline(1)),
        ([part], true) if is_syllable(part) => Some(Numbered::Outline(5)),
        ([_, _], _) if parts.iter().all(|part| is_number(part)) => Some(Numbered::Outline(2)),
        ([_, _, ..], _) if parts.iter().all(|part| is_number(part)) => Some(Numbered::Outline(3)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_a_heading_and_a_reference_to_one_is_not() {
        for (text, heading, rest) in [
            ("제1조(목적) 이 약관은 은행과", "제1조(목적)", "이 약관은 은행과"),
            ("제 3 조의2 【정의】", "제 3 조의2 【정의】", ""),
            ("제2장 총칙", "제2장 총칙", ""),
            ("제5조(수수료)① 은행은", "제5조(수수료)", "① 은행은"),
        ] {
            let Line::Clause { heading: found, rest: after, .. } = line(text) else { panic!("{text}") };
            assert_eq!((found, after), (heading, rest));
        }
        for text in ["제12조(상환)에 따라 처리합니다.", "제1항에 따라", "제2조에서 정한 바에 따릅니다.", "제도 안내"]
        {
            assert_eq!(line(text), Line::Text, "{text}");
        }
    }

    #[test]
    fn marks_tell_headings_items_and_text_apart() {
        use Line::Bullet;
        use Line::Candidate;
        use Line::Numbered;
        use Line::Text;
        for (text, expected) in [
            ("Ⅰ. 개요", Candidate { level: 20 }),
            ("1. 개요", Candidate { level: 21 }),
            ("1.1 목적", Candidate { level: 22 }),
            ("1.2.3. 범위", Candidate { level: 23 }),
            ("가. 대상", Candidate { level: 25 }),
            ("■ 신청 대상", Candidate { level: 24 }),
            ("■ 만 19세 이상인 사람이 신청할 수 있습니다.", Bullet("만 19세 이상인 사람이 신청할 수 있습니다.")),
            ("- 신분증", Bullet("신분증")),
            ("•신분증", Bullet("신분증")),
            ("○ 신분증", Bullet("신분증")),
            ("① 신분증", Numbered),
            ("1) 신분증", Numbered),
            ("(2) 재직증명서", Numbered),
            ("1. 신분증을 가지고 영업점을 방문합니다.", Numbered),
            ("-5% 하락", Text),
            ("1.5 %포인트", Text),
            ("2026. 11. 1. 시행", Text),
            ("10. 1.부터", Text),
            ("ATM 안내", Text),
            ("-", Text),
            ("", Text),
        ] {
            assert_eq!(line(text), expected, "{text}");
        }
    }
}
