//! `bank-aicc model status`

use std::fmt::Write as _;
use std::path::Path;

use crate::cli::Failure;
use crate::cli::database::with_database;
use crate::cli::print;
use crate::cli::shown;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::LlmEndpoint;
use crate::llm;
use crate::store::LastRun;
use crate::store::Switch;

/// Shows what the configuration and the database have of language models. No endpoint is asked.
pub(super) fn run(path: &Path) -> Result<(), Failure> {
    with_database(path, async |config, store| {
        let clock = Clock::system();
        let today = clock.start_of_today_in_korea();
        let last = store.model_runs().last_of_endpoints(today).await?;
        let mut text = String::new();
        for endpoint in &config.llm.endpoints {
            text.push_str(&as_lines(&config, endpoint, &last));
        }
        if config.llm.endpoints.is_empty() {
            text.push_str(
                "no language model is configured; the documents answer alone. The earlier system's variables, such as \
                 OPENAI_API_KEY, were looked for in this command's environment, which may not be the server's\n",
            );
        }
        text.push_str(&switched(&store.switches().all().await?));
        let spent = store.model_runs().tokens_since(today).await?;
        let _ = match config.llm.budget.tokens_per_day {
            0 => writeln!(text, "\ntokens today: {spent}, without a limit"),
            limit => writeln!(text, "\ntokens today: {spent} of {limit} (llm.budget.tokens_per_day)"),
        };
        text.push_str(
            "\nwhether the endpoints answer: `bank-aicc doctor`; which of them a running server leaves out, and why: \
             GET /api/v1/admin/model, or its log\n",
        );
        print(&text);
        Ok(())
    })
}

/// An endpoint, and what there is to say of it.
fn as_lines(config: &Config, endpoint: &LlmEndpoint, last: &[LastRun]) -> String {
    let roles: Vec<&str> = endpoint.roles.iter().map(|role| role.as_str()).collect();
    let model = if endpoint.model.is_empty() { "its only model" } else { &endpoint.model };
    let (name, url) = (&endpoint.name, endpoint.url.as_str());
    let mut text = format!("{name}\t{url}\t{model}\t{}\n", roles.join(","));
    if let Some(variable) = endpoint.legacy_variable {
        let _ = writeln!(text, "\tmeant by {variable} of the environment, a name of the earlier system");
    }
    let ca_file = endpoint.ca_file.as_deref().map(|file| config.server.resolve(file));
    if let Some(why) = llm::unusable(endpoint, ca_file) {
        let _ = writeln!(text, "\tNOT USED: {why}");
    }
    if let Some(run) = last.iter().find(|run| run.endpoint == *name) {
        let reason = run.reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
        let _ = writeln!(text, "\tlast asked {}: {}{reason}", shown(run.started_at_ms), run.outcome);
    }
    text
}

fn switched(switches: &[Switch]) -> String {
    let is_off = switches.iter().any(|switch| switch.is_off && switch.category.is_empty());
    let mut text = format!("\nswitched {}\n", if is_off { "off" } else { "on" });
    for switch in switches {
        let category = if switch.category.is_empty() { "all categories" } else { &switch.category };
        let state = if switch.is_off { "off" } else { "on" };
        let (at, by, reason) = (shown(switch.changed_at_ms), &switch.changed_by, &switch.reason);
        let _ = writeln!(text, "{category}\t{state}\t{at}\t{by}\t{reason}");
    }
    text
}
