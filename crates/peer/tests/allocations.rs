//! What is allocated for each packet in steady state: nothing. A message of many packets costs as many allocations as one
//! of few: the queue's entry and the scheduler's on one side, the memory that the user gets on the other.
//!
//! A binary of its own, because it counts in a global allocator; what other threads allocate is not counted.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use allocation_counter::measure;
use bytes::Bytes;
use core::time::Duration;
use siskin_base::{
    BaseId, Ecn, HashAlgorithm, Instant, Packet, Path, Received, Rng, Transmit, WallClock, earliest,
};
use siskin_crypto::{Certificate, Provider};
use siskin_peer::{ChannelConfig, ChannelId, Config, Event, MessageKind, PeerConnection};
use siskin_stun::IntegrityKey;
use siskin_stun::wire::{Builder, Class, Message, Method, TransactionId};
use std::sync::Arc;

const NOW: Instant = Instant::ZERO;
const UNIX: Duration = Duration::from_secs(1_795_000_000);

fn path(last: u8) -> Path {
    Path::udp(BaseId(0), ([192, 0, 2, last], 1000).into())
}

fn received(datagram: &mut [u8]) -> Received<'_> {
    Received { path: path(1), arrived: NOW, ecn: Ecn::NotEct, datagram }
}

fn providers() -> impl Iterator<Item = Provider> {
    [siskin_crypto::default_provider(), siskin_crypto::rustcrypto()].into_iter()
}

#[test]
fn a_connectivity_check_is_built_read_and_verified_without_allocating() {
    let key = IntegrityKey::short_term(&siskin_crypto::default_provider(), "VOkJxbRl1RmTxUk/WvJxBt");
    let mut check = Vec::with_capacity(128);
    let info = measure(|| {
        let built = Builder::new(&mut check, Class::Request, Method::BINDING, TransactionId([7; 12]))
            .username("Zxw6:Hh6f")
            .ice_controlling(7)
            .use_candidate()
            .priority(0x6e7e_1eff)
            .integrity(&key)
            .fingerprint()
            .finish();
        assert!(built.is_some());
        let message = Message::parse(&check).unwrap();
        assert!(message.verify(&key) && message.username() == Some("Zxw6:Hh6f"));
    });
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_record_is_sealed_and_opened_without_allocating() {
    for provider in providers() {
        let (mut client, mut server) = dtls(provider);
        let mut packet = Packet::new();
        let mut carry = || {
            packet.clear();
            packet.begin(client.head_room());
            packet.append(&[7; 1100]);
            client.seal(&mut packet).unwrap();
            let record = packet.current_mut();
            server.handle_datagram(NOW, received(record));
            assert!(matches!(server.poll_event(), Some(siskin_dtls::Event::ApplicationData(_))));
        };
        carry();
        assert_eq!(measure(|| (0..100).for_each(|_| carry())).count_total, 0);
    }
}

fn dtls(provider: Provider) -> (siskin_dtls::Connection, siskin_dtls::Connection) {
    use siskin_dtls::{Config, Connection, Role};
    let certificate = Arc::new(Certificate::generate(&provider, &mut Rng::for_tests(1), UNIX).unwrap());
    let fingerprint = certificate.fingerprint(&provider, HashAlgorithm::Sha256);
    let [mut client, mut server] = [Role::Client, Role::Server].map(|role| {
        let config = Config::new(provider, certificate.clone(), role, path(1));
        let mut end = Connection::new(config, Rng::for_tests(2), NOW).unwrap();
        end.set_remote_fingerprints(NOW, std::slice::from_ref(&fingerprint)).unwrap();
        end
    });
    let mut packet = Packet::new();
    while !(client.is_connected() && server.is_connected()) {
        for turn in 0..2 {
            let (from, to) = if turn == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
            while from.poll_transmit(NOW, &mut packet).is_some() {
                let mut datagram = packet.as_bytes().to_vec();
                packet.clear();
                to.handle_datagram(NOW, received(&mut datagram));
            }
        }
    }
    while client.poll_event().is_some() || server.poll_event().is_some() {}
    (client, server)
}

/// Two peers on a wire without delay.
struct Pair {
    peers: [PeerConnection; 2],
    now: Instant,
    packet: Packet,
    datagram: Vec<u8>,
    channel: ChannelId,
    is_open: bool,
    messages: usize,
}

impl Pair {
    fn open(provider: Provider) -> Self {
        let mut peers = [1, 2].map(|last| {
            let mut config = Config::new(provider);
            config.clock = Some(WallClock { at: NOW, unix: UNIX });
            let mut peer = PeerConnection::new(config, Rng::for_tests(last.into()), NOW).unwrap();
            peer.add_base(NOW, BaseId(0), path(last).remote);
            peer
        });
        let [a, b] = &mut peers;
        let channel = a.create_data_channel(NOW, ChannelConfig::new("test")).unwrap();
        a.set_local_description(NOW, None).unwrap();
        b.set_remote_description(NOW, a.local_description().unwrap()).unwrap();
        b.set_local_description(NOW, None).unwrap();
        a.set_remote_description(NOW, b.local_description().unwrap()).unwrap();
        let (packet, datagram) = (Packet::new(), Vec::with_capacity(2000));
        let mut pair = Self { peers, now: NOW, packet, datagram, channel, is_open: false, messages: 0 };
        while !pair.is_open {
            pair.turn();
        }
        pair
    }

    /// Carries what is to be carried; time passes if that is nothing.
    fn turn(&mut self) {
        let Self { peers, now, packet, datagram, is_open, messages, .. } = self;
        let mut quiet = true;
        for from in 0..2 {
            while let Some(Transmit { segment_size, .. }) = peers[from].poll_transmit(*now, packet) {
                quiet = false;
                let size = segment_size.map_or(packet.len(), |size| size.get().into());
                for segment in packet.as_bytes().chunks(size) {
                    datagram.clear();
                    datagram.extend_from_slice(segment);
                    let path = path(from as u8 + 1);
                    let received = Received { path, arrived: *now, ecn: Ecn::NotEct, datagram };
                    peers[1 - from].handle_datagram(*now, received);
                }
                packet.clear();
            }
            while let Some(event) = peers[from].poll_event() {
                *is_open |= matches!(event, Event::ChannelOpen(_));
                *messages += usize::from(matches!(event, Event::ChannelMessage { .. }));
            }
        }
        if quiet {
            let due = earliest(peers[0].poll_timeout(), peers[1].poll_timeout());
            *now = due.unwrap().max(*now);
            peers.iter_mut().for_each(|peer| peer.handle_timeout(*now));
        }
    }

    /// One message after the other, so that each is through before the next.
    fn send(&mut self, message: &Bytes, count: usize) {
        for _ in 0..count {
            let before = self.messages;
            let (channel, kind) = (self.channel, MessageKind::Binary);
            self.peers[0].send(self.now, channel, kind, message.clone()).unwrap();
            while self.messages == before {
                self.turn();
            }
        }
    }
}

/// Allocations for one message, on both sides together: the memory that the user gets, and the queue's nodes.
const PER_MESSAGE: u64 = 4;

#[test]
fn a_packet_costs_no_allocation_in_any_layer() {
    let mut pair = Pair::open(siskin_crypto::default_provider());
    let [few, many] = [4 << 10, 256 << 10].map(|len| Bytes::from(vec![7; len]));
    pair.send(&many, 8);
    // Now and then consent is asked for, and a timer set anew: the least of five is what the message itself costs.
    let mut least = |message| (0..5).map(|_| measure(|| pair.send(message, 1)).count_total).min();
    let (of_few, of_many) = (least(&few), least(&many));
    // 58 times as many packets, and not one allocation more.
    assert_eq!(of_many, of_few);
    assert!(of_few <= Some(PER_MESSAGE), "{of_few:?}");
    let all = measure(|| pair.send(&many, 5)).count_total;
    assert!(all <= 5 * PER_MESSAGE, "{all} for 5 messages of 230 packets each");
}
