//! What proves who somebody is and must never be kept: passwords, PINs, one-time codes, a card's verification code.
//! They look like any other number, so they are known by the word beside them alone. A card's expiry date, which is
//! kept as little, has its rules in `expiries`.

use std::ops::Range;

use crate::text::pii::Kind;
use crate::text::pii::context::is_amount;
use crate::text::pii::sheet::Keep;
use crate::text::pii::sheet::Sheet;
use crate::text::pii::spoken;

/// What a word for a secret tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secret {
    /// It may also be of letters and signs.
    Password,
    /// Some digits.
    Code,
    /// The three digits on the back of a card, or the four on its front.
    CardCode,
    /// The back of a card: the three digits there are its code, the four at the end of its number are not.
    CardBack,
    /// Six digits that were sent or shown.
    OneTime,
    /// The digits of a card of many codes, each with its place: "12번 3847".
    CodeCard,
    /// A word that speaks of a secret only if the digits are said to have come.
    Sent,
}

/// Words for a secret. None is the beginning of a longer one behind it.
#[rustfmt::skip]
static WORDS: &[(Secret, &[&str])] = &[
    (Secret::Password, &[
        "비밀번호", "패스워드", "패스코드", "비번", "암호", "password", "passwd", "passcode", "pw",
    ]),
    (Secret::Code, &["핀번호", "핀넘버", "핀코드", "핀", "pin", "잠금번호"]),
    (Secret::CardCode, &[
        "보안코드", "보안번호", "cvc", "cvv", "cvs", "씨브이씨", "씨브이브이", "씨비씨", "시브이씨", "시브이시", "씨브이시",
        "시브이브이",
    ]),
    (Secret::CardBack, &[
        "뒷면", "카드뒷면", "카드뒤", "카드뒷", "뒤세자리", "뒤에세자리", "뒤3자리", "뒤에3자리",
    ]),
    (Secret::OneTime, &[
        "인증번호", "인증코드", "인증문자", "문자인증", "본인인증", "휴대폰인증", "일회용번호", "otp", "오티피",
    ]),
    (Secret::CodeCard, &["보안카드"]),
    (Secret::Sent, &["승인번호", "문자", "카톡", "알림톡"]),
];

/// With them and Latin letters a message may hold a password or an address without a digit or an at sign.
#[rustfmt::skip]
pub(super) const WRITTEN: [&str; 13] = [
    "비번", "밀번호", "밀 번호", "패스", "암호", "골뱅이", " at ", " AT ", "(at)", "(AT)", "pw", "PW", "assword",
];

/// What may stand between the word and the secret. Longer ones stand before their own beginnings.
#[rustfmt::skip]
static FILLERS: &[&str] = &[
    "번호", "코드", "네자리", "네 자리", "두자리", "두 자리", "두개", "두 개", "세자리", "세 자리", "세개", "세 개", "여섯자리",
    "여섯 자리", "사자리", "육자리", "삼자리", "자리", "숫자", "앞", "뒤", "뒷", "끝", "맨", "현재", "지금", "카드", "이에요", "으로",
    "이요", "기존", "원래", "예전", "아마", "혹시", "그거", "아까", "임시", "초기", "응답", "생성", "일회용", "영문", "number", "no",
    "는", "은", "이", "가", "을", "를", "도", "로", "에", "새", "제", "내", "만", "요", "호",
];
/// What may stand between a secret and the word behind it, particles first.
#[rustfmt::skip]
const FILLERS_BEHIND: [&str; 22] = [
    "이게", "이거", "요게", "이건", "이것이", "으로", "라는", "이라는", "이", "가", "은", "는", "로", "을", "를", "제", "내",
    "새", "카드", "통장", "계좌", "출금",
];
/// What may stand between two secrets: "1234에서 5678로".
const BETWEEN: [&str; 10] = ["에서", "아니면", "이랑", "하고", "또는", "이나", "랑", "→", ",", "("];

/// Digits of a secret. Fewer are one only where the customer speaks of digits ("앞 두 자리는 12").
const DIGITS_MIN: usize = 3;
const DIGITS_MAX: usize = 8;
/// Letters alone are a password only if they are more than those of OTP or PIN.
const PASSWORD_LETTERS: usize = 4;
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 4..=32;

/// Covers every secret that is named as one.
pub(super) fn cover_secrets(sheet: &mut Sheet) {
    let mut end = 0;
    for (word, secret) in words(sheet) {
        // Of two words at one place the longer one counts.
        if word.start >= end {
            end = word.end;
            cover_after(sheet, end, secret).or_else(|| cover(sheet, before(sheet, word.start, secret)));
        }
    }
}

/// Whether a message ends with a word for a secret and what may stand between such a word and the secret.
pub(super) fn ends_with_word(sheet: &Sheet) -> bool {
    words(sheet).into_iter().any(|(word, secret)| skip_fillers(sheet, word.end, secret).0 >= sheet.len())
}

/// The words for a secret, first to last, and where two begin together, the longer one first.
fn words(sheet: &Sheet) -> Vec<(Range<usize>, Secret)> {
    let mut words = Vec::new();
    for (secret, names) in WORDS {
        for name in names.iter().filter(|name| sheet.may_have(name)) {
            let spans = sheet.occurrences(name).map(|(span, _)| span).filter(|span| is_word(sheet, span));
            words.extend(spans.map(|span| (span, *secret)));
        }
    }
    words.sort_by_key(|(span, _)| (span.start, usize::MAX - span.end));
    words
}

/// Whether letters found without regard to spaces are a word: not the pin of shopping, nor the 비번 of 준비 번호.
fn is_word(sheet: &Sheet, span: &Range<usize>) -> bool {
    let is_latin = sheet.at(span.start).is_ascii_alphabetic();
    let is_part =
        is_latin && (sheet.before(span.start).is_ascii_alphabetic() || sheet.at(span.end).is_ascii_alphabetic());
    let has_space = sheet.slice(span.clone()).contains(&' ');
    // 핀 begins many words.
    let is_short = span.len() == 1 && (sheet.at(span.end) != ' ' || ('가'..='힣').contains(&sheet.before(span.start)));
    !is_part && !is_short && (!has_space || span.len() > 3)
}

fn cover(sheet: &mut Sheet, range: Option<Range<usize>>) -> Option<usize> {
    let range = range?;
    let end = range.end;
    for at in range.clone() {
        // Spelled digits are covered like written ones.
        if ('가'..='힣').contains(&sheet.at(at)) {
            sheet.read_as(at, '0');
        }
    }
    sheet.cover(range, Kind::Secret, Keep::Nothing);
    Some(end)
}

/// Covers the secret behind a word that ends at `start`, and others like it behind that one.
fn cover_after(sheet: &mut Sheet, start: usize, secret: Secret) -> Option<usize> {
    let first = after(sheet, start, secret)?;
    let len = first.len();
    let mut end = cover(sheet, Some(first))?;
    loop {
        let next = skip_between(sheet, end);
        let next = match secret {
            Secret::CodeCard => after(sheet, end, secret),
            Secret::Password | Secret::Code | Secret::CardCode | Secret::CardBack | Secret::OneTime | Secret::Sent => {
                let is_like = next > end && sheet.digits_from(next) == len && is_secret(sheet, next, len, len);
                is_like.then_some(next..next + len)
            }
        };
        match cover(sheet, next) {
            Some(next_end) => end = next_end,
            None => return Some(end),
        }
    }
}

/// Where the words between two secrets end that begin at `start`.
fn skip_between(sheet: &Sheet, start: usize) -> usize {
    let mut at = start;
    loop {
        match BETWEEN.iter().find(|word| sheet.says(at, word)) {
            Some(word) => at += word.chars().count(),
            None if sheet.at(at) == ' ' => at += 1,
            None => return at,
        }
    }
}

/// The secret after a word that ends at `start`.
fn after(sheet: &Sheet, start: usize, secret: Secret) -> Option<Range<usize>> {
    let (at, speaks_of_digits) = skip_fillers(sheet, start, secret);
    let digits = sheet.digits_from(at);
    let digits_min = if speaks_of_digits { 2 } else { DIGITS_MIN };
    let is_written = match secret {
        Secret::Password => true,
        Secret::Sent => return far(sheet, start, secret),
        Secret::Code | Secret::CardCode | Secret::CardBack | Secret::OneTime | Secret::CodeCard => false,
    };
    if let Some(end) = is_written.then(|| password_end(sheet, start, at)).flatten() {
        return Some(at..end);
    }
    let spelled = match (secret, spelled_from(sheet, at)) {
        (Secret::CardCode, 4) if spoken::ends_in_particle(sheet, at + 4) => DIGITS_MIN,
        (_, spelled) => spelled,
    };
    let is_spelled = match secret {
        Secret::CardBack => spelled == DIGITS_MIN,
        Secret::CardCode => spelled >= DIGITS_MIN,
        Secret::Password | Secret::Code | Secret::OneTime | Secret::CodeCard | Secret::Sent => {
            spelled > DIGITS_MIN || (speaks_of_digits && spelled == 2)
        }
    };
    if is_spelled {
        return Some(at..at + spelled);
    }
    let spaced = spaced_digits(sheet, at, speaks_of_digits);
    // The end of a card's number may be cut up as well: "카드 뒤 12 34".
    if spaced > 0 && (secret != Secret::CardBack || (digits == 1 && spaced == 2 * DIGITS_MIN - 1)) {
        return Some(at..at + spaced);
    }
    // The first two digits are often all that is asked for.
    let is_half = secret == Secret::Password && digits == 2 && is_last(sheet, at + digits);
    let digits_min = if is_half { 2 } else { digits_min };
    let is_whole = secret != Secret::CardBack || digits == DIGITS_MIN;
    let near = (is_whole && is_secret(sheet, at, digits, digits_min)).then_some(at..at + digits);
    near.or_else(|| far(sheet, start, secret))
}

/// How many characters spelled digits take that begin at `at`.
fn spelled_from(sheet: &Sheet, at: usize) -> usize {
    let readings = [spoken::run_from, spoken::spaced_from, spoken::grouped_from, spoken::counted_from];
    readings.into_iter().map(|read| read(sheet, at)).max().unwrap_or(0)
}

/// Where a password of letters, digits and signs ends that begins at `at`, behind a word that ends at `start`.
fn password_end(sheet: &Sheet, start: usize, at: usize) -> Option<usize> {
    const NO_PASSWORD: [&str; 6] = ["에서", " 에서", "부터", "까지", "버전", "폰"];
    let end = (at..sheet.len()).find(|at| !sheet.at(*at).is_ascii_graphic()).unwrap_or(sheet.len());
    let has = |is: fn(&char) -> bool| sheet.slice(at..end).iter().any(is);
    let is_mixed = has(char::is_ascii_alphabetic) && (has(char::is_ascii_digit) || has(|c| "!@#$%^&*".contains(*c)));
    let is_said = || ["이에요", "예요", "입니다", "인데", "이고", "이요"].iter().any(|word| sheet.says(end, word));
    let is_set_off = || sheet.slice(start..at).iter().any(|c| matches!(c, ':' | '='));
    let is_told = has(char::is_ascii_alphabetic) && (is_set_off() || (end - at > PASSWORD_LETTERS && is_said()));
    let is_other = NO_PASSWORD.iter().any(|word| sheet.says(end, word));
    ((is_mixed || is_told) && PASSWORD_CHARS.contains(&(end - at)) && !is_other).then_some(end)
}

/// Digits cut up by spaces or dashes, "381 902" or "1 2 3 4", or two secrets, "1234/5678": how many characters they
/// take. Two digits are cut up only where the customer speaks of digits.
fn spaced_digits(sheet: &Sheet, start: usize, speaks_of_digits: bool) -> usize {
    #[rustfmt::skip]
    const CUTS: [&[usize]; 8] = [
        &[3, 3], &[2, 2], &[4, 2], &[2, 4], &[2, 2, 2], &[1, 1, 1], &[1, 1, 1, 1], &[1, 1, 1, 1, 1, 1],
    ];
    let pair = sheet.digits_from(start);
    let is_pair = matches!(pair, 4 | 6) && sheet.at(start + pair) == '/' && sheet.digits_from(start + pair + 1) == pair;
    if is_pair {
        return 2 * pair + 1;
    }
    let mut lens = Vec::new();
    let mut end = start;
    while lens.len() < DIGITS_MAX && sheet.digits_from(end) > 0 {
        lens.push(sheet.digits_from(end));
        end += sheet.digits_from(end);
        if !matches!(sheet.at(end), ' ' | '-') || sheet.digits_from(end + 1) == 0 {
            break;
        }
        end += 1;
    }
    let is_known = CUTS.contains(&lens.as_slice()) || (speaks_of_digits && lens == [1, 1]);
    let is_cut = is_known && !is_counted(sheet, end) && !is_amount(sheet, start..end);
    if is_cut { end - start } else { 0 }
}

/// The secret some words after a word that ends at `start`: "인증번호 문자로 왔는데 123456이에요".
fn far(sheet: &Sheet, start: usize, secret: Secret) -> Option<Range<usize>> {
    /// Words between that speak of another number.
    const OTHERS: [&str; 16] = [
        "카드", "계좌", "접수", "주문", "예약", "거래", "전화", "오류", "에러", "끝", "뒷", "뒤", "금액", "결제",
        "고객", "코드",
    ];
    /// What follows digits that are told, rather than counted or compared.
    const TELLING: [&str; 14] =
        ["이에요", "예요", "입니다", "인데", "이요", "요", "으로", "로", "이었", "였", "라고", "이라고", "인가", " 맞"];
    const ARRIVED: [&str; 6] = ["온", "왔", "받", "오는", "떴", "뜨"];
    let (distance, lens): (usize, &[usize]) = match secret {
        Secret::OneTime | Secret::Sent => (16, &[6]),
        Secret::Password => (10, &[4, 6]),
        Secret::Code | Secret::CardCode | Secret::CardBack | Secret::CodeCard => return None,
    };
    let at = (start..start + distance).find(|at| sheet.at(*at).is_ascii_digit() && !says_count(sheet, *at))?;
    let has = |words: &[&str]| (start..at).any(|at| words.iter().any(|word| sheet.says(at, word)));
    let digits = sheet.digits_from(at);
    let has_arrived = || (start..at + digits + 4).any(|at| ARRIVED.iter().any(|word| sheet.says(at, word)));
    if has(&OTHERS) || (secret == Secret::Sent && !has_arrived()) {
        return None;
    }
    let cut = spaced_digits(sheet, at, false);
    if cut == 7 && secret != Secret::Password {
        return Some(at..at + cut);
    }
    let is_told = secret != Secret::Password || TELLING.iter().any(|word| sheet.says(at + digits, word));
    (lens.contains(&digits) && is_told && is_secret(sheet, at, digits, DIGITS_MIN)).then_some(at..at + digits)
}

/// The secret before a word that begins at `end`: "1234가 비밀번호예요".
fn before(sheet: &Sheet, end: usize, secret: Secret) -> Option<Range<usize>> {
    let digits_min = match secret {
        Secret::Password | Secret::Code | Secret::CardCode => DIGITS_MIN,
        Secret::OneTime => DIGITS_MIN + 1,
        Secret::CardBack | Secret::CodeCard | Secret::Sent => return None,
    };
    let mut at = end;
    loop {
        let filler = FILLERS_BEHIND.iter().find(|filler| {
            let count = filler.chars().count();
            at >= count && sheet.says(at - count, filler)
        });
        match filler {
            Some(filler) => at -= filler.chars().count(),
            None if sheet.before(at) == ' ' => at -= 1,
            None => break,
        }
    }
    // Something has to say that the number is what the word means.
    if at == end || sheet.slice(at..end).iter().all(|c| *c == ' ') {
        return None;
    }
    let start = (0..at).rev().take_while(|at| sheet.at(*at).is_ascii_digit()).last()?;
    // "카드 끝자리 1234가 비밀번호 오류예요"
    let is_ending = sheet.slice(start.saturating_sub(5)..start).iter().any(|c| matches!(c, '끝' | '뒤' | '뒷'));
    (!is_ending && is_secret(sheet, start, at - start, digits_min)).then_some(start..at)
}

/// Where the fillers after a word end, and whether they speak of digits.
fn skip_fillers(sheet: &Sheet, start: usize, secret: Secret) -> (usize, bool) {
    let mut at = start;
    let mut speaks_of_digits = false;
    loop {
        if spoken::run_from(sheet, at) >= spoken::RUN_MIN || spoken::spaced_from(sheet, at) > 2 * DIGITS_MIN {
            return (at, speaks_of_digits);
        }
        let filler = FILLERS.iter().find(|filler| sheet.says(at, filler));
        if let Some(filler) = filler {
            speaks_of_digits |= filler.ends_with(['리', '개']);
            at += filler.chars().count();
        } else if says_count(sheet, at) {
            speaks_of_digits = true;
            at += if sheet.at(at + 1) == '개' { 2 } else { 1 };
        } else if let (Secret::CodeCard, Some(end)) = (secret, place_on_code_card(sheet, at)) {
            speaks_of_digits = true;
            at = end;
        } else if matches!(
            sheet.at(at),
            ' ' | ':' | '=' | '(' | '[' | '-' | '.' | '+' | '>' | '→' | '\'' | '"' | '‘' | '“'
        ) {
            at += 1;
        } else {
            return (at, speaks_of_digits);
        }
    }
}

/// "6자리", "3 자리", "숫자 3개 "
fn says_count(sheet: &Sheet, at: usize) -> bool {
    let is_digit = sheet.digits_from(at) == 1 && !sheet.before(at).is_ascii_digit();
    is_digit && ["자리", " 자리", "개 "].iter().any(|counter| sheet.says(at + 1, counter))
}

/// Where "12번" ends.
fn place_on_code_card(sheet: &Sheet, at: usize) -> Option<usize> {
    let digits = sheet.digits_from(at);
    (matches!(digits, 1 | 2) && sheet.says(at + digits, "번"))
        .then_some(at + digits + 1 + usize::from(sheet.says(at + digits + 1, "째")))
}

/// Whether the message ends at `at`, or says no more than that this is it.
fn is_last(sheet: &Sheet, at: usize) -> bool {
    const ENDINGS: [&str; 7] = ["", "요", "이요", "입니다", "이에요", "예요", "임"];
    let rest: String = sheet.slice(at..at + 5).iter().collect();
    ENDINGS.contains(&rest.trim_end_matches(['.', '!', '~', ' ']))
}

/// Whether so many digits at `at` are a number by themselves and count nothing.
fn is_secret(sheet: &Sheet, at: usize, digits: usize, digits_min: usize) -> bool {
    const DASHES: [char; 3] = ['-', '.', '/'];
    let end = at + digits;
    let goes_on = DASHES.contains(&sheet.at(end)) && sheet.at(end + 1).is_ascii_digit();
    let went_on = DASHES.contains(&sheet.before(at)) && at >= 2 && sheet.at(at - 2).is_ascii_digit();
    // Nobody counts to a thousand and more: "1234번".
    let is_counted = is_counted(sheet, end) && !(digits > DIGITS_MIN && sheet.at(end) == '번');
    // "1234 같은 쉬운 번호" is nobody's.
    let after = if sheet.at(end) == ' ' { end + 1 } else { end };
    let is_example = ["같은", "처럼", "이런", "따위", "이라든"].iter().any(|word| sheet.says(after, word));
    (digits_min..=DIGITS_MAX).contains(&digits)
        && !is_example
        && !goes_on
        && !went_on
        && !is_counted
        && !is_amount(sheet, at..end)
}

/// Whether digits that end at `end` count something.
fn is_counted(sheet: &Sheet, end: usize) -> bool {
    const COUNTERS: [&str; 12] = ["회", "번", "자리", "년", "월", "일", "시", "분", "초", "개", "차", "건"];
    COUNTERS.iter().any(|counter| sheet.says(end, counter)) && !sheet.says(end, "번이")
}

#[cfg(test)]
mod tests {
    use crate::text::pii::Kind;
    use crate::text::pii::tests::assert_kept;
    use crate::text::pii::tests::assert_masked;

    #[test]
    fn secrets_are_known_in_any_writing() {
        assert_masked(
            Kind::Secret,
            &[
                ("비밀 번호 1234", "비밀 번호 ****"),
                ("비번은 사칠일구 요", "비번은 **** 요"),
                ("비번이 이사삼일이에요", "비번이 ****이에요"),
                ("비번 공 팔 이 삼", "비번 * * * *"),
                ("비번 하나둘셋넷이요", "비번 *****이요"),
                ("오티피 사팔이 구일삼", "오티피 *** ***"),
                ("씨브이씨 공삼팔 입니다", "씨브이씨 *** 입니다"),
                ("OTP 381 902", "OTP *** ***"),
                ("비번 1 2 3 4", "비번 * * * *"),
                ("비번 1234에서 5678로", "비번 ****에서 ****로"),
                ("비번 1234/5678 다 안돼요", "비번 ****/**** 다 안돼요"),
                ("1234로 비번 바꿔주세요", "****로 비번 바꿔주세요"),
                ("비번 앞두자리 93", "비번 앞두자리 **"),
                ("비번 93이요", "비번 **이요"),
                ("비번 qwer!#", "비번 ****!#"),
                ("pw: sunnyday", "pw: ********"),
                ("비번은 sunnyday예요", "비번은 ********예요"),
                ("카드 뒷면 세자리 294", "카드 뒷면 세자리 ***"),
                ("보안카드 12번 3847 27번 1122", "보안카드 12번 **** 27번 ****"),
                ("인증번호 문자로 왔는데 482913이래요", "인증번호 문자로 왔는데 ******이래요"),
                ("승인번호 문자 온거 381 902", "승인번호 문자 온거 *** ***"),
                ("비밀번호 까먹었는데 1234였나", "비밀번호 까먹었는데 ****였나"),
            ],
        );
    }

    #[test]
    fn what_no_customer_tells_as_a_secret_stays() {
        assert_kept(&[
            // The end of a card's number, which the assistant asks for.
            "카드 뒤 4자리 1234입니다",
            "카드 뒷자리 일이삼사요",
            "카드 뒤 12 34",
            "1234가 카드 뒤 4자리예요",
            "비밀번호 오류 나요 카드 끝자리 1234",
            "카드 끝자리 1234가 비밀번호 오류예요",
            // Counts, codes, examples.
            "비밀번호 1234 같은 거 안 되죠",
            "비밀번호 이사이트에서 바꿔요?",
            "비밀번호 하나만 더요",
            "shopping 1234",
            "준비 번호 1234",
            "핀테크 2024",
            "문자로 123456원 결제됐다고 왔어요",
            "인증번호 문자 안 와서 접수번호 482910",
            "비밀번호 iphone15에서 안 눌려요",
            "OTP인데 뭐예요",
            "승인번호 30012345",
            "비밀번호 오류 4051이라고 떠요",
        ]);
    }
}
