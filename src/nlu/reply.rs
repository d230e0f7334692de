//! Reads a short reply as a whole: is it nothing but a yes, a no, a thank-you, a laugh?

use std::sync::LazyLock;

use foldhash::HashMap;

use crate::nlu::lexicon::reply::Meaning;
use crate::nlu::lexicon::reply::PIECES;
use crate::text::hangul;

/// Longer messages are no mere replies.
const CHARS_MAX: usize = 40;

/// What a reply consists of. A reply that holds anything unknown is not [`Reply::read`] at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reply {
    /// One bit per [`Meaning`].
    meanings: u16,
}

impl Reply {
    /// Takes the tight text apart into pieces, as few as possible; `None` if it has other content.
    pub(super) fn read(tight: &str) -> Option<Self> {
        if tight.len() > CHARS_MAX * '가'.len_utf8() {
            return None;
        }
        // For each place that pieces reach: how few pieces, and what they say together.
        let mut reached: Vec<Option<(usize, Self)>> = vec![None; tight.len() + 1];
        reached[0] = Some((0, Self::default()));
        for (at, c) in tight.char_indices() {
            let Some((pieces, reply)) = reached[at] else { continue };
            let mut reach = |end: usize, reply: Self| {
                let is_shorter = reached[end].is_none_or(|(fewest, _)| pieces + 1 < fewest);
                if is_shorter {
                    reached[end] = Some((pieces + 1, reply));
                }
            };
            let rest = &tight[at..];
            for (word, meanings) in PIECES_BY_FIRST.get(&c).into_iter().flatten() {
                if rest.starts_with(word) {
                    reach(at + word.len(), reply.with(meanings));
                }
            }
            if hangul::is_jamo(c) {
                reach(at + c.len_utf8(), reply.with(&[Meaning::Noise]));
            }
        }
        reached.last().copied().flatten().map(|(_, reply)| reply)
    }

    /// Whether one of its pieces says this.
    pub(super) fn says(self, meaning: Meaning) -> bool {
        self.meanings & bit(meaning) != 0
    }

    fn with(self, meanings: &[Meaning]) -> Self {
        Self { meanings: meanings.iter().fold(self.meanings, |all, meaning| all | bit(*meaning)) }
    }
}

/// A word of a piece, and what it says.
type Piece = (&'static str, &'static [Meaning]);

/// The pieces that begin with a character.
static PIECES_BY_FIRST: LazyLock<HashMap<char, Vec<Piece>>> = LazyLock::new(|| {
    let mut pieces: HashMap<char, Vec<Piece>> = HashMap::default();
    for (meanings, words) in PIECES {
        for word in *words {
            if let Some(first) = word.chars().next() {
                pieces.entry(first).or_default().push((word, meanings));
            }
        }
    }
    pieces
});

fn bit(meaning: Meaning) -> u16 {
    1 << meaning as u16
}
