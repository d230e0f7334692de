//! Whether an endpoint would answer: what `doctor` asks.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::LlmEndpoint;
use crate::llm::Failure;
use crate::llm::endpoint::Endpoint;
use crate::llm::failure::said;

/// What keeps an endpoint from answering.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its settings cannot be used.
    #[error("{0}")]
    Settings(String),
    /// It cannot be reached, or does not answer.
    #[error("{0}")]
    Unreachable(Failure),
    /// It wants another key.
    #[error("it refuses the key{}", said(.0))]
    Key(String),
    /// It wants a key, and is given none.
    #[error("it wants a key, and no key is configured{}", said(.0))]
    NoKey(String),
    /// It has not the model it is to be asked for.
    #[error("it has no model{}", named(.wanted))]
    Model {
        /// The model of the configuration.
        wanted: String,
        /// Those it has.
        has: Vec<String>,
    },
}

/// What an endpoint answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The model that will be asked.
    pub model: String,
    /// Others among which it was not chosen: the configuration names none.
    pub others: Vec<String>,
}

/// Why an endpoint can never be asked as it is configured, if it cannot. Opens no connection.
pub fn unusable(settings: &LlmEndpoint, ca_file: Option<PathBuf>) -> Option<String> {
    Endpoint::new(settings, ca_file, Duration::ZERO, 0.0).err()
}

/// Asks an endpoint for its models.
///
/// # Errors
/// [`Fault`].
pub async fn examine(settings: &LlmEndpoint, ca_file: Option<PathBuf>, timeout: Duration) -> Result<Offer, Fault> {
    let endpoint = Endpoint::new(settings, ca_file, timeout, 0.0).map_err(Fault::Settings)?;
    let models = tokio::time::timeout(timeout * 2, endpoint.models()).await;
    let models = match models.unwrap_or(Err(Failure::Silent(timeout * 2))) {
        Ok(models) => models,
        Err(Failure::Status { status: 401 | 403, message, .. }) if settings.api_key.is_none() => {
            return Err(Fault::NoKey(message));
        }
        Err(Failure::Status { status: 401 | 403, message, .. }) => return Err(Fault::Key(message)),
        Err(failure) => return Err(Fault::Unreachable(failure)),
    };
    // Some servers name `llama3` what they list as `llama3:latest`.
    let is_wanted = |model: &&String| {
        model.as_str() == settings.model || model.split_once(':').is_some_and(|(name, _)| name == settings.model)
    };
    let named = models.iter().find(is_wanted).cloned();
    let first = models.split_first().filter(|_| settings.model.is_empty());
    match (named, first) {
        (Some(model), _) => Ok(Offer { model, others: Vec::new() }),
        (None, Some((first, others))) => Ok(Offer { model: first.clone(), others: others.to_vec() }),
        (None, None) => Err(Fault::Model { wanted: settings.model.clone(), has: models }),
    }
}

fn named(model: &str) -> String {
    if model.is_empty() { String::new() } else { format!(" {model:?}") }
}
