//! `[admin]`: the administration API.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::path::PathBuf;

use ipnet::IpNet;
use ipnet::Ipv4Net;

use crate::config::secret::Secret;
use crate::config::secret::read_secret;
use crate::config::section::Section;
use crate::config::server::Server;

/// A shorter token could be guessed. 256 bits in hexadecimal are twice as long.
const TOKEN_BYTES_MIN: usize = 32;

/// Who may use the administration API.
#[derive(Debug, Clone, PartialEq)]
pub struct Admin {
    /// File that holds the administrators' token and nothing else; none closes the administration API.
    pub token_file: Option<PathBuf>,
    /// What that file holds.
    pub token: Option<Secret<String>>,
    /// Networks it is used from.
    pub networks: Vec<IpNet>,
}

impl Admin {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let ipv4_loopback = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
        let ipv6_loopback = IpNet::from(IpAddr::from(Ipv6Addr::LOCALHOST));
        Self {
            token_file: section.key("token_file", None),
            token: None,
            networks: section.key("networks", vec![ipv4_loopback.into(), ipv6_loopback]),
        }
    }

    /// Reads what `token_file` holds.
    pub(super) fn add_token(&mut self, server: &Server, root: &mut Section<'_>) {
        let Some(file) = &self.token_file else { return };
        let file = server.resolve(file);
        let token = read_secret(&file, "token").and_then(|token| match token.reveal().len() {
            TOKEN_BYTES_MIN.. => Ok(token),
            bytes => Err(format!(
                "{} holds {bytes} bytes; allowed: at least {TOKEN_BYTES_MIN}, as `openssl rand -hex 32` makes them",
                file.display()
            )),
        });
        match token {
            Ok(token) => self.token = Some(token),
            Err(why) => root.refuse(&["admin.token_file"], why),
        }
    }
}
