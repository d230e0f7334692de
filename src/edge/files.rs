//! The files that the configuration names for the edge, tried before anybody needs them.

use std::path::PathBuf;

use time::OffsetDateTime;

use crate::authorities;
use crate::config::Config;
use crate::config::Site;
use crate::config::SiteSource;
use crate::edge::certificate::CertificateFacts;
use crate::edge::certificate::Fault;
use crate::edge::tls::certificate;

/// What is wrong with them: keys such as `edge.acme.ca_file`, each with what was found and what is allowed.
pub fn try_files(config: &Config, now: OffsetDateTime) -> Vec<(String, String)> {
    let edge = &config.edge;
    let of_proxies = (1..).zip(&edge.proxies).map(|(number, proxy)| (format!("edge.proxy.{number}"), &proxy.ca_file));
    let authorities = of_proxies.chain([
        ("edge.acme".to_owned(), &edge.acme.ca_file),
        ("edge.client_certificates".to_owned(), &edge.client_certificates.ca_file),
    ]);
    let mut wrong: Vec<(String, String)> = authorities
        .filter_map(|(section, file)| {
            let why = authorities::read(&config.server.resolve(file.as_ref()?)).err()?;
            Some((format!("{section}.ca_file"), why))
        })
        .collect();
    for (number, site) in (1..).zip(&edge.sites).filter(|(_, site)| site.source == SiteSource::Files) {
        if let Err(why) = try_site(config, site, now) {
            wrong.push((format!("edge.site.{number}.certificate_file"), why));
        }
    }
    wrong
}

/// A certificate that is for the site's names today, with its key.
fn try_site(config: &Config, site: &Site, now: OffsetDateTime) -> Result<(), String> {
    let path = |file: &Option<PathBuf>| file.as_ref().map(|file| config.server.resolve(file));
    let (Some(file), Some(key)) = (path(&site.certificate_file), path(&site.key_file)) else { return Ok(()) };
    let certified = certificate::from_files(&file, &key)?;
    let leaf = certified.end_entity_cert().map_err(|error| error.to_string())?;
    let (shown, facts) = (file.display(), CertificateFacts::of(leaf)?);
    let Some(fault) = facts.fault(&site.names, now) else { return Ok(()) };
    Err(match fault {
        Fault::Over(_) => format!("{shown} {fault}; put its successor there"),
        Fault::Early(_) => format!("{shown} {fault}; put it there then, or set this machine's clock right"),
        Fault::WrongNames(missing) => {
            let held = if facts.names.is_empty() { "no name".to_owned() } else { facts.names.join(", ") };
            format!(
                "{shown} is for {held}, not for {missing}; get one for all names, or give each its own [[edge.site]]"
            )
        }
    })
}
