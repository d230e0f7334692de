//! The assistant's own words, in Korean. What the bank's documents say is not here.

use std::fmt::Write as _;

use time::Date;

use crate::chat::answer::Answer;
use crate::chat::answer::Outdated;
use crate::chat::versions::Dispute;
use crate::chat::workflow::PersonReason;
use crate::domain::QuickReply;
use crate::knowledge::Category;
use crate::knowledge::Pack;
use crate::knowledge::Slot;
use crate::text::hangul::Josa;
use crate::text::hangul::josa;

/// The button and the words that ask for a person.
pub(super) const ASK_FOR_PERSON: &str = "상담원 연결해 주세요";

/// The notice for a text that is too short to mean anything (wire contract §3).
pub(super) const TOO_SHORT: &str = "메시지를 입력해 주세요.";

/// The notice for a text of `chars` characters when `chars_max` are allowed (wire contract §3).
pub(super) fn too_long(chars: usize, chars_max: usize) -> String {
    format!("메시지가 너무 깁니다. 최대 {chars_max}자까지 입력하실 수 있습니다. (현재: {chars}자)")
}

/// `asks` says whether anything will be asked once he agrees.
pub(super) fn ask_consent(reason: PersonReason, asks: bool) -> String {
    let opening = match reason {
        PersonReason::Wanted => "네, 상담원 연결을 도와드리겠습니다.",
        PersonReason::Needed => {
            "불편을 드려 죄송합니다. 말씀하신 내용은 상담원이 직접 확인해 드려야 하는 업무라 상담원에게 연결해 드리겠습니다."
        }
    };
    let purpose = if asks {
        "정확하고 빠른 상담을 위해 몇 가지 정보를 여쭤보고 상담원에게 전달하려고 합니다."
    } else {
        "정확하고 빠른 상담을 위해 지금까지 말씀하신 내용을 정리해 상담원에게 전달하려고 합니다."
    };
    format!("{opening}\n\n{purpose} 동의하시면 '네', 원하지 않으시면 '아니요'를 선택해 주세요.")
}

/// Where accidents are reported without waiting; empty where the pack does not say.
pub(super) fn report_at_once(pack: &Pack) -> String {
    let phone = pack.phones.get("emergency");
    phone
        .map(|phone| format!("\n\n분실·도난·금융사기처럼 급한 사고는 {phone}로 바로 신고해 주세요."))
        .unwrap_or_default()
}

/// What is said while nothing can be stored: what the documents answer, or how a person is reached all the same.
pub(super) fn unrecorded(pack: &Pack, answer: Option<&str>) -> String {
    let mut text = String::new();
    match answer {
        Some(answer) => {
            let _ = write!(
                text,
                "지금은 시스템 사정으로 대화가 저장되지 않습니다. 은행 문서에서 확인되는 내용만 안내해 드립니다.\n\n{answer}"
            );
        }
        None => {
            text.push_str(
                "죄송합니다. 지금은 시스템 사정으로 대화를 저장할 수 없어 상담원 연결이나 접수가 되지 않습니다. 잠시 후 다시 말씀해 \
                 주세요.",
            );
            if let Some(phone) = pack.phones.get("customer_center") {
                let _ = write!(text, " 바로 상담이 필요하시면 고객센터({phone})로 연락해 주세요.");
            }
        }
    }
    text + &report_at_once(pack)
}

pub(super) const ASK_CONSENT_AGAIN: &str = "상담원에게 연결해 드리려면 정보 수집에 대한 동의 여부를 먼저 확인해야 합니다. \
     동의하시면 '네', 원하지 않으시면 '아니요'를 선택해 주세요.";

pub(super) fn offer_person_instead(pack: &Pack) -> String {
    let mut text = String::from(
        "제가 말씀을 잘 이해하지 못했습니다. 죄송합니다.\n\n정보를 남기지 않고 바로 상담원을 기다리시려면 \
         '바로 상담원 연결'을, 챗봇 상담을 계속하시려면 '아니요'를 선택해 주세요.",
    );
    if let Some(phone) = pack.phones.get("customer_center") {
        let _ = write!(text, " 전화 상담을 원하시면 고객센터({phone})로 연락해 주세요.");
    }
    text
}

pub(super) const CONSENT_REFUSED: &str =
    "네, 알겠습니다. 상담원 연결은 진행하지 않겠습니다. 다른 궁금하신 점이 있으면 언제든지 말씀해 주세요.";

/// `is_staffed` says whether agents work now.
pub(super) fn start_collecting(question: &str, is_staffed: Option<bool>) -> String {
    let opening = if is_staffed == Some(false) {
        "감사합니다. 지금은 상담 시간이 아닙니다. 상담 시간이 되면 상담원이 바로 확인할 수 있도록 몇 가지만 여쭤보겠습니다."
    } else {
        "감사합니다. 상담 가능한 상담원을 확인하고 있습니다. 기다리시는 동안 몇 가지만 여쭤보겠습니다."
    };
    format!("{opening}\n\n{question}")
}

pub(super) fn defer_then_ask_slot(question: &str) -> String {
    format!("그 내용은 상담원이 확인해 안내해 드리겠습니다. 상담을 위해 먼저 확인하겠습니다.\n\n{question}")
}

pub(super) fn ask_slot_again(slot: &Slot) -> String {
    match slot.examples.first().filter(|_| !slot.question.contains("(예:")) {
        Some(example) => format!(
            "말씀하신 내용을 확인하지 못했습니다. {}\n(예: {example}) 잘 모르시면 '모르겠어요'라고 말씀해 주세요.",
            slot.question
        ),
        None => format!(
            "말씀하신 내용을 확인하지 못했습니다. {} 잘 모르시면 '모르겠어요'라고 말씀해 주세요.",
            slot.question
        ),
    }
}

/// `is_staffed` says whether agents work now.
pub(super) fn queued(pack: &Pack, is_staffed: Option<bool>) -> String {
    let mut text = String::from(if is_staffed == Some(false) {
        "상담원 연결을 접수했습니다. 지금은 상담 시간이 아니므로, 상담 시간이 되면 접수된 순서대로 상담원이 확인해 이 대화창에서 도와드리겠습니다."
    } else {
        "상담원 연결을 접수했습니다. 상담원이 확인하는 대로 바로 도와드리겠습니다. 잠시만 기다려 주세요."
    });
    if let Some(hours) = opening_hours(pack) {
        let _ = write!(text, "\n\n{hours}");
    }
    if is_staffed == Some(false)
        && let Some(phone) = pack.phones.get("emergency")
    {
        let _ = write!(text, "\n사고 신고(분실·도난·금융사기): {phone}");
    }
    text
}

/// `is_staffed` says whether agents work now.
pub(super) fn emergency_queued(pack: &Pack, is_staffed: Option<bool>) -> String {
    let mut text = String::from(if is_staffed == Some(false) {
        "많이 놀라셨겠습니다. 다른 절차 없이 상담원 연결을 접수했습니다. 다만 지금은 채팅 상담 시간이 아니므로, 기다리지 마시고 \
         아래 번호로 바로 전화해 주세요.\n"
    } else {
        "많이 놀라셨겠습니다. 다른 절차 없이 지금 바로 상담원 연결을 접수했습니다.\n\n기다리시는 동안 아래 조치를 먼저 해 주세요."
    });
    if let Some(phone) = pack.phones.get("emergency").or_else(|| pack.phones.get("customer_center")) {
        let _ = write!(text, "\n- 사고 신고 및 지급정지 요청: {phone}");
    }
    text.push_str(
        "\n- 금융사기 피해 신고: 경찰청 112, 금융감독원 1332\
         \n- 상대방의 추가 송금 요구나 앱 설치 요구에 응하지 마시고, 비밀번호와 인증번호를 절대 알려주지 마세요.",
    );
    text.push_str(INFECTED_PHONE);
    text
}

/// To somebody who tells of what looks like a fraud, and is perhaps not yet its victim.
pub(super) fn warn_of_fraud(pack: &Pack) -> String {
    let mut text = String::from(
        "잠시만요, 말씀하신 내용은 금융사기에서 자주 쓰이는 수법과 비슷합니다.\n\n\
         - 상대방의 요구에 응하지 마세요. 돈을 보내거나 앱을 설치하지 마시고, 비밀번호·인증번호·신분증을 알려 주지 마세요.\n\
         - 상대방이 알려 준 전화번호나 링크 대신 공식 번호로 직접 확인해 주세요.",
    );
    if let Some(phone) = pack.phones.get("customer_center") {
        let _ = write!(text, " (고객센터 {phone})");
    }
    text.push_str("\n- 이미 돈을 보냈거나 정보를 알려 주셨다면 지금 바로 신고해 주세요:");
    if let Some(phone) = pack.phones.get("emergency").or_else(|| pack.phones.get("customer_center")) {
        let _ = write!(text, " 사고 신고·지급정지 {phone},");
    }
    text.push_str(" 경찰청 112, 금융감독원 1332");
    text.push_str(INFECTED_PHONE);
    text
}

/// To somebody who may have installed what a deceiver sent him.
const INFECTED_PHONE: &str =
    "\n- 의심스러운 앱을 설치하셨다면 휴대전화를 비행기 모드로 바꾸고 다른 전화로 신고해 주세요.";

/// To somebody who speaks of ending his life. 109 is the national line for that, day and night.
pub(super) fn despair_queued(is_staffed: Option<bool>) -> String {
    let queued = if is_staffed == Some(false) {
        "상담원 연결을 접수해 두었지만 지금은 채팅 상담 시간이 아닙니다."
    } else {
        "상담원 연결을 바로 접수했습니다."
    };
    format!(
        "많이 힘드셨겠습니다. 혼자 견디지 마시고 지금 바로 도움을 받으시길 바랍니다.\n\n\
         - 자살예방 상담전화: 109 (24시간)\n- 위급한 상황: 112 또는 119\n\n{queued} 은행 업무로 힘드신 점도 상담원이 함께 살펴보겠습니다."
    )
}

/// `is_staffed` says whether agents work now.
pub(super) fn still_waiting(pack: &Pack, is_staffed: Option<bool>) -> String {
    if is_staffed != Some(false) {
        return "상담원을 기다리는 중입니다. 남겨 주신 내용은 상담원에게 함께 전달됩니다. 잠시만 더 기다려 주세요."
            .to_owned();
    }
    let mut text = String::from(
        "상담원 연결이 접수되어 있습니다. 지금은 상담 시간이 아니며, 남겨 주신 내용은 상담 시간이 되면 상담원에게 함께 전달됩니다.",
    );
    if let Some(hours) = opening_hours(pack) {
        let _ = write!(text, " ({hours})");
    }
    if let Some(phone) = pack.phones.get("emergency") {
        let _ = write!(text, " 급한 사고 신고는 {phone}로 바로 전화해 주세요.");
    }
    text
}

/// To a customer who wrote a password or the like.
pub(super) const NO_SECRETS: &str =
    "비밀번호와 인증번호 같은 정보는 채팅창에 입력하지 말아 주세요. 입력하신 내용은 가려서 저장했습니다.";

/// To a customer who wrote what says who he is or what he pays with.
pub(super) const NO_PERSONAL_DATA: &str =
    "주민등록번호나 카드번호 같은 개인정보는 채팅창에 입력하지 말아 주세요. 입력하신 내용은 가려서 저장했습니다.";

/// `is_staffed` says whether agents work now.
pub(super) fn thanks_waiting(is_staffed: Option<bool>) -> &'static str {
    if is_staffed == Some(false) {
        "별말씀을요. 상담 시간이 되면 접수된 순서대로 상담원이 확인해 도와드리겠습니다."
    } else {
        "별말씀을요. 상담원이 확인하는 대로 도와드리겠습니다. 잠시만 더 기다려 주세요."
    }
}

/// `is_staffed` says whether agents work now.
pub(super) fn calm_waiting(is_staffed: Option<bool>) -> &'static str {
    if is_staffed == Some(false) {
        "불편을 드려 죄송합니다. 지금은 상담 시간이 아니지만, 남겨 주신 내용은 상담 시간이 되면 상담원에게 함께 전달됩니다."
    } else {
        "오래 기다리시게 해 죄송합니다. 남겨 주신 내용은 상담원에게 함께 전달됩니다. 최대한 빨리 도와드리겠습니다."
    }
}

pub(super) const PASSED_TO_AGENT: &str = "상담원에게 메시지를 전달했습니다. 잠시만 기다려 주세요.";

pub(super) const HANDOVER_CANCELLED: &str =
    "상담원 연결을 취소했습니다. 다른 궁금하신 점이 있으면 언제든지 말씀해 주세요.";

pub(super) const ASK_WHICH: &str = "정확히 안내해 드리기 위해 한 가지만 확인하겠습니다. 이 중 어떤 문의인가요?";

pub(super) fn not_found(pack: &Pack) -> String {
    let mut text = String::from(
        "죄송합니다. 문의하신 내용에 대한 안내를 찾지 못했습니다. 조금 더 구체적으로 말씀해 주시거나, \
         아래에서 주제를 고르거나 상담원 연결을 선택해 주세요.",
    );
    if let Some(phone) = pack.phones.get("customer_center") {
        let _ = write!(text, " (고객센터 {phone})");
    }
    text
}

/// To somebody who asks who answers him.
pub(super) fn who_this_is(pack: &Pack) -> String {
    format!(
        "저는 사람이 아니라 {}의 AI 상담 프로그램입니다. 은행의 안내 문서에서 찾은 내용을 출처와 함께 알려 드립니다.\n\
         상담원과 이야기하고 싶으시면 언제든지 '상담원 연결'을 선택해 주세요.",
        pack.name
    )
}

/// To somebody who asks about another company.
pub(super) fn not_ours(pack: &Pack) -> String {
    format!(
        "죄송합니다. 문의하신 내용에 대한 안내를 찾지 못했습니다. 다른 회사의 상품이나 업무라면 그 회사에 문의해 주시기 바랍니다.\n\
         {}의 상품과 업무가 궁금하시면 조금 더 구체적으로 말씀해 주세요.",
        pack.name
    )
}

/// About a document that answers, but not today.
pub(super) fn outdated(outdated: &Outdated) -> String {
    let Outdated { title, from, until } = outdated;
    let reason = match (from, until) {
        (Some(from), _) => format!("{}부터 시행되어 아직 적용되지 않습니다", date(*from)),
        (None, Some(until)) => format!("{}까지 시행되어 지금은 적용되지 않습니다", date(*until)),
        (None, None) => "지금은 적용되지 않습니다".to_owned(),
    };
    let particle = josa(title, Josa::Topic);
    format!(
        "문의하신 내용을 담은 '{title}'{particle} {reason}. 현재 기준으로 확인이 필요하시면 상담원 연결을 선택해 주세요."
    )
}

/// What has to be said beside an answer.
pub(super) fn notes(answer: &Answer) -> Vec<String> {
    let mut notes = Vec::new();
    match answer.dispute {
        Some(Dispute::Settled(from)) => notes.push(format!(
            "같은 내용을 다르게 안내한 문서가 있어, {}부터 시행하는 최신 안내를 따랐습니다.",
            date(from)
        )),
        Some(Dispute::Open) => notes.push(
            "같은 내용을 다르게 안내한 문서가 있습니다. 정확한 내용은 상담원에게 확인해 주시기 바랍니다.".to_owned(),
        ),
        None => {}
    }
    if !answer.unanswered.is_empty() {
        let questions: Vec<String> = answer.unanswered.iter().filter_map(|question| repeated(question)).collect();
        let about = if questions.is_empty() { "다른 질문".to_owned() } else { questions.join(", ") };
        notes.push(format!(
            "{about}에 대한 안내는 찾지 못했습니다. 따로 한 번 더 말씀해 주시거나 상담원 연결을 선택해 주세요."
        ));
    }
    notes
}

/// Beside an answer that may hold only a part of what was asked.
pub(super) const NEAREST: &str = "문의하신 내용과 가장 가까운 안내를 찾아 드렸습니다. 찾으시는 내용이 아니면 조금 더 자세히 말씀해 주시거나 \
     상담원 연결을 선택해 주세요.";

/// Beside an answer that was given just before.
pub(super) const SAME_AGAIN: &str =
    "같은 안내를 다시 드렸습니다. 찾으시는 내용이 아니면 조금 더 자세히 말씀해 주시거나 아래에서 골라 주세요.";

/// A customer's question as it may stand in an answer: short, in plain words, and without figures, which no source would hold.
fn repeated(question: &str) -> Option<String> {
    const CHARS_MAX: usize = 40;
    let is_plain = |c: char| !c.is_numeric() && !"<>[](){}@/\\:`#*|=".contains(c);
    let is_fit = question.chars().count() <= CHARS_MAX && question.chars().all(is_plain);
    is_fit.then(|| format!("'{question}'"))
}

pub(super) const OFF_TOPIC: &str =
    "죄송합니다. 저는 은행 업무만 안내해 드릴 수 있습니다. 은행 거래와 관련하여 궁금하신 점을 말씀해 주세요.";

pub(super) const FOREIGN: &str = "죄송합니다. 저는 한국어로만 안내해 드릴 수 있습니다. 한국어로 말씀해 주시거나 상담원 연결을 선택해 주세요.\n\n\
     I'm sorry, I can only answer in Korean. Please write in Korean, or choose “상담원 연결” to talk to a person.";

pub(super) const THANKS: &str = "도움이 되어 기쁩니다. 더 궁금하신 점이 있으면 언제든지 말씀해 주세요.";

pub(super) const FAREWELL: &str = "이용해 주셔서 감사합니다. 좋은 하루 보내세요.";

pub(super) const ACKNOWLEDGE: &str = "네, 무엇을 도와드릴까요? 궁금하신 점을 말씀해 주세요.";

pub(super) const OFFER_TOPICS: &str = "괜찮습니다. 아래 주제 중에서 고르시거나, 궁금하신 점을 편하게 말씀해 주세요.";

pub(super) const REPHRASE: &str = "죄송합니다. 말씀을 잘 이해하지 못했습니다. 조금 더 자세히 말씀해 주시겠어요?";

pub(super) const OFFER_PERSON: &str =
    "계속 도움을 드리지 못해 죄송합니다. 아래에서 주제를 고르시거나, 상담원과 직접 상담하실 수 있습니다.";

pub(super) const CALM: &str = "불편을 드려 죄송합니다. 어떤 점이 불편하셨는지 말씀해 주시면 도와드리겠습니다. 원하시면 상담원에게 연결해 드리겠습니다.";

/// Appended to an answer given while an agent is awaited.
/// `is_staffed` says whether agents work now.
pub(super) fn still_connecting(is_staffed: Option<bool>) -> &'static str {
    if is_staffed == Some(false) {
        "상담원 연결은 접수되어 있으며, 상담 시간이 되면 순서대로 도와드리겠습니다."
    } else {
        "상담원 연결은 계속 진행 중입니다. 잠시만 기다려 주세요."
    }
}

/// The two buttons of the question for consent.
pub(super) fn consent_buttons() -> Vec<QuickReply> {
    vec![button("네, 동의합니다", "네, 동의합니다"), button("아니요", "아니요, 괜찮습니다")]
}

/// The ways on when consent was not understood repeatedly.
pub(super) fn consent_buttons_again() -> Vec<QuickReply> {
    vec![
        button("네, 동의합니다", "네, 동의합니다"),
        button("바로 상담원 연결", "상담원과 바로 이야기하고 싶어요"),
        button("아니요", "아니요, 괜찮습니다"),
    ]
}

/// The way past a slot's question.
pub(super) fn skip_buttons() -> Vec<QuickReply> {
    vec![button("모르겠어요", "모르겠어요"), button("연결 취소", "상담원 연결 취소할게요")]
}

/// The way out of the queue.
pub(super) fn waiting_buttons() -> Vec<QuickReply> {
    vec![button("연결 취소", "상담원 연결 취소할게요")]
}

/// For somebody who may be the victim of a fraud.
pub(super) fn fraud_buttons() -> Vec<QuickReply> {
    vec![button("피해 신고", "사기 피해를 신고하고 싶어요"), person_button()]
}

/// The pack's topics.
pub(super) fn topic_buttons(pack: &Pack) -> Vec<QuickReply> {
    pack.topics.iter().map(|topic| button(&topic.label, &topic.message)).collect()
}

/// A person.
pub(super) fn person_button() -> QuickReply {
    button("상담원 연결", ASK_FOR_PERSON)
}

/// The categories a message could mean.
pub(super) fn category_buttons<'c>(categories: impl Iterator<Item = &'c Category>) -> Vec<QuickReply> {
    categories.map(|category| button(&category.name, &category.name)).collect()
}

/// 상담 시간: 평일 09:00~18:00
fn opening_hours(pack: &Pack) -> Option<String> {
    let of_day = |key: &str, name: &str| {
        let hours = pack.hours.get(key)?;
        Some(format!("{name} {}", hours.replace('-', "~")))
    };
    let days = [("weekdays", "평일"), ("saturday", "토요일"), ("sunday", "일요일")];
    let days: Vec<String> = days.into_iter().filter_map(|(key, name)| of_day(key, name)).collect();
    (!days.is_empty()).then(|| format!("상담 시간: {}", days.join(", ")))
}

/// 2026년 11월 1일
fn date(date: Date) -> String {
    format!("{}년 {}월 {}일", date.year(), u8::from(date.month()), date.day())
}

fn button(label: &str, message: &str) -> QuickReply {
    QuickReply { label: label.to_owned(), message: message.to_owned() }
}
