//! `bank-aicc cert`

use anyhow::Context as _;
use time::OffsetDateTime;

use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::load;
use crate::cli::print;
use crate::cli::serve::runtime;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::SiteSource;
use crate::edge;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Print the local authority's root certificate (PEM), and say how devices come to trust it
    ///
    /// The certificate goes to standard output, the instructions to standard error. Makes the authority if there is none
    /// yet; run it as the user who runs the server.
    Root(ConfigFile),
    /// Say which certificates the running server shows, until when they are valid, and what renews them
    ///
    /// Exit status 3 if one is missing, not for its name, or ends within a week.
    Status(ConfigFile),
}

/// A certificate that ends sooner than this should have been renewed.
const DAYS_MIN: i64 = 7;

const INSTRUCTIONS: &str = "\
This is the root certificate of this installation's own authority. A device that trusts it trusts the server; the
server's own certificates are renewed without any further step. Keep the output in a file, such as root.crt:

  Windows   certutil -addstore -f Root root.crt         (as administrator; or by group policy to many machines)
  Android   Settings > Security > Encryption & credentials > Install a certificate > CA certificate
  Linux     sudo cp root.crt /usr/local/share/ca-certificates/bank-aicc.crt && sudo update-ca-certificates
            (Red Hat: /etc/pki/ca-trust/source/anchors/ and sudo update-ca-trust)
  Firefox   Settings > Privacy & Security > View Certificates > Authorities > Import
  curl      curl --cacert root.crt https://...
";

/// Runs a subcommand.
pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Root(file) => print_root(&load(&file.config)?),
        Command::Status(file) => status(&load(&file.config)?),
    }
}

fn print_root(config: &Config) -> Result<(), Failure> {
    let authority = edge::LocalCa::open_here(&config.server.data_dir, &Clock::system());
    let authority = authority.context("opening the local certificate authority").map_err(Failure::Other)?;
    print(authority.root_pem());
    eprint!("{INSTRUCTIONS}");
    eprintln!("\nIt is valid until {}.", authority.root_not_after().date());
    Ok(())
}

fn status(config: &Config) -> Result<(), Failure> {
    let Some(listen) = config.edge.tls.listen.first() else {
        print("HTTPS is not served: edge.tls.listen is empty.\n");
        return Ok(());
    };
    let address = edge::reachable(*listen);
    let sites: Vec<(String, SiteSource)> = match config.edge.sites.as_slice() {
        [] => vec![("localhost".to_owned(), SiteSource::LocalCa)],
        sites => sites.iter().flat_map(|site| site.names.iter().map(|name| (name.clone(), site.source))).collect(),
    };
    let now = OffsetDateTime::now_utc();
    let mut is_good = true;
    for (name, source) in sites.into_iter().filter(|(_, source)| *source != SiteSource::Off) {
        let told = match runtime(config)?.block_on(edge::probe(address, &name)) {
            Err(why) => {
                is_good = false;
                format!("not served at {address}: {why}")
            }
            Ok(shown) => {
                let days = (shown.not_after - now).whole_days();
                is_good &= shown.is_for_name && days >= DAYS_MIN;
                let wrong = if shown.is_for_name { "" } else { ", but it is not for this name" };
                format!("from {}, valid until {} ({days} days){wrong}", shown.issuer, shown.not_after.date())
            }
        };
        print(&format!("{name}  ({})\n  {told}\n", source_name(source)));
    }
    if is_good { Ok(()) } else { Err(Failure::NotGoodEnough) }
}

fn source_name(source: SiteSource) -> &'static str {
    match source {
        SiteSource::Acme => "acme",
        SiteSource::Files => "files",
        SiteSource::LocalCa => "local authority",
        SiteSource::Off => "off",
    }
}
