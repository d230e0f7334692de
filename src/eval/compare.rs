//! Two measurements set side by side, question by question.

use foldhash::HashMap;

use crate::eval::Evaluation;
use crate::eval::Outcome;

/// How one thing that can be right or wrong changed between two measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub what: &'static str,
    /// Questions that were wrong and are right.
    pub better: Vec<String>,
    /// Questions that were right and are wrong.
    pub worse: Vec<String>,
    /// Questions both measurements asked.
    pub of: usize,
    /// How likely a difference like this, or a larger one, is by chance alone: the exact two-sided sign test.
    pub p_value: f64,
}

/// Compares `after` with `before` on the questions both have.
pub fn compare(before: &Evaluation, after: &Evaluation) -> Vec<Comparison> {
    let earlier: HashMap<&str, &Outcome> =
        before.outcomes.iter().map(|outcome| (outcome.question.as_str(), outcome)).collect();
    let pairs: Vec<(&Outcome, &Outcome)> =
        after.outcomes.iter().filter_map(|now| Some((*earlier.get(now.question.as_str())?, now))).collect();
    type Right = fn(&Outcome) -> Option<bool>;
    let compared: [(&'static str, Right); 4] = [
        ("category", |outcome| outcome.expected.category.as_ref().map(|_| outcome.category_place() == Some(0))),
        ("document", |outcome| (!outcome.expected.documents.is_empty()).then(|| outcome.document_place() == Some(0))),
        ("triage", |outcome| outcome.expected.ticket.map(|ticket| ticket == outcome.ticket)),
        ("refusal of what is off topic", |outcome| outcome.is_off_topic().then(|| !outcome.is_answered())),
    ];
    compared.into_iter().map(|(what, is_right)| one(what, is_right, &pairs)).filter(|one| one.of > 0).collect()
}

fn one(what: &'static str, is_right: fn(&Outcome) -> Option<bool>, pairs: &[(&Outcome, &Outcome)]) -> Comparison {
    let (mut better, mut worse, mut of) = (Vec::new(), Vec::new(), 0);
    for (before, now) in pairs {
        let (Some(was), Some(is)) = (is_right(before), is_right(now)) else { continue };
        of += 1;
        match (was, is) {
            (false, true) => better.push(now.question.clone()),
            (true, false) => worse.push(now.question.clone()),
            (true, true) | (false, false) => {}
        }
    }
    let p_value = sign_test(better.len(), worse.len());
    Comparison { what, better, worse, of, p_value }
}

/// Twice the probability of at most `min(a, b)` heads in `a + b` tosses.
fn sign_test(a: usize, b: usize) -> f64 {
    let tosses = a + b;
    let mut probability = 0.5_f64.powi(i32::try_from(tosses).unwrap_or(i32::MAX));
    let mut sum = 0.0;
    for heads in 0..=a.min(b) {
        sum += probability;
        probability *= (tosses - heads) as f64 / (heads + 1) as f64;
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_test_is_exact() {
        for (a, b, expected) in [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (8, 2, 0.109_375), (10, 10, 1.0)] {
            assert!((sign_test(a, b) - expected).abs() < 1e-9, "{a}:{b} {}", sign_test(a, b));
        }
    }
}
