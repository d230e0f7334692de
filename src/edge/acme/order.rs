//! One order: names are proven, a certificate comes back (RFC 8555 §7.4).

use std::net::IpAddr;
use std::time::Duration;

use instant_acme::Account;
use instant_acme::AuthorizationHandle;
use instant_acme::AuthorizationStatus;
use instant_acme::CertificateIdentifier;
use instant_acme::ChallengeHandle;
use instant_acme::ChallengeType;
use instant_acme::Identifier;
use instant_acme::NewOrder;
use instant_acme::OrderStatus;
use instant_acme::RetryPolicy;

use crate::clock::Clock;
use crate::edge::acme::certificate;
use crate::edge::acme::certificate::Issued;
use crate::edge::acme::challenges::Challenges;
use crate::edge::acme::challenges::Shown;
use crate::edge::acme::error::AcmeError;
use crate::edge::acme::error::Unproven;
use crate::edge::acme::status::Method;
use crate::edge::acme::status::Report;
use crate::edge::acme::status::Stage;
use crate::edge::acme::status::Status;
use crate::telemetry::chain;

/// How often the authority is asked how far it is, and for how long. It may name other times itself (`Retry-After`).
const PATIENCE: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(500)).backoff(1.5).timeout(Duration::from_mins(5));

/// What to order, and how names can be proven.
pub(super) struct Order<'o> {
    pub(super) account: &'o Account,
    pub(super) challenges: &'o Challenges,
    /// The site's names.
    pub(super) names: &'o [String],
    /// What is possible here, best first.
    pub(super) methods: &'o [Method],
    /// The certificate that the new one takes the place of.
    pub(super) replaces: Option<CertificateIdentifier<'static>>,
    pub(super) progress: Progress<'o>,
}

/// Where it is told how far an order is.
#[derive(Clone, Copy)]
pub(super) struct Progress<'o> {
    pub(super) status: &'o Status,
    /// The site's place in the report.
    pub(super) index: usize,
    pub(super) clock: &'o Clock,
}

impl Progress<'_> {
    pub(super) async fn enter(&self, stage: Stage) {
        let change = |report: &mut Report| {
            if let Some(site) = report.sites.get_mut(self.index) {
                site.stage = stage;
            }
        };
        self.status.change(self.clock.now_utc(), change).await;
    }
}

impl Order<'_> {
    /// Orders, proves and fetches.
    ///
    /// # Errors
    /// Why there is no certificate. The order is then of no more use.
    pub(super) async fn issue(&self) -> Result<Issued, AcmeError> {
        let mut order = self.place().await?;
        self.progress.enter(Stage::Proving).await;
        {
            // Shown until the authority has decided.
            let _shown = self.prove_all(&mut order).await?;
            let decided = order.poll_ready(&PATIENCE).await;
            if !matches!(decided, Ok(OrderStatus::Ready)) {
                return Err(self.refusal(&mut order, decided).await);
            }
        }
        self.progress.enter(Stage::Issuing).await;
        let (key, request) = certificate::request(self.names)?;
        let asked = AcmeError::asked("asking the authority for the certificate");
        order.finalize_csr(&request).await.map_err(asked)?;
        let chain = order.poll_certificate(&PATIENCE).await.map_err(AcmeError::asked("awaiting the certificate"))?;
        let issued = Issued::parse(&(key.serialize_pem() + &chain)).map_err(AcmeError::Useless)?;
        if !issued.facts.names_missing(self.names).is_empty() {
            let (names, wanted) = (issued.facts.names.join(", "), self.names.join(", "));
            return Err(AcmeError::Useless(format!("it is for {names} instead of {wanted}")));
        }
        Ok(issued)
    }

    /// Places the order. Authorities differ in what they make of `replaces` (unknown, not echoed, replaced already), and it
    /// is a courtesy: if such an order fails, it is placed without.
    async fn place(&self) -> Result<instant_acme::Order, AcmeError> {
        let identifiers: Vec<Identifier> = self.names.iter().map(|name| identifier(name)).collect();
        let order = NewOrder::new(&identifiers);
        if let Some(replaces) = &self.replaces {
            let courteous = NewOrder::new(&identifiers).replaces(replaces.clone());
            match self.account.new_order(&courteous).await {
                Ok(order) => return Ok(order),
                Err(error) => {
                    let error = AcmeError::asked("ordering a certificate in place of the present one")(error);
                    if error.is_rate_limit() || error.is_unknown_account() {
                        return Err(error);
                    }
                    tracing::debug!(error = %chain(&error), "ordering without saying what is replaced");
                }
            }
        }
        self.account.new_order(&order).await.map_err(AcmeError::asked("ordering a certificate"))
    }

    /// Shows what proves each name that is not proven yet, and tells the authority.
    async fn prove_all(&self, order: &mut instant_acme::Order) -> Result<Vec<Shown>, AcmeError> {
        let mut shown = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let authorization = authorization.map_err(AcmeError::asked("asking what is to be proven"))?;
            match authorization.status {
                AuthorizationStatus::Valid => {}
                // The authority says at the end which of them are not.
                AuthorizationStatus::Invalid
                | AuthorizationStatus::Revoked
                | AuthorizationStatus::Expired
                | AuthorizationStatus::Deactivated => {}
                AuthorizationStatus::Pending => shown.push(self.prove(authorization).await?),
            }
        }
        Ok(shown)
    }

    async fn prove(&self, mut authorization: AuthorizationHandle<'_>) -> Result<Shown, AcmeError> {
        let name = authorization.identifier().to_string();
        let method = self.method_for(&name, &authorization)?;
        let Some(mut challenge) = authorization.challenge(kind(method)) else {
            return Err(AcmeError::asked("choosing how to prove a name")("the challenge is gone".into()));
        };
        let shown = self.show(&name, method, &challenge)?;
        tracing::info!(name, challenge = %method, "a name is being proven to the authority");
        match challenge.set_ready().await {
            Ok(()) => Ok(shown),
            Err(instant_acme::Error::Api(why)) if !is_of_request(&why) => {
                Err(AcmeError::Unproven(vec![Unproven { name, method, why }]))
            }
            Err(error) => Err(AcmeError::asked("telling the authority that a name can be proven")(error)),
        }
    }

    /// The best way that the authority offers. Addresses are proven by a page wherever that is possible, since handshakes
    /// do not carry them.
    fn method_for(&self, name: &str, authorization: &AuthorizationHandle<'_>) -> Result<Method, AcmeError> {
        let is_offered = |method: &&Method| authorization.challenges.iter().any(|one| one.r#type == kind(**method));
        let page = self.methods.iter().find(|method| **method == Method::Http01);
        let page = page.filter(|_| name.parse::<IpAddr>().is_ok()).filter(is_offered);
        page.or_else(|| self.methods.iter().find(is_offered)).copied().ok_or_else(|| {
            let offered: Vec<&str> = authorization.challenges.iter().map(|one| word(&one.r#type)).collect();
            let possible: Vec<String> = self.methods.iter().map(Method::to_string).collect();
            let (offered, possible) = (offered.join(" or "), possible.join(" or "));
            AcmeError::NoMethod { name: name.to_owned(), offered, possible }
        })
    }

    fn show(&self, name: &str, method: Method, challenge: &ChallengeHandle<'_>) -> Result<Shown, AcmeError> {
        let expected = challenge.key_authorization();
        match method {
            Method::Http01 => Ok(self.challenges.show_page(&challenge.token, expected.as_str())),
            Method::TlsAlpn01 => {
                let digest = expected.digest();
                let digest = digest.as_ref().try_into().map_err(|_| rcgen::Error::UnsupportedSignatureAlgorithm)?;
                Ok(self.challenges.show_certificate(name, certificate::proof(name, digest)?))
            }
        }
    }

    /// Why an order did not become ready: what the authority says of each name, or else of the order.
    async fn refusal(
        &self,
        order: &mut instant_acme::Order,
        decided: Result<OrderStatus, instant_acme::Error>,
    ) -> AcmeError {
        let is_decided = !matches!(&decided, Err(error) if !matches!(error, instant_acme::Error::Api(_)));
        let mut unproven = Vec::new();
        let mut authorizations = order.authorizations();
        while is_decided && let Some(Ok(mut authorization)) = authorizations.next().await {
            // If the authority does not say, its word on the order has to do.
            let _ = authorization.refresh().await;
            let name = authorization.identifier().to_string();
            for challenge in &authorization.challenges {
                let method = [Method::Http01, Method::TlsAlpn01].into_iter().find(|one| kind(*one) == challenge.r#type);
                if let (Some(method), Some(why)) = (method, &challenge.error) {
                    unproven.push(Unproven { name: name.clone(), method, why: why.clone() });
                }
            }
        }
        if !unproven.is_empty() {
            return AcmeError::Unproven(unproven);
        }
        let asked = AcmeError::asked("awaiting what the authority decides of the names");
        match decided {
            Ok(_) => asked("the order became invalid, and the authority does not say why".into()),
            Err(error) => asked(error),
        }
    }
}

/// Whether a problem is one of the request rather than of the name.
fn is_of_request(why: &instant_acme::Problem) -> bool {
    let kind = why.r#type.as_deref().unwrap_or_default();
    ["badNonce", "rateLimited", "accountDoesNotExist", "serverInternal"].iter().any(|one| kind.ends_with(one))
}

fn identifier(name: &str) -> Identifier {
    name.parse().map_or_else(|_| Identifier::Dns(name.to_owned()), Identifier::Ip)
}

fn kind(method: Method) -> ChallengeType {
    match method {
        Method::Http01 => ChallengeType::Http01,
        Method::TlsAlpn01 => ChallengeType::TlsAlpn01,
    }
}

fn word(kind: &ChallengeType) -> &str {
    match kind {
        ChallengeType::Http01 => "http-01",
        ChallengeType::Dns01 => "dns-01",
        ChallengeType::TlsAlpn01 => "tls-alpn-01",
        ChallengeType::DeviceAttest01 => "device-attest-01",
        ChallengeType::Unknown(name) => name,
        _ => "another way",
    }
}
