//! Where a sentence of a growing text is certain to end.

use crate::chat::guard::marks::Mark;
use crate::chat::guard::marks::mark_at;
use crate::chat::guard::marks::taken_out;
use crate::knowledge::is_full_stop;

/// The end in bytes of the first sentence of `text`, its citation marks included; `None` while more may belong to it. With
/// `is_all`, nothing follows.
///
/// The answer does not depend on how much of the text is there already, only on whether it is enough.
pub(super) fn sentence_end(text: &str, is_all: bool) -> Option<usize> {
    let begin = text.len() - text.trim_start().len();
    let mut open: Vec<char> = Vec::new();
    for (at, c) in text[begin..].char_indices().map(|(at, c)| (begin + at, c)) {
        let end = at + c.len_utf8();
        match c {
            '\n' => return with_marks(text, at, is_all),
            '(' => open.push(')'),
            '[' => open.push(']'),
            '「' => open.push('」'),
            '【' => open.push('】'),
            _ if open.last() == Some(&c) => {
                open.pop();
            }
            '.' | '?' | '!' | '。' | '…' if open.is_empty() => {
                match ends_here(&text[begin..at], c, &text[end..], is_all) {
                    Some(Some(closing)) => return with_marks(text, end + closing, is_all),
                    Some(None) => {}
                    None => return None,
                }
            }
            _ => {}
        }
    }
    is_all.then_some(text.len())
}

/// Whether the full stop `c` between `before` and `after` ends a sentence, and how many closing marks stand behind it;
/// `None` where `after` is too short to tell.
fn ends_here(before: &str, c: char, after: &str, is_all: bool) -> Option<Option<usize>> {
    let rest = after.trim_start_matches(['"', '\'', '”', '’', ')', ']']);
    let closing = after.len() - rest.len();
    let Some(next) = rest.chars().next() else { return is_all.then_some(Some(closing)) };
    match mark_at(rest) {
        Mark::Whole { .. } => return behind_mark(before, rest, is_all).map(|ends| ends.then_some(closing)),
        Mark::Cut if !is_all => return None,
        Mark::Cut | Mark::None => {}
    }
    if !next.is_whitespace() {
        return Some(None);
    }
    let apart = rest.trim_start_matches([' ', '\t']);
    match mark_at(apart) {
        Mark::Whole { .. } if !behind_mark(before, apart, is_all)? => return Some(None),
        Mark::Cut if !is_all => return None,
        Mark::Whole { .. } | Mark::Cut | Mark::None => {}
    }
    if c != '.' {
        return Some(Some(closing));
    }
    // A number, a date or an abbreviation is told by what follows the space.
    let line = rest.split('\n').next().unwrap_or_default();
    if line.trim_start().is_empty() && line.len() == rest.len() && !is_all {
        return None;
    }
    Some(is_full_stop(before, line).then_some(closing))
}

/// Whether a full stop ends a sentence that `rest`, which begins with a mark, follows: not inside of a figure or an address,
/// whose halves would be judged apart and read together.
fn behind_mark(before: &str, rest: &str, is_all: bool) -> Option<bool> {
    let mut rest = rest;
    loop {
        match mark_at(rest) {
            Mark::Whole { bytes, .. } => rest = &rest[bytes..],
            Mark::Cut if !is_all => return None,
            Mark::Cut | Mark::None => break,
        }
    }
    let (seen, _) = taken_out(before);
    let last = seen.chars().next_back().filter(char::is_ascii_alphanumeric);
    let Some(last) = last else { return Some(true) };
    let apart = rest.trim_start_matches([' ', '\t']);
    let Some(next) = apart.chars().next() else { return is_all.then_some(true) };
    let touches = apart.len() == rest.len() && !next.is_whitespace() && next != '.';
    let is_inside = touches || (last.is_ascii_digit() && next.is_ascii_digit());
    Some(!is_inside)
}

/// The end with the marks that follow a sentence which ends at `end`.
fn with_marks(text: &str, end: usize, is_all: bool) -> Option<usize> {
    let mut end = end;
    loop {
        let rest = &text[end..];
        // A mark on the next line belongs to a sentence that has none.
        let gap = match has_mark(&text[..end]) {
            true => rest.len() - rest.trim_start_matches([' ', '\t']).len(),
            false => rest.len() - rest.trim_start().len(),
        };
        match mark_at(&rest[gap..]) {
            Mark::Whole { bytes, .. } => end += gap + bytes,
            Mark::Cut if !is_all => return None,
            Mark::Cut => return Some(end),
            Mark::None => {
                let next = rest[gap..].chars().next();
                if next.is_none() && !is_all {
                    return None;
                }
                // "… [1]." behind a full stop.
                let is_closed = next == Some('.') && gap == 0 && text[..end].ends_with([']', '】']);
                return Some(if is_closed { end + 1 } else { end });
            }
        }
    }
}

fn has_mark(text: &str) -> bool {
    text.char_indices().any(|(at, c)| matches!(c, '[' | '【') && matches!(mark_at(&text[at..]), Mark::Whole { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(text: &str) -> Vec<&str> {
        let mut rest = text;
        let mut sentences = Vec::new();
        while !rest.is_empty()
            && let Some(end) = sentence_end(rest, true)
        {
            sentences.push(&rest[..end]);
            rest = &rest[end..];
        }
        sentences
    }

    #[test]
    fn sentences_end_behind_their_marks() {
        for (text, expected) in [
            ("하나입니다. [1] 둘입니다. [2]", vec!["하나입니다. [1]", " 둘입니다. [2]"]),
            ("하나입니다 [1]. 둘입니다[2].", vec!["하나입니다 [1].", " 둘입니다[2]."]),
            ("하나입니다.[1][3] 둘?", vec!["하나입니다.[1][3]", " 둘?"]),
            ("연 3.5%입니다. 끝", vec!["연 3.5%입니다.", " 끝"]),
            ("2026. 11. 1. 기준입니다. [1]", vec!["2026. 11. 1. 기준입니다. [1]"]),
            ("No. 3 창구입니다. 네.", vec!["No. 3 창구입니다.", " 네."]),
            ("- 하나 [1]\n- 둘 [1]\n", vec!["- 하나 [1]", "\n- 둘 [1]", "\n"]),
            ("1. 신청 [1]\n2. 확인 [1]", vec!["1. 신청 [1]", "\n2. 확인 [1]"]),
            ("하나입니다.\n[1]\n둘", vec!["하나입니다.\n[1]", "\n둘"]),
            ("(기준일: 2026. 11. 1. 현재) 둘입니다. 셋", vec!["(기준일: 2026. 11. 1. 현재) 둘입니다.", " 셋"]),
            ("[이체 > 한도. 관리]에서 됩니다. [1]", vec!["[이체 > 한도. 관리]에서 됩니다. [1]"]),
            ("하나입니다. [1]. 둘", vec!["하나입니다. [1].", " 둘"]),
            ("연 3.[1]5%입니다. [1]", vec!["연 3.[1]5%입니다. [1]"]),
            ("연 3[1].[1][2]5%입니다. [1]", vec!["연 3[1].[1][2]5%입니다. [1]"]),
            ("연 3. [1] 5%입니다. [1]", vec!["연 3. [1] 5%입니다. [1]"]),
            ("evil.[1]com에서", vec!["evil.[1]com에서"]),
            ("문의는 1588-0000.[1] 둘", vec!["문의는 1588-0000.[1]", " 둘"]),
            ("", vec![]),
        ] {
            assert_eq!(sentences(text), expected, "{text}");
        }
    }

    #[test]
    fn a_sentence_is_whole_as_soon_as_that_is_certain() {
        for (text, expected) in [
            ("하나입니다", None),
            ("하나입니다.", None),
            ("하나입니다. ", None),
            ("하나입니다. [", None),
            ("하나입니다. [1", None),
            ("하나입니다. [1]", None),
            ("하나입니다. [1] ", None),
            ("하나입니다. [1] 둘", Some("하나입니다. [1]")),
            ("하나입니다. [1]\n", Some("하나입니다. [1]")),
            ("하나입니다. 둘", Some("하나입니다.")),
            ("2026. 11. 1.", None),
        ] {
            assert_eq!(sentence_end(text, false).map(|end| &text[..end]), expected, "{text}");
        }
    }
}
