//! What is said to a request.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::asked::Asked;
use super::asked::Passage;
use super::behaviour::Behaviour;
use super::behaviour::Mark;
use super::behaviour::Words;
use super::figures;

/// Sentences that an answer takes from a passage.
const SENTENCES_MAX: usize = 2;
/// What an honest model says that was given nothing.
const NOTHING: &str = "제공된 자료에서 확인할 수 없습니다.";

/// An answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Speech {
    /// All of it.
    pub text: String,
    /// The figures in it that nobody gave the model.
    pub invented: Vec<String>,
    /// It is said over and over.
    pub is_endless: bool,
}

impl Speech {
    /// The answer to the request that is the server's `number`th.
    pub fn answer(asked: &Asked, behaviour: &Behaviour, number: usize) -> Self {
        let cite = |sentence: &str, number: u32| with_mark(sentence, behaviour.mark, number);
        let text = match &behaviour.words {
            Words::Faithful => join(quoted(asked).iter().map(|(sentence, number)| cite(sentence, *number))),
            Words::Inventive { share, seed } => {
                let mut rng = StdRng::seed_from_u64(seed.wrapping_add(number as u64));
                let mut invented = Vec::new();
                let known = asked.text();
                let sentences = quoted(asked).into_iter().map(|(sentence, number)| {
                    if !rng.random_bool(*share) {
                        return cite(&sentence, number);
                    }
                    let (sentence, figure) = figures::invent(&sentence, &known, &mut rng);
                    invented.push(figure);
                    cite(&sentence, number)
                });
                let text = join(sentences);
                return Self { text, invented, is_endless: false };
            }
            Words::Obedient { canary } => {
                let honest = quoted(asked).into_iter().take(1).map(|(sentence, number)| cite(&sentence, number));
                join(honest.chain([cite(canary, 1)]))
            }
            Words::Leaky => {
                let instructions = asked.instructions();
                let lines = instructions.lines().filter(|line| !line.trim().is_empty());
                lines.map(|line| cite(line, 1)).collect::<Vec<_>>().join("\n")
            }
            Words::Fixed(text) => text.clone(),
            Words::Endless(text) => return Self { text: text.clone(), is_endless: true, ..Self::default() },
            Words::Categories { known, otherwise } => {
                let question = asked.question();
                let found = known.iter().find(|(text, _)| question.contains(text));
                found.map_or(otherwise, |(_, answer)| answer).clone()
            }
            Words::Summary => {
                let lines: Vec<_> = asked.question().lines().map(str::trim).filter(|line| !line.is_empty()).collect();
                match lines[..] {
                    [] => "대화 내용이 없습니다.".to_owned(),
                    [only] => format!("고객이 다음과 같이 문의했습니다: {only}"),
                    [first, .., last] => {
                        format!("고객이 다음과 같이 문의했습니다: {first} / 마지막으로 나눈 말: {last}")
                    }
                }
            }
        };
        Self { text, invented: Vec::new(), is_endless: false }
    }
}

/// The first sentences of the passage that shares most words with the question, and its number.
fn quoted(asked: &Asked) -> Vec<(String, u32)> {
    let words: Vec<String> =
        asked.question().split_whitespace().map(stem).filter(|word| word.chars().count() > 1).collect();
    let shared = |passage: &Passage| {
        words.iter().filter(|word| passage.heading.contains(*word) || passage.text.contains(*word)).count()
    };
    let passages = asked.passages();
    let with_text = passages.iter().filter(|passage| !sentences(&passage.text).is_empty());
    // Of equals, the first: `max_by_key` alone would take the last.
    let Some(best) = with_text.rev().max_by_key(|passage| shared(passage)) else {
        return vec![(NOTHING.to_owned(), 0)];
    };
    let sentences = sentences(&best.text).into_iter().take(SENTENCES_MAX);
    sentences.map(|sentence| (sentence, best.number)).collect()
}

/// A word without what Korean adds to it, as well as a model needs it.
fn stem(word: &str) -> String {
    word.chars().filter(|character| character.is_alphanumeric()).take(2).collect()
}

/// The sentences of a text; each line is at least one, the cells of a row become one.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('#') || line.chars().all(|character| "|-:= ".contains(character)) {
            continue;
        }
        if line.contains('|') {
            let cells: Vec<_> = line.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect();
            sentences.push(cells.join(", "));
            continue;
        }
        let mut rest = without_bullet(line);
        while let Some(end) = end_of_sentence(rest) {
            sentences.push(rest[..end].to_owned());
            rest = rest[end..].trim_start();
        }
        if !rest.is_empty() {
            sentences.push(rest.to_owned());
        }
    }
    sentences
}

/// Behind the first stop that is followed by a space, unless it stands in a date such as `2026. 1. 5.`
fn end_of_sentence(text: &str) -> Option<usize> {
    let is_digit = |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());
    let stops = text.match_indices(['.', '?', '!']);
    let mut ends = stops.map(|(at, stop)| at + stop.len());
    ends.find(|&end| {
        let is_in_date = is_digit(text[..end - 1].chars().last()) && is_digit(text[end..].trim_start().chars().next());
        text[end..].starts_with(char::is_whitespace) && !is_in_date
    })
}

/// A line without what makes it an item of a list: `- `, `3. `, `3) `.
fn without_bullet(line: &str) -> &str {
    let line = line.trim_start_matches(['-', '*', '•', '·']).trim_start();
    let after = line.trim_start_matches(|character: char| character.is_ascii_digit());
    match after.strip_prefix(". ").or_else(|| after.strip_prefix(") ")) {
        Some(item)
            if after.len() < line.len() && !item.trim_start().starts_with(|next: char| next.is_ascii_digit()) =>
        {
            item.trim_start()
        }
        Some(_) | None => line,
    }
}

fn with_mark(sentence: &str, mark: Mark, number: u32) -> String {
    let said = sentence.trim_end_matches(['.', '?', '!']);
    let stop = if said.len() < sentence.len() { &sentence[said.len()..] } else { "." };
    match (mark, number) {
        (Mark::Missing, _) | (_, 0) => format!("{said}{stop}"),
        (Mark::AfterStop, number) => format!("{said}{stop} [{number}]"),
        (Mark::BeforeStop, number) => format!("{said} [{number}]{stop}"),
        (Mark::Unknown, _) => format!("{said}{stop} [99]"),
    }
}

fn join(sentences: impl Iterator<Item = String>) -> String {
    sentences.collect::<Vec<_>>().join(" ")
}

/// A line is cut where sentences end, and nowhere else.
#[test]
fn lines_become_sentences() {
    let cases: [(&str, &[&str]); 6] = [
        ("# 제목\n\n연 3.5%입니다. 단, 1인 1계좌입니다.", &["연 3.5%입니다.", "단, 1인 1계좌입니다."]),
        ("2026. 1. 5. 시행합니다. 끝.", &["2026. 1. 5.", "시행합니다.", "끝."]),
        ("1. 신분증\n2) 통장\n- 도장", &["신분증", "통장", "도장"]),
        ("|구분|금리|\n|:--|--:|\n|1년|연 3.5%|", &["구분, 금리", "1년, 연 3.5%"]),
        ("언제까지요? 3일 안에요", &["언제까지요?", "3일 안에요"]),
        ("3.5% 이하", &["3.5% 이하"]),
    ];
    for (text, expected) in cases {
        assert_eq!(sentences(text), expected, "{text}");
    }
}
