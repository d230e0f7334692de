//! One message, read once for everybody who looks at it.

use crate::text::concepts;
use crate::text::concepts::Concept;
use crate::text::hangul;
use crate::text::normalize::normalize;
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
}

impl Reading {
    /// Reads `text`.
    pub fn of(text: &str) -> Self {
        let normalized = normalize(text);
        let tight: String = normalized.chars().filter(|c| is_letter_or_digit(*c)).collect();
        let stems = tokens::stems_of(&normalized);
        let sounds = phonetics::sounds(&tight);
        let concepts = concepts::concepts(&tight, &sounds);
        Self { normalized, tight, stems, sounds, concepts }
    }

    /// The [normal form](normalize).
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
