//! Whether the cited passages say what a sentence says: its words, and whether it affirms or denies.

use crate::chat::guard::figures::words_beside;
use crate::chat::guard::grounds::Prepared;
use crate::text::concepts;
use crate::text::figures;
use crate::text::normalize::normalize;
use crate::text::phonetics;
use crate::text::tokens;

/// A part of a sentence up to a connective ending: one thing said, and whether it is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its telling words.
    words: Vec<Word>,
    /// Its letters alone.
    tight: String,
    /// What it says of them: the last word that is more than an auxiliary.
    predicate: String,
    /// Whether it denies: an odd number of negations.
    is_negative: bool,
    /// Whether it ends in a verb, so that it affirms or denies something by itself.
    is_predicate: bool,
}

/// The share of a sentence's words that the cited passages have at least.
const SHARE_MIN: f32 = 0.62;
/// The share that words of which the passages have nothing may take at most.
const ALIEN_MAX: f32 = 0.34;
/// Syllables that weigh; a longer word weighs no more.
const WEIGHT_MAX: usize = 4;

/// How well cited passages hold a sentence's words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Support {
    /// Share of the words that stand there, by syllables.
    pub share: f32,
    /// Share of the words of which nothing stands there.
    pub alien: f32,
    /// Telling words.
    pub words: usize,
}

/// Whether the passages support a sentence.
pub(super) fn is_supported(sentence: &str, cited: &[&Prepared]) -> bool {
    let support = measure(sentence, cited);
    if std::env::var("DBG").is_ok() {
        eprintln!(
            "  [{sentence}] {support:?} denied {:?}",
            statements(sentence).iter().filter(|s| is_denied(s, cited)).collect::<Vec<_>>()
        );
    }
    support.words > 0
        && support.share >= SHARE_MIN
        && support.alien <= ALIEN_MAX
        && statements(sentence).iter().all(|statement| !is_denied(statement, cited))
}

/// How well the passages hold a sentence's words.
pub(super) fn measure(sentence: &str, cited: &[&Prepared]) -> Support {
    let (mut held, mut alien, mut all, mut words) = (0.0, 0.0, 0.0, 0);
    for Word { text, is_verb } in telling_words(sentence) {
        let weight = weight(&text) * if is_verb { VERB_WEIGHT } else { 1.0 };
        let found = cited.iter().map(|ground| found(&text, ground)).fold(0.0, f32::max);
        words += 1;
        all += weight;
        held += weight * found;
        if found == 0.0 && !is_verb {
            alien += weight;
        }
    }
    let all = f32::max(all, 1.0);
    Support { share: held / all, alien: alien / all, words }
}

/// What a native verb weighs beside a noun: the same is said with many verbs, but of few things.
const VERB_WEIGHT: f32 = 0.35;

fn weight(word: &str) -> f32 {
    word.chars().count().min(WEIGHT_MAX) as f32
}

/// How much of a word stands in a passage, 0 to 1.
fn found(word: &str, ground: &Prepared) -> f32 {
    /// A word that means the same is not the same word.
    const SAME_CONCEPT: f32 = 0.5;
    if ground.tight.contains(word) {
        return 1.0;
    }
    let concepts = concepts::concepts(word, &phonetics::sounds(word));
    let by_meaning = if concepts.iter().any(|concept| ground.concepts.contains(concept)) { SAME_CONCEPT } else { 0.0 };
    by_meaning.max(parts(word, &ground.tight))
}

/// The share of a word that stands in a text in parts of at least two syllables. Of three syllables the first two have to:
/// 일요일 is no 토요일.
fn parts(word: &str, text: &str) -> f32 {
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
struct Word {
    text: String,
    /// Whether it is a native verb or adjective; 해지하다 counts as its noun.
    is_verb: bool,
}

/// The words of a sentence that say what it is about; figures are looked at elsewhere.
fn telling_words(text: &str) -> Vec<Word> {
    let normal = normalize(text);
    let tokens = normal.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_empty());
    tokens.flat_map(words_of).collect()
}

/// The telling words of what stands between two spaces or marks.
fn words_of(token: &str) -> Vec<Word> {
    let verb_at = noun_of_verb(token);
    let is_short = token.chars().count() == 2 && SHORT_ENDINGS.iter().any(|ending| token.ends_with(*ending));
    let is_verb = verb_at.is_none() && (is_short || ENDINGS.iter().any(|ending| token.ends_with(ending)));
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
const ENDINGS: [&str; 42] = [
    "니다", "세요", "어요", "아요", "여요", "예요", "에요", "해요", "돼요", "려요", "와요", "줘요", "면", "지만", "어서", "아서", "는데", "니까", "으니", "도록", "려면", "거나",
    "하고", "되고", "으며", "하며", "아도", "어도", "셔도", "라도", "므로", "시는", "으신", "으실", "셔야", "십시오", "하실", "리실", "기실", "누어", "위해", "통해",
];

/// The noun of a verb made of one (해지하시면, 적용되며), if it has at least two syllables.
fn noun_of_verb(token: &str) -> Option<&str> {
    const VERBS: [char; 14] = ['하', '되', '해', '했', '됩', '된', '될', '한', '할', '합', '됐', '돼', '하', '됨'];
    let (at, _) = token.char_indices().skip(2).find(|(_, c)| VERBS.contains(c))?;
    Some(&token[..at])
}

/// Whether a word says nothing about the matter in an answer of a bank, whatever its ending.
fn is_neutral(word: &str) -> bool {
    #[rustfmt::skip]
    const NEUTRAL: [&str; 79] = [
        "가능", "경우", "고객", "이용", "확인", "문의", "참고", "바랍", "바라", "때문", "따라", "따르", "대한", "대하", "관련", "해당", "적용",
        "기준", "이상", "이하", "이내", "미만", "초과", "다음", "같습", "같은", "같이", "위해", "통해", "먼저", "또한", "다만", "그리", "입니",
        "드립", "드리", "드려", "있으", "있습", "하시", "하셔", "하실", "되며", "됩니", "되어", "주시", "주세", "그래", "이때", "이는",
        "그러", "모두", "각각", "우선", "만약", "원", "개월", "퍼센", "프로", "필요", "수수", "보통", "이후", "직접", "최대", "최장", "최소", "곧바로", "바로", "즉시",
        "아니요", "아니오", "아래", "계속", "사이", "나머지", "정도", "동안", "예를",
    ];
    NEUTRAL.iter().any(|neutral| word.starts_with(neutral) && *neutral != "수수")
}

/// Whether the part of the passages that speaks of the same says the opposite.
fn is_denied(statement: &Statement, cited: &[&Prepared]) -> bool {
    /// The share of a statement's words that another one has at least to speak of the same.
    const SAME_MIN: f32 = 0.5;
    if !statement.is_predicate || statement.words.is_empty() {
        return false;
    }
    let (mut same, mut opposite) = (0.0_f32, 0.0_f32);
    for theirs in cited.iter().flat_map(|ground| &ground.statements).filter(|theirs| theirs.is_predicate) {
        let share = shared(statement, theirs);
        if theirs.is_negative == statement.is_negative {
            same = same.max(share);
        } else if is_same_predicate(&statement.predicate, &theirs.predicate) {
            opposite = opposite.max(share);
        }
    }
    opposite >= SAME_MIN && opposite > same
}

/// Whether two predicates are of one word: 해지하실 and 해지할, 줄어들지 and 줄어듭니다.
fn is_same_predicate(ours: &str, theirs: &str) -> bool {
    let shared = ours.chars().zip(theirs.chars()).take_while(|(ours, theirs)| ours == theirs).count();
    shared >= 2 || (shared == 1 && ours.chars().count().max(theirs.chars().count()) <= 2)
}

/// The share of our words that another statement has.
fn shared(ours: &Statement, theirs: &Statement) -> f32 {
    let (mut held, mut all) = (0.0, 0.0);
    for Word { text, is_verb } in &ours.words {
        let weight = weight(text) * if *is_verb { VERB_WEIGHT } else { 1.0 };
        all += weight;
        held += weight * if theirs.tight.contains(text.as_str()) { 1.0 } else { parts(text, &theirs.tight) };
    }
    if all > 0.0 { held / all } else { 0.0 }
}

/// A sentence without its figures.
pub(super) fn words_in(sentence: &str) -> String {
    words_beside(&figures::read(sentence))
}

/// The statements of a sentence without figures.
pub(super) fn statements(words: &str) -> Vec<Statement> {
    let normal = normalize(words);
    let mut statements = Vec::new();
    let mut part = String::new();
    for word in normal.split_whitespace() {
        part.push_str(word);
        part.push(' ');
        if ends_statement(word) {
            statements.extend(statement(&part));
            part.clear();
        }
    }
    statements.extend(statement(&part));
    statements
}

/// What a cell of a row states, if it is whether something is so (없음, 면제, 가능).
pub(super) fn cell(words: &str) -> Option<Statement> {
    const SO: [&str; 9] = ["없음", "면제", "무료", "불가", "가능", "필요", "불필요", "제외", "비과세"];
    let mut statement = statement(&normalize(words))?;
    statement.is_predicate = SO.iter().any(|so| statement.tight.ends_with(so));
    Some(statement)
}

fn ends_statement(word: &str) -> bool {
    const ENDINGS: [&str; 17] = [
        "면",
        "고",
        "며",
        "지만",
        "아도",
        "어도",
        "해도",
        "셔도",
        "므로",
        "아서",
        "어서",
        "해서",
        "는데",
        "으니",
        "없이",
        "되도록",
        "라도",
    ];
    let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    word.chars().count() > 1 && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

fn statement(part: &str) -> Option<Statement> {
    let tight: String = part.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut words = telling_words(part);
    words.retain(|word| negations(&word.text) == 0);
    let predicate = predicate(part);
    let is_predicate = is_predicate(part);
    (!tight.is_empty()).then(|| Statement {
        words,
        predicate,
        is_negative: negations(part) % 2 == 1,
        is_predicate,
        tight,
    })
}

/// The last word of a part that is more than an auxiliary, without particles.
fn predicate(part: &str) -> String {
    #[rustfmt::skip]
    const AUXILIARIES: [&str; 34] = [
        "수", "있", "없", "않", "못", "안", "됩", "되", "돼", "된", "될", "하", "할", "합", "해", "한", "드립", "드리", "드려", "드릴", "주", "가능", "불가", "필요", "불필요",
        "아니", "아닙", "아닌", "것", "바랍", "때", "경우", "면제", "무료",
    ];
    let tokens = part.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_empty());
    let last = tokens
        .rev()
        .find(|token| !AUXILIARIES.iter().any(|auxiliary| token.starts_with(auxiliary)) && negations(token) == 0);
    let last = last.unwrap_or_default();
    let noun = noun_of_verb(last).unwrap_or(last);
    tokens::stems_of(noun).pop().unwrap_or_else(|| noun.to_owned())
}

/// Whether a part ends in a verb that affirms or denies: not in 입니다 behind a figure, of which the figure is looked at.
fn is_predicate(part: &str) -> bool {
    const ENDINGS: [&str; 20] = [
        "다",
        "요",
        "면",
        "고",
        "며",
        "지만",
        "도",
        "므로",
        "서",
        "데",
        "니",
        "없이",
        "오",
        "음",
        "면제",
        "무료",
        "불가",
        "가능",
        "불필요",
        "죠",
    ];
    const COPULAS: [&str; 6] = ["입니다", "이에요", "예요", "이고", "이며", "인데"];
    let word = part.trim_end_matches(|c: char| !c.is_alphanumeric());
    let is_copula = negations(part) == 0 && COPULAS.iter().any(|copula| word.ends_with(copula));
    !is_copula && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// How often a part denies.
fn negations(part: &str) -> usize {
    const ROOTS: [&str; 17] = [
        "없",
        "않",
        "못",
        "불가",
        "아니",
        "아닙",
        "아닌",
        "아닐",
        "불필요",
        "금지",
        "마십",
        "마시",
        "마세",
        "면제",
        "무료",
        "비과세",
        "제외",
    ];
    let of_roots: usize = ROOTS.iter().map(|root| part.matches(root).count()).sum();
    // 불가능 and 불필요 are one each, 불가피 none; 안 stands before its verb.
    let doubled = part.matches("불가피").count();
    let alone = part.split_whitespace().filter(|word| {
        *word == "안" || ["안됩", "안되", "안돼", "안될", "안된"].iter().any(|verb| word.starts_with(verb))
    });
    of_roots - doubled.min(of_roots) + alone.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_denies_is_known() {
        for (text, expected) in [
            ("가입하실 수 있습니다", 0),
            ("가입하실 수 없습니다", 1),
            ("적용되지 않습니다", 1),
            ("불가합니다", 1),
            ("이용이 불가능합니다", 1),
            ("수수료가 면제됩니다", 1),
            ("면제되지 않습니다", 2),
            ("대상이 아닙니다", 1),
            ("안 됩니다", 1),
            ("앱 안에서 됩니다", 0),
            ("안내해 드립니다", 0),
        ] {
            assert_eq!(negations(text), expected, "{text}");
        }
    }
}
