//! `[edge.status]`: who may look at how the program is doing.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use ipnet::IpNet;
use ipnet::Ipv4Net;

use crate::config::section::Section;

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
        let ipv4_loopback = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
        let ipv6_loopback = IpNet::from(IpAddr::from(Ipv6Addr::LOCALHOST));
        let everyone = vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(ipnet::Ipv6Net::default())];
        Self {
            allow: section.key("allow", vec![ipv4_loopback.into(), ipv6_loopback]),
            health_allow: section.key("health_allow", everyone),
        }
    }
}
