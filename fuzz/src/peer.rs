//! The peer connection against whatever the network does.

use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng, WallClock};
use siskin_crypto::Certificate;
use siskin_peer::{ChannelConfig, Config, Event, MessageKind, OfferOptions, PeerConnection};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const UNIX: Duration = Duration::from_secs(1_795_000_000);

/// The reproducible provider, but what ring computes the same way is ring's: no coverage is counted inside it, which made
/// RustCrypto's field arithmetic the better part of each run.
fn provider() -> siskin_crypto::Provider {
    let ring = siskin_crypto::ring();
    siskin_crypto::Provider {
        aes128gcm: ring.aes128gcm,
        aes256gcm: ring.aes256gcm,
        chacha20poly1305: ring.chacha20poly1305,
        verifiers: ring.verifiers,
        ..siskin_crypto::rustcrypto()
    }
}

/// Made once: keys are a third of what a short run costs.
static CERTIFICATES: LazyLock<[Arc<Certificate>; 2]> = LazyLock::new(|| {
    [1, 2].map(|seed| {
        let made = Certificate::generate(&siskin_crypto::rustcrypto(), &mut Rng::for_tests(seed), UNIX);
        Arc::new(made.expect("the provider can"))
    })
});

/// Two peers connect and echo a few messages while the input decides what becomes of each datagram between them:
/// delivered, lost, doubled, delayed, damaged, or joined by one that the input made up. Nothing panics, no peer asks for a
/// timeout that it does not act on, and what comes out stays in proportion to what goes in.
pub fn peer_datagrams(input: &[u8]) {
    let mut script = Script { bytes: input.iter() };
    let mut world = World::new();
    let mut now = Instant::ZERO;
    for _ in 0..400 {
        world.exchange(now, &mut script);
        let Some(next) = world.next_timeout() else { break };
        assert!(world.calls_at_once < 10, "a timeout that is not acted on");
        world.calls_at_once = if next > now { 0 } else { world.calls_at_once + 1 };
        now = now.max(next);
        world.peers.iter_mut().for_each(|peer| peer.connection.handle_timeout(now));
    }
    let [a, b] = &world.peers;
    for (peer, other) in [(a, b), (b, a)] {
        // Checks and flights are repeated on a schedule of their own; beyond that, each datagram in allows a few out.
        let allowed = 2_000 + 8 * (peer.received + other.received);
        assert!(peer.sent <= allowed, "{} datagrams out for {} in", peer.sent, peer.received);
    }
}

struct Script<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl Script<'_> {
    /// The next byte; zeros, which mean "deliver", once the input is used up.
    fn next(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or(0)
    }
}

struct Peer {
    connection: PeerConnection,
    address: SocketAddr,
    sent: usize,
    received: usize,
    messages: usize,
}

struct World {
    peers: [Peer; 2],
    delayed: VecDeque<(usize, Vec<u8>)>,
    calls_at_once: u32,
}

impl World {
    fn new() -> Self {
        let now = Instant::ZERO;
        let mut peers = [1, 2].map(|last| {
            let mut config = Config::new(provider());
            config.clock = Some(WallClock { at: now, unix: UNIX });
            config.certificate = Some(CERTIFICATES[usize::from(last) - 1].clone());
            let mut connection = PeerConnection::new(config, Rng::for_tests(last.into()), now)
                .expect("a usable configuration");
            let address = SocketAddr::from(([10, 0, 0, last], 1000));
            connection.add_base(now, BaseId(0), address);
            Peer { connection, address, sent: 0, received: 0, messages: 0 }
        });
        let [a, b] = &mut peers;
        let (a, b) = (&mut a.connection, &mut b.connection);
        a.create_data_channel(now, ChannelConfig::new("fuzz")).expect("a channel");
        let offer = a.create_offer(now, OfferOptions::default()).expect("an offer");
        a.set_local_description(now, Some(offer)).expect("our own offer");
        b.set_remote_description(now, a.local_description().expect("just set")).expect("the peer's offer");
        b.set_local_description(now, None).expect("an answer");
        a.set_remote_description(now, b.local_description().expect("just set")).expect("the peer's answer");
        Self { peers, delayed: VecDeque::new(), calls_at_once: 0 }
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.peers.iter().filter_map(|peer| peer.connection.poll_timeout()).min()
    }

    /// Carries datagrams until both are quiet, at most 200.
    fn exchange(&mut self, now: Instant, script: &mut Script<'_>) {
        let mut packet = Packet::new();
        for _ in 0..200 {
            let mut quiet = true;
            for from in 0..2 {
                while let Some(event) = self.peers[from].connection.poll_event() {
                    let (channel, kind, data) = match event {
                        Event::ChannelOpen(channel) => (channel, MessageKind::Binary, vec![7; 3000].into()),
                        Event::ChannelMessage { channel, kind, data } => (channel, kind, data),
                        _ => continue,
                    };
                    // As many echoes as let the timers of the data have their turn.
                    if self.peers[from].messages < 8 {
                        self.peers[from].messages += 1;
                        let _full = self.peers[from].connection.send(now, channel, kind, data);
                    }
                }
                packet.clear();
                if let Some(transmit) = self.peers[from].connection.poll_transmit(now, &mut packet) {
                    quiet = false;
                    let size = transmit.segment_size.map_or(usize::MAX, |size| size.get().into());
                    for datagram in packet.as_bytes().chunks(size) {
                        self.peers[from].sent += 1;
                        self.carry(now, 1 - from, datagram.to_vec(), script);
                    }
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn carry(&mut self, now: Instant, to: usize, mut datagram: Vec<u8>, script: &mut Script<'_>) {
        match script.next() {
            0..=127 => self.deliver(now, to, datagram),
            128..=159 => {}
            160..=175 => {
                self.deliver(now, to, datagram.clone());
                self.deliver(now, to, datagram);
            }
            176..=191 => self.delayed.push_back((to, datagram)),
            192..=231 => {
                let place = usize::from(u16::from_be_bytes([script.next(), script.next()]));
                let len = datagram.len().max(1);
                if let Some(byte) = datagram.get_mut(place % len) {
                    *byte ^= script.next();
                }
                self.deliver(now, to, datagram);
            }
            232..=239 => {
                datagram.truncate(script.next().into());
                self.deliver(now, to, datagram);
            }
            _ => {
                let made_up = (0..script.next()).map(|_| script.next()).collect();
                self.deliver(now, to, made_up);
                self.deliver(now, to, datagram);
            }
        }
        if self.delayed.len() > 4
            && let Some((to, late)) = self.delayed.pop_front()
        {
            self.deliver(now, to, late);
        }
    }

    fn deliver(&mut self, now: Instant, to: usize, mut datagram: Vec<u8>) {
        let path = Path::udp(BaseId(0), self.peers[1 - to].address);
        let peer = &mut self.peers[to];
        peer.received += 1;
        peer.connection
            .handle_datagram(now, Received { path, arrived: now, ecn: Ecn::NotEct, datagram: &mut datagram });
    }
}
