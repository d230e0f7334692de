//! Documents of the Hangul word processor in its XML format (.hwpx, KS X 6101 OWPML).
//!
//! Elements are told by their local names: the namespaces changed between the format's years. The format has no pages.

use roxmltree::Document;
use roxmltree::Node;

use crate::knowledge::import::extract::Extracted;
use crate::knowledge::import::extract::Refusal;
use crate::knowledge::import::grid::Grid;
use crate::knowledge::import::hangul::Definitions;
use crate::knowledge::import::hangul::Head;
use crate::knowledge::import::hangul::Markup;
use crate::knowledge::import::hangul::Shape;
use crate::knowledge::import::hangul::Writer;
use crate::knowledge::import::numbering::Format;
use crate::knowledge::import::numbering::LEVELS_MAX;
use crate::knowledge::import::numbering::Level;
use crate::knowledge::import::package;
use crate::knowledge::import::package::Package;
use crate::knowledge::import::package::attribute;
use crate::knowledge::import::package::child;

/// Reads one document.
///
/// # Errors
/// When the file is not HWPX, is protected or damaged, or has no text.
pub(super) fn read(bytes: &[u8]) -> Result<Extracted, Refusal> {
    let mut package = Package::open(bytes, ".hwpx")?;
    let manifest = package.part("META-INF/manifest.xml")?.unwrap_or_default();
    if manifest.contains("encryption-data") {
        return Err(Refusal::new("the document is protected by a password", "save it without a password"));
    }
    let sections = section_names(&package);
    if sections.is_empty() {
        return Err(Refusal::other_kind(".hwpx", bytes));
    }
    let header = package.part("Contents/header.xml")?;
    let header = header.as_deref().map(package::xml).transpose()?;
    let definitions = header.as_ref().map(definitions).unwrap_or_default();
    let mut texts = Vec::new();
    for name in &sections {
        texts.extend(package.part(name)?);
    }
    let documents = texts.iter().map(|text| package::xml(text)).collect::<Result<Vec<_>, _>>()?;
    let is_heading = |node: Node<'_, '_>| node.tag_name().name() == "p" && definitions.is_heading(markup(node));
    let is_styled = documents.iter().any(|document| document.descendants().any(is_heading));
    let mut reader = Reader { writer: Writer::new(&definitions, is_styled), is_deleted: false };
    for document in &documents {
        reader.paragraphs(document.root_element());
    }
    reader.writer.outline.finish(1)
}

/// `Contents/section0.xml`, `Contents/section1.xml`, … in the order of their numbers.
fn section_names(package: &Package<'_>) -> Vec<String> {
    let number = |name: &str| name.strip_prefix("Contents/section")?.strip_suffix(".xml")?.parse::<u32>().ok();
    let mut names: Vec<_> = package.names().into_iter().filter_map(|name| Some((number(&name)?, name))).collect();
    names.sort();
    names.into_iter().map(|(_, name)| name).collect()
}

fn number(node: Node<'_, '_>, name: &str) -> Option<u32> {
    attribute(node, name)?.parse().ok()
}

fn markup(paragraph: Node<'_, '_>) -> Markup {
    let id = |name| number(paragraph, name).unwrap_or_default();
    Markup { style: id("styleIDRef"), shape: id("paraPrIDRef") }
}

fn definitions(header: &Document<'_>) -> Definitions {
    let mut definitions = Definitions::default();
    for node in header.descendants().filter(Node::is_element) {
        let Some(id) = number(node, "id") else {
            continue;
        };
        match node.tag_name().name() {
            "style" => {
                definitions.styles.insert(id, attribute(node, "name").unwrap_or_default().to_owned());
            }
            "paraPr" => {
                definitions.shapes.insert(id, shape(node));
            }
            "numbering" => {
                let heads = node.children().filter(|node| node.tag_name().name() == "paraHead");
                definitions.numberings.insert(id, heads.take(LEVELS_MAX).map(level).collect());
            }
            _ => {}
        }
    }
    definitions
}

fn shape(node: Node<'_, '_>) -> Shape {
    let Some(heading) = node.descendants().find(|node| node.tag_name().name() == "heading") else {
        return Shape::default();
    };
    let head = match attribute(heading, "type") {
        Some("OUTLINE") => Head::Outline,
        Some("NUMBER") => Head::Number(number(heading, "idRef").unwrap_or_default()),
        Some("BULLET") => Head::Bullet,
        Some(_) | None => Head::Plain,
    };
    let level = number(heading, "level").unwrap_or_default().min(LEVELS_MAX as u32 - 1);
    Shape { head, level: u8::try_from(level).unwrap_or_default() }
}

fn level(node: Node<'_, '_>) -> Level {
    let format = match attribute(node, "numFormat").unwrap_or("DIGIT") {
        "CIRCLED_DIGIT" => Format::Circled,
        "HANGUL_SYLLABLE" | "CIRCLED_HANGUL_SYLLABLE" => Format::Syllable,
        "HANGUL_JAMO" | "CIRCLED_HANGUL_JAMO" => Format::Jamo,
        "LATIN_SMALL" | "CIRCLED_LATIN_SMALL" => Format::LowerLetter,
        "LATIN_CAPITAL" | "CIRCLED_LATIN_CAPITAL" => Format::UpperLetter,
        "ROMAN_SMALL" => Format::LowerRoman,
        "ROMAN_CAPITAL" => Format::UpperRoman,
        "IDEOGRAPH" | "CIRCLED_IDEOGRAPH" => Format::Ideograph,
        _ => Format::Decimal,
    };
    let start = number(node, "start").unwrap_or(1);
    Level { start, format, text: node.text().unwrap_or_default().replace('^', "%") }
}

/// Walks the sections.
struct Reader<'d> {
    writer: Writer<'d>,
    /// Within text that a tracked change removed; the marks may stand in different paragraphs.
    is_deleted: bool,
}

/// What stands in one paragraph, in order.
enum Part<'a, 'input> {
    Text(String),
    Table(Node<'a, 'input>),
    /// The paragraphs of a text box.
    Box(Node<'a, 'input>),
}

impl Reader<'_> {
    fn paragraphs(&mut self, parent: Node<'_, '_>) {
        for paragraph in parent.children().filter(|node| node.tag_name().name() == "p") {
            for part in self.parts(paragraph) {
                match part {
                    Part::Text(text) => self.writer.paragraph(markup(paragraph), &text),
                    Part::Table(table) => self.table(table),
                    Part::Box(list) => self.paragraphs(list),
                }
            }
        }
    }

    fn parts<'a, 'input>(&mut self, paragraph: Node<'a, 'input>) -> Vec<Part<'a, 'input>> {
        let mut parts = Vec::new();
        self.inline(paragraph, &mut parts);
        parts
    }

    fn inline<'a, 'input>(&mut self, parent: Node<'a, 'input>, parts: &mut Vec<Part<'a, 'input>>) {
        for node in parent.children() {
            let name = node.tag_name().name();
            if node.is_text() {
                if parent.tag_name().name() == "t" && !self.is_deleted {
                    push(parts, node.text().unwrap_or_default());
                }
                continue;
            }
            match name {
                "t" | "run" | "case" => self.inline(node, parts),
                "switch" => {
                    // Alternatives that say the same for programs of different years.
                    let branch = child(node, "case").or_else(|| child(node, "default"));
                    branch.into_iter().for_each(|branch| self.inline(branch, parts));
                }
                "deleteBegin" => self.is_deleted = true,
                "deleteEnd" => self.is_deleted = false,
                _ if self.is_deleted => {}
                "lineBreak" => push(parts, "\n"),
                "tab" | "nbSpace" | "fwSpace" => push(parts, " "),
                "hyphen" => push(parts, "-"),
                // A word with its reading above it, and characters laid over one another.
                "dutmal" => push(parts, child(node, "mainText").and_then(|node| node.text()).unwrap_or_default()),
                "compose" => push(parts, attribute(node, "composeText").unwrap_or_default()),
                "tbl" => parts.push(Part::Table(node)),
                "secPr" => {
                    number(node, "outlineShapeIDRef").into_iter().for_each(|id| self.writer.number_outline_by(id));
                }
                // Headers, footers, notes and comments.
                "ctrl" => {}
                _ => boxes(node, parts),
            }
        }
    }

    fn table(&mut self, table: Node<'_, '_>) {
        let rows = || table.children().filter(|node| node.tag_name().name() == "tr");
        let cells: Vec<_> =
            rows().enumerate().flat_map(|(row, node)| cells(node).map(move |cell| (row, cell))).collect();
        if let [(_, cell)] = cells.as_slice() {
            // A box around text, which is not a table to its reader.
            let list = child(*cell, "subList");
            list.into_iter().for_each(|list| self.paragraphs(list));
            return;
        }
        let mut grid = Grid::new();
        let mut next = [0, 0];
        for (row, cell) in cells {
            if row != next[0] {
                next = [row, 0];
            }
            let pair = |name, [first, second]: [&str; 2]| {
                let node = child(cell, name);
                let number = |name| node.and_then(|node| number(node, name)).map(|number| number as usize);
                [number(first), number(second)]
            };
            let [own_row, own_column] = pair("cellAddr", ["rowAddr", "colAddr"]);
            let [row_span, column_span] = pair("cellSpan", ["rowSpan", "colSpan"]);
            let place = [own_row.unwrap_or(next[0]), own_column.unwrap_or(next[1])];
            let column_span = column_span.unwrap_or(1);
            next[1] = place[1].saturating_add(column_span);
            let text = child(cell, "subList").map(|list| self.lines(list)).unwrap_or_default();
            grid.put(place, [row_span.unwrap_or(1), column_span], text);
        }
        self.writer.table(grid);
    }

    /// The text of a cell, a paragraph a line; a table within it becomes a line for each of its rows.
    fn lines(&mut self, list: Node<'_, '_>) -> String {
        let mut lines = Vec::new();
        for paragraph in list.children().filter(|node| node.tag_name().name() == "p") {
            for part in self.parts(paragraph) {
                match part {
                    Part::Text(text) => lines.push(self.writer.labelled(markup(paragraph), &text)),
                    Part::Box(list) => lines.push(self.lines(list)),
                    Part::Table(table) => {
                        for row in table.children().filter(|node| node.tag_name().name() == "tr") {
                            let lists = cells(row).filter_map(|cell| child(cell, "subList"));
                            lines.push(lists.map(|list| self.lines(list)).collect::<Vec<_>>().join(" "));
                        }
                    }
                }
            }
        }
        lines.retain(|line| !line.trim().is_empty());
        lines.join("\n")
    }
}

fn cells<'a, 'input>(row: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    row.children().filter(|node| node.tag_name().name() == "tc")
}

/// Adds text to the paragraph's last part, or begins another.
fn push(parts: &mut Vec<Part<'_, '_>>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        Some(Part::Table(_) | Part::Box(_)) | None => parts.push(Part::Text(text.to_owned())),
    }
}

/// The text boxes of a drawing, also of one made of several.
fn boxes<'a, 'input>(drawing: Node<'a, 'input>, parts: &mut Vec<Part<'a, 'input>>) {
    for node in drawing.children().filter(Node::is_element) {
        match node.tag_name().name() {
            "drawText" => parts.extend(child(node, "subList").map(Part::Box)),
            _ => boxes(node, parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::import::package::tests::archive;
    use crate::knowledge::pack::Block;

    const HEADER: &str = r#"<hh:head xmlns:hh="hh"><hh:refList>
        <hh:numberings><hh:numbering id="1"><hh:paraHead start="1" level="1" numFormat="DIGIT">^1.</hh:paraHead>
            <hh:paraHead start="1" level="2" numFormat="HANGUL_SYLLABLE">^2.</hh:paraHead></hh:numbering></hh:numberings>
        <hh:paraProperties><hh:paraPr id="0"><hh:heading type="NONE" idRef="0" level="0"/></hh:paraPr>
            <hh:paraPr id="1"><hh:heading type="OUTLINE" idRef="0" level="0"/></hh:paraPr>
            <hh:paraPr id="2"><hh:heading type="NUMBER" idRef="1" level="1"/></hh:paraPr>
            <hh:paraPr id="3"><hh:heading type="BULLET" idRef="1" level="0"/></hh:paraPr></hh:paraProperties>
        <hh:styles><hh:style id="0" name="바탕글"/><hh:style id="1" name="개요 1"/><hh:style id="2" name="제목"/></hh:styles>
        </hh:refList></hh:head>"#;

    fn p(style: u32, shape: u32, runs: &str) -> String {
        format!(r#"<hp:p styleIDRef="{style}" paraPrIDRef="{shape}"><hp:run>{runs}</hp:run></hp:p>"#)
    }

    fn document(header: &str, sections: &[String]) -> Vec<u8> {
        let section = |body| format!(r#"<hs:sec xmlns:hs="hs" xmlns:hp="hp">{body}</hs:sec>"#);
        let sections: Vec<_> = sections.iter().map(section).zip(0..).collect();
        let mut parts = vec![("Contents/header.xml".to_owned(), header.to_owned())];
        parts.extend(sections.into_iter().map(|(body, number)| (format!("Contents/section{number}.xml"), body)));
        let parts: Vec<_> = parts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        archive(&parts)
    }

    fn blocks(body: &str) -> Vec<Block> {
        let mut read = read(&document(HEADER, &[body.to_owned()])).unwrap();
        assert_eq!(read.sections.len(), 1, "{body}");
        read.sections.remove(0).blocks
    }

    fn tc(place: [u32; 2], span: [u32; 2], body: &str) -> String {
        format!(
            r#"<hp:tc><hp:subList>{}</hp:subList><hp:cellAddr colAddr="{}" rowAddr="{}"/><hp:cellSpan colSpan="{}" rowSpan="{}"/></hp:tc>"#,
            p(0, 0, body),
            place[1],
            place[0],
            span[1],
            span[0]
        )
    }

    #[test]
    fn headings_lists_and_sections_are_read_in_order() {
        let first = [
            p(2, 0, "<hp:secPr outlineShapeIDRef=\"1\"/><hp:t>대출 안내</hp:t>"),
            p(1, 1, "<hp:t>대상</hp:t>"),
            p(0, 2, "<hp:t>신분증</hp:t>"),
            p(0, 2, "<hp:t>증명서</hp:t>"),
            p(0, 3, "<hp:t>점</hp:t>"),
        ];
        let later: Vec<_> = (0..10).map(|_| p(1, 1, "<hp:t>절</hp:t>") + &p(0, 0, "<hp:t>글</hp:t>")).collect();
        let sections: Vec<_> = [first.concat()].into_iter().chain(later).collect();
        let read = read(&document(HEADER, &sections)).unwrap();
        assert_eq!(read.title.as_deref(), Some("대출 안내"));
        assert_eq!(read.sections[0].heading, "1. 대상");
        assert_eq!(read.sections[0].blocks, [Block::List(vec!["가. 신분증".into(), "나. 증명서".into(), "점".into()])]);
        assert_eq!(read.sections[10].heading, "11. 절");
    }

    #[test]
    fn the_text_is_what_a_reader_sees() {
        for (runs, expected) in [
            ("<hp:t>가<hp:tab/>나<hp:lineBreak/>다<hp:nbSpace/>라</hp:t>", "가 나\n다 라"),
            ("<hp:t>새<hp:deleteBegin/>옛<hp:deleteEnd/>것</hp:t>", "새것"),
            (
                "<hp:t>글</hp:t><hp:ctrl><hp:footNote><hp:subList><hp:p><hp:run><hp:t>주</hp:t></hp:run></hp:p></hp:subList></hp:footNote></hp:ctrl>",
                "글",
            ),
            (
                "<hp:rect><hp:drawText><hp:subList><hp:p><hp:run><hp:t>상자</hp:t></hp:run></hp:p></hp:subList></hp:drawText></hp:rect>",
                "상자",
            ),
            ("<hp:dutmal><hp:mainText>본말</hp:mainText><hp:subText>덧말</hp:subText></hp:dutmal>", "본말"),
        ] {
            assert_eq!(blocks(&p(0, 0, runs)), [Block::Paragraph(expected.into())], "{runs}");
        }
    }

    #[test]
    fn tables_keep_merged_cells_and_boxes_are_text() {
        let rows = [
            [tc([0, 0], [1, 1], "<hp:t>구분</hp:t>"), tc([0, 1], [1, 1], "<hp:t>금리</hp:t>")].concat(),
            [tc([1, 0], [2, 1], "<hp:t>신용</hp:t>"), tc([1, 1], [1, 1], "<hp:t>4%</hp:t>")].concat(),
            tc([2, 1], [1, 1], "<hp:t>5%</hp:t>"),
        ];
        let table = |rows: &[String]| {
            let rows: String = rows.iter().map(|row| format!("<hp:tr>{row}</hp:tr>")).collect();
            p(0, 0, &format!("<hp:t>앞</hp:t><hp:tbl>{rows}</hp:tbl><hp:t>뒤</hp:t>"))
        };
        let header = vec!["구분".into(), "금리".into()];
        let expected = vec![vec!["신용".into(), "4%".into()], vec!["신용".into(), "5%".into()]];
        let [before, after] = ["앞", "뒤"].map(|text| Block::Paragraph(text.into()));
        assert_eq!(blocks(&table(&rows)), [before.clone(), Block::Table { header, rows: expected }, after.clone()]);
        let boxed = blocks(&table(&[tc([0, 0], [1, 1], "<hp:t>상자</hp:t>")]));
        assert_eq!(boxed, [before, Block::Paragraph("상자".into()), after]);
    }

    #[test]
    fn protected_and_foreign_files_are_refused() {
        let manifest = "<odf:manifest><odf:file-entry><odf:encryption-data/></odf:file-entry></odf:manifest>";
        for (bytes, found) in [
            (archive(&[("META-INF/manifest.xml", manifest)]), "the document is protected by a password"),
            (archive(&[("word/document.xml", "")]), "the file is not a .hwpx document but Word (.docx)"),
            (document(HEADER, &[p(0, 0, "")]), "the document has no text"),
            (document("<!DOCTYPE a []><a/>", &[String::new()]), "its XML has a document type definition"),
        ] {
            assert_eq!(read(&bytes).unwrap_err().found, found);
        }
    }
}
