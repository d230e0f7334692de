//! Who may (design D11). Permission is an extractor in a route's signature.
//!
//! A customer proves with a token that he opened the session. Existing clients hold none; they are served where
//! `[api] legacy_clients` says so, and only sessions that were opened without a token.

use std::net::IpAddr;

use axum::extract::FromRef;
use axum::extract::FromRequestParts;
use axum::extract::RawPathParams;
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;

use crate::api::AppState;
use crate::api::error::ApiError;
use crate::chat::Chat;
use crate::chat::Owner;
use crate::domain::SessionId;
use crate::domain::SessionToken;
use crate::domain::TokenHash;
use crate::edge::ClientAddress;

/// The session cookie: `<session id>.<token>`, both as they were issued.
pub const COOKIE: &str = "aicc_session";

/// What a request brings to prove who it is from.
#[derive(Debug, Clone)]
pub struct Credentials {
    client: ClientAddress,
    bearer: Option<SessionToken>,
    /// The session and the token of each cookie. There can be two by the one name: a frame's on another site's page is kept
    /// apart from that of the chat's own page, and both are sent where the two are one site.
    cookies: Vec<(String, SessionToken)>,
}

/// The customer of the session in the path.
pub struct Customer(pub SessionId);

/// An agent. Until agents log in, that is an existing client where those are served.
pub struct Agent;

/// An administrator, who holds the token of `admin.token_file`, at this address.
pub struct Admin(pub IpAddr);

impl Credentials {
    fn of(client: ClientAddress, headers: &HeaderMap) -> Self {
        let text = |name| headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        let bearer = text(header::AUTHORIZATION)
            .find_map(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")))
            .map(|token| SessionToken::new(token.trim().to_owned()));
        let cookies = text(header::COOKIE)
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
            .filter_map(|value| value.rsplit_once('.'))
            .map(|(session, token)| (session.to_owned(), SessionToken::new(token.to_owned())))
            .collect();
        Self { client, bearer, cookies }
    }

    /// Lets the holder of these credentials use a session.
    ///
    /// # Errors
    /// [`ApiError::TokenRequired`], [`ApiError::TokenWrong`], or when the database refuses.
    pub async fn admit(&self, state: &AppState, id: &SessionId) -> Result<(), ApiError> {
        match state.chat.owner(id).await? {
            Some(Owner::Token(hash)) => self.prove(id, &hash),
            Some(Owner::Legacy) | None if self.is_legacy_client(state) => Ok(()),
            Some(Owner::Legacy) | None => Err(ApiError::TokenRequired),
        }
    }

    fn is_legacy_client(&self, state: &AppState) -> bool {
        state.settings.allows_legacy_client(self.client.0)
    }

    fn prove(&self, id: &SessionId, hash: &TokenHash) -> Result<(), ApiError> {
        let of_cookies = self.cookies.iter().filter(|(session, _)| session == id.as_str()).map(|(_, token)| token);
        let mut shown = self.bearer.iter().chain(of_cookies.filter(|_| self.bearer.is_none())).peekable();
        if shown.peek().is_none() {
            return Err(ApiError::TokenRequired);
        }
        // Hashes are compared, so how long it takes tells nothing about the token.
        if shown.any(|token| Chat::hash(token) == *hash) { Ok(()) } else { Err(ApiError::TokenWrong) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Credentials {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let client = ClientAddress::from_request_parts(parts, state).await.map_err(|_| ApiError::AgentsOnly)?;
        Ok(Self::of(client, &parts.headers))
    }
}

impl<S> FromRequestParts<S> for Customer
where
    S: Send + Sync,
    AppState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let id = session_in_path(parts, state).await?;
        let credentials = Credentials::from_request_parts(parts, state).await?;
        credentials.admit(&AppState::from_ref(state), &id).await?;
        Ok(Self(id))
    }
}

impl<S> FromRequestParts<S> for Agent
where
    S: Send + Sync,
    AppState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let credentials = Credentials::from_request_parts(parts, state).await?;
        if credentials.is_legacy_client(&AppState::from_ref(state)) { Ok(Self) } else { Err(ApiError::AgentsOnly) }
    }
}

impl<S> FromRequestParts<S> for Admin
where
    S: Send + Sync,
    AppState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let credentials = Credentials::from_request_parts(parts, state).await?;
        let settings = AppState::from_ref(state).admin;
        let Some(token) = &settings.token else { return Err(ApiError::AdminClosed) };
        let address = credentials.client.0;
        if !settings.networks.iter().any(|network| network.contains(&address)) {
            return Err(ApiError::AdminClosed);
        }
        let Some(shown) = &credentials.bearer else { return Err(ApiError::AdminTokenRequired) };
        // Hashes are compared, so how long it takes tells nothing about the token.
        let wanted = Chat::hash(&SessionToken::new(token.reveal().clone()));
        if Chat::hash(shown) == wanted { Ok(Self(address)) } else { Err(ApiError::AdminTokenWrong) }
    }
}

/// The session a path names. What cannot be an id is no path of ours (wire contract §4).
async fn session_in_path<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<SessionId, ApiError> {
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| ApiError::NotFound)?;
    let id = params.iter().find(|(name, _)| *name == "session_id").map(|(_, id)| SessionId::parse(id));
    id.and_then(Result::ok).ok_or(ApiError::NotFound)
}
