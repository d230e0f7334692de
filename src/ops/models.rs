//! Whether the language models of the configuration would answer, with the remedy where one would not.

use std::time::Duration;

use crate::config::Config;
use crate::llm;
use crate::llm::Failure;
use crate::llm::Fault;
use crate::ops::Finding;

/// Longer than this nobody waits for a diagnosis.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Models of an endpoint that are named.
const MODELS_MAX: usize = 8;

/// Asks each endpoint for its models. One that does not answer is a warning: the documents answer without it.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for endpoint in &config.llm.endpoints {
        let subject = format!("language model {}", endpoint.name);
        let ca_file = endpoint.ca_file.as_deref().map(|file| config.server.resolve(file));
        let timeout = TIMEOUT.min(config.llm.connect_timeout);
        findings.push(match llm::examine(endpoint, ca_file, timeout).await {
            Ok(model) => Finding::good(subject, format!("answers at {} with {model}", endpoint.url.as_str())),
            Err(fault) => {
                let remedy = remedy(&fault, endpoint.url.as_str());
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

fn remedy(fault: &Fault, url: &str) -> String {
    match fault {
        Fault::Settings(_) => "put a file there that can be read, or take the key out of the configuration".to_owned(),
        Fault::Key(_) => "write the key that the provider shows into the file of api_key_file, alone on one line, and \
                          restart: `systemctl restart bank-aicc`"
            .to_owned(),
        Fault::Model { has, .. } if has.is_empty() => "load a model there first".to_owned(),
        Fault::Model { has, .. } => {
            let names: Vec<&str> = has.iter().take(MODELS_MAX).map(String::as_str).collect();
            format!("set model to one of {}{}", names.join(", "), if has.len() > MODELS_MAX { ", …" } else { "" })
        }
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

fn is_about_certificates(failure: &Failure) -> bool {
    let text = failure.to_string().to_ascii_lowercase();
    ["certificate", "unknownissuer", "tls", "handshake"].iter().any(|word| text.contains(word))
}
