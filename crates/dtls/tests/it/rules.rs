//! Single rules of DTLS 1.2: who is believed, what is dropped, what ends a connection.

use crate::support::{NOW, Peer, UNIX, certificate, config_of, connected_pair, exchange, pair};
use core::time::Duration;
use siskin_base::wire::Writer;
use siskin_base::{Fingerprint, HashAlgorithm, Instant, Observation, Packet, Rng, WallClock};
use siskin_crypto::{NamedGroup, Provider};
use siskin_dtls::handshake::{
    ClientHello, ExtensionType, Extensions, HandshakeHeader, HandshakeType, HelloVerifyRequest, ServerHello,
};
use siskin_dtls::{
    AlertDescription, CipherSuite, Config, Connection, ContentType, Error, Event, Misuse, PeerIncompatible,
    PeerMisbehaved, ProtocolVersion, RecordHeader, Role,
};

fn provider() -> Provider {
    siskin_crypto::ring()
}

fn configs() -> (Config, Config) {
    let one = |role| config_of(ProtocolVersion::DTLS1_2, provider(), role);
    (one(Role::Client), one(Role::Server))
}

fn closed(peer: &Peer) -> Option<Error> {
    match peer.last_event() {
        Some(Event::Closed(error)) => Some(*error),
        _ => None,
    }
}

/// A record in clear.
fn record(content_type: ContentType, sequence: u64, body: &[u8]) -> Vec<u8> {
    let (version, length) = (ProtocolVersion::DTLS1_2, body.len() as u16);
    let header = RecordHeader { content_type, version, epoch: 0, sequence, length };
    [&header.to_bytes()[..], body].concat()
}

/// A handshake message in one piece and one record in clear.
fn message(kind: HandshakeType, sequence: u16, body: &[u8]) -> Vec<u8> {
    let length = body.len() as u32;
    let header = HandshakeHeader { kind, length, sequence, fragment_offset: 0, fragment_length: length };
    record(ContentType::HANDSHAKE, sequence.into(), &[&header.to_bytes()[..], body].concat())
}

#[test]
fn a_connection_is_send() {
    fn is_send<T: Send>() {}
    is_send::<Connection>();
}

#[test]
fn rfc8122_6_2_another_certificate_is_refused() {
    let wrong = certificate(&provider(), 99).fingerprint(&provider(), HashAlgorithm::Sha256);
    for liar in [Role::Client, Role::Server] {
        let (client, server) = configs();
        let (mut client, mut server) = pair(client, server);
        let deceived = if liar == Role::Client { &mut server } else { &mut client };
        deceived.dtls.set_remote_fingerprints(NOW, std::slice::from_ref(&wrong)).unwrap();
        exchange(NOW, &mut client, &mut server);
        let (deceived, liar) = if liar == Role::Client { (server, client) } else { (client, server) };
        assert_eq!(closed(&deceived), Some(PeerMisbehaved::FingerprintMismatch.into()));
        assert_eq!(closed(&liar), Some(Error::PeerAborted(AlertDescription::BAD_CERTIFICATE)));
        assert!(!deceived.is_connected());
    }
}

#[test]
fn fingerprints_may_come_after_the_handshake() {
    let (client, server) = configs();
    let fingerprint = client.certificate.fingerprint(&provider(), HashAlgorithm::Sha384);
    let wrong = Fingerprint { value: vec![0; 48], ..fingerprint.clone() };
    for (given, expected) in
        [(&fingerprint, None), (&wrong, Some(PeerMisbehaved::FingerprintMismatch.into()))]
    {
        let (mut client, _) = pair(client.clone(), server.clone());
        let mut server = Peer::new(server.clone(), 5);
        exchange(NOW, &mut client, &mut server);
        assert!(client.is_connected() && server.events.is_empty());
        // What came meanwhile is not lost, and not handed out either.
        let sealed = client.seal(b"early");
        server.take(NOW, &sealed);
        assert!(server.data.is_empty());
        let mut packet = Packet::new();
        packet.begin(server.dtls.head_room());
        assert_eq!(server.dtls.seal(&mut packet), Err(Misuse::NotConnected));
        let mut out = [0; 8];
        assert_eq!(server.dtls.export_keying_material("x", None, &mut out), Err(Misuse::NotConnected));
        // However long signalling takes.
        assert_eq!(server.dtls.poll_timeout(), None);
        server.dtls.set_remote_fingerprints(NOW, std::slice::from_ref(given)).unwrap();
        server.take_events(NOW, &[]);
        assert_eq!(closed(&server), expected);
        assert_eq!(server.is_connected(), expected.is_none());
        assert_eq!(server.data.len(), usize::from(expected.is_none()));
    }
}

#[test]
fn rfc8122_5_the_strongest_hash_decides() {
    let (client, server) = configs();
    let right = |algorithm| server.certificate.fingerprint(&provider(), algorithm);
    let wrong = |algorithm: HashAlgorithm| Fingerprint { algorithm, value: vec![7; algorithm.output_len()] };
    use HashAlgorithm::{Sha1, Sha256, Sha512};
    for (given, accepted) in [
        (vec![wrong(Sha256), right(Sha512)], true),
        (vec![right(Sha256), wrong(Sha512)], false),
        (vec![wrong(Sha512), right(Sha512)], true),
        (vec![right(Sha256), wrong(Sha1)], true),
    ] {
        let (mut client, mut server) = pair(client.clone(), server.clone());
        client.dtls.set_remote_fingerprints(NOW, &given).unwrap();
        exchange(NOW, &mut client, &mut server);
        assert_eq!(client.is_connected(), accepted, "{given:?}");
    }
    let mut client = Peer::new(client, 1);
    let refused = client.dtls.set_remote_fingerprints(NOW, &[right(Sha1)]);
    assert_eq!(refused, Err(Misuse::NoUsableFingerprint));
}

#[test]
fn every_order_of_a_flight_will_do() {
    // The client's second flight in small datagrams, backwards: Finished comes before the keys do.
    let (mut client, server) = configs();
    client.max_datagram = 200;
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    server.flush(NOW).iter().rev().for_each(|datagram| client.take(NOW, datagram));
    let flight = client.flush(NOW);
    assert!(flight.len() > 3);
    flight.iter().rev().for_each(|datagram| server.take(NOW, datagram));
    assert!(server.is_connected(), "{:?}", server.dtls.stats());
    exchange(NOW, &mut client, &mut server);
    assert!(client.is_connected());
    assert_eq!(server.dtls.stats().retransmissions, 0);
}

#[test]
fn data_may_overtake_the_last_flight() {
    let (client, server) = configs();
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    server.flush(NOW).iter().for_each(|datagram| client.take(NOW, datagram));
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    let last = server.flush(NOW);
    let sealed = server.seal(b"overtakes");
    client.take(NOW, &sealed);
    assert!(client.data.is_empty() && !client.is_connected());
    last.iter().for_each(|datagram| client.take(NOW, datagram));
    assert!(client.is_connected());
    assert_eq!(client.data, [b"overtakes"]);
}

#[test]
fn rfc6347_4_1_2_6_a_record_counts_once() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    let sealed = client.seal(b"once");
    (0..3).for_each(|_| server.take(NOW, &sealed));
    assert_eq!(server.data, [b"once"]);
    assert_eq!(server.dtls.stats().dropped_replayed, 2);
}

#[test]
fn several_records_in_one_datagram() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    let datagram = [client.seal(b"one"), client.seal(b""), client.seal(b"three")].concat();
    server.take(NOW, &datagram);
    assert_eq!(server.data, [&b"one"[..], b"", b"three"]);
}

#[test]
fn junk_is_dropped_and_counted() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    let sealed = client.seal(b"data");
    for at in [11, 13, 21, sealed.len() - 1] {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        server.take(NOW, &altered);
    }
    for junk in [&b""[..], b"\x17", b"hello, I am not DTLS at all", &sealed[..20]] {
        server.take(NOW, junk);
    }
    server.take(NOW, &record(ContentType::APPLICATION_DATA, 50, b"in clear"));
    server.take(NOW, &record(ContentType::ALERT, 51, &[2, 40]));
    assert!(server.data.is_empty() && server.dtls.is_connected());
    let stats = server.dtls.stats();
    assert_eq!((stats.dropped_forged, stats.dropped_malformed, stats.dropped_epoch), (3, 4, 2));
    server.take(NOW, &sealed);
    assert_eq!(server.data, [b"data"]);
}

#[test]
fn rfc5246_7_2_1_closing() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    client.dtls.close(NOW);
    client.dtls.close(NOW);
    exchange(NOW, &mut client, &mut server);
    assert_eq!(server.last_event(), Some(&Event::PeerClosed));
    assert!(server.dtls.is_closed() && client.dtls.is_closed());
    assert_eq!(client.events.len(), 1, "who closes need not be told: {:?}", client.events);
    let mut packet = Packet::new();
    packet.begin(64);
    assert_eq!(client.dtls.seal(&mut packet), Err(Misuse::Closed));
    assert_eq!((client.dtls.poll_timeout(), server.dtls.poll_timeout()), (None, None));
}

#[test]
fn misuse_changes_nothing() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    let mut packet = Packet::new();
    packet.begin(client.dtls.head_room() - 1);
    packet.append(b"data");
    assert_eq!(client.dtls.seal(&mut packet), Err(Misuse::NoHeadRoom));
    assert_eq!(packet.current(), b"data");
    packet.begin(client.dtls.head_room());
    packet.append(&[0; (1 << 14) + 1]);
    assert_eq!(client.dtls.seal(&mut packet), Err(Misuse::TooLong));
    let mut out = [0; 8];
    let reserved = client.dtls.export_keying_material("key expansion", None, &mut out);
    assert_eq!(reserved, Err(Misuse::BadExport));
    let sealed = client.seal(&[3; 1 << 14]);
    server.take(NOW, &sealed);
    assert_eq!(server.data, [[3; 1 << 14]]);

    let mut nothing = configs().0;
    nothing.groups.clear();
    assert_eq!(Connection::new(nothing, Rng::for_tests(1), NOW).err(), Some(Misuse::NothingToOffer));
}

#[test]
fn a_used_up_key_ends_the_connection() {
    let (mut client, server) = configs();
    client.limits.sealed = 5;
    let (mut client, mut server) = connected_pair(client, server);
    let sealed = (0..10).take_while(|_| {
        let mut packet = Packet::new();
        packet.begin(client.dtls.head_room());
        client.dtls.seal(&mut packet).is_ok()
    });
    assert_eq!(sealed.count(), 4); // and Finished
    exchange(NOW, &mut client, &mut server);
    client.take_events(NOW, &[]);
    assert_eq!(closed(&client), Some(Error::KeyExhausted));
}

#[test]
fn too_many_forgeries_end_the_connection() {
    let (client, mut server) = configs();
    server.limits.forged = 3;
    let (mut client, mut server) = connected_pair(client, server);
    let mut forged = client.seal(b"data");
    *forged.last_mut().unwrap() ^= 1;
    (0..3).for_each(|_| server.take(NOW, &forged));
    assert!(server.dtls.is_connected());
    server.take(NOW, &forged);
    assert_eq!(closed(&server), Some(Error::KeyExhausted));
}

#[test]
fn what_comes_too_early_is_bounded() {
    let (_, mut server) = configs();
    (server.limits.early_records, server.limits.early_bytes) = (10, 500);
    let mut server = Peer::new(server, 1);
    for sequence in 0..100 {
        let header = RecordHeader {
            content_type: ContentType::HANDSHAKE,
            version: ProtocolVersion::DTLS1_2,
            epoch: 1 + sequence as u16 % 2,
            sequence,
            length: 100,
        };
        server.take(NOW, &[&header.to_bytes()[..], &[0; 100]].concat());
    }
    // 113 bytes each, so that four fit.
    assert_eq!(server.dtls.stats().dropped_epoch, 96);
}

/// A ClientHello with this version, and these extensions beside those that everyone sends.
fn hello(version: ProtocolVersion, extra: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    hello_with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1], version, extra)
}

fn hello_with_groups(
    groups: &[NamedGroup],
    version: ProtocolVersion,
    extra: impl FnOnce(&mut Vec<u8>),
) -> Vec<u8> {
    let mut extensions = vec![];
    Extensions::put(&mut extensions, ExtensionType::SUPPORTED_GROUPS, |out| {
        let _ = out.put_prefixed(2, |out| groups.iter().for_each(|group| out.put_u16(group.0)));
    });
    Extensions::put(&mut extensions, ExtensionType::SIGNATURE_ALGORITHMS, |out| out.put(&[0, 2, 4, 3]));
    extra(&mut extensions);
    let suites = [0xc0, 0x2b];
    let mut hello = ClientHello::new([1; 32], &suites, Extensions::from_bytes(&extensions));
    hello.version = version;
    let mut body = vec![];
    hello.write(&mut body);
    body
}

fn answer_to(hello: &[u8]) -> (Peer, Vec<Vec<u8>>) {
    let mut server = Peer::new(configs().1, 1);
    server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 0, hello));
    let answer = server.flush(NOW);
    (server, answer)
}

const EMS: fn(&mut Vec<u8>) = |out| Extensions::put(out, ExtensionType::EXTENDED_MASTER_SECRET, |_| {});

#[test]
fn rfc8446_4_2_1_the_version_is_told_by_the_extension_if_there_is_one() {
    let versions = |list: &'static [u8]| {
        move |out: &mut Vec<u8>| {
            EMS(out);
            Extensions::put(out, ExtensionType::SUPPORTED_VERSIONS, |out| out.put(list));
        }
    };
    let (v10, v12) = (ProtocolVersion::DTLS1_0, ProtocolVersion::DTLS1_2);
    for (hello, accepted) in [
        (hello(v12, EMS), true),
        (hello(v10, EMS), false),
        (hello(ProtocolVersion(0x0303), EMS), false),
        (hello(v12, versions(&[4, 0xfe, 0xfc, 0xfe, 0xfd])), true),
        (hello(v12, versions(&[2, 0xfe, 0xfc])), false),
    ] {
        let (server, answer) = answer_to(&hello);
        let expected = (!accepted).then_some(PeerIncompatible::Version.into());
        assert_eq!(closed(&server), expected);
        assert_eq!(answer[0][0] == ContentType::HANDSHAKE.0, accepted);
    }
}

#[test]
fn rfc7627_5_1_no_extended_master_secret_no_connection() {
    let plain = hello(ProtocolVersion::DTLS1_2, |_| {});
    let (server, answer) = answer_to(&plain);
    assert_eq!(closed(&server), Some(PeerIncompatible::ExtendedMasterSecret.into()));
    assert_eq!(answer, [record(ContentType::ALERT, 0, &[2, 40])]);
    let mut lenient = configs().1;
    lenient.require_extended_master_secret = false;
    let mut server = Peer::new(lenient, 1);
    server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 0, &plain));
    assert_eq!(closed(&server), None);
}

/// What a client says to a ServerHello of DTLS 1.2 with these extensions.
fn client_after(extensions: impl FnOnce(&mut Vec<u8>)) -> Option<Error> {
    let mut bytes = vec![];
    extensions(&mut bytes);
    let hello = ServerHello {
        version: ProtocolVersion::DTLS1_2,
        random: [2; 32],
        session_id: &[],
        cipher_suite: CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        compression_method: 0,
        extensions: Extensions::from_bytes(&bytes),
    };
    let mut body = vec![];
    hello.write(&mut body);
    let mut client = Peer::new(configs().0, 1);
    client.flush(NOW);
    client.take(NOW, &message(HandshakeType::SERVER_HELLO, 0, &body));
    closed(&client)
}

#[test]
fn rfc7627_5_1_the_extension_is_empty() {
    let extension = |body: &'static [u8]| {
        move |out: &mut Vec<u8>| {
            Extensions::put(out, ExtensionType::EXTENDED_MASTER_SECRET, |out| out.put(body));
        }
    };
    for (body, expected) in [(&[][..], None), (&[0], Some(PeerMisbehaved::MalformedMessage.into()))] {
        let (server, answer) = answer_to(&hello(ProtocolVersion::DTLS1_2, extension(body)));
        assert_eq!(closed(&server), expected);
        assert_eq!(answer == [record(ContentType::ALERT, 0, &[2, 50])], expected.is_some());
        assert_eq!(client_after(extension(body)), expected);
    }
}

#[test]
fn rfc8422_5_1_2_point_formats_contain_uncompressed() {
    let formats = |body: &'static [u8]| {
        move |out: &mut Vec<u8>| {
            EMS(out);
            Extensions::put(out, ExtensionType::EC_POINT_FORMATS, |out| out.put(body));
        }
    };
    let missing = Some(PeerMisbehaved::NoUncompressedPoints.into());
    let malformed = Some(PeerMisbehaved::MalformedMessage.into());
    for (body, expected) in [
        (&[1, 0][..], None),
        (&[3, 1, 2, 0], None),
        (&[1, 1], missing),
        (&[2, 1, 2], missing),
        (&[], malformed),
        (&[0], malformed),
        (&[2, 0], malformed),
        (&[1, 0, 0], malformed),
    ] {
        let (server, answer) = answer_to(&hello(ProtocolVersion::DTLS1_2, formats(body)));
        assert_eq!(closed(&server), expected, "{body:?}");
        assert_eq!(answer == [record(ContentType::ALERT, 0, &[2, 47])], expected == missing);
        // RFC 8422 §5.2
        assert_eq!(client_after(formats(body)), expected, "{body:?}");
    }
}

/// Our certificate is on P-256.
#[test]
fn rfc8422_5_1_the_client_must_know_the_curve_of_the_certificate() {
    for (groups, expected) in [
        (&[NamedGroup::X25519, NamedGroup::SECP256R1][..], None),
        (&[NamedGroup::SECP256R1], None),
        (&[NamedGroup::X25519], Some(PeerIncompatible::Group.into())),
        (&[NamedGroup::X25519, NamedGroup::SECP384R1], Some(PeerIncompatible::Group.into())),
    ] {
        let (server, answer) = answer_to(&hello_with_groups(groups, ProtocolVersion::DTLS1_2, EMS));
        assert_eq!(closed(&server), expected, "{groups:?}");
        assert_eq!(answer == [record(ContentType::ALERT, 0, &[2, 40])], expected.is_some());
    }
}

#[test]
fn rfc5746_3_6_renegotiation_info_is_empty_at_first() {
    let hello = hello(ProtocolVersion::DTLS1_2, |out| {
        EMS(out);
        Extensions::put(out, ExtensionType::RENEGOTIATION_INFO, |out| out.put(&[1, 7]));
    });
    let (server, _) = answer_to(&hello);
    assert_eq!(closed(&server), Some(PeerMisbehaved::BadRenegotiationInfo.into()));
}

#[test]
fn unknown_extensions_are_skipped_and_doubled_ones_are_not() {
    let grease = |out: &mut Vec<u8>| {
        EMS(out);
        Extensions::put(out, ExtensionType(0x0a0a), |out| out.put(&[1, 2, 3]));
    };
    assert_eq!(closed(&answer_to(&hello(ProtocolVersion::DTLS1_2, grease)).0), None);
    let doubled = |out: &mut Vec<u8>| (0..2).for_each(|_| grease(out));
    let (server, _) = answer_to(&hello(ProtocolVersion::DTLS1_2, doubled));
    assert_eq!(closed(&server), Some(PeerMisbehaved::MalformedMessage.into()));
}

#[test]
fn rfc6347_4_2_1_a_cookie_must_come_back() {
    let mut config = configs().1;
    config.cookie_exchange = true;
    let mut server = Peer::new(config, 1);
    let first = hello(ProtocolVersion::DTLS1_2, EMS);
    server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 0, &first));
    let asked = server.flush(NOW);
    assert_eq!(asked.len(), 1);
    assert!(asked[0].len() <= first.len(), "no amplification");
    let request = HelloVerifyRequest::parse(&asked[0][RecordHeader::LEN + HandshakeHeader::LEN..]).unwrap();
    assert!(request.cookie.len() >= 16);
}

/// A hello without a cookie, or with a wrong one, is asked for a new one, of which the last counts.
#[test]
fn rfc6347_4_2_1_a_wrong_cookie_is_no_cookie() {
    let mut config = configs().1;
    config.cookie_exchange = true;
    let mut server = Peer::new(config, 1);
    let hello = hello(ProtocolVersion::DTLS1_2, EMS);
    let mut sequence = 0;
    let mut answer = |cookie: &[u8]| {
        let mut with_cookie = ClientHello::parse(&hello).unwrap();
        with_cookie.cookie = cookie;
        let mut body = vec![];
        with_cookie.write(&mut body);
        server.take(NOW, &message(HandshakeType::CLIENT_HELLO, sequence, &body));
        sequence += 1;
        let answer = server.flush(NOW).concat().split_off(RecordHeader::LEN);
        assert_eq!((closed(&server), answer[5]), (None, sequence as u8 - 1));
        (HandshakeType(answer[0]), answer)
    };
    let mut asked = |cookie: &[u8]| {
        let (kind, answer) = answer(cookie);
        assert_eq!(kind, HandshakeType::HELLO_VERIFY_REQUEST);
        HelloVerifyRequest::parse(&answer[HandshakeHeader::LEN..]).unwrap().cookie.to_vec()
    };
    let first = asked(&[]);
    let second = asked(&[]);
    let third = asked(&first);
    assert!(first != second && second != third);
    assert_eq!(answer(&third).0, HandshakeType::SERVER_HELLO);
}

#[test]
fn messages_out_of_place_end_the_handshake() {
    let mut server = Peer::new(configs().1, 1);
    server.take(NOW, &message(HandshakeType::CLIENT_KEY_EXCHANGE, 0, &[0]));
    assert_eq!(closed(&server), Some(PeerMisbehaved::UnexpectedMessage.into()));
    let mut client = Peer::new(configs().0, 1);
    client.take(NOW, &message(HandshakeType::FINISHED, 0, &[0; 12]));
    assert_eq!(closed(&client), Some(PeerMisbehaved::UnexpectedMessage.into()));
    let mut client = Peer::new(configs().0, 1);
    client.take(NOW, &message(HandshakeType::SERVER_HELLO, 0, &[0; 12]));
    assert_eq!(closed(&client), Some(PeerMisbehaved::MalformedMessage.into()));
}

#[test]
fn early_timeouts_do_nothing() {
    let mut client = Peer::new(configs().0, 1);
    assert_eq!(client.dtls.poll_timeout(), None, "nothing was sent yet");
    assert_eq!(client.flush(NOW).len(), 1);
    let due = client.dtls.poll_timeout().unwrap();
    client.dtls.handle_timeout(Instant::from_nanos(due.as_nanos() - 1));
    assert_eq!(client.flush(NOW).len(), 0);
    assert_eq!(client.dtls.poll_timeout(), Some(due));
}

#[test]
fn both_sides_log_the_same_key() {
    let (mut client, mut server) = configs();
    for config in [&mut client, &mut server] {
        (config.key_log, config.observe) = (true, true);
    }
    let (mut client, mut server) = connected_pair(client, server);
    let [a, b] = [&mut client, &mut server].map(|peer| {
        let observations: Vec<_> = std::iter::from_fn(|| peer.dtls.poll_observation()).collect();
        let packets = observations.iter().filter(|o| matches!(o, Observation::Packet { .. }));
        assert_eq!(packets.count(), 11, "messages of a full handshake");
        let keys = observations.into_iter().filter_map(|observation| match observation {
            Observation::KeyLog(line) => Some(line),
            _ => None,
        });
        keys.collect::<Vec<_>>()
    });
    assert_eq!(a, b);
    let fields: Vec<_> = a[0].split(' ').collect();
    assert_eq!((fields[0], fields[1].len(), fields[2].len()), ("CLIENT_RANDOM", 64, 96));
}

/// RFC 5280 §4.1.2.5: only whoever hands in a wall clock has the peer's dates looked at.
#[test]
fn rfc5280_4_1_2_5_expired_certificates() {
    let day = Duration::from_secs(86_400);
    for version in [ProtocolVersion::DTLS1_2, ProtocolVersion::DTLS1_3] {
        for (unix, valid) in [(UNIX, true), (UNIX + day * 31, false), (UNIX - day * 2, false)] {
            for strict in [Role::Client, Role::Server] {
                let one = |role| {
                    let mut config = config_of(version, provider(), role);
                    config.certificate_clock = (role == strict).then_some(WallClock { at: NOW, unix });
                    config
                };
                let (mut client, mut server) = pair(one(Role::Client), one(Role::Server));
                exchange(NOW, &mut client, &mut server);
                let strict = if strict == Role::Client { &client } else { &server };
                assert_eq!(strict.is_connected(), valid);
                let expected = (!valid).then(|| PeerMisbehaved::ExpiredCertificate.into());
                assert_eq!(closed(strict), expected, "{version:?}");
            }
        }
    }
}

/// RFC 6347 §4.2.1: a server may ask more than once, with the next number or, if it keeps no state, with the same one.
#[test]
fn rfc6347_4_2_1_several_hello_verify_requests() {
    let request = |cookie: u8| {
        let mut body = vec![];
        HelloVerifyRequest { version: ProtocolVersion::DTLS1_0, cookie: &[cookie; 20] }.write(&mut body);
        body
    };
    for numbers in [[0, 0, 0, 0, 0], [0, 1, 2, 3, 4]] {
        let mut client = Peer::new(configs().0, 1);
        client.flush(NOW);
        for (cookie, sequence) in numbers.into_iter().enumerate() {
            let asked = message(HandshakeType::HELLO_VERIFY_REQUEST, sequence, &request(cookie as u8));
            client.take(NOW, &asked);
            let answer = client.flush(NOW).concat();
            if cookie == 4 {
                assert_eq!(closed(&client), Some(PeerMisbehaved::UnexpectedMessage.into()));
                continue;
            }
            let body = &answer[RecordHeader::LEN + HandshakeHeader::LEN..];
            assert_eq!(ClientHello::parse(body).unwrap().cookie, [cookie as u8; 20]);
            // A copy that the network made is no new one.
            client.take(NOW, &asked);
            assert!(client.flush(NOW).is_empty());
        }
    }
}
