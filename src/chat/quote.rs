//! What of a passage is said: whole sentences, lists and rows, never a part of one.

use foldhash::HashMap;

use crate::chat::duration;
use crate::knowledge::Passage;
use crate::knowledge::PassageKind;
use crate::knowledge::sentences;
use crate::text::normalize::normalize;
use crate::text::reading::Reading;
use crate::text::tokens;

/// A longer passage of prose is quoted in part.
const SENTENCES_MAX: usize = 4;
/// Sentences that lead to the rows of a table.
const LEAD_SENTENCES_MAX: usize = 2;
/// Between the columns of a table's row, as passages are written; a line without it is the table's caption.
const COLUMN_GLUE: &str = " / ";

/// The part of a passage that answers: all of it if it is short; of prose the sentences in a row, and of a table the
/// rows, that say most of what was asked. `own` are the customer's last words, of which `question` may hold more.
pub(super) fn quote(question: &Reading, own: &Reading, passage: &Passage) -> String {
    match passage.kind {
        PassageKind::Faq | PassageKind::List => passage.text.clone(),
        PassageKind::TableRows => {
            let (rows, caption): (Vec<&str>, Vec<&str>) = passage.text.lines().partition(|line| is_row(line));
            let rows = asked_for(question, own, &passage.heading, rows);
            caption.into_iter().chain(rows).collect::<Vec<_>>().join("\n")
        }
        PassageKind::Prose => most_asked(question, &passage.text, SENTENCES_MAX).to_owned(),
    }
}

/// The sentences of the prose beside a table that say something asked for which the rows quoted do not.
pub(super) fn lead<'p>(question: &Reading, rows: &str, prose: &'p Passage) -> Option<&'p str> {
    let asked = Asked::by(question);
    let lead = most_asked(question, &prose.text, LEAD_SENTENCES_MAX);
    let heading = asked.said_in(&prose.heading);
    let says_more = asked.said_in(lead) & !(asked.said_in(rows) | heading) != 0;
    says_more.then_some(lead)
}

/// Whether the last of the sentences quoted speaks of what follows them.
pub(super) fn announces(quotation: &str) -> bool {
    const WORDS: [&str; 8] =
        ["아래 표", "다음 표", "다음과 같", "아래와 같", "아래 금액", "아래 순서", "다음 순서", "아래 방법"];
    // An aside such as "(기준일: 2026년 11월 1일)" stands between the two.
    let last = sentences(quotation).into_iter().rfind(|sentence| !sentence.trim_start().starts_with('('));
    last.is_some_and(|last| WORDS.iter().any(|word| last.contains(word)))
}

/// Whether a quotation is rows alone, which do not say what they are about.
pub(super) fn is_rows(quotation: &str) -> bool {
    quotation.lines().next().is_some_and(is_row)
}

/// The sentences in a row, at most so many, that say most of what was asked.
fn most_asked<'t>(question: &Reading, text: &'t str, sentences_max: usize) -> &'t str {
    let sentences = sentences(text);
    if sentences.len() <= sentences_max {
        return text;
    }
    let asked = Asked::by(question);
    let said: Vec<u128> = sentences.iter().map(|sentence| asked.said_in(sentence)).collect();
    let together = |window: &[u128]| window.iter().fold(0, |all, said| all | said).count_ones();
    // The first of equals: a section opens with what matters most.
    let windows = said.windows(sentences_max).enumerate();
    let best = windows.max_by_key(|(position, window)| (together(window), usize::MAX - position));
    best.map_or(text, |(position, _)| span(text, &sentences[position..position + sentences_max]))
}

/// The rows of a table that a question asks for: those of the term it names, else those whose first cell it names best,
/// else those that say most of it. What stands in every row or above them tells none apart.
fn asked_for<'r>(question: &Reading, own: &Reading, heading: &str, rows: Vec<&'r str>) -> Vec<&'r str> {
    let term = [own, question].into_iter().find_map(|text| duration::months(text.normalized()).pop());
    if let Some(term) = term
        && rows.iter().any(|row| duration::covers(row, term).is_some())
    {
        let of_term: Vec<&str> = rows.iter().copied().filter(|row| duration::covers(row, term) == Some(true)).collect();
        // A table that lacks the term is shown whole rather than answered from beside it.
        return if of_term.is_empty() { rows } else { of_term };
    }
    let first_cell = |row: &str| row.split(COLUMN_GLUE).next().unwrap_or_default().to_owned();
    for asked in [Asked::by(own), Asked::by(question)] {
        let said: Vec<(u128, u128)> =
            rows.iter().map(|row| (asked.said_in(&first_cell(row)), asked.said_in(row))).collect();
        let everywhere = said.iter().fold((u128::MAX, u128::MAX), |all, said| (all.0 & said.0, all.1 & said.1));
        let above = asked.said_in(heading);
        let telling = |said: &(u128, u128)| {
            ((said.0 & !everywhere.0).count_ones(), (said.1 & !(everywhere.1 | above)).count_ones())
        };
        let most = said.iter().map(telling).max().unwrap_or_default();
        if most > (0, 0) {
            let is_asked_for = |(_, said): &(&str, &(u128, u128))| telling(said) == most;
            return rows.iter().copied().zip(&said).filter(is_asked_for).map(|(row, _)| row).collect();
        }
    }
    rows
}

/// Whether a line is a row of a table, as passages are written.
fn is_row(line: &str) -> bool {
    line.contains(COLUMN_GLUE)
}

/// The part of `text` from the first of its sentences given to the last, as it stands there.
fn span<'t>(text: &'t str, sentences: &[&'t str]) -> &'t str {
    let place = |sentence: &&str| sentence.as_ptr() as usize - text.as_ptr() as usize;
    let begin = sentences.first().map_or(0, place);
    let end = sentences.last().map_or(0, |last| place(last) + last.len());
    text.get(begin..end).unwrap_or(text)
}

/// The pairs of characters of a question's telling words, numbered.
struct Asked(HashMap<String, u32>);

impl Asked {
    fn by(question: &Reading) -> Self {
        let mut pairs = HashMap::default();
        let mut add = |pair: &str| {
            let next = pairs.len() as u32;
            // What does not fit into a `u128` is left out: no question of that length hangs on one pair.
            if next < u128::BITS && !pairs.contains_key(pair) {
                pairs.insert(pair.to_owned(), next);
            }
        };
        question.stems().iter().for_each(|stem| tokens::each_bigram(stem, &mut add));
        Self(pairs)
    }

    /// Which of them a text says, one bit each.
    fn said_in(&self, text: &str) -> u128 {
        let mut said = 0;
        tokens::each_bigram(&normalize(text), |pair| {
            if let Some(number) = self.0.get(pair) {
                said |= 1 << number;
            }
        });
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTENSIONS: &str = "대출: 신용대출(일시상환) / 연장 단위: 1년 / 연장할 수 있는 기간: 최장 10년까지\n\
         대출: 전세자금대출 / 연장 단위: 2년 / 연장할 수 있는 기간: 임대차계약을 갱신한 경우\n\
         대출: 주택담보대출 / 연장 단위: 연장 없음 / 연장할 수 있는 기간: 만기까지 나누어 상환";

    fn passage(kind: PassageKind, text: &str) -> Passage {
        let heading = "대출 만기 연장".to_owned();
        Passage { document: 0, section: 0, page: 1, heading, text: text.to_owned(), kind, question: None }
    }

    #[test]
    fn the_row_that_is_named_is_quoted() {
        let table = passage(PassageKind::TableRows, EXTENSIONS);
        let rows: Vec<&str> = EXTENSIONS.lines().collect();
        for (question, expected) in [
            ("전세대출 만기 연장은 몇 년씩 되나요", vec![rows[1]]),
            ("주담대 말고 신용대출 연장이요", vec![rows[0]]),
            ("만기 연장", rows.clone()),
        ] {
            let question = Reading::of(question);
            assert_eq!(quote(&question, &question, &table), expected.join("\n"), "{question:?}");
        }
    }

    #[test]
    fn what_announces_a_table_is_known() {
        assert!(announces("평일에 영업합니다. 저녁 영업점은 아래 표의 시간에 이용하실 수 있습니다."));
        assert!(announces("아래 금액은 정하실 수 있는 최대 한도입니다. (기준일: 2026년 11월 1일)"));
        assert!(!announces("다음과 같이 신청하십시오. 수수료는 없습니다."));
    }

    #[test]
    fn prose_leads_to_rows_where_it_says_more() {
        let prose =
            passage(PassageKind::Prose, "만기 1개월 전부터 하루 전까지 신청하실 수 있습니다. 수수료는 없습니다.");
        let row = "대출: 전세자금대출 / 연장 단위: 2년";
        assert!(lead(&Reading::of("전세대출 연장 언제까지 신청해야 하나요"), row, &prose).is_some());
        assert_eq!(lead(&Reading::of("전세대출 연장 단위"), row, &prose), None);
    }
}
