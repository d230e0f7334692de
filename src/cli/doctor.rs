//! `bank-aicc doctor`

use std::path::PathBuf;

use serde_json::json;

use crate::cli::Failure;
use crate::cli::load;
use crate::cli::print;
use crate::cli::serve::runtime;
use crate::ops;
use crate::ops::Finding;
use crate::ops::Level;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "/etc/bank-aicc/config.toml")]
    config: PathBuf,
    /// Print JSON, one object a finding
    #[arg(long)]
    json: bool,
}

/// Examines an installation.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = load(&arguments.config)?;
    let findings = runtime(&config)?.block_on(ops::examine(&config));
    for finding in &findings {
        print(&if arguments.json { as_json(finding) } else { as_text(finding) });
    }
    let has_problem = findings.iter().any(|finding| finding.level == Level::Problem);
    if has_problem { Err(Failure::NotGoodEnough) } else { Ok(()) }
}

fn as_text(finding: &Finding) -> String {
    let Finding { level, subject, found, remedy } = finding;
    let sign = match level {
        Level::Good => "good   ",
        Level::Warning => "warning",
        Level::Problem => "PROBLEM",
    };
    let remedy = if remedy.is_empty() { String::new() } else { format!("         {remedy}\n") };
    format!("{sign}  {subject}: {found}\n{remedy}")
}

fn as_json(finding: &Finding) -> String {
    let Finding { level, subject, found, remedy } = finding;
    let level = match level {
        Level::Good => "good",
        Level::Warning => "warning",
        Level::Problem => "problem",
    };
    format!("{}\n", json!({"level": level, "subject": subject, "found": found, "remedy": remedy}))
}
