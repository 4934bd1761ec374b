//! Hosts, their sockets, and the queue of datagrams under way.

use crate::{Link, Nat};
use core::net::SocketAddr;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, Transmit, earliest};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// An engine on the network, in the shape that all of Siskin's engines have.
pub trait Node {
    /// Takes a datagram.
    fn handle_datagram(&mut self, now: Instant, received: Received<'_>);
    /// Takes note that time has passed.
    fn handle_timeout(&mut self, now: Instant);
    /// Writes the next datagram, or train of datagrams.
    fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit>;
    /// When it next wants [`handle_timeout`](Self::handle_timeout).
    fn poll_timeout(&self) -> Option<Instant>;
}

/// A host's place in the list of nodes given to [`Network::run`].
pub type HostId = usize;

/// How many times a node may be called at one instant before it counts as a busy loop.
const MAX_CALLS_AT_ONE_INSTANT: u32 = 100_000;

/// Hosts, links and translators, and the datagrams under way.
pub struct Network {
    now: Instant,
    rng: Rng,
    hosts: Vec<Host>,
    sockets: BTreeMap<SocketAddr, (HostId, BaseId)>,
    nats: Vec<Nat>,
    default_link: Link,
    links: BTreeMap<(HostId, HostId), Link>,
    under_way: BinaryHeap<Reverse<Flight>>,
    sequence: u64,
    transmitted: u64,
}

struct Host {
    bases: BTreeMap<BaseId, SocketAddr>,
    nat: Option<usize>,
    /// Does nothing from the first of these to the second.
    stalled: (Instant, Instant),
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Flight {
    at: Instant,
    sequence: u64,
    host: HostId,
    base: BaseId,
    from: SocketAddr,
    datagram: Vec<u8>,
}

impl Network {
    /// An empty network; `link` is the way between any two hosts that have none of their own.
    pub fn new(rng: Rng, link: Link) -> Self {
        Self {
            now: Instant::ZERO,
            rng,
            hosts: Vec::new(),
            sockets: BTreeMap::new(),
            nats: Vec::new(),
            default_link: link,
            links: BTreeMap::new(),
            under_way: BinaryHeap::new(),
            sequence: 0,
            transmitted: 0,
        }
    }

    /// Two hosts with one socket each, 10.0.0.1:1000 and 10.0.0.2:1000, both their base 0.
    pub fn pair(rng: Rng, link: Link) -> Self {
        let mut network = Self::new(rng, link);
        for last in [1, 2] {
            network.add_host(&[(BaseId(0), SocketAddr::from(([10, 0, 0, last], 1000)))]);
        }
        network
    }

    /// Adds a host with those sockets. Its id is its place in the list of nodes.
    pub fn add_host(&mut self, sockets: &[(BaseId, SocketAddr)]) -> HostId {
        let id = self.hosts.len();
        self.hosts.push(Host { bases: BTreeMap::new(), nat: None, stalled: (Instant::ZERO, Instant::ZERO) });
        sockets.iter().for_each(|(base, address)| self.add_socket(id, *base, *address));
        id
    }

    /// Adds a host behind a translator.
    pub fn add_host_behind(&mut self, nat: usize, sockets: &[(BaseId, SocketAddr)]) -> HostId {
        let id = self.add_host(sockets);
        if let Some(host) = self.hosts.get_mut(id) {
            host.nat = Some(nat);
        }
        id
    }

    /// Adds a translator, for [`add_host_behind`](Self::add_host_behind).
    pub fn add_nat(&mut self, nat: Nat) -> usize {
        self.nats.push(nat);
        self.nats.len() - 1
    }

    /// Gives a host one more socket.
    pub fn add_socket(&mut self, host: HostId, base: BaseId, address: SocketAddr) {
        if let Some(entry) = self.hosts.get_mut(host) {
            entry.bases.insert(base, address);
            self.sockets.insert(address, (host, base));
        }
    }

    /// Takes a socket away: what is sent to it is lost, and so is what it sends.
    pub fn remove_socket(&mut self, host: HostId, base: BaseId) {
        if let Some(address) = self.hosts.get_mut(host).and_then(|entry| entry.bases.remove(&base)) {
            self.sockets.remove(&address);
        }
    }

    /// Sets the link from one host to another, in that direction only.
    pub fn set_link(&mut self, from: HostId, to: HostId, link: Link) {
        self.links.insert((from, to), link);
    }

    /// Stops a host until then: it gets its datagrams and timeouts late.
    pub fn stall(&mut self, host: HostId, until: Instant) {
        self.stall_between(host, self.now, until);
    }

    /// As [`stall`](Self::stall), but not yet: from `from` on. A host has one such time, the one told last.
    pub fn stall_between(&mut self, host: HostId, from: Instant, until: Instant) {
        if let Some(entry) = self.hosts.get_mut(host) {
            entry.stalled = (from, until);
        }
    }

    /// Changes how likely the link damages a datagram.
    pub fn set_corruption(&mut self, from: HostId, to: HostId, corrupt: f64) {
        self.links.entry((from, to)).or_insert_with(|| self.default_link.clone()).corrupt = corrupt;
    }

    /// The path from one host's base 0 to another's.
    ///
    /// # Panics
    /// If there is no such host or it has no base 0.
    #[expect(clippy::indexing_slicing, reason = "a wrong host is a wrong test")]
    pub fn path(&self, from: HostId, to: HostId) -> Path {
        assert!(self.hosts[from].bases.contains_key(&BaseId(0)));
        Path::udp(BaseId(0), self.hosts[to].bases[&BaseId(0)])
    }

    /// Virtual time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Lets time pass up to `to` while nothing is due.
    pub fn advance(&mut self, to: Instant) {
        self.now = self.now.max(to);
    }

    /// Datagrams handed to the network so far, lost ones included.
    pub fn transmitted(&self) -> u64 {
        self.transmitted
    }

    /// Runs until nothing is under way and nobody waits for anything, or until `end`; says when that was.
    ///
    /// # Panics
    /// If a node is called 100,000 times without time passing: it asks for a timeout that it never acts on, or never
    /// stops sending.
    pub fn run(&mut self, nodes: &mut [&mut dyn Node], end: Instant) -> Instant {
        self.run_until(nodes, end, |_| false)
    }

    /// As [`run`](Self::run), and stops as soon as `done` says so, asked after every step.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn run_until(
        &mut self,
        nodes: &mut [&mut dyn Node],
        end: Instant,
        mut done: impl FnMut(&mut [&mut dyn Node]) -> bool,
    ) -> Instant {
        let mut packet = Packet::new();
        let mut calls = 0;
        loop {
            for (id, node) in nodes.iter_mut().enumerate() {
                if self.is_stalled(id) {
                    continue;
                }
                while let Some(transmit) = node.poll_transmit(self.now, &mut packet) {
                    calls += 1;
                    assert!(
                        calls < MAX_CALLS_AT_ONE_INSTANT,
                        "node {id} never stops sending at {:?}",
                        self.now
                    );
                    self.transmit(id, transmit, packet.as_bytes());
                    packet.clear();
                }
                packet.clear();
            }
            if done(nodes) {
                return self.now;
            }
            let arrival = self.under_way.peek().map(|Reverse(flight)| flight.at);
            let timeouts = nodes
                .iter()
                .enumerate()
                .map(|(id, node)| node.poll_timeout().map(|at| self.awake(id, at.max(self.now))));
            let Some(next) = timeouts.fold(arrival, earliest).filter(|next| *next <= end) else {
                return self.now;
            };
            if next > self.now {
                self.now = next;
                calls = 0;
            }
            calls += 1;
            assert!(
                calls < MAX_CALLS_AT_ONE_INSTANT,
                "a node asks for a timeout again and again at {:?}",
                self.now
            );
            self.deliver(nodes);
            for (id, node) in nodes.iter_mut().enumerate() {
                if !self.is_stalled(id) && node.poll_timeout().is_some_and(|at| at <= self.now) {
                    node.handle_timeout(self.now);
                }
            }
        }
    }

    fn is_stalled(&self, host: HostId) -> bool {
        self.awake(host, self.now) > self.now
    }

    /// When a host next acts, if there is something for it at `at`.
    fn awake(&self, host: HostId, at: Instant) -> Instant {
        let stalled = self.hosts.get(host).map(|host| host.stalled);
        stalled.filter(|(from, until)| (*from..*until).contains(&at)).map_or(at, |(_, until)| until)
    }

    fn transmit(&mut self, from: HostId, transmit: Transmit, bytes: &[u8]) {
        let size = transmit.segment_size.map_or(bytes.len(), |size| usize::from(size.get())).max(1);
        for datagram in bytes.chunks(size) {
            self.transmitted += 1;
            self.send(from, transmit.path, datagram);
        }
    }

    fn send(&mut self, from: HostId, path: Path, datagram: &[u8]) {
        let Some(host) = self.hosts.get(from) else { return };
        let Some(mut source) = host.bases.get(&path.base).copied() else { return };
        let mut target = path.remote;
        if let Some(nat) = host.nat.and_then(|nat| self.nats.get_mut(nat)) {
            source = nat.outbound(source, target);
        }
        if let Some(nat) = self.nats.iter().find(|nat| nat.public() == target.ip()) {
            let Some(inner) = nat.inbound(source, target.port()) else { return };
            target = inner;
        }
        let Some(&(to, base)) = self.sockets.get(&target) else { return };
        let link = match self.links.get_mut(&(from, to)) {
            Some(link) => link,
            None => self.links.entry((from, to)).or_insert_with(|| self.default_link.clone()),
        };
        let (arrivals, flipped) = link.carry(self.now, datagram.len(), &mut self.rng);
        for at in arrivals {
            let mut datagram = datagram.to_vec();
            if flipped {
                for _ in 0..=self.rng.below(8) {
                    let bit = self.rng.below(datagram.len() as u64 * 8);
                    if let Some(byte) = datagram.get_mut(bit as usize / 8) {
                        *byte ^= 1 << (bit % 8);
                    }
                }
            }
            self.sequence += 1;
            self.under_way.push(Reverse(Flight {
                at,
                sequence: self.sequence,
                host: to,
                base,
                from: source,
                datagram,
            }));
        }
    }

    fn deliver(&mut self, nodes: &mut [&mut dyn Node]) {
        while self.under_way.peek().is_some_and(|Reverse(flight)| flight.at <= self.now) {
            let Some(Reverse(mut flight)) = self.under_way.pop() else { return };
            let awake = self.awake(flight.host, self.now);
            if awake > self.now {
                flight.at = awake;
                self.under_way.push(Reverse(flight));
                continue;
            }
            let Some(node) = nodes.get_mut(flight.host) else { continue };
            let path = Path::udp(flight.base, flight.from);
            let datagram = flight.datagram.as_mut_slice();
            node.handle_datagram(self.now, Received { path, arrived: self.now, ecn: Ecn::NotEct, datagram });
        }
    }
}

#[cfg(test)]
mod tests;
