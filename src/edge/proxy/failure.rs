//! Why an upstream did not answer, whether it may be asked again, and what the client is told.

use std::error::Error;

use axum::http::Extensions;
use axum::http::StatusCode;
use hyper_util::client::legacy::Error as ClientError;

use crate::edge::Problem;
use crate::edge::proxy::body::ClientFault;
use crate::edge::proxy::connect::Use;
use crate::edge::proxy::connect::timed_out;
use crate::telemetry::chain;

/// Why one attempt brought no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection: refused, unknown name, no valid certificate.
    NotConnected(ClientError),
    /// No connection in time.
    NotConnectedInTime,
    /// The upstream took nothing of the request for too long.
    NotTaken,
    /// The request was there, and no answer came in time.
    NotAnswered,
    /// The connection ended before the answer.
    Lost {
        /// Why.
        error: ClientError,
        /// Nothing of the request was sent.
        is_unsent: bool,
        /// The connection had been idle, so the upstream may have closed it without having seen the request.
        was_idle: bool,
    },
    /// The answer is not what a server may say.
    Strange(&'static str),
    /// The client did not send its request to the end.
    Client(ClientFault),
}

impl Failure {
    /// What an error of the client library means.
    pub(super) fn of(error: ClientError, fault: Option<ClientFault>) -> Self {
        if let Some(fault) = fault {
            return Self::Client(fault);
        }
        if error.is_connect() {
            return if timed_out(&error) { Self::NotConnectedInTime } else { Self::NotConnected(error) };
        }
        if timed_out(&error) {
            return Self::NotTaken;
        }
        let mut extensions = Extensions::new();
        if let Some(connected) = error.connect_info() {
            connected.get_extras(&mut extensions);
        }
        let use_of = extensions.get::<Use>();
        let is_unsent = use_of.is_some_and(Use::is_untouched);
        let was_idle = use_of.is_some_and(Use::has_answered);
        Self::Lost { error, is_unsent, was_idle }
    }

    /// The upstream cannot have seen the request, so that another one may get it whatever it asks for.
    pub(super) fn is_unseen(&self) -> bool {
        match self {
            Self::NotConnected(_) | Self::NotConnectedInTime => true,
            Self::Lost { is_unsent, .. } => *is_unsent,
            Self::NotTaken | Self::NotAnswered | Self::Strange(_) | Self::Client(_) => false,
        }
    }

    /// An idle connection was closed under us, which says nothing about the upstream.
    pub(super) fn is_stale_connection(&self) -> bool {
        matches!(self, Self::Lost { was_idle: true, .. })
    }

    /// For the log.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::NotConnected(error) | Self::Lost { error, .. } => chain(error as &dyn Error).to_string(),
            Self::NotConnectedInTime => "no connection within connect_timeout".to_owned(),
            Self::NotTaken => "the request was not taken within send_timeout".to_owned(),
            Self::NotAnswered => "no answer within read_timeout".to_owned(),
            Self::Strange(why) => (*why).to_owned(),
            Self::Client(_) => "the client did not send its request to the end".to_owned(),
        }
    }

    /// What the client is told: 504 if some time limit passed and 502 otherwise, as nginx has it. Nothing about who was asked.
    pub(super) fn to_problem(&self) -> Problem {
        match self {
            Self::NotConnectedInTime | Self::NotTaken | Self::NotAnswered => Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                "gateway_timeout",
                "the system that answers this address did not answer in time; try again later",
            ),
            Self::NotConnected(_) | Self::Lost { .. } | Self::Strange(_) => Self::unreachable(),
            Self::Client(ClientFault::TooLong) => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                "the request body is longer than this server takes",
            ),
            Self::Client(ClientFault::TooSlow) => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "the request body stood still for too long",
            ),
            Self::Client(ClientFault::Gone) => {
                Problem::new(StatusCode::BAD_REQUEST, "invalid_body", "the request body did not come to its end")
            }
        }
    }

    /// No upstream could be asked.
    pub(super) fn unreachable() -> Problem {
        Problem::new(
            StatusCode::BAD_GATEWAY,
            "bad_gateway",
            "the system that answers this address cannot be reached; try again later",
        )
    }
}
