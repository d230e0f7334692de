//! What is said to the machine as a machine: attempts to instruct it, and who it is.

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

/// Asking who or what answers.
#[rustfmt::skip]
pub(in crate::nlu) static IDENTITY: Lexicon = Lexicon {
    harmless: &["상담원이세요청", "사람인증", "직원인증", "누구나"],
    rules: &[
        Rule {
            parts: &[
                &[
                    "너", "넌", "네가", "니가", "당신", "그쪽", "혹시", "지금", "여기", "이거", "이건", "거기",
                    "답변하는", "답하는", "대답하는", "상담하는", "말하는", "채팅하는", "상대", "저랑",
                ],
                &[
                    "ai", "에이아이", "인공지능", "챗봇", "챗gpt", "챗지피티", "로봇", "봇", "기계", "사람",
                    "컴퓨터", "자동응답", "프로그램", "상담원", "상담사", "직원",
                ],
                &[
                    "이야$", "야$", "냐$", "니$", "임$", "인가$", "인가요$", "인가여$", "이에요$", "이예요$",
                    "예요$", "에요$", "세요$", "입니까$", "인지요$", "맞아$", "맞아요$", "맞나요$", "맞죠$",
                    "맞습니까$", "이죠$", "죠$", "인거죠$", "인건가요$",
                ],
            ],
            gap: 8,
            unless: &[
                "연결", "바꿔", "불러", "통화", "말고", "싶", "없", "있", "녹음", "전화", "어디", "언제", "몇",
                "로봇청소", "기계로", "사람은", "사람도",
            ],
        },
        any(&[&[
            "너누구", "넌누구", "니누구", "당신누구", "당신은누구", "당신이누구", "^누구세요$", "^누구신가요$", "^누구야$",
            "^누구임$", "이름이뭐야$", "이름이뭐예요$", "이름이뭐에요$", "^사람인가요$", "^사람이에요$", "^사람이세요$",
            "^사람이야$", "^사람임$", "^사람맞아요$", "^사람맞나요$", "^진짜사람이에요$", "^진짜사람인가요$",
            "^ai인가요$", "^ai예요$", "^ai에요$", "^ai야$", "^ai임$", "^챗봇인가요$", "^챗봇이에요$", "^챗봇이야$",
            "^로봇인가요$", "^로봇이에요$", "^로봇이야$", "^기계인가요$", "^기계예요$", "^인공지능인가요$",
            "^인공지능이에요$", "^인공지능이야$", "사람이랑얘기하는건가요$", "사람이답하는건가요$", "사람이답하나요$",
            "사람이대답하나요$", "ai가답하나요$", "ai가답하는건가요$", "기계가답하", "로봇이답하", "areyouhuman",
            "areyouabot", "areyouarobot", "areyouanai", "areyouai", "whoareyou",
        ]]),
    ],
};
