//! Hints that a message asks calmly for what a document or a form could give.

use crate::nlu::lexicon::leaning::Hint;
use crate::nlu::lexicon::leaning::Manner::Calm;
use crate::nlu::lexicon::leaning::weights;

/// By kind.
#[rustfmt::skip]
pub(super) static CALM: &[Hint] = &[
    // asks: endings of questions
    Hint {
        manner: Calm,
        weights: weights(1, -5, 0),
        words: &[
            "나요$", "까요$", "한가요$", "인가요$", "은가요$", "는지요$", "되죠$", "하죠$", "있죠$", "뭐예요$",
            "뭐에요$", "뭔가요$", "얼마예요$", "얼마에요$", "언제예요$", "언제에요$", "어디예요$", "어디에요$",
            "어때요$", "얼마야$", "언제야$", "뭐야$", "어디야$", "얼마임$", "필요해요$", "가능$", "까$", "인가여$",
            "몇시$", "은지$", "는지$", "나$", "냐$", "니$", "가$", "되남$",
        ],
    },
    // wishes to do something
    Hint {
        manner: Calm,
        weights: weights(-6, 0, 0),
        words: &[
            "싶어요", "싶은데", "싶습니다", "싶다", "싶어서", "싶네요", "하려고", "려면", "려는데", "려고요",
            "려고합", "할게요$", "할래요$", "하겠습니다$", "으려고", "려는중", "볼게요", "려고하",
        ],
    },
    // asks for what documents hold
    Hint {
        manner: Calm,
        weights: weights(-5, -10, -7),
        words: &[
            "방법", "절차", "조건", "기준", "궁금", "무엇", "얼마", "차이", "어떤", "종류", "뜻이", "자격", "서류",
            "대상", "필요한", "법$", "가능성", "위치", "번호", "목록", "팁", "예시", "규정", "특약", "무슨", "뭐가",
            "뭐해야", "뭐하면", "뭔지", "준비", "몇년", "몇번", "몇퍼", "몇살", "뭐있", "뭐예", "뭐죠",
        ],
    },
    // asks where and when
    Hint {
        manner: Calm,
        weights: weights(-3, -7, -4),
        words: &[
            "언제", "어디", "몇시", "며칠", "몇살", "몇개월", "몇프로", "몇퍼", "어느", "보통",
        ],
    },
    // asks how
    Hint {
        manner: Calm,
        weights: weights(-2, 0, -3),
        words: &[
            "어떻게", "어케", "어떡",
        ],
    },
    // wants to be told
    Hint {
        manner: Calm,
        weights: weights(0, -5, -4),
        words: &[
            "알려주", "알려줘", "알려달", "설명해", "설명좀", "추천", "가르쳐", "안내해주", "조회", "확인하",
            "확인해", "찾아줘", "문의", "안내부탁", "알고싶", "볼수있", "여쭤",
        ],
    },
    // everyday services
    Hint {
        manner: Calm,
        weights: weights(0, -1, -5),
        words: &[
            "신청", "발급", "등록", "변경", "해지", "개설", "연장", "증액", "상향", "갱신", "환전", "납부", "출력",
            "만들", "가입", "막아주", "차단", "늘리", "줄이", "조회", "떼", "옮기", "갚",
        ],
    },
    // asks whether something can be done
    Hint {
        manner: Calm,
        weights: weights(-5, -1, 0),
        words: &[
            "수있", "될까", "가능", "있나요", "있을까", "해도되", "해도돼", "괜찮나", "괜찮을까", "받을수", "되나",
            "되죠", "돼요", "되는지", "있어요", "있는지", "하나요", "받나요", "되는거", "될수",
        ],
    },
    // thanks and greetings
    Hint {
        manner: Calm,
        weights: weights(-8, -12, 0),
        words: &[
            "감사", "고마", "고맙", "친절하시", "친절하게", "해결됐", "수고하", "다행", "칭찬", "잘받았", "안녕",
            "좋네", "알겠", "이해했", "이해됐", "똑똑", "반가", "잘되네",
        ],
    },
];
