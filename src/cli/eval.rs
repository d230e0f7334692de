//! `bank-aicc eval`

use std::fs;
use std::io::IsTerminal as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;

use crate::chat::Engine;
use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::knowledge::loaded;
use crate::cli::knowledge::with_store;
use crate::cli::load;
use crate::cli::serve::runtime;
use crate::clock::Clock;
use crate::config::Config;
use crate::eval;
use crate::eval::Evaluation;
use crate::eval::Extent;
use crate::knowledge::import;
use crate::knowledge::import::Readers;

/// What `eval` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The pack to measure, a folder or a .zip; without it, the pack in use
    pack: Option<PathBuf>,
    /// What answers
    ///
    /// With `llm`, the language models of the configuration are asked in every conversation, as they are for customers, and attacked.
    /// The switches and the budget do not count for it.
    #[arg(long, value_enum, default_value_t = Answering::Embedded)]
    engine: Answering,
    /// With `--engine llm`: ask only so many of the test questions and of the attacks, evenly chosen; the pack's gates are then left out
    #[arg(long, value_name = "COUNT")]
    sample: Option<usize>,
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

/// What answers the questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Answering {
    /// The embedded engine: the documents' own sentences
    Embedded,
    /// The language models of the configuration, behind the guard
    Llm,
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
            let folder = tempfile::Builder::new().prefix("bank-aicc-eval-").tempdir();
            let folder = folder.context("making a folder for the index")?;
            let engine = read_pack(path, folder.path())?;
            match arguments.engine {
                Answering::Embedded => eval::evaluate(&engine, today, arguments.folds),
                Answering::Llm => {
                    let config = load(&arguments.config.config)?;
                    runtime(&config)?.block_on(with_models(&config, engine, today, &arguments))?
                }
            }
        }
        None => with_store(&arguments.config.config, async |config, store| {
            let engine = loaded(&config, &store).await?;
            match arguments.engine {
                Answering::Embedded => Ok(eval::evaluate(&engine, today, arguments.folds)),
                Answering::Llm => with_models(&config, engine, today, &arguments).await,
            }
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

/// The pack in a folder or a .zip, with its index in `folder`.
fn read_pack(path: &Path, folder: &Path) -> anyhow::Result<Engine> {
    let (pack, _report) = import::read(path, &Readers::in_child())?;
    let digest = pack.digest()?;
    Ok(Engine::load(pack, digest, folder)?)
}

async fn with_models(
    config: &Config,
    engine: Engine,
    today: time::Date,
    arguments: &Arguments,
) -> anyhow::Result<Evaluation> {
    let extent = Extent { folds: arguments.folds, sample: arguments.sample };
    let is_watched = std::io::stderr().is_terminal();
    let tick = |done: usize, all: usize| {
        if is_watched {
            let end = if done == all { "\n" } else { "" };
            eprint!("\r{done} of {all} questions{end}");
        }
    };
    Ok(eval::evaluate_with_models(config, Arc::new(engine), today, extent, tick).await?)
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
