//! Which of the machine's addresses become ICE bases (RFC 8445 §5.1.1.1).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One address of one network interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InterfaceAddress {
    /// The interface's name, as in `eth0`.
    pub interface: String,
    /// The address.
    pub ip: IpAddr,
}

/// Most addresses that an endpoint opens sockets on; the rest are left out, in the system's order.
pub const MAX_ADDRESSES: usize = 32;

/// The addresses of all interfaces that are up, in the system's order.
pub fn interfaces() -> io::Result<Vec<InterfaceAddress>> {
    let mut found = Vec::new();
    for interface in if_addrs::get_if_addrs()? {
        let down = matches!(
            interface.oper_status,
            if_addrs::IfOperStatus::Down
                | if_addrs::IfOperStatus::NotPresent
                | if_addrs::IfOperStatus::LowerLayerDown
        );
        // A loopback interface has no operational status of its own.
        if !down || interface.is_loopback() {
            found.push(InterfaceAddress { ip: interface.ip(), interface: interface.name });
        }
    }
    Ok(found)
}

/// Those of `all` that connections use.
///
/// With `named` empty: every address that is not loopback. Otherwise those of the interfaces named, loopback included.
/// IPv6 link-local addresses are never used, because a candidate cannot carry the zone they need; IPv4 link-local ones
/// only if there is no other IPv4 address.
pub(crate) fn usable(all: &[InterfaceAddress], named: &[String]) -> Vec<InterfaceAddress> {
    let mut chosen: Vec<InterfaceAddress> = all
        .iter()
        .filter(|address| match named {
            [] => !address.ip.is_loopback(),
            named => named.contains(&address.interface),
        })
        .filter(|address| is_unicast_host(address.ip))
        .cloned()
        .collect();
    let is_ipv4_routable = |ip: IpAddr| matches!(ip, IpAddr::V4(v4) if !v4.is_link_local());
    if chosen.iter().any(|address| is_ipv4_routable(address.ip)) {
        chosen.retain(|address| address.ip.is_ipv6() || is_ipv4_routable(address.ip));
    }
    let mut seen = Vec::new();
    chosen.retain(|address| {
        let new = !seen.contains(&address.ip);
        seen.push(address.ip);
        new
    });
    chosen.truncate(MAX_ADDRESSES);
    chosen
}

fn is_unicast_host(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4 != Ipv4Addr::UNSPECIFIED && !v4.is_multicast() && !v4.is_broadcast(),
        IpAddr::V6(v6) => !v6.is_multicast() && !v6.is_unicast_link_local() && !is_obsolete(v6),
    }
}

/// IPv4-compatible, IPv4-mapped and site-local addresses, which must not become candidates (RFC 8445 §5.1.1.1).
fn is_obsolete(v6: Ipv6Addr) -> bool {
    let site_local = v6.segments()[0] & 0xffc0 == 0xfec0;
    let embeds_ipv4 = v6 != Ipv6Addr::LOCALHOST && v6.octets()[..10] == [0; 10];
    site_local || embeds_ipv4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[(&str, &str)]) -> Vec<InterfaceAddress> {
        list.iter()
            .map(|(name, ip)| InterfaceAddress { interface: (*name).into(), ip: ip.parse().unwrap() })
            .collect()
    }

    #[track_caller]
    fn check(all: &[(&str, &str)], named: &[&str], expect: &[&str]) {
        let named: Vec<String> = named.iter().map(|name| (*name).into()).collect();
        let got: Vec<String> = usable(&addresses(all), &named).iter().map(|a| a.ip.to_string()).collect();
        assert_eq!(got, expect);
    }

    #[test]
    fn loopback_only_when_named() {
        let all = [("lo", "127.0.0.1"), ("lo", "::1"), ("eth0", "192.0.2.1"), ("eth0", "2001:db8::1")];
        check(&all, &[], &["192.0.2.1", "2001:db8::1"]);
        check(&all, &["lo"], &["127.0.0.1", "::1"]);
        check(&all, &["wlan0"], &[]);
    }

    #[test]
    fn link_local_addresses_are_a_last_resort() {
        check(&[("e", "169.254.1.1"), ("e", "192.0.2.1"), ("e", "fe80::1")], &[], &["192.0.2.1"]);
        check(&[("e", "169.254.1.1"), ("e", "fe80::1")], &[], &["169.254.1.1"]);
    }

    #[test]
    fn rfc8445_5_1_1_1_obsolete_addresses_are_left_out() {
        check(
            &[("e", "fec0::1"), ("e", "::ffff:192.0.2.1"), ("e", "::192.0.2.1"), ("e", "fd00::1")],
            &[],
            &["fd00::1"],
        );
    }

    #[test]
    fn an_address_on_two_interfaces_counts_once() {
        check(&[("a", "192.0.2.1"), ("b", "192.0.2.1")], &[], &["192.0.2.1"]);
    }

    #[test]
    fn the_machine_has_a_loopback_address() {
        assert!(interfaces().unwrap().iter().any(|address| address.ip.is_loopback()));
    }
}
