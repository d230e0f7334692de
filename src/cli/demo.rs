//! `bank-aicc demo`

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::cli::Failure;
use crate::cli::environment;
use crate::cli::serve::announce;
use crate::cli::serve::runtime;
use crate::cli::serve::until_signal;
use crate::clock::Clock;
use crate::config::Config;
use crate::edge::BindError;
use crate::knowledge::import::Readers;
use crate::server::FirstPack;
use crate::server::Server;
use crate::server::ServerError;
use crate::telemetry;

/// What `demo` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where to listen; if the port is taken, a free one is used
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = local_address)]
    listen: SocketAddr,
    /// Keep the data in this folder instead of throwing it away
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Answer from this knowledge pack, a folder or a .zip, instead of the demo's
    #[arg(long, value_name = "PATH")]
    pack: Option<PathBuf>,
}

/// Where a demo may listen: it serves everybody as an existing client and as an agent, without a log-in.
fn local_address(text: &str) -> Result<SocketAddr, String> {
    let address = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let address: SocketAddr =
        address.as_deref().unwrap_or(text).parse().map_err(|_| {
            "an address is an IP address and a port, such as 127.0.0.1:8080, or localhost:8080".to_owned()
        })?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("a demo lets everybody in, so it listens on this machine alone: give 127.0.0.1:PORT, or serve the network \
             with `bank-aicc serve`"
            .to_owned())
    }
}

/// Opens the demo bank and serves it until it is told to stop.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { listen, data, pack } = arguments;
    let throw_away = match &data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("bank-aicc-demo-").tempdir().context("making a data folder")?),
    };
    let data = data.or_else(|| throw_away.as_ref().map(|folder| folder.path().to_owned())).unwrap_or_default();
    let mut config = configure(&data.display().to_string(), listen)?;
    telemetry::start_logging(&config.log);
    let first_pack = pack.map_or(FirstPack::Demo, FirstPack::Path);
    runtime(&config)?.block_on(async {
        let clock = Clock::system();
        let readers = Readers::in_child();
        let bound = Server::bind(config.clone(), clock.clone(), first_pack.clone(), readers.clone()).await;
        let mut server = match bound {
            Err(ServerError::Bind(BindError::Bind { address, source }))
                if source.kind() == io::ErrorKind::AddrInUse =>
            {
                config.server.listen = vec![SocketAddr::new(address.ip(), 0)];
                let server = Server::bind(config, clock, first_pack, readers).await.map_err(anyhow::Error::from)?;
                announce(&server);
                println!("Port {} is taken by another program, so the demo uses a free one.", address.port());
                server
            }
            server => {
                let server = server.map_err(anyhow::Error::from)?;
                announce(&server);
                server
            }
        };
        server.prepare().await.map_err(anyhow::Error::from)?;
        for address in server.addresses() {
            println!("\n  The bank is open:  http://{address}/\n  The API:           http://{address}/api/docs");
        }
        let keeps = if throw_away.is_some() { "thrown away at the end" } else { "kept" };
        println!("  Data:              {} ({keeps})\n  Stop with Ctrl-C.\n", data.display());
        server.run(until_signal()?).await;
        Ok(())
    })
}

/// The convenient settings of a demo; the environment overrules them as it does everywhere.
fn configure(data_dir: &str, listen: SocketAddr) -> Result<Config, Failure> {
    let toml_text = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let mut settings = BTreeMap::from([
        ("BANK_AICC__SERVER__LISTEN".to_owned(), format!("[\"{listen}\"]")),
        ("BANK_AICC__SERVER__DATA_DIR".to_owned(), toml_text(data_dir)),
        // A demo is often driven by scripts, all from one address.
        ("BANK_AICC__EDGE__RATE_LIMIT__DRY_RUN".to_owned(), "true".to_owned()),
        ("BANK_AICC__API__LEGACY_CLIENTS".to_owned(), "true".to_owned()),
        ("BANK_AICC__API__CORS_ALLOWED_ORIGINS".to_owned(), "[\"*\"]".to_owned()),
        ("BANK_AICC__LOG__FORMAT".to_owned(), "\"text\"".to_owned()),
        ("BANK_AICC__LOG__ACCESS".to_owned(), "false".to_owned()),
    ]);
    // Nothing leaves a demo because of a key that happens to be in somebody's shell.
    settings.extend(environment().filter(|(variable, _)| variable.starts_with("BANK_AICC__")));
    Ok(Config::load(None, settings.into_iter())?)
}
