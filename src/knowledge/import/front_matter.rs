//! The lines between `---` at the top of a Markdown document.
//!
//! Only the flat part of YAML that packs need is read: `key: value` and `key: [a, b]`, with optional quotes and `#`
//! comments. The well-known YAML crates are no longer maintained, and nesting, anchors and types would only be more to
//! refuse.

use std::collections::BTreeMap;

use time::Date;
use time::macros::format_description;

use crate::knowledge::import::ImportReport;

/// What the front matter of a document says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FrontMatter {
    pub title: Option<String>,
    pub category: Option<String>,
    pub domain: Option<String>,
    pub keywords: Vec<String>,
    pub effective_from: Option<Date>,
    pub effective_until: Option<Date>,
    /// Lines that belong to the front matter, so that the text below keeps its line numbers.
    pub lines: u32,
}

const KEYS: &str = "title, category, domain, keywords, effective_from and effective_until";

/// Splits a document into its front matter and the text below it. Problems go to the report.
pub(super) fn split<'a>(file: &str, text: &'a str, report: &mut ImportReport) -> (FrontMatter, &'a str) {
    let mut front = FrontMatter::default();
    let opening = text.split_inclusive('\n').next().unwrap_or_default();
    if opening.trim_end() != "---" {
        return (front, text);
    }
    let inside = &text[opening.len()..];
    let mut seen = BTreeMap::new();
    let mut length = opening.len();
    for (index, line) in inside.split_inclusive('\n').enumerate() {
        length += line.len();
        let number = u32::try_from(index + 2).unwrap_or(u32::MAX);
        let line = line.trim_end();
        if line == "---" {
            front.lines = number;
            return (front, &text[length..]);
        }
        if line.trim_start().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let mut refuse = |found: String, remedy: &str| report.refuse_file(file, Some(number), found, remedy);
        let Some((key, value)) = line.split_once(':') else {
            refuse(format!("'{line}' is not 'key: value'"), "write one 'key: value' a line between the '---' lines");
            continue;
        };
        let key = key.trim_end();
        if let Some(first) = seen.insert(key, number) {
            refuse(format!("'{key}' stands in line {first} already"), "keep one of the two");
        }
        if let Err((found, remedy)) = front.set(key, value.trim()) {
            refuse(found, &remedy);
        }
    }
    report.refuse_file(file, Some(1), "the front matter does not end", "close it with a line '---'");
    (front, "")
}

impl FrontMatter {
    fn set(&mut self, key: &str, value: &str) -> Result<(), (String, String)> {
        match key {
            "keywords" => self.keywords = list(value)?,
            "title" => self.title = optional(value)?,
            "category" => self.category = optional(value)?,
            "domain" => self.domain = optional(value)?,
            "effective_from" => self.effective_from = date(value)?,
            "effective_until" => self.effective_until = date(value)?,
            unknown => {
                return Err((format!("the key '{unknown}' is not known"), format!("allowed are {KEYS}")));
            }
        }
        Ok(())
    }
}

fn optional(value: &str) -> Result<Option<String>, (String, String)> {
    let text = scalar(value)?;
    Ok((!text.is_empty()).then_some(text))
}

fn date(value: &str) -> Result<Option<Date>, (String, String)> {
    day(&scalar(value)?)
}

/// A day as packs write it; `None` where nothing is written. Fails with what was found and what to do.
pub(super) fn day(text: &str) -> Result<Option<Date>, (String, String)> {
    if text.is_empty() {
        return Ok(None);
    }
    let format = format_description!("[year]-[month]-[day]");
    let refusal = |_| (format!("'{text}' is not a date"), "write it like 2026-01-31".to_owned());
    Date::parse(text, &format).map(Some).map_err(refusal)
}

fn list(value: &str) -> Result<Vec<String>, (String, String)> {
    let value = without_comment(value);
    let Some(inside) = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        // One keyword without brackets is a list of one.
        return Ok(optional(value)?.into_iter().collect());
    };
    let items = inside.split(',').map(|item| scalar(item.trim())).collect::<Result<Vec<_>, _>>()?;
    Ok(items.into_iter().filter(|item| !item.is_empty()).collect())
}

/// A value without its quotes or its comment.
fn scalar(value: &str) -> Result<String, (String, String)> {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return match rest.split_once(quote) {
                Some((inside, after)) if without_comment(after.trim()).is_empty() => Ok(inside.to_owned()),
                Some(_) | None => Err((format!("the quotes of {value} do not match"), "close them at the end".into())),
            };
        }
    }
    let value = without_comment(value);
    if value.starts_with(['[', '{', '|', '>', '&', '*', '!']) {
        return Err((format!("'{value}' is more YAML than is read"), "write a plain value or put it in quotes".into()));
    }
    Ok(value.to_owned())
}

fn without_comment(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    value.split_once(" #").map_or(value, |(before, _)| before).trim_end()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn read(text: &str) -> (FrontMatter, String, Vec<String>) {
        let mut report = ImportReport::default();
        let (front, rest) = split("a.md", text, &mut report);
        (front, rest.to_owned(), report.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_flat_part_of_yaml_is_read() {
        let (front, rest, problems) = read(
            "---\ntitle: \"대출: 안내\" # 제목\ncategory: 대출 금리/한도 안내\n\n# 설명\nkeywords: [마통, '한도, 대출', ]\n\
             effective_from: 2026-01-01\neffective_until:\n---\n본문\n",
        );
        assert_eq!(problems, ["a.md:6: the quotes of '한도 do not match: close them at the end"]);
        assert_eq!(front.title.as_deref(), Some("대출: 안내"));
        assert_eq!(front.category.as_deref(), Some("대출 금리/한도 안내"));
        assert_eq!((front.effective_from, front.effective_until), (Some(date!(2026 - 01 - 01)), None));
        assert_eq!((front.lines, rest.as_str()), (9, "본문\n"));

        let (front, _, problems) = read("---\nkeywords: [마통, \"신용대출\"]\n---\n");
        assert_eq!((front.keywords, problems.len()), (vec!["마통".to_owned(), "신용대출".to_owned()], 0));
        assert_eq!(read("본문만").1, "본문만");
        assert_eq!(read("--- \t\ntitle: 가\n---  \n본문").1, "본문");
        assert_eq!(read("----\n본문").1, "----\n본문");
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (text, expected) in [
            ("---\ntitel: a\n---\n", "a.md:2: the key 'titel' is not known: allowed are"),
            ("---\ntitle\n---\n", "a.md:2: 'title' is not 'key: value'"),
            ("---\ntitle: a\ntitle: b\n---\n", "a.md:3: 'title' stands in line 2 already"),
            ("---\neffective_from: 2026-02-30\n---\n", "a.md:2: '2026-02-30' is not a date"),
            ("---\neffective_from: 2026.1.1\n---\n", "a.md:2: '2026.1.1' is not a date"),
            ("---\ntitle: {a: b}\n---\n", "a.md:2: '{a: b}' is more YAML than is read"),
            ("---\ntitle: a\n", "a.md:1: the front matter does not end"),
        ] {
            let problems = read(text).2;
            assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{text:?}: {problems:?}");
        }
    }
}
