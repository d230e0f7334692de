//! `[edge.status]`: who may look at how the program is doing.

use ipnet::IpNet;
use ipnet::Ipv4Net;

use crate::config::section::Section;
use crate::config::value::loopback;

/// Who may look at how the program is doing. An empty list is nobody.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Networks that are shown `/nginx_status` and `/metrics`.
    pub allow: Vec<IpNet>,
    /// Networks that are answered at `/health` and below.
    pub health_allow: Vec<IpNet>,
}

impl Status {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let everyone = vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(ipnet::Ipv6Net::default())];
        Self { allow: section.key("allow", loopback()), health_allow: section.key("health_allow", everyone) }
    }
}
