//! Whether the cited passages say what a sentence says, by its words.

use crate::chat::guard::grounds::Prepared;
use crate::chat::guard::statements;
use crate::text::concepts;
use crate::text::normalize::normalize;
use crate::text::phonetics;
use crate::text::tokens;

/// The share of a sentence's words that the cited passages have at least.
const SHARE_MIN: f32 = 0.62;
/// The share that words of which the passages have nothing may take at most.
const ALIEN_MAX: f32 = 0.34;
/// The share of a sentence's words that stand below the title at least: what a document is called says nothing by itself.
const OWN_MIN: f32 = 0.3;
/// Syllables that weigh; a longer word weighs no more.
const WEIGHT_MAX: usize = 4;

/// How well cited passages hold a sentence's words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Support {
    /// Share of the words that stand there, by syllables.
    pub share: f32,
    /// Share of the words of which nothing stands there.
    pub alien: f32,
    /// Share of the words that stand in what the passages say, not only in what they are called.
    pub own: f32,
    /// Telling words.
    pub words: usize,
}

/// Whether the passages support a sentence.
pub(super) fn is_supported(sentence: &str, cited: &[&Prepared]) -> bool {
    let support = measure(sentence, cited);
    support.words > 0
        && support.share >= SHARE_MIN
        && support.alien <= ALIEN_MAX
        && support.own >= OWN_MIN
        && !statements::is_denied(sentence, cited)
}

/// How well the passages hold a sentence's words.
pub(super) fn measure(sentence: &str, cited: &[&Prepared]) -> Support {
    let (mut held, mut alien, mut own, mut all, mut words) = (0.0, 0.0, 0.0, 0.0, 0);
    for Word { text, is_verb } in telling_words(sentence) {
        let weight = weight(&text) * if is_verb { VERB_WEIGHT } else { 1.0 };
        let found = cited.iter().map(|ground| found(&text, ground)).fold(0.0, f32::max);
        words += 1;
        all += weight;
        held += weight * found;
        let is_titled = cited.iter().all(|ground| ground.tight.contains(&text) && !ground.own.contains(&text));
        own += if is_titled { 0.0 } else { weight * found };
        if found == 0.0 && !is_verb {
            alien += weight;
        }
    }
    let all = f32::max(all, 1.0);
    Support { share: held / all, alien: alien / all, own: own / all, words }
}

/// What a native verb weighs beside a noun: the same is said with many verbs, but of few things.
pub(super) const VERB_WEIGHT: f32 = 0.35;

pub(super) fn weight(word: &str) -> f32 {
    word.chars().count().min(WEIGHT_MAX) as f32
}

/// How much of a word stands in a passage, 0 to 1.
fn found(word: &str, ground: &Prepared) -> f32 {
    /// A word that means the same is not the same word.
    const SAME_CONCEPT: f32 = 0.5;
    /// Words that say one thing.
    const SAME: [&[&str]; 4] = [
        &["매달", "매월", "달마다", "다달이", "월"],
        &["건당", "한건", "1건"],
        &["즉시", "바로"],
        &["모두", "전부", "각각", "모든"],
    ];
    let same = SAME.iter().find(|same| same.iter().any(|one| one.chars().count() > 1 && word.starts_with(one)));
    if ground.tight.contains(word) || same.is_some_and(|same| same.iter().any(|one| ground.tight.contains(one))) {
        return 1.0;
    }
    let concepts = concepts::concepts(word, &phonetics::sounds(word));
    let by_meaning = if concepts.iter().any(|concept| ground.concepts.contains(concept)) { SAME_CONCEPT } else { 0.0 };
    by_meaning.max(parts(word, &ground.tight))
}

/// The share of a word that stands in a text in parts of at least two syllables. Of three syllables the first two have to:
/// 일요일 is no 토요일.
pub(super) fn parts(word: &str, text: &str) -> f32 {
    let places: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
    let syllables = places.len() - 1;
    let (mut start, mut covered) = (0, 0);
    while start + 2 <= syllables {
        let length =
            (2..=syllables - start).rev().find(|length| text.contains(&word[places[start]..places[start + length]]));
        match length {
            Some(length) => {
                covered += length;
                start += length;
            }
            None if syllables <= 3 => break,
            None => start += 1,
        }
    }
    covered as f32 / syllables as f32
}

/// A word that says what a sentence is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    /// Whether it is a native verb or adjective; 해지하다 counts as its noun.
    pub is_verb: bool,
}

/// The words of a sentence that say what it is about; figures are looked at elsewhere.
pub(super) fn telling_words(text: &str) -> Vec<Word> {
    let normal = normalize(text);
    let tokens = normal.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_empty());
    let mut tokens = tokens.peekable();
    let mut words = Vec::new();
    while let Some(token) = tokens.next() {
        let is_denied = tokens.peek().is_some_and(|next| next.starts_with(['않', '못', '마', '말']));
        words.extend(words_of(token, is_denied));
    }
    words
}

/// The telling words of what stands between two spaces or marks; `is_denied` tells that 않다 follows.
fn words_of(token: &str, is_denied: bool) -> Vec<Word> {
    let verb_at = noun_of_verb(token);
    let is_short = token.chars().count() == 2 && SHORT_ENDINGS.iter().any(|ending| token.ends_with(*ending));
    let is_stem = is_denied && ["지", "지는", "지도"].iter().any(|ending| token.ends_with(ending));
    let is_verb = verb_at.is_none() && (is_short || is_stem || ENDINGS.iter().any(|ending| token.ends_with(ending)));
    let stems = tokens::stems_of(verb_at.unwrap_or(token));
    let is_telling = |word: &String| {
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        !is_number && word.chars().count() > 1 && !is_neutral(word)
    };
    stems.into_iter().filter(is_telling).map(|text| Word { text, is_verb }).collect()
}

/// What two syllables end in that are a noun of one with its particle, or a verb: 날의, 쓰신.
const SHORT_ENDINGS: [char; 17] =
    ['은', '는', '이', '가', '을', '를', '의', '도', '로', '에', '과', '와', '신', '실', '던', '여', '어'];

/// Endings of verbs.
#[rustfmt::skip]
const ENDINGS: [&str; 62] = [
    "니다", "세요", "어요", "아요", "여요", "예요", "에요", "해요", "돼요", "려요", "와요", "줘요", "면", "지만", "어서", "아서", "는데", "니까", "으니", "도록", "려면", "거나",
    "하고", "되고", "으며", "하며", "아도", "어도", "셔도", "라도", "므로", "시는", "으신", "으실", "셔야", "십시오", "하실", "리실", "기실", "누어", "위해", "통해",
    "르실", "꾸실", "리고", "르고", "시고", "같고", "릴", "길", "꿀", "거쳐", "져", "면서", "았다", "었다", "났다", "렸다", "갔는데", "않아야", "줄여", "늘려",
];

/// The noun of a verb made of one (해지하시면, 적용되며), if it has at least two syllables.
pub(super) fn noun_of_verb(token: &str) -> Option<&str> {
    const VERBS: [char; 15] =
        ['받', '하', '되', '해', '했', '됩', '된', '될', '한', '할', '합', '됐', '돼', '하', '됨'];
    let (at, _) = token.char_indices().skip(2).find(|(_, c)| VERBS.contains(c))?;
    Some(&token[..at])
}

/// Whether a word says nothing about the matter in an answer of a bank, whatever its ending.
fn is_neutral(word: &str) -> bool {
    #[rustfmt::skip]
    const NEUTRAL: [&str; 103] = [
        "가능", "경우", "고객", "이용", "확인", "문의", "참고", "바랍", "바라", "때문", "따라", "따르", "대한", "대하", "관련", "해당", "적용",
        "기준", "이상", "이하", "이내", "미만", "초과", "다음", "같습", "같은", "같이", "위해", "통해", "먼저", "또한", "다만", "그리", "입니",
        "드립", "드리", "드려", "있으", "있습", "하시", "하셔", "하실", "되며", "됩니", "되어", "주시", "주세", "그래", "이때", "이는",
        "그러", "각각", "우선", "만약", "원", "개월", "퍼센", "프로", "필요", "수수", "보통", "이후", "직접", "최대", "최장", "최소", "곧바로", "바로",
        "아니요", "아니오", "아래", "계속", "사이", "나머지", "정도", "동안", "예를",
        "있지", "그날", "다시", "다달", "점차", "않", "없", "못하", "못합", "못해", "곧바", "뒤에", "지난", "때마", "수는", "수도", "것은", "것이", "금액", "그다음", "준비", "이제", "오전", "오후", "아니", "우선",
    ];
    NEUTRAL.iter().any(|neutral| word.starts_with(neutral) && *neutral != "수수")
}
