//! A category from a model, where the classifier is not sure of any.

use std::time::Duration;

use tokio::time::Instant;

use crate::chat::engine::Engine;
use crate::chat::model::Model;
use crate::chat::model::Stop;
use crate::chat::model::asking::ms;
use crate::chat::model::prompts::Prompt;
use crate::config::LlmRole;
use crate::domain::SessionId;
use crate::knowledge::PromptKind;
use crate::llm::Request;
use crate::llm::Said;
use crate::store::ModelRun;
use crate::store::RunOutcome;
use crate::text::pii;

/// Longer than this nobody is kept waiting only to hear what his message is about.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The name of a category, and what some models say around it.
const TOKENS_MAX: u32 = 64;
const ANSWER_CHARS_MAX: usize = 200;

/// What a model takes a message for.
pub struct Categorised {
    /// The pack's name of the category; `None` if none fits, or the model did not say.
    pub(in crate::chat) category: Option<String>,
    /// For the record.
    pub(in crate::chat) run: ModelRun,
}

impl Model {
    /// Asks a model which category a message belongs to. It can name one of the pack's, and nothing else.
    pub(in crate::chat) async fn categorise(
        &self,
        engine: &Engine,
        session: &SessionId,
        question: &str,
        stop: &Stop,
    ) -> Categorised {
        let started = Instant::now();
        let prompt = Prompt::of(engine.pack(), PromptKind::TRIAGE);
        let mut run = self.new_run(LlmRole::Triage, prompt.version());
        let list: Vec<String> = engine
            .pack()
            .categories
            .iter()
            .map(|category| format!("- {} ({})", category.name, category.domain))
            .collect();
        let values = [("bank", engine.pack().name.as_str()), ("categories", &list.join("\n"))];
        let request = Request {
            role: LlmRole::Triage,
            system: prompt.fill(&values),
            said: vec![Said::Person(pii::mask(&without_numbers(question)))],
            tokens_max: TOKENS_MAX,
            timeout: TIMEOUT,
        };
        let said = self.short_answer(&request, session, stop, ANSWER_CHARS_MAX, TIMEOUT, &mut run).await;
        let category = said.and_then(|said| named(engine, &said));
        run.outcome = if category.is_some() { RunOutcome::Used } else { RunOutcome::Unused };
        if category.is_none() && run.reason.is_none() {
            run.reason = Some("no_category");
        }
        run.total_ms = ms(started.elapsed());
        self.inner.figures.count(&run);
        Categorised { category, run }
    }
}

/// The category that an answer names, if it names exactly one.
fn named(engine: &Engine, said: &str) -> Option<String> {
    let said: String = said.split_whitespace().collect();
    let tight = |name: &str| -> String { name.split_whitespace().collect() };
    let names = engine.pack().categories.iter().map(|category| category.name.as_str());
    let mut found: Vec<&str> = names.filter(|name| said.contains(&tight(name))).collect();
    // Of 대출 and 대출 연장 the longer is meant where both are in it.
    found.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let longest = *found.first()?;
    let are_parts = found.iter().all(|name| tight(longest).contains(&tight(name)));
    are_parts.then(|| longest.to_owned())
}

/// A question without its longer numbers, which say nothing of its category: one may be told in many messages.
fn without_numbers(question: &str) -> String {
    const DIGITS_MIN: usize = 4;
    let mut text = String::with_capacity(question.len());
    for run in question.chars().collect::<Vec<_>>().chunk_by(|one, next| one.is_numeric() == next.is_numeric()) {
        let is_number = run.first().is_some_and(|c| c.is_numeric()) && run.len() >= DIGITS_MIN;
        text.extend(run.iter().map(|c| if is_number { '*' } else { *c }));
    }
    text
}
