//! What error pages say, in both languages.

use axum::http::StatusCode;

/// A language error pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::edge) enum Language {
    /// 한국어
    Korean,
    /// English
    English,
}

/// What helps a person most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The same again.
    Again,
    /// From the front page.
    Front,
}

/// One page in one language.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) happened: &'static str,
    pub(super) remedy: &'static str,
}

/// What stands on buttons, and before the request's id.
pub(super) struct Labels {
    pub(super) language: &'static str,
    pub(super) again: &'static str,
    pub(super) front: &'static str,
    pub(super) reference: &'static str,
}

impl Language {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Korean => Self::English,
            Self::English => Self::Korean,
        }
    }

    pub(super) fn labels(self) -> Labels {
        match self {
            Self::Korean => {
                Labels {
                    language: "ko", again: "다시 시도", front: "처음 화면으로", reference: "문의 번호"
                }
            }
            Self::English => Labels {
                language: "en",
                again: "Try again",
                front: "Go to the front page",
                reference: "Reference number",
            },
        }
    }

    /// When to come again.
    pub(super) fn waiting(self, seconds: u64) -> String {
        let (minutes, rest) = (seconds.div_ceil(60), seconds);
        match (self, seconds) {
            (Self::Korean, ..=90) => format!("{rest}초 후에 다시 시도해 주시기 바랍니다."),
            (Self::Korean, _) => format!("약 {minutes}분 후에 다시 시도해 주시기 바랍니다."),
            (Self::English, 1) => "Please try again in 1 second.".to_owned(),
            (Self::English, ..=90) => format!("Please try again in {rest} seconds."),
            (Self::English, _) => format!("Please try again in about {minutes} minutes."),
        }
    }
}

/// What helps with a status.
pub(super) fn way(status: StatusCode) -> Way {
    match status.as_u16() {
        408 | 425 | 429 | 500.. => Way::Again,
        _ => Way::Front,
    }
}

/// What a page says of a status.
pub(super) fn words(status: StatusCode, language: Language) -> Words {
    let (korean, english) = both(status);
    let (title, happened, remedy) = match language {
        Language::Korean => korean,
        Language::English => english,
    };
    Words { title, happened, remedy }
}

type Text = (&'static str, &'static str, &'static str);

fn both(status: StatusCode) -> (Text, Text) {
    match status.as_u16() {
        401 | 403 => (
            (
                "접근 권한이 없습니다",
                "요청하신 화면을 보실 수 있는 권한이 확인되지 않았습니다.",
                "이용 권한이 있으신 경우 담당자에게 문의해 주시기 바랍니다.",
            ),
            (
                "You do not have access",
                "We could not confirm that you may see this page.",
                "If you should have access, please contact the person in charge.",
            ),
        ),
        404 | 410 => (
            (
                "페이지를 찾을 수 없습니다",
                "입력하신 주소가 정확하지 않거나, 페이지가 이동 또는 삭제되었을 수 있습니다.",
                "주소를 다시 한번 확인해 주시거나 처음 화면에서 다시 이용해 주시기 바랍니다.",
            ),
            (
                "Page not found",
                "The address may be wrong, or the page may have been moved or removed.",
                "Please check the address, or start again from the front page.",
            ),
        ),
        405 => (
            (
                "지원하지 않는 요청입니다",
                "이 주소에서는 요청하신 방식을 지원하지 않습니다.",
                "처음 화면에서 다시 이용해 주시기 바랍니다.",
            ),
            (
                "This request is not supported",
                "This address does not support what was asked of it.",
                "Please start again from the front page.",
            ),
        ),
        408 => (
            (
                "요청 시간이 초과되었습니다",
                "요청이 제시간에 모두 전달되지 않아 처리하지 못했습니다.",
                "인터넷 연결 상태를 확인하신 후 다시 시도해 주시기 바랍니다.",
            ),
            (
                "The request took too long",
                "Your request did not reach us completely in time.",
                "Please check your internet connection and try again.",
            ),
        ),
        413 => (
            (
                "전송 가능한 용량을 초과했습니다",
                "보내신 내용이 한 번에 받을 수 있는 크기보다 커서 처리하지 못했습니다.",
                "파일의 크기를 줄이거나 여러 번에 나누어 보내 주시기 바랍니다.",
            ),
            (
                "This is too large to send",
                "What you sent is larger than we can accept at once.",
                "Please make the file smaller, or send it in several parts.",
            ),
        ),
        414 => (
            (
                "주소가 너무 깁니다",
                "요청하신 주소가 처리할 수 있는 길이를 초과했습니다.",
                "처음 화면에서 다시 이용해 주시기 바랍니다.",
            ),
            (
                "The address is too long",
                "The address is longer than we can process.",
                "Please start again from the front page.",
            ),
        ),
        421 => (
            (
                "이 주소로는 서비스를 제공하지 않습니다",
                "접속하신 주소와 연결된 서버가 서로 맞지 않아 요청을 처리하지 못했습니다.",
                "주소를 다시 한번 확인하신 후 새 창에서 접속해 주시기 바랍니다.",
            ),
            (
                "Nothing is offered under this address",
                "The address you used does not belong to the server you reached.",
                "Please check the address and open it in a new window.",
            ),
        ),
        429 => (
            (
                "요청이 많아 이용이 잠시 제한되었습니다",
                "짧은 시간에 많은 요청이 접수되어 이용이 일시적으로 제한되었습니다.",
                "잠시 후 다시 시도해 주시기 바랍니다.",
            ),
            (
                "Too many requests",
                "Many requests arrived in a short time, so access is limited for a moment.",
                "Please try again shortly.",
            ),
        ),
        431 => (
            (
                "요청 정보가 너무 큽니다",
                "브라우저에서 함께 전송된 쿠키 등의 정보가 허용된 크기를 초과했습니다.",
                "이 사이트의 쿠키를 삭제하신 후 다시 접속해 주시기 바랍니다.",
            ),
            (
                "The request carries too much",
                "Cookies and other details your browser sent along are larger than we can accept.",
                "Please delete the cookies of this site and open it again.",
            ),
        ),
        502 => (
            (
                "서비스 연결이 원활하지 않습니다",
                "내부 시스템에서 정상적인 응답을 받지 못했습니다. 이용에 불편을 드려 죄송합니다.",
                "잠시 후 다시 시도해 주시기 바랍니다.",
            ),
            (
                "The service cannot be reached",
                "One of our systems did not answer properly. We are sorry for the inconvenience.",
                "Please try again shortly.",
            ),
        ),
        503 => (
            (
                "일시적으로 서비스를 이용하실 수 없습니다",
                "점검 중이거나 이용자가 많아 요청을 처리하지 못했습니다. 이용에 불편을 드려 죄송합니다.",
                "잠시 후 다시 시도해 주시기 바랍니다.",
            ),
            (
                "The service is unavailable right now",
                "We are under maintenance or very busy. We are sorry for the inconvenience.",
                "Please try again shortly.",
            ),
        ),
        504 => (
            (
                "응답이 지연되고 있습니다",
                "내부 시스템의 응답이 늦어져 요청을 처리하지 못했습니다. 이용에 불편을 드려 죄송합니다.",
                "잠시 후 다시 시도해 주시기 바랍니다.",
            ),
            (
                "The answer is taking too long",
                "One of our systems did not answer in time. We are sorry for the inconvenience.",
                "Please try again shortly.",
            ),
        ),
        500.. => (
            (
                "일시적인 오류가 발생했습니다",
                "요청을 처리하는 중 오류가 발생했습니다. 이용에 불편을 드려 죄송합니다.",
                "잠시 후 다시 시도해 주시기 바랍니다. 같은 오류가 계속되면 아래 문의 번호를 고객센터에 알려 주시기 바랍니다.",
            ),
            (
                "Something went wrong",
                "An error occurred while we processed your request. We are sorry for the inconvenience.",
                "Please try again shortly. If it keeps happening, please tell our customer centre the reference number below.",
            ),
        ),
        _ => (
            (
                "요청을 처리할 수 없습니다",
                "보내신 요청의 형식이 올바르지 않습니다.",
                "주소를 다시 한번 확인해 주시거나 처음 화면에서 다시 이용해 주시기 바랍니다.",
            ),
            (
                "The request cannot be processed",
                "The request is not in a form we understand.",
                "Please check the address, or start again from the front page.",
            ),
        ),
    }
}
