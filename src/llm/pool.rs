//! All endpoints: who is asked, and who else when that fails.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::time::Instant;

use crate::config::Llm;
use crate::config::LlmRole;
use crate::llm::Answering;
use crate::llm::Failure;
use crate::llm::Refused;
use crate::llm::Request;
use crate::llm::admission::Admission;
use crate::llm::admission::LeftOut;
use crate::llm::admission::Permit;
use crate::llm::admission::Standing;
use crate::llm::answering::Beginning;
use crate::llm::breaker::Terms;
use crate::llm::endpoint::Endpoint;
use crate::llm::figures::Figures;
use crate::telemetry::Metrics;

/// How many endpoints one question is given to at most.
const ATTEMPTS_MAX: u32 = 2;

/// How an endpoint stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointState {
    /// What it is called.
    pub name: String,
    /// The model; empty until it said which one it has.
    pub model: String,
    /// It is not asked.
    pub left_out: Option<LeftOut>,
    /// Requests under way.
    pub in_flight: usize,
    /// The variable of the earlier system that means it.
    pub legacy_variable: Option<&'static str>,
}

/// A handle on all endpoints.
#[derive(Clone)]
pub struct Pool {
    admission: Arc<Admission>,
    /// Those that cannot be used.
    unusable: Arc<[EndpointState]>,
    figures: Figures,
    settings: Arc<Llm>,
}

impl Pool {
    /// The endpoints of the configuration; `None` if there are none. One that cannot be used, such as for want of its authorities'
    /// file, is told and never asked. No connection is opened before the first question.
    pub fn start(settings: &Llm, resolve: impl Fn(&Path) -> PathBuf, metrics: &Metrics) -> Option<Self> {
        if settings.endpoints.is_empty() {
            return None;
        }
        let (mut endpoints, mut unusable) = (Vec::new(), Vec::new());
        for configured in &settings.endpoints {
            let ca_file = configured.ca_file.as_deref().map(&resolve);
            match Endpoint::new(configured, ca_file, settings.connect_timeout, settings.temperature) {
                Ok(endpoint) => endpoints.push(endpoint),
                Err(why) => {
                    tracing::error!(endpoint = configured.name, why, "a language model is not used");
                    unusable.push(EndpointState {
                        name: configured.name.clone(),
                        model: configured.model.clone(),
                        left_out: Some(LeftOut { why, back_in: None }),
                        in_flight: 0,
                        legacy_variable: configured.legacy_variable,
                    });
                }
            }
        }
        let unusable: Arc<[EndpointState]> = unusable.into();
        let figures = Figures::new(endpoints.iter().map(|endpoint| endpoint.name.as_str()));
        let terms = Terms { fails: settings.fails, out_for: settings.fail_timeout };
        let admission = Arc::new(Admission::new(endpoints, settings.queue_max, terms));
        figures.register(metrics, &admission, &unusable);
        Some(Self { admission, unusable, figures, settings: Arc::new(settings.clone()) })
    }

    /// Whether any endpoint has this role.
    pub fn serves(&self, role: LlmRole) -> bool {
        self.admission.endpoints.iter().any(|endpoint| endpoint.roles.contains(&role))
    }

    /// How each endpoint stands, and how many questions wait.
    pub fn states(&self) -> (Vec<EndpointState>, usize) {
        let (standings, waiting) = self.admission.standings();
        let state = |(endpoint, standing): (&Arc<Endpoint>, Standing)| EndpointState {
            name: endpoint.name.clone(),
            model: endpoint.model().to_owned(),
            left_out: standing.left_out,
            in_flight: standing.in_flight,
            legacy_variable: endpoint.legacy_variable,
        };
        let usable = self.admission.endpoints.iter().zip(standings).map(state);
        (usable.chain(self.unusable.iter().cloned()).collect(), waiting)
    }

    /// `[llm]`
    pub fn settings(&self) -> &Llm {
        &self.settings
    }

    /// Asks an endpoint, and another one if the first fails before its first token, but for thinking too long. `on_wait` hears the place in the queue, 1 for
    /// the next, whenever it changes.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn ask(&self, request: &Request, on_wait: &mut (dyn FnMut(usize) + Send)) -> Result<Answering, Refused> {
        let mut excluded = None;
        let mut last = None;
        for attempt in 1..=ATTEMPTS_MAX {
            let entered_at = Instant::now();
            let queue_deadline = entered_at + self.settings.queue_timeout;
            let entered = self.admission.enter(request.role, excluded, queue_deadline, on_wait).await;
            let queued = entered_at.elapsed();
            self.figures.queued(queued);
            let permit = match (entered, last) {
                (Ok(permit), _) => permit,
                // Nobody else is there to ask.
                (Err(_), Some(failed)) => return Err(failed),
                (Err(refused), None) => return Err(refused),
            };
            if attempt > 1 {
                self.figures.fail_over();
            }
            let index = permit.index();
            let endpoint = Arc::clone(&permit.endpoint);
            let name = endpoint.name.clone();
            match self.attempt(permit, request).await {
                Ok(mut answering) => {
                    self.figures.first_token(index, answering.progress.first_token);
                    let progress = &mut answering.progress;
                    (progress.endpoint, progress.attempts, progress.queued) = (name, attempt, queued);
                    progress.model = endpoint.model().to_owned();
                    return Ok(answering);
                }
                Err(failure) => {
                    tracing::warn!(endpoint = name, role = request.role.as_str(), %failure, "a language model failed");
                    excluded = Some(index);
                    let is_final = matches!(failure, Failure::Thinking(_));
                    let refused = Refused::Failed { endpoint: name, failure, attempts: attempt };
                    // Another one would think as long, and somebody waits.
                    if is_final {
                        return Err(refused);
                    }
                    last = Some(refused);
                }
            }
        }
        Err(last.unwrap_or(Refused::NoEndpoint))
    }

    async fn attempt(&self, permit: Permit, request: &Request) -> Result<Answering, Failure> {
        let asked_at = Instant::now();
        let mut under_way = self.figures.ask(permit.index());
        let silence_max = self.settings.first_token_timeout;
        let sent = tokio::time::timeout_at(asked_at + silence_max, permit.endpoint.ask(request)).await;
        let pieces = match sent.unwrap_or(Err(Failure::Silent(silence_max))) {
            Ok(pieces) => pieces,
            Err(failure) => {
                under_way.end(Some(&failure));
                permit.fail(&failure);
                return Err(failure);
            }
        };
        let beginning = Beginning {
            pieces,
            permit,
            silence_max,
            thinking_max: self.settings.thinking_timeout,
            deadline: asked_at + request.timeout,
            asked_at,
            prompt_chars: request.chars(),
            under_way,
        };
        beginning.first_token().await
    }
}
