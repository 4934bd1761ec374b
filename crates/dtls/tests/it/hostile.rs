//! Records and messages that are too large, too old, too early or too many: nothing grows, nothing ends that should not, and
//! what is honest gets through.

use crate::rules_v13::{closed, configs, record};
use crate::support::{NOW, Peer, config_of, connected_pair, exchange, pair};
use allocation_counter::measure;
use core::time::Duration;
use siskin_base::Instant;
use siskin_base::wire::Writer as _;
use siskin_dtls::handshake::{ClientHello, ExtensionType, Extensions, HandshakeHeader, HandshakeType};
use siskin_dtls::{ContentType, ProtocolVersion, RecordHeader, Role};

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::DTLS1_3, ProtocolVersion::DTLS1_2];

/// A record of any epoch whose header says so many bytes, whatever there is.
fn claiming(content_type: ContentType, epoch: u16, length: u16, body: &[u8]) -> Vec<u8> {
    let header =
        RecordHeader { content_type, version: ProtocolVersion::DTLS1_2, epoch, sequence: 77, length };
    [&header.to_bytes()[..], body].concat()
}

/// A fragment that makes such claims.
fn fragment(length: u32, sequence: u16, offset: u32, claimed: u32, body: &[u8]) -> Vec<u8> {
    let header = HandshakeHeader {
        kind: HandshakeType::CLIENT_HELLO,
        length,
        sequence,
        fragment_offset: offset,
        fragment_length: claimed,
    };
    record(ContentType::HANDSHAKE, 5, &[&header.to_bytes()[..], body].concat())
}

/// Records that are longer than records, or than their datagrams; fragments that lie about where they end; messages that are
/// larger than any.
fn oversized_records() -> Vec<Vec<u8>> {
    let long = vec![7; 60_000];
    let mut all = vec![
        claiming(ContentType::HANDSHAKE, 0, 0xffff, &[1; 100]),
        claiming(ContentType::HANDSHAKE, 0, 60_000, &long),
        claiming(ContentType::HANDSHAKE, 0, (1 << 14) + 2049, &long),
        claiming(ContentType::HANDSHAKE, 1, 60_000, &long),
        claiming(ContentType::ALERT, 0, (1 << 14) + 1, &long[..(1 << 14) + 1]),
        claiming(ContentType::ACK, 0, 60_000, &long),
        claiming(ContentType::APPLICATION_DATA, 9, 0xffff, &long),
        [&[0x2f, 0, 0, 0xff, 0xff][..], &long].concat(),
        [&[0x2e, 0, 0, 0xea, 0x60][..], &long].concat(),
        // Without a length: to the end of the datagram.
        [&[0x2a, 0, 0][..], &long].concat(),
        // With a connection ID of any length.
        [&[0x3f; 255][..], &long].concat(),
        // Beyond the message.
        fragment(100, 0, 90, 20, &[1; 20]),
        fragment(100, 0, 0xff_ffff, 1, &[1]),
        fragment(0, 0, 1, 0, &[]),
        // Beyond the record.
        fragment(2_000, 0, 0, 1_500, &[1; 100]),
        fragment(2_000, 0, 0, 0xff_ffff, &[1; 100]),
    ];
    all.extend((0..12).map(|sequence| fragment(0xff_ffff, sequence, 0, 100, &[1; 100])));
    all.extend((0..12).map(|sequence| fragment(0xff_ffff, sequence, 0xff_ff00, 100, &[1; 100])));
    all
}

#[test]
fn what_is_oversized_is_dropped_and_the_honest_flight_gets_through() {
    for version in VERSIONS {
        for change in [(|config| config) as fn(_) -> _, siskin_dtls::Config::small] {
            let one = |role| change(config_of(version, siskin_crypto::ring(), role));
            let (mut client, mut server) = pair(one(Role::Client), one(Role::Server));
            let hello = client.flush(NOW);
            let all = oversized_records();
            let flood = |peer: &mut Peer| {
                (0..20).for_each(|_| all.iter().for_each(|datagram| peer.take(NOW, datagram)))
            };
            for peer in [&mut client, &mut server] {
                let limits = one(Role::Client).limits;
                let held = measure(|| flood(peer));
                // A copy of the datagram is made by the test.
                let limit = limits.reassembly + limits.early_bytes + (64 << 10);
                assert!(held.bytes_max < limit as u64, "{}", held.bytes_max);
                assert!(!peer.dtls.is_closed(), "{:?}", peer.events);
            }
            hello.iter().for_each(|datagram| server.take(NOW, datagram));
            let flight = server.flush(NOW);
            flood(&mut client);
            flight.iter().for_each(|datagram| client.take(NOW, datagram));
            flood(&mut server);
            exchange(NOW, &mut client, &mut server);
            assert!(
                client.is_connected() && server.is_connected(),
                "{:?} {:?}",
                client.events,
                server.events
            );
            flood(&mut client);
            flood(&mut server);
            let sealed = client.seal(b"through");
            server.take(NOW, &sealed);
            assert_eq!(server.data, [b"through"]);
            assert!(!client.dtls.is_closed() && !server.dtls.is_closed());
        }
    }
}

/// A whole hello whose lists are as long as their lengths can say is read in bounds and answered, or refused.
#[test]
fn hellos_with_lists_without_end() {
    let own = crate::rules_v13::client_hello(configs().0);
    let own = ClientHello::parse(&own).unwrap();
    let with = |kind: ExtensionType, body: &[u8]| {
        let mut extensions: Vec<u8> = vec![];
        for (found, old) in own.extensions.iter() {
            Extensions::put(&mut extensions, found, |out| out.put(if found == kind { body } else { old }));
        }
        if own.extensions.get(kind).is_none() {
            Extensions::put(&mut extensions, kind, |out| out.put(body));
        }
        extensions
    };
    // A list of 16-bit numbers that nobody knows, behind its length.
    let numbers = |count: u16| {
        let mut list = vec![];
        list.put_u16(2 * count);
        (0..count).for_each(|n| list.put_u16(0x7a00 | n & 0xff));
        list
    };
    let mut bomb = vec![];
    // Each has another number: none is doubled.
    (0..7_000).for_each(|n| Extensions::put(&mut bomb, ExtensionType(0x4000 + n), |_| {}));
    let many_suites: Vec<u8> = (0..14_000u16).flat_map(|n| (0x4000 + n).to_be_bytes()).collect();
    let suites: Vec<u8> = own.cipher_suites().flat_map(|suite| suite.0.to_be_bytes()).collect();
    let groups = with(ExtensionType::SUPPORTED_GROUPS, &numbers(14_000));
    let schemes = with(ExtensionType::SIGNATURE_ALGORITHMS, &numbers(14_000));
    let versions = with(ExtensionType::SUPPORTED_VERSIONS, &[&[254][..], &[0x7f; 254]].concat());
    let srtp = with(ExtensionType::USE_SRTP, &[&numbers(14_000)[..], &[0]].concat());
    // 7,000 empty shares.
    let mut shares = vec![];
    shares.put_u16(28_000);
    (0..7_000u16).for_each(|n| {
        shares.put_u16(0x4000 + n);
        shares.put_u16(0);
    });
    let shares = with(ExtensionType::KEY_SHARE, &shares);
    let cookie = with(ExtensionType::COOKIE, &[&28_000u16.to_be_bytes()[..], &[7; 28_000]].concat());
    let cid = with(ExtensionType::CONNECTION_ID, &[&[255][..], &[7; 255]].concat());
    let cases = [
        ("suites", &many_suites, own.extensions),
        ("extensions", &suites, Extensions::from_bytes(&bomb)),
        ("groups", &suites, Extensions::from_bytes(&groups)),
        ("schemes", &suites, Extensions::from_bytes(&schemes)),
        ("versions", &suites, Extensions::from_bytes(&versions)),
        ("srtp", &suites, Extensions::from_bytes(&srtp)),
        ("shares", &suites, Extensions::from_bytes(&shares)),
        ("cookie", &suites, Extensions::from_bytes(&cookie)),
        ("cid", &suites, Extensions::from_bytes(&cid)),
    ];
    for (name, suites, extensions) in cases {
        let mut body = vec![];
        ClientHello::new(own.random, suites, extensions).write(&mut body);
        let mut config = configs().1;
        config.connection_id = Some(vec![1; 8]);
        config.srtp_profiles = vec![siskin_base::SrtpProfile::AEAD_AES_128_GCM];
        let mut server = Peer::new(config.clone(), 1);
        let mut held = 0;
        for (at, piece) in body.chunks(1_100).enumerate() {
            let header = HandshakeHeader {
                kind: HandshakeType::CLIENT_HELLO,
                length: body.len() as u32,
                sequence: 0,
                fragment_offset: at as u32 * 1_100,
                fragment_length: piece.len() as u32,
            };
            let datagram =
                record(ContentType::HANDSHAKE, at as u64, &[&header.to_bytes()[..], piece].concat());
            held = held.max(measure(|| server.take(NOW, &datagram)).bytes_max);
        }
        // The lists are read into vectors of what they hold, at most a few times the message.
        assert!(held < 8 * config.limits.handshake_message as u64, "{name}: {held}");
        let answered = !server.flush(NOW).is_empty();
        assert!(answered, "{name}: neither an answer nor an alert");
        let refused = !matches!(name, "srtp" | "cid");
        assert_eq!(server.dtls.is_closed(), refused, "{name}: {:?}", closed(&server));
    }
}

/// Everything that was ever said, said again to both sides, in every stage; and records of every epoch there is.
#[test]
fn replayed_and_future_epochs_change_nothing() {
    for version in VERSIONS {
        let one = |role| config_of(version, siskin_crypto::ring(), role);
        let (mut client, mut server) = pair(one(Role::Client), one(Role::Server));
        let mut said = [vec![], vec![]];
        for round in 0..4 {
            for (from, to) in [(0, 1), (1, 0)] {
                let ends = [&mut client, &mut server];
                let flight = ends[from].flush(NOW);
                flight.iter().for_each(|datagram| ends[to].take(NOW, datagram));
                said[from].extend(flight);
                // What came before, and what one has said oneself.
                said.iter().flatten().for_each(|datagram| ends[to].take(NOW, datagram));
            }
            assert!(!client.dtls.is_closed() && !server.dtls.is_closed(), "{version:?} {round}");
        }
        assert!(
            client.is_connected() && server.is_connected(),
            "{version:?} {:?} {:?}",
            client.events,
            server.events
        );
        exchange(NOW, &mut client, &mut server);
        let before = [&client, &server].map(|peer| (peer.dtls.flight_number(), peer.events.len()));

        // Later, so that nothing counts as a copy that the network made.
        let mut answers = 0;
        for minute in 1..20 {
            let now = Instant::ZERO + Duration::from_secs(60 * minute);
            for peer in [&mut client, &mut server] {
                said.iter().flatten().for_each(|datagram| peer.take(now, datagram));
                answers += peer.flush(now).len();
            }
        }
        assert!(answers <= 19, "{version:?}: {answers} answers to what came before");
        let future = |peer: &mut Peer| {
            for epoch in (0..=u16::MAX).step_by(13) {
                for kind in [ContentType::HANDSHAKE, ContentType::APPLICATION_DATA, ContentType::ALERT] {
                    peer.take(NOW, &claiming(kind, epoch, 40, &[9; 40]));
                }
            }
            for first in 0x20..=0x3f {
                peer.take(NOW, &[&[first, 1, 2, 0, 40][..], &[9; 40]].concat());
            }
        };
        for peer in [&mut client, &mut server] {
            let grown = measure(|| future(peer)).bytes_current;
            assert!(grown < 2_000, "{version:?}: {grown} bytes more");
            assert!(peer.flush(NOW).is_empty());
        }
        let after = [&client, &server].map(|peer| (peer.dtls.flight_number(), peer.events.len()));
        assert_eq!(before, after, "{version:?}");
        for (from, to) in [(0, 1), (1, 0)] {
            let ends = [&mut client, &mut server];
            let sealed = ends[from].seal(b"as before");
            ends[to].take(NOW, &sealed);
            assert_eq!(ends[to].data, [b"as before"], "{version:?}");
        }
    }
}

/// Data of the first hour, replayed in the second, behind changes of keys: the window is gone, and so are the keys.
#[test]
fn data_of_epochs_that_are_over_is_not_taken_twice() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    let mut sealed = vec![];
    for n in 0..6u8 {
        sealed.push(client.seal(&[n]));
        server.take(NOW, sealed.last().unwrap());
        client.dtls.update_keys(NOW, n % 2 == 0).unwrap();
        exchange(NOW, &mut client, &mut server);
    }
    assert_eq!(server.data.len(), 6);
    for minute in 0..10 {
        let now = Instant::ZERO + Duration::from_secs(60 * minute);
        sealed.iter().for_each(|datagram| server.take(now, datagram));
    }
    assert_eq!(server.data.len(), 6);
    let stats = server.dtls.stats();
    assert_eq!(stats.dropped_replayed + stats.dropped_epoch + stats.dropped_forged, 60);
}
