//! Kinds of hints at discontent, trouble and the wish for a person, for [`leaning`](super::leaning) to add up.
//!
//! Words stand under every kind they can mean; `$` ties them to the end of the text. Whoever adds a word to a kind gives
//! it that kind's weights; new kinds need weights of their own.

mod calm;
mod discontent;
mod trouble;
mod wish;

use crate::nlu::lexicon::leaning::Hint;

/// Every kind.
pub(super) static HINTS: [&[Hint]; 4] = [calm::CALM, discontent::DISCONTENT, trouble::TROUBLE, wish::WISH];
