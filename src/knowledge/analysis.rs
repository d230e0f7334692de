//! Words of documents and questions as the index knows them.
//!
//! Both sides go through the same `text` functions: light stems of the words, and bigrams of the text without its
//! spaces, which still agree when a customer writes compounds apart, glued together or with a typing mistake.

use std::borrow::Cow;
use std::collections::BTreeSet;

use foldhash::HashMap;
use foldhash::HashSet;

use crate::knowledge::chunk::Passage;
use crate::knowledge::pack::Document;
use crate::knowledge::pack::Pack;
use crate::knowledge::postings::Dictionary;
use crate::knowledge::postings::Number;
use crate::text::concepts;
use crate::text::concepts::Concept;
use crate::text::hangul;
use crate::text::phonetics;
use crate::text::reading::Reading;
use crate::text::tokens::bigrams_of;
use crate::text::tokens::each_bigram;
use crate::text::tokens::stems;
use crate::text::tokens::stems_of;

/// The tokens of one row of the index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub stems: Vec<String>,
    pub grams: Vec<String>,
    pub concepts: Vec<String>,
}

impl Tokens {
    fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut tokens = Self::default();
        for text in texts {
            let reading = Reading::of(text);
            tokens.stems.extend_from_slice(reading.stems());
            tokens.grams.extend(bigrams_of(reading.normalized()));
            tokens.concepts.extend(reading.concepts().iter().map(|concept| concepts::name(*concept).to_owned()));
        }
        tokens
    }

    /// What a document is about: its title and keywords.
    pub fn of_title(document: &Document) -> Self {
        Self::of(document.names())
    }

    /// What a passage is about: the heading above it and the question it answers.
    pub fn of_heading(passage: &Passage) -> Self {
        Self::of([passage.heading.as_str()].into_iter().chain(passage.question.as_deref()))
    }

    /// What a passage says.
    pub fn of_text(passage: &Passage) -> Self {
        Self::of([passage.text.as_str()])
    }

    /// The words customers use, each once, whether or not a document has them.
    pub fn of_utterances(pack: &Pack) -> Self {
        let stems: BTreeSet<String> = pack.utterances.iter().flat_map(|row| stems(&row.utterance)).collect();
        Self { stems: stems.into_iter().collect(), ..Self::default() }
    }
}

/// One way to say a part of the question.
#[derive(Debug, PartialEq)]
pub(super) struct Wording {
    /// Its stems, indices into [`Question::stems`].
    pub stems: Vec<usize>,
    /// Its bigrams, indices into [`Question::grams`].
    pub grams: Vec<usize>,
    /// How much of the unit it stands for, 0 to 1: in 송금수수료 a synonym of 송금 says two fifths.
    pub share: f32,
}

/// A part of the question that a good passage speaks of.
#[derive(Debug, PartialEq)]
pub(super) struct Unit {
    /// The customer's wording first, then the pack's synonyms.
    pub wordings: Vec<Wording>,
    /// What the customer's word speaks of, indices into [`Question::concepts`].
    pub concepts: Vec<usize>,
    /// The pack's example utterances have the customer's word.
    pub is_usual: bool,
    /// The customer's word is a lone syllable.
    pub is_syllable: bool,
}

/// A token to look up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lookup {
    pub token: Number,
    /// The customer did not write it; a synonym brought it in.
    pub is_synonym: bool,
}

/// A question ready to be searched for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Question {
    pub stems: Vec<Lookup>,
    pub grams: Vec<Lookup>,
    pub concepts: Vec<Lookup>,
    /// The parts with a meaning of their own; words such as "how" and "please" are left out.
    pub units: Vec<Unit>,
    /// Terms of the pack's `others.csv` that it names, without spaces.
    pub others: Vec<String>,
}

/// What the pack says about words.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// The joined stems of a term, and the tokens of the terms that mean the same.
    synonyms: HashMap<String, Vec<Equivalent>>,
    /// The joined stems of the terms that are not ours.
    others: HashSet<String>,
    /// The stems of the example utterances.
    asked: HashSet<Box<str>>,
}

/// The tokens of a term that means the same as another.
#[derive(Debug)]
struct Equivalent {
    stems: Vec<Number>,
    grams: Vec<Number>,
}

/// The dictionaries of the index.
#[derive(Clone, Copy)]
pub(super) struct Dictionaries<'i> {
    pub stems: &'i Dictionary,
    pub grams: &'i Dictionary,
    pub concepts: &'i Dictionary,
}

impl Dictionaries<'_> {
    /// A concept's number; `None` if no document speaks of it.
    pub fn concept(self, concept: Concept) -> Number {
        self.concepts.number(concepts::name(concept))
    }
}

/// Different stems and bigrams of one question that are looked up; a longer message is cut short.
const STEMS_MAX: usize = 64;
const GRAMS_MAX: usize = 192;

/// Characters of the shortest term that is recognised inside a longer word.
const TERM_CHARS_MIN: usize = 2;
/// The same for other companies' names, where a short one may be the beginning of any word.
const OTHER_CHARS_MIN: usize = 3;

impl Vocabulary {
    /// The words of a pack, and `asked`, those of its example utterances.
    pub fn new(pack: &Pack, asked: HashSet<Box<str>>, dictionaries: Dictionaries<'_>) -> Self {
        let mut synonyms: HashMap<String, Vec<Equivalent>> = HashMap::default();
        for pair in &pack.synonyms {
            for (from, to) in [(&pair.term, &pair.synonym), (&pair.synonym, &pair.term)] {
                let tokens = Tokens::of([to.as_str()]);
                let stems = tokens.stems.iter().map(|stem| dictionaries.stems.number(stem)).collect();
                let grams = tokens.grams.iter().map(|gram| dictionaries.grams.number(gram)).collect();
                synonyms.entry(key(from)).or_default().push(Equivalent { stems, grams });
            }
        }
        let mut others: HashSet<String> = pack.others.iter().map(|term| key(term)).collect();
        // A term of nothing but stop words would be found everywhere.
        synonyms.remove("");
        others.remove("");
        Self { synonyms, others, asked }
    }

    /// Takes a question apart.
    pub fn question(&self, text: &Reading, dictionaries: Dictionaries<'_>) -> Question {
        let mut question = Question::default();
        let mut words: Vec<String> = text.stems().iter().flat_map(|word| unglued(word, dictionaries.stems)).collect();
        words.truncate(STEMS_MAX);
        let words = &words[..];
        each_bigram(text.normalized(), |gram| {
            if question.grams.len() < GRAMS_MAX {
                add(&mut question.grams, dictionaries.grams.number(gram), false);
            }
        });
        for concept in text.concepts() {
            add(&mut question.concepts, dictionaries.concept(*concept), false);
        }
        for (index, word) in words.iter().enumerate() {
            if words[..index].contains(word) {
                continue;
            }
            let mut wordings = vec![question.own_wording(word, dictionaries)];
            for term in terms_at(words, index) {
                for synonym in self.synonyms.get(term.text.as_ref()).into_iter().flatten() {
                    let share = if term.is_whole { 1.0 } else { term.text.len() as f32 / word.len() as f32 };
                    wordings.push(question.synonym_wording(synonym, share));
                }
                let is_sure = term.is_whole || term.text.chars().count() >= OTHER_CHARS_MIN;
                if is_sure && self.others.contains(term.text.as_ref()) {
                    question.others.push(term.text.into_owned());
                }
            }
            let is_usual = self.asked.contains(word.as_str());
            let concepts = concepts::concepts(word, &phonetics::sounds(word)).into_iter();
            let concepts =
                concepts.map(|concept| add(&mut question.concepts, dictionaries.concept(concept), false)).collect();
            question.units.push(Unit { wordings, concepts, is_usual, is_syllable: word.chars().nth(1).is_none() });
        }
        question
    }
}

/// The words of a message that was typed without spaces: the longest that the documents know, and what lies between.
/// A word that they know, or of which they know less than half, stays whole.
fn unglued(word: &str, stems: &Dictionary) -> Vec<String> {
    const SYLLABLES_MIN: usize = 2;
    const SYLLABLES_MAX: usize = 8;
    let places: Vec<usize> = word.char_indices().map(|(place, _)| place).chain([word.len()]).collect();
    let syllables = places.len() - 1;
    if syllables < 2 * SYLLABLES_MIN || stems.number(word).is_some() || !word.chars().all(hangul::is_syllable) {
        return vec![word.to_owned()];
    }
    let mut parts = Vec::new();
    let (mut begin, mut unknown_from, mut known) = (0, 0, 0);
    let rest = |from: usize, to: usize, parts: &mut Vec<String>| {
        parts.extend(stems_of(&word[places[from]..places[to]]));
    };
    while begin + SYLLABLES_MIN <= syllables {
        let longest = (SYLLABLES_MIN..=SYLLABLES_MAX.min(syllables - begin)).rev();
        let found =
            longest.map(|length| begin + length).find(|&end| stems.number(&word[places[begin]..places[end]]).is_some());
        let Some(end) = found else {
            begin += 1;
            continue;
        };
        rest(unknown_from, begin, &mut parts);
        parts.push(word[places[begin]..places[end]].to_owned());
        known += end - begin;
        (begin, unknown_from) = (end, end);
    }
    rest(unknown_from, syllables, &mut parts);
    if known * 2 < syllables { vec![word.to_owned()] } else { parts }
}

fn key(term: &str) -> String {
    stems(term).concat()
}

impl Question {
    fn own_wording(&mut self, stem: &str, dictionaries: Dictionaries<'_>) -> Wording {
        let stems = vec![add(&mut self.stems, dictionaries.stems.number(stem), false)];
        let mut grams = Vec::with_capacity(stem.len() / '가'.len_utf8());
        each_bigram(stem, |gram| grams.push(add(&mut self.grams, dictionaries.grams.number(gram), false)));
        Wording { stems, grams, share: 1.0 }
    }

    fn synonym_wording(&mut self, synonym: &Equivalent, share: f32) -> Wording {
        let stems = synonym.stems.iter().map(|stem| add(&mut self.stems, *stem, true)).collect();
        let grams = synonym.grams.iter().map(|gram| add(&mut self.grams, *gram, true)).collect();
        Wording { stems, grams, share }
    }
}

/// The token's place among the lookups; what the customer wrote stays the customer's. What does not occur is one token:
/// there is nothing to be told apart.
fn add(lookups: &mut Vec<Lookup>, token: Number, is_synonym: bool) -> usize {
    if let Some(place) = lookups.iter().position(|lookup| lookup.token == token) {
        lookups[place].is_synonym &= is_synonym;
        return place;
    }
    lookups.push(Lookup { token, is_synonym });
    lookups.len() - 1
}

/// A part of a question that may be a term of the pack's tables.
struct Term<'a> {
    text: Cow<'a, str>,
    /// It begins and ends where words do.
    is_whole: bool,
}

/// The terms at a word: the word, the word with those after it, and what the word begins or ends with.
fn terms_at(words: &[String], index: usize) -> impl Iterator<Item = Term<'_>> {
    const WORDS_MAX: usize = 3;
    let word = words[index].as_str();
    let joined = (2..=WORDS_MAX.min(words.len() - index)).map(move |count| words[index..index + count].concat());
    let cuts = word.char_indices().map(|(position, _)| position).skip(TERM_CHARS_MIN);
    let beginnings = cuts.map(move |cut| &word[..cut]);
    let cuts = word.char_indices().rev().map(|(position, _)| position).skip(TERM_CHARS_MIN - 1);
    let endings = cuts.map(move |cut| &word[cut..]).filter(move |ending| ending.len() < word.len());
    let whole = [Cow::Borrowed(word)].into_iter().chain(joined.map(Cow::Owned));
    let whole = whole.map(|text| Term { text, is_whole: true });
    whole.chain(beginnings.chain(endings).map(|text| Term { text: Cow::Borrowed(text), is_whole: false }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::pack::Synonym;

    #[test]
    fn terms_are_found_in_words_and_across_them() {
        let words = ["카드대금".to_owned(), "명세".to_owned(), "서".to_owned()];
        let terms: Vec<_> = terms_at(&words, 0).map(|term| (term.text.into_owned(), term.is_whole)).collect();
        let expected = [
            ("카드대금", true),
            ("카드대금명세", true),
            ("카드대금명세서", true),
            ("카드", false),
            ("카드대", false),
            ("대금", false),
            ("드대금", false),
        ];
        assert_eq!(terms, expected.map(|(term, is_whole)| (term.to_owned(), is_whole)));
        assert_eq!(terms_at(&words, 2).count(), 1);
    }

    /// A vocabulary, and the words it may meet, numbered in order.
    struct Fixture {
        vocabulary: Vocabulary,
        words: Vec<&'static str>,
        stems: Dictionary,
        grams: Dictionary,
        concepts: Dictionary,
    }

    impl Fixture {
        fn new() -> Self {
            let words = vec!["마통", "마이너스통장", "한도", "마통한도", "카드", "대금", "카드값", "송금"];
            let mut stems = Dictionary::default();
            words.iter().for_each(|word| stems.add(word));
            let [grams, concepts] = [Dictionary::default(), Dictionary::default()];
            let pair = |term: &str, synonym: &str| Synonym { term: term.into(), synonym: synonym.into() };
            let pack = Pack {
                synonyms: vec![pair("마통", "마이너스통장"), pair("카드값", "카드 대금"), pair("어떻게", "언제")],
                others: vec!["토스".into(), "카카오뱅크".into(), "우리 은행".into()],
                ..Pack::default()
            };
            let asked = ["한도".into()].into_iter().collect();
            let vocabulary =
                Vocabulary::new(&pack, asked, Dictionaries { stems: &stems, grams: &grams, concepts: &concepts });
            Self { vocabulary, words, stems, grams, concepts }
        }

        fn question(&self, text: &str) -> Question {
            let dictionaries = Dictionaries { stems: &self.stems, grams: &self.grams, concepts: &self.concepts };
            self.vocabulary.question(&Reading::of(text), dictionaries)
        }

        /// The wordings of each unit, their stems joined by a space.
        fn units(&self, question: &Question) -> Vec<Vec<String>> {
            let word = |stem: &usize| question.stems[*stem].token.map_or("?", |token| self.words[token as usize]);
            let wording = |wording: &Wording| wording.stems.iter().map(word).collect::<Vec<_>>().join(" ");
            question.units.iter().map(|unit| unit.wordings.iter().map(wording).collect()).collect()
        }
    }

    #[test]
    fn synonyms_are_other_wordings_in_both_directions() {
        let fixture = Fixture::new();
        for (text, expected) in [
            ("마통 한도", vec![vec!["마통", "마이너스통장"], vec!["한도"]]),
            ("마이너스통장은요", vec![vec!["마이너스통장", "마통"]]),
            ("마통한도", vec![vec!["마통한도", "마이너스통장"]]),
            ("카드 대금 언제", vec![vec!["카드", "카드값"], vec!["대금"]]),
            ("카드값 카드값", vec![vec!["카드값", "카드 대금"]]),
            ("파이썬 한도", vec![vec!["?"], vec!["한도"]]),
        ] {
            assert_eq!(fixture.units(&fixture.question(text)), expected, "{text}");
        }
        let question = fixture.question("마통한도");
        assert_eq!(question.units[0].wordings.iter().map(|wording| wording.share).collect::<Vec<_>>(), [1.0, 0.5]);
    }

    #[test]
    fn words_without_spaces_come_apart_where_the_documents_know_them() {
        let mut stems = Dictionary::default();
        ["신용대출", "대출", "금리", "체크카드", "카드", "한도"].iter().for_each(|word| stems.add(word));
        for (word, expected) in [
            ("신용대출금리알려줘", vec!["신용대출", "금리"]),
            ("체크카드한도궁금해", vec!["체크카드", "한도"]),
            ("체크카드", vec!["체크카드"]),
            ("강아지간식추천대출", vec!["강아지간식추천대출"]),
            ("otp카드한도", vec!["otp카드한도"]),
            ("금리", vec!["금리"]),
        ] {
            assert_eq!(unglued(word, &stems), expected, "{word}");
        }
    }

    #[test]
    fn units_know_what_kind_of_word_they_are() {
        let question = Fixture::new().question("한도 송금 돈");
        let kinds: Vec<_> = question.units.iter().map(|unit| (unit.is_usual, unit.is_syllable)).collect();
        assert_eq!(kinds, [(true, false), (false, false), (false, true)]);
    }

    #[test]
    fn other_companies_are_named_as_words_or_at_their_ends() {
        for (text, expected) in [
            ("토스 송금", vec!["토스"]),
            ("토스트 기계", vec![]),
            ("카카오뱅크적금", vec!["카카오뱅크"]),
            ("우리은행 금리", vec!["우리은행"]),
            ("우리 금리", vec![]),
        ] {
            assert_eq!(Fixture::new().question(text).others, expected, "{text}");
        }
    }

    #[test]
    fn a_long_message_is_cut_short() {
        let text: String = (0..2_000).map(|number| format!("낱말{number} ")).collect();
        let question = Fixture::new().question(&text);
        assert!((1..=STEMS_MAX).contains(&question.units.len()));
        assert!(question.grams.len() <= GRAMS_MAX + 2 * STEMS_MAX);
    }
}
