//! Markdown documents: headings become sections; paragraphs, lists, tables and questions with answers become blocks.
//!
//! What is read is what a customer may be shown, so markup leaves only its text behind, and a block that would be lost
//! (raw HTML) refuses the file instead.

use std::mem;

use pulldown_cmark::Event;
use pulldown_cmark::HeadingLevel;
use pulldown_cmark::Options;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use pulldown_cmark::TagEnd;

use crate::knowledge::import::ImportReport;
use crate::knowledge::import::front_matter;
use crate::knowledge::import::slug;
use crate::knowledge::pack::Block;
use crate::knowledge::pack::Document;
use crate::knowledge::pack::Section;

/// Reads one document. `source` is its path below `documents/`, `file` its path in the pack.
/// Problems go to the report; the document is still returned, so that references to it can be checked.
pub(super) fn document(file: &str, source: &str, text: &str, report: &mut ImportReport) -> Document {
    let (front, body) = front_matter::split(file, text, report);
    let mut reader = Reader::new(front.title.clone());
    for (event, range) in Parser::new_ext(body, Options::ENABLE_TABLES).into_offset_iter() {
        if let Err((found, remedy)) = reader.take(event, &body[range.clone()]) {
            let newlines = body[..range.start].bytes().filter(|&byte| byte == b'\n').count();
            let line = front.lines.saturating_add(u32::try_from(newlines + 1).unwrap_or(u32::MAX));
            report.refuse_file(file, Some(line), found, remedy);
        }
    }
    let (title, sections) = reader.finish();
    if sections.is_empty() {
        report.refuse_file(file, None, "the document has no text", "write its text below the front matter");
    }
    Document {
        id: slug(source),
        source: source.to_owned(),
        title: title.unwrap_or_else(|| stem(source).to_owned()),
        category: front.category,
        domain: front.domain.unwrap_or_default(),
        keywords: front.keywords,
        effective_from: front.effective_from,
        effective_until: front.effective_until,
        sections,
    }
}

/// The file's name without folders and extension.
pub(super) fn stem(source: &str) -> &str {
    let name = source.rsplit('/').next().unwrap_or(source);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Line separator: a line break the author asked for, as opposed to one that only wraps the text.
const HARD_BREAK: char = '\u{2028}';

/// Builds sections out of the parser's events.
struct Reader {
    title: Option<String>,
    sections: Vec<Section>,
    /// Open headings, outermost first.
    headings: Vec<(HeadingLevel, String)>,
    blocks: Vec<Block>,
    /// The text of the innermost open block so far.
    text: String,
    /// The next number of each open list, outermost first; `None` for bullets.
    lists: Vec<Option<u64>>,
    items: Vec<String>,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    cells: Vec<String>,
    /// A question whose answer is expected in the next paragraph.
    question: Option<String>,
}

impl Reader {
    fn new(title: Option<String>) -> Self {
        Self {
            title,
            sections: Vec::new(),
            headings: Vec::new(),
            blocks: Vec::new(),
            text: String::new(),
            lists: Vec::new(),
            items: Vec::new(),
            header: Vec::new(),
            rows: Vec::new(),
            cells: Vec::new(),
            question: None,
        }
    }

    /// Takes one event and the text it stands for; fails with what cannot be read and what to do.
    fn take(&mut self, event: Event<'_>, raw: &str) -> Result<(), (&'static str, &'static str)> {
        match event {
            // The parser drops the cells that are too many.
            Event::Start(Tag::TableRow) if cells_in(raw) > self.header.len() => {
                return Err(("the row has more cells than the table's header", "add a column, or write '|' as '\\|'"));
            }
            Event::Text(text) | Event::Code(text) => self.text.push_str(&text),
            Event::SoftBreak => self.text.push('\n'),
            Event::HardBreak => self.text.push(HARD_BREAK),
            Event::InlineHtml(tag) if tag.to_ascii_lowercase().starts_with("<br") => self.text.push(HARD_BREAK),
            // Other inline tags only change how their text looks.
            Event::InlineHtml(_) => {}
            Event::Html(html) => self.text.push_str(&html),
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => return self.end(tag),
            Event::Rule
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum; every other tag only wraps text")]
    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::List(first) => {
                // The text of the item that holds this list comes before the list's own items.
                self.end_item();
                self.lists.push(*first);
            }
            Tag::Heading { level, .. } => {
                self.end_section();
                self.headings.retain(|(open, _)| open < level);
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum; every other tag only wraps text")]
    fn end(&mut self, tag: TagEnd) -> Result<(), (&'static str, &'static str)> {
        match tag {
            TagEnd::Heading(level) => {
                let heading = self.take_text();
                if level == HeadingLevel::H1 && self.title.as_ref().is_none_or(|title| *title == heading) {
                    self.title = Some(heading);
                } else {
                    self.headings.push((level, heading));
                }
            }
            TagEnd::Paragraph | TagEnd::CodeBlock if !self.lists.is_empty() => self.text.push('\n'),
            TagEnd::Paragraph => self.end_paragraph(),
            TagEnd::CodeBlock => {
                let code = mem::take(&mut self.text).trim_end().replace('\n', &HARD_BREAK.to_string());
                self.text = code;
                let text = self.take_text();
                self.push_paragraph(text);
            }
            TagEnd::Item => self.end_item(),
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() && !self.items.is_empty() {
                    self.end_question();
                    self.blocks.push(Block::List(mem::take(&mut self.items)));
                }
            }
            TagEnd::TableCell => {
                let cell = self.take_text().replace('\n', " ");
                self.cells.push(cell);
            }
            TagEnd::TableHead => self.header = mem::take(&mut self.cells),
            TagEnd::TableRow => self.rows.push(mem::take(&mut self.cells)),
            TagEnd::Table => {
                self.end_question();
                let header = mem::take(&mut self.header);
                self.blocks.push(Block::Table { header, rows: mem::take(&mut self.rows) });
            }
            TagEnd::HtmlBlock => {
                let html = mem::take(&mut self.text);
                if !html.trim_start().starts_with("<!--") {
                    return Err(("HTML is not read", "write it as Markdown"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end_item(&mut self) {
        let text = self.take_text();
        if text.is_empty() {
            return;
        }
        match self.lists.last_mut() {
            Some(Some(number)) => {
                self.items.push(format!("{number}. {text}"));
                *number += 1;
            }
            Some(None) => self.items.push(text),
            // A list that interrupts a paragraph: what was read so far is the paragraph.
            None => self.push_paragraph(text),
        }
    }

    fn end_paragraph(&mut self) {
        if let Some((question, answer)) = faq_of(&self.text) {
            self.text.clear();
            self.end_question();
            match answer {
                Some(answer) => self.blocks.push(Block::Faq { question, answer }),
                None => self.question = Some(question),
            }
            return;
        }
        let text = self.take_text();
        match (self.question.take(), answer_of(&text)) {
            (Some(question), Some(answer)) => {
                let answer = answer.to_owned();
                self.blocks.push(Block::Faq { question, answer });
            }
            (question, _) => {
                self.question = question;
                self.push_paragraph(text);
            }
        }
    }

    fn push_paragraph(&mut self, text: String) {
        self.end_question();
        if !text.is_empty() {
            self.blocks.push(Block::Paragraph(text));
        }
    }

    /// A question that no answer followed is a paragraph like any other.
    fn end_question(&mut self) {
        if let Some(question) = self.question.take() {
            self.blocks.push(Block::Paragraph(question));
        }
    }

    fn end_section(&mut self) {
        self.end_question();
        if self.blocks.is_empty() {
            return;
        }
        let headings: Vec<_> = self.headings.iter().map(|(_, heading)| heading.as_str()).collect();
        self.sections.push(Section { heading: headings.join(" > "), page: 1, blocks: mem::take(&mut self.blocks) });
    }

    /// The text collected so far, with wrapped lines joined and wide space closed up.
    fn take_text(&mut self) -> String {
        let text = mem::take(&mut self.text);
        let lines = text.split(HARD_BREAK).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn finish(mut self) -> (Option<String>, Vec<Section>) {
        self.end_section();
        (self.title, self.sections)
    }
}

/// How many cells a table's row was meant to have.
fn cells_in(row: &str) -> usize {
    let row = row.trim().trim_start_matches('|');
    let bars = row.bytes().zip(row.bytes().skip(1).chain([b' '])).filter(|pair| *pair == (b'\\', b'|')).count();
    let cells = row.bytes().filter(|&byte| byte == b'|').count() - bars;
    if row.ends_with('|') && !row.ends_with("\\|") { cells } else { cells + 1 }
}

/// A paragraph that begins with `Q.` or `문.`, with the answer if it stands in the same paragraph.
fn faq_of(text: &str) -> Option<(String, Option<String>)> {
    let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let question = after_mark(text, &['Q', 'q', '문'])?;
    let split = question.match_indices(['\n', HARD_BREAK]).find_map(|(position, _)| {
        let answer = answer_of(question[position..].trim_start())?;
        Some((&question[..position], answer))
    });
    match split {
        Some((question, answer)) => Some((joined(question), Some(joined(answer)))),
        None => Some((joined(question), None)),
    }
}

fn answer_of(text: &str) -> Option<&str> {
    after_mark(text, &['A', 'a', '답'])
}

/// What follows a mark such as `Q.`, `Q1.` or `Q:`.
fn after_mark<'a>(text: &'a str, marks: &[char]) -> Option<&'a str> {
    let rest = text.strip_prefix(marks)?.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.strip_prefix(['.', ':'])?;
    // 'a.b' is an abbreviation; a mark is followed by a space.
    let trimmed = rest.trim_start();
    (trimmed.len() < rest.len() && !trimmed.is_empty()).then_some(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Document, Vec<String>) {
        let mut report = ImportReport::default();
        let document = document("documents/card/a.md", "card/a.md", text, &mut report);
        (document, report.problems.iter().map(ToString::to_string).collect())
    }

    fn blocks(text: &str) -> Vec<Block> {
        let (mut document, problems) = read(text);
        assert_eq!(problems, Vec::<String>::new(), "{text:?}");
        assert_eq!(document.sections.len(), 1, "{text:?}");
        document.sections.remove(0).blocks
    }

    fn list(items: &[&str]) -> Block {
        Block::List(items.iter().map(ToString::to_string).collect())
    }

    fn paragraph(text: &str) -> Block {
        Block::Paragraph(text.into())
    }

    fn faq(question: &str, answer: &str) -> Block {
        Block::Faq { question: question.into(), answer: answer.into() }
    }

    #[test]
    fn headings_become_sections_and_the_first_one_the_title() {
        let (document, _) =
            read("# 카드 안내\n\n처음\n\n## 한도\n\n### 해외\n\n둘\n\n### 국내\n\n셋\n\n## 빈 곳\n\n## 끝\n\n넷\n");
        let headings: Vec<_> = document.sections.iter().map(|section| section.heading.as_str()).collect();
        assert_eq!((document.title.as_str(), document.id.as_str()), ("카드 안내", "card-a"));
        assert_eq!(headings, ["", "한도 > 해외", "한도 > 국내", "끝"]);
        assert_eq!(read("글\n").0.title, "a");
        assert_eq!(read("---\ntitle: 제목\n---\n# 다른 제목\n\n글\n").0.sections[0].heading, "다른 제목");
    }

    #[test]
    fn blocks_keep_their_text_and_lose_their_markup() {
        for (text, expected) in [
            ("연 **3.5%**\n이며 [앱](https://a)에서  `신청`", vec![paragraph("연 3.5% 이며 앱에서 신청")]),
            ("[대출 > 진행 상황 조회]에서", vec![paragraph("[대출 > 진행 상황 조회]에서")]),
            ("연 3.58%~4.97%~5%", vec![paragraph("연 3.58%~4.97%~5%")]),
            ("가\\\n나<br>다", vec![paragraph("가\n나\n다")]),
            ("> 인용\n\n글", vec![paragraph("인용"), paragraph("글")]),
            ("```\n가  나\n다\n```", vec![paragraph("가 나\n다")]),
            ("- 하나\n  - 안쪽\n- 둘", vec![list(&["하나", "안쪽", "둘"])]),
            ("3. 셋\n4. 넷\n\n   이어서", vec![list(&["3. 셋", "4. 넷 이어서"])]),
            ("서류:\n- 신분증", vec![paragraph("서류:"), list(&["신분증"])]),
            ("<!-- 숨은 글 -->\n\n글", vec![paragraph("글")]),
            ("Q. 되나요?\nA. 됩니다.", vec![faq("되나요?", "됩니다.")]),
            ("**Q1. 되나요?**\n\nA. 됩니다.\n\n글", vec![faq("되나요?", "됩니다."), paragraph("글")]),
            ("문: 되나요?\n\n아니요", vec![paragraph("되나요?"), paragraph("아니요")]),
            ("ATM 안내", vec![paragraph("ATM 안내")]),
        ] {
            assert_eq!(blocks(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_table_keeps_its_header_and_full_rows() {
        let expected = Block::Table {
            header: vec!["구분".into(), "금리".into()],
            rows: vec![vec!["신용대출".into(), "연 4.62%".into()], vec!["카드론".into(), String::new()]],
        };
        assert_eq!(blocks("| 구분 | 금리 |\n|---|---|\n| 신용대출 | **연 4.62%** |\n| 카드론 |\n"), [expected]);
    }

    #[test]
    fn what_would_be_lost_refuses_the_document() {
        let html = read("---\ntitle: 가\n---\n글\n\n<table><tr><td>1</td></tr></table>\n").1;
        assert_eq!(html, ["documents/card/a.md:6: HTML is not read: write it as Markdown"]);
        let wide = read("| 가 | 나 |\n|---|---|\n| 1 | 2 |\n| 1 | 2 | 3 |\n").1;
        assert!(wide[0].starts_with("documents/card/a.md:4: the row has more cells"), "{wide:?}");
        for text in ["", "---\ntitle: 가\n---\n", "# 제목만\n\n## 또\n"] {
            assert!(read(text).1.iter().any(|problem| problem.contains("has no text")), "{text:?}");
        }
    }

    #[test]
    fn hostile_markdown_is_read_in_reasonable_time() {
        for text in
            ["> ".repeat(50_000), "[".repeat(50_000), "- ".repeat(20_000), "*a_".repeat(50_000), "|".repeat(50_000)]
        {
            let started = std::time::Instant::now();
            read(&text);
            assert!(started.elapsed().as_secs() < 10, "{} took {:?}", &text[..4], started.elapsed());
        }
    }
}
