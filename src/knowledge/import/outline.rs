//! Builds sections out of headings, paragraphs, items and tables in reading order, for every format but Markdown.
//!
//! Where a document uses heading styles, they alone make the outline. Where it uses none, the marks its author typed do
//! (`marks`). The numbering of clauses (제1조) makes headings in either case. No text is lost: a heading with nothing
//! below it becomes a paragraph.

use std::mem;

use crate::knowledge::import::extract::Extracted;
use crate::knowledge::import::extract::Refusal;
use crate::knowledge::import::grid::Grid;
use crate::knowledge::import::marks;
use crate::knowledge::import::marks::Line;
use crate::knowledge::import::source::composed;
use crate::knowledge::pack::Block;
use crate::knowledge::pack::Section;

/// Characters of a document. A book of 2,000 full pages has half as many.
const CHARACTERS_MAX: usize = 8_000_000;
/// Longer texts, and longer sentences, are paragraphs, whatever their style says.
const HEADING_CHARACTERS_MAX: usize = 120;
const SENTENCE_CHARACTERS_MAX: usize = 40;

/// What was read so far.
pub(super) struct Outline {
    title: Option<String>,
    is_styled: bool,
    sections: Vec<(Vec<String>, Section)>,
    /// Open headings, outermost first.
    headings: Vec<(u8, String)>,
    /// The innermost heading has nothing below it yet.
    is_bare: bool,
    blocks: Vec<Block>,
    items: Vec<String>,
    /// Lines of one level that are headings or items: the next line decides.
    candidates: Vec<(u8, String)>,
    page: u32,
    section_page: Option<u32>,
    characters: usize,
    unreadable: usize,
    refusal: Option<Refusal>,
}

impl Outline {
    /// Nothing read yet. `is_styled` says that the document's headings are styled as such.
    pub fn new(is_styled: bool) -> Self {
        Self {
            title: None,
            is_styled,
            sections: Vec::new(),
            headings: Vec::new(),
            is_bare: false,
            blocks: Vec::new(),
            items: Vec::new(),
            candidates: Vec::new(),
            page: 1,
            section_page: None,
            characters: 0,
            unreadable: 0,
            refusal: None,
        }
    }

    /// What follows stands on this page.
    pub fn turn_to(&mut self, page: u32) {
        self.page = page;
    }

    /// The document's title; another one is the outermost heading.
    pub fn title(&mut self, text: &str) {
        let text = self.taken(text).replace('\n', " ");
        match &self.title {
            _ if text.is_empty() => {}
            None => self.title = Some(text),
            Some(title) if *title == text => {}
            Some(_) => self.open_heading(0, text),
        }
    }

    /// A heading; 1 is the outermost level.
    pub fn heading(&mut self, level: u8, text: &str) {
        let text = self.taken(text);
        let characters_max = if marks::is_sentence(&text) { SENTENCE_CHARACTERS_MAX } else { HEADING_CHARACTERS_MAX };
        if text.chars().count() > characters_max {
            self.push_text(text);
        } else if !text.is_empty() && self.title.as_ref() != Some(&text) {
            self.open_heading(level, text.replace('\n', " "));
        }
    }

    /// A paragraph without a style of its own: the mark it begins with tells what it is.
    pub fn text(&mut self, text: &str) {
        let text = self.taken(text);
        if !text.is_empty() {
            self.push_text(text);
        }
    }

    /// An item of a list.
    pub fn item(&mut self, text: &str) {
        let text = self.taken(text);
        if !text.is_empty() {
            self.end_candidates();
            self.push_item(text);
        }
    }

    /// A table. One with a single column or row is text.
    pub fn table(&mut self, grid: Grid) {
        let flat = match grid.flat() {
            Ok(flat) => flat,
            Err(refusal) => {
                self.refusal.get_or_insert(refusal);
                return;
            }
        };
        for caption in &flat.captions {
            self.text(caption);
        }
        let mut rows: Vec<Vec<String>> = flat
            .rows
            .into_iter()
            .map(|row| row.iter().map(|cell| self.taken(cell).replace('\n', " ")).collect())
            .collect();
        let columns = rows.first().map_or(0, Vec::len);
        if rows.len() > 1 && columns > 1 {
            self.end_candidates();
            let header = rows.remove(0);
            self.push_block(Block::Table { header, rows });
            return;
        }
        for row in rows {
            let shown: Vec<_> = row.into_iter().filter(|cell| !cell.is_empty()).collect();
            if !shown.is_empty() {
                self.end_candidates();
                self.push_block(Block::Paragraph(shown.join(" | ")));
            }
        }
    }

    /// Counts a character that could not be decoded and that the text does not show.
    pub fn count_unreadable(&mut self, characters: usize) {
        self.unreadable += characters;
    }

    /// What was read.
    ///
    /// # Errors
    /// When there is no text, or more than a document has.
    pub fn finish(mut self, pages: u32) -> Result<Extracted, Refusal> {
        // A candidate at the very end heads nothing.
        for (_, text) in mem::take(&mut self.candidates) {
            self.push_item(text);
        }
        self.end_bare(0);
        self.end_section();
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        if self.sections.is_empty() {
            return Err(Refusal::new("the document has no text", "write its text into it, or take it out of the pack"));
        }
        if self.title.is_none() && self.sections.len() > 1 {
            self.title = lift_title(&mut self.sections);
        }
        let sections =
            self.sections.into_iter().map(|(path, section)| Section { heading: path.join(" > "), ..section });
        Ok(Extracted {
            title: self.title,
            sections: sections.collect(),
            pages,
            characters: self.characters,
            unreadable: self.unreadable,
        })
    }

    fn push_text(&mut self, text: String) {
        match marks::line(&text) {
            Line::Clause { level, heading, rest } => {
                self.open_heading(level, heading.to_owned());
                if !rest.is_empty() {
                    let rest = rest.to_owned();
                    self.push_text(rest);
                }
            }
            Line::Candidate { level } if !self.is_styled => {
                if self.candidates.first().is_some_and(|(open, _)| *open != level) {
                    self.end_candidates();
                }
                self.candidates.push((level, text));
            }
            Line::Candidate { .. } | Line::Numbered => {
                self.end_candidates();
                self.push_item(text);
            }
            Line::Bullet(item) => {
                let item = item.to_owned();
                self.end_candidates();
                self.push_item(item);
            }
            Line::Text => {
                self.end_candidates();
                self.push_block(Block::Paragraph(text));
            }
        }
    }

    fn push_item(&mut self, text: String) {
        self.begin_contents();
        self.items.push(text);
    }

    fn push_block(&mut self, block: Block) {
        self.end_list();
        self.begin_contents();
        self.blocks.push(block);
    }

    fn begin_contents(&mut self) {
        self.is_bare = false;
        if self.is_on_later_page() {
            self.end_section();
        }
        self.section_page.get_or_insert(self.page);
    }

    /// Whether what begins here stands on a later page than what is above it in its section: answers cite the page, so
    /// the section goes on as another one with the same heading. What a colon announces stays with it.
    fn is_on_later_page(&self) -> bool {
        let is_announced = matches!(self.blocks.last(), Some(Block::Paragraph(text)) if text.ends_with([':', '：']));
        let is_later = self.section_page.is_some_and(|page| page < self.page);
        is_later && !self.blocks.is_empty() && self.items.is_empty() && !is_announced
    }

    /// One candidate heads what follows; several in a row are a list.
    fn end_candidates(&mut self) {
        let mut candidates = mem::take(&mut self.candidates);
        match candidates.pop() {
            Some((level, text)) if candidates.is_empty() => self.open_heading(level, text),
            Some(last) => {
                candidates.push(last);
                for (_, text) in candidates {
                    self.push_item(text);
                }
            }
            None => {}
        }
    }

    fn open_heading(&mut self, level: u8, text: String) {
        self.end_candidates();
        self.end_bare(level);
        self.end_section();
        self.headings.retain(|(open, _)| *open < level);
        self.headings.push((level, text));
        self.is_bare = true;
        self.section_page = Some(self.page);
    }

    /// A heading that nothing stands below, before the next one of this level, was a line of text.
    fn end_bare(&mut self, level: u8) {
        if self.is_bare && self.headings.last().is_some_and(|(open, _)| *open >= level) {
            let (_, text) = self.headings.pop().unwrap_or_default();
            self.push_block(Block::Paragraph(text));
        }
    }

    fn end_list(&mut self) {
        if !self.items.is_empty() {
            self.blocks.push(Block::List(mem::take(&mut self.items)));
        }
    }

    fn end_section(&mut self) {
        self.end_list();
        let page = self.section_page.take().unwrap_or(self.page);
        if self.blocks.is_empty() {
            return;
        }
        let path: Vec<_> = self.headings.iter().map(|(_, heading)| heading.clone()).collect();
        let blocks = mem::take(&mut self.blocks);
        match self.sections.last_mut() {
            // Headings that became paragraphs leave sections of one path behind one another.
            Some((last, section)) if *last == path && section.page == page => section.blocks.extend(blocks),
            Some(_) | None => self.sections.push((path, Section { heading: String::new(), page, blocks })),
        }
    }

    /// The text with plain spaces, composed (NFC), and counted.
    fn taken(&mut self, text: &str) -> String {
        if self.refusal.is_some() {
            return String::new();
        }
        let tidy = tidy(text);
        self.characters += tidy.text.chars().count();
        self.unreadable += tidy.unreadable;
        if self.characters > CHARACTERS_MAX {
            self.refusal = Some(Refusal::new("the document is too long", "split it into several documents"));
        }
        tidy.text
    }
}

/// The outermost heading as the title, when everything stands below that one heading.
fn lift_title(sections: &mut [(Vec<String>, Section)]) -> Option<String> {
    let title = sections.first()?.0.first()?.clone();
    if sections.iter().any(|(path, _)| path.first() != Some(&title)) {
        return None;
    }
    for (path, _) in sections {
        path.remove(0);
    }
    Some(title)
}

struct Tidy {
    text: String,
    unreadable: usize,
}

/// One space between words, no empty lines, no invisible characters. Characters of a font's private meaning are left
/// out and counted, except bullets of symbol fonts, which begin so many lines.
fn tidy(text: &str) -> Tidy {
    let mut unreadable = 0;
    let mut clean = String::with_capacity(text.len());
    for character in text.chars().map(marks::plain) {
        match character {
            '\n' => clean.push('\n'),
            // Soft hyphen, zero-width marks, byte order mark, object replacement.
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}' | '\u{FFFC}' => {}
            '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => unreadable += 1,
            '\u{FFFD}' => {
                unreadable += 1;
                clean.push(character);
            }
            _ if character.is_whitespace() => clean.push(' '),
            _ if character.is_control() => {}
            _ => clean.push(character),
        }
    }
    let lines = clean.split('\n').map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    Tidy { text: composed(&text), unreadable }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(read: &Extracted) -> Vec<&str> {
        read.sections.iter().map(|section| section.heading.as_str()).collect()
    }

    fn texts(is_styled: bool, texts: &[&str]) -> Extracted {
        let mut outline = Outline::new(is_styled);
        for text in texts {
            outline.text(text);
        }
        outline.finish(1).unwrap()
    }

    #[test]
    fn typed_marks_make_headings_and_lists() {
        let read = texts(
            false,
            &[
                "1. 개요",
                "1.1 목적",
                "글입니다.",
                "2. 서류",
                "가. 신분증",
                "나. 재직증명서",
                "3. 기타",
                "- 없음",
                "4. 끝",
            ],
        );
        assert_eq!(headings(&read), ["1. 개요 > 1.1 목적", "2. 서류", "3. 기타"]);
        assert_eq!(read.sections[1].blocks, [Block::List(vec!["가. 신분증".into(), "나. 재직증명서".into()])]);
        assert_eq!(read.sections[2].blocks, [Block::List(vec!["없음".into(), "4. 끝".into()])]);
    }

    #[test]
    fn styled_documents_keep_typed_numbers_as_items_and_clauses_as_headings() {
        let mut outline = Outline::new(true);
        outline.heading(1, "제1장 총칙");
        outline.text("제1조(목적) 이 약관은 목적을 정합니다.");
        outline.text("1. 신분증");
        let read = outline.finish(1).unwrap();
        assert_eq!(headings(&read), ["제1장 총칙 > 제1조(목적)"]);
        let paragraph = Block::Paragraph("이 약관은 목적을 정합니다.".into());
        assert_eq!(read.sections[0].blocks, [paragraph, Block::List(vec!["1. 신분증".into()])]);
    }

    #[test]
    fn the_one_heading_above_everything_is_the_title() {
        let mut outline = Outline::new(true);
        outline.heading(1, "대출 안내");
        outline.text("처음");
        outline.heading(2, "대상");
        outline.turn_to(2);
        outline.text("누구나");
        let read = outline.finish(2).unwrap();
        assert_eq!((read.title.as_deref(), headings(&read)), (Some("대출 안내"), vec!["", "대상"]));
        assert_eq!(read.sections[1].page, 1);
    }

    #[test]
    fn a_section_over_several_pages_is_cited_by_the_page_of_each_part() {
        let mut outline = Outline::new(true);
        outline.heading(1, "대상");
        outline.text("처음");
        outline.item("하나");
        outline.turn_to(2);
        outline.item("둘");
        outline.text("둘째 쪽");
        outline.text("서류:");
        outline.turn_to(3);
        outline.item("신분증");
        outline.text("셋째 쪽");
        let read = outline.finish(3).unwrap();
        let parts: Vec<_> = read.sections.iter().map(|part| (&*part.heading, part.page, part.blocks.len())).collect();
        // A list that goes on stays whole, and so does a list with what announces it.
        assert_eq!((read.title.as_deref(), parts), (Some("대상"), vec![("", 1, 2), ("", 2, 3), ("", 3, 1)]));
    }

    #[test]
    fn a_heading_without_contents_is_not_lost() {
        let mut outline = Outline::new(true);
        for text in ["하나", "둘"] {
            outline.heading(1, text);
        }
        outline.heading(2, "셋");
        outline.text("글");
        outline.heading(1, "넷");
        let read = outline.finish(1).unwrap();
        assert_eq!(headings(&read), ["", "둘 > 셋", ""]);
        assert_eq!(read.sections[2].blocks, [Block::Paragraph("넷".into())]);
    }

    #[test]
    fn text_is_tidy_and_its_unreadable_characters_are_counted() {
        let read = texts(false, &["가\u{200B}  나\t다\n\n \u{1112}\u{1161}\u{11ab}\u{E123}\u{FFFD}"]);
        assert_eq!(read.sections[0].blocks, [Block::Paragraph("가 나 다\n한\u{FFFD}".into())]);
        assert_eq!((read.characters, read.unreadable), (8, 2));
        assert_eq!(texts(false, &["\u{F0B7} 항목"]).sections[0].blocks, [Block::List(vec!["항목".into()])]);
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert_eq!(Outline::new(false).finish(1).unwrap_err().found, "the document has no text");
        let mut outline = Outline::new(false);
        for _ in 0..10 {
            outline.text(&"가".repeat(1_000_000));
        }
        assert_eq!(outline.finish(1).unwrap_err().found, "the document is too long");
    }
}
