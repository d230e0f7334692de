//! Every key of the configuration, as `config.toml` documents it.

use maud::html as markup;

/// The keys by section: each with its paragraph and the line that sets it.
pub(super) fn body(manual: &str) -> String {
    let mut section = String::new();
    let mut page = String::new();
    for paragraph in paragraphs(manual) {
        let is_key = |line: &&str| key_of(line).is_some();
        let keys: Vec<&str> = paragraph.iter().copied().filter(is_key).collect();
        let text = paragraph.iter().filter(|line| !is_key(line) && table_of(line).is_none()).copied();
        let text = text.collect::<Vec<_>>().join("\n");
        if let Some(table) = paragraph.iter().find_map(|line| table_of(line)) {
            section = table.trim_matches(['[', ']']).to_owned();
            page.push_str(&markup! { h2 id=(section) { code { (table) } } }.into_string());
        }
        // What stands before the first section is about the file itself.
        if section.is_empty() {
            continue;
        }
        let names = keys.iter().filter_map(|line| key_of(line));
        let names = names.map(|key| if key.contains('.') { key.to_owned() } else { format!("{section}.{key}") });
        let shown = markup! {
            @for name in names { h3 id=(name) { code { (name) } } }
            @if !text.is_empty() { p { (text) } }
            @if !keys.is_empty() { pre { code { (keys.join("\n")) } } }
        };
        page.push_str(&shown.into_string());
    }
    page
}

/// The paragraphs, their lines without what makes them comments.
fn paragraphs(manual: &str) -> Vec<Vec<&str>> {
    let mut paragraphs = vec![Vec::new()];
    for line in manual.lines().map(|line| line.trim_start_matches(['#', ' '])) {
        if line.is_empty() {
            paragraphs.push(Vec::new());
        } else if let Some(last) = paragraphs.last_mut() {
            last.push(line);
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// The key a line sets.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(" = ")?;
    let is_key =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || "_.".contains(character);
    key.chars().all(is_key).then_some(key)
}

/// The table that a line begins, with its brackets.
fn table_of(line: &str) -> Option<&str> {
    let is_table = |character: char| character.is_ascii_lowercase() || "_.[]".contains(character);
    (line.starts_with('[') && line.ends_with(']') && line.chars().all(is_table)).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_paragraph_and_its_line() {
        let page = body(
            "# About.\n\n[server]\n\n# Where to <listen>.\n# Default 1.\nlisten = 1\n\n# [[edge.proxy]]\n#\n# # Path.\n# prefix = \"/\"\n",
        );
        assert!(!page.contains("About"), "{page}");
        assert!(
            page.contains(
                "<h3 id=\"server.listen\"><code>server.listen</code></h3><p>Where to &lt;listen&gt;.\nDefault 1.</p>"
            ),
            "{page}"
        );
        assert!(page.contains("<h2 id=\"edge.proxy\"><code>[[edge.proxy]]</code></h2>"), "{page}");
        assert!(
            page.contains("<h3 id=\"edge.proxy.prefix\">") && page.contains("<pre><code>prefix = &quot;/&quot;"),
            "{page}"
        );
    }
}
