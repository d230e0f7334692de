//! Prompts of language models that a pack brings instead of the built-in ones: `prompts/answer.txt`.

/// A prompt that a pack may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptKind {
    /// What it is called; its file in a pack is `prompts/NAME.txt`.
    pub name: &'static str,
    /// What is put into it where it says `{word}`, each exactly once; the first has to be there.
    pub places: &'static [&'static str],
}

impl PromptKind {
    /// To answer from passages.
    pub const ANSWER: Self = Self { name: "answer", places: &["passages", "bank", "today"] };
    /// To choose a category.
    pub const TRIAGE: Self = Self { name: "triage", places: &["categories", "bank"] };
    /// To sum up a conversation.
    pub const SUMMARY: Self = Self { name: "summary", places: &["conversation", "bank"] };
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ANSWER, Self::TRIAGE, Self::SUMMARY];

    /// The one of a file in a pack.
    pub fn of_file(file: &str) -> Option<Self> {
        let name = file.strip_prefix("prompts/")?.strip_suffix(".txt")?;
        Self::ALL.into_iter().find(|kind| kind.name == name)
    }

    /// What is wrong with a text for this prompt.
    ///
    /// # Errors
    /// What was found, and what to do.
    pub fn check(self, text: &str) -> Result<(), (String, String)> {
        const CHARS_MAX: usize = 8_000;
        let remedy = || {
            let places: Vec<String> = self.places.iter().map(|place| format!("{{{place}}}")).collect();
            format!("write {} where they belong, each once; the first is needed", places.join(", "))
        };
        if text.chars().count() > CHARS_MAX {
            return Err(("the prompt is too long".to_owned(), format!("at most {CHARS_MAX} characters")));
        }
        if let Some(needed) = self.places.first()
            && !text.contains(&format!("{{{needed}}}"))
        {
            return Err((format!("{{{needed}}} is missing"), remedy()));
        }
        for place in places(text) {
            if !self.places.contains(&place) {
                return Err((format!("there is nothing to put in place of {{{place}}}"), remedy()));
            }
        }
        match self.places.iter().find(|place| places(text).filter(|found| found == *place).count() > 1) {
            Some(place) => Err((format!("{{{place}}} stands twice"), remedy())),
            None => Ok(()),
        }
    }

    /// The text with `values` in its places. What a value says is never taken for a place.
    pub fn fill(self, text: &str, values: &[(&str, &str)]) -> String {
        let mut filled = String::with_capacity(text.len() + values.iter().map(|(_, value)| value.len()).sum::<usize>());
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            filled.push_str(before);
            let found = from.find('}').and_then(|end| {
                let name = from.get(1..end)?;
                let (_, value) = values.iter().find(|(known, _)| *known == name)?;
                Some((value, end + 1))
            });
            let taken = match found {
                Some((value, taken)) => {
                    filled.push_str(value);
                    taken
                }
                None => {
                    filled.push('{');
                    1
                }
            };
            rest = from.get(taken..).unwrap_or_default();
        }
        filled + rest
    }
}

/// Everything of the form `{word}`.
fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_says_where_things_belong() {
        let check = |text| PromptKind::ANSWER.check(text).map_err(|(found, _)| found);
        assert_eq!(check("{bank} {today}\n{passages}"), Ok(()));
        assert_eq!(check("JSON { \"a\": 1 } {passages}"), Ok(()), "braces are only braces");
        assert_eq!(check("은행"), Err("{passages} is missing".to_owned()));
        assert_eq!(check("{passages} {name}"), Err("there is nothing to put in place of {name}".to_owned()));
        assert_eq!(check("{passages} {passages}"), Err("{passages} stands twice".to_owned()));
        assert_eq!(check(&format!("{{passages}}{}", "가".repeat(8_000))), Err("the prompt is too long".to_owned()));
        assert_eq!(PromptKind::of_file("prompts/triage.txt"), Some(PromptKind::TRIAGE));
        assert_eq!(PromptKind::of_file("prompts/other.txt"), None);
    }

    #[test]
    fn values_are_no_places() {
        let fill =
            |text| PromptKind::ANSWER.fill(text, &[("bank", "{today}"), ("today", "11월"), ("passages", "[1] 가")]);
        assert_eq!(fill("{bank} {today} {x} {\n{passages}"), "{today} 11월 {x} {\n[1] 가");
    }
}
