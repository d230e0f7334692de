//! A text in which many short words are looked for.

/// A text and a summary of its characters, by which most words that are not in it are known at once.
#[derive(Debug, Clone)]
pub struct Haystack {
    text: String,
    seen: [u64; SEEN_WORDS],
}

const SEEN_WORDS: usize = 4;

impl Haystack {
    /// Summarises `text`.
    pub fn new(text: String) -> Self {
        let mut seen = [0; SEEN_WORDS];
        for c in text.chars() {
            let (word, bit) = place(c);
            seen[word] |= bit;
        }
        Self { text, seen }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `needle` occurs.
    pub fn has(&self, needle: &str) -> bool {
        self.may_have(needle) && self.text.contains(needle)
    }

    /// The byte position at which `needle` occurs first.
    pub fn find(&self, needle: &str) -> Option<usize> {
        if self.may_have(needle) { self.text.find(needle) } else { None }
    }

    /// The byte position at which `needle` occurs last.
    pub fn rfind(&self, needle: &str) -> Option<usize> {
        if self.may_have(needle) { self.text.rfind(needle) } else { None }
    }

    /// False only if `needle` surely does not occur.
    pub fn may_have(&self, needle: &str) -> bool {
        needle.chars().all(|c| {
            let (word, bit) = place(c);
            self.seen[word] & bit != 0
        })
    }
}

/// A character's bit; several characters share one.
fn place(c: char) -> (usize, u64) {
    // Multiplicative hashing (Knuth, TAOCP 6.4) spreads neighbouring syllables.
    let hash = u32::from(c).wrapping_mul(0x9E37_79B1) >> 24;
    ((hash >> 6) as usize % SEEN_WORDS, 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_there_and_nothing_else() {
        let haystack = Haystack::new("카드 한도와 카드 금리".to_owned());
        for (needle, first, last) in [
            ("카드", Some(0), Some(17)),
            ("한도", Some(7), Some(7)),
            ("드카", None, None),
            ("대출", None, None),
            ("", Some(0), Some(30)),
        ] {
            assert_eq!((haystack.find(needle), haystack.rfind(needle)), (first, last), "{needle}");
            assert_eq!(haystack.has(needle), first.is_some(), "{needle}");
        }
    }
}
