//! What the two formats of the Hangul word processor (.hwp, .hwpx) share: a paragraph has a style and a shape, and the
//! shape says whether it counts in the outline, in a numbering or among bullets.

use std::collections::HashMap;

use crate::knowledge::import::grid::Grid;
use crate::knowledge::import::numbering::Counter;
use crate::knowledge::import::numbering::Level;
use crate::knowledge::import::outline::Outline;

/// What stands before a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Head {
    /// Nothing.
    #[default]
    Plain,
    /// A number of the document's outline (개요).
    Outline,
    /// A number of the numbering of this id.
    Number(u32),
    /// A bullet (글머리표).
    Bullet,
}

/// The shape of paragraphs (문단 모양), as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape {
    /// What stands before them.
    pub head: Head,
    /// How deep; 0 is the outermost level.
    pub level: u8,
}

/// How a paragraph is marked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Markup {
    /// The id of its style.
    pub style: u32,
    /// The id of its shape.
    pub shape: u32,
}

/// What the ids in paragraphs stand for.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    /// Names of styles, local or English.
    pub styles: HashMap<u32, String>,
    /// Shapes of paragraphs.
    pub shapes: HashMap<u32, Shape>,
    /// Numberings.
    pub numberings: HashMap<u32, Vec<Level>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Title,
    Heading(u8),
    Item,
    Text,
}

impl Definitions {
    /// Whether paragraphs like this are headings.
    pub fn is_heading(&self, markup: Markup) -> bool {
        matches!(self.kind(markup), Kind::Heading(_))
    }

    fn kind(&self, markup: Markup) -> Kind {
        let name = self.styles.get(&markup.style).map(|name| name.trim().to_lowercase()).unwrap_or_default();
        let number = ["개요 ", "outline ", "제목 ", "heading "]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix)?.trim().parse::<u8>().ok());
        match (number, self.shape(markup)) {
            _ if matches!(name.as_str(), "제목" | "title" | "문서 제목" | "큰제목") => Kind::Title,
            (Some(level), _) => Kind::Heading(level),
            (None, Shape { head: Head::Outline, level }) => Kind::Heading(level + 1),
            (None, Shape { head: Head::Number(_) | Head::Bullet, .. }) => Kind::Item,
            (None, Shape { head: Head::Plain, .. }) => Kind::Text,
        }
    }

    fn shape(&self, markup: Markup) -> Shape {
        self.shapes.get(&markup.shape).copied().unwrap_or_default()
    }
}

/// Writes paragraphs into an outline, counting their numbers.
pub(super) struct Writer<'d> {
    definitions: &'d Definitions,
    counters: HashMap<u32, Counter>,
    /// The numbering of the section's outline.
    outline_numbering: u32,
    /// What was written.
    pub outline: Outline,
}

impl<'d> Writer<'d> {
    /// Nothing written yet. `is_styled` says that the document has headings.
    pub fn new(definitions: &'d Definitions, is_styled: bool) -> Self {
        Self { definitions, counters: HashMap::new(), outline_numbering: 1, outline: Outline::new(is_styled) }
    }

    /// What follows counts its outline by this numbering.
    pub fn number_outline_by(&mut self, numbering: u32) {
        self.outline_numbering = numbering;
    }

    /// One paragraph.
    pub fn paragraph(&mut self, markup: Markup, text: &str) {
        let text = self.labelled(markup, text);
        match self.definitions.kind(markup) {
            Kind::Title => self.outline.title(&text),
            Kind::Heading(level) => self.outline.heading(level, &text),
            // A clause is a heading even where its number is a list's.
            Kind::Item if !text.starts_with('제') => self.outline.item(&text),
            Kind::Item | Kind::Text => self.outline.text(&text),
        }
    }

    /// A paragraph's text after its number. Lines that show nothing are not counted.
    pub fn labelled(&mut self, markup: Markup, text: &str) -> String {
        if text.trim().is_empty() {
            return String::new();
        }
        let shape = self.definitions.shape(markup);
        let numbering = match shape.head {
            Head::Outline => self.outline_numbering,
            Head::Number(numbering) => numbering,
            Head::Plain | Head::Bullet => return text.to_owned(),
        };
        let levels = self.definitions.numberings.get(&numbering).map(Vec::as_slice).unwrap_or_default();
        match self.counters.entry(numbering).or_default().next(levels, usize::from(shape.level)) {
            Some(label) => format!("{label} {text}"),
            None => text.to_owned(),
        }
    }

    /// A table.
    pub fn table(&mut self, grid: Grid) {
        self.outline.table(grid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::import::numbering::Format;

    #[test]
    fn style_names_decide_before_shapes() {
        let names = ["바탕글", "개요 2", "Heading 1", "제목"].into_iter().zip(0..);
        let shapes =
            [Shape::default(), Shape { head: Head::Outline, level: 3 }, Shape { head: Head::Bullet, level: 0 }];
        let definitions = Definitions {
            styles: names.map(|(name, id)| (id, name.to_owned())).collect(),
            shapes: (0..).zip(shapes).collect(),
            numberings: HashMap::new(),
        };
        for (style, shape, expected) in [
            (0, 0, Kind::Text),
            (0, 1, Kind::Heading(4)),
            (0, 2, Kind::Item),
            (1, 1, Kind::Heading(2)),
            (2, 0, Kind::Heading(1)),
            (3, 0, Kind::Title),
            (99, 99, Kind::Text),
        ] {
            assert_eq!(definitions.kind(Markup { style, shape }), expected, "{style} {shape}");
        }
    }

    #[test]
    fn numbers_of_the_outline_stand_before_headings() {
        let level = Level { start: 1, format: Format::Decimal, text: "%1.".into() };
        let definitions = Definitions {
            shapes: HashMap::from([(1, Shape { head: Head::Outline, level: 0 })]),
            numberings: HashMap::from([(1, vec![level])]),
            ..Definitions::default()
        };
        let mut writer = Writer::new(&definitions, true);
        for text in ["대상", "  ", "서류"] {
            writer.paragraph(Markup { style: 0, shape: 1 }, text);
            writer.paragraph(Markup { style: 0, shape: 0 }, "글");
        }
        let read = writer.outline.finish(1).unwrap();
        let headings: Vec<_> = read.sections.iter().map(|section| section.heading.as_str()).collect();
        assert_eq!(headings, ["1. 대상", "2. 서류"]);
    }
}
