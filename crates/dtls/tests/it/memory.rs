//! What a stranger can make a connection hold is bounded, and what steady traffic costs is nothing.

use crate::rules_v13::closed;
use crate::support::{NOW, Peer, config, connected_pair, exchange, pair};
use allocation_counter::measure;
use siskin_base::{Ecn, Instant, Packet, Received, Rng};
use siskin_dtls::handshake::{HandshakeHeader, HandshakeType};
use siskin_dtls::{Config, ContentType, Error, Limits, PeerMisbehaved, ProtocolVersion, RecordHeader, Role};

/// A record in clear, or what looks like one of another epoch.
fn record(content_type: ContentType, epoch: u16, sequence: u64, body: &[u8]) -> Vec<u8> {
    let (version, length) = (ProtocolVersion::DTLS1_2, body.len() as u16);
    [&RecordHeader { content_type, version, epoch, sequence, length }.to_bytes()[..], body].concat()
}

/// One datagram of a flood: pieces of messages that never become whole, records of epochs to come, and noise.
fn hostile(rng: &mut Rng, n: u64) -> Vec<u8> {
    let mut body = vec![0; 1 + rng.below(1100) as usize];
    rng.fill(&mut body);
    match n % 4 {
        0 | 1 => {
            let length = body.len() as u32 + 1 + rng.below(30_000) as u32;
            let header = HandshakeHeader {
                kind: HandshakeType(rng.below(25) as u8),
                length,
                // Not the first message: a lie about its size is the end.
                sequence: 1 + rng.below(10) as u16,
                fragment_offset: rng.below(u64::from(length) - body.len() as u64) as u32,
                fragment_length: body.len() as u32,
            };
            record(ContentType::HANDSHAKE, 0, n, &[&header.to_bytes()[..], &body].concat())
        }
        2 => record(ContentType::HANDSHAKE, 1, n, &body),
        _ => {
            let [high, low] = (body.len() as u16).to_be_bytes();
            [&[0x2c | 2 | rng.below(2) as u8, 1, 2, high, low][..], &body].concat()
        }
    }
}

#[test]
fn a_flood_costs_no_more_than_the_limits_say() {
    let default = |config: Config| config;
    let mut most = [0, 0];
    for (i, (name, change)) in
        [("default", default as fn(Config) -> Config), ("small", Config::small)].into_iter().enumerate()
    {
        for role in [Role::Client, Role::Server] {
            let config = change(config(siskin_crypto::ring(), role));
            let Limits { reassembly, early_bytes, .. } = config.limits;
            let mut peer = Peer::new(config, 1);
            peer.flush(NOW);
            let mut rng = Rng::for_tests(7);
            let flood: Vec<_> = (0..5_000).map(|n| hostile(&mut rng, n)).collect();
            let held = measure(|| {
                flood.iter().for_each(|datagram| peer.take(NOW, datagram));
                peer.flush(NOW);
            });
            assert!(!peer.dtls.is_closed(), "{:?}", peer.events);
            // Bookkeeping beside the bytes: a few dozen gaps a message, a few dozen records.
            let limit = (reassembly + early_bytes) as u64 + 12_000;
            assert!(held.bytes_max < limit, "{name} {role:?}: {} of {limit}", held.bytes_max);
            most[i] = most[i].max(held.bytes_max);
        }
    }
    println!("memory: DTLS: a flood of strangers before the handshake, 1.3 and 1.2: {} {}", most[0], most[1]);
}

/// The next message that is awaited: of one that claims to be longer nothing is kept. In clear anyone can claim that, so that
/// it says why the handshake failed only if it did fail.
#[test]
fn a_message_is_no_longer_than_the_limit() {
    for change in [(|config| config) as fn(Config) -> Config, Config::small] {
        for (over, expected) in
            [(0, Error::TimedOut), (1, Error::PeerMisbehaved(PeerMisbehaved::OversizedMessage))]
        {
            let config = change(config(siskin_crypto::ring(), Role::Server));
            let length = (config.limits.handshake_message + over) as u32;
            let mut server = Peer::new(config, 1);
            let kind = HandshakeType::CLIENT_HELLO;
            let header =
                HandshakeHeader { kind, length, sequence: 0, fragment_offset: 0, fragment_length: 1 };
            let body = [&header.to_bytes()[..], &[3]].concat();
            let datagram = record(ContentType::HANDSHAKE, 0, 0, &body);
            let held = measure(|| server.take(NOW, &datagram)).bytes_current;
            assert_eq!(held >= i64::from(length), over == 0, "{held}");
            assert!(!server.dtls.is_closed() && server.flush(NOW).is_empty());
            let end = server.dtls.poll_timeout().unwrap();
            server.dtls.handle_timeout(end);
            server.take_events(end, &[]);
            assert_eq!(closed(&server), Some(expected), "{length}");
        }
    }
}

/// Nor does it stop the honest flight, which may have to come again.
#[test]
fn a_handshake_completes_behind_a_flood() {
    for change in [(|config| config) as fn(Config) -> Config, Config::small] {
        for flooded in [Role::Client, Role::Server] {
            let one = |role| change(config(siskin_crypto::ring(), role));
            let (mut client, mut server) = pair(one(Role::Client), one(Role::Server));
            let hello = client.flush(NOW);
            let victim = if flooded == Role::Client { &mut client } else { &mut server };
            let mut rng = Rng::for_tests(7);
            (0..2_000).for_each(|n| victim.take(NOW, &hostile(&mut rng, n)));
            hello.iter().for_each(|datagram| server.take(NOW, datagram));
            for _ in 0..10 {
                let due = [&client, &server].into_iter().filter_map(|peer| peer.dtls.poll_timeout()).min();
                exchange(NOW, &mut client, &mut server);
                if client.is_connected() && server.is_connected() {
                    break;
                }
                for peer in [&mut client, &mut server] {
                    peer.dtls.handle_timeout(due.unwrap_or(NOW));
                }
            }
            assert!(
                client.is_connected() && server.is_connected(),
                "{flooded:?}: {:?} {:?}",
                client.events,
                server.events
            );
        }
    }
}

#[test]
fn a_record_allocates_nothing() {
    for version in [ProtocolVersion::DTLS1_3, ProtocolVersion::DTLS1_2] {
        let one = |role| crate::support::config_of(version, siskin_crypto::ring(), role);
        let (mut client, mut server) = connected_pair(one(Role::Client), one(Role::Server));
        let mut packet = Packet::new();
        let mut datagram = Vec::with_capacity(4096);
        let mut round = |client: &mut Peer, server: &mut Peer| {
            packet.clear();
            packet.begin(client.dtls.head_room());
            packet.append(&[7; 1200]);
            client.dtls.seal(&mut packet).unwrap();
            packet.finish();
            datagram.clear();
            datagram.extend_from_slice(packet.as_bytes());
            let path = siskin_base::Path::udp(siskin_base::BaseId(0), ([192, 0, 2, 1], 5000).into());
            let received =
                Received { path, arrived: Instant::ZERO, ecn: Ecn::NotEct, datagram: &mut datagram };
            server.dtls.handle_datagram(NOW, received);
            assert!(matches!(server.dtls.poll_event(), Some(siskin_dtls::Event::ApplicationData(_))));
        };
        (0..10).for_each(|_| round(&mut client, &mut server));
        let cost = measure(|| (0..1_000).for_each(|_| round(&mut client, &mut server)));
        assert_eq!(cost.count_total, 0, "{version:?}");
    }
}

/// The certificate, which connections share, is not counted; the peer's is.
#[test]
fn an_established_connection_holds_little() {
    for provider in [siskin_crypto::ring(), siskin_crypto::rustcrypto()] {
        for version in [ProtocolVersion::DTLS1_3, ProtocolVersion::DTLS1_2] {
            let one = |role| crate::support::config_of(version, provider, role);
            let certificates = [Role::Client, Role::Server].map(|role| one(role).certificate);
            let (mut client, mut server) = (one(Role::Client), one(Role::Server));
            [client.certificate, server.certificate] = certificates.clone();
            let (client, server) = connected_pair(client, server);
            for (role, Peer { dtls, .. }) in [("client", client), ("server", server)] {
                let held = -measure(|| drop(dtls)).bytes_current;
                println!("dtls heap: {version:?} {role}, {}: {held}", provider.name);
                assert!(held < 6 << 10, "{} {version:?} {role}: {held}", provider.name);
            }
        }
    }
}
