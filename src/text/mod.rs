//! Korean text: one form for matching, syllables and particles, search tokens, figures, and masking of
//! personal data.
//!
//! Pure functions over strings. Every one of them accepts any string and none of them panics.
//!
//! **Invariant:** [`pii::mask`] and [`pii::mask_after`] are the only makers of [`pii::Masked`], so whoever holds one
//! knows that the text went through them. What [`normalize::normalize`] makes is for comparing and is never stored or shown.
//!
//! This room knows nothing of categories, documents or conversations.

pub mod concepts;
mod endings;
pub mod figures;
pub mod hangul;
pub mod haystack;
mod loanwords;
pub mod normalize;
pub mod phonetics;
pub mod pii;
pub mod reading;
pub mod tokens;
