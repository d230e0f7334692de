//! Digits spelled in Hangul: 공일공 일이삼사 오육칠팔.
//!
//! The syllables are also words (이 this, 사 four, 일 work), so they are read as digits only where enough of them
//! stand together, or where a word for a secret stands before (`secrets`).

use std::ops::Range;

use crate::text::pii::chain::gap_after;
use crate::text::pii::sheet::Sheet;

/// The digit a syllable is read for.
pub(super) fn digit(c: char) -> Option<char> {
    match c {
        '공' | '영' | '빵' | '령' => Some('0'),
        '일' => Some('1'),
        '이' | '둘' => Some('2'),
        '삼' | '셋' => Some('3'),
        '사' | '넷' => Some('4'),
        '오' => Some('5'),
        '육' | '륙' => Some('6'),
        '칠' => Some('7'),
        '팔' => Some('8'),
        '구' => Some('9'),
        _ => None,
    }
}

/// So many syllables together may be digits; fewer never are.
pub(super) const RUN_MIN: usize = 3;

/// Digits a chain has at least, for its syllables to be read as digits.
const CHAIN_MIN: usize = 7;

/// What follows 이 where it is a particle.
const AFTER_I: [char; 19] =
    ['에', '요', '고', '구', '라', '랑', '나', '며', '지', '니', '었', '여', '야', '예', '네', '죠', '면', '던', '란'];

/// What may follow a number without a space.
#[rustfmt::skip]
const PARTICLES: [&str; 24] = [
    "입니", "임", "인데", "이에", "예요", "에요", "요", "으로", "로", "라고", "래요", "이라", "고요", "번", "맞", "은",
    "는", "을", "를", "가", "과", "와", "랑", "에서",
];

/// Reads spelled digits, and letters typed for digits (O1O-1234-5678), as the digits they mean.
pub(super) fn read_spoken(sheet: &mut Sheet) {
    read_lookalikes(sheet);
    let mut groups: Vec<Group> = Vec::new();
    let mut at = 0;
    while at < sheet.len() {
        if !is_digit(sheet.at(at)) {
            at += 1;
            continue;
        }
        groups.clear();
        loop {
            let group = Group::read(sheet, at);
            at = group.span.end;
            groups.push(group);
            match gap_after(sheet, at, is_digit) {
                Some((_, next)) => at = next,
                None => break,
            }
        }
        if groups.iter().any(|group| group.spelled > 0) {
            read_chain(sheet, &groups);
        }
    }
}

/// How many spelled digits begin at `at`, one behind the other, and are followed by nothing or by a particle.
pub(super) fn run_from(sheet: &Sheet, at: usize) -> usize {
    let run = (at..sheet.len()).take_while(|at| digit(sheet.at(*at)).is_some()).count();
    let end = at + run;
    let is_word = is_syllable(sheet.at(end)) && !PARTICLES.iter().any(|particle| sheet.says(end, particle));
    match run {
        // Secrets have three, four or six digits, so the last syllable is no digit: 사칠일구이에요.
        5 | 7 if ends_in_particle(sheet, end) => run - 1,
        _ if is_word => 0,
        _ => run,
    }
}

/// The same with one space between every two: "공 팔 이 삼". Answers how many characters they take.
pub(super) fn spaced_from(sheet: &Sheet, at: usize) -> usize {
    let is_single = |at: usize| digit(sheet.at(at)).is_some();
    let mut end = at;
    while is_single(end) && sheet.at(end + 1) == ' ' && is_single(end + 2) {
        end += 2;
    }
    match end - at {
        0 => 0,
        chars if ends_in_particle(sheet, end + 1) => chars - 1,
        chars if run_from(sheet, end) == 1 => chars + 1,
        _ => 0,
    }
}

/// The same in two or three groups: "사팔이 구일삼". Answers how many characters they take.
pub(super) fn grouped_from(sheet: &Sheet, at: usize) -> usize {
    const DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
    let (mut end, mut digits) = (at, 0);
    loop {
        let run = (end..sheet.len()).take_while(|at| digit(sheet.at(*at)).is_some()).count();
        (end, digits) = (end + run, digits + run);
        let next = (1..=2).all(|ahead| digit(sheet.at(end + ahead)).is_some());
        if run < 2 || !next || !matches!(sheet.at(end), ' ' | '-') {
            let is_last = run > 1 && (run_from(sheet, end - run) == run || ends_in_particle(sheet, end));
            let particle = usize::from(ends_in_particle(sheet, end));
            return if is_last && DIGITS.contains(&(digits - particle)) { end - at - particle } else { 0 };
        }
        end += 1;
    }
}

/// Numerals counted aloud, at least three of them: 하나둘셋넷. Answers how many characters they take.
pub(super) fn counted_from(sheet: &Sheet, at: usize) -> usize {
    const NUMERALS: [&str; 11] = ["하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉", "공", "영"];
    let (mut end, mut numerals) = (at, 0);
    while let Some(numeral) = NUMERALS.iter().find(|numeral| sheet.says(end, numeral)) {
        end += numeral.chars().count();
        numerals += 1;
    }
    if numerals >= RUN_MIN { end - at } else { 0 }
}

/// Whether the syllable before `end` may belong to what follows: 이 before 에요.
pub(super) fn ends_in_particle(sheet: &Sheet, end: usize) -> bool {
    sheet.before(end) == '이' && AFTER_I.contains(&sheet.at(end))
}

/// Digits and syllables for digits without anything between.
struct Group {
    span: Range<usize>,
    /// How many of them are syllables.
    spelled: usize,
}

impl Group {
    /// The group that begins at or soon behind `start`. One or two syllables that touch a number written in digits are
    /// rather a particle: 5678이에요, 5678이구요.
    fn read(sheet: &Sheet, start: usize) -> Self {
        let stretch = |from: usize, is: fn(char) -> bool| {
            (from..sheet.len()).find(|at| !is(sheet.at(*at))).unwrap_or(sheet.len())
        };
        let is_spelled = |c: char| digit(c).is_some();
        let is_written = |c: char| c.is_ascii_digit();
        let front = stretch(start, is_spelled);
        let written = stretch(front, is_written);
        let back = stretch(written, is_spelled);
        // 공10 and 01공 are cut from no word.
        let is_word_before = is_syllable(sheet.before(start)) || !matches!(sheet.at(start), '공' | '영');
        let is_word_behind = is_syllable(sheet.at(back)) || matches!(sheet.before(back), '이' | '일');
        let is_cut_front = (1..RUN_MIN).contains(&(front - start)) && is_word_before;
        let is_cut_back = (1..RUN_MIN).contains(&(back - written)) && is_word_behind && !is_digit(sheet.at(back));
        if written > front && (is_cut_front || is_cut_back) {
            let span = if is_cut_front { front } else { start }..if is_cut_back { written } else { back };
            let spelled = span.len() - (written - front);
            return Self { span, spelled };
        }
        let end = stretch(start, is_digit);
        let spelled = sheet.slice(start..end).iter().filter(|c| !c.is_ascii_digit()).count();
        Self { span: start..end, spelled }
    }

    fn len(&self) -> usize {
        self.span.len()
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || digit(c).is_some()
}

fn is_syllable(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// Reads the parts of a chain that are no words.
fn read_chain(sheet: &mut Sheet, groups: &[Group]) {
    let parts: Vec<&[Group]> = groups.split(|group| is_word(sheet, groups, group)).collect();
    for part in parts {
        let Some(end) = digits_end(sheet, part) else { continue };
        for at in part.iter().flat_map(|group| group.span.clone()).take_while(|at| *at < end) {
            if let Some(digit) = digit(sheet.at(at)) {
                sheet.read_as(at, digit);
            }
        }
    }
}

/// Where the digits of a part of a chain end, if it is a number.
fn digits_end(sheet: &Sheet, part: &[Group]) -> Option<usize> {
    let (first, last) = (part.first()?, part.last()?);
    let tail = tail(sheet, part);
    let digits = part.iter().map(Group::len).sum::<usize>() - tail;
    let is_long = part.iter().any(|group| group.len() >= RUN_MIN)
        || part.iter().all(|group| group.len() == 1)
        || (tail == 1 && last.len() == 2 && part.iter().filter(|group| group.len() > 1).count() == 1);
    // Nobody's number is one digit throughout, but 오오오오오오오오 is an exclamation.
    let syllable = sheet.at(first.span.start);
    let is_varied = part.iter().any(|group| sheet.slice(group.span.clone()).iter().any(|c| *c != syllable));
    (digits >= CHAIN_MIN && is_long && is_varied).then_some(last.span.end - tail)
}

/// Whether a group of syllables is rather a word between numbers: 이 alone, or 이사 beside digits.
fn is_word(sheet: &Sheet, groups: &[Group], group: &Group) -> bool {
    if group.spelled < group.len() {
        return false;
    }
    let is_all_single = groups.len() >= CHAIN_MIN && groups.iter().filter(|group| group.len() > 1).count() <= 1;
    let is_all_spelled = groups.iter().all(|group| group.spelled > 0);
    let is_glued = is_syllable(sheet.before(group.span.start)) && group.len() < RUN_MIN;
    let digits: usize = groups.iter().map(Group::len).sum();
    let is_whole = is_all_spelled && (KNOWN.contains(&digits) || KNOWN.contains(&(digits - 1)));
    match group.len() {
        // 이거, 사용, 오늘
        1 if begins_word(sheet, group.span.end) => true,
        // One syllable too many at the end: "… 오육칠 이 제 번호예요".
        1 if is_whole && groups.last().is_some_and(|last| last.span == group.span) => !KNOWN.contains(&digits),
        1 => !(is_all_single || is_whole),
        2 => is_glued || !(is_all_spelled || is_all_single),
        _ => is_glued,
    }
}

/// Whether the syllable that ends at `end` is the first of a word rather than a digit with a particle.
fn begins_word(sheet: &Sheet, end: usize) -> bool {
    is_syllable(sheet.at(end))
        && !is_digit(sheet.at(end))
        && !ends_in_particle(sheet, end)
        && !PARTICLES.iter().any(|particle| sheet.says(end, particle))
}

/// Digits of a mobile number, a resident number and a card.
const KNOWN: [usize; 3] = [11, 13, 16];

/// How many syllables at the end of a chain belong to the words behind it: 이 in 오육칠팔이에요.
fn tail(sheet: &Sheet, part: &[Group]) -> usize {
    let Some(last) = part.last() else { return 0 };
    let end = last.span.end;
    let after = sheet.at(end);
    let candidates = match (sheet.before(end - 1), sheet.before(end)) {
        ('이', '구') if after == '요' => [2, 1],
        (_, '이') if ends_in_particle(sheet, end) => [1, 1],
        (_, '구') if after == '요' => [0, 1],
        _ => return 0,
    };
    let digits: usize = part.iter().map(Group::len).sum();
    let fits = |tail: &usize| {
        let first: String = part.iter().flat_map(|group| sheet.slice(group.span.clone())).take(2).collect();
        let is_mobile = first.starts_with(['0', '공', '영', '빵']) && first.ends_with(['1', '일']);
        let digits = digits - tail;
        KNOWN.contains(&digits) && (is_mobile == (digits == 11))
    };
    let [usual, other] = candidates;
    [0, usual, other].into_iter().filter(|tail| *tail < last.len()).find(fits).unwrap_or(usual.min(last.len() - 1))
}

/// Reads the first three characters of "O1O-1234-5678" and the like as 010.
fn read_lookalikes(sheet: &mut Sheet) {
    let zero = |c: char| matches!(c, '0' | 'o' | 'O' | 'ㅇ');
    let one = |c: char| matches!(c, '1' | 'l' | 'I' | 'ㅣ');
    let mut at = 0;
    while at < sheet.len() {
        let is_start = zero(sheet.at(at)) && one(sheet.at(at + 1)) && zero(sheet.at(at + 2));
        let is_alone = !sheet.before(at).is_ascii_alphanumeric() && !is_syllable(sheet.before(at));
        if is_start && is_alone && gap_or_digit(sheet, at + 3) {
            sheet.read_as(at, '0');
            sheet.read_as(at + 1, '1');
            sheet.read_as(at + 2, '0');
            at += 3;
        } else {
            at += 1;
        }
    }
}

fn gap_or_digit(sheet: &Sheet, at: usize) -> bool {
    sheet.digits_from(at) >= 7 || gap_after(sheet, at, |c| c.is_ascii_digit()).is_some()
}

#[cfg(test)]
mod tests {
    use crate::text::pii::Kind;
    use crate::text::pii::tests::assert_kept;
    use crate::text::pii::tests::assert_masked;

    #[test]
    fn numbers_spelled_in_hangul_are_numbers() {
        assert_masked(
            Kind::Phone,
            &[
                ("공일공 일이삼사 오육칠팔", "*** **** 오육칠팔"),
                ("공일공일이삼사오육칠팔로 전화주세요", "*******오육칠팔로 전화주세요"),
                ("공일공에 1234에 5678", "***에 ****에 5678"),
                ("공일공 다시 일이삼사 다시 오육칠팔", "*** 다시 **** 다시 오육칠팔"),
                ("공일공-1234-오육칠팔이요", "***-****-오육칠팔이요"),
                ("영일영 일이삼사 오육칠팔", "*** **** 오육칠팔"),
                ("공1공-1234-5678", "***-****-5678"),
                ("01공-1234-5678", "***-****-5678"),
                ("공 일 공 일 이 삼 사 오 육 칠 팔로요", "* * * * * * * 오 육 칠 팔로요"),
                ("공 일 공 일 이 삼 사 오 육 칠 팔이요", "* * * * * * * 오 육 칠 팔이요"),
                ("공이에 일이삼에 사오육칠", "**에 ***에 사오육칠"),
                ("집전화 삼이일에 사오육칠", "집전화 ***에 사오육칠"),
                ("O1O-1234-5678", "***-****-5678"),
                ("o1o12345678", "*******5678"),
            ],
        );
        assert_masked(
            Kind::ResidentNumber,
            &[
                ("주민번호 팔공공일공일 일이삼사오육칠이에요", "주민번호 ****** *******이에요"),
                ("팔공공일공일 뒷자리 일이삼사오육칠", "****** 뒷자리 *******"),
                ("육일공칠이오-이공사팔일육공", "******-*******"),
                ("팔공 공일 공일 일 이삼사 오육칠 제 주민번호예요", "** ** ** * *** *** 제 주민번호예요"),
                ("팔공 공일 공일 일 이삼사 오육칠 이 제 주민번호예요", "** ** ** * *** *** 이 제 주민번호예요"),
                (
                    "외국인등록번호 9 0 0 1 0 1 - 5 2 3 4 5 6 7 이거 맞아요",
                    "외국인등록번호 * * * * * * - * * * * * * * 이거 맞아요",
                ),
            ],
        );
        assert_masked(Kind::Card, &[("사일일일 일일일일 일일일일 일일일이", "**** **** **** 일일일이")]);
        assert_masked(Kind::Account, &[("계좌 일일공에 일이삼에 사오육칠팔구", "계좌 ***에 ***에 **육칠팔구")]);
        assert_masked(Kind::DriverLicence, &[("면허 일일 공사 일이삼사오육 공일", "면허 ** ** ****** **")]);
        assert_masked(Kind::Passport, &[("여권번호 엠일이삼사오육칠팔", "여권번호 *********")]);
    }

    /// 이 is a particle, a pronoun and a digit; the length of the number says which.
    #[test]
    fn a_particle_is_no_digit() {
        assert_masked(
            Kind::Phone,
            &[
                ("공일공일이삼사오육칠팔이에요", "*******오육칠팔이에요"),
                ("공일공일이삼사오육칠이에요", "*******오육칠이에요"),
                ("공일공 일이삼사 오육칠구구요", "*** **** 오육칠구구요"),
                ("공일공 일이삼사 오육칠팔이구요", "*** **** 오육칠팔이구요"),
                ("010-1234-5678이구요", "***-****-5678이구요"),
            ],
        );
    }

    #[test]
    fn words_are_no_digits() {
        assert_kept(&[
            "공일공 번호 말고도 되나요",
            "일이삼 번 창구",
            "이사이 이사",
            "이삼일 걸려요",
            "오오오오오오오오 감사합니다",
            "이 일 이 사 오 육",
            "삼천오백이십만 칠천원",
            "이천이십육년 십일월 이십삼일",
            "구구절절 이 일 저 일",
            "1일, 5일, 10일, 14일, 20일, 25일",
            "오육칠팔구 이일",
            "육칠팔월 이자",
        ]);
    }
}
