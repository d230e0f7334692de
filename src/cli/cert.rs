//! `bank-aicc cert`

use anyhow::Context as _;
use time::OffsetDateTime;
use time::UtcOffset;

use crate::cli::ConfigFile;
use crate::cli::Failure;
use crate::cli::load;
use crate::cli::print;
use crate::cli::serve::runtime;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::SiteSource;
use crate::edge;
use crate::edge::acme;
use crate::ops;
use crate::ops::Standing;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Print the local authority's root certificate (PEM), and say how devices come to trust it
    ///
    /// The certificate goes to standard output, the instructions to standard error. Makes the authority if there is none
    /// yet; run it as the user who runs the server.
    Root(ConfigFile),
    /// Say which certificates the running server shows, until when they are valid, and what renews them
    ///
    /// Of those that an ACME authority issues also when they are renewed, what went wrong last and when it is tried again. Exit
    /// status 3 if one is missing, not for its name, not valid now, should have been renewed or could not be, or has files that
    /// cannot be used.
    Status(ConfigFile),
}

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
        print(
            "HTTPS is not configured: edge.tls.listen is empty, and BANK_AICC__EDGE__TLS__LISTEN is not set for this command.\n",
        );
        return Ok(());
    };
    let address = edge::reachable(*listen);
    let report = acme::read_report(&config.server.data_dir);
    let report = report.context("reading how the orders of certificates stand").map_err(Failure::Other)?;
    let runtime = runtime(config)?;
    let mut is_good = true;
    for (names, source) in ops::sites(config) {
        for name in &names {
            let told = runtime.block_on(edge::probe(address, name));
            let (is_fine, told) = match &told {
                Ok(shown) => shown_of(shown),
                Err(why) => (false, format!("not served at {address}: {why}")),
            };
            is_good &= is_fine;
            print(&format!("{name}  ({})\n  {told}\n", source_name(source)));
        }
        let ordered = report.iter().flat_map(|report| &report.sites).find(|site| site.names == names);
        if let (SiteSource::Acme, Some(site)) = (source, ordered) {
            is_good &= site.last_error.is_none();
            print(&ordered_of(site));
        }
    }
    for (key, why) in edge::try_files(config, OffsetDateTime::now_utc()) {
        is_good = false;
        print(&format!("{key}: {why}\n"));
    }
    if let Some(doubt) = report.and_then(|report| report.clock_doubt) {
        is_good = false;
        print(&format!("the clock: {doubt}\n"));
    }
    if is_good { Ok(()) } else { Err(Failure::NotGoodEnough) }
}

/// Whether a certificate is as it should be, and how it is.
fn shown_of(shown: &edge::Shown) -> (bool, String) {
    let now = OffsetDateTime::now_utc();
    let days = (shown.not_after - now).whole_days();
    let standing = ops::judge(shown, now);
    let wrong = match standing {
        Standing::Good => "",
        Standing::Late => ", and should have been renewed by now",
        Standing::Over => ", which is over",
        Standing::Early => ", which is not valid yet",
        Standing::WrongName => ", but it is not for this name",
    };
    let told = format!("from {}, valid until {} ({days} days){wrong}", shown.issuer, shown.not_after.date());
    (standing == Standing::Good, told)
}

/// How the orders of a site's certificate stand.
fn ordered_of(site: &acme::SiteReport) -> String {
    let mut text = match site.stage {
        acme::Stage::Waiting => String::new(),
        acme::Stage::Ordering => "  a certificate is being ordered\n".to_owned(),
        acme::Stage::Proving => "  the names are being proven\n".to_owned(),
        acme::Stage::Issuing => "  the names are proven, and the certificate is awaited\n".to_owned(),
    };
    if let Some(renewal) = site.next_renewal {
        let by = match site.renewal_by {
            Some(acme::RenewalBy::Authority) => "as the authority says",
            Some(acme::RenewalBy::Lifetime) | None => "at two thirds of its life",
        };
        text.push_str(&format!("  next renewal {}, {by}\n", moment(renewal)));
    }
    if let Some(acme::Failure { at, message, remedy, .. }) = &site.last_error {
        let count = site.failures;
        text.push_str(&format!("  last error {}, {count} in a row: {message}\n", moment(*at)));
        text.extend(remedy.iter().map(|remedy| format!("    {remedy}\n")));
    }
    if let Some(retry) = site.next_retry {
        text.push_str(&format!("  next try {}\n", moment(retry)));
    }
    text
}

/// To the minute, in UTC.
fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
}

fn source_name(source: SiteSource) -> &'static str {
    match source {
        SiteSource::Acme => "acme",
        SiteSource::Files => "files",
        SiteSource::LocalCa => "local authority",
        SiteSource::Off => "off",
    }
}
