//! Whether an endpoint would answer: what `doctor` asks.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::LlmEndpoint;
use crate::llm::Failure;
use crate::llm::endpoint::Endpoint;

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
    #[error("it refuses the key: {0}")]
    Key(String),
    /// It has not the model it is to be asked for.
    #[error("it has no model {wanted:?}")]
    Model {
        /// The model of the configuration.
        wanted: String,
        /// Those it has.
        has: Vec<String>,
    },
}

/// Asks an endpoint for its models; the one that will be used.
///
/// # Errors
/// [`Fault`].
pub async fn examine(settings: &LlmEndpoint, ca_file: Option<PathBuf>, timeout: Duration) -> Result<String, Fault> {
    let endpoint = Endpoint::new(settings, ca_file, timeout, 0.0).map_err(Fault::Settings)?;
    let models = tokio::time::timeout(timeout * 2, endpoint.models()).await;
    let models = match models.unwrap_or(Err(Failure::Silent(timeout * 2))) {
        Ok(models) => models,
        Err(Failure::Status { status: 401 | 403, message, .. }) => return Err(Fault::Key(message)),
        Err(failure) => return Err(Fault::Unreachable(failure)),
    };
    // Some servers name `llama3` what they list as `llama3:latest`.
    let is_wanted = |model: &&String| {
        model.as_str() == settings.model || model.split_once(':').is_some_and(|(name, _)| name == settings.model)
    };
    match models.iter().find(is_wanted).or(models.first().filter(|_| settings.model.is_empty())) {
        Some(model) => Ok(model.clone()),
        None => Err(Fault::Model { wanted: settings.model.clone(), has: models }),
    }
}
