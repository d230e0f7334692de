//! A category from a model, where the classifier is not sure of any.

use std::time::Duration;

use tokio::time::Instant;

use crate::chat::engine::Engine;
use crate::chat::model::Model;
use crate::chat::model::Stop;
use crate::chat::model::prompts::Prompt;
use crate::config::LlmRole;
use crate::domain::SessionId;
use crate::knowledge::PromptKind;
use crate::llm::Failure;
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
            said: vec![Said::Person(pii::mask(question))],
            tokens_max: TOKENS_MAX,
            timeout: TIMEOUT,
        };
        let said = self.short_answer(&request, session, stop, ANSWER_CHARS_MAX, TIMEOUT, &mut run).await;
        let category = said.and_then(|said| named(engine, &said));
        run.outcome = if category.is_some() { RunOutcome::Used } else { RunOutcome::Unused };
        if category.is_none() && run.reason.is_none() {
            run.reason = Some("no_category");
        }
        run.total_ms = super::compose::ms(started.elapsed());
        self.inner.figures.count(&run);
        Categorised { category, run }
    }

    /// The record of a question that is about to be asked.
    pub(super) fn new_run(&self, role: LlmRole, prompt_version: String) -> ModelRun {
        ModelRun {
            role,
            started_at: self.inner.clock.now(),
            endpoint: None,
            model: None,
            prompt_version,
            outcome: RunOutcome::Unused,
            reason: None,
            attempts: 0,
            queued_ms: 0,
            first_token_ms: None,
            total_ms: 0,
            prompt_tokens: 0,
            completion_tokens: 0,
            is_estimated: false,
            passages: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// The whole of a short answer; `None`, with the reason in the run, if there is none within `timeout`.
    pub(super) async fn short_answer(
        &self,
        request: &Request,
        session: &SessionId,
        stop: &Stop,
        chars_max: usize,
        timeout: Duration,
        run: &mut ModelRun,
    ) -> Option<String> {
        let tokens_max = request.system.chars().count() as u64 + u64::from(request.tokens_max);
        let reserved = self.inner.budget.reserve(self.inner.clock.today_in_korea(), tokens_max);
        let (Some(reserved), Ok(true)) = (reserved, self.has_tokens(session).await) else {
            run.reason = Some("budget");
            return None;
        };
        let hearing = async {
            let mut answering = self.inner.pool.ask(request, &mut |_| {}).await.map_err(|refused| refused.as_str())?;
            let progress = &answering.progress;
            (run.endpoint, run.model) = (Some(progress.endpoint.clone()), Some(progress.model.clone()));
            (run.attempts, run.queued_ms) = (progress.attempts, super::compose::ms(progress.queued));
            run.first_token_ms = Some(super::compose::ms(progress.first_token));
            let mut said = String::new();
            let mut outcome = Ok(());
            while let Some(piece) = answering.next().await {
                match piece {
                    Ok(piece) => said.push_str(&piece),
                    Err(failure) => {
                        outcome = Err(Failure::as_str(&failure));
                        break;
                    }
                }
                if said.chars().count() > chars_max {
                    outcome = Err("too_long");
                    break;
                }
            }
            let usage = answering.usage(said.chars().count());
            (run.prompt_tokens, run.completion_tokens) = (usage.prompt_tokens, usage.completion_tokens);
            run.is_estimated = usage.is_estimated;
            outcome.map(|()| said)
        };
        let heard = tokio::select! {
            biased;
            why = stop.wait() => Err(why),
            heard = tokio::time::timeout(timeout, hearing) => heard.unwrap_or(Err("too_long")),
        };
        reserved.spend(run.prompt_tokens + run.completion_tokens);
        match heard {
            Ok(said) => Some(said),
            Err(why) => {
                run.reason = Some(why);
                None
            }
        }
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
