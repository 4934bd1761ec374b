//! Two peers on a simulated network, and signalling between them by hand.

use core::time::Duration;
use siskin_base::{BaseId, Instant, Packet, Received, Rng, Transmit, WallClock};
use siskin_netsim::{Link, Network, Node};
use siskin_peer::{
    ChannelConfig, ChannelId, Config, Event, MessageKind, OfferOptions, PeerConnection, PeerConnectionState,
};
use std::net::SocketAddr;

pub(crate) const CLOCK: WallClock = WallClock { at: Instant::ZERO, unix: Duration::from_secs(1_795_000_000) };

/// A connection, what it has told, and whether it sends messages back.
pub(crate) struct Peer {
    pub(crate) connection: PeerConnection,
    pub(crate) events: Vec<Event>,
    pub(crate) messages: Vec<(ChannelId, MessageKind, Vec<u8>)>,
    pub(crate) echoes: bool,
    pub(crate) sent: Vec<Vec<u8>>,
    /// Its user does not ask for events.
    pub(crate) holds_events: bool,
}

pub(crate) fn config() -> Config {
    let mut config = Config::new(siskin_crypto::rustcrypto());
    config.clock = Some(CLOCK);
    config
}

impl Peer {
    pub(crate) fn new(config: Config, seed: u64, now: Instant) -> Self {
        let connection =
            PeerConnection::new(config, Rng::for_tests(seed), now).expect("a usable configuration");
        Self {
            connection,
            events: vec![],
            messages: vec![],
            echoes: false,
            sent: vec![],
            holds_events: false,
        }
    }

    /// Takes what the connection tells.
    pub(crate) fn drain(&mut self, now: Instant) {
        if self.holds_events {
            return;
        }
        while let Some(event) = self.connection.poll_event() {
            if let Event::ChannelMessage { channel, kind, data } = &event {
                self.messages.push((*channel, *kind, data.to_vec()));
                if self.echoes {
                    self.connection.send(now, *channel, *kind, data.clone()).expect("room for an echo");
                }
            }
            self.events.push(event);
        }
    }

    pub(crate) fn is_open(&self, channel: ChannelId) -> bool {
        self.events.contains(&Event::ChannelOpen(channel))
    }

    pub(crate) fn channel(&mut self, now: Instant, label: &str) -> ChannelId {
        self.connection.create_data_channel(now, ChannelConfig::new(label)).expect("a channel")
    }

    pub(crate) fn saw(&self, state: PeerConnectionState) -> bool {
        self.events.contains(&Event::ConnectionStateChange(state))
    }
}

impl Node for Peer {
    fn handle_datagram(&mut self, now: Instant, received: Received<'_>) {
        self.connection.handle_datagram(now, received);
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.connection.handle_timeout(now);
        self.drain(now);
    }

    fn poll_transmit(&mut self, now: Instant, out: &mut Packet) -> Option<Transmit> {
        self.drain(now);
        let transmit = self.connection.poll_transmit(now, out);
        if transmit.is_some() {
            self.sent.push(out.as_bytes().to_vec());
        }
        transmit
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.connection.poll_timeout()
    }
}

/// Two peers, offerer first, and the network between them.
pub(crate) struct Pair {
    pub(crate) network: Network,
    pub(crate) a: Peer,
    pub(crate) b: Peer,
}

impl Pair {
    pub(crate) fn new(seed: u64, link: Link) -> Self {
        Self::with(seed, link, config(), config())
    }

    pub(crate) fn with(seed: u64, link: Link, a: Config, b: Config) -> Self {
        Self::on(Network::pair(Rng::for_tests(seed), link), seed, a, b)
    }

    /// On a network of two hosts.
    pub(crate) fn on(network: Network, seed: u64, a: Config, b: Config) -> Self {
        let mut pair = Self {
            network,
            a: Peer::new(a, seed * 2, Instant::ZERO),
            b: Peer::new(b, seed * 2 + 1, Instant::ZERO),
        };
        for (peer, last) in [(&mut pair.a, 1), (&mut pair.b, 2)] {
            let local = SocketAddr::from(([10, 0, 0, last], 1000));
            peer.connection.add_base(Instant::ZERO, BaseId(0), local);
        }
        pair
    }

    pub(crate) fn now(&self) -> Instant {
        self.network.now()
    }

    /// One round of offer and answer, all candidates in the descriptions.
    pub(crate) fn negotiate(&mut self) {
        self.negotiate_with(OfferOptions::default());
    }

    pub(crate) fn negotiate_with(&mut self, options: OfferOptions) {
        let now = self.now();
        let (a, b) = (&mut self.a.connection, &mut self.b.connection);
        let offer = a.create_offer(now, options).unwrap();
        a.set_local_description(now, Some(offer)).unwrap();
        b.set_remote_description(now, a.local_description().unwrap()).unwrap();
        b.set_local_description(now, None).unwrap();
        a.set_remote_description(now, b.local_description().unwrap()).unwrap();
        self.a.drain(now);
        self.b.drain(now);
    }

    /// Runs for that long, or until `done`.
    pub(crate) fn run_until(&mut self, limit: Duration, done: impl Fn(&Peer, &Peer) -> bool) -> Instant {
        let end = self.now() + limit;
        // The network knows its nodes as `dyn Node` only, so the condition is asked between short runs.
        while self.now() < end && !done(&self.a, &self.b) {
            let before = self.now();
            let step = (before + Duration::from_millis(5)).min(end);
            self.network.run(&mut [&mut self.a, &mut self.b], step);
            if self.now() == before {
                self.network.advance(step);
            }
        }
        self.now()
    }

    pub(crate) fn run(&mut self, limit: Duration) {
        self.run_until(limit, |_, _| false);
    }
}

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
