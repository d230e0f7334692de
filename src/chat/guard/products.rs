//! The products a sentence is about: what a passage says of one is not said of another.

use crate::chat::guard::grounds::Prepared;
use crate::text::normalize::normalize;

/// Kinds of products, with which their names end.
const KINDS: [&str; 8] = ["적금", "예금", "대출", "카드", "통장", "보험", "펀드", "계좌"];

/// What may follow a name without a space.
#[rustfmt::skip]
const PARTICLES: [&str; 24] = [
    "은", "는", "이", "가", "을", "를", "의", "도", "로", "에", "과", "와", "만", "이나", "나", "인", "입니다", "이며", "이고", "으로", "까지", "부터",
    "보다", "라",
];

/// Words of a name at most: 직장인 신용 대출.
const NAME_WORDS_MAX: usize = 3;

/// Whether each product a sentence names stands whole in what it cites, where that names another one of its kind.
pub(super) fn are_held(sentence: &str, cited: &[&Prepared]) -> bool {
    let theirs = || cited.iter().flat_map(|ground| &ground.products);
    names(&normalize(sentence)).iter().all(|name| {
        let is_written = cited.iter().any(|ground| ground.tight.contains(name));
        // With the name of the bank before it.
        let is_longer = theirs().any(|their| name.ends_with(their.as_str()));
        let kind = KINDS.iter().find(|kind| name.ends_with(**kind));
        let has_other = theirs().any(|their| kind.is_some_and(|kind| their.ends_with(kind)));
        is_written || is_longer || !has_other
    })
}

/// The compound nouns of a normalised text that end in a kind of product, written together or apart.
pub(super) fn names(normal: &str) -> Vec<String> {
    let words: Vec<&str> = normal.split_whitespace().collect();
    (0..words.len()).flat_map(|place| names_at(&words, place)).collect()
}

/// The names that end with this word.
fn names_at(words: &[&str], place: usize) -> Vec<String> {
    let parts: Vec<&str> = words[place].split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let mut names: Vec<String> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let Some((begin, end)) = kind_in(part) else { continue };
        let mut name = part[..end].to_owned();
        // Apart, each word before it belongs to it as far as it is a noun by itself.
        let mut is_apart = at == 0 && words[place].starts_with(part);
        for before in words[..place].iter().rev().take(NAME_WORDS_MAX - 1) {
            is_apart = is_apart && is_part_of_name(before);
            if !is_apart {
                break;
            }
            name.insert_str(0, before);
        }
        if begin > 0 || name.len() > end {
            let syllables_before = name.chars().count() - part[begin..end].chars().count();
            names.extend((syllables_before > 1).then_some(name));
        }
    }
    names
}

/// Where the kind of product stands that a word ends in, before its particle.
fn kind_in(word: &str) -> Option<(usize, usize)> {
    let ends = KINDS.iter().filter_map(|kind| word.rfind(kind).map(|at| (at, at + kind.len())));
    let (begin, end) = ends.max()?;
    let behind = &word[end..];
    let is_name = behind.is_empty() || PARTICLES.iter().any(|particle| behind.starts_with(particle));
    is_name.then_some((begin, end))
}

/// Whether a word before the kind of a product may be part of its name: neither what has a particle or describes it (받는, 쓰시던,
/// 본인), nor an adverb.
fn is_part_of_name(word: &str) -> bool {
    #[rustfmt::skip]
    const ENDINGS: [&str; 49] = [
        "은", "는", "을", "를", "의", "로", "에", "과", "와", "도", "만", "이나", "에서", "까지", "부터", "한", "된", "할", "될", "신", "실", "시는", "던", "든", "긴", "힌", "린", "킨", "친", "낸", "쓴", "둔", "진", "을", "릴", "길", "킬", "쓸", "낼", "하여",
        "른", "이며", "하고", "하며", "면", "니다", "요", "해", "서",
    ];
    #[rustfmt::skip]
    const DESCRIBING: [&str; 30] = [
        "이", "그", "저", "새", "각", "본인", "본인의", "자기", "기존", "해당", "다른", "같은", "모든", "여러", "고객님", "고객", "개인", "법인", "타인", "타행", "대상", "관련", "이후",
        "먼저", "가온은행", "함께", "바로", "다시", "미리", "또",
    ];
    word.chars().all(char::is_alphanumeric)
        && !word.starts_with(|c: char| c.is_ascii_digit())
        && !DESCRIBING.contains(&word)
        && !ENDINGS.iter().any(|ending| word.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::guard::fence::Grounds;

    #[test]
    fn what_is_said_of_one_product_is_not_said_of_another() {
        let text = "가온 새싹적금의 월 납입 한도는 30만원입니다. 교직원신용대출과 함께 이용하실 수 있습니다.";
        let ground = Prepared::of(&Grounds { title: "", heading: "", text, is_in_force: true });
        for (sentence, expected) in [
            ("첫걸음적금의 월 납입 한도는 30만원입니다.", false),
            ("첫걸음 적금의 월 납입 한도는 30만원입니다.", false),
            ("군인 신용 대출과 함께 이용하실 수 있습니다.", false),
            ("군인 신용대출과 함께 이용하실 수 있습니다.", false),
            ("가온은행 새싹적금은 30만원입니다.", true),
            ("가온새싹적금의 한도입니다.", true),
            ("가온 새싹 적금의 한도입니다.", true),
            ("교직원 신용 대출과 함께 이용하실 수 있습니다.", true),
            ("이 적금의 한도는 30만원입니다.", true),
            ("가입하신 적금의 한도는 30만원입니다.", true),
            ("체크카드로 납입하실 수 있습니다.", true),
        ] {
            assert_eq!(are_held(sentence, &[&ground]), expected, "{sentence}");
        }
    }
}
