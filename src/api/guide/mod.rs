//! The operators' guide, from the binary: Markdown in two languages, and every key of the configuration as `config.toml` has it.
//!
//! The pages are the files of `docs/guide`, in the order of each language's `SUMMARY.md`. They are readable offline and without
//! scripts; [`write`] makes the same pages files of a folder.

mod page;
mod reference;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::LazyLock;

use axum::extract::Path as PathSegments;
use axum::http::HeaderMap;
use axum::http::header;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;

use crate::api::error::ApiError;
use crate::edge;
use crate::packed;

const STYLE: &str = include_str!("style.css");
/// The page that is made of `config.toml`.
const REFERENCE: &str = "reference";

static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| packed::GUIDE.texts());
static SETTINGS: LazyLock<String> = LazyLock::new(|| packed::PAPERS.text("config.toml").unwrap_or_default());

/// The languages of the guide, as they are in its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Korean,
    English,
}

impl Language {
    const ALL: [Self; 2] = [Self::Korean, Self::English];

    const fn code(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Korean => Self::English,
            Self::English => Self::Korean,
        }
    }
}

/// Sends to the first page in the reader's language.
pub async fn first_page(headers: HeaderMap) -> Redirect {
    let language = if edge::prefers_english(&headers) { Language::English } else { Language::Korean };
    let first = pages(language).into_iter().next().map_or_else(String::new, |(page, _)| page);
    Redirect::temporary(&format!("/api/docs/guide/{}/{first}.html", language.code()))
}

/// One page.
///
/// # Errors
/// When there is none of this name.
pub async fn page(PathSegments((language, page)): PathSegments<(String, String)>) -> Result<Html<String>, ApiError> {
    let language = Language::ALL.into_iter().find(|one| one.code() == language).ok_or(ApiError::NotFound)?;
    let name = page.strip_suffix(".html").ok_or(ApiError::NotFound)?;
    rendered(language, name).map(Html).ok_or(ApiError::NotFound)
}

/// How the pages look.
pub async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// Writes the guide as HTML: `ko/…`, `en/…` and the style, in `folder`, which is made if it is missing. How many pages there are.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path) -> io::Result<usize> {
    let mut count = 0;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("style.css"), STYLE)?;
    for language in Language::ALL {
        let subfolder = folder.join(language.code());
        fs::create_dir_all(&subfolder)?;
        for (name, _) in pages(language) {
            if let Some(page) = rendered(language, &name) {
                fs::write(subfolder.join(format!("{name}.html")), page)?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn rendered(language: Language, name: &str) -> Option<String> {
    let text = FILES.get(&format!("{}/{name}.md", language.code()))?;
    let mut body = page::body(text);
    if name == REFERENCE {
        body.push_str(&reference::body(&SETTINGS));
    }
    Some(page::whole(language, name, &pages(language), &body))
}

/// Names and titles of the pages of a language, in their order.
fn pages(language: Language) -> Vec<(String, String)> {
    let summary = FILES.get(&format!("{}/SUMMARY.md", language.code())).map_or("", String::as_str);
    let pages = summary.lines().filter_map(|line| {
        let (title, rest) = line.split_once('[')?.1.split_once("](")?;
        let name = rest.split_once(')')?.0.trim_start_matches("./").strip_suffix(".md")?;
        Some((name.to_owned(), title.to_owned()))
    });
    pages.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::Config;

    fn names(language: Language) -> Vec<String> {
        pages(language).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn both_languages_have_the_same_pages() {
        let [korean, english] = Language::ALL.map(names);
        assert!(korean.len() > 3);
        assert_eq!(korean, english);
        for language in Language::ALL {
            let files: BTreeSet<_> = FILES.keys().filter_map(|path| path.strip_prefix(language.code())).collect();
            assert_eq!(files.len(), korean.len() + 1, "each page is in the summary: {files:?}");
            for name in names(language) {
                assert!(rendered(language, &name).is_some_and(|page| page.contains("<h1")), "{name}");
            }
        }
    }

    /// A link leads to a page that is there, and to a heading of it.
    #[test]
    fn no_link_leads_nowhere() {
        for language in Language::ALL {
            let pages: BTreeMap<String, String> = names(language)
                .into_iter()
                .filter_map(|name| Some((name.clone(), rendered(language, &name)?)))
                .collect();
            for (name, page) in &pages {
                for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(link, _)| link)
                {
                    let is_elsewhere = link.contains("://") || link.starts_with('/') || link.starts_with("..");
                    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                    let target = if file.is_empty() { Some(page) } else { pages.get(file.trim_end_matches(".html")) };
                    let is_there =
                        target.is_some_and(|page| anchor.is_empty() || page.contains(&format!("id=\"{anchor}\"")));
                    assert!(is_elsewhere || is_there, "{}/{name}: {link}", language.code());
                }
            }
        }
    }

    #[test]
    fn the_reference_has_every_key() {
        let page = rendered(Language::English, REFERENCE).unwrap();
        let settings = Config::parse("", "none", std::iter::empty()).unwrap().effective();
        let (mut section, mut count) = (String::new(), 0);
        for line in settings.lines() {
            if line.starts_with('[') {
                line.trim_matches(['[', ']']).clone_into(&mut section);
            } else if let Some((name, _)) = line.split_once(" = ") {
                assert!(page.contains(&format!("id=\"{section}.{name}\"")), "{section}.{name}");
                count += 1;
            }
        }
        assert!(count > 100, "{count}");
    }
}
