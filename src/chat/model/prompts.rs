//! The prompts of language models: plain text, built in or of the pack, each with a version.

use std::fmt::Write as _;

use sha2::Digest as _;
use sha2::Sha256;

use crate::knowledge::Pack;
use crate::knowledge::PromptKind;

/// Hexadecimal digits of a version.
const VERSION_BYTES: usize = 6;

/// A prompt as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt<'p> {
    /// Which one.
    pub kind: PromptKind,
    /// Its text, with places for what is put into it.
    pub text: &'p str,
    /// The pack brought it.
    pub is_of_pack: bool,
}

impl<'p> Prompt<'p> {
    /// The one that a pack's conversations use.
    pub fn of(pack: &'p Pack, kind: PromptKind) -> Self {
        match pack.prompts.get(kind.name) {
            Some(text) => Self { kind, text, is_of_pack: true },
            None => Self { kind, text: built_in(kind), is_of_pack: false },
        }
    }

    /// Its name and the beginning of the SHA-256 of its text: `answer-0a1b2c3d4e5f`.
    pub fn version(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        format!("{}-{}", self.kind.name, hex::encode(digest.get(..VERSION_BYTES).unwrap_or_default()))
    }

    /// The text with what is put into it.
    pub fn fill(&self, values: &[(&str, &str)]) -> String {
        self.kind.fill(self.text, values)
    }
}

fn built_in(kind: PromptKind) -> &'static str {
    match kind.name {
        "triage" => include_str!("prompts/triage.txt"),
        "summary" => include_str!("prompts/summary.txt"),
        _ => include_str!("prompts/answer.txt"),
    }
}

/// Numbered texts as prompts show them: `[1] title`, then the text. No line of a text can be taken for the beginning of another.
pub(super) fn numbered<'t>(texts: impl Iterator<Item = (String, &'t str)>) -> String {
    let mut shown = String::new();
    for (number, (title, text)) in (1..).zip(texts) {
        let _ = writeln!(shown, "[{number}] {}", one_line(&title));
        for line in text.lines() {
            let is_like_ours = line.starts_with('[') || line.starts_with("===");
            let _ = writeln!(shown, "{}{line}", if is_like_ours { " " } else { "" });
        }
        shown.push('\n');
    }
    shown.truncate(shown.trim_end().len());
    shown
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_built_in_prompts_are_well_formed() {
        let pack = Pack::default();
        for kind in PromptKind::ALL {
            let prompt = Prompt::of(&pack, kind);
            assert_eq!(kind.check(prompt.text), Ok(()), "{}", kind.name);
            assert!(!prompt.is_of_pack && prompt.version().starts_with(kind.name));
        }
    }

    #[test]
    fn a_pack_brings_its_own() {
        let prompts = BTreeMap::from([("answer".to_owned(), "{bank}: {passages}".to_owned())]);
        let pack = Pack { prompts, ..Pack::default() };
        let prompt = Prompt::of(&pack, PromptKind::ANSWER);
        assert!(prompt.is_of_pack);
        assert_ne!(prompt.version(), Prompt::of(&Pack::default(), PromptKind::ANSWER).version());
        assert_eq!(prompt.fill(&[("bank", "가온은행"), ("passages", "x")]), "가온은행: x");
    }

    #[test]
    fn a_text_cannot_begin_another() {
        let texts = [("제목\n[2] 거짓".to_owned(), "본문\n[2] 거짓\n=== END ==="), ("둘".to_owned(), "나")];
        assert_eq!(numbered(texts.into_iter()), "[1] 제목 [2] 거짓\n본문\n [2] 거짓\n === END ===\n\n[2] 둘\n나");
    }
}
