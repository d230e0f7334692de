//! Documents cut into passages: the pieces that are searched, cited and quoted.
//!
//! A passage is made of whole blocks or whole sentences, never of parts of them, so whatever is quoted from it is what
//! the document says. Rows of a table carry their column names, and the sentence above the table (often the base date
//! of its rates) goes with them.

use crate::knowledge::pack::Block;
use crate::knowledge::pack::Document;
use crate::knowledge::pack::Pack;

/// What a passage is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassageKind {
    /// Sentences.
    Prose,
    /// Sentences followed by items, one a line, each beginning with `- ` or its number.
    List,
    /// Whole rows of a table, one a line, as `구분: 신용대출 / 금리: 연 4.62%`; a first line without ` / ` is its caption.
    TableRows,
    /// The answer to [`Passage::question`].
    Faq,
}

/// A piece of a document that can be quoted on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Index of the document in [`Pack::documents`].
    pub document: u32,
    /// Index of the section in [`Document::sections`].
    pub section: u32,
    /// The page it begins on; 1 where the format has no pages.
    pub page: u32,
    /// The heading above it; empty where there is none.
    pub heading: String,
    /// What it says.
    pub text: String,
    /// What it is made of.
    pub kind: PassageKind,
    /// The question it answers, where the document puts one.
    pub question: Option<String>,
}

/// Characters up to which blocks are put together. A longer sentence, item or row is still kept whole.
pub const PASSAGE_CHARS_TARGET: usize = 500;

/// A sentence above a table is its caption up to this many characters.
const CAPTION_CHARS_MAX: usize = 120;

/// The passages of one document, as if it were the first of its pack.
pub fn passages_of(document: &Document) -> Vec<Passage> {
    let mut passages = Vec::new();
    cut(document, 0, &mut passages);
    passages
}

/// Cuts every document of a pack, in the pack's order.
pub fn passages(pack: &Pack) -> Vec<Passage> {
    let mut passages = Vec::new();
    for (document, number) in pack.documents.iter().zip(0..) {
        cut(document, number, &mut passages);
    }
    passages
}

/// The sentences of a text, in order, without the white space between them. Together they are the whole text.
///
/// A full stop ends a sentence only before white space and only if it is not part of a decimal, a date
/// (`2026. 11. 1.`), a list number (`1. 신청`) or an abbreviation (`No. 3`), and not inside brackets.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    for line in text.lines() {
        let mut begin = 0;
        let mut bracket_end = 0;
        for (position, character) in line.char_indices() {
            if position < bracket_end {
                continue;
            }
            if let Some(length) = bracketed(&line[position..]) {
                bracket_end = position + length;
                continue;
            }
            if !matches!(character, '.' | '?' | '!' | '。' | '…') {
                continue;
            }
            let end = position + character.len_utf8();
            let after = line[end..].trim_start_matches(['"', '\'', '”', '’', ')', ']']);
            let is_at_space = after.starts_with(char::is_whitespace);
            if is_at_space && (character != '.' || is_full_stop(&line[begin..position], after)) {
                let end = line.len() - after.len();
                push_trimmed(&mut sentences, &line[begin..end]);
                begin = end;
            }
        }
        push_trimmed(&mut sentences, &line[begin..]);
    }
    sentences
}

fn push_trimmed<'a>(sentences: &mut Vec<&'a str>, sentence: &'a str) {
    let sentence = sentence.trim();
    if !sentence.is_empty() {
        sentences.push(sentence);
    }
}

/// Bytes of a bracketed remark at the beginning of `text`; `None` if there is none or it does not close soon.
fn bracketed(text: &str) -> Option<usize> {
    const REMARK_CHARS_MAX: usize = 200;
    let close = match text.chars().next()? {
        '(' => ')',
        '[' => ']',
        '「' => '」',
        _ => return None,
    };
    text.char_indices().take(REMARK_CHARS_MAX).find(|(_, c)| *c == close).map(|(end, _)| end + close.len_utf8())
}

/// Whether the full stop between `before` (its line so far) and `after`, which begins with white space, ends a sentence.
pub fn is_full_stop(before: &str, after: &str) -> bool {
    const ABBREVIATIONS: [&str; 10] = ["no", "vs", "etc", "st", "dr", "mr", "ms", "co", "ltd", "inc"];
    let (earlier, word) = before.rsplit_once(char::is_whitespace).unwrap_or(("", before));
    let word = word.trim_start_matches(['(', '[', '"', '\'', '“', '‘', '※', '-', '·']);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if word.bytes().last().is_some_and(|byte| byte.is_ascii_digit()) {
        let follows_number = after.trim_start().starts_with(|c: char| c.is_ascii_digit());
        let is_list_number = earlier.trim().is_empty();
        let is_in_date = earlier
            .trim_end()
            .strip_suffix('.')
            .is_some_and(|date| date.rsplit(char::is_whitespace).next().is_some_and(is_number));
        // `2026. 11. 1. 기준`, `1. 신청`; but `1588-0000. 평일` ends a sentence.
        return !(is_number(word) && (follows_number || is_list_number || is_in_date) || is_dotted_date(word));
    }
    let is_single_letter = word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    !is_single_letter && !ABBREVIATIONS.contains(&word.to_ascii_lowercase().as_str())
}

/// `2026.11.1`, whose last dot belongs to it.
fn is_dotted_date(word: &str) -> bool {
    let mut parts = 0;
    for part in word.split('.') {
        let is_short_number = matches!(part.len(), 1 | 2 | 4) && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_short_number {
            return false;
        }
        parts += 1;
    }
    parts == 3
}

/// Puts the blocks of one document together.
fn cut(document: &Document, number: u32, passages: &mut Vec<Passage>) {
    for (section, index) in document.sections.iter().zip(0..) {
        let make = |kind, text: String, question: Option<&String>| Passage {
            document: number,
            section: index,
            page: section.page,
            heading: section.heading.clone(),
            text,
            kind,
            question: question.cloned(),
        };
        let mut open = Open::default();
        for block in &section.blocks {
            match block {
                Block::Paragraph(text) => open.add(text, PassageKind::Prose, sentences(text), " "),
                Block::List(items) => {
                    let items: Vec<_> = items.iter().map(|item| item_line(item)).collect();
                    open.add(&items.join("\n"), PassageKind::List, items.iter().map(String::as_str).collect(), "\n");
                }
                Block::Table { header, rows } => {
                    let caption = open.take_caption();
                    let rows: Vec<_> =
                        rows.iter().map(|row| row_line(header, row)).filter(|row| !row.is_empty()).collect();
                    for group in groups(rows.iter().map(String::as_str), "\n") {
                        let caption = caption.as_deref().into_iter();
                        let text = caption.chain([group.as_str()]).collect::<Vec<_>>().join("\n");
                        open.close_with(PassageKind::TableRows, text);
                    }
                }
                Block::Faq { question, answer } => {
                    passages.extend(open.take().map(|(kind, text)| make(kind, text, None)));
                    passages.push(make(PassageKind::Faq, answer.clone(), Some(question)));
                }
            }
        }
        passages.extend(open.take().map(|(kind, text)| make(kind, text, None)));
    }
}

/// Passages of one section, the last of which may still grow.
#[derive(Default)]
struct Open {
    closed: Vec<(PassageKind, String)>,
    kind: Option<PassageKind>,
    text: String,
    /// Bytes of `text` before the last block.
    before_last: usize,
}

impl Open {
    /// Adds a block, given whole and in its units; a block that is too long is put into passages unit by unit.
    fn add(&mut self, whole: &str, kind: PassageKind, units: Vec<&str>, separator: &str) {
        let chars = whole.chars().count();
        // What announces a list stays with it, whatever the length.
        let is_announced = kind == PassageKind::List && self.text.ends_with(':');
        if self.text.chars().count() + chars > PASSAGE_CHARS_TARGET && !is_announced {
            self.close();
        }
        if self.text.is_empty() && chars > PASSAGE_CHARS_TARGET {
            self.closed.extend(groups(units.into_iter(), separator).into_iter().map(|text| (kind, text)));
            return;
        }
        self.before_last = self.text.len();
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(whole);
        self.kind = match (self.kind, kind) {
            (Some(PassageKind::List), _) => Some(PassageKind::List),
            (Some(_) | None, kind) => Some(kind),
        };
    }

    /// The last sentence before a table, if it is one short paragraph; it leaves the passage it stood in.
    fn take_caption(&mut self) -> Option<String> {
        let last = self.text[self.before_last..].trim_start();
        let is_caption = self.kind == Some(PassageKind::Prose) && last.chars().count() <= CAPTION_CHARS_MAX;
        let caption = (is_caption && !last.is_empty()).then(|| last.to_owned());
        if caption.is_some() {
            self.text.truncate(self.before_last);
        }
        self.close();
        caption
    }

    fn close_with(&mut self, kind: PassageKind, text: String) {
        self.close();
        self.closed.push((kind, text));
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.before_last = 0;
        if let Some(kind) = self.kind.take()
            && !text.is_empty()
        {
            self.closed.push((kind, text));
        }
    }

    fn take(&mut self) -> impl Iterator<Item = (PassageKind, String)> + use<> {
        self.close();
        std::mem::take(&mut self.closed).into_iter()
    }
}

/// Joins units into texts of about [`PASSAGE_CHARS_TARGET`] characters.
fn groups<'a>(units: impl Iterator<Item = &'a str>, separator: &str) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    let mut chars = 0;
    for unit in units {
        let unit_chars = unit.chars().count();
        match groups.last_mut() {
            Some(group) if chars + unit_chars <= PASSAGE_CHARS_TARGET => {
                group.push_str(separator);
                group.push_str(unit);
                chars += unit_chars;
            }
            Some(_) | None => {
                groups.push(unit.to_owned());
                chars = unit_chars;
            }
        }
    }
    groups
}

fn item_line(item: &str) -> String {
    if is_numbered(item) { item.to_owned() } else { format!("- {item}") }
}

/// Whether an item begins with its number, as lists have them: `1.`, `가)`, `(2)`, `①`.
fn is_numbered(item: &str) -> bool {
    let mark = item.split(char::is_whitespace).next().unwrap_or_default();
    if item.starts_with(|c| matches!(c, '①'..='⑳' | '㉠'..='㉻' | '❶'..='❿')) {
        return true;
    }
    let Some(number) = mark.strip_suffix(['.', ')']) else { return false };
    let number = number.strip_prefix('(').unwrap_or(number);
    let is_number = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let mut letters = number.chars();
    let is_letter = letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none();
    mark.len() < item.len() && (is_number || is_letter)
}

/// A row that can be read without the rest of its table. Empty cells are left out. A remark over the whole width belongs
/// to no column.
fn row_line(header: &[String], row: &[String]) -> String {
    if let [remark, others @ ..] = row
        && (remark.starts_with(['※', '*']) || remark.ends_with('.'))
        && others.iter().all(String::is_empty)
    {
        return remark.clone();
    }
    let cells = row.iter().zip(header).filter(|(cell, _)| !cell.is_empty());
    let cells = cells.map(|(cell, column)| if column.is_empty() { cell.clone() } else { format!("{column}: {cell}") });
    cells.collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::pack::Section;

    fn cut_blocks(blocks: Vec<Block>) -> Vec<(PassageKind, String)> {
        let document = Document {
            id: "a".into(),
            source: "a.md".into(),
            title: "안내".into(),
            category: None,
            domain: String::new(),
            keywords: Vec::new(),
            effective_from: None,
            effective_until: None,
            sections: vec![Section { heading: "머리".into(), page: 3, blocks }],
        };
        let mut passages = Vec::new();
        cut(&document, 7, &mut passages);
        assert!(passages.iter().all(|passage| (passage.document, passage.page, &*passage.heading) == (7, 3, "머리")));
        passages.into_iter().map(|passage| (passage.kind, passage.text)).collect()
    }

    fn paragraph(text: &str) -> Block {
        Block::Paragraph(text.into())
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn sentences_end_where_a_reader_would_stop() {
        for (text, expected) in [
            ("금리는 연 3.5%입니다. 한도는 1억원입니다.", &["금리는 연 3.5%입니다.", "한도는 1억원입니다."][..]),
            ("2026. 11. 1. 기준입니다. 바뀔 수 있습니다.", &["2026. 11. 1. 기준입니다.", "바뀔 수 있습니다."]),
            ("2026.11.1. 기준 금리입니다. 네.", &["2026.11.1. 기준 금리입니다.", "네."]),
            ("문의는 1588-0000. 평일만 받습니다.", &["문의는 1588-0000.", "평일만 받습니다."]),
            ("1. 신청합니다. 2. 확인합니다.", &["1. 신청합니다.", "2. 확인합니다."]),
            ("되나요? 네! 됩니다… 끝", &["되나요?", "네!", "됩니다…", "끝"]),
            (
                "수수료(예: 0.5%. 단, 면제 가능)는 없습니다. 네.",
                &["수수료(예: 0.5%. 단, 면제 가능)는 없습니다.", "네."],
            ),
            ("\"됩니다.\" 라고 합니다.", &["\"됩니다.\"", "라고 합니다."]),
            ("No. 3 창구와 A. B. 창구", &["No. 3 창구와 A. B. 창구"]),
            ("닫히지 않은 (괄호. 다음 문장.", &["닫히지 않은 (괄호.", "다음 문장."]),
            ("첫 줄\n둘째 줄", &["첫 줄", "둘째 줄"]),
            ("www.gaon.example 또는 앱.", &["www.gaon.example 또는 앱."]),
            ("기다려 주세요... 다음입니다.", &["기다려 주세요...", "다음입니다."]),
            ("총 120만원. 이하 생략.", &["총 120만원.", "이하 생략."]),
            ("", &[]),
            (" . ", &["."]),
        ] {
            assert_eq!(sentences(text), expected, "{text:?}");
        }
    }

    #[test]
    fn sentences_lose_nothing_but_white_space() {
        for text in [
            "가. 나? 다! (라. 마) 1. 2. 3.5 2026. 1. 2. 「바. 사」 아…자. ",
            ").(.[.」.「. . ? \" . \u{3000}가.\u{a0}나",
        ] {
            let squeezed = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(squeezed(&sentences(text).concat()), squeezed(text));
        }
    }

    #[test]
    fn short_blocks_of_a_section_are_one_passage() {
        let blocks =
            vec![paragraph("서류는 다음과 같습니다."), Block::List(strings(&["신분증", "통장"])), paragraph("끝.")];
        let text = "서류는 다음과 같습니다.\n- 신분증\n- 통장\n끝.";
        assert_eq!(cut_blocks(blocks), [(PassageKind::List, text.to_owned())]);
    }

    #[test]
    fn items_show_their_own_numbers_or_a_hyphen() {
        for (item, expected) in [
            ("신분증", "- 신분증"),
            ("1. 신청", "1. 신청"),
            ("12) 신청", "12) 신청"),
            ("(2) 신청", "(2) 신청"),
            ("가. 신청", "가. 신청"),
            ("나) 신청", "나) 신청"),
            ("① 신청", "① 신청"),
            ("Ⅳ. 신청", "Ⅳ. 신청"),
            ("2026. 11. 1. 시행", "- 2026. 11. 1. 시행"),
            ("신청(앱) 가능", "- 신청(앱) 가능"),
            ("가.", "- 가."),
        ] {
            assert_eq!(item_line(item), expected);
        }
    }

    #[test]
    fn a_long_paragraph_is_cut_between_sentences() {
        let sentence = format!("{}다.", "가".repeat(198));
        let text = [sentence.as_str(); 5].join(" ");
        let passages = cut_blocks(vec![paragraph(&text)]);
        let two = [sentence.as_str(); 2].join(" ");
        assert_eq!(passages.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), [&two, &two, &sentence]);
        let endless = "가".repeat(3_000);
        assert_eq!(cut_blocks(vec![paragraph(&endless)]), [(PassageKind::Prose, endless.clone())]);
    }

    #[test]
    fn a_table_is_quoted_row_by_row_under_its_caption() {
        let table = |rows: Vec<Vec<String>>| Block::Table { header: strings(&["구분", "금리", ""]), rows };
        let blocks = vec![
            paragraph("금리는 다음과 같습니다. (기준일: 2026년 11월 1일)"),
            table(vec![
                strings(&["신용대출", "연 4.62%", "변동"]),
                strings(&["카드론", "", ""]),
                strings(&["※ 세전 기준", "", ""]),
            ]),
            paragraph("바뀔 수 있습니다."),
        ];
        let rows = "금리는 다음과 같습니다. (기준일: 2026년 11월 1일)\n\
                    구분: 신용대출 / 금리: 연 4.62% / 변동\n구분: 카드론\n※ 세전 기준";
        let expected =
            [(PassageKind::TableRows, rows.to_owned()), (PassageKind::Prose, "바뀔 수 있습니다.".to_owned())];
        assert_eq!(cut_blocks(blocks), expected);

        let long = table((0..60).map(|row| strings(&[&format!("상품 {row}"), "연 1.00%", ""])).collect());
        let passages = cut_blocks(vec![paragraph("설명."), paragraph("표."), long]);
        assert_eq!(passages[0], (PassageKind::Prose, "설명.".to_owned()));
        assert!(passages.len() > 3);
        assert!(
            passages[1..].iter().all(|(_, text)| text.starts_with("표.\n구분: 상품 ") && text.chars().count() < 560)
        );
    }

    #[test]
    fn a_question_is_a_passage_of_its_own() {
        let faq = Block::Faq { question: "되나요?".into(), answer: "됩니다.".into() };
        let kinds: Vec<_> = cut_blocks(vec![paragraph("앞."), faq, paragraph("뒤.")]);
        let expected = [(PassageKind::Prose, "앞."), (PassageKind::Faq, "됩니다."), (PassageKind::Prose, "뒤.")];
        assert_eq!(kinds, expected.map(|(kind, text)| (kind, text.to_owned())));
    }
}
