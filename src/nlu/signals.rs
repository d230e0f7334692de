//! What a message signals beside its subject: danger, the wish for a person, consent, mood.
//!
//! Short replies are read as a whole ([`Reply`]); everything else is looked for with the tables of
//! `lexicon`. A signal says what was heard, not what follows from it: that is the workflow's to decide.

use crate::domain::Intent;
use crate::domain::Sentiment;
use crate::nlu::lexicon::Sifted;
use crate::nlu::lexicon::complaint;
use crate::nlu::lexicon::dispute;
use crate::nlu::lexicon::fraud;
use crate::nlu::lexicon::impostor;
use crate::nlu::lexicon::leaning;
use crate::nlu::lexicon::leaning::Leaning;
use crate::nlu::lexicon::leaning::Marks;
use crate::nlu::lexicon::machine;
use crate::nlu::lexicon::mood;
use crate::nlu::lexicon::peril;
use crate::nlu::lexicon::person;
use crate::nlu::lexicon::reply::Meaning;
use crate::nlu::lexicon::swindle;
use crate::nlu::lexicon::theft;
use crate::nlu::reply::Reply;
use crate::text::hangul;
use crate::text::reading::Reading;

/// Everything heard in one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signals {
    /// What the customer reports as happening to him. A question about prevention or about how something
    /// works is none, nor is a card that is merely lost.
    pub emergency: Option<Emergency>,
    /// Asks for a person, outright or obliquely. 전화 or 상담 in the name of a thing (전화요금) does not.
    pub wants_person: bool,
    /// Demands something back, takes a complaint to somebody who must answer it (민원, 이의신청, 배상, 고소), or tells
    /// of a wrong that a person has to look into.
    pub disputes: bool,
    /// Complains about the bank.
    pub complains: bool,
    /// How far it leans to a complaint, in the lexicon's steps; above zero it rather is one than not.
    pub(super) discontent: i32,
    /// Rather needs or wants a person than not, though no word says so outright.
    pub leans_to_person: bool,
    /// A clear yes or no, when the whole message says nothing else. "네 아니요", questions, anger and
    /// anything with other content are neither.
    pub consent: Option<Consent>,
    /// Says no somewhere in a longer message ("싫어요, 개인정보는 왜요"). Means something only where consent was asked for.
    pub objects: bool,
    /// Asks something, by a question mark or by its ending.
    pub asks: bool,
    /// Tells of something that happened: the past tense stands in it (보냈, 눌렀, 당했).
    pub reports: bool,
    /// Wants what is going on to stop, and says nothing else. "결제 취소하고 싶어요" is a matter for the bank.
    pub cancels: bool,
    /// Puts off or declines what is going on, and says nothing else.
    pub steps_back: bool,
    /// Has no answer, or none now. Means something only where a question was asked.
    pub does_not_know: bool,
    /// Does not want a person: "상담원 연결은 안 해도 돼요".
    pub declines_person: bool,
    /// The message is nothing but small talk.
    pub small_talk: Option<SmallTalk>,
    /// Swears.
    pub abuse: bool,
    /// Tries to give the assistant instructions of its own.
    pub manipulates: bool,
    /// Written in another language than Korean.
    pub is_foreign: bool,
    /// The mood it shows.
    pub sentiment: Sentiment,
    /// What it asks of the bank.
    pub intent: Intent,
}

/// What happens to a customer that must reach a person without questions first (design D6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Emergency {
    /// Fraud (보이스피싱, 사기, 해킹).
    Phishing,
    /// Somebody else has and uses the customer's card, money or name (도난, 도용).
    Theft,
    /// Somebody is threatened (협박): the customer, one of his family, or the bank's people.
    Threat,
    /// The customer speaks of ending his life (자살).
    Despair,
}

/// An answer to "may we?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Consent {
    /// Agrees.
    Yes,
    /// Refuses.
    No,
}

/// A message without a matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SmallTalk {
    /// 안녕하세요
    Greeting,
    /// 감사합니다
    Thanks,
    /// 수고하세요
    Farewell,
    /// 사람이에요, AI예요?
    WhoIsThis,
    /// Laughter, interjections, single letters, punctuation, nothing.
    Noise,
}

/// Whether nothing of a text gives instructions to a machine.
pub fn is_for_people(text: &str) -> bool {
    !listen(&Reading::of(text)).manipulates
}

/// Listens to one message.
pub fn listen(message: &Reading) -> Signals {
    let has_mark = message.normalized().contains('?');
    let tight = without_tears(message.tight());
    let sifted = Sifted::new(tight);
    let reply = Reply::read(tight);
    let emergency = emergency(&sifted);
    let is_emergency = emergency.is_some();
    let manipulates = machine::INSTRUCTIONS.matches(&sifted);
    let leaning = if reply.is_some() || manipulates {
        Leaning::default()
    } else {
        leaning::lean(&sifted, marks(tight, has_mark))
    };
    let has_complaint = complaint::COMPLAINT.matches(&sifted);
    // "상담원마다 말이 달라요" is about people and asks for none.
    let leans_to_wish = leaning.wish > leaning.discontent.max(0) && !has_complaint && !person::WISH.is_denied(&sifted);
    let abuse = mood::SWEARING.matches(&sifted);
    let does_not_know = !has_mark && does_not_know(tight, reply);
    let asks = has_mark || (!does_not_know && sounds_asking(tight));
    let (sure, wish_sure) = if asks { (ASKED_SURE, ASKED_SURE) } else { (TOLD_SURE, WISH_SURE) };
    let asks_who = tight.chars().count() <= IDENTITY_CHARS_MAX && machine::IDENTITY.matches(&sifted);
    let wants_person = person::WISH.matches(&sifted) || (leans_to_wish && leaning.wish > wish_sure);
    let demands = dispute::DISPUTE.matches(&sifted);
    let complains = demands || has_complaint || leaning.discontent > sure;
    let is_upset = complains || abuse || leaning.discontent > 0;
    let leans_to_trouble = leaning.trouble > 0 && !dispute::DISPUTE.is_denied(&sifted);
    Signals {
        emergency,
        wants_person,
        disputes: demands || (leans_to_trouble && leaning.trouble > sure),
        complains,
        discontent: leaning.discontent,
        leans_to_person: leans_to_wish || leans_to_trouble || leaning.discontent > 0,
        consent: reply.filter(|_| !abuse).and_then(|reply| consent(reply, has_mark)),
        steps_back: !has_mark && steps_back(tight),
        objects: OBJECTIONS.iter().any(|objection| tight.contains(objection)),
        reports: tight.chars().any(is_past_tense),
        asks,
        cancels: !has_mark && reply.is_some_and(|reply| reply.says(Meaning::Cancel) && !reply.says(Meaning::Subject)),
        does_not_know,
        declines_person: !wants_person && !complains && person::declines(tight),
        small_talk: if asks_who && !is_emergency {
            Some(SmallTalk::WhoIsThis)
        } else {
            reply.filter(|_| !wants_person && !leans_to_wish && !abuse).and_then(small_talk)
        },
        abuse,
        manipulates,
        is_foreign: message.is_foreign(),
        sentiment: sentiment(&sifted, is_upset || emergency.is_some()),
        intent: match (wants_person || leans_to_wish, is_upset) {
            (true, _) => Intent::HumanReq,
            (false, true) => Intent::Complaint,
            (false, false) => Intent::InfoReq,
        },
    }
}

/// A text without the laughing or crying at its end, which would hide how its last word ends.
fn without_tears(tight: &str) -> &str {
    let words = tight.trim_end_matches(['ㅠ', 'ㅜ', 'ㅋ', 'ㅎ', 'ㅡ']);
    if words.ends_with(hangul::is_syllable) { words } else { tight }
}

/// The final consonant of the past tense. 있 (to be there) and 겠 (will) have it, too.
fn is_past_tense(c: char) -> bool {
    !matches!(c, '있' | '겠') && hangul::decompose(c).is_some_and(|letters| letters.last == Some('ㅆ'))
}

fn marks(tight: &str, asks: bool) -> Marks {
    /// What is no longer is a word or two.
    const WORD_CHARS_MAX: usize = 7;
    const ENDING_CHARS_MAX: usize = 3;
    Marks {
        asks,
        ends_in_past: tight.chars().rev().take(ENDING_CHARS_MAX).any(is_past_tense),
        is_sentence: tight.chars().nth(WORD_CHARS_MAX).is_some(),
    }
}

/// A longer message asks more than who answers.
const IDENTITY_CHARS_MAX: usize = 24;

/// Beyond this what a message leans to is as good as said: in one that asks; in one that tells, and there the wish for a
/// person.
const ASKED_SURE: i32 = 12;
const TOLD_SURE: i32 = 3;
const WISH_SURE: i32 = 7;

/// Asks by its ending, or by a question word close to it: "앱에서 어떻게 풀어요".
fn sounds_asking(tight: &str) -> bool {
    const LAST_CHARS: usize = 10;
    const WORDS: [&str; 14] =
        ["얼마", "언제", "어디", "어떤", "어떻게", "어느", "무슨", "무엇", "뭐가", "뭘", "누가", "누구", "며칠", "몇"];
    let last = tight.char_indices().rev().nth(LAST_CHARS - 1).map_or(tight, |(start, _)| &tight[start..]);
    QUESTION_ENDINGS.iter().any(|ending| tight.ends_with(ending)) || WORDS.iter().any(|word| last.contains(word))
}

/// What puts off or declines what is going on, when it is all that is said: "나중에 할게요", "그냥 됐어요".
fn steps_back(tight: &str) -> bool {
    const CHARS_MAX: usize = 12;
    const PUTTING_OFF: [&str; 6] = ["나중에할게", "나중에할래", "나중에하겠", "다음에할게", "다음에하겠", "담에할게"];
    const OPENINGS: [&str; 7] = ["그냥", "아니", "아뇨", "아", "이제", "저", "네"];
    let is_short = tight.chars().count() <= CHARS_MAX;
    let declined = OPENINGS.iter().fold(tight, |rest, opening| rest.strip_prefix(opening).unwrap_or(rest));
    let declines = OBJECTIONS.iter().any(|objection| declined.starts_with(objection));
    is_short && (declines || PUTTING_OFF.iter().any(|phrase| tight.contains(phrase)))
}

/// What refuses wherever it stands.
const OBJECTIONS: [&str; 18] = [
    "싫어",
    "싫은",
    "싫습",
    "싫다",
    "거부",
    "거절",
    "안할래",
    "안할거",
    "안하고싶",
    "하고싶지않",
    "동의안",
    "동의못",
    "동의하지",
    "동의할수없",
    "필요없",
    "됐어요",
    "됐습니",
    "됐거든",
];
/// How questions end.
const QUESTION_ENDINGS: [&str; 35] = [
    "나요",
    "까요",
    "가요",
    "는지요",
    "은지요",
    "인지요",
    "되죠",
    "하죠",
    "있죠",
    "뭐예요",
    "뭐에요",
    "어떡해",
    "어떡해요",
    "어떻게해",
    "어떻게해요",
    "얼마예요",
    "얼마에요",
    "얼마야",
    "뭐야",
    "언제야",
    "어디야",
    "되나",
    "하나",
    "될까",
    "할까",
    "있나",
    "다던데",
    "다던데요",
    "려면",
    "려면요",
    "면요",
    "궁금해요",
    "궁금합니다",
    "궁금하네요",
    "궁금하군요",
];

fn emergency(message: &Sifted) -> Option<Emergency> {
    let kinds = [
        (&fraud::PHISHING, Emergency::Phishing),
        (&impostor::IMPOSTORS, Emergency::Phishing),
        (&swindle::SWINDLES, Emergency::Phishing),
        (&theft::THEFT, Emergency::Theft),
        (&peril::THREAT, Emergency::Threat),
        (&peril::DESPAIR, Emergency::Despair),
    ];
    kinds.into_iter().find(|(lexicon, _)| lexicon.matches(message)).map(|(_, emergency)| emergency)
}

fn consent(reply: Reply, asks: bool) -> Option<Consent> {
    if (asks && !reply.says(Meaning::Please)) || reply.says(Meaning::Unknown) || reply.says(Meaning::Subject) {
        return None;
    }
    match (reply.says(Meaning::Yes), reply.says(Meaning::No)) {
        (true, false) => Some(Consent::Yes),
        (false, true) => Some(Consent::No),
        (true, true) | (false, false) => None,
    }
}

fn small_talk(reply: Reply) -> Option<SmallTalk> {
    let says = |meaning| reply.says(meaning);
    let is_answer =
        [Meaning::No, Meaning::Cancel, Meaning::Unknown, Meaning::Please, Meaning::Subject].into_iter().any(says);
    if is_answer {
        None
    } else if says(Meaning::Farewell) {
        Some(SmallTalk::Farewell)
    } else if says(Meaning::Thanks) {
        Some(SmallTalk::Thanks)
    } else if says(Meaning::Yes) {
        // A bare 네 is an answer; only beside thanks it is politeness.
        None
    } else if says(Meaning::Greeting) {
        Some(SmallTalk::Greeting)
    } else if says(Meaning::Noise) || reply == Reply::default() {
        Some(SmallTalk::Noise)
    } else {
        None
    }
}

/// "카드번호가 기억이 안 나요", but not "어떻게 하는지 모르겠어요", which is a question.
fn does_not_know(tight: &str, reply: Option<Reply>) -> bool {
    const CHARS_MAX: usize = 24;
    const ENDINGS: [&str; 20] = [
        "모르겠어요",
        "모르겠습니다",
        "모르겠는데요",
        "모르겠네요",
        "모르겠어",
        "몰라요",
        "모르는데요",
        "기억이안나요",
        "기억안나요",
        "기억이안나네요",
        "기억이안납니다",
        "기억이잘안나요",
        "기억이없어요",
        "생각이안나요",
        "생각안나요",
        "까먹었어요",
        "잊어버렸어요",
        "확인이안돼요",
        "확인이어려워요",
        "기억안나는데요",
    ];
    const ASKING: [&str; 9] = ["어떻게", "어떡", "방법", "왜", "무슨말", "뭐가뭔지", "어디서하", "뭘해야", "하는지"];
    reply.is_some_and(|reply| reply.says(Meaning::Unknown))
        || (tight.chars().count() <= CHARS_MAX
            && ENDINGS.iter().any(|ending| tight.ends_with(ending))
            && !ASKING.iter().any(|asking| tight.contains(asking)))
}

fn sentiment(message: &Sifted, is_upset: bool) -> Sentiment {
    let negative = usize::from(is_upset) * 2 + mood::DISTRESS.count(message);
    let positive = mood::PRAISE.count(message);
    match (negative, positive) {
        (0, 0) => Sentiment::Neutral,
        (negative, positive) if positive > negative => Sentiment::Positive,
        _ => Sentiment::Negative,
    }
}

#[cfg(test)]
mod tests;
