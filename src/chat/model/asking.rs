//! How a model is asked, whatever for: within the budget, and recorded.

use std::time::Duration;

use crate::chat::guard::Released;
use crate::chat::guard::Stopped;
use crate::chat::model::Inner;
use crate::chat::model::Model;
use crate::chat::model::Stop;
use crate::chat::model::budget::Reserved;
use crate::config::LlmRole;
use crate::domain::SessionId;
use crate::llm;
use crate::llm::Failure;
use crate::llm::Request;
use crate::llm::Usage;
use crate::store::ModelRun;
use crate::store::RunOutcome;
use crate::store::Verdict;
use crate::text::pii;

impl Model {
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

    /// Tokens for a question; `None` if the day or the conversation has not so many left.
    pub(super) async fn reserve(&self, request: &Request, session: &SessionId) -> Option<Reserved> {
        let Inner { store, clock, budget, .. } = &*self.inner;
        let stored = if budget.has_session_max() { store.model_runs().tokens_of(session).await.ok()? } else { 0 };
        budget.reserve(clock.today_in_korea(), session, stored, request.cost_max())
    }

    /// Counts a verdict of the guard; as it is recorded.
    pub(super) fn note_verdict(&self, judged: &Result<Released, Stopped>) -> Verdict {
        self.inner.figures.judge(judged.as_ref().err().map(|stopped| stopped.fault));
        match judged {
            Ok(released) => Verdict { verdict: "released", cites: released.cites.clone(), stopped: None },
            Err(Stopped { fault, text }) => {
                Verdict { verdict: fault.as_str(), cites: Vec::new(), stopped: Some(pii::mask(text)) }
            }
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
        let Some(reserved) = self.reserve(request, session).await else {
            run.reason = Some("budget");
            return None;
        };
        // Who is stopped has asked one, as far as is known.
        let mut readings = None;
        let hearing = async {
            let asked = self.inner.pool.ask(request, &mut |_| {}).await;
            let mut answering = asked.map_err(|refused| {
                readings = Some(refused.readings());
                note_refused(run, &refused);
                refused.as_str()
            })?;
            note_progress(run, &answering.progress);
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
            note_usage(run, answering.usage(said.chars().count()));
            if answering.is_shortened() {
                outcome = Err("shortened");
            }
            outcome.map(|()| said)
        };
        let heard = tokio::select! {
            biased;
            why = stop.wait() => Err(why),
            heard = tokio::time::timeout(timeout, hearing) => heard.unwrap_or(Err("too_long")),
        };
        if heard.is_err() && run.prompt_tokens == 0 {
            note_usage(run, unheard(request, heard.as_ref().err().copied(), readings.unwrap_or(1)));
        }
        reserved.spend(run.prompt_tokens.saturating_add(run.completion_tokens));
        match heard {
            Ok(said) => Some(said),
            Err(why) => {
                run.reason = Some(why);
                None
            }
        }
    }
}

/// What a question cost of which nothing was heard, because of `why`. What a model thought, it thought for as long as it may speak.
pub(super) fn unheard(request: &Request, why: Option<&str>, readings: u32) -> Usage {
    let usage = request.unheard(readings);
    let has_thought = why == Some(Failure::THINKING);
    Usage { completion_tokens: if has_thought { request.tokens_max.into() } else { usage.completion_tokens }, ..usage }
}

/// Records who was asked and did not answer.
pub(super) fn note_refused(run: &mut ModelRun, refused: &llm::Refused) {
    if let llm::Refused::Failed { endpoint, attempts, .. } = refused {
        (run.endpoint, run.attempts) = (Some(endpoint.clone()), *attempts);
    }
}

/// Records who answers, and how soon.
pub(super) fn note_progress(run: &mut ModelRun, progress: &llm::Progress) {
    (run.endpoint, run.model) = (Some(progress.endpoint.clone()), Some(progress.model.clone()));
    (run.attempts, run.queued_ms) = (progress.attempts, ms(progress.queued));
    run.first_token_ms = Some(ms(progress.first_token));
}

/// Records what it cost.
pub(super) fn note_usage(run: &mut ModelRun, usage: Usage) {
    (run.prompt_tokens, run.completion_tokens) = (usage.prompt_tokens, usage.completion_tokens);
    run.is_estimated = usage.is_estimated;
}

/// In whole milliseconds, as records have it.
pub(super) fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
