//! Many connections on one port.

use crate::harness::{Peer, config, ms};
use siskin_base::{BaseId, Instant, Packet, Path, Received, Rng, Transmit};
use siskin_netsim::{Link, Network, Node};
use siskin_peer::{ConnectionId, Endpoint, EndpointConfig, Event, MessageKind, PeerConnection};
use std::net::SocketAddr;

const T0: Instant = Instant::ZERO;

/// An endpoint that sends every message back.
struct Server {
    endpoint: Endpoint,
    events: Vec<(ConnectionId, Event)>,
}

impl Server {
    fn new() -> Self {
        let mut endpoint = Endpoint::new(EndpointConfig::default(), Rng::for_tests(99), T0);
        endpoint.add_base(T0, BaseId(0), address(100));
        Self { endpoint, events: vec![] }
    }

    fn drain(&mut self, now: Instant) {
        while let Some((id, event)) = self.endpoint.poll_event() {
            if let Event::ChannelMessage { channel, kind, data } = &event {
                let echo =
                    |connection: &mut PeerConnection| connection.send(now, *channel, *kind, data.clone());
                self.endpoint.with(now, id, echo).unwrap().unwrap();
            }
            self.events.push((id, event));
        }
    }

    /// Answers the client's offer.
    fn accept(&mut self, now: Instant, client: &mut Peer) -> ConnectionId {
        client.connection.set_local_description(now, None).unwrap();
        let offer = client.connection.local_description().unwrap();
        let id = self.endpoint.create(now, config()).unwrap();
        let answer = self.endpoint.with(now, id, |connection| {
            connection.set_remote_description(now, offer).unwrap();
            connection.set_local_description(now, None).unwrap();
            connection.local_description().unwrap()
        });
        client.connection.set_remote_description(now, answer.unwrap()).unwrap();
        id
    }
}

impl Node for Server {
    fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        self.endpoint.handle_datagram(now, received);
        self.drain(now);
    }
    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        self.drain(now);
    }
    fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        self.drain(now);
        self.endpoint.poll_transmit(now, out)
    }
    fn poll_timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout()
    }
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, last], 1000))
}

fn client(seed: u8) -> Peer {
    let mut peer = Peer::new(config(), seed.into(), T0);
    peer.connection.add_base(T0, BaseId(0), address(seed));
    peer
}

#[test]
fn three_clients_share_a_port() {
    let mut network = Network::new(Rng::for_tests(1), Link::new(ms(10)).loss(0.05));
    let mut server = Server::new();
    network.add_host(&[(BaseId(0), address(100))]);
    let mut clients: Vec<Peer> = (1..=3).map(client).collect();
    let mut channels = vec![];
    for (n, peer) in clients.iter_mut().enumerate() {
        network.add_host(&[(BaseId(0), address(n as u8 + 1))]);
        channels.push(peer.channel(T0, "c"));
        server.accept(T0, peer);
    }
    let run = |network: &mut Network, server: &mut Server, clients: &mut [Peer], until| {
        let mut nodes: Vec<&mut dyn Node> = vec![server];
        nodes.extend(clients.iter_mut().map(|peer| peer as &mut dyn Node));
        network.run(&mut nodes, until);
        network.advance(until);
    };
    run(&mut network, &mut server, &mut clients, Instant::from_millis(5_000));
    let now = network.now();
    for (peer, channel) in clients.iter_mut().zip(&channels) {
        assert!(peer.is_open(*channel), "{:?}", peer.events);
        let text = format!("from {channel:?}, {:?}", peer.connection.local_description().unwrap().sdp.len());
        peer.connection.send(now, *channel, MessageKind::Text, text.into()).unwrap();
    }
    run(&mut network, &mut server, &mut clients, Instant::from_millis(10_000));
    assert!(clients.iter().all(|peer| peer.messages.len() == 1));
    assert_eq!(server.endpoint.connections().count(), 3);

    // A connection that is gone takes its routes with it, and the others do not notice.
    let gone = server.endpoint.connections().next().unwrap();
    server.endpoint.remove(gone);
    let before = server.endpoint.stats().datagrams_unroutable;
    run(&mut network, &mut server, &mut clients, Instant::from_millis(20_000));
    assert!(server.endpoint.stats().datagrams_unroutable > before);
    assert_eq!(server.endpoint.connections().count(), 2);
}

#[test]
fn strangers_get_no_answer() {
    let mut server = Server::new();
    let mut peer = client(1);
    peer.channel(T0, "c");
    server.accept(T0, &mut peer);
    let mut packet = Packet::new();
    while server.endpoint.poll_transmit(T0, &mut packet).is_some() {
        packet.clear();
    }
    let stranger = Path::udp(BaseId(0), address(66));
    for first in 0..=255u8 {
        for len in [0, 1, 20, 100] {
            let mut datagram = vec![first; len];
            server.endpoint.handle_datagram(
                T0,
                Received {
                    path: stranger,
                    arrived: T0,
                    ecn: siskin_base::Ecn::NotEct,
                    datagram: &mut datagram,
                },
            );
        }
    }
    packet.clear();
    while let Some(transmit) = server.endpoint.poll_transmit(T0, &mut packet) {
        assert_ne!(transmit.path.remote, stranger.remote, "a stranger was answered");
        packet.clear();
    }
    assert_eq!(server.endpoint.stats().datagrams_received, 4 * 256);
}

#[test]
fn connections_are_limited() {
    let mut endpoint = Endpoint::new(EndpointConfig::small(), Rng::for_tests(1), T0);
    for _ in 0..4 {
        endpoint.create(T0, config()).unwrap();
    }
    assert_eq!(endpoint.create(T0, config()).unwrap_err().name(), "OperationError");
}
