//! What a paragraph is by its style: title, heading or text, and the list it counts in.

use std::collections::HashMap;

use roxmltree::Document;
use roxmltree::Node;

use crate::knowledge::import::numbering::Counter;
use crate::knowledge::import::numbering::Format;
use crate::knowledge::import::numbering::LEVELS_MAX;
use crate::knowledge::import::numbering::Level;
use crate::knowledge::import::package::attribute;
use crate::knowledge::import::package::child;
use crate::knowledge::import::package::value;

/// Styles based on styles. More are a loop.
const CHAIN_MAX: usize = 20;

/// What a paragraph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The document's title.
    Title,
    /// A heading; 1 is the outermost level.
    Heading(u8),
    /// A line of a table of contents.
    Contents,
    /// Anything else.
    Text,
}

/// The document's styles and numberings.
#[derive(Default)]
pub(super) struct Styles<'a> {
    styles: HashMap<&'a str, Style<'a>>,
    /// Numberings by the number paragraphs refer to.
    lists: HashMap<&'a str, List<'a>>,
    abstracts: HashMap<&'a str, Vec<LinkedLevel<'a>>>,
}

#[derive(Default, Clone)]
struct Style<'a> {
    name: String,
    based_on: Option<&'a str>,
    outline_level: Option<u8>,
    list: Option<&'a str>,
    list_level: Option<usize>,
}

struct List<'a> {
    numbering: &'a str,
    /// Levels that this list begins with another number.
    starts: Vec<(usize, u32)>,
}

struct LinkedLevel<'a> {
    level: Level,
    style: Option<&'a str>,
}

/// Where a paragraph counts.
pub(super) struct Place<'s, 'a> {
    list: &'a str,
    numbering: &'a str,
    starts: &'s [(usize, u32)],
    levels: Vec<Level>,
    level: usize,
}

impl<'a> Styles<'a> {
    /// The styles and numberings of these parts.
    pub fn new(styles: Option<&'a Document<'_>>, numbering: Option<&'a Document<'_>>) -> Self {
        let mut this = Self::default();
        for node in styles.iter().flat_map(|document| document.root_element().children()) {
            if let Some(id) = attribute(node, "styleId").filter(|_| node.tag_name().name() == "style") {
                this.styles.insert(id, style(node));
            }
        }
        if let Some(numbering) = numbering {
            this.add_numberings(numbering.root_element());
        }
        this
    }

    fn add_numberings(&mut self, root: Node<'a, '_>) {
        let nodes = |name: &'static str| {
            let children = root.children().filter(move |node| node.tag_name().name() == name);
            children.filter_map(move |node| {
                Some((attribute(node, if name == "num" { "numId" } else { "abstractNumId" })?, node))
            })
        };
        // A list style keeps its levels in the numbering that says it is that style's.
        let linked: HashMap<_, _> =
            nodes("abstractNum").filter_map(|(id, node)| Some((value(node, "styleLink")?, id))).collect();
        let mut aliases = HashMap::new();
        for (id, node) in nodes("abstractNum") {
            if let Some(&other) = value(node, "numStyleLink").and_then(|style| linked.get(style)) {
                aliases.insert(id, other);
            }
            self.abstracts.insert(id, levels(node));
        }
        for (id, node) in nodes("num") {
            let Some(numbering) = value(node, "abstractNumId") else {
                continue;
            };
            let overrides = node.children().filter(|node| node.tag_name().name() == "lvlOverride");
            let starts = overrides.filter_map(|node| {
                let start = value(node, "startOverride")?.parse().ok()?;
                Some((attribute(node, "ilvl")?.parse().ok()?, start))
            });
            let numbering = aliases.get(numbering).copied().unwrap_or(numbering);
            self.lists.insert(id, List { numbering, starts: starts.collect() });
        }
    }

    /// What a paragraph is.
    pub fn kind(&self, paragraph: Node<'_, '_>) -> Kind {
        let properties = child(paragraph, "pPr");
        let style = properties.and_then(|properties| value(properties, "pStyle"));
        let direct = properties.and_then(|properties| outline_level(properties));
        if let Some(level) = direct {
            return if level < 9 { Kind::Heading(level + 1) } else { Kind::Text };
        }
        for style in self.chain(style) {
            let name = style.name.as_str();
            let number = ["heading ", "제목 "].iter().find_map(|prefix| name.strip_prefix(prefix)?.parse::<u8>().ok());
            match (number, style.outline_level) {
                _ if name.starts_with("toc ") || name == "table of figures" => return Kind::Contents,
                _ if matches!(name, "title" | "제목") => return Kind::Title,
                (_, Some(level)) => return if level < 9 { Kind::Heading(level + 1) } else { Kind::Text },
                (Some(level), None) => return Kind::Heading(level),
                (None, None) => {}
            }
        }
        // Without a styles part the style's id is all there is.
        let id = style.filter(|id| !self.styles.contains_key(id)).unwrap_or_default();
        match id.strip_prefix("Heading").map(str::parse) {
            Some(Ok(level)) => Kind::Heading(level),
            _ if id == "Title" => Kind::Title,
            _ => Kind::Text,
        }
    }

    /// The list a paragraph counts in; `None` for one outside lists.
    pub fn numbering(&self, paragraph: Node<'a, '_>) -> Option<Place<'_, 'a>> {
        let properties = child(paragraph, "pPr")?;
        let style_id = value(properties, "pStyle");
        let direct = child(properties, "numPr");
        let mut list = direct.and_then(|direct| value(direct, "numId"));
        let mut level = direct.and_then(|direct| value(direct, "ilvl")).and_then(|level| level.parse().ok());
        for style in self.chain(style_id) {
            list = list.or(style.list);
            level = level.or(style.list_level);
        }
        let list = list.filter(|list| *list != "0")?;
        let List { numbering, starts } = self.lists.get(list)?;
        let linked = self.abstracts.get(numbering)?;
        let by_style = || linked.iter().position(|level| level.style.is_some() && level.style == style_id);
        let level = level.or_else(by_style).unwrap_or_default().min(LEVELS_MAX - 1);
        let levels = linked.iter().map(|linked| linked.level.clone()).collect();
        Some(Place { list, numbering, starts, levels, level })
    }

    /// A style and those it is based on.
    fn chain(&self, id: Option<&str>) -> impl Iterator<Item = &Style<'a>> {
        let first = id.and_then(|id| self.styles.get(id));
        std::iter::successors(first, |style| self.styles.get(style.based_on?)).take(CHAIN_MAX)
    }
}

impl<'a> Place<'_, 'a> {
    /// Counts the paragraph and returns the number shown before it; `None` for bullets.
    pub fn label(&self, counters: &mut HashMap<&'a str, Counter>) -> Option<String> {
        let starts = self.starts.iter().find(|(level, _)| *level == self.level);
        let Some((_, start)) = starts else {
            // Lists of one numbering go on counting where the last one stopped.
            return counters.entry(self.numbering).or_default().next(&self.levels, self.level);
        };
        let mut levels = self.levels.clone();
        if let Some(level) = levels.get_mut(self.level) {
            level.start = *start;
        }
        counters.entry(self.list).or_default().next(&levels, self.level)
    }

    /// Whether anything, a number or a bullet, stands before the paragraph.
    pub fn is_list(&self) -> bool {
        self.levels.get(self.level).is_some_and(|level| level.format != Format::Unnumbered || !level.text.is_empty())
    }
}

fn style<'a>(node: Node<'a, '_>) -> Style<'a> {
    let properties = child(node, "pPr");
    let list = properties.and_then(|properties| child(properties, "numPr"));
    Style {
        name: value(node, "name").unwrap_or_default().to_lowercase(),
        based_on: value(node, "basedOn"),
        outline_level: properties.and_then(|properties| outline_level(properties)),
        list: list.and_then(|list| value(list, "numId")),
        list_level: list.and_then(|list| value(list, "ilvl")).and_then(|level| level.parse().ok()),
    }
}

fn outline_level(properties: Node<'_, '_>) -> Option<u8> {
    value(properties, "outlineLvl")?.parse().ok()
}

fn levels<'a>(numbering: Node<'a, '_>) -> Vec<LinkedLevel<'a>> {
    let nodes = numbering.children().filter(|node| node.tag_name().name() == "lvl").take(LEVELS_MAX);
    nodes
        .map(|node| LinkedLevel {
            level: Level {
                start: value(node, "start").and_then(|start| start.parse().ok()).unwrap_or(1),
                format: format(value(node, "numFmt").unwrap_or("decimal")),
                text: value(node, "lvlText").unwrap_or_default().to_owned(),
            },
            style: value(node, "pStyle"),
        })
        .collect()
}

/// Number formats by their names in ISO/IEC 29500-1, 17.18.59.
fn format(name: &str) -> Format {
    match name {
        "bullet" | "none" => Format::Unnumbered,
        "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" => Format::Circled,
        "ganada" => Format::Syllable,
        "chosung" => Format::Jamo,
        "lowerLetter" => Format::LowerLetter,
        "upperLetter" => Format::UpperLetter,
        "lowerRoman" => Format::LowerRoman,
        "upperRoman" => Format::UpperRoman,
        "ideographDigital" | "chineseCounting" | "japaneseCounting" | "koreanDigital2" => Format::Ideograph,
        _ => Format::Decimal,
    }
}
