//! Whether a sentence is plain text: no markup, no link, no character that is not what it looks like.

use crate::chat::guard::fence::Fault;
use crate::chat::guard::grounds::Prepared;
use crate::text::normalize::is_hidden;

/// What is wrong with a sentence as text.
pub(super) fn fault(sentence: &str, cited: &[&Prepared]) -> Option<Fault> {
    if !is_readable(sentence, cited) {
        return Some(Fault::Unreadable);
    }
    if has_markdown_link(sentence) || has_address(sentence, cited) {
        return Some(Fault::Link);
    }
    has_markup(sentence).then_some(Fault::Markup)
}

/// Takes out the two stars around words that models put there out of habit.
pub(super) fn without_bold(sentence: &str) -> String {
    let stars = sentence.matches("**").count();
    if stars > 0 && stars.is_multiple_of(2) { sentence.replace("**", "") } else { sentence.to_owned() }
}

fn is_readable(sentence: &str, cited: &[&Prepared]) -> bool {
    let is_cited = |c: char| cited.iter().any(|ground| ground.whole.contains(c));
    sentence.chars().all(|c| is_usual(c) || (is_letter(c) && is_cited(c))) && !has_code(sentence, cited)
}

/// Whether a character of another script may stand where a passage has it; what is invisible may not.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || !(c.is_control() || c.is_whitespace() || is_unseen(c))
}

/// What is not seen, ends lines, or has no fixed form.
fn is_unseen(c: char) -> bool {
    is_hidden(c)
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFF}' | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..)
}

/// Hangul, Latin letters, digits, and the marks of Korean texts.
fn is_usual(c: char) -> bool {
    matches!(
        c,
        '\n' | '\t'
            | ' '..='~'
            | '\u{A0}'
            | '가'..='힣'
            | 'ㄱ'..='ㅎ'
            | 'ㅏ'..='ㅣ'
            | '\u{FF01}'..='\u{FF5E}'
            | '\u{3000}'..='\u{3013}'
            | '①'..='⑳'
            | '\u{20A0}'..='\u{20BF}'
    ) || MARKS.contains(c)
}

/// Marks that Korean texts have beside those of ASCII.
const MARKS: &str = "‘’“”·…–—―‑•※‧ㆍ∼×÷±°℃￦¥£→←↑↓½⅓¼¾⅔㎡™®©№≤≥■□●○▶▷★☆‰";

/// A long run of letters and digits without a space, as encoded text is: not in a passage.
fn has_code(sentence: &str, cited: &[&Prepared]) -> bool {
    const RUN_MIN: usize = 20;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '=' | '_' | '-' | '/');
    let mut runs = sentence.split(|c: char| !is_part(c)).filter(|run| run.len() >= RUN_MIN);
    runs.any(|run| !cited.iter().any(|ground| ground.whole.contains(run)))
}

fn has_markdown_link(sentence: &str) -> bool {
    sentence.contains("](") || sentence.contains("![")
}

/// An address of the web or of mail that no passage has.
fn has_address(sentence: &str, cited: &[&Prepared]) -> bool {
    let lower = sentence.to_lowercase();
    let is_part = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '.' | ':' | '/' | '@' | '-' | '_' | '%' | '?' | '=' | '&' | '#' | '~' | '+')
    };
    lower.split(|c: char| !is_part(c)).filter(|run| is_address(run)).any(|run| {
        let run = run.trim_matches(['.', ':', '/', '-']);
        !cited.iter().any(|ground| ground.whole.to_lowercase().contains(run))
    })
}

fn is_address(run: &str) -> bool {
    let run = run.trim_matches(['.', ':', '-', '/', '?', '~']);
    if run.contains("://")
        || run.starts_with("www.")
        || run.contains('@')
        || run.starts_with("mailto")
        || run.starts_with("javascript:")
    {
        return true;
    }
    let host = run.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let ends_in_letters =
        labels.last().is_some_and(|last| last.len() > 1 && last.chars().all(|c| c.is_ascii_lowercase()));
    let is_host = labels.len() > 1 && labels.iter().all(is_label) && ends_in_letters && !is_number(labels[0]);
    // 192.168.0.1
    let is_numeric =
        labels.len() == 4 && labels.iter().all(|label| !label.is_empty() && label.len() <= 3 && is_number(label));
    is_host || is_numeric
}

/// Tags, headings, quotations, rules, tables, code, and stars around words.
fn has_markup(sentence: &str) -> bool {
    let line = sentence.trim_start();
    let begins =
        ["# ", "## ", "### ", "#### ", "> ", "|", "---", "***", "===", "~~~"].iter().any(|mark| line.starts_with(mark));
    let mut previous = ' ';
    let mut has_tag = false;
    for c in sentence.chars() {
        has_tag |= previous == '<' && (c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        previous = c;
    }
    let has_entity = sentence.split('&').skip(1).any(|rest| {
        rest.split_once(';').is_some_and(|(name, _)| {
            (2..=8).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
        })
    });
    begins
        || has_tag
        || has_entity
        || ["`", "**", "__", "~~", "||", "{{", "}}", "<|", "|>", "\\n"].iter().any(|mark| sentence.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_plain() {
        for text in [
            "연 3.5%~4.0%이며, 앱의 [이체 > 한도 관리]에서 신청하실 수 있습니다.",
            "- 준비물: 신분증 (주민등록증·운전면허증)",
            "Android 10 이상 또는 iOS 16 이상이 필요합니다.",
            "2026. 11. 1. 기준 “최고” 금리입니다.",
            "① 신청 → ② 확인",
        ] {
            assert_eq!(fault(text, &[]), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_text_is_refused() {
        for (text, expected) in [
            ("<b>중요</b>합니다", Fault::Markup),
            ("# 제목", Fault::Markup),
            ("`코드`입니다", Fault::Markup),
            ("**굵게입니다", Fault::Markup),
            ("| 구분 | 금리 |", Fault::Markup),
            ("&lt;script&gt;", Fault::Markup),
            ("[여기](https://evil.example)", Fault::Link),
            ("![그림](x)", Fault::Link),
            ("https://evil.example 로 가세요", Fault::Link),
            ("evil.example에서 확인", Fault::Link),
            ("help@evil.example", Fault::Link),
            ("192.168.0.1 접속", Fault::Link),
            ("가\u{200B}입", Fault::Unreadable),
            ("가\u{202E}입", Fault::Unreadable),
            ("аpple 카드", Fault::Unreadable),
            ("貸出", Fault::Unreadable),
            ("가\u{7}입", Fault::Unreadable),
            ("SGVsbG8gd29ybGQgdGhpcyBpcyBh", Fault::Unreadable),
        ] {
            assert_eq!(fault(text, &[]), Some(expected), "{text}");
        }
    }
}
