//! `bank-aicc eval`

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::chat::Engine;
use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::knowledge::loaded;
use crate::cli::knowledge::with_store;
use crate::clock::Clock;
use crate::eval;
use crate::eval::Evaluation;
use crate::knowledge::import;
use crate::knowledge::import::Readers;

/// What `eval` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The pack to measure, a folder or a .zip; without it, the pack in use
    pack: Option<PathBuf>,
    /// How the measurement is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write it to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Compare with an earlier measurement that was written with --format json
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The day (KST) whose documents answer, as 2026-11-01; without it, today
    #[arg(long, value_name = "DATE", value_parser = day)]
    date: Option<time::Date>,
    /// Into how many parts the example utterances are split for cross-validation; 0 leaves it out
    #[arg(long, default_value_t = 5)]
    folds: usize,
    #[command(flatten)]
    config: ConfigFile,
}

/// How a measurement is printed.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// Everything, for programs and as a baseline
    Json,
    /// One page for a browser, complete in itself
    Html,
}

fn day(text: &str) -> Result<time::Date, String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, &format).map_err(|_| "a day is written as 2026-11-01".to_owned())
}

/// Measures a pack. Fails with [`Failure::NotGoodEnough`] when its data is wrong or a gate is missed.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let today = arguments.date.unwrap_or_else(|| Clock::system().today_in_korea());
    let baseline = arguments.baseline.as_deref().map(read_baseline).transpose()?;
    let evaluation = match &arguments.pack {
        Some(path) => {
            let (pack, _report) = import::read(path, &Readers::in_child()).map_err(anyhow::Error::from)?;
            let digest = pack.digest().map_err(anyhow::Error::from)?;
            let folder = tempfile::Builder::new().prefix("bank-aicc-eval-").tempdir();
            let folder = folder.context("making a folder for the index")?;
            let engine = Engine::load(pack, digest, folder.path()).map_err(anyhow::Error::from)?;
            eval::evaluate(&engine, today, arguments.folds)
        }
        None => with_store(&arguments.config.config, async |config, store| {
            Ok(eval::evaluate(&loaded(&config, &store).await?, today, arguments.folds))
        })?,
    };
    let comparisons = baseline.map(|before| eval::compare(&before, &evaluation)).unwrap_or_default();
    let printed = match arguments.format {
        Format::Text => eval::text(&evaluation, &comparisons),
        Format::Json => serde_json::to_string_pretty(&evaluation).map_err(anyhow::Error::from)? + "\n",
        Format::Html => eval::html(&evaluation, &comparisons),
    };
    match &arguments.output {
        Some(file) => fs::write(file, printed).with_context(|| format!("writing {}", file.display()))?,
        None => super::print(&printed),
    }
    if evaluation.is_passed() { Ok(()) } else { Err(Failure::NotGoodEnough) }
}

fn read_baseline(file: &Path) -> anyhow::Result<Evaluation> {
    let text = fs::read_to_string(file).with_context(|| format!("reading the baseline {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| {
        format!(
            "reading the baseline {}: it is no measurement of this version; make it with `bank-aicc eval --format json`",
            file.display()
        )
    })
}
