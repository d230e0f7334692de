//! The guard (design D5): no figure leaves that the cited passages do not hold.
//!
//! Every amount, rate, date, percentage and phone number of an answer must stand in the passages it cites, whatever
//! wrote the answer. The embedded engine quotes, so for it [`check`] is a proof; for what a language model writes there is the [`Fence`].

mod acts;
mod bounds;
mod conduct;
mod fence;
mod figures;
mod grounds;
mod marks;
mod opposites;
mod products;
mod script;
mod statements;
mod stream;
mod support;
#[cfg(test)]
mod tests;

use crate::domain::Source;

pub use fence::Fault;
pub use fence::Fence;
pub use fence::Grounds;
pub use fence::Released;
pub use fence::Stopped;

/// A figure of the answer that no cited passage holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer states a figure its sources do not")]
pub struct Ungrounded;

/// Checks an answer against the passages it cites.
///
/// # Errors
/// [`Ungrounded`] when a figure of `answer` stands in no excerpt.
pub fn check(answer: &str, sources: &[Source]) -> Result<(), Ungrounded> {
    // A quotation holds no figure of its own.
    if sources.iter().any(|source| source.excerpt.contains(answer)) {
        return Ok(());
    }
    let held = sources.iter().flat_map(|source| [&source.excerpt, &source.section]);
    let grounded: Vec<String> = held.flat_map(|text| digits(text)).collect();
    if digits(answer).iter().all(|figure| grounded.contains(figure)) { Ok(()) } else { Err(Ungrounded) }
}

/// Whether a text denies what a sentence affirms, or the other way round.
pub(super) fn contradicts(text: &str, sentence: &str) -> bool {
    let text = grounds::Prepared::of(&Grounds { title: "", heading: "", text, is_in_force: true });
    statements::is_denied(&statements::words_in(sentence), &[&text]) || opposites::are_said(sentence, &[&text])
}

/// The figures of a text: runs of digits, joined over the marks that stand inside one figure. Thousands separators
/// are dropped, so `1,000` and `1000` are the same figure; `4.5` and `45` are not.
pub(super) fn digits(text: &str) -> Vec<String> {
    let mut figures = Vec::new();
    let mut figure = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let next_is_digit = characters.peek().is_some_and(|next| next.is_ascii_digit());
        match character {
            '0'..='9' => figure.push(character),
            ',' if !figure.is_empty() && next_is_digit => {}
            '.' | '-' if !figure.is_empty() && next_is_digit => figure.push(character),
            _ if !figure.is_empty() => figures.push(std::mem::take(&mut figure)),
            _ => {}
        }
    }
    if !figure.is_empty() {
        figures.push(figure);
    }
    figures
}

#[cfg(test)]
mod quotations {
    use super::*;

    #[test]
    fn figures_are_read_whole() {
        for (text, expected) in [
            ("연 4.62%~7.85%입니다.", vec!["4.62", "7.85"]),
            ("1,000,000원 이상", vec!["1000000"]),
            ("고객센터 1588-0000", vec!["1588-0000"]),
            ("2026. 11. 1. 기준", vec!["2026", "11", "1"]),
            ("3개월, 5년", vec!["3", "5"]),
            ("숫자가 없습니다.", vec![]),
        ] {
            assert_eq!(digits(text), expected, "{text}");
        }
    }

    #[test]
    fn an_invented_figure_is_stopped() {
        let source = Source {
            source: "loan.md".into(),
            page: 1,
            score: 1.0,
            document_id: "loan".into(),
            title: String::new(),
            section: String::new(),
            excerpt: "금리는 연 4.62%이고 한도는 1,000,000원입니다.".into(),
        };
        let sources = [source];
        assert_eq!(check("금리는 연 4.62%입니다.", &sources), Ok(()));
        assert_eq!(check("한도는 1000000원입니다.", &sources), Ok(()));
        assert_eq!(check("금리는 연 4.26%입니다.", &sources), Err(Ungrounded));
        assert_eq!(check("금리는 연 4%입니다.", &sources), Err(Ungrounded), "a part is not the figure");
        assert_eq!(check("안내해 드립니다.", &[]), Ok(()));
        assert_eq!(check("3년입니다.", &[]), Err(Ungrounded));
    }
}
