//! Citation marks: [1], [1][3], [1, 3], 【1】.

/// A mark at the beginning of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// It names these passages and takes so many bytes.
    Whole { cites: Vec<usize>, bytes: usize },
    /// The text may end inside of one.
    Cut,
    /// There is none.
    None,
}

/// Bytes a mark takes at most.
const MARK_BYTES_MAX: usize = 48;

/// The mark that `text` begins with.
pub(super) fn mark_at(text: &str) -> Mark {
    let mut characters = text.char_indices();
    let close = match characters.next() {
        Some((_, '[')) => ']',
        Some((_, '【')) => '】',
        _ => return Mark::None,
    };
    let (mut cites, mut number) = (Vec::new(), None::<usize>);
    for (at, c) in characters {
        match c {
            '0'..='9' if at < MARK_BYTES_MAX => {
                let digit = c as usize - '0' as usize;
                number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            }
            ',' | ' ' | '·' if at < MARK_BYTES_MAX => cites.extend(number.take()),
            _ if c == close => {
                cites.extend(number.take());
                let bytes = at + c.len_utf8();
                return if cites.is_empty() { Mark::None } else { Mark::Whole { cites, bytes } };
            }
            _ => return Mark::None,
        }
    }
    Mark::Cut
}

/// A sentence without its marks and the white space before them, and the passages they name, each once.
pub(super) fn taken_out(sentence: &str) -> (String, Vec<usize>) {
    let (mut text, mut cites) = (String::with_capacity(sentence.len()), Vec::new());
    let mut rest = sentence;
    while let Some(c) = rest.chars().next() {
        if let Mark::Whole { cites: named, bytes } = mark_at(rest) {
            for cite in named {
                if !cites.contains(&cite) {
                    cites.push(cite);
                }
            }
            let kept = text.trim_end_matches([' ', '\t', '\u{A0}']).len();
            // The white space before the first word is between the sentences.
            if kept > 0 {
                text.truncate(kept);
            }
            rest = &rest[bytes..];
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    (text, cites)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_out() {
        for (sentence, text, cites) in [
            ("가능합니다. [1]", "가능합니다.", vec![1]),
            ("가능합니다 [1].", "가능합니다.", vec![1]),
            ("가능합니다.[1][3]", "가능합니다.", vec![1, 3]),
            ("가능합니다. [1, 3]", "가능합니다.", vec![1, 3]),
            ("가능합니다【2】", "가능합니다", vec![2]),
            (" 다음 줄 [1][1]", " 다음 줄", vec![1]),
            ("[이체 > 한도]에서 [2]", "[이체 > 한도]에서", vec![2]),
            ("수수료 [없음]", "수수료 [없음]", vec![]),
            ("[] [,]", "[] [,]", vec![]),
        ] {
            assert_eq!(taken_out(sentence), (text.to_owned(), cites), "{sentence}");
        }
    }

    #[test]
    fn a_mark_may_be_cut() {
        for text in ["[", "[1", "[12,", "【3"] {
            assert_eq!(mark_at(text), Mark::Cut, "{text}");
        }
        for text in ["", "1]", "[이", "(1)"] {
            assert_eq!(mark_at(text), Mark::None, "{text}");
        }
    }
}
