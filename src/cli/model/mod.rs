//! `bank-aicc model`

mod runs;
mod status;

use std::fmt::Write as _;
use std::path::Path;

use crate::chat::Prompt;
use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::database::with_database;
use crate::cli::knowledge::loaded;
use crate::cli::knowledge::with_store;
use crate::cli::print;
use crate::cli::shown;
use crate::clock::Clock;
use crate::knowledge::Pack;
use crate::knowledge::PromptKind;

/// What can be done with language models.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Stop using the language model; running servers follow within two seconds, also in answers being given
    ///
    /// The bank's documents go on answering. The switch survives restarts and is recorded in the audit trail. Whatever is wrong
    /// with the configuration does not keep it from working, as long as it is certain where the database is.
    Off(Switch),
    /// Use the language model again
    On(Switch),
    /// Show the endpoints of the configuration, the switches and the tokens spent today
    Status {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Show the prompts and their versions
    Prompts {
        /// Only this one: answer, triage or summary
        name: Option<String>,
        /// Those built into the program, whatever the pack in use brings
        #[arg(long)]
        built_in: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Show what language models were asked, and what became of their answers, from the record
    ///
    /// For auditors: endpoint, model, version of the prompt, passages with the digests of their texts, times, tokens, the guard's
    /// verdict on each sentence, and why not all was used. It holds no customer's words; what a model said stands there only where
    /// it was stopped, masked.
    Runs(runs::Arguments),
    /// Show who switched the language model on and off
    Audit {
        /// Most lines to show
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[command(flatten)]
        config: ConfigFile,
    },
}

/// What is switched, and why.
#[derive(Debug, clap::Args)]
pub(super) struct Switch {
    /// Only for messages of this category of the pack; without it, for all
    #[arg(long)]
    category: Option<String>,
    /// Why, for the audit trail
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Off(switch) => set(switch, true),
        Command::On(switch) => set(switch, false),
        Command::Status { config } => status::run(&config.config),
        Command::Prompts { name, built_in, config } => prompts(name.as_deref(), built_in, &config.config),
        Command::Runs(arguments) => runs::run(arguments),
        Command::Audit { limit, config } => audit(limit, &config.config),
    }
}

fn set(switch: Switch, is_off: bool) -> Result<(), Failure> {
    let Switch { category, reason, config } = switch;
    with_database(&config.config, async |config, store| {
        if let Some(category) = &category {
            let engine = loaded(&config, &store).await?;
            let names: Vec<&str> = engine.pack().categories.iter().map(|known| known.name.as_str()).collect();
            anyhow::ensure!(
                names.contains(&category.as_str()),
                "the pack has no category '{category}'; its categories are: {}",
                names.join(", ")
            );
        }
        let what = category.as_deref().unwrap_or_default();
        store.switches().set(what, is_off, &reason, &operator(), Clock::system().now()).await?;
        let state = if is_off { "off" } else { "on" };
        let scope = category.as_ref().map(|category| format!(" for {category}")).unwrap_or_default();
        let mut text = format!("the language model is {state}{scope}; running servers follow within two seconds\n");
        if !is_off
            && !what.is_empty()
            && store.switches().all().await?.iter().any(|all| all.is_off && all.category.is_empty())
        {
            text.push_str("it is still off for all categories: `bank-aicc model on`\n");
        }
        print(&text);
        Ok(())
    })
}

/// Who runs this command, as far as the system knows.
fn operator() -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let uid = rustix::process::getuid().as_raw();
    name.map_or_else(|| format!("uid {uid} (command line)"), |name| format!("{name} (command line, uid {uid})"))
}

fn prompts(name: Option<&str>, is_built_in: bool, path: &Path) -> Result<(), Failure> {
    let kinds: Vec<PromptKind> =
        PromptKind::ALL.into_iter().filter(|kind| name.is_none_or(|n| n == kind.name)).collect();
    if kinds.is_empty() {
        let names: Vec<&str> = PromptKind::ALL.iter().map(|kind| kind.name).collect();
        return Err(anyhow::anyhow!("there is no such prompt; there are {}", names.join(", ")).into());
    }
    let show = |pack: &Pack| {
        for kind in &kinds {
            let prompt = Prompt::of(pack, *kind);
            let origin = if prompt.is_of_pack { "of the pack in use" } else { "built in" };
            print(&format!("# {} ({origin})\n{}\n\n", prompt.version(), prompt.text.trim_end()));
        }
    };
    if is_built_in {
        show(&Pack::default());
        return Ok(());
    }
    with_store(path, async |config, store| {
        show(loaded(&config, &store).await?.pack());
        Ok(())
    })
}

fn audit(limit: u32, path: &Path) -> Result<(), Failure> {
    with_database(path, async |_, store| {
        let mut text = String::new();
        for entry in store.switches().audit("model.", limit).await? {
            let at = shown(entry.at_ms);
            let _ = writeln!(text, "{at}\t{}\t{}\t{}\t{}", entry.actor, entry.action, entry.subject, entry.detail);
        }
        print(if text.is_empty() { "nothing was switched yet\n" } else { &text });
        Ok(())
    })
}
