//! Network address translators, by the behaviours of RFC 4787.

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, BTreeSet};

/// What a mapping, or the filter on it, depends on (RFC 4787 §4.1, §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// On the inner address and port only.
    EndpointIndependent,
    /// On the remote address too.
    AddressDependent,
    /// On the remote address and port too.
    AddressAndPortDependent,
}

/// A translator between hosts and the open network. Mappings never expire.
#[derive(Clone, Debug)]
pub struct Nat {
    public: IpAddr,
    mapping: Behaviour,
    filtering: Behaviour,
    next_port: u16,
    outer: BTreeMap<(SocketAddr, Option<IpAddr>, Option<u16>), u16>,
    inner: BTreeMap<u16, SocketAddr>,
    permitted: BTreeSet<(u16, Option<IpAddr>, Option<u16>)>,
}

impl Nat {
    /// A translator with one public address.
    pub fn new(public: IpAddr, mapping: Behaviour, filtering: Behaviour) -> Self {
        Self {
            public,
            mapping,
            filtering,
            next_port: 40_000,
            outer: BTreeMap::new(),
            inner: BTreeMap::new(),
            permitted: BTreeSet::new(),
        }
    }

    /// The address that the outside sees.
    pub fn public(&self) -> IpAddr {
        self.public
    }

    /// The outer source address of a datagram from `from` to `to`; opens the filter for the answer.
    pub(crate) fn outbound(&mut self, from: SocketAddr, to: SocketAddr) -> SocketAddr {
        let (ip, port) = key(self.mapping, to);
        let next_port = &mut self.next_port;
        let mapped = *self.outer.entry((from, ip, port)).or_insert_with(|| {
            *next_port = next_port.wrapping_add(1).max(1024);
            *next_port
        });
        self.inner.insert(mapped, from);
        let (ip, port) = key(self.filtering, to);
        self.permitted.insert((mapped, ip, port));
        SocketAddr::new(self.public, mapped)
    }

    /// The inner destination of a datagram from `from` to our outer port; `None` if it is filtered.
    pub(crate) fn inbound(&self, from: SocketAddr, port: u16) -> Option<SocketAddr> {
        let (ip, remote_port) = key(self.filtering, from);
        self.permitted.contains(&(port, ip, remote_port)).then(|| self.inner.get(&port).copied()).flatten()
    }
}

fn key(behaviour: Behaviour, remote: SocketAddr) -> (Option<IpAddr>, Option<u16>) {
    match behaviour {
        Behaviour::EndpointIndependent => (None, None),
        Behaviour::AddressDependent => (Some(remote.ip()), None),
        Behaviour::AddressAndPortDependent => (Some(remote.ip()), Some(remote.port())),
    }
}
