//! Bounds: what the words around a figure make it, the least or the most there may be.

use crate::chat::guard::figures::Token;

/// What a figure is a bound of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// 이상, 부터.
    AtLeast,
    /// 초과.
    Above,
    /// 넘는: people say it for both.
    Over,
    /// 이하, 이내, 까지.
    AtMost,
    /// 미만.
    Below,
}

impl Bound {
    /// The bound whose word stands behind a figure that ends at `end`.
    pub fn after(form: &[char], end: usize) -> Option<Self> {
        const WORDS: [(&str, Bound); 32] = [
            ("이상", Bound::AtLeast),
            ("부터", Bound::AtLeast),
            ("초과", Bound::Above),
            ("지나지", Bound::Below),
            ("되지 않", Bound::Below),
            ("지나", Bound::Over),
            ("지난", Bound::Over),
            ("채우", Bound::AtLeast),
            ("넘지", Bound::AtMost),
            ("넘길 수 없", Bound::AtMost),
            ("넘을 수 없", Bound::AtMost),
            ("넘는 일은 없", Bound::AtMost),
            ("넘", Bound::Over),
            ("웃돌지", Bound::AtMost),
            ("웃도", Bound::Over),
            ("웃돌", Bound::Over),
            ("밑돌지", Bound::AtLeast),
            ("밑도", Bound::Below),
            ("밑돌", Bound::Below),
            ("보다 많", Bound::Above),
            ("보다 적", Bound::Below),
            ("이하", Bound::AtMost),
            ("이내", Bound::AtMost),
            ("까지", Bound::AtMost),
            ("안에", Bound::AtMost),
            ("내에", Bound::AtMost),
            ("미만", Bound::Below),
            ("안 되", Bound::Below),
            ("안 됐", Bound::Below),
            ("못 미", Bound::Below),
            ("보다 작", Bound::Below),
            ("보다 짧", Bound::Below),
        ];
        let behind: String = form.get(end..form.len().min(end + 10)).unwrap_or_default().iter().collect();
        let behind = behind.trim_start();
        let behind = behind.strip_prefix(['을', '를', '이', '가', '의']).map_or(behind, |rest| {
            if behind.starts_with("이상") || behind.starts_with("이하") || behind.starts_with("이내") {
                behind
            } else {
                rest.trim_start()
            }
        });
        WORDS.iter().find(|(word, _)| behind.starts_with(word)).map(|(_, bound)| *bound)
    }

    /// The side on which it bounds.
    pub const fn side(self) -> Side {
        match self {
            Self::AtLeast | Self::Above | Self::Over => Side::Least,
            Self::AtMost | Self::Below => Side::Most,
        }
    }

    /// Whether a figure with one bound may be told of a figure with the other, as far as both have one.
    pub fn fits(ours: Option<Self>, theirs: Option<Self>) -> bool {
        match (ours, theirs) {
            (None, Some(Self::Below | Self::Above)) => false,
            (None, _) | (_, None) => true,
            (Some(ours), Some(theirs)) => {
                ours == theirs
                    || matches!(
                        (ours, theirs),
                        (Self::Over, Self::AtLeast | Self::Above) | (Self::AtLeast | Self::Above, Self::Over)
                    )
            }
        }
    }
}

/// The side on which a figure is a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Least,
    Most,
}

impl Side {
    /// What a word before a figure says of it.
    pub fn of(token: &Token) -> Option<Self> {
        const LEAST: [&str; 6] = ["최소", "최저", "최단", "하한", "적어도", "못해도"];
        const MOST: [&str; 6] = ["최대", "최고", "최장", "상한", "많아도", "많아야"];
        let Token::Word(word) = token else { return None };
        let begins = |sides: [&str; 6]| sides.iter().any(|side| word.starts_with(side));
        match (begins(LEAST), begins(MOST)) {
            (true, _) => Some(Self::Least),
            (false, true) => Some(Self::Most),
            (false, false) => None,
        }
    }
}

/// Whether a word says that the figure behind it is the most there may be.
pub(super) fn is_limit(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.contains("한도"))
}

/// Characters of a bound that is put as a negation (3개월이 안 되면), which is no negation of what is said; `behind` are attached. A
/// sentence that ends so denies (3건까지 되지 않습니다).
pub(super) fn denied_bound(rest: &[char], behind: usize) -> usize {
    const BOUNDS: [&str; 7] = [" 안 되", " 안 돼", " 안 됐", " 못 미치", " 되지 않", " 넘지 않", " 지나지 않"];
    const PARTICLES: [&str; 6] = ["", "이", "가", "을", "를", "도"];
    const CONDITIONS: [char; 7] = ['면', '는', '은', '을', '던', '도', '서'];
    let attached: String = rest.iter().take(behind).collect();
    let text: String = rest.iter().skip(behind).take(6).collect();
    let Some(bound) = BOUNDS.iter().find(|bound| text.starts_with(**bound)) else { return 0 };
    let length = bound.chars().count();
    let tail: Vec<char> =
        rest.iter().skip(behind + length).take_while(|c| ('가'..='힣').contains(*c)).copied().collect();
    let is_condition = tail.last().is_some_and(|last| CONDITIONS.contains(last));
    if is_condition && PARTICLES.contains(&attached.as_str()) { length + tail.len() } else { 0 }
}
