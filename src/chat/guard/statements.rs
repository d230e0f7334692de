//! What a text states and whether it affirms or denies it, so that an answer cannot turn a passage into its opposite.

use crate::chat::guard::figures::words_beside;
use crate::chat::guard::grounds::Prepared;
use crate::chat::guard::support;
use crate::chat::guard::support::VERB_WEIGHT;
use crate::chat::guard::support::Word;
use crate::chat::guard::support::noun_of_verb;
use crate::chat::guard::support::telling_words;
use crate::text::figures;
use crate::text::normalize::normalize;
use crate::text::tokens;

/// A part of a sentence up to a connective ending: one thing said, and whether it is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// The telling words of the part.
    words: Vec<Word>,
    /// The letters of the part.
    tight: String,
    /// The letters of the whole sentence: who and when stand anywhere in it.
    sentence: String,
    /// What it says: the last word that is more than an auxiliary, without its ending.
    predicate: String,
    /// Whether it denies: an odd number of negations.
    is_negative: bool,
    /// Whether it ends in a verb, so that it affirms or denies something by itself.
    is_predicate: bool,
    /// Whether the sentence ends with it.
    is_final: bool,
    /// Whether it asserts something or says under which condition.
    role: Role,
    /// Whether it names what it is about itself.
    has_topic: bool,
}

/// What a part does in its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It is so.
    Assertion,
    /// If it is so (하시면, 하셔도).
    Condition,
    /// It has to be so for the rest (있어야).
    Requirement,
}

impl Role {
    /// Whether one may deny the other: that something is so says nothing of what happens if it is.
    fn opposes(self, other: Self) -> bool {
        match self {
            Self::Assertion | Self::Requirement => other != Self::Condition,
            Self::Condition => other != Self::Assertion,
        }
    }
}

/// Whether a part of a sentence affirms what the passages deny of the same, or denies what they affirm.
pub(super) fn is_denied(sentence: &str, cited: &[&Prepared]) -> bool {
    let ours = statements(sentence);
    let mut all: Vec<&Word> = Vec::new();
    for statement in &ours {
        for word in &statement.words {
            if !all.contains(&word) {
                all.push(word);
            }
        }
    }
    let is_turned = |statement: &Statement| is_turned(statement, &all, cited);
    (0..ours.len()).any(|place| {
        let Some(statement) = ours.get(place) else { return false };
        let is_condition = ours.get(place + 1).is_some_and(|result| is_contrary(statement, result));
        let before = place.checked_sub(1).and_then(|before| ours.get(before));
        if is_condition || !is_turned(statement) {
            return false;
        }
        // The other way round a result says the same: that one has to have it, or that nobody gets it without.
        let is_result = before.is_some_and(|before| is_contrary(before, statement));
        !is_result || is_turned(&Statement { is_negative: !statement.is_negative, ..statement.clone() })
    })
}

/// Whether a condition and its result say what can be said the other way round: 없으면 받으실 수 없습니다 is 있어야 받으실 수 있습니다.
fn is_contrary(condition: &Statement, result: &Statement) -> bool {
    match condition.role {
        Role::Assertion => false,
        Role::Condition => condition.tight.ends_with('면') && condition.is_negative && result.is_negative,
        Role::Requirement => !condition.is_negative && !result.is_negative,
    }
}

fn is_turned(ours: &Statement, all: &[&Word], cited: &[&Prepared]) -> bool {
    /// The share of our words that a statement has at least to speak of the same.
    const SAME_MIN: f32 = 0.5;
    /// What makes one statement speak of the same more than another one.
    const MARGIN: f32 = 0.02;
    if !ours.is_predicate || ours.words.is_empty() {
        return false;
    }
    let (mut same, mut opposite) = ((0.0_f32, 0.0_f32), (0.0_f32, 0.0_f32));
    // What is said with another verb: a message is not sent, so none is received.
    let (mut same_matter, mut opposite_matter) = (0.0_f32, 0.0_f32);
    for theirs in cited.iter().flat_map(|ground| &ground.statements) {
        if !theirs.is_predicate && (theirs.is_negative || !theirs.is_final) {
            continue;
        }

        let of_sentence = share(ours.words.iter(), &theirs.sentence);
        let of_part = share(ours.words.iter(), &theirs.tight);
        let around: Vec<&Word> = if ours.has_topic { ours.words.iter().collect() } else { all.to_vec() };
        let context = share(around.iter().copied(), &theirs.sentence) + share(around.iter().copied(), &theirs.tight);
        // What stands in the part itself counts twice: its sentence may say the contrary of something else.
        let found = (of_sentence + of_part, context);
        let is_same = is_same_predicate(ours, theirs);
        if theirs.is_negative == ours.is_negative {
            same_matter = same_matter.max(of_sentence);
            // What so much of is said, there is: 수수료는 2,000원입니다.
            if is_same || of_part > WHOLE_MIN || !theirs.is_predicate {
                same = larger(same, found);
            }
        } else if theirs.is_predicate && ours.role.opposes(theirs.role) {
            opposite_matter = opposite_matter.max(of_part);
            if is_same && of_sentence >= SAME_MIN {
                opposite = larger(opposite, found);
            }
        }
    }
    let is_opposite = opposite.0 > same.0 + MARGIN || (opposite.0 + MARGIN > same.0 && opposite.1 > same.1 + MARGIN);
    let names = ours.words.iter().filter(|word| !word.is_verb).count();
    let is_other_verb = !ours.is_negative
        && ours.is_final
        && names >= MATTER_NAMES_MIN
        && opposite_matter >= MATTER_MIN
        && opposite_matter > same_matter + MATTER_MARGIN;
    is_opposite || is_other_verb
}

/// The share of our words in a part from which on it says the same, with whatever verb.
const WHOLE_MIN: f32 = 0.9;
/// Names of things that a statement has at least for its verb not to matter.
const MATTER_NAMES_MIN: usize = 2;
/// The share of our words that a statement with another verb has at least to speak of the same.
const MATTER_MIN: f32 = 0.75;
/// How much more of them it has than any statement of our sign.
const MATTER_MARGIN: f32 = 0.2;

fn larger(one: (f32, f32), other: (f32, f32)) -> (f32, f32) {
    if other > one { other } else { one }
}

/// Whether two statements say or deny one thing: with one verb, or one says by a noun what the other one's verb is.
fn is_same_predicate(ours: &Statement, theirs: &Statement) -> bool {
    let (one, other) = (ours.predicate.as_str(), theirs.predicate.as_str());
    if one.is_empty() || other.is_empty() {
        return false;
    }
    let begins = |long: &str, short: &str| long.starts_with(short);
    let is_one = begins(one, other) || begins(other, one);
    let shared = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let is_denier = NOUNS.iter().any(|noun| ours.tight.contains(noun) && theirs.tight.contains(noun));
    let is_named = |predicate: &str, words: &[Word]| words.iter().any(|word| word.text == predicate);
    is_one || is_denier || shared >= 2 || is_named(one, &theirs.words)
}

/// The share of words that stand in a text.
fn share<'w>(words: impl Iterator<Item = &'w Word>, text: &str) -> f32 {
    let (mut held, mut all) = (0.0, 0.0);
    for Word { text: word, is_verb } in words {
        let weight = support::weight(word) * if *is_verb { VERB_WEIGHT } else { 1.0 };
        all += weight;
        let word = of_one_syllable(word, *is_verb).unwrap_or(word);
        held += weight * if text.contains(word) { 1.0 } else { support::parts(word, text) };
    }
    if all > 0.0 { held / all } else { 0.0 }
}

const PARTICLES: [char; 12] = ['은', '는', '이', '가', '을', '를', '의', '도', '로', '에', '과', '와'];

/// The noun of one syllable that stands before a particle: 앱 of 앱의.
fn of_one_syllable(word: &str, is_verb: bool) -> Option<&str> {
    let noun = word.strip_suffix(PARTICLES)?;
    (is_verb && noun.chars().count() == 1).then_some(noun)
}

/// A sentence without its figures.
pub(super) fn words_in(sentence: &str) -> String {
    words_beside(&figures::read(sentence))
}

/// The statements of a sentence without figures.
pub(super) fn statements(words: &str) -> Vec<Statement> {
    let normal = normalize(words);
    let sentence = tight(&normal);
    let mut words: Vec<&str> = normal.split_whitespace().collect();
    if words.first().is_some_and(|word| is_reply(word)) {
        words.remove(0);
    }
    let mut topic = "";
    let mut statements = Vec::new();
    for part in parts(&words) {
        // What a sentence is about holds for all its parts behind that have no subject of their own.
        let own = part.iter().find(|word| is_topic(word)).copied();
        let has_subject = part.iter().any(|word| is_subject(word));
        topic = own.unwrap_or(topic);
        let carried = (own.is_none() && !has_subject).then_some(topic);
        let text: Vec<&str> = carried.into_iter().chain(part).collect();
        let has_topic = own.is_some();
        let made = statement(&text.join(" "), &sentence);
        statements.extend(made.map(|made| Statement { has_topic, ..made }));
    }
    statements
}

/// The words of a sentence by what is said at a time.
fn parts<'w>(words: &[&'w str]) -> Vec<Vec<&'w str>> {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    let mut part: Vec<&str> = Vec::new();
    for (place, word) in words.iter().copied().enumerate() {
        part.push(word);
        let next = words.get(place + 1).copied().unwrap_or_default();
        if word.starts_with("없이") {
            // 출금은 횟수 제한 없이 하실 수 있습니다: what there is none of stands right before it.
            let nouns = part[..part.len() - 1].iter().rev().take(WITHOUT_WORDS_MAX);
            let bare = nouns.skip(1).take_while(|word| !word.ends_with(PARTICLES)).count();
            let kept = part.len().saturating_sub(2 + bare);
            parts.push(part.split_off(kept));
        } else if (ends_statement(word) && !is_allowed(word, next)) || requires(word, next) {
            parts.push(std::mem::take(&mut part));
        }
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

/// Words before 없이 that say what there is none of.
const WITHOUT_WORDS_MAX: usize = 3;

/// Whether a word answers the question and denies nothing of what follows.
fn is_reply(word: &str) -> bool {
    ["아니요", "아니오", "네", "예"].contains(&word.trim_end_matches(|c: char| !c.is_alphanumeric()))
}

fn is_topic(word: &str) -> bool {
    let noun = word.strip_suffix(['은', '는']).unwrap_or_default();
    noun.chars().count() > 1 && !noun.ends_with(['하', '되', '있', '없', '시', '받', '지', '쓰', '에'])
}

/// Whether a word says what has to be for the rest to be so: 위임장이 있어야 받으실 수 있습니다, but not 있어야 합니다.
fn requires(word: &str, next: &str) -> bool {
    const ENDINGS: [&str; 6] = ["어야", "아야", "여야", "해야", "셔야", "야만"];
    const DUTY: [&str; 8] = ["하", "합", "해", "한", "할", "되", "됩", "돼"];
    ENDINGS.iter().any(|ending| word.ends_with(ending))
        && !next.is_empty()
        && !DUTY.iter().any(|duty| next.starts_with(duty))
}

/// Whether a word says with the next one that something may be (하지 않으셔도 됩니다), which is one assertion.
fn is_allowed(word: &str, next: &str) -> bool {
    word.ends_with('도') && ["되", "됩", "돼", "괜찮"].iter().any(|allowing| next.starts_with(allowing))
}

fn is_subject(word: &str) -> bool {
    let noun = word.strip_suffix(['이', '가']).unwrap_or_default();
    noun.chars().count() > 1
}

/// What a cell of a row states, if it is whether something is so (없음, 면제, 가능).
pub(super) fn cell(words: &str) -> Option<Statement> {
    const SO: [&str; 10] = ["없음", "면제", "무료", "불가", "가능", "필요", "불필요", "제외", "비과세", "종료"];
    let normal = normalize(words);
    let mut statement = statement(&normal, &tight(&normal))?;
    statement.is_predicate = SO.iter().any(|so| statement.tight.ends_with(so));
    Some(statement)
}

fn tight(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn ends_statement(word: &str) -> bool {
    #[rustfmt::skip]
    const ENDINGS: [&str; 26] = [
        "면", "고", "며", "지만", "아도", "어도", "해도", "셔도", "므로", "아서", "어서", "해서", "는데", "으니", "되도록", "라도",
        "하여", "되어", "으나", "없어", "있어", "않아", "아니라", "경우", "경우에는", "때에는",
    ];
    let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    word.chars().count() > 1 && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

fn statement(part: &str, sentence: &str) -> Option<Statement> {
    let tight = tight(part);
    let mut words = telling_words(part);
    words.retain(|word| negations(&word.text) == 0 && !["오전", "오후", "밤"].contains(&word.text.as_str()));
    (!tight.is_empty()).then(|| Statement {
        words,
        tight,
        sentence: sentence.to_owned(),
        predicate: predicate(part),
        is_negative: negations(part) % 2 == 1,
        is_predicate: is_predicate(part),
        role: role(part),
        has_topic: false,
        is_final: part.trim_end_matches(|c: char| !c.is_alphanumeric()).ends_with(['다', '요']),
    })
}

fn role(part: &str) -> Role {
    const CONDITIONS: [&str; 7] = ["면", "도", "경우", "경우에", "경우에는", "때", "때에는"];
    let end = part.trim_end_matches(|c: char| !c.is_alphanumeric());
    if CONDITIONS.iter().any(|ending| end.ends_with(ending)) {
        Role::Condition
    } else if end.ends_with(['야']) || end.ends_with("야만") {
        Role::Requirement
    } else {
        Role::Assertion
    }
}

/// The last word of a part that is more than an auxiliary, without particles and endings.
fn predicate(part: &str) -> String {
    let tokens = part.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_empty());
    let last = tokens.rev().find(|token| !is_auxiliary(token) && negations(token) == 0).unwrap_or_default();
    match noun_of_verb(last) {
        Some(noun) => noun.to_owned(),
        None => stem_of_verb(&tokens::stems_of(last).pop().unwrap_or_else(|| last.to_owned())),
    }
}

/// Whether a word only carries the ending of the one before it, or says no more than that something is so.
fn is_auxiliary(token: &str) -> bool {
    #[rustfmt::skip]
    const WHOLE: [&str; 35] = [
        "수", "수는", "수도", "수가", "것", "것이", "때", "때는", "안", "못", "한", "할", "하는", "된", "될", "되는", "해", "돼", "돼요", "해요", "해야", "하여", "되어", "하지", "하지는", "되지",
        "되지는", "하고", "되고", "하며", "되며", "하면", "되면", "주는", "지",
    ];
    #[rustfmt::skip]
    const BEGINNINGS: [&str; 28] = [
        "있", "없", "않", "못하", "못합", "안되", "안됩", "됩니", "되시", "되실", "됐", "합니", "하시", "하실", "하셔", "드립", "드리", "드려", "드릴", "주시", "주십", "주세",
        "바랍", "가능", "불가", "경우", "아니", "아닙",
    ];
    WHOLE.contains(&token) || BEGINNINGS.iter().any(|beginning| token.starts_with(beginning))
}

/// A native verb without its ending: 찾 of 찾으실 and 찾을, 쉬 of 쉽니다 and 쉬지.
fn stem_of_verb(word: &str) -> String {
    #[rustfmt::skip]
    const ENDINGS: [&str; 27] = [
        "으실", "으시", "으셔", "습니다", "니다", "지는", "지도", "지", "어요", "아요", "려면", "으면", "면", "으며", "며", "고", "을", "실", "신", "는", "시는", "셔야", "어야", "아야",
        "어", "아", "여",
    ];
    let end =
        ENDINGS.iter().filter(|ending| word.len() > ending.len() && word.ends_with(**ending)).max_by_key(|e| e.len());
    let stem = end.map_or(word, |ending| &word[..word.len() - ending.len()]);
    let mut stem: Vec<char> = stem.chars().collect();
    if let Some(last) = stem.last_mut() {
        *last = without_ending(*last);
    }
    stem.into_iter().collect()
}

/// A syllable without the ㄴ, ㄹ, ㅂ or ㅆ of an ending.
fn without_ending(c: char) -> char {
    const FIRST: u32 = 0xAC00;
    const FINALS: u32 = 28;
    const OF_ENDINGS: [u32; 4] = [4, 8, 17, 20];
    if !('가'..='힣').contains(&c) {
        return c;
    }
    let last = (u32::from(c) - FIRST) % FINALS;
    if OF_ENDINGS.contains(&last) { char::from_u32(u32::from(c) - last).unwrap_or(c) } else { c }
}

/// Whether a part ends in a verb that affirms or denies: not in 입니다 behind a figure, of which the figure is looked at.
fn is_predicate(part: &str) -> bool {
    #[rustfmt::skip]
    const ENDINGS: [&str; 26] = [
        "야", "다", "요", "면", "고", "며", "지만", "도", "므로", "서", "데", "니", "없이", "오", "음", "면제", "무료", "불가", "가능", "불필요", "죠", "여", "나", "없어", "않아", "라",
    ];
    const COPULAS: [&str; 6] = ["입니다", "이에요", "예요", "이고", "이며", "인데"];
    let word = part.trim_end_matches(|c: char| !c.is_alphanumeric());
    let is_copula = negations(part) == 0 && COPULAS.iter().any(|copula| word.ends_with(copula));
    !is_copula && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// Nouns that deny where they are what is said, not where they only describe a thing: 무료 서비스, 제외한 금리.
const NOUNS: [&str; 6] = ["면제", "무료", "제외", "보류", "제한", "종료"];

/// How often a part denies.
fn negations(part: &str) -> usize {
    const ROOTS: [&str; 14] =
        ["없", "않", "못", "불가", "아니", "아닙", "아닌", "아닐", "불필요", "금지", "마십", "마시", "마세", "비과세"];
    const DESCRIBING: [&str; 5] = ["한", "된", "하는", "되는", "하고"];
    let of_roots: usize = ROOTS.iter().map(|root| part.matches(root).count()).sum();
    // 불가능 and 불필요 are one each, 불가피 and 잘못 none; 안 stands before its verb.
    const OTHERS: [&str; 6] = ["불가피", "잘못", "관계없", "상관없", "틀림없", "못지않"];
    let others: usize = OTHERS.iter().map(|other| part.matches(other).count()).sum();
    let words: Vec<&str> = part.split_whitespace().collect();
    let alone = words.iter().filter(|word| {
        **word == "안" || ["안됩", "안되", "안돼", "안될", "안된"].iter().any(|verb| word.starts_with(verb))
    });
    let said = words.iter().enumerate().filter(|(place, word)| {
        let from_end = words.len() - place;
        NOUNS.iter().any(|noun| word.contains(noun))
            && (from_end == 1 || (from_end <= NOUN_FROM_END_MAX && !NOUNS.contains(word)))
            && !DESCRIBING.iter().any(|ending| word.ends_with(ending))
    });
    of_roots.saturating_sub(others) + alone.count() + said.count()
}

/// Words from the end at most where a noun is what is said: 제한될 수 있습니다.
const NOUN_FROM_END_MAX: usize = 3;

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
