//! Whether a sentence is plain text: no markup, no link, no character that is not what it looks like.

use unicode_normalization::UnicodeNormalization;

use crate::chat::guard::fence::Fault;
use crate::chat::guard::grounds::Prepared;
use crate::text::normalize::is_hidden;
use crate::text::normalize::normalize;

/// What is wrong with a sentence as text.
pub(super) fn fault(sentence: &str, cited: &[&Prepared]) -> Option<Fault> {
    if !is_readable(sentence, cited) {
        return Some(Fault::Unreadable);
    }
    if has_markdown_link(sentence) || has_address(sentence, cited) {
        return Some(Fault::Link);
    }
    if has_foreign_word(sentence, cited) {
        return Some(Fault::Unsupported);
    }
    has_markup(sentence).then_some(Fault::Markup)
}

/// A word in Latin letters that no passage has: names, codes and parts of addresses are the bank's to give.
fn has_foreign_word(sentence: &str, cited: &[&Prepared]) -> bool {
    /// What people write for what the passages have in Korean.
    const USUAL: [&str; 12] = ["atm", "otp", "sms", "pin", "ars", "pc", "ai", "app", "id", "km", "kg", "vs"];
    if cited.is_empty() {
        return false;
    }
    let normal = normalize(sentence);
    let mut words = normal.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 1);
    words.any(|word| !USUAL.contains(&word) && !cited.iter().any(|ground| ground.own.contains(word)))
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
    let is_part = |c: char| c.is_alphanumeric() || ".:/@-_%?=&#~+".contains(c);
    let text = plain(sentence);
    let runs = text.split(|c: char| !is_part(c)).map(|run| run.trim_end_matches(ENDS));
    runs.filter(|run| is_address(run)).any(|run| {
        let run = run.trim_start_matches(ENDS);
        !cited.iter().any(|ground| is_written(run, &plain(&ground.body)))
    })
}

/// What stands around an address and is not part of it.
const ENDS: [char; 6] = ['.', ':', '-', '/', '?', '~'];

/// Particles behind an address.
const PARTICLES: [&str; 16] =
    ["에서는", "에서", "으로", "에는", "로", "에", "을", "를", "은", "는", "이", "가", "의", "와", "과", "도"];

/// A text in small letters, with one form for each character and one dot.
fn plain(text: &str) -> String {
    /// How people write the dot of an address that nobody is to follow at once.
    const DOTS: [&str; 7] = ["[.]", "(.)", "{.}", "[dot]", "(dot)", "[점]", "(점)"];
    let text = text.chars().filter(|c| !is_hidden(*c)).map(|c| if c == '…' { ' ' } else { c });
    let text: String = text.nfkc().flat_map(char::to_lowercase).map(|c| if c == '。' { '.' } else { c }).collect();
    DOTS.iter().fold(text, |text, dot| if text.contains(dot) { text.replace(dot, ".") } else { text })
}

/// Whether a text has an address as a whole, with whatever particle behind it.
fn is_written(run: &str, text: &str) -> bool {
    let latin = run.trim_end_matches(|c: char| !c.is_ascii());
    let without_particle = PARTICLES.iter().filter_map(|particle| run.strip_suffix(particle));
    std::iter::once(run).chain(without_particle).chain((latin.len() > 1).then_some(latin)).any(|address| {
        let begins_in_latin = address.starts_with(|c: char| c.is_ascii());
        let ends_in_latin = address.ends_with(|c: char| c.is_ascii());
        text.match_indices(address).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let mut behind = text[at + address.len()..].chars();
            let is_begin = !before.is_some_and(|c| match begins_in_latin {
                true => c.is_ascii_alphanumeric() || c == '-',
                false => c.is_alphanumeric(),
            });
            let is_end = match behind.next() {
                Some('.') => !behind.next().is_some_and(char::is_alphanumeric),
                Some(c) if ends_in_latin => !(c.is_ascii_alphanumeric() || c == '-'),
                Some(_) | None => true,
            };
            is_begin && is_end
        })
    })
}

/// Whether a run of letters, digits and marks is an address. A full stop without a space behind it makes one of two sentences, too.
fn is_address(run: &str) -> bool {
    /// Digits of a day or an item: 11.1.까지, 1.신청.
    const DAY_DIGITS_MAX: usize = 2;
    if run.contains("://")
        || run.contains("www.")
        || run.contains('@')
        || run.starts_with("mailto")
        || run.starts_with("javascript:")
    {
        return true;
    }
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    run.split(['/', ':', '?', '#', '=', '&', '~', '+', '%']).any(|host| {
        let labels: Vec<&str> = host.split('.').collect();
        let joins = labels.windows(2).any(|pair| {
            let (name, domain) = (pair[0], pair[1]);
            let begins_with_letter = domain.starts_with(char::is_alphabetic) && domain.chars().count() > 1;
            let is_short = match is_number(name) {
                true => name.len() <= DAY_DIGITS_MAX,
                // "a.m.부터"
                false => name.len() == 1,
            };
            let is_day = is_short && !domain.starts_with(|c: char| c.is_ascii()) && !is_korean_domain(domain);
            // "evil .com" is one, too.
            let is_named = !name.is_empty() || domain.starts_with(|c: char| c.is_ascii());
            begins_with_letter && is_named && !is_day
        });
        // 192.168.0.1
        let latin: Vec<&str> = host.trim_end_matches(|c: char| !c.is_ascii_digit()).split('.').collect();
        joins || (latin.len() == 4 && latin.iter().all(|label| label.len() <= 3 && is_number(label)))
    })
}

/// Whether a label is a domain in Korean, with whatever particle behind it: 한국에서.
fn is_korean_domain(label: &str) -> bool {
    const DOMAINS: [&str; 6] = ["한국", "은행", "닷컴", "닷넷", "삼성", "코리아"];
    DOMAINS
        .iter()
        .filter_map(|domain| label.strip_prefix(domain))
        .any(|rest| rest.is_empty() || PARTICLES.contains(&rest))
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
            "2026.11.1.까지 신청하시면 연 3.5%입니다.",
            "1.신청 2.확인",
            "오전 9 a.m.부터입니다…가입은 앱에서 됩니다.",
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
            ("192.168.0.1에서", Fault::Link),
            ("가온은행.com에서 확인", Fault::Link),
            ("가온은행.kr/가입", Fault::Link),
            ("가온은행.한국에서", Fault::Link),
            ("ｇａｏｎ．ｋｒ", Fault::Link),
            ("gaon。kr", Fault::Link),
            ("365.bank-event.kr", Fault::Link),
            ("365.kr", Fault::Link),
            ("됩니다...evil.com", Fault::Link),
            ("evil .com", Fault::Link),
            ("됩니다.신청은 앱에서", Fault::Link),
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
