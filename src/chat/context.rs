//! What a message leans on: what was said before it (follow-ups, corrections), and the other questions it holds.
//!
//! Lexical and pure. A message that leans is asked anew as what was said before with its own words last; which of the
//! passages found answers it is then decided by its own words (`answer`).

use crate::chat::engine::Engine;
use crate::nlu;
use crate::text::concepts;
use crate::text::concepts::Concept;
use crate::text::reading::Reading;

/// Messages of the customer looked back on.
pub(super) const EARLIER_MAX: usize = 6;
/// Questions of one message that are answered each for itself.
const QUESTIONS_MAX: usize = 3;

/// Beginnings that point back.
const LINKS: [&str; 22] = [
    "그럼",
    "그러면",
    "그거",
    "그건",
    "그게",
    "그것",
    "그때",
    "거기",
    "그리고",
    "그런데",
    "근데",
    "이거",
    "이건",
    "이게",
    "아니",
    "아참",
    "그중",
    "그상품",
    "그카드",
    "그대출",
    "그통장",
    "또",
];
/// Endings of messages that are nothing but a thing or a case: "수수료는요?", "외국인도요?", "3년 지나면?".
const BARE_ENDINGS: [&str; 15] = [
    "은요",
    "는요",
    "도요",
    "면요",
    "로요",
    "이요",
    "거요",
    "말고요",
    "려면요",
    "은",
    "는",
    "도",
    "면",
    "까지",
    "말고",
];
/// Beyond this a message says enough by itself.
const LINKED_CHARS_MAX: usize = 40;
const BARE_CHARS_MAX: usize = 16;

/// What a matter is about, of which a follow-up names none or another of the same family.
#[rustfmt::skip]
const FAMILIES: [&[&str]; 7] = [
    &[
        "account", "passbook", "deposit", "parking", "saving", "subscription", "isa", "irp", "pension_saving", "pension",
        "youth_saving", "fund", "trust", "gold", "insurance",
    ],
    &[
        "loan", "credit_loan", "overdraft", "small_loan", "mortgage", "jeonse", "group_loan", "deposit_loan", "car_loan",
        "policy_loan", "student_loan", "biz_loan", "cash_adv", "card_loan",
    ],
    &["card", "check_card", "credit_card", "family_card", "corp_card", "prepaid_card"],
    &["fx", "exchange", "fx_account", "remit_abroad", "remit_in"],
    &["certificate", "otp", "open_banking"],
    &["transfer_limit", "card_limit"],
    &["installment_pay"],
];

/// Kinds of facts that are asked for, by concepts: one is asked for instead of another.
const FACTS: [&[&str]; 5] = [&["interest"], &["limit"], &["fee"], &["docs"], &["how_long", "deadline"]];
/// A longer word says more than which fact is asked for: 중도상환수수료.
const FACT_WORD_CHARS_MAX: usize = 5;

/// What went before a message that [looks back](looks_back).
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// What the customer said, from old to new.
    pub(super) said: Vec<String>,
    /// Ids of the documents that the last answer quoted.
    pub(super) cited: Vec<String>,
}

/// Whether what was said before has to be looked at to understand `text`.
pub(super) fn looks_back(engine: &Engine, text: &str) -> bool {
    let message = Reading::of(text);
    is_choice(engine, text) || may_lean(&message) || is_short(&message)
}

/// Says so little that it may be a piece of something said before, even if it names a matter.
pub(super) fn is_short(message: &Reading) -> bool {
    message.tight().chars().count() <= BARE_CHARS_MAX
}

/// One of the categories that were offered.
fn is_choice(engine: &Engine, text: &str) -> bool {
    engine.pack().categories.iter().any(|category| category.name == text.trim())
}

/// Whether a message may be a piece of something said before: it points back, or it is short and names no matter.
pub(super) fn may_lean(message: &Reading) -> bool {
    let tight = message.tight();
    let chars = tight.chars().count();
    let is_linked = points_back(tight) && chars <= LINKED_CHARS_MAX;
    is_linked || tight.contains("말고") || (is_short(message) && (is_bare(tight) || things(message).next().is_none()))
}

/// What a customer asks who leans on what he said before.
pub(super) struct InFull {
    /// The whole question, his last words last.
    pub(super) text: String,
    /// His last words take the place of others and ask nothing of their own.
    pub(super) is_correction: bool,
}

/// What a customer asks who says `text` after `earlier`, his messages from old to new; `None` if it says all itself.
pub(super) fn in_full(engine: &Engine, text: &str, message: &Reading, earlier: &[String]) -> Option<InFull> {
    let tight = message.tight();
    let is_certain = is_choice(engine, text) || points_back(tight) || is_bare(tight) || tight.contains("말고");
    let is_piece = is_certain || (may_lean(message) && !is_self_sufficient(engine, message));
    if is_piece { joined(message, earlier) } else { None }
}

/// What went before with `message` behind it; `None` if nothing did.
pub(super) fn joined(message: &Reading, earlier: &[String]) -> Option<InFull> {
    let tight = message.tight();
    let mut parts: Vec<Reading> = Vec::new();
    for said in earlier.iter().rev().map(|said| Reading::of(said)) {
        if said.tight() == tight || !has_matter(&said) {
            continue;
        }
        let leans = may_lean(&said);
        // Between the question that began it and this one, what names a matter counts, and what was said last.
        if !leans || parts.is_empty() || things(&said).next().is_some() {
            parts.push(said);
        }
        if !leans {
            break;
        }
    }
    if parts.is_empty() {
        return None;
    }
    let (dropped, own) = without_dropped(message.normalized());
    let mut text = String::new();
    for part in parts.iter().rev() {
        let kept = part.normalized().split_whitespace().filter(|word| !is_replaced(word, message, dropped));
        for word in kept {
            text.push_str(word);
            text.push(' ');
        }
    }
    text.push_str(own);
    Some(InFull { text, is_correction: dropped.is_some() || tight.starts_with("아니") })
}

/// A short message of so sure a category needs nothing else.
fn is_self_sufficient(engine: &Engine, message: &Reading) -> bool {
    const CONFIDENCE_MIN: f32 = 0.75;
    engine.bearing(message).guesses.first().is_some_and(|best| best.confidence >= CONFIDENCE_MIN)
}

/// One question of a message that holds several.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// As it stands in the message.
    pub(super) own: String,
    /// With what it leans on.
    pub(super) whole: String,
}

/// The questions of a message, when it holds more than one.
pub(super) fn questions(text: &str) -> Vec<Piece> {
    if pieces(text).nth(1).is_none() {
        return Vec::new();
    }
    let mut questions: Vec<Piece> = Vec::new();
    let mut told = String::new();
    for piece in pieces(text) {
        let reading = Reading::of(piece);
        if !nlu::listen(&reading).asks || reading.stems().is_empty() {
            told.push_str(piece);
            told.push(' ');
            continue;
        }
        let leans = may_lean(&reading);
        let whole = match questions.first() {
            Some(first) if leans => format!("{} {piece}", first.whole),
            Some(_) | None => format!("{told}{piece}"),
        };
        questions.push(Piece { own: piece.to_owned(), whole });
    }
    questions.truncate(QUESTIONS_MAX);
    if questions.len() > 1 { questions } else { Vec::new() }
}

/// The two questions of a sentence that asks the same of two things: "연회비랑 결제일 알려주세요". Only a guess, since 랑 and
/// 하고 join other things, too; it holds where both find an answer.
pub(super) fn conjoined(text: &str) -> Option<[Piece; 2]> {
    const JOINTS: [&str; 3] = ["이랑", "랑", "하고"];
    const ASKING: [&str; 8] = ["알려", "얼마", "궁금", "어떻게", "언제", "며칠", "가르쳐", "뭐"];
    /// Of two things together.
    const TOGETHER: [&str; 6] = ["차이", "비교", "같이", "함께", "중에", "다른"];
    /// How what is no thing ends.
    const CLAUSES: [&str; 7] = ["는데", "면", "서", "니까", "지만", "려고", "고"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let asks = |word: &str| ASKING.iter().any(|asking| word.contains(asking));
    if TOGETHER.iter().any(|together| text.contains(together)) {
        return None;
    }
    let (at, first) = words.iter().enumerate().find_map(|(at, word)| {
        let thing = JOINTS.iter().find_map(|joint| word.strip_suffix(joint))?;
        thing.chars().nth(1).map(|_| (at, thing))
    })?;
    let second = words.get(at + 1)?;
    if asks(second) || CLAUSES.iter().any(|clause| second.ends_with(clause)) {
        return None;
    }
    let asked = words.iter().skip(at + 2).position(|word| asks(word))? + at + 2;
    let piece = |own: String| Piece { whole: format!("{} {own}", words[..at].join(" ")).trim().to_owned(), own };
    Some([piece(format!("{first} {}", words[asked..].join(" "))), piece(words[at + 1..].join(" "))])
}

/// The sentences of a message.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let sentences = text.split_inclusive(['?', '!', '\n', '？']).flat_map(|part| part.split(". "));
    let clauses = sentences.flat_map(|sentence| sentence.split(" 그리고 "));
    clauses.map(str::trim).filter(|piece| !piece.is_empty())
}

fn points_back(tight: &str) -> bool {
    LINKS.iter().any(|link| tight.starts_with(link) && tight.len() > link.len())
}

fn is_bare(tight: &str) -> bool {
    BARE_ENDINGS.iter().any(|ending| tight.ends_with(ending))
}

/// Not a mere reply, greeting or request for a person.
fn has_matter(said: &Reading) -> bool {
    let signals = nlu::listen(said);
    !said.stems().is_empty() && signals.small_talk.is_none() && signals.consent.is_none() && !signals.wants_person
}

/// What a text is about: the families of the things it names.
fn things(text: &Reading) -> impl Iterator<Item = usize> {
    of_kinds(text, &FAMILIES)
}

/// The facts a text asks for.
fn facts(text: &Reading) -> impl Iterator<Item = usize> {
    of_kinds(text, &FACTS)
}

/// Which of these kinds the concepts of a text belong to.
fn of_kinds(text: &Reading, kinds: &'static [&[&str]]) -> impl Iterator<Item = usize> {
    let kind = |concept: &Concept| {
        let name = concepts::name(*concept);
        kinds.iter().position(|kind| kind.contains(&name))
    };
    text.concepts().iter().filter_map(kind)
}

/// Splits "신용카드 말고 체크카드요" into what is not meant and what is.
fn without_dropped(message: &str) -> (Option<&str>, &str) {
    let message = message.trim_start_matches("아니요").trim_start_matches("아니").trim_start_matches([' ', ',', '.']);
    match message.split_once("말고") {
        Some((dropped, own)) if !own.trim_matches([' ', '요', '?', '.']).is_empty() => {
            (dropped.split_whitespace().last(), own.trim_start())
        }
        Some(_) | None => (None, message),
    }
}

/// Whether a word said before gives way to what the message says instead: the same kind of thing, or the same measure.
fn is_replaced(word: &str, message: &Reading, dropped: Option<&str>) -> bool {
    // "체크카드 말고" drops what was called a 카드 before, too.
    let is_called_less = |dropped: &str| word.chars().nth(1).is_some() && dropped.ends_with(word);
    if dropped.is_some_and(|dropped| word.starts_with(dropped) || is_called_less(dropped)) {
        return true;
    }
    if let Some(unit) = measure(word) {
        return message.normalized().split_whitespace().any(|own| measure(own) == Some(unit));
    }
    let word = Reading::of(word);
    if message.tight().contains(word.tight()) {
        return false;
    }
    let own: Vec<usize> = things(message).collect();
    // "신용대출 금리" and then "한도는?" asks for the limit, and no more for the rate.
    let is_fact_alone = word.tight().chars().count() <= FACT_WORD_CHARS_MAX && things(&word).next().is_none();
    let is_other_fact = || is_fact_alone && facts(&word).next().is_some() && facts(message).next().is_some();
    things(&word).any(|thing| own.contains(&thing)) || is_other_fact()
}

/// The unit of a number: 년 of "2년은".
fn measure(word: &str) -> Option<char> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < word.len()).then(|| rest.chars().next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_conversation_lean() {
        for (text, expected) in [
            ("그럼 수수료는요?", true),
            ("2년은요?", true),
            ("서류는?", true),
            ("며칠 걸려요?", true),
            ("아니 체크카드요", true),
            ("신용카드 말고 체크카드요", true),
            ("최대 얼마까지?", true),
            ("토요일도 하나요", true),
            ("체크카드 재발급은 어떻게 하나요?", false),
            ("전세대출 금리를 알려주세요", false),
            ("주택담보대출 중도상환수수료가 얼마인지 알고 싶습니다", false),
        ] {
            assert_eq!(may_lean(&Reading::of(text)), expected, "{text}");
        }
    }

    #[test]
    fn each_question_of_a_message_stands_alone() {
        let wholes = |text| questions(text).into_iter().map(|piece| piece.whole).collect::<Vec<_>>();
        let two = wholes("체크카드 재발급 어떻게 해요? 그리고 연회비는 얼마예요?");
        assert_eq!(two, ["체크카드 재발급 어떻게 해요?", "체크카드 재발급 어떻게 해요? 연회비는 얼마예요?"]);
        assert_eq!(questions("체크카드 만들려고요. 연회비가 있나요?"), []);
        let told = questions("체크카드 만들려고 합니다. 연회비가 있나요? 해외에서도 쓸 수 있나요?");
        assert_eq!(told[0].whole, "체크카드 만들려고 합니다 연회비가 있나요?");
        assert_eq!(told[0].own, "연회비가 있나요?");
        assert_eq!(told.len(), 2);
        assert_eq!(questions("환율 알려주세요!!"), []);
    }

    #[test]
    fn two_things_asked_of_alike_are_two_questions() {
        for (text, expected) in [
            (
                "대출 금리하고 중도상환수수료 알려주세요",
                Some(["대출 금리 알려주세요", "대출 중도상환수수료 알려주세요"]),
            ),
            (
                "해외송금 수수료랑 걸리는 시간 알려주세요",
                Some(["해외송금 수수료 알려주세요", "해외송금 걸리는 시간 알려주세요"]),
            ),
            ("햇살론이랑 새희망홀씨 차이 알려주세요", None),
            ("결제하고 취소했는데 언제 들어와요", None),
            ("신청하고 며칠 걸려요", None),
            ("사람이랑 통화하고 싶어요", None),
        ] {
            let wholes = conjoined(text).map(|pieces| pieces.map(|piece| piece.whole));
            assert_eq!(wholes.as_ref().map(|wholes| wholes.each_ref().map(String::as_str)), expected, "{text}");
        }
    }

    #[test]
    fn what_is_corrected_gives_way() {
        let message = Reading::of("아니 체크카드요");
        assert!(is_replaced("신용카드", &message, None));
        assert!(is_replaced("카드", &Reading::of("통장을 잃어버렸어요"), Some("체크카드")));
        assert!(!is_replaced("재발급", &message, None));
        assert!(is_replaced("정기예금", &Reading::of("그럼 적금은요?"), None));
        assert!(!is_replaced("금리", &Reading::of("그럼 적금은요?"), None));
        assert!(is_replaced("1년", &Reading::of("2년은요?"), None));
        assert!(!is_replaced("1년", &Reading::of("3개월은요?"), None));
        assert_eq!(without_dropped("신용카드 말고 체크카드요"), (Some("신용카드"), "체크카드요"));
        assert_eq!(without_dropped("아니 체크카드요"), (None, "체크카드요"));
    }
}
