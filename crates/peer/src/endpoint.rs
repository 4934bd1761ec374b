//! Many connections on few sockets.

mod routes;

use crate::demux::Kind;
use crate::{Config, Error, Event, PeerConnection};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::net::SocketAddr;
use routes::Routes;
use siskin_base::{BaseId, Instant, Observation, Packet, Received, Rng, Transmit};

/// Names a connection of an [`Endpoint`]; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

/// Limits of an [`Endpoint`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointConfig {
    /// Connections alive at once; default 10,000.
    pub max_connections: usize,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        Self { max_connections: 10_000 }
    }
}

impl EndpointConfig {
    /// For devices: 4 connections.
    pub fn small() -> Self {
        Self { max_connections: 4 }
    }
}

/// Counts of what could not be given to any connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndpointStats {
    /// Datagrams that came in.
    pub datagrams_received: u64,
    /// Datagrams for no connection that we know.
    pub datagrams_unroutable: u64,
}

/// Holds many [`PeerConnection`]s on shared sockets and gives each datagram to the one that it is for: by
/// authenticated path first, then by the local username fragment of a STUN request, then by the transaction id of a
/// STUN response.
///
/// Only connections to which something happened are polled: a thousand idle ones cost nothing.
///
/// A connection whose peer has an authenticated path to another connection of this endpoint already must come through
/// another base: two associations on one 5-tuple could not be told apart.
pub struct Endpoint {
    config: EndpointConfig,
    rng: Rng,
    bases: BTreeMap<BaseId, SocketAddr>,
    connections: BTreeMap<ConnectionId, Held>,
    created: u64,
    routes: Routes,
    /// Connections with something to send or to tell.
    to_transmit: VecDeque<ConnectionId>,
    to_tell: VecDeque<ConnectionId>,
    /// When to look at a connection again: when it is due, or before. Deadlines move with every packet, mostly away; the
    /// entry stays, and the connection is asked anew when it comes up.
    timeouts: BTreeSet<(Instant, ConnectionId)>,
    stats: EndpointStats,
}

/// A connection, and where it stands in the endpoint's queues.
struct Held {
    /// Boxed: a node of the map has room for eleven.
    peer: Box<PeerConnection>,
    to_transmit: bool,
    to_tell: bool,
    timeout: Option<Instant>,
}

impl Endpoint {
    /// An endpoint without sockets and connections.
    pub fn new(config: EndpointConfig, rng: Rng, _now: Instant) -> Self {
        Self {
            config,
            rng,
            bases: BTreeMap::new(),
            connections: BTreeMap::new(),
            created: 0,
            routes: Routes::default(),
            to_transmit: VecDeque::new(),
            to_tell: VecDeque::new(),
            timeouts: BTreeSet::new(),
            stats: EndpointStats::default(),
        }
    }

    /// A socket may be used from now on, by connections that live too.
    pub fn add_base(&mut self, now: Instant, base: BaseId, local: SocketAddr) {
        self.bases.insert(base, local);
        let ids: VecDeque<_> = self.connections.keys().copied().collect();
        for id in ids {
            self.with(now, id, |connection| connection.add_base(now, base, local));
        }
    }

    /// A socket is gone.
    pub fn remove_base(&mut self, now: Instant, base: BaseId) {
        if self.bases.remove(&base).is_none() {
            return;
        }
        self.routes.remove_base(base);
        let ids: VecDeque<_> = self.connections.keys().copied().collect();
        for id in ids {
            self.with(now, id, |connection| connection.remove_base(now, base));
        }
    }

    /// Makes a connection on all sockets.
    ///
    /// # Errors
    /// `OperationError` if the configuration is not usable, or there are `max_connections` already.
    pub fn create(&mut self, now: Instant, config: Config) -> Result<ConnectionId, Error> {
        if self.connections.len() >= self.config.max_connections {
            return Err(Error::Operation(crate::error::Operation::Configuration));
        }
        let id = ConnectionId(self.created);
        let rng = self.rng.fork(&alloc::format!("connection {}", self.created));
        let mut connection = PeerConnection::new(config, rng, now)?;
        self.created += 1;
        self.bases.iter().for_each(|(base, local)| connection.add_base(now, *base, *local));
        self.connections.insert(
            id,
            Held { peer: Box::new(connection), to_transmit: false, to_tell: false, timeout: None },
        );
        self.touched(id);
        Ok(id)
    }

    /// Reads a connection.
    pub fn connection(&self, id: ConnectionId) -> Option<&PeerConnection> {
        self.connections.get(&id).map(|held| &*held.peer)
    }

    /// Lets `act` work on a connection; `None` if there is none of that name.
    pub fn with<T>(
        &mut self,
        _now: Instant,
        id: ConnectionId,
        act: impl FnOnce(&mut PeerConnection) -> T,
    ) -> Option<T> {
        let result = act(&mut self.connections.get_mut(&id)?.peer);
        self.touched(id);
        Some(result)
    }

    /// Forgets a connection at once and without a word to its peer: `close` it, and drain what it has to send, first.
    pub fn remove(&mut self, id: ConnectionId) -> Option<PeerConnection> {
        let held = self.connections.remove(&id)?;
        self.routes.remove_connection(id);
        if let Some(at) = held.timeout {
            self.timeouts.remove(&(at, id));
        }
        Some(*held.peer)
    }

    /// The connections that live.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.connections.keys().copied()
    }

    /// Counts of what could not be given to any connection.
    pub fn stats(&self) -> EndpointStats {
        self.stats
    }

    /// Takes a datagram.
    pub fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        self.stats.datagrams_received += 1;
        let Some(id) = self.route(&received) else {
            self.stats.datagrams_unroutable += 1;
            return;
        };
        if let Some(held) = self.connections.get_mut(&id) {
            held.peer.handle_datagram(now, received);
        }
        // Its deadline is looked at once for all that has come, when it has nothing more to send.
        self.has_news(id);
    }

    /// Takes note that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        // Each once: a connection with something to send stays due until that is polled.
        let mut due = Vec::new();
        while let Some(&(at, id)) = self.timeouts.first().filter(|(at, _)| *at <= now) {
            self.timeouts.remove(&(at, id));
            due.push(id);
        }
        for id in due {
            if let Some(held) = self.connections.get_mut(&id) {
                held.timeout = None;
                held.peer.handle_timeout(now);
            }
            self.touched(id);
        }
    }

    /// Writes the next datagram, or train of datagrams, of any connection.
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        while let Some(&id) = self.to_transmit.front() {
            let held = self.connections.get_mut(&id);
            let transmit = held.and_then(|held| held.peer.poll_transmit(now, out));
            if let Some(transmit) = transmit {
                if Kind::of(out.as_bytes()) == Kind::Stun {
                    self.routes.sent_stun(id, &transmit.path, out.as_bytes());
                }
                // Turns are taken, so that no connection waits for another's long transfer.
                self.to_transmit.rotate_left(1);
                // Sending can make an event: a buffer that is low now.
                self.has_to_tell(id);
                return Some(transmit);
            }
            self.to_transmit.pop_front();
            if let Some(held) = self.connections.get_mut(&id) {
                held.to_transmit = false;
            }
            self.reschedule(id);
        }
        None
    }

    /// What happened, and to which connection.
    pub fn poll_event(&mut self) -> Option<(ConnectionId, Event)> {
        self.poll_event_unless(|_| false)
    }

    /// As [`poll_event`](Self::poll_event), leaving out connections that are `held`, because their user cannot take
    /// more now. Their messages stay where they are, so that SCTP's window closes and the peer waits. Whoever lets go of
    /// a connection says so by touching it: [`with`](Self::with).
    pub fn poll_event_unless(
        &mut self,
        held: impl Fn(ConnectionId) -> bool,
    ) -> Option<(ConnectionId, Event)> {
        while let Some(&id) = self.to_tell.front() {
            let connection = self.connections.get_mut(&id).filter(|_| !held(id));
            let event = connection.and_then(|connection| connection.peer.poll_event());
            // Taking events can make something to send: an answer, or a wider window.
            self.has_to_transmit(id);
            if let Some(event) = event {
                return Some((id, event));
            }
            self.to_tell.pop_front();
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.to_tell = false;
            }
        }
        None
    }

    /// What a researcher may watch of a connection.
    pub fn poll_observation(&mut self, id: ConnectionId) -> Option<Observation> {
        self.connections.get_mut(&id)?.peer.poll_observation()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due. Ask last.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timeouts.first().map(|(at, _)| *at)
    }

    fn route(&self, received: &Received<'_>) -> Option<ConnectionId> {
        match Kind::of(received.datagram) {
            Kind::Stun => self.routes.for_stun(received),
            _ => self.routes.for_path(&received.path),
        }
    }

    fn touched(&mut self, id: ConnectionId) {
        self.has_news(id);
        self.reschedule(id);
    }

    fn has_news(&mut self, id: ConnectionId) {
        if let Some(held) = self.connections.get_mut(&id) {
            held.peer.take_route_changes(|change| self.routes.apply(id, change));
        }
        self.has_to_transmit(id);
        self.has_to_tell(id);
    }

    fn has_to_transmit(&mut self, id: ConnectionId) {
        let Some(held) = self.connections.get_mut(&id) else { return };
        if !core::mem::replace(&mut held.to_transmit, true) {
            self.to_transmit.push_back(id);
        }
    }

    fn has_to_tell(&mut self, id: ConnectionId) {
        let Some(held) = self.connections.get_mut(&id) else { return };
        if !core::mem::replace(&mut held.to_tell, true) {
            self.to_tell.push_back(id);
        }
    }

    fn reschedule(&mut self, id: ConnectionId) {
        let Some(held) = self.connections.get_mut(&id) else { return };
        let Some(due) = held.peer.poll_timeout() else { return };
        if held.timeout.is_some_and(|at| at <= due) {
            return;
        }
        if let Some(at) = held.timeout.replace(due) {
            self.timeouts.remove(&(at, id));
        }
        self.timeouts.insert((due, id));
    }
}
