//! A measurement as one page that needs nothing but a browser.

use maud::DOCTYPE;
use maud::Markup;
use maud::PreEscaped;
use maud::html as markup;

use crate::eval::Comparison;
use crate::eval::Evaluation;
use crate::eval::Outcome;

const STYLE: &str = include_str!("page.css");

/// The page.
pub fn html(evaluation: &Evaluation, comparisons: &[Comparison]) -> String {
    let Evaluation { pack, digest, date, program_version, engine, .. } = evaluation;
    let verdict = if evaluation.is_passed() { "passed" } else { "not passed" };
    markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (pack) ": " (verdict) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { span lang="ko" { (pack) } " " span class=(verdict) { (verdict) } }
                p { "On " (date) ", bank-aicc " (program_version) ", engine " (engine) ", pack " code { (digest) } ", "
                    (evaluation.outcomes.len()) " test questions." }
                (figures(evaluation))
                (gates(evaluation))
                (strings("Errors of the data", &evaluation.data_errors))
                (strings("What the data lacks", &evaluation.data_warnings))
                (changes(comparisons))
                (categories(evaluation))
                (tickets(evaluation))
                (attacks(evaluation))
                (questions(evaluation))
            }
        }
    }
    .into_string()
}

fn percent(share: f32) -> String {
    format!("{:.1} %", share * 100.0)
}

fn figures(evaluation: &Evaluation) -> Markup {
    markup! {
        h2 { "Figures" }
        table {
            tr { th { "Figure" } th { "Value" } th { "95 % interval" } th { "Questions" } th { "What it says" } }
            @for figure in &evaluation.figures {
                tr {
                    td { code { (figure.name) } }
                    td class="number" { (percent(figure.value)) }
                    td class="number" { (percent(figure.low)) "–" (percent(figure.high)) }
                    td class="number" { (figure.of) }
                    td { (figure.meaning) }
                }
            }
        }
    }
}

fn gates(evaluation: &Evaluation) -> Markup {
    markup! {
        @if !evaluation.gates.is_empty() {
            h2 { "Gates" }
            table {
                tr { th { "Gate" } th { "Asked" } th { "Measured" } th { "" } }
                @for gate in &evaluation.gates {
                    tr {
                        td { code { (gate.name) } }
                        td class="number" { (percent(gate.asked)) }
                        td class="number" { (gate.measured.map_or_else(|| "not measured".to_owned(), percent)) }
                        td class=(if gate.is_passed { "passed" } else { "failed" }) {
                            (if gate.is_passed { "passed" } else { "failed" })
                        }
                    }
                }
            }
        }
    }
}

fn strings(title: &str, lines: &[String]) -> Markup {
    markup! {
        @if !lines.is_empty() {
            h2 { (title) " (" (lines.len()) ")" }
            ul lang="ko" { @for line in lines { li { (line) } } }
        }
    }
}

fn changes(comparisons: &[Comparison]) -> Markup {
    markup! {
        @for one in comparisons {
            h2 { "Compared with the baseline: " (one.what) }
            p { (one.better.len()) " better, " (one.worse.len()) " worse of " (one.of)
                (format!(" (sign test p = {:.3})", one.p_value)) }
            ul lang="ko" {
                @for question in &one.better { li class="passed" { (question) } }
                @for question in &one.worse { li class="failed" { (question) } }
            }
        }
    }
}

fn categories(evaluation: &Evaluation) -> Markup {
    markup! {
        h2 { "Categories" }
        table lang="ko" {
            tr { th { "Category" } th { "Questions" } th { "Precision" } th { "Recall" } th { "F1" } }
            @for category in &evaluation.categories {
                tr {
                    td { (category.category) }
                    td class="number" { (category.of) }
                    td class="number" { (percent(category.precision)) }
                    td class="number" { (percent(category.recall)) }
                    td class="number" { (percent(category.f1)) }
                }
            }
        }
        @if !evaluation.confusions.is_empty() {
            h2 { "Confusions" }
            table lang="ko" {
                tr { th { "Right" } th { "Guessed" } th { "How often" } }
                @for confusion in &evaluation.confusions {
                    tr {
                        td { (confusion.expected) }
                        td { (confusion.guessed) }
                        td class="number" { (confusion.count) }
                    }
                }
            }
        }
    }
}

fn tickets(evaluation: &Evaluation) -> Markup {
    markup! {
        @if !evaluation.tickets.is_empty() {
            h2 { "Triage" }
            table {
                tr { th { "Expected" } th { "Became" } th { "How often" } }
                @for cell in &evaluation.tickets {
                    tr class=(if cell.expected == cell.became { "" } else { "failed" }) {
                        td { (cell.expected.as_str()) }
                        td { (cell.became.as_str()) }
                        td class="number" { (cell.count) }
                    }
                }
            }
        }
    }
}

fn attacks(evaluation: &Evaluation) -> Markup {
    markup! {
        @if !evaluation.attacks.is_empty() {
            h2 { "Attacks on the language model" }
            table lang="ko" {
                tr { th { "Attack" } th { "Where, how" } th { "The model" } th { "Shown" } th { "Answer" } }
                @for attacked in &evaluation.attacks {
                    tr {
                        td { (attacked.text) }
                        td { (attacked.place) ", " (attacked.technique) }
                        td class=(if attacked.is_obeyed { "failed" } else { "" }) {
                            (match (attacked.is_asked, attacked.is_obeyed) {
                                (false, _) => "was not asked",
                                (true, false) => "resisted",
                                (true, true) => "obeyed",
                            })
                        }
                        td class=(if attacked.is_shown { "failed" } else { "passed" }) {
                            (if attacked.is_shown { "shown" } else { "held" })
                        }
                        td class="answer" { (attacked.answer) }
                    }
                }
            }
        }
    }
}

fn questions(evaluation: &Evaluation) -> Markup {
    markup! {
        h2 { "Questions" }
        table lang="ko" {
            tr { th { "Question" } th { "Category" } th { "Triage" } th { "Document" } th { "Answer" } }
            @for outcome in &evaluation.outcomes { (question(outcome)) }
        }
    }
}

fn question(outcome: &Outcome) -> Markup {
    let expected = &outcome.expected;
    let category_class = verdict(expected.category.as_ref().map(|_| outcome.category_place() == Some(0)));
    let ticket_class = verdict(expected.ticket.map(|ticket| ticket == outcome.ticket));
    let document_class = verdict((!expected.documents.is_empty()).then(|| outcome.document_place() == Some(0)));
    let confidence = outcome.categories.first().map_or(0.0, |(_, confidence)| *confidence);
    markup! {
        tr {
            td { (outcome.question) }
            td class=(category_class) {
                (outcome.category()) " " (format!("{confidence:.2}"))
                @if category_class == "failed" { br; "→ " (expected.category.as_deref().unwrap_or_default()) }
            }
            td class=(ticket_class) {
                (outcome.ticket.as_str())
                @if let Some(ticket) = expected.ticket.filter(|ticket| *ticket != outcome.ticket) {
                    br; "→ " (ticket.as_str())
                }
            }
            td class=(document_class) {
                (outcome.documents.first().map(String::as_str).unwrap_or_default())
                @if document_class == "failed" { br; "→ " (expected.documents.join(" / ")) }
            }
            td class="answer" {
                (outcome.answer)
                @for fault in &outcome.faults { p class="failed" { (fault) } }
                @for (fault, text) in outcome.spoken.iter().flat_map(|spoken| &spoken.stopped) {
                    p class="failed" { "stopped (" (fault) "): " (text) }
                }
            }
        }
    }
}

/// The class of a cell that is right, wrong, or not measured.
fn verdict(is_right: Option<bool>) -> &'static str {
    match is_right {
        Some(true) => "passed",
        Some(false) => "failed",
        None => "",
    }
}
