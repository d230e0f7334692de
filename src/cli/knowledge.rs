//! `bank-aicc knowledge`

use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use tokio_util::task::TaskTracker;

use crate::chat::Engine;
use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::be_the_owner;
use crate::cli::load;
use crate::cli::print;
use crate::cli::serve::runtime;
use crate::clock::Clock;
use crate::config::Config;
use crate::knowledge::import::Readers;
use crate::server;
use crate::server::FirstPack;
use crate::store::Store;

/// What can be done with the bank's documents.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Import a knowledge pack, a folder or a .zip, and answer from it from now on
    ///
    /// The pack is imported whole or not at all. A running server prepares it, within half a minute, and then answers from it.
    Import {
        /// The pack
        path: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// List the documents of the pack in use
    List {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Show what the pack in use has on a question
    Search {
        /// The question
        question: String,
        /// Most passages to show
        #[arg(long, default_value_t = 5)]
        limit: usize,
        #[command(flatten)]
        config: ConfigFile,
    },
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Import { path, config } => with_store(&config.config, async |_, store| import(&store, path).await),
        Command::List { config } => with_store(&config.config, async |config, store| {
            list(&loaded(&config, &store).await?);
            Ok(())
        }),
        Command::Search { question, limit, config } => with_store(&config.config, async |config, store| {
            search(&loaded(&config, &store).await?, &question, limit);
            Ok(())
        }),
    }
}

/// Does something with the database the configuration names.
pub(super) fn with_store<T>(
    path: &Path,
    work: impl AsyncFnOnce(Config, Store) -> anyhow::Result<T>,
) -> Result<T, Failure> {
    let config = load(path)?;
    be_the_owner(&config.server.data_dir)?;
    runtime(&config)?.block_on(async {
        let tasks = TaskTracker::new();
        let store =
            Store::open(&config.storage, &config.server.data_dir, &tasks).await.context("opening the database")?;
        Ok(work(config, store).await?)
    })
}

async fn import(store: &Store, path: PathBuf) -> anyhow::Result<()> {
    let report = server::import(store, &Clock::system(), &FirstPack::Path(path), &Readers::in_child()).await?;
    if let Some(report) = report {
        print(&format!("{report}\n"));
    }
    let digest = store.packs().active_digest().await?.context("the pack that was imported is gone again")?;
    print(&format!(
        "imported as {digest}; a running server prepares it and then answers from it: `knowledge pack loaded` in its log\n"
    ));
    Ok(())
}

/// The pack in use.
pub(super) async fn loaded(config: &Config, store: &Store) -> anyhow::Result<Engine> {
    anyhow::ensure!(
        store.packs().active_digest().await?.is_some(),
        "no knowledge pack is imported yet; import one with `bank-aicc knowledge import PATH`"
    );
    Ok(server::load(store, &server::knowledge_folder(config)).await?)
}

fn list(engine: &Engine) {
    let pack = engine.pack();
    let mut text = format!("{} ({})\n\n", pack.name, engine.digest());
    for document in &pack.documents {
        let from = document.effective_from.map(|date| date.to_string()).unwrap_or_default();
        let until = document.effective_until.map(|date| date.to_string()).unwrap_or_default();
        let sections = document.sections.len();
        let _ = writeln!(text, "{}\t{}\t{from}~{until}\t{sections} sections", document.source, document.title);
    }
    print(&text);
}

fn search(engine: &Engine, question: &str, limit: usize) {
    let question = engine.read(question);
    let hits = engine.search(&question, &engine.bearing(&question), Clock::system().today_in_korea(), limit);
    if hits.is_empty() {
        print("nothing found\n");
    }
    let mut text = String::new();
    for hit in hits {
        let (document, passage) = (hit.document, hit.passage);
        let place = format!("{} p.{} {}", document.source, passage.page, passage.heading);
        let _ = writeln!(text, "{:.2}\t{place}\n\t{}\n", hit.score, passage.text);
    }
    print(&text);
}
