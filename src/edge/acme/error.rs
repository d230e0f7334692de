//! Why there is no certificate, and what to do about it.

use std::fmt;

use instant_acme::Problem;

use crate::edge::acme::status::Method;
use crate::edge::acme::storage::StorageError;

/// How problems of ACME are named (RFC 8555 §6.7).
const PROBLEM: &str = "urn:ietf:params:acme:error:";

/// Why an order failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum AcmeError {
    /// The authority cannot even be asked.
    #[error("{0}")]
    Client(String),
    /// The authority refused, or did not answer.
    #[error("{doing}")]
    Asked {
        doing: &'static str,
        #[source]
        source: instant_acme::Error,
    },
    /// Names were not proven.
    #[error("{}", list(.0))]
    Unproven(Vec<Unproven>),
    /// None of the ways to prove a name that are possible here is taken by the authority.
    #[error("{name} cannot be proven: the authority takes {offered}, and here {possible} is possible")]
    NoMethod { name: String, offered: String, possible: String },
    /// What was issued cannot be served.
    #[error("the authority issued a certificate that cannot be served: {0}")]
    Useless(String),
    /// No key could be made.
    #[error("making a private key")]
    Key(#[from] rcgen::Error),
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A name that was not proven.
#[derive(Debug)]
pub(super) struct Unproven {
    pub(super) name: String,
    pub(super) method: Method,
    pub(super) why: Problem,
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, method, why } = self;
        let detail = why.detail.as_deref().unwrap_or("no reason given");
        let kind = why.r#type.as_deref().unwrap_or("no type given");
        write!(f, "{name} was not proven by {method}: {detail} ({})", kind.strip_prefix(PROBLEM).unwrap_or(kind))
    }
}

fn list(unproven: &[Unproven]) -> String {
    unproven.iter().map(Unproven::to_string).collect::<Vec<_>>().join("; ")
}

impl AcmeError {
    /// For `map_err`: what was being done.
    pub(super) fn asked(doing: &'static str) -> impl FnOnce(instant_acme::Error) -> Self {
        move |source| Self::Asked { doing, source }
    }

    /// Chance decided against the order; repeating it at once may well succeed.
    pub(super) fn is_bad_nonce(&self) -> bool {
        self.kind() == Some("badNonce")
    }

    /// The authority does not know our account any more.
    pub(super) fn is_unknown_account(&self) -> bool {
        self.kind() == Some("accountDoesNotExist")
    }

    /// The authority's limits are used up.
    pub(super) fn is_rate_limit(&self) -> bool {
        self.kind() == Some("rateLimited")
    }

    /// What an operator can do.
    pub(super) fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Client(_) => Some("see edge.acme.ca_file in config.toml, and Debian's package ca-certificates"),
            Self::Storage(_) => Some("make server.data_dir writable and give it room"),
            Self::NoMethod { .. } => Some("set edge.acme.challenge to what the authority takes, and listen for it"),
            Self::Key(_) | Self::Useless(_) => None,
            Self::Asked { source: instant_acme::Error::Api(_), .. } | Self::Unproven(_) => {
                self.kind().and_then(|kind| self.remedy_of(kind))
            }
            Self::Asked { .. } => Some(
                "see that edge.acme.directory is right and reached from this machine, and for an authority of your own \
                 that edge.acme.ca_file is its root",
            ),
        }
    }

    fn remedy_of(&self, kind: &str) -> Option<&'static str> {
        let is_page = matches!(self, Self::Unproven(all) if all.iter().any(|one| one.method == Method::Http01));
        match kind {
            "dns" => Some("see that the name's A and AAAA records lead here, as the authority's resolvers see them"),
            "connection" | "tls" if is_page => Some(
                "let port 80 of the name reach a listener of server.listen here: see its A and AAAA records, routers and \
                 firewalls",
            ),
            "connection" | "tls" => Some(
                "let port 443 of the name reach a listener of edge.tls.listen here: see its A and AAAA records, routers \
                 and firewalls",
            ),
            "unauthorized" | "incorrectResponse" => {
                Some("something else answers under the name: see where its A and AAAA records and its ports lead")
            }
            "caa" => Some("the name's CAA record in DNS forbids this authority; change it"),
            "rateLimited" => Some("wait; try things out with the authority's staging directory"),
            "externalAccountRequired" => Some("set edge.acme.eab_key_id and edge.acme.eab_key_file as it told you"),
            "userActionRequired" => Some("read the authority's new terms of service, and agree"),
            "rejectedIdentifier" => Some("the authority does not issue for the name: see edge.site.names"),
            "invalidContact" | "unsupportedContact" => Some("see edge.acme.contact"),
            _ => None,
        }
    }

    /// The problem's short name.
    fn kind(&self) -> Option<&str> {
        let problem = match self {
            Self::Asked { source: instant_acme::Error::Api(problem), .. } => problem,
            Self::Unproven(names) => &names.first()?.why,
            Self::Asked { .. }
            | Self::Client(_)
            | Self::NoMethod { .. }
            | Self::Useless(_)
            | Self::Key(_)
            | Self::Storage(_) => return None,
        };
        problem.r#type.as_deref()?.strip_prefix(PROBLEM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str) -> Problem {
        let detail = Some("no valid A records".to_owned());
        Problem { r#type: Some(format!("{PROBLEM}{kind}")), detail, status: None, subproblems: Vec::new() }
    }

    #[test]
    fn a_failure_says_what_was_tried_why_it_failed_and_what_to_do() {
        let unproven = |method, kind| {
            let name = "chat.bank.example".to_owned();
            AcmeError::Unproven(vec![Unproven { name, method, why: problem(kind) }])
        };
        let error = unproven(Method::Http01, "dns");
        assert_eq!(error.to_string(), "chat.bank.example was not proven by http-01: no valid A records (dns)");
        for (error, remedy) in [
            (error, "A and AAAA records"),
            (unproven(Method::Http01, "connection"), "port 80"),
            (unproven(Method::TlsAlpn01, "connection"), "port 443"),
            (unproven(Method::Http01, "unauthorized"), "something else answers"),
            (AcmeError::asked("ordering")(problem("rateLimited").into()), "wait"),
            (AcmeError::asked("ordering")("no answer".into()), "edge.acme.directory"),
        ] {
            assert!(error.remedy().unwrap().contains(remedy), "{error}");
        }
    }
}
