//! What is said to the machine as a machine: attempts to instruct it.

use crate::nlu::lexicon::Lexicon;
use crate::nlu::lexicon::Rule;
use crate::nlu::lexicon::any;

/// Instructions meant to change how the assistant works.
#[rustfmt::skip]
pub(in crate::nlu) static INSTRUCTIONS: Lexicon = Lexicon {
    harmless: &[],
    rules: &[
        Rule {
            parts: &[
                &["이전", "위의", "위에", "앞의", "앞선", "지금까지", "기존", "모든", "원래", "주어진", "받은"],
                &["지시", "명령", "규칙", "프롬프트", "지침", "instruction"],
                &[
                    "무시", "잊어", "잊고", "따르지", "버려", "버리고", "해제", "지워", "어기", "취소하고",
                    "출력", "알려", "보여",
                ],
            ],
            gap: 8,
            unless: &[],
        },
        Rule {
            parts: &[
                &["지시사항", "지시문", "명령어", "가이드라인"],
                &["무시하고", "무시해", "잊어", "출력해", "전부알려", "보여줘"],
            ],
            gap: 4,
            unless: &[],
        },
        Rule {
            parts: &[
                &["시스템", "system", "초기", "숨겨진", "내부", "너의", "네"],
                &["프롬프트", "prompt", "지시문", "instruction"],
            ],
            gap: 3,
            unless: &[],
        },
        Rule {
            parts: &[
                &["프롬프트", "prompt"],
                &["알려", "보여", "출력", "공개", "뭐", "말해", "reveal", "show", "print"],
            ],
            gap: 6,
            unless: &[],
        },
        Rule {
            parts: &[
                &["show", "reveal", "print", "tellme", "repeat", "giveme"],
                &["prompt", "instructions"],
            ],
            gap: 16,
            unless: &[],
        },
        Rule {
            parts: &[
                &["ignore", "disregard", "forget", "override", "bypass"],
                &["previous", "prior", "above", "all", "your", "the", "earlier"],
                &["instruction", "prompt", "rule", "message", "guideline"],
            ],
            gap: 16,
            unless: &[],
        },
        Rule {
            parts: &[
                &["너는", "넌", "당신은"],
                &["이제부터", "지금부터", "이제"],
                &["이다", "이야", "야", "입니다", "처럼", "역할", "해"],
            ],
            gap: 16,
            unless: &["상담", "뭐", "누구"],
        },
        Rule { parts: &[&["지금부터", "이제부터"], &["너는", "넌", "당신은", "네가"]], gap: 2, unless: &[] },
        Rule {
            parts: &[
                &[
                    "개발자모드", "관리자모드", "디버그모드", "루트권한", "developermode", "debugmode",
                    "adminmode",
                ],
                &[
                    "전환", "동작", "활성화", "켜줘", "대답", "답해", "진입", "실행", "enable", "activate",
                    "on$",
                ],
            ],
            gap: 4,
            unless: &["앱", "휴대폰", "핸드폰", "폰"],
        },
        Rule {
            parts: &[
                &["제한없이", "제약없이", "검열없이", "필터없이", "규칙없이"],
                &["답", "대답", "말해", "알려"],
            ],
            gap: 6,
            unless: &[],
        },
        Rule {
            parts: &[
                &["학습데이터", "훈련데이터", "내부데이터", "고객데이터", "다른고객", "데이터베이스"],
                &["출력", "보여", "덤프", "내놔", "전부", "빼내"],
            ],
            gap: 8,
            unless: &[],
        },
        any(&[&[
            "jailbreak", "danmode", "doanythingnow", "pretendtobe", "pretendyouare", "actasif", "youarenow",
            "systemprompt", "시스템프롬프트", "프롬프트인젝션", "droptable",
        ]]),
    ],
};
