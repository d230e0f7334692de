//! Typing mistakes that stand in the way of every table, set right once: 됬 for 됐, 햇 for 했, 주세여 for 주세요.
//!
//! One syllable becomes one other syllable, so a text keeps its length. Tables are written in the right spelling only.

/// `tight` with its commonest typing mistakes set right.
pub(super) fn respelled(tight: &str) -> String {
    let mut text = String::with_capacity(tight.len());
    let mut chars = tight.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let right = right(before, c, chars.peek().copied());
        text.push(right);
        before = right;
    }
    text
}

/// What was meant by `c` between its neighbours. `None` follows the last syllable.
fn right(before: char, c: char, after: Option<char>) -> char {
    match c {
        // The past tense typed without Shift, but 무엇, 빼앗다, 햇살론.
        '엇' if before == '무' => c,
        '앗' if before == '빼' => c,
        '햇' if matches!(after, Some('살' | '볕' | '빛' | '반')) => c,
        '됬' | '됫' | '됏' | '됀' => '됐',
        '햇' | '헀' => '했',
        '엇' => '었',
        '앗' => '았',
        '겟' => '겠',
        '잇' => '있',
        '왓' => '왔',
        '갓' => '갔',
        '럿' => '렀',
        '렷' => '렸',
        '랏' => '랐',
        '졋' => '졌',
        '쳣' => '쳤',
        '줫' => '줬',
        '썻' => '썼',
        '냇' => '냈',
        '셧' => '셨',
        '텻' => '텼',
        '놧' => '놨',
        '봣' => '봤',
        '켯' => '켰',
        // 안되요 for 안 돼요 is a word of its own in the tables.
        '않' if before != '지' && matches!(after, Some('되' | '돼' | '됨' | '됩' | '된' | '해' | '와' | '줘')) => {
            '안'
        }
        '떻' if after == Some('해') => '떡',
        // 할께요, 할꼐요
        '께' | '꼐' if after == Some('요') && before != '함' => '게',
        '구' if matches!(before, '라' | '다' | '냐' | '말' | '하') && matches!(after, None | Some('요')) => '고',
        // 주세여, 주세용, 주세염
        '여' | '용' | '염' | '욤' | '욥' | '영' if after.is_none() && ends_before_yo(before) => '요',
        _ => c,
    }
}

/// Whether a polite sentence can end with `c` and 요.
fn ends_before_yo(c: char) -> bool {
    matches!(
        c,
        '세' | '네'
            | '데'
            | '어'
            | '아'
            | '해'
            | '나'
            | '까'
            | '게'
            | '지'
            | '돼'
            | '되'
            | '워'
            | '와'
            | '줘'
            | '죠'
            | '려'
            | '래'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_set_right_and_words_left_alone() {
        for (typed, expected) in [
            ("사기당햇어요", "사기당했어요"),
            ("돈이없어졋어여", "돈이없어졌어요"),
            ("출금이않되요", "출금이안되요"),
            ("어떻해", "어떡해"),
            ("해지할께요", "해지할게요"),
            ("됬다구요", "됐다고요"),
            ("연결해주세용", "연결해주세요"),
            ("무엇인가요", "무엇인가요"),
            ("햇살론", "햇살론"),
            ("빼앗겼어요", "빼앗겼어요"),
            ("하지않되", "하지않되"),
            ("함께요", "함께요"),
            ("이용", "이용"),
            ("", ""),
        ] {
            assert_eq!(respelled(typed), expected);
            assert_eq!(respelled(expected), expected, "once is enough");
        }
    }
}
