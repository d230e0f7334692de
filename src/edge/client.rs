//! Who is on the other end, and how the parts of the edge tell one another.

use std::convert::Infallible;
use std::net::IpAddr;
use std::net::Ipv6Addr;

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::edge::InUse;
use crate::edge::Peer;
use crate::edge::Problem;
use crate::edge::RequestId;

/// The client's address, with an IPv4 address mapped into IPv6 given as IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

/// Whether a request came over TLS, ended here or by a proxy that is trusted to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IsSecure(pub bool);

/// Who sent a request, and how it came. One extension of it and not five: each would be three allocations.
#[derive(Clone, Default)]
pub(super) struct Visit {
    pub(super) peer: Option<Peer>,
    pub(super) in_use: Option<InUse>,
    pub(super) client: Option<ClientAddress>,
    pub(super) is_secure: IsSecure,
    pub(super) request_id: Option<RequestId>,
}

impl Visit {
    /// What a connection knows of its requests.
    pub(super) fn new(peer: Peer, in_use: InUse) -> Self {
        Self { peer: Some(peer), in_use: Some(in_use), ..Self::default() }
    }

    /// What is known of a request.
    pub(super) fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }
}

impl ClientAddress {
    /// A request's; `None` if it came by no listener.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        Visit::of(extensions)?.client
    }
}

impl IsSecure {
    /// A request's.
    pub fn of(extensions: &Extensions) -> Self {
        Visit::of(extensions).map_or(Self(false), |visit| visit.is_secure)
    }
}

impl InUse {
    /// A hold on a request and its connection; `None` if it came by no listener.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        Visit::of(extensions)?.in_use.clone()
    }
}

/// The address by which a client is counted: one subscriber of an access provider has a whole /64 of IPv6 addresses.
pub(super) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.extensions).ok_or_else(|| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "the client's address is not known")
        })
    }
}

impl<S: Sync> FromRequestParts<S> for IsSecure {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}
