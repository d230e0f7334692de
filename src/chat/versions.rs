//! Documents in force that say different things of the same matter, such as the rates of two half-years: the newer one
//! answers, and both are cited.

use foldhash::HashSet;
use time::Date;

use crate::chat::engine::Found;
use crate::chat::guard;
use crate::text::tokens;

/// What became of a passage that another document contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dispute {
    /// The document that took effect on this day won.
    Settled(Date),
    /// Nothing says which is the newer.
    Open,
}

/// The passage to answer from, and one that it contradicts, if one of `hits` says otherwise.
pub(super) fn newest<'h, 'e>(
    best: &'h Found<'e>,
    hits: &'h [Found<'e>],
) -> (&'h Found<'e>, Option<(&'h Found<'e>, Dispute)>) {
    let others = || hits.iter().filter(|hit| is_same_matter(best, hit) && contradicts(best, hit));
    let from = |found: &&Found<'_>| found.document.effective_from;
    let newest = others().filter(|hit| from(hit) > from(&best)).max_by_key(from).unwrap_or(best);
    let is_other = |hit: &&Found<'_>| !hit.is_same(newest);
    let Some(older) = [best].into_iter().chain(others()).find(is_other) else { return (best, None) };
    let dispute = match from(&newest) {
        Some(day) if from(&older) != Some(day) => Dispute::Settled(day),
        _ => Dispute::Open,
    };
    (newest, Some((older, dispute)))
}

/// Whether two passages stand under the same heading in two documents whose titles differ by no more than a date.
fn is_same_matter(one: &Found<'_>, other: &Found<'_>) -> bool {
    if one.document.id == other.document.id || one.passage.kind != other.passage.kind {
        return false;
    }
    let heading = |found: &Found<'_>| {
        let heading = found.passage.heading.rsplit(" > ").next().unwrap_or_default();
        words(found.passage.question.as_deref().unwrap_or(heading))
    };
    words(&one.document.title) == words(&other.document.title) && heading(one) == heading(other)
}

/// The words of a title, each once, without those that date it.
fn words(title: &str) -> Vec<String> {
    const DATING: [&str; 14] =
        ["년", "월", "일", "기준", "상반기", "상반", "하반기", "하반", "분기", "개정", "변경", "시행", "최신", "안내"];
    let mut words = tokens::stems(title);
    words.retain(|word| !word.starts_with(|c: char| c.is_ascii_digit()) && !DATING.contains(&word.as_str()));
    words.sort_unstable();
    words.dedup();
    words
}

/// Whether two passages say much the same with other figures.
fn contradicts(one: &Found<'_>, other: &Found<'_>) -> bool {
    /// The share of the pairs of characters of both that both have.
    const SHARED_MIN: f32 = 0.5;
    let pairs = |found: &Found<'_>| -> HashSet<String> { tokens::bigrams(&found.passage.text).into_iter().collect() };
    let (ours, theirs) = (pairs(one), pairs(other));
    let shared = ours.intersection(&theirs).count() as f32;
    if shared < SHARED_MIN * ours.union(&theirs).count() as f32 {
        return false;
    }
    let figures = |found: &Found<'_>| {
        let mut figures = guard::digits(&found.passage.text);
        figures.sort_unstable();
        figures
    };
    figures(one) != figures(other)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::knowledge::Document;
    use crate::knowledge::Passage;
    use crate::knowledge::PassageKind;

    fn document(id: &str, title: &str, effective_from: Option<Date>) -> Document {
        Document {
            id: id.to_owned(),
            source: format!("{id}.md"),
            title: title.to_owned(),
            category: None,
            domain: String::new(),
            keywords: Vec::new(),
            effective_from,
            effective_until: None,
            sections: Vec::new(),
        }
    }

    fn passage(heading: &str, text: &str) -> Passage {
        let (heading, text) = (heading.to_owned(), text.to_owned());
        Passage { document: 0, section: 0, page: 1, heading, text, kind: PassageKind::Prose, question: None }
    }

    fn found<'e>(document: &'e Document, passage: &'e Passage) -> Found<'e> {
        Found { passage, document, score: 0.9, rank: 1.0, number: 0 }
    }

    #[test]
    fn the_newer_of_two_versions_answers() {
        let [old, new] = [("a", date!(2026 - 01 - 01)), ("b", date!(2026 - 07 - 01))]
            .map(|(id, from)| document(id, "2026년 하반기 신용대출 금리 안내", Some(from)));
        let undated = document("c", "신용대출 금리 안내", None);
        let other = document("d", "전세자금대출 금리 안내", Some(date!(2026 - 07 - 01)));
        let [five, four] = ["연 5.14%입니다.", "연 4.62%입니다."].map(|text| passage("신용대출 금리", text));
        for (best, hit, expected) in [
            ((&old, &five), (&new, &four), ("b", Some(Dispute::Settled(date!(2026 - 07 - 01))))),
            ((&new, &four), (&old, &five), ("b", Some(Dispute::Settled(date!(2026 - 07 - 01))))),
            ((&undated, &five), (&new, &four), ("b", Some(Dispute::Settled(date!(2026 - 07 - 01))))),
            ((&undated, &five), (&undated, &four), ("c", None)),
            ((&old, &five), (&new, &five), ("a", None)),
            ((&old, &five), (&other, &four), ("a", None)),
        ] {
            let hits = [found(best.0, best.1), found(hit.0, hit.1)];
            let (newest, older) = newest(&hits[0], &hits);
            assert_eq!((newest.document.id.as_str(), older.map(|(_, dispute)| dispute)), expected);
        }
        let middle = document("f", "2026년 신용대출 금리 안내", Some(date!(2026 - 04 - 01)));
        let hits = [found(&middle, &five), found(&old, &four), found(&new, &four)];
        assert_eq!(newest(&hits[0], &hits).0.document.id, "b", "the latest of three");
        let twin = document("e", "신용대출 금리 안내", None);
        let hits = [found(&undated, &five), found(&twin, &four)];
        assert_eq!(newest(&hits[0], &hits).1.map(|(_, dispute)| dispute), Some(Dispute::Open));
    }
}
