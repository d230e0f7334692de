//! Models that think aloud: `<think>…</think>` before the answer is not the answer.

const BEGIN: &str = "<think>";
const END: &str = "</think>";

/// Takes what a model thinks out of what it says. Only what comes first is taken for thinking.
#[derive(Debug)]
pub(super) enum Thoughts {
    /// Nothing but white space, or a part of [`BEGIN`], has come.
    Unknown(String),
    /// It thinks; the end of what came may be a part of [`END`].
    Thinking(String),
    /// It thought; white space that follows is not said.
    Thought,
    /// It speaks.
    Over,
}

impl Thoughts {
    pub(super) fn new() -> Self {
        Self::Unknown(String::new())
    }

    /// What of a piece is said.
    pub(super) fn strip(&mut self, piece: String) -> String {
        match self {
            Self::Over => piece,
            Self::Unknown(before) => {
                before.push_str(&piece);
                let begun = before.trim_start();
                if let Some(rest) = begun.strip_prefix(BEGIN) {
                    let rest = rest.to_owned();
                    *self = Self::Thinking(String::new());
                    return self.strip(rest);
                }
                if BEGIN.starts_with(begun) {
                    return String::new();
                }
                let said = std::mem::take(before);
                *self = Self::Over;
                said
            }
            Self::Thought => {
                let said = piece.trim_start().to_owned();
                if !said.is_empty() {
                    *self = Self::Over;
                }
                said
            }
            Self::Thinking(end) => {
                end.push_str(&piece);
                if let Some((_, said)) = end.split_once(END) {
                    let said = said.to_owned();
                    *self = Self::Thought;
                    return self.strip(said);
                }
                let keep_from = end.char_indices().rev().map(|(at, _)| at).nth(END.len() - 2).unwrap_or(0);
                end.drain(..keep_from);
                String::new()
            }
        }
    }

    /// What was held back because it might have become a thought.
    pub(super) fn finish(&mut self) -> String {
        match std::mem::replace(self, Self::Over) {
            Self::Unknown(text) => text,
            Self::Thinking(_) | Self::Thought | Self::Over => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_taken_out_however_they_are_cut() {
        for (text, expected) in [
            ("<think>음, 3%라고 할까?</think>\n\n연 3.5%입니다.", "연 3.5%입니다."),
            ("\n<think></think>네.", "네."),
            ("연 3.5%입니다.", "연 3.5%입니다."),
            ("a < b </think> 뒤", "a < b </think> 뒤"),
            ("<thin", "<thin"),
            ("<think>끝나지 않음", ""),
            ("<think>가</thin></think>나", "나"),
        ] {
            for size in 1..=text.chars().count() {
                let characters: Vec<char> = text.chars().collect();
                let mut thoughts = Thoughts::new();
                let mut said: String =
                    characters.chunks(size).map(|piece| thoughts.strip(piece.iter().collect())).collect();
                said.push_str(&thoughts.finish());
                assert_eq!(said, expected, "{text} by {size}");
            }
        }
    }
}
