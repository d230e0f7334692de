//! What no word says alone and several say together: discontent, trouble, the wish for a person.
//!
//! 아직도, 왜 and 안 돼요 each stand in calm questions, too, but seldom together; and who tells at length what somebody
//! did, and asks for nothing that a document could answer, wants more than a document. So every kind of hint and every
//! fragment has weights, and what a message leans to is their sum.
//!
//! The weights were fitted (logistic regression, L1 penalty; times four and rounded) to two thousand invented messages,
//! those of the tests beside `signals`, and the demonstration pack's nineteen hundred calm ones.

use std::ops::AddAssign;

use crate::nlu::lexicon::Sifted;

/// How far a message leans to something. Above zero it rather is so than not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::nlu) struct Leaning {
    /// To a complaint about the bank.
    pub(in crate::nlu) discontent: i32,
    /// To trouble that a person has to look into: fraud, theft, danger, a quarrel about money.
    pub(in crate::nlu) trouble: i32,
    /// To the wish for a person.
    pub(in crate::nlu) wish: i32,
}

/// Words that hint at the same. However many of them a message holds, the kind counts once.
pub(super) struct Hint {
    pub(super) manner: Manner,
    pub(super) weights: Leaning,
    pub(super) words: &'static [&'static str],
}

/// How a hint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Asks or wishes for something a document or a form could give.
    Calm,
    /// Tells.
    Telling,
}

/// What a message shows beside its words.
#[derive(Debug, Clone, Copy)]
pub(in crate::nlu) struct Marks {
    /// It has a question mark.
    pub(in crate::nlu) asks: bool,
    /// Its last word is in the past tense.
    pub(in crate::nlu) ends_in_past: bool,
    /// It is longer than a word or two.
    pub(in crate::nlu) is_sentence: bool,
}

/// Adds up what hints at something.
pub(in crate::nlu) fn lean(message: &Sifted, marks: Marks) -> Leaning {
    let mut leaning = SILENCE;
    let mut is_calm = false;
    for hint in message.hints() {
        leaning += hint.weights;
        is_calm |= hint.manner == Manner::Calm;
    }
    message.fragments().for_each(|weights| leaning += weights);
    if marks.asks {
        leaning += QUESTION_MARK;
    }
    if marks.ends_in_past {
        leaning += PAST_AT_END;
    }
    if marks.is_sentence && !is_calm {
        leaning += NOTHING_ASKED;
    }
    leaning
}

impl AddAssign for Leaning {
    fn add_assign(&mut self, other: Self) {
        self.discontent += other.discontent;
        self.trouble += other.trouble;
        self.wish += other.wish;
    }
}

/// The weights for discontent, trouble and the wish for a person.
pub(super) const fn weights(discontent: i32, trouble: i32, wish: i32) -> Leaning {
    Leaning { discontent, trouble, wish }
}

/// What a message leans to that holds nothing.
const SILENCE: Leaning = weights(-14, -16, -12);
const QUESTION_MARK: Leaning = weights(-4, -7, 1);
const PAST_AT_END: Leaning = weights(4, 5, -8);
const NOTHING_ASKED: Leaning = weights(5, 4, -1);
