//! Everybody the program may open a connection to (design D1: nobody the configuration does not name).

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::config::Config;
use crate::config::Database;
use crate::config::SiteSource;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Somebody the program may connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    /// The key that names it.
    pub(super) key: &'static str,
    /// `host:port`
    pub(super) address: String,
    /// The program does not serve well without it.
    pub(super) is_needed: bool,
}

/// All of them.
pub(super) fn of(config: &Config) -> Vec<Destination> {
    let mut found = Vec::new();
    if let Database::MySql { url } = &config.storage.url
        && let Some(address) = authority(url.reveal(), 3306)
    {
        found.push(Destination { key: "storage.url", address, is_needed: true });
    }
    if config.edge.sites.iter().any(|site| site.source == SiteSource::Acme)
        && let Some(address) = authority(config.edge.acme.directory.as_str(), 443)
    {
        found.push(Destination { key: "edge.acme.directory", address, is_needed: true });
    }
    for upstream in config.edge.proxies.iter().flat_map(|proxy| &proxy.upstreams) {
        let usual_port = if upstream.is_https() { 443 } else { 80 };
        if let Some(address) = authority(upstream.as_str(), usual_port) {
            found.push(Destination { key: "edge.proxy.upstreams", address, is_needed: true });
        }
    }
    for endpoint in &config.llm.endpoints {
        let usual_port = if endpoint.url.is_https() { 443 } else { 80 };
        if let Some(address) = authority(endpoint.url.as_str(), usual_port) {
            found.push(Destination { key: "llm.endpoint.url", address, is_needed: false });
        }
    }
    found
}

/// Whether somebody answers there, by opening a connection and closing it again.
///
/// # Errors
/// Why not.
pub(super) async fn reach(address: &str) -> Result<SocketAddr, String> {
    let connecting = async {
        let mut last = format!("the name {address} has no address");
        let found = tokio::net::lookup_host(address).await.map_err(|error| format!("looking up the name: {error}"))?;
        for socket in found {
            match TcpStream::connect(socket).await {
                Ok(_) => return Ok(socket),
                Err(error) => last = format!("{socket}: {error}"),
            }
        }
        Err(last)
    };
    match tokio::time::timeout(TIMEOUT, connecting).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
    }
}

/// Host and port of a URL, without the user.
fn authority(url: &str, usual_port: u16) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    Some(if has_port { host.to_owned() } else { format!("{host}:{usual_port}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_whom_it_means() {
        for (url, expected) in [
            ("mysql://aicc:secret@db.bank.example/aicc", "db.bank.example:3306"),
            ("mysql://aicc@10.0.0.7:3307/aicc?ssl-mode=required", "10.0.0.7:3307"),
            ("mysql://[2001:db8::1]/aicc", "[2001:db8::1]:3306"),
        ] {
            assert_eq!(authority(url, 3306).as_deref(), Some(expected));
        }
    }

    #[test]
    fn an_authority_is_asked_only_for_its_sites() {
        let site = "[[edge.site]]\nnames = ['bank.example']\n[edge.acme]\nterms_agreed = true\n";
        let keys = |source: &str| -> Vec<&str> {
            let text = site.replace("names", &format!("source = '{source}'\nnames"));
            let config = Config::parse(&text, "test", std::iter::empty()).unwrap();
            of(&config).into_iter().map(|destination| destination.key).collect()
        };
        assert_eq!(keys("acme"), ["edge.acme.directory"]);
        assert_eq!(keys("local_ca"), [""; 0]);
    }

    #[test]
    fn systems_behind_are_asked() {
        let text =
            "[[edge.proxy]]\nprefix = '/old'\nupstreams = ['http://10.0.0.7:8080', 'https://old.bank.example']\n";
        let config = Config::parse(text, "test", std::iter::empty()).unwrap();
        let addresses: Vec<_> = of(&config).into_iter().map(|destination| destination.address).collect();
        assert_eq!(addresses, ["10.0.0.7:8080", "old.bank.example:443"]);
    }

    #[test]
    fn language_models_are_asked() {
        let text = "[[llm.endpoint]]\nurl = 'https://llm.bank.example/v1'\n";
        let config = Config::parse(text, "test", std::iter::empty()).unwrap();
        let llm = Destination { key: "llm.endpoint.url", address: "llm.bank.example:443".to_owned(), is_needed: false };
        assert_eq!(of(&config), [llm]);
    }

    #[test]
    fn by_default_there_is_nobody() {
        assert_eq!(of(&Config::default()), []);
    }
}
