//! The products a sentence is about: what a passage says of one is not said of another.

use crate::chat::guard::grounds::Prepared;
use crate::text::normalize::normalize;

/// Kinds of products, with which their names end.
const KINDS: [&str; 8] = ["적금", "예금", "대출", "카드", "통장", "보험", "펀드", "계좌"];

/// What may follow a name without a space.
const PARTICLES: [&str; 24] = [
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "도",
    "로",
    "에",
    "과",
    "와",
    "만",
    "이나",
    "나",
    "인",
    "입니다",
    "이며",
    "이고",
    "으로",
    "까지",
    "부터",
    "보다",
    "라",
];

/// Whether each product a sentence names stands whole in what it cites, where that names another one of its kind.
pub(super) fn are_held(sentence: &str, cited: &[&Prepared]) -> bool {
    let theirs = || cited.iter().flat_map(|ground| &ground.products);
    names(&normalize(sentence)).all(|name| {
        let is_written = cited.iter().any(|ground| ground.tight.contains(name));
        // With the name of the bank before it.
        let is_longer = theirs().any(|their| name.ends_with(their.as_str()));
        let kind = KINDS.iter().find(|kind| name.ends_with(**kind));
        let has_other = theirs().any(|their| kind.is_some_and(|kind| their.ends_with(kind)));
        is_written || is_longer || !has_other
    })
}

/// The compound nouns of a normalised text that end in a kind of product.
pub(super) fn names(normal: &str) -> impl Iterator<Item = &str> {
    normal.split(|c: char| !c.is_alphanumeric()).filter_map(name)
}

fn name(word: &str) -> Option<&str> {
    let ends = KINDS.iter().filter_map(|kind| word.rfind(kind).map(|at| (at, at + kind.len())));
    let (begin, end) = ends.max()?;
    let behind = &word[end..];
    let is_name = behind.is_empty() || PARTICLES.iter().any(|particle| behind.starts_with(particle));
    (word[..begin].chars().count() > 1 && is_name).then_some(&word[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::guard::fence::Grounds;

    #[test]
    fn what_is_said_of_one_product_is_not_said_of_another() {
        let text = "가온 새싹적금의 월 납입 한도는 30만원입니다.";
        let ground = Prepared::of(&Grounds { title: "", heading: "", text, is_in_force: true });
        for (sentence, expected) in [
            ("첫걸음적금의 월 납입 한도는 30만원입니다.", false),
            ("가온은행 새싹적금은 30만원입니다.", true),
            ("가온새싹적금의 한도입니다.", true),
            ("이 적금의 한도는 30만원입니다.", true),
            ("체크카드로 납입하실 수 있습니다.", true),
        ] {
            assert_eq!(are_held(sentence, &[&ground]), expected, "{sentence}");
        }
    }
}
