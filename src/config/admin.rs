//! `[admin]`: the administration API.

use std::path::PathBuf;

use ipnet::IpNet;

use crate::config::secret::Secret;
use crate::config::secret::read_long_secret;
use crate::config::section::Section;
use crate::config::server::Server;
use crate::config::value::loopback;

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
        Self { token_file: section.key("token_file", None), token: None, networks: section.key("networks", loopback()) }
    }

    /// Reads what `token_file` holds.
    pub(super) fn add_token(&mut self, server: &Server, root: &mut Section<'_>) {
        let Some(file) = &self.token_file else { return };
        match read_long_secret(&server.resolve(file), "token") {
            Ok(token) => self.token = Some(token),
            Err(why) => root.refuse(&["admin.token_file"], why),
        }
    }
}
