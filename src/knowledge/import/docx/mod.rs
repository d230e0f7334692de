//! Word documents (.docx, ISO/IEC 29500 WordprocessingML).
//!
//! The body is read as a person sees the finished document: inserted text and not deleted text, one of the branches
//! that say the same for old and new programs, no hidden text, no notes, headers or tables of contents. The format has
//! no pages. Elements are told by their local names, so that the strict and the transitional variant read alike.

mod styles;
mod text;

use std::collections::HashMap;

use roxmltree::Document;
use roxmltree::Node;

use crate::knowledge::import::docx::styles::Kind;
use crate::knowledge::import::docx::styles::Styles;
use crate::knowledge::import::docx::text::Run;
use crate::knowledge::import::extract::Extracted;
use crate::knowledge::import::extract::Refusal;
use crate::knowledge::import::grid::Grid;
use crate::knowledge::import::numbering::Counter;
use crate::knowledge::import::outline::Outline;
use crate::knowledge::import::package;
use crate::knowledge::import::package::Package;
use crate::knowledge::import::package::attribute;
use crate::knowledge::import::package::child;
use crate::knowledge::import::package::value;

/// Reads one document.
///
/// # Errors
/// When the file is not a Word document, is protected or damaged, or has no text.
pub(super) fn read(bytes: &[u8]) -> Result<Extracted, Refusal> {
    let mut package = Package::open(bytes, ".docx")?;
    let main = target(&mut package, "_rels/.rels", "", "/officeDocument")?.unwrap_or("word/document.xml".to_owned());
    let Some(body) = package.part(&main)? else {
        return Err(Refusal::other_kind(".docx", bytes));
    };
    let (folder, name) = main.rsplit_once('/').unwrap_or(("", &main));
    let relations = format!("{folder}/_rels/{name}.rels");
    let mut part = |kind: &str| match target(&mut package, &relations, folder, kind)? {
        Some(path) => package.part(&path),
        None => Ok(None),
    };
    let styles = part("/styles")?;
    let numbering = part("/numbering")?;
    let styles = styles.as_deref().map(package::xml).transpose()?;
    let numbering = numbering.as_deref().map(package::xml).transpose()?;
    let document = package::xml(&body)?;
    let Some(body) = child(document.root_element(), "body") else {
        return Err(Refusal::other_kind(".docx", bytes));
    };
    let styles = Styles::new(styles.as_ref(), numbering.as_ref());
    let is_styled = paragraphs(&document).any(|paragraph| matches!(styles.kind(paragraph), Kind::Heading(_)));
    let mut reader = Reader { styles, outline: Outline::new(is_styled), counters: HashMap::new() };
    reader.blocks(body);
    reader.outline.finish(1)
}

/// The path of the part a part refers to by a kind of relation; `None` where it refers to none.
fn target(package: &mut Package<'_>, relations: &str, folder: &str, kind: &str) -> Result<Option<String>, Refusal> {
    let Some(text) = package.part(relations)? else {
        return Ok(None);
    };
    let document = package::xml(&text)?;
    let relation = document
        .root_element()
        .children()
        .find(|node| attribute(*node, "Type").is_some_and(|name| name.ends_with(kind)));
    Ok(relation.and_then(|node| attribute(node, "Target")).map(|target| match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None if folder.is_empty() => target.to_owned(),
        None => format!("{folder}/{target}"),
    }))
}

fn paragraphs<'a, 'input>(document: &'a Document<'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    document.descendants().filter(|node| node.tag_name().name() == "p" && node.is_element())
}

/// Walks the body.
struct Reader<'a> {
    styles: Styles<'a>,
    outline: Outline,
    /// The current numbers of every abstract numbering.
    counters: HashMap<&'a str, Counter>,
}

impl<'a> Reader<'a> {
    /// Block-level content: paragraphs, tables, and what wraps them.
    fn blocks<'input>(&mut self, parent: Node<'a, 'input>) {
        for node in parent.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "p" => self.paragraph(node),
                "tbl" => self.table(node),
                "sdt" if is_contents(node) => {}
                "sdt" | "sdtContent" | "ins" | "moveTo" | "customXml" | "smartTag" => self.blocks(node),
                "AlternateContent" => {
                    if let Some(branch) = text::branch(node) {
                        self.blocks(branch);
                    }
                }
                _ => {}
            }
        }
    }

    fn paragraph(&mut self, node: Node<'a, '_>) {
        let kind = self.styles.kind(node);
        if kind == Kind::Contents {
            return;
        }
        let run = Run::of(node);
        self.outline.count_unreadable(run.unreadable);
        // An empty paragraph shows no number, and Word does not count it.
        let numbering = if run.text.trim().is_empty() { None } else { self.styles.numbering(node) };
        let label = numbering.as_ref().and_then(|place| place.label(&mut self.counters));
        let labelled = label.as_ref().map(|label| format!("{label} {}", run.text));
        let text = labelled.as_ref().unwrap_or(&run.text);
        match kind {
            Kind::Title => self.outline.title(text),
            Kind::Heading(level) => self.outline.heading(level, text),
            // A clause is a heading even where its number is a list's.
            Kind::Text if label.as_ref().is_some_and(|label| label.starts_with('제')) => self.outline.text(text),
            Kind::Text if numbering.is_some_and(|place| place.is_list()) => self.outline.item(text),
            Kind::Text | Kind::Contents => self.outline.text(text),
        }
        for text_box in run.boxes {
            self.blocks(text_box);
        }
    }

    fn table(&mut self, node: Node<'a, '_>) {
        let rows: Vec<_> = text::wrapped(node, "tr").into_iter().filter(|row| !is_deleted_row(*row)).collect();
        if let [row] = rows.as_slice()
            && let [cell] = text::wrapped(*row, "tc").as_slice()
        {
            // A box around text, which is not a table to its reader.
            self.blocks(*cell);
            return;
        }
        let mut grid = Grid::new();
        for (number, row) in rows.into_iter().enumerate() {
            let skipped = child(row, "trPr").and_then(|properties| value(properties, "gridBefore")).and_then(count);
            let mut column = skipped.unwrap_or_default();
            for cell in text::wrapped(row, "tc") {
                let properties = child(cell, "tcPr");
                let span = properties.and_then(|properties| value(properties, "gridSpan")).and_then(count).unwrap_or(1);
                let merge = properties.and_then(|properties| child(properties, "vMerge"));
                if merge.is_some_and(|merge| attribute(merge, "val") != Some("restart")) {
                    grid.extend_down([number, column], span);
                } else {
                    let text = self.cell(cell);
                    grid.put([number, column], [1, span], text);
                }
                column = column.saturating_add(span.max(1));
            }
        }
        self.outline.table(grid);
    }

    /// The text of a cell, a paragraph a line; a table within it becomes a line for each of its rows.
    fn cell(&mut self, cell: Node<'a, '_>) -> String {
        let mut lines = Vec::new();
        for node in cell.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "p" => {
                    let run = Run::of(node);
                    self.outline.count_unreadable(run.unreadable);
                    let place = if run.text.trim().is_empty() { None } else { self.styles.numbering(node) };
                    let label = place.and_then(|place| place.label(&mut self.counters));
                    lines.push(label.map_or(run.text.clone(), |label| format!("{label} {}", run.text)));
                    lines.extend(run.boxes.into_iter().map(|text_box| self.cell(text_box)));
                }
                "tbl" => {
                    for row in text::wrapped(node, "tr") {
                        let cells: Vec<_> = text::wrapped(row, "tc").into_iter().map(|cell| self.cell(cell)).collect();
                        lines.push(cells.join(" "));
                    }
                }
                "sdt" | "sdtContent" | "ins" | "moveTo" | "customXml" | "smartTag" => lines.push(self.cell(node)),
                _ => {}
            }
        }
        lines.retain(|line| !line.trim().is_empty());
        lines.join("\n")
    }
}

fn count(number: &str) -> Option<usize> {
    number.parse().ok()
}

/// Whether a content control holds a table of contents.
fn is_contents(node: Node<'_, '_>) -> bool {
    let part = child(node, "sdtPr").and_then(|properties| child(properties, "docPartObj"));
    part.and_then(|part| value(part, "docPartGallery")) == Some("Table of Contents")
}

fn is_deleted_row(row: Node<'_, '_>) -> bool {
    child(row, "trPr").is_some_and(|properties| child(properties, "del").is_some())
}

#[cfg(test)]
mod tests;
