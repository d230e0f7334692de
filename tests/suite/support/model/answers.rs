//! Requests and their answers: who may ask, which paths there are, and which behaviour a request meets.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header;
use serde_json::Value;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::asked::Asked;
use super::behaviour::Behaviour;
use super::behaviour::Fault;
use super::player;
use super::player::Body;
use super::record::Record;
use super::record::Turn;
use super::script;
use super::script::Part;
use super::speech::Speech;

/// Which requests a behaviour is meant for.
type Condition = dyn Fn(&Asked) -> bool + Send + Sync;

/// What answers.
#[derive(Default)]
pub struct Answers {
    record: Arc<Record>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    models: Vec<String>,
    key: Option<String>,
    /// For the requests that are meant by them, whatever the others say.
    conditions: Vec<(Box<Condition>, Behaviour)>,
    /// For the next requests, one each.
    next: VecDeque<Behaviour>,
    /// For all others.
    standing: Behaviour,
}

/// A status and an error body of OpenAI's.
struct Refusal {
    status: u16,
    kind: &'static str,
    param: Option<&'static str>,
    code: Option<&'static str>,
    message: String,
}

impl Answers {
    pub fn record(&self) -> &Record {
        &self.record
    }

    pub fn set_models(&self, models: &[&str]) {
        self.lock().models = models.iter().map(|model| (*model).to_owned()).collect();
    }

    pub fn set_key(&self, key: Option<&str>) {
        self.lock().key = key.map(str::to_owned);
    }

    pub fn set(&self, behaviour: Behaviour) {
        self.lock().standing = behaviour;
    }

    pub fn set_next(&self, behaviours: Vec<Behaviour>) {
        self.lock().next = behaviours.into();
    }

    pub fn set_when(&self, condition: Box<Condition>, behaviour: Behaviour) {
        self.lock().conditions.push((condition, behaviour));
    }

    /// Answers a request.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        connection: usize,
        life: CancellationToken,
    ) -> Response<Body> {
        let (head, body) = request.into_parts();
        let turn = self.record.arrived(&head, connection, life);
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let target = format!("{} {}", head.method, head.uri.path());
        let key = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if target == super::MODELS {
            return self.models(key, turn).await;
        }
        if target == super::CHAT {
            return self.chat(key, &body, turn).await;
        }
        let is_known =
            [super::MODELS, super::CHAT].iter().any(|known| known.ends_with(&format!(" {}", head.uri.path())));
        let status = if is_known { 405 } else { 404 };
        Refusal::invalid(status, format!("Unknown request URL: {target}.")).answer(turn)
    }

    async fn models(&self, key: Option<&str>, turn: Turn) -> Response<Body> {
        if let Err(refusal) = self.check_key(key) {
            return refusal.answer(turn);
        }
        let (behaviour, models) = {
            let state = self.lock();
            (state.standing.clone(), state.models.clone())
        };
        tokio::time::sleep(behaviour.pace.before_headers).await;
        let models: Vec<_> = models
            .iter()
            .map(|model| json!({ "id": model, "object": "model", "created": 1_790_000_000, "owned_by": "bank" }))
            .collect();
        match &behaviour.fault {
            None | Some(Fault::After(..)) => {
                let list = json!({ "object": "list", "data": models }).to_string();
                respond(200, script::JSON, script::bytes(list), turn)
            }
            Some(fault) => fail(fault, turn).await,
        }
    }

    async fn chat(&self, key: Option<&str>, body: &[u8], turn: Turn) -> Response<Body> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let asked = Asked::parse(&body);
        turn.body(body, asked.as_ref().ok().cloned());
        let refused = self.check_key(key).and_then(|()| match asked {
            Ok(asked) => self.check_model(asked),
            Err(param) => Err(Refusal {
                param: Some(param),
                ..Refusal::invalid(400, format!("Missing or invalid parameter: '{param}'."))
            }),
        });
        let asked = match refused {
            Ok(asked) => asked,
            Err(refusal) => return refusal.answer(turn),
        };
        let behaviour = self.lock().behaviour(&asked);
        let mishap = match &behaviour.fault {
            None => None,
            Some(Fault::After(tokens, mishap)) => Some((*tokens, *mishap)),
            Some(fault) => {
                tokio::time::sleep(behaviour.pace.before_headers).await;
                return fail(fault, turn).await;
            }
        };
        let speech = Speech::answer(&asked, &behaviour, turn.number());
        turn.speech(&speech);
        tokio::time::sleep(behaviour.pace.before_headers).await;
        if asked.is_streamed && !behaviour.form.is_whole {
            let script = script::stream(&asked, &speech, &behaviour, mishap);
            return respond(200, script::EVENTS, script, turn);
        }
        if speech.is_endless {
            return fail(&Fault::NoHeaders, turn).await;
        }
        tokio::time::sleep(script::time_of(&speech, &behaviour)).await;
        let script = script::whole(&asked, &speech, &behaviour, mishap.map(|(_, mishap)| mishap));
        respond(200, script::JSON, script, turn)
    }

    fn check_key(&self, given: Option<&str>) -> Result<(), Refusal> {
        match &self.lock().key {
            Some(key) if given != Some(&format!("Bearer {key}")) => Err(Refusal {
                code: Some("invalid_api_key"),
                ..Refusal::invalid(401, "Incorrect API key provided.".to_owned())
            }),
            Some(_) | None => Ok(()),
        }
    }

    fn check_model(&self, asked: Asked) -> Result<Asked, Refusal> {
        if self.lock().models.contains(&asked.model) {
            return Ok(asked);
        }
        Err(Refusal {
            param: Some("model"),
            code: Some("model_not_found"),
            ..Refusal::invalid(404, format!("The model '{}' does not exist.", asked.model))
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn behaviour(&mut self, asked: &Asked) -> Behaviour {
        // The last word counts.
        let meant = self.conditions.iter().rev().find(|(is_meant, _)| is_meant(asked));
        match meant {
            Some((_, behaviour)) => behaviour.clone(),
            None => self.next.pop_front().unwrap_or_else(|| self.standing.clone()),
        }
    }
}

impl Refusal {
    fn invalid(status: u16, message: String) -> Self {
        Self { status, kind: "invalid_request_error", param: None, code: None, message }
    }

    fn body(&self) -> String {
        let Self { kind, param, code, message, .. } = self;
        json!({ "error": { "message": message, "type": kind, "param": param, "code": code } }).to_string()
    }

    fn answer(self, turn: Turn) -> Response<Body> {
        respond(self.status, script::JSON, script::bytes(self.body()), turn)
    }
}

/// What there is instead of an answer.
async fn fail(fault: &Fault, turn: Turn) -> Response<Body> {
    match fault {
        Fault::NoHeaders => {
            // It stays with the request, so that it is told when the client hangs up.
            let _turn = turn;
            std::future::pending().await
        }
        Fault::NoBody => respond(200, script::EVENTS, vec![Part::Silence], turn),
        Fault::Status { code, retry_after } => {
            let (kind, name) = match code {
                401 | 403 => ("invalid_request_error", Some("invalid_api_key")),
                429 => ("requests", Some("rate_limit_exceeded")),
                _ => ("server_error", None),
            };
            let message = format!("Refused with {code}.");
            let refusal = Refusal { status: *code, kind, param: None, code: name, message };
            let mut response = refusal.answer(turn);
            if let Some(retry_after) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, retry_after.parse().unwrap());
            }
            response
        }
        Fault::Redirect(to) => {
            let mut response = respond(307, script::JSON, Vec::new(), turn);
            response.headers_mut().insert(header::LOCATION, to.parse().unwrap());
            response
        }
        Fault::Html => {
            let page = "<!doctype html><html><body><h1>It works!</h1></body></html>";
            respond(200, "text/html; charset=utf-8", script::bytes(page), turn)
        }
        Fault::NotEvents => respond(200, script::EVENTS, script::bytes("Hello.\nThis is a model.\n\n\n"), turn),
        Fault::After(..) => unreachable!("a mishap has an answer around it"),
    }
}

fn respond(status: u16, content_type: &str, script: Vec<Part>, turn: Turn) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, content_type)
        .body(player::play(script, turn))
        .unwrap()
}
