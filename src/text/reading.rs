//! One message, read once for everybody who looks at it.

use std::borrow::Cow;

use crate::text::concepts;
use crate::text::concepts::Concept;
use crate::text::hangul;
use crate::text::loanwords;
use crate::text::normalize::fold;
use crate::text::phonetics;
use crate::text::tokens;

/// The forms of one text that understanding and search compare. Never stored and never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    normalized: String,
    tight: String,
    stems: Vec<String>,
    sounds: Vec<u8>,
    concepts: Vec<Concept>,
    is_foreign: bool,
}

impl Reading {
    /// Reads `text`.
    pub fn of(text: &str) -> Self {
        let folded = fold(text);
        let is_foreign = is_foreign(&folded);
        let normalized = loanwords::in_korean(&folded);
        let tight = tight_of(&normalized);
        let stems = tokens::stems_of(&normalized);
        let sounds = phonetics::sounds(&tight);
        let mut concepts = concepts::concepts(&tight, &sounds);
        if matches!(normalized, Cow::Owned(_)) {
            // "annual fee" is a concept, 수수료 only its half.
            concepts.extend(concepts::concepts(&tight_of(&folded), &[]));
            concepts.sort_unstable();
            concepts.dedup();
        }
        let normalized = normalized.into_owned();
        Self { normalized, tight, stems, sounds, concepts, is_foreign }
    }

    /// The [normal form](crate::text::normalize::normalize).
    pub fn normalized(&self) -> &str {
        &self.normalized
    }

    /// The normal form's letters and digits alone, so that neither spaces nor punctuation matter.
    pub fn tight(&self) -> &str {
        &self.tight
    }

    /// The [stems](tokens::stems) of its words.
    pub fn stems(&self) -> &[String] {
        &self.stems
    }

    /// How its letters and digits [sound](phonetics::sounds).
    pub fn sounds(&self) -> &[u8] {
        &self.sounds
    }

    /// What it [speaks of](concepts::concepts).
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// Whether it is written in another language than Korean.
    pub fn is_foreign(&self) -> bool {
        self.is_foreign
    }
}

fn tight_of(normalized: &str) -> String {
    normalized.chars().filter(|c| is_letter_or_digit(*c)).collect()
}

/// Hardly any Korean in a message of some length. Names such as OTP or KB in a Korean one do not count.
fn is_foreign(folded: &str) -> bool {
    const LETTERS_MIN: usize = 8;
    let is_korean = |c: char| hangul::is_syllable(c) || hangul::is_jamo(c);
    let korean = folded.chars().filter(|c| is_korean(*c)).count();
    let others = folded.chars().filter(|c| !is_korean(*c) && c.is_alphabetic()).count();
    korean + others >= LETTERS_MIN && korean * 10 < others
}

fn is_letter_or_digit(c: char) -> bool {
    // Asking Unicode about every syllable took a fifth of the time of listening.
    hangul::is_syllable(c) || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_agree_with_each_other() {
        let reading = Reading::of("  카드 한도를, ＯＴＰ로 올려주세요! ");
        assert_eq!(reading.normalized(), "카드 한도를, otp로 올려주세요!");
        assert_eq!(reading.tight(), "카드한도를otp로올려주세요");
        assert_eq!(reading.stems(), tokens::stems("카드 한도를, OTP로 올려주세요!"));
    }
}
