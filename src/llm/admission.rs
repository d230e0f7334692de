//! Who is asked next: permits of the endpoints, and the queue in front of them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::LlmRole;
use crate::llm::Failure;
use crate::llm::Refused;
use crate::llm::breaker::Breaker;
use crate::llm::breaker::Terms;
use crate::llm::endpoint::Endpoint;

/// The endpoints, how many requests each has under way, and who waits.
pub(super) struct Admission {
    pub(super) endpoints: Vec<Arc<Endpoint>>,
    state: Mutex<State>,
    /// Says that places in the queue changed.
    moved: watch::Sender<()>,
    queue_max: usize,
    terms: Terms,
}

struct State {
    /// One for each endpoint.
    places: Vec<Place>,
    waiting: VecDeque<Waiting>,
    last_number: u64,
}

struct Place {
    in_flight: usize,
    breaker: Breaker,
    /// What went wrong last.
    failure: String,
}

struct Waiting {
    number: u64,
    role: LlmRole,
    excluded: Option<usize>,
    tell: oneshot::Sender<Outcome>,
}

type Outcome = Result<Permit, Refused>;

/// Where an endpoint stands.
pub(super) struct Standing {
    pub(super) in_flight: usize,
    pub(super) left_out: Option<LeftOut>,
}

/// That an endpoint is not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What is wrong, or went wrong last.
    pub why: String,
    /// How long until it is tried again, zero if it is being tried; `None`: not before the next start.
    pub back_in: Option<Duration>,
}

/// The right to have one request under way at an endpoint.
pub(super) struct Permit {
    pub(super) endpoint: Arc<Endpoint>,
    admission: Arc<Admission>,
    index: usize,
    is_concluded: bool,
}

impl Admission {
    pub(super) fn new(endpoints: Vec<Endpoint>, queue_max: usize, terms: Terms) -> Self {
        let places =
            endpoints.iter().map(|_| Place { in_flight: 0, breaker: Breaker::NEW, failure: String::new() }).collect();
        let state = State { places, waiting: VecDeque::new(), last_number: 0 };
        let endpoints = endpoints.into_iter().map(Arc::new).collect();
        Self { endpoints, state: Mutex::new(state), moved: watch::Sender::new(()), queue_max, terms }
    }

    /// Takes a permit of the least busy endpoint for this role but `excluded`, waiting for one until `deadline`. `on_wait`
    /// hears the place in the queue, 1 for the next, whenever it changes.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) async fn enter(
        self: &Arc<Self>,
        role: LlmRole,
        excluded: Option<usize>,
        deadline: Instant,
        on_wait: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Permit, Refused> {
        let left;
        let (number, mut told) = {
            let mut state = self.lock();
            let waits_already = state.waiting.iter().any(|waiting| waiting.role == role);
            match self.free(&state, role, excluded) {
                Some(free) if !waits_already => return Ok(self.permit(&mut state, free)),
                Some(_) | None => {}
            }
            self.refuse_hopeless(&state, role, excluded)?;
            if state.waiting.len() >= self.queue_max {
                return Err(Refused::QueueFull);
            }
            state.last_number += 1;
            let (tell, told) = oneshot::channel();
            let number = state.last_number;
            state.waiting.push_back(Waiting { number, role, excluded, tell });
            // An endpoint may be free for whoever waits longest: nobody else notices when it has been left out long enough.
            left = self.dispatch(&mut state);
            (number, told)
        };
        drop(left);
        let _leaves = Leaves { admission: self, number };
        let mut moved = self.moved.subscribe();
        let mut last_place = 0;
        loop {
            let place = self.lock().waiting.iter().position(|waiting| waiting.number == number).map_or(0, |at| at + 1);
            if place != last_place && place > 0 {
                on_wait(place);
                last_place = place;
            }
            tokio::select! {
                biased;
                told = &mut told => return told.unwrap_or(Err(Refused::AllDown)),
                _ = moved.changed() => {}
                () = tokio::time::sleep_until(deadline) => {
                    // A permit may have been given at this very moment.
                    told.close();
                    return told.try_recv().unwrap_or(Err(Refused::QueueTimeout));
                }
            }
        }
    }

    /// Where each endpoint stands, and how many wait.
    pub(super) fn standings(&self) -> (Vec<Standing>, usize) {
        let state = self.lock();
        let now = Instant::now();
        let standing = |place: &Place| Standing {
            in_flight: place.in_flight,
            left_out: match place.breaker {
                Breaker::Closed { .. } => None,
                // It is asked again as soon as anybody asks.
                Breaker::Open { until, .. } if until <= now => None,
                Breaker::Open { until, .. } => Some(until.saturating_duration_since(now)),
                Breaker::HalfOpen { .. } => Some(Duration::ZERO),
            }
            .map(|back_in| LeftOut { why: place.failure.clone(), back_in: Some(back_in) }),
        };
        (state.places.iter().map(standing).collect(), state.waiting.len())
    }

    /// The endpoint to ask now, if one is free: the least busy for its weight.
    fn free(&self, state: &State, role: LlmRole, excluded: Option<usize>) -> Option<(usize, Arc<Endpoint>)> {
        let now = Instant::now();
        let all = self.endpoints.iter().zip(&state.places).enumerate();
        let free = all.filter(|(index, (endpoint, place))| {
            Some(*index) != excluded
                && endpoint.roles.contains(&role)
                && place.in_flight < endpoint.concurrent_max
                && place.breaker.may_ask(now)
        });
        let load = |endpoint: &Endpoint, place: &Place| (place.in_flight + 1) as f64 / f64::from(endpoint.weight);
        free.min_by(|(_, (one, one_place)), (_, (other, other_place))| {
            load(one, one_place).total_cmp(&load(other, other_place))
        })
        .map(|(index, (endpoint, _))| (index, Arc::clone(endpoint)))
    }

    /// Refuses whoever would wait in vain.
    fn refuse_hopeless(&self, state: &State, role: LlmRole, excluded: Option<usize>) -> Result<(), Refused> {
        let now = Instant::now();
        let mut of_role = self
            .endpoints
            .iter()
            .zip(&state.places)
            .enumerate()
            .filter(|(index, (endpoint, _))| Some(*index) != excluded && endpoint.roles.contains(&role));
        if self.endpoints.iter().all(|endpoint| !endpoint.roles.contains(&role)) {
            return Err(Refused::NoEndpoint);
        }
        if of_role.any(|(_, (_, place))| place.breaker.may_soon_be_asked(now)) { Ok(()) } else { Err(Refused::AllDown) }
    }

    fn permit(self: &Arc<Self>, state: &mut State, (index, endpoint): (usize, Arc<Endpoint>)) -> Permit {
        if let Some(place) = state.places.get_mut(index) {
            place.in_flight += 1;
            place.breaker = place.breaker.ask();
        }
        Permit { endpoint, admission: Arc::clone(self), index, is_concluded: false }
    }

    /// Gives free permits to those who wait, oldest first, and sends away those who would wait in vain. What nobody took is
    /// returned, to be dropped when the state is no longer locked.
    #[must_use]
    fn dispatch(self: &Arc<Self>, state: &mut State) -> Vec<Outcome> {
        let mut left = Vec::new();
        let mut at = 0;
        while let Some(waiting) = state.waiting.get(at) {
            let (role, excluded) = (waiting.role, waiting.excluded);
            let outcome = match self.free(state, role, excluded) {
                Some(free) => Ok(self.permit(state, free)),
                None => match self.refuse_hopeless(state, role, excluded) {
                    Ok(()) => {
                        at += 1;
                        continue;
                    }
                    Err(refused) => Err(refused),
                },
            };
            if let Some(waiting) = state.waiting.remove(at) {
                left.extend(waiting.tell.send(outcome).err());
            } else {
                left.push(outcome);
            }
        }
        self.moved.send_replace(());
        left
    }

    /// When an endpoint that is left out is tried again.
    fn left_out_until(&self, index: usize) -> Option<Instant> {
        match self.lock().places.get(index)?.breaker {
            Breaker::Open { until, .. } => Some(until),
            Breaker::Closed { .. } | Breaker::HalfOpen { .. } => None,
        }
    }

    /// Changes a place; whether the endpoint was left out before and no longer is.
    fn change(self: &Arc<Self>, index: usize, change: impl FnOnce(&mut Place)) -> bool {
        let mut state = self.lock();
        let is_closed = |state: &State| {
            state.places.get(index).is_some_and(|place| matches!(place.breaker, Breaker::Closed { .. }))
        };
        let was_closed = is_closed(&state);
        if let Some(place) = state.places.get_mut(index) {
            change(place);
        }
        let is_back = !was_closed && is_closed(&state);
        let left = self.dispatch(&mut state);
        drop(state);
        drop(left);
        is_back
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes whoever waited out of the queue when he no longer does.
struct Leaves<'a> {
    admission: &'a Admission,
    number: u64,
}

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        let mut state = self.admission.lock();
        let waited = state.waiting.len();
        state.waiting.retain(|waiting| waiting.number != self.number);
        if state.waiting.len() < waited {
            self.admission.moved.send_replace(());
        }
    }
}

impl Permit {
    /// Its number, to exclude it from a second attempt.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// The first token came.
    pub(super) fn begin(&self) {
        let terms = self.admission.terms;
        if self.admission.change(self.index, |place| place.breaker = place.breaker.begin(terms)) {
            tracing::info!(endpoint = self.endpoint.name, "a language model answers again");
        }
    }

    /// The answer came to its end.
    pub(super) fn succeed(mut self) {
        self.is_concluded = true;
        let is_back = self.admission.change(self.index, |place| place.breaker = place.breaker.succeed());
        if is_back {
            tracing::info!(endpoint = self.endpoint.name, "a language model answers again");
        }
    }

    /// The endpoint failed.
    pub(super) fn fail(mut self, failure: &Failure) {
        self.is_concluded = true;
        let (terms, rest): (Terms, Option<Duration>) = (self.admission.terms, failure.rest());
        let now = Instant::now();
        self.admission.change(self.index, |place| {
            place.breaker = place.breaker.fail(terms, rest, now);
            place.failure = failure.to_string();
        });
        if let Some(until) = self.admission.left_out_until(self.index) {
            let seconds = until.saturating_duration_since(now).as_secs();
            tracing::warn!(
                endpoint = self.endpoint.name,
                seconds,
                "a language model is left out; `bank-aicc doctor` examines it"
            );
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let is_concluded = self.is_concluded;
        self.admission.change(self.index, |place| {
            place.in_flight = place.in_flight.saturating_sub(1);
            if !is_concluded {
                place.breaker = place.breaker.abandon(Instant::now());
            }
        });
    }
}
