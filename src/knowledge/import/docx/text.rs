//! The text of a paragraph, as it is shown.

use roxmltree::Node;

use crate::knowledge::import::package::attribute;
use crate::knowledge::import::package::child;

/// What stands in one paragraph.
pub(super) struct Run<'a, 'input> {
    /// Its text; line breaks are `\n`.
    pub text: String,
    /// The text boxes anchored in it.
    pub boxes: Vec<Node<'a, 'input>>,
    /// Characters of symbol fonts that have no meaning elsewhere.
    pub unreadable: usize,
}

impl<'a, 'input> Run<'a, 'input> {
    /// The contents of a paragraph.
    pub fn of(paragraph: Node<'a, 'input>) -> Self {
        let mut run = Self { text: String::new(), boxes: Vec::new(), unreadable: 0 };
        run.inline(paragraph);
        run
    }

    fn inline(&mut self, parent: Node<'a, 'input>) {
        for node in parent.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "t" => self.text.push_str(node.text().unwrap_or_default()),
                "tab" | "ptab" => self.text.push(' '),
                "br" | "cr" => self.text.push('\n'),
                "noBreakHyphen" => self.text.push('-'),
                "sym" => self.symbol(node),
                "txbxContent" => self.boxes.push(node),
                "AlternateContent" => {
                    if let Some(branch) = branch(node) {
                        self.inline(branch);
                    }
                }
                // Deleted or moved away, hidden, field codes, readings above words, and properties.
                "del" | "moveFrom" | "delText" | "instrText" | "rt" | "pPr" | "rPr" | "sdtPr" => {}
                "r" if is_hidden(node) => {}
                _ => self.inline(node),
            }
        }
    }

    /// A character of a symbol font, by its code in that font's private area.
    fn symbol(&mut self, node: Node<'_, '_>) {
        let code = attribute(node, "char").and_then(|code| u32::from_str_radix(code, 16).ok());
        match code.and_then(char::from_u32) {
            Some(character) => self.text.push(character),
            None => self.unreadable += 1,
        }
    }
}

/// The branch of alternatives that say the same thing: the first that shows text, or the last.
pub(super) fn branch<'a, 'input>(alternatives: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    let mut branches = alternatives.children().filter(Node::is_element);
    let shows = |branch: &Node<'_, '_>| branch.descendants().any(|node| node.tag_name().name() == "t");
    branches.clone().find(shows).or_else(|| branches.next_back())
}

/// The children of that name, also where content controls or insertions wrap them.
pub(super) fn wrapped<'a, 'input>(parent: Node<'a, 'input>, name: &str) -> Vec<Node<'a, 'input>> {
    let mut found = Vec::new();
    for node in parent.children().filter(Node::is_element) {
        match node.tag_name().name() {
            own if own == name => found.push(node),
            "sdt" | "sdtContent" | "ins" | "moveTo" | "customXml" => found.extend(wrapped(node, name)),
            _ => {}
        }
    }
    found
}

fn is_hidden(run: Node<'_, '_>) -> bool {
    let vanish = child(run, "rPr").and_then(|properties| child(properties, "vanish"));
    vanish.is_some_and(|vanish| !matches!(attribute(vanish, "val"), Some("0" | "false" | "off")))
}
