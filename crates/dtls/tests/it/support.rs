//! What the tests share: connections with certificates, and a wire between two of them.

use core::time::Duration;
use siskin_base::{BaseId, Ecn, HashAlgorithm, Instant, Packet, Path, Received, Rng, Transmit};
use siskin_crypto::{Certificate, Provider};
use siskin_dtls::{Config, Connection, Event, ProtocolVersion, Role};
use siskin_netsim::Node;
use std::sync::Arc;

pub(crate) const UNIX: Duration = Duration::from_secs(1_795_305_600); // 2026-11-22
pub(crate) const NOW: Instant = Instant::ZERO;

pub(crate) fn path() -> Path {
    Path::udp(BaseId(0), "192.0.2.1:5000".parse().unwrap())
}

pub(crate) fn certificate(provider: &Provider, seed: u64) -> Arc<Certificate> {
    Arc::new(Certificate::generate(provider, &mut Rng::for_tests(seed), UNIX).unwrap())
}

/// A configuration with a certificate of its own.
pub(crate) fn config(provider: Provider, role: Role) -> Config {
    Config::new(provider, certificate(&provider, role as u64 + 1), role, path())
}

/// The same, for one version only.
pub(crate) fn config_of(version: ProtocolVersion, provider: Provider, role: Role) -> Config {
    let mut config = config(provider, role);
    config.versions = vec![version];
    config
}

/// A connection and what it told.
pub(crate) struct Peer {
    pub(crate) dtls: Connection,
    pub(crate) events: Vec<Event>,
    /// Data that came, early or not.
    pub(crate) data: Vec<Vec<u8>>,
    pub(crate) connected_at: Option<Instant>,
    /// Data to be sent once connected.
    pub(crate) to_send: Vec<Vec<u8>>,
    path: Path,
}

impl Peer {
    pub(crate) fn new(config: Config, seed: u64) -> Self {
        let dtls = Connection::new(config, Rng::for_tests(seed), NOW).unwrap();
        Self { dtls, events: vec![], data: vec![], connected_at: None, to_send: vec![], path: path() }
    }

    pub(crate) fn set_path(&mut self, path: Path) {
        self.path = path;
        self.dtls.set_path(path);
    }

    /// Takes one datagram, and all events that it brought.
    pub(crate) fn take(&mut self, now: Instant, datagram: &[u8]) {
        let mut datagram = datagram.to_vec();
        let received = Received { path: path(), arrived: now, ecn: Ecn::NotEct, datagram: &mut datagram };
        self.dtls.handle_datagram(now, received);
        self.take_events(now, &datagram);
    }

    pub(crate) fn take_events(&mut self, now: Instant, datagram: &[u8]) {
        while let Some(event) = self.dtls.poll_event() {
            match event {
                Event::ApplicationData(range) => self.data.push(datagram[range].to_vec()),
                Event::EarlyApplicationData(data) => self.data.push(data),
                event => {
                    if matches!(event, Event::Connected { .. }) {
                        self.connected_at = Some(now);
                    }
                    self.events.push(event);
                }
            }
        }
    }

    /// Everything that is to be sent now, a datagram each.
    pub(crate) fn flush(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut packet = Packet::new();
        let mut datagrams = vec![];
        while self.dtls.poll_transmit(now, &mut packet).is_some() {
            datagrams.push(packet.as_bytes().to_vec());
            packet.clear();
        }
        datagrams
    }

    pub(crate) fn seal(&mut self, data: &[u8]) -> Vec<u8> {
        let mut packet = Packet::new();
        packet.begin(self.dtls.head_room());
        packet.append(data);
        self.dtls.seal(&mut packet).unwrap();
        packet.finish();
        packet.as_bytes().to_vec()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected_at.is_some()
    }

    pub(crate) fn last_event(&self) -> Option<&Event> {
        self.events.last()
    }
}

/// Client and server that know each other's certificates.
pub(crate) fn pair(client: Config, server: Config) -> (Peer, Peer) {
    let fingerprints = [&client, &server]
        .map(|config| [config.certificate.fingerprint(&config.provider, HashAlgorithm::Sha256)]);
    let (mut client, mut server) = (Peer::new(client, 11), Peer::new(server, 12));
    server.dtls.set_remote_fingerprints(NOW, &fingerprints[0]).unwrap();
    client.dtls.set_remote_fingerprints(NOW, &fingerprints[1]).unwrap();
    (client, server)
}

/// Carries what each says to the other until both are silent.
pub(crate) fn exchange(now: Instant, a: &mut Peer, b: &mut Peer) {
    for _ in 0..100 {
        let (from_a, from_b) = (a.flush(now), b.flush(now));
        if from_a.is_empty() && from_b.is_empty() {
            return;
        }
        from_a.iter().for_each(|datagram| b.take(now, datagram));
        from_b.iter().for_each(|datagram| a.take(now, datagram));
    }
    panic!("they never fall silent");
}

pub(crate) fn connected_pair(client: Config, server: Config) -> (Peer, Peer) {
    let (mut client, mut server) = pair(client, server);
    exchange(NOW, &mut client, &mut server);
    assert!(client.is_connected() && server.is_connected(), "{:?} {:?}", client.events, server.events);
    (client, server)
}

impl Node for Peer {
    fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        self.take(now, received.datagram);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.dtls.handle_timeout(now);
        self.take_events(now, &[]);
    }

    fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        if let Some(transmit) = self.dtls.poll_transmit(now, out) {
            return Some(transmit);
        }
        if !self.dtls.is_connected() {
            return None;
        }
        let data = self.to_send.pop()?;
        out.begin(self.dtls.head_room());
        out.append(&data);
        self.dtls.seal(out).unwrap();
        out.finish();
        Some(Transmit::single(self.path))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.dtls.poll_timeout()
    }
}
