//! What is wrong with a pack's own data, so that its figures would lie.

use foldhash::HashMap;

use crate::knowledge::Pack;
use crate::text::reading::Reading;

/// Example utterances a category should have.
const UTTERANCES_MIN: usize = 10;

/// Contradictions, leaks and duplicates.
pub(super) fn errors(pack: &Pack) -> Vec<String> {
    let mut errors = Vec::new();
    let mut learned: HashMap<String, (&str, &str)> = HashMap::default();
    for row in &pack.utterances {
        let key = Reading::of(&row.utterance).tight().to_owned();
        match learned.get(&key) {
            Some((other, category)) if *category != row.category => errors.push(format!(
                "utterances.csv: '{}' is '{}', but '{other}' is '{category}': the same words cannot mean both",
                row.utterance, row.category
            )),
            Some((other, _)) => {
                errors.push(format!("utterances.csv: '{}' and '{other}' are the same: keep one", row.utterance));
            }
            None => {
                learned.insert(key, (&row.utterance, &row.category));
            }
        }
    }
    let mut asked: HashMap<String, (&str, Option<&str>)> = HashMap::default();
    for test in &pack.tests {
        let key = Reading::of(&test.utterance).tight().to_owned();
        if let Some((utterance, category)) = learned.get(&key) {
            let is_mislabelled = test.category.as_deref().is_some_and(|expected| expected != *category);
            let label =
                if is_mislabelled { format!(", and there its category is '{category}'") } else { String::new() };
            errors.push(format!(
                "tests.csv: '{}' is learned from ('{utterance}' in utterances.csv){label}: measure with other words",
                test.utterance
            ));
        }
        match asked.get(&key) {
            Some((other, category)) if *category != test.category.as_deref() => errors.push(format!(
                "tests.csv: '{}' and '{other}' are the same words with different categories",
                test.utterance
            )),
            Some((other, _)) => {
                errors.push(format!("tests.csv: '{}' and '{other}' are the same: keep one", test.utterance));
            }
            None => {
                asked.insert(key, (&test.utterance, test.category.as_deref()));
            }
        }
    }
    errors
}

/// What is missing or doubtful.
pub(super) fn warnings(pack: &Pack) -> Vec<String> {
    let mut warnings = Vec::new();
    for category in &pack.categories {
        let examples = pack.utterances.iter().filter(|row| row.category == category.name).count();
        if examples < UTTERANCES_MIN {
            warnings.push(format!("'{}' has {examples} example utterances; give it at least ten", category.name));
        }
        if !pack.tests.is_empty() && !pack.tests.iter().any(|test| test.category.as_ref() == Some(&category.name)) {
            warnings.push(format!("'{}' has no test question", category.name));
        }
    }
    for test in &pack.tests {
        let documents = pack.documents.iter().filter(|document| test.documents.contains(&document.id));
        let categories: Vec<&str> = documents.filter_map(|document| document.category.as_deref()).collect();
        if let Some(expected) = &test.category
            && !categories.is_empty()
            && !categories.contains(&expected.as_str())
        {
            warnings.push(format!(
                "tests.csv: '{}' is '{expected}', but its document is '{}'",
                test.utterance,
                categories.join("', '")
            ));
        }
    }
    if pack.tests.is_empty() {
        warnings.push("the pack has no tests.csv, so only its utterances are measured".to_owned());
    }
    warnings
}
