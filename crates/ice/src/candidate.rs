//! Local candidates: priorities, foundations, preferences (RFC 8445 §5.1, RFC 8421 §4).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use siskin_base::{BaseId, Candidate, CandidateAddress, CandidateKind, CandidateTransport};

/// The type preferences that RFC 8445 §5.1.2.2 recommends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypePreference(pub u8);

impl TypePreference {
    /// An address of the machine's own.
    pub const HOST: Self = Self(126);
    /// What the peer saw.
    pub const PEER_REFLEXIVE: Self = Self(110);
    /// What a STUN server saw.
    pub const SERVER_REFLEXIVE: Self = Self(100);
    /// On a TURN server.
    pub const RELAYED: Self = Self(0);
}

/// A candidate's priority for component 1 (RFC 8445 §5.1.2.1).
///
/// ```
/// # use siskin_ice::{TypePreference, candidate_priority};
/// assert_eq!(candidate_priority(TypePreference::HOST, 65_535), 2_130_706_431);
/// ```
pub const fn candidate_priority(kind: TypePreference, local_preference: u16) -> u32 {
    (kind.0 as u32) << 24 | (local_preference as u32) << 8 | 255
}

/// Local preferences for the addresses of a machine, best first in the order given: IPv6 and IPv4 take turns, IPv6
/// starting, so that a broken family costs little (RFC 8421 §4). Loopback addresses come last.
pub fn local_preferences(addresses: &[SocketAddr]) -> Vec<u16> {
    let rank = |address: &SocketAddr| {
        let ip = address.ip();
        let same = |other: &&SocketAddr| {
            other.is_ipv6() == ip.is_ipv6() && other.ip().is_loopback() == ip.is_loopback()
        };
        let before = addresses.iter().take_while(|other| *other != address).filter(same).count();
        (ip.is_loopback(), before, ip.is_ipv4())
    };
    let ranks: Vec<_> = addresses.iter().map(rank).collect();
    let below = |mine: &(bool, usize, bool)| ranks.iter().filter(|other| *other < mine).count();
    ranks.iter().map(|mine| u16::MAX.saturating_sub((below(mine) * 16).min(65_535) as u16)).collect()
}

/// Something to send from, with the candidate that it is the base of.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) id: BaseId,
    pub(crate) address: SocketAddr,
    pub(crate) preference: u16,
}

impl Base {
    /// What a check from here says in PRIORITY (RFC 8445 §7.1.1).
    pub(crate) const fn peer_reflexive_priority(&self) -> u32 {
        candidate_priority(TypePreference::PEER_REFLEXIVE, self.preference)
    }

    pub(crate) const fn host_priority(&self) -> u32 {
        candidate_priority(TypePreference::HOST, self.preference)
    }
}

/// A local candidate and the base that sends for it.
#[derive(Clone, Debug)]
pub(crate) struct LocalCandidate {
    pub(crate) base: BaseId,
    pub(crate) candidate: Candidate,
}

/// Numbers for foundations (RFC 8445 §5.1.1.3): counted rather than hashed, because a hash of an address would tell it
/// to those from whom mDNS hides it.
#[derive(Debug, Default)]
pub(crate) struct Foundations {
    known: Vec<(u8, IpAddr, Option<IpAddr>)>,
}

impl Foundations {
    pub(crate) fn get(&mut self, kind: TypePreference, base: IpAddr, server: Option<IpAddr>) -> u32 {
        let key = (kind.0, base, server);
        let index = self.known.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.known.push(key);
            self.known.len() - 1
        });
        index as u32 + 1
    }
}

pub(crate) fn udp_candidate(
    kind: CandidateKind,
    foundation: String,
    priority: u32,
    address: SocketAddr,
    related: Option<SocketAddr>,
) -> Candidate {
    Candidate {
        foundation,
        component: 1,
        transport: CandidateTransport::Udp,
        priority,
        address: CandidateAddress::Ip(address.ip()),
        port: address.port(),
        kind,
        related: related.map(|address| (CandidateAddress::Ip(address.ip()), address.port())),
        tcp_type: None,
        extensions: Vec::new(),
    }
}

pub(crate) fn host_candidate(base: &Base, foundations: &mut Foundations) -> LocalCandidate {
    let foundation = foundations.get(TypePreference::HOST, base.address.ip(), None).to_string();
    let candidate = udp_candidate(CandidateKind::Host, foundation, base.host_priority(), base.address, None);
    LocalCandidate { base: base.id, candidate }
}

/// Whether a peer could be there: no wildcard, no group, no port 0.
pub(crate) fn is_reachable(address: SocketAddr) -> bool {
    let ip = address.ip();
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    address.port() != 0 && !ip.is_unspecified() && !ip.is_multicast() && !broadcast
}

/// RFC 8445 §5.1.1.1: not for site-local, IPv4-compatible and IPv4-mapped IPv6 addresses.
// RFC 8445 §5.1.1.1: nor for loopback addresses: not done, because who adds such a base wants it: a demo, or a test.
pub(crate) fn may_be_offered(ip: IpAddr) -> bool {
    let IpAddr::V6(ip) = ip else { return true };
    let site_local = ip.segments()[0] & 0xffc0 == 0xfec0;
    let compatible = matches!(ip.segments(), [0, 0, 0, 0, 0, 0, ..]) && !ip.is_loopback();
    !site_local && !compatible && ip.to_ipv4_mapped().is_none()
}

/// Whether candidates of these addresses may be paired (RFC 8445 §6.1.2.2): one family, and IPv6 link-local addresses
/// only among themselves.
pub(crate) fn may_pair(local: IpAddr, remote: IpAddr) -> bool {
    match (local, remote) {
        (IpAddr::V4(_), IpAddr::V4(_)) => true,
        (IpAddr::V6(a), IpAddr::V6(b)) => a.is_unicast_link_local() == b.is_unicast_link_local(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8421_4_families_take_turns() {
        let addresses = ["127.0.0.1:1", "10.0.0.1:1", "10.0.0.2:1", "[2001:db8::1]:1", "[2001:db8::2]:1"];
        let addresses: Vec<SocketAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let preferences = local_preferences(&addresses);
        let mut order: Vec<usize> = (0..5).collect();
        order.sort_by_key(|index| core::cmp::Reverse(preferences[*index]));
        assert_eq!(order, [3, 1, 4, 2, 0]);
        assert_eq!(preferences[3], 65_535);
    }

    #[test]
    fn rfc8445_5_1_1_3_foundations() {
        let mut foundations = Foundations::default();
        let [a, b]: [IpAddr; 2] = ["10.0.0.1", "10.0.0.2"].map(|ip| ip.parse().unwrap());
        let first = foundations.get(TypePreference::HOST, a, None);
        assert_eq!(first, foundations.get(TypePreference::HOST, a, None));
        assert_ne!(first, foundations.get(TypePreference::HOST, b, None));
        assert_ne!(first, foundations.get(TypePreference::SERVER_REFLEXIVE, a, Some(b)));
    }
}
