//! Whether the language models of the configuration would answer, with the remedy where one would not.

use std::time::Duration;

use crate::config::Config;
use crate::llm;
use crate::llm::Failure;
use crate::llm::Fault;
use crate::llm::Offer;
use crate::ops::Finding;

/// Longer than this nobody waits for a diagnosis.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Models of an endpoint that are named.
const MODELS_MAX: usize = 8;

/// Asks each endpoint for its models. One that does not answer is a warning: the documents answer without it.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, endpoint) in (1..).zip(&config.llm.endpoints) {
        let subject = format!("language model {}", endpoint.name);
        let ca_file = endpoint.ca_file.as_deref().map(|file| config.server.resolve(file));
        let timeout = TIMEOUT.min(config.llm.connect_timeout);
        findings.push(match llm::examine(endpoint, ca_file, timeout).await {
            Ok(Offer { model, others }) if others.is_empty() => {
                Finding::good(subject, format!("answers at {} with {model}", endpoint.url.as_str()))
            }
            Ok(Offer { model, others }) => {
                let all: Vec<String> = std::iter::once(model.clone()).chain(others).collect();
                let found = format!(
                    "answers at {} with the first of its {} models, {model}, since the configuration names none",
                    endpoint.url.as_str(),
                    all.len()
                );
                Finding::warning(subject, found, format!("set llm.endpoint.{number}.model to one of {}", listed(&all)))
            }
            Err(fault) => {
                let remedy = remedy(&fault, number, endpoint.url.as_str());
                Finding::warning(
                    subject,
                    format!("{}: {fault}; the documents answer alone", endpoint.url.as_str()),
                    remedy,
                )
            }
        });
    }
    findings
}

fn remedy(fault: &Fault, number: usize, url: &str) -> String {
    match fault {
        Fault::Settings(_) => "put a file there that can be read, or take the key out of the configuration".to_owned(),
        Fault::Key(_) => "write the key that the provider shows into the file of api_key_file, alone on one line, and \
                          restart: `systemctl restart bank-aicc`"
            .to_owned(),
        Fault::NoKey(_) => format!(
            "write the key that the provider shows into a file, alone on one line, readable by the owner alone, name it by \
             llm.endpoint.{number}.api_key_file, and restart: `systemctl restart bank-aicc`"
        ),
        Fault::Model { has, .. } if has.is_empty() => "load a model there first".to_owned(),
        Fault::Model { has, .. } => format!("set llm.endpoint.{number}.model to one of {}", listed(has)),
        Fault::Unreachable(Failure::NotTls) => format!(
            "name the port where it speaks TLS, or, if the way there may be unencrypted, set llm.endpoint.{number}.url to \
             \"{}\"",
            url.replacen("https://", "http://", 1)
        ),
        Fault::Unreachable(Failure::Status { status: 404, .. }) => {
            format!("url has to say where the API begins, mostly with /v1 at its end; it says {url}")
        }
        Fault::Unreachable(failure) if is_about_certificates(failure) => {
            "name the authority of its certificate by ca_file, and the host in url as its certificate does".to_owned()
        }
        Fault::Unreachable(_) => {
            format!("see whether the server runs and is reached from here: `curl {url}/models`; firewalls, proxies")
        }
    }
}

fn listed(models: &[String]) -> String {
    let names: Vec<&str> = models.iter().take(MODELS_MAX).map(String::as_str).collect();
    names.join(", ") + if models.len() > MODELS_MAX { ", …" } else { "" }
}

fn is_about_certificates(failure: &Failure) -> bool {
    let text = failure.to_string().to_ascii_lowercase();
    ["certificate", "unknownissuer", "tls", "handshake"].iter().any(|word| text.contains(word))
}
