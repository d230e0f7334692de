//! A page of the guide: Markdown as HTML, between the list of pages and the way to the next.

use maud::DOCTYPE;
use maud::PreEscaped;
use maud::html as markup;
use pulldown_cmark::CowStr;
use pulldown_cmark::Event;
use pulldown_cmark::Options;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use pulldown_cmark::TagEnd;
use pulldown_cmark::html;

use crate::api::guide::Language;

/// The page's text. Headings have names to link to; links to Markdown files lead to pages; HTML in the text is shown as text.
pub(super) fn body(markdown: &str) -> String {
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    for at in 0..events.len() {
        let name = events.get(at..).map(heading_name).unwrap_or_default();
        match events.get_mut(at) {
            Some(Event::Start(Tag::Heading { id, .. })) => *id = Some(name.into()),
            Some(Event::Start(Tag::Link { dest_url, .. })) => *dest_url = page_of(dest_url).into(),
            Some(event) => {
                if let Event::Html(text) | Event::InlineHtml(text) = event {
                    *event = Event::Text(text.clone());
                }
            }
            None => {}
        }
    }
    let mut page = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut page, events.into_iter());
    page
}

/// The whole page.
pub(super) fn whole(language: Language, name: &str, pages: &[(String, String)], body: &str) -> String {
    let place = pages.iter().position(|(page, _)| page == name);
    let title = place.and_then(|place| pages.get(place)).map_or(name, |(_, title)| title);
    let next = place.and_then(|place| pages.get(place + 1));
    let (guide, other_language, next_page, contents) = match language {
        Language::Korean => ("bank-aicc 운영 안내서", "English", "다음", "목차"),
        Language::English => ("bank-aicc operators' guide", "한국어", "Next", "Contents"),
    };
    let other = language.other().code();
    let page = markup! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (guide) }
                link rel="stylesheet" href="../style.css";
            }
            body {
                header {
                    strong { (guide) " " (env!("CARGO_PKG_VERSION")) }
                    a lang=(other) hreflang=(other) href=(format!("../{other}/{name}.html")) { (other_language) }
                }
                nav aria-label=(contents) {
                    ul {
                        @for (page, title) in pages {
                            li { a href=(format!("{page}.html")) aria-current=[(page == name).then_some("page")] { (title) } }
                        }
                    }
                }
                main {
                    (PreEscaped(body))
                    @if let Some((page, title)) = next {
                        p.next { (next_page) ": " a href=(format!("{page}.html")) { (title) } }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// How a heading is named in addresses; empty where these events begin with none.
fn heading_name(events: &[Event<'_>]) -> String {
    if !matches!(events.first(), Some(Event::Start(Tag::Heading { .. }))) {
        return String::new();
    }
    let mut text = String::new();
    for event in events {
        if matches!(event, Event::End(TagEnd::Heading(_))) {
            break;
        }
        if let Event::Text(part) | Event::Code(part) = event {
            text.push_str(part);
        }
    }
    let kept = text.to_lowercase().replace(' ', "-");
    kept.chars().filter(|character| character.is_alphanumeric() || matches!(character, '-' | '_')).collect()
}

fn page_of(link: &CowStr<'_>) -> String {
    if link.contains("://") {
        return link.to_string();
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let file = file.strip_suffix(".md").map_or_else(|| file.to_owned(), |name| format!("{name}.html"));
    if anchor.is_empty() { file } else { format!("{file}#{anchor}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_names_and_links_lead_to_pages() {
        let page =
            body("## 백업 `create`, 복원?\n\n[다음](install.md#첫-걸음) <b>굵게</b> [밖](https://a.example/b.md)\n");
        assert!(page.contains("<h2 id=\"백업-create-복원\">"), "{page}");
        assert!(
            page.contains("href=\"install.html#%EC%B2%AB") || page.contains("href=\"install.html#첫-걸음\""),
            "{page}"
        );
        assert!(page.contains("&lt;b&gt;굵게"), "{page}");
        assert!(page.contains("href=\"https://a.example/b.md\""), "{page}");
    }
}
