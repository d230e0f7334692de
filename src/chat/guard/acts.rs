//! What whoever speaks says it does for the customer or did (막아 드립니다, 보내 드렸어요, 접수됐습니다): the passages have to say
//! that the bank does so.

use crate::chat::guard::grounds::Prepared;
use crate::text::hangul;
use crate::text::hangul::Letters;
use crate::text::normalize::normalize;

/// Whether a sentence tells of something done for the customer that its passages do not.
pub(super) fn are_promised(sentence: &str, cited: &[&Prepared]) -> bool {
    let normal = normalize(sentence);
    let words = words(&normal);
    (0..words.len()).any(|place| is_done_for(&words, place, cited))
}

/// Whether a sentence tells of something that has happened, which its passages do not.
pub(super) fn have_happened(sentence: &str, cited: &[&Prepared]) -> bool {
    words(&normalize(sentence)).into_iter().any(|word| is_past(word, cited))
}

fn words(normal: &str) -> Vec<&str> {
    normal.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

/// Whether a word says that something is done for the customer (해 드립니다), which the passages do not say.
fn is_done_for(words: &[&str], place: usize, cited: &[&Prepared]) -> bool {
    const FORMS: [&str; 7] = ["드립", "드리", "드려", "드렸", "드릴", "드린", "드림"];
    let word = words[place];
    let Some(at) = FORMS.iter().filter_map(|form| word.find(form)).min() else { return false };
    let behind: String = std::iter::once(&word[at..]).chain(words[place + 1..].iter().copied()).collect();
    if is_denied(&behind) {
        return false;
    }
    let (verb, noun) = match place.checked_sub(1).map(|before| words[before]) {
        _ if at > 0 => (&word[..at], ""),
        Some(verb) => (verb, place.checked_sub(2).map_or("", |before| words[before])),
        None => return false,
    };
    // To explain is what it is here for, and to ask politely is no act.
    const SPEECH: [&str; 8] = ["안내", "설명", "말씀", "감사", "사과", "부탁", "정리", "요약"];
    match act(verb, noun) {
        // Whom the bank writes to or calls it may be said to.
        Some(Act::Noun(noun @ ("연락" | "전화"))) => !cited.iter().any(|ground| ground.own.contains(noun)),
        Some(Act::Noun(noun)) => {
            !SPEECH.iter().any(|speech| noun.starts_with(speech)) && !cited.iter().any(|ground| does(ground, noun))
        }
        Some(Act::Verb(verb)) => !cited.iter().any(|ground| does_verb(ground, verb)),
        None => false,
    }
}

/// What is done.
enum Act<'w> {
    /// 입금해 드립니다.
    Noun(&'w str),
    /// 막아 드립니다.
    Verb(&'w str),
}

/// What is done where 드리다 stands behind `verb`, and behind `noun` before that; `None` where something is given (금리를 드립니다).
fn act<'w>(verb: &'w str, noun: &'w str) -> Option<Act<'w>> {
    const MAKING: [&str; 4] = ["하여", "시켜", "해", "되어"];
    const GIVEN: [&str; 4] = ["더", "다", "께", "또"];
    const TO: [&str; 3] = ["에", "께", "게"];
    if let Some(making) = MAKING.iter().find(|making| verb.ends_with(**making)) {
        let made = &verb[..verb.len() - making.len()];
        return Some(Act::Noun(if made.is_empty() { without_particle(noun) } else { made }));
    }
    const HUMBLE: [&str; 12] =
        ["안내", "설명", "말씀", "감사", "사과", "부탁", "연락", "전화", "약속", "보장", "처리", "지급"];
    if let Some(noun) = HUMBLE.iter().find(|noun| **noun == verb) {
        return Some(Act::Noun(noun));
    }
    let is_verb = is_connective(verb) && !GIVEN.contains(&verb) && !TO.iter().any(|to| verb.ends_with(to));
    is_verb.then_some(Act::Verb(verb))
}

/// Whether a word ends as a verb does before 드리다: in ㅏ or ㅓ, alone or run together with the stem.
fn is_connective(word: &str) -> bool {
    const VOWELS: [char; 9] = ['ㅏ', 'ㅓ', 'ㅕ', 'ㅐ', 'ㅔ', 'ㅘ', 'ㅝ', 'ㅙ', 'ㅞ'];
    let last = word.chars().next_back().and_then(hangul::decompose);
    last.is_some_and(|Letters { vowel, last, .. }| last.is_none() && VOWELS.contains(&vowel))
}

fn without_particle(noun: &str) -> &str {
    const PARTICLES: [char; 7] = ['을', '를', '이', '가', '은', '는', '도'];
    match noun.strip_suffix(PARTICLES) {
        Some(stem) if stem.chars().count() > 1 => stem,
        Some(_) | None => noun,
    }
}

/// Whether what follows denies it: 드리지 않습니다, 드릴 수 없습니다, 드리거나 … 드리지 않습니다.
fn is_denied(behind: &str) -> bool {
    const DENIALS: [&str; 10] =
        ["지않", "지는않", "지도않", "지못", "지는못", "지도못", "지마", "수없", "수는없", "수도없"];
    let first = behind.trim_start_matches('드');
    let denied = |text: &str| DENIALS.iter().any(|denial| text.starts_with(denial));
    let rest = &first[first.chars().next().map_or(0, char::len_utf8)..];
    denied(first) || denied(rest) || (rest.starts_with("거나") && DENIALS.iter().any(|denial| rest.contains(denial)))
}

/// Whether a passage says that this is done: by the bank, since a customer who does it is spoken of with respect (하실, 하시면).
fn does(ground: &Prepared, noun: &str) -> bool {
    const DONE: [&str; 10] =
        ["합니다", "됩니다", "해드", "하여드", "시켜드", "드립", "드리", "해줍니다", "하며", "되며"];
    !noun.is_empty()
        && ground.own.match_indices(noun).any(|(at, _)| {
            let behind = &ground.own[at + noun.len()..];
            let said = behind.strip_prefix(['을', '를', '이', '가']).unwrap_or(behind);
            DONE.iter().any(|done| said.strip_prefix(done).is_some_and(|rest| !is_denied(rest)))
        })
}

/// Whether a passage says what this verb does: 막아 드립니다 or 막습니다.
fn does_verb(ground: &Prepared, verb: &str) -> bool {
    let own = &ground.own;
    let is_given = own.match_indices(verb).any(|(at, _)| {
        let behind = &own[at + verb.len()..];
        (behind.starts_with('드') || behind.starts_with("줍니다")) && !is_denied(behind)
    });
    const TELLING: [&str; 5] = ["안내", "통지", "통보", "알림", "알립"];
    let is_telling = verb == "알려" && TELLING.iter().any(|telling| own.contains(telling));
    is_given || is_telling || formal(verb).is_some_and(|formal| own.contains(&formal))
}

/// What a bank writes of a verb before 드리다: 막습니다 of 막아, 보냅니다 of 보내, 바꿉니다 of 바꿔.
fn formal(verb: &str) -> Option<String> {
    const RUN_TOGETHER: [(char, char); 5] = [('ㅝ', 'ㅜ'), ('ㅘ', 'ㅗ'), ('ㅕ', 'ㅣ'), ('ㅙ', 'ㅚ'), ('ㅓ', 'ㅡ')];
    let mut stem: Vec<char> = verb.chars().collect();
    let last = stem.pop()?;
    if matches!(last, '아' | '어' | '여') && !stem.is_empty() {
        let last = hangul::decompose(*stem.last()?)?;
        if last.last.is_some_and(|last| last != 'ㄹ') {
            stem.extend("습니다".chars());
            return Some(stem.into_iter().collect());
        }
        stem.pop();
        stem.push(hangul::compose(last.initial, last.vowel, Some('ㅂ'))?);
    } else {
        let Letters { initial, vowel, .. } = hangul::decompose(last)?;
        let vowel = RUN_TOGETHER.iter().find(|(run, _)| *run == vowel).map_or(vowel, |(_, vowel)| *vowel);
        stem.push(hangul::compose(initial, vowel, Some('ㅂ'))?);
    }
    stem.extend("니다".chars());
    Some(stem.into_iter().collect())
}

/// Whether a word ends a statement in the past (넘어갔습니다), and the passages have no such word in the past.
fn is_past(word: &str, cited: &[&Prepared]) -> bool {
    const ENDINGS: [&str; 5] = ["습니다", "어요", "으니", "네요", "습니다만"];
    let Some(stem) = ENDINGS.iter().find_map(|ending| word.strip_suffix(ending)) else { return false };
    let is_past_syllable =
        |c: char| !matches!(c, '있' | '겠') && hangul::decompose(c).and_then(|letters| letters.last) == Some('ㅆ');
    if !stem.chars().next_back().is_some_and(is_past_syllable) {
        return false;
    }
    let begin: String = stem.chars().take((stem.chars().count() - 1).clamp(1, 2)).collect();
    !cited.iter().any(|ground| {
        ground.own.match_indices(&begin).any(|(at, _)| {
            let behind = ground.own[at + begin.len()..].chars().take(stem.chars().count());
            begin.chars().next_back().into_iter().chain(behind).any(is_past_syllable)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::guard::fence::Grounds;

    #[test]
    fn what_is_done_for_somebody_is_told() {
        let text = "분실 신고를 하시면 카드를 막습니다. 낸 수수료는 계좌로 입금합니다. 명세서는 보내 드립니다. 전화로는 바꾸어 드리지 않습니다.";
        let ground = Prepared::of(&Grounds { title: "", heading: "", text, is_in_force: true });
        for sentence in [
            "카드를 막아 드립니다.",
            "명세서를 보내드려요.",
            "수수료를 입금해 드립니다.",
            "더 많은 혜택을 드립니다.",
            "고객님께 드립니다.",
            "안내해 드립니다.",
            "전화로 바꾸어 드리거나 풀어 드리지 않습니다.",
            "대신 내 드릴 수 없습니다.",
        ] {
            assert!(!are_promised(sentence, &[&ground]) && !have_happened(sentence, &[&ground]), "{sentence}");
        }
        for sentence in [
            "카드를 풀어 드립니다.",
            "전화로 바꾸어 드립니다.",
            "한도를 올려드려요.",
            "수수료를 환급해 드립니다.",
            "서류가 넘어갔습니다.",
            "카드를 막았어요.",
        ] {
            assert!(are_promised(sentence, &[&ground]) || have_happened(sentence, &[&ground]), "{sentence}");
        }
    }

    #[test]
    fn a_verb_is_put_as_a_bank_writes_it() {
        for (verb, expected) in [
            ("막아", "막습니다"),
            ("풀어", "풉니다"),
            ("보내", "보냅니다"),
            ("바꿔", "바꿉니다"),
            ("바꾸어", "바꿉니다"),
            ("알려", "알립니다"),
            ("써", "씁니다"),
            ("빼", "뺍니다"),
        ] {
            assert_eq!(formal(verb).as_deref(), Some(expected), "{verb}");
        }
    }
}
