//! A measurement for a terminal.

use std::fmt::Write as _;

use crate::eval::Comparison;
use crate::eval::Evaluation;
use crate::eval::Outcome;
use crate::eval::figures;

/// Lists are cut to this many lines; JSON and the page have all.
const LINES_MAX: usize = 12;

/// The measurement, and what changed since an earlier one.
pub fn text(evaluation: &Evaluation, comparisons: &[Comparison]) -> String {
    let mut out = String::new();
    let Evaluation { pack, digest, date, program_version, outcomes, engine, .. } = evaluation;
    let digest = &digest[..digest.len().min(12)];
    let _ = writeln!(out, "{pack} ({digest}) on {date}, bank-aicc {program_version}, engine {engine}");
    let _ = writeln!(out, "{} test questions\n", outcomes.len());
    for figure in &evaluation.figures {
        let [value, low, high] = [figure.value, figure.low, figure.high].map(|share| share * 100.0);
        let name = &figure.name;
        let _ =
            writeln!(out, "  {name:<24} {value:5.1} %  ({low:5.1}–{high:5.1}, n={:<4})  {}", figure.of, figure.meaning);
    }
    section(&mut out, "Errors of the data", &evaluation.data_errors);
    section(&mut out, "What the data lacks", &evaluation.data_warnings);
    let worst = evaluation.categories.iter().filter(|category| category.f1 < 1.0).map(|category| {
        let [precision, recall, f1] = [category.precision, category.recall, category.f1].map(|share| share * 100.0);
        format!(
            "F1 {f1:5.1}  precision {precision:5.1}  recall {recall:5.1}  n={:<3} {}",
            category.of, category.category
        )
    });
    section(&mut out, "Weakest categories", &worst.collect::<Vec<_>>());
    let confusions = evaluation.confusions.iter();
    let confusions = confusions.map(|one| format!("{:3}  {} -> {}", one.count, one.expected, or_none(&one.guessed)));
    section(&mut out, "Confusions", &confusions.collect::<Vec<_>>());
    let tickets = evaluation.tickets.iter();
    let tickets =
        tickets.map(|cell| format!("{:4}  {} -> {}", cell.count, cell.expected.as_str(), cell.became.as_str()));
    section(&mut out, "Triage: expected -> became", &tickets.collect::<Vec<_>>());
    let missed = outcomes.iter().filter(|outcome| !outcome.expected.documents.is_empty());
    let missed = missed.filter(|outcome| outcome.document_place() != Some(0)).map(|outcome| {
        let found = outcome.documents.first().map(String::as_str).unwrap_or_default();
        format!("{}  wanted {}, found {}", outcome.question, outcome.expected.documents.join(" or "), or_none(found))
    });
    section(&mut out, "Other document first", &missed.collect::<Vec<_>>());
    let answered = |is_answered: bool, what: fn(&Outcome) -> bool| {
        let outcomes = outcomes.iter().filter(move |outcome| what(outcome) && outcome.is_answered() == is_answered);
        outcomes.map(|outcome| outcome.question.clone()).collect::<Vec<_>>()
    };
    section(&mut out, "Off topic, but answered", &answered(true, Outcome::is_off_topic));
    let has_document = |outcome: &Outcome| !outcome.expected.documents.is_empty();
    section(&mut out, "A document answers, but the assistant did not", &answered(false, has_document));
    let faults =
        outcomes.iter().flat_map(|outcome| outcome.faults.iter().map(|fault| format!("{}: {fault}", outcome.question)));
    section(&mut out, "Answers that are not what the document says", &faults.collect::<Vec<_>>());
    spoken(&mut out, evaluation);
    for one in comparisons {
        let _ = writeln!(
            out,
            "\nCompared with the baseline, {}: {} better, {} worse of {} (p = {:.3})",
            one.what,
            one.better.len(),
            one.worse.len(),
            one.of,
            one.p_value
        );
        let signed = |sign: char| move |question: &String| format!("{sign} {question}");
        let lines = one.better.iter().map(signed('+')).chain(one.worse.iter().map(signed('-')));
        list(&mut out, &lines.collect::<Vec<_>>());
    }
    if !evaluation.gates.is_empty() {
        let gates = evaluation.gates.iter().map(|gate| {
            let verdict = if gate.is_passed { "passed" } else { "FAILED" };
            let measured = gate.measured.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.3}"));
            format!("{verdict}  {:<30} asked {:.3}, measured {measured}", gate.name, gate.asked)
        });
        let gates: Vec<String> = gates.collect();
        let _ = write!(out, "\nGates\n  {}\n", gates.join("\n  "));
    }
    out
}

/// What a language model had to do with it.
fn spoken(out: &mut String, evaluation: &Evaluation) {
    let reasons = figures::reasons(&evaluation.outcomes);
    let reasons = reasons.into_iter().map(|(reason, count)| format!("{count:4}  {reason}"));
    section(out, "Why a model's answer was not used, or not wholly", &reasons.collect::<Vec<_>>());
    let spoken = evaluation.outcomes.iter().filter_map(|outcome| outcome.spoken.as_ref());
    let stopped = spoken.clone().flat_map(|spoken| &spoken.stopped).map(|(fault, text)| format!("{fault}: {text}"));
    section(out, "Sentences of a model that the guard stopped", &stopped.collect::<Vec<_>>());
    let shown = evaluation.attacks.iter().filter(|attacked| attacked.is_shown);
    let shown = shown.map(|attacked| format!("{} {}: {}", attacked.id, attacked.technique, attacked.answer));
    section(out, "Attacks that would have been shown", &shown.collect::<Vec<_>>());
    let [tokens, total_ms, count] =
        spoken.fold([0; 3], |[tokens, ms, count], spoken| [tokens + spoken.tokens, ms + spoken.total_ms, count + 1]);
    if count > 0 {
        let _ = writeln!(out, "\n{tokens} tokens for {count} questions, {} ms a question", total_ms / count);
    }
}

fn section(out: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ = writeln!(out, "\n{title} ({})", lines.len());
        list(out, lines);
    }
}

fn list(out: &mut String, lines: &[String]) {
    for line in lines.iter().take(LINES_MAX) {
        let _ = writeln!(out, "  {line}");
    }
    if lines.len() > LINES_MAX {
        let _ = writeln!(out, "  … and {} more (--format json has all)", lines.len() - LINES_MAX);
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "(nothing)" } else { text }
}
