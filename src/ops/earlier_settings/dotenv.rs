//! Reads a `.env` as the earlier system did: `NAME=VALUE` a line, with `export`, quotes, comments and `${NAME}`.

use std::collections::BTreeMap;

/// One variable, or a line that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The line it begins in, counted from 1.
    pub(super) line: usize,
    /// Its name; of a line that is no variable, nothing.
    pub(super) name: String,
    /// Its value, or why it has none.
    pub(super) value: Result<String, String>,
}

/// Reads all of a text. A variable may use those above it.
pub(super) fn read(text: &str) -> Vec<Entry> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut entries = Vec::new();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((line, text)) = lines.next() {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let text = text.strip_prefix("export ").map_or(text, str::trim_start);
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_name(name.trim())) else {
            entries.push(Entry { line, name: String::new(), value: Err("it is no NAME=VALUE".to_owned()) });
            continue;
        };
        let value = value.trim_start();
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                quoted(quote, value.get(1..).unwrap_or_default(), || lines.next().map(|(_, l)| l))
                    .and_then(|text| if quote == '"' { expand(&text, &known) } else { Ok(text) })
            }
            Some(_) | None => expand(unquoted(value), &known),
        };
        if let Ok(value) = &value {
            known.insert(name.trim().to_owned(), value.clone());
        }
        entries.push(Entry { line, name: name.trim().to_owned(), value });
    }
    entries
}

fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    !text.is_empty() && text.chars().all(is_letter)
}

/// Up to a comment, which has a space before its sign.
fn unquoted(text: &str) -> &str {
    if text.starts_with('#') {
        return "";
    }
    let end = text.find(" #").into_iter().chain(text.find("\t#")).min();
    text.get(..end.unwrap_or(text.len())).unwrap_or(text).trim_end()
}

/// Up to the closing quote, which may stand in a later line.
fn quoted<'t>(quote: char, first: &'t str, mut next: impl FnMut() -> Option<&'t str>) -> Result<String, String> {
    let (mut value, mut line) = (String::new(), first);
    loop {
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' if quote == '\'' => match chars.clone().next() {
                    Some(escaped @ ('\'' | '\\')) => {
                        value.push(escaped);
                        chars.next();
                    }
                    Some(_) | None => value.push('\\'),
                },
                '\\' => match chars.next() {
                    Some('n') => value.push('\n'),
                    Some('r') => value.push('\r'),
                    Some('t') => value.push('\t'),
                    Some(escaped @ ('"' | '\\' | '\'' | '$')) => value.push(escaped),
                    Some(other) => value.extend(['\\', other]),
                    None => value.push('\\'),
                },
                c if c == quote => return Ok(value),
                c => value.push(c),
            }
        }
        line = next().ok_or_else(|| format!("its {quote} is never closed"))?;
        value.push('\n');
    }
}

/// Puts values in the place of `${NAME}` and `${NAME:-otherwise}`.
fn expand(text: &str, known: &BTreeMap<String, String>) -> Result<String, String> {
    let (mut value, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        value.push_str(before);
        let Some((inside, after)) = after.split_once('}') else {
            return Err("its ${ is never closed".to_owned());
        };
        let (name, otherwise) = inside.split_once(":-").map_or((inside, None), |(name, text)| (name, Some(text)));
        match known.get(name).map(String::as_str).filter(|known| otherwise.is_none() || !known.is_empty()).or(otherwise)
        {
            Some(text) => value.push_str(text),
            None => return Err(format!("it uses ${{{name}}}, which no line above it sets; write the value instead")),
        }
        rest = after;
    }
    Ok(value + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_earlier_system_read_them() {
        for (text, expected) in [
            ("A=b", Ok("b")),
            ("  export A = b  ", Ok("b")),
            ("A=b # comment", Ok("b")),
            ("A=b#c", Ok("b#c")),
            ("A=# comment", Ok("")),
            ("A=", Ok("")),
            ("A=x=y", Ok("x=y")),
            (r#"A="b # c""#, Ok("b # c")),
            (r#"A="b" # c"#, Ok("b")),
            (r#"A="say \"hi\"\n""#, Ok("say \"hi\"\n")),
            (r"A='b\n $X ${X}'", Ok(r"b\n $X ${X}")),
            (r"A='it\'s'", Ok("it's")),
            ("A=\"b\nc\"", Ok("b\nc")),
            ("A=\"b", Err("its \" is never closed")),
            ("A=${X:-y}", Ok("y")),
            ("A=p$w", Ok("p$w")),
            ("\u{feff}A=b\r\n", Ok("b")),
        ] {
            let entries = read(text);
            let [entry] = entries.as_slice() else { panic!("{text}: {entries:?}") };
            assert_eq!(
                (entry.name.as_str(), entry.value.as_deref().map_err(String::as_str)),
                ("A", expected),
                "{text}"
            );
        }
    }

    #[test]
    fn lines_are_counted_and_variables_used() {
        let text = "# x\n\nP='a\nb'\nnonsense\nQ=<${P}>\nR=${S}\n";
        let found: Vec<(usize, String, bool)> =
            read(text).into_iter().map(|entry| (entry.line, entry.name, entry.value.is_ok())).collect();
        let expected = [(3, "P", true), (5, "", false), (6, "Q", true), (7, "R", false)];
        assert_eq!(found, expected.map(|(line, name, is_ok)| (line, name.to_owned(), is_ok)));
        assert_eq!(read(text)[2].value.as_deref(), Ok("<a\nb>"));
    }
}
