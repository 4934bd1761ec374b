//! Single rules of DTLS 1.3, and of the choice between both versions.

use crate::support::{NOW, Peer, config, config_of, connected_pair, exchange, pair};
use core::time::Duration;
use siskin_base::wire::{Reader, Writer};
use siskin_base::{Instant, Observation, Packet, SrtpProfile};
use siskin_crypto::{NamedGroup, Provider};
use siskin_dtls::handshake::{
    ClientHello, ExtensionType, Extensions, Fragment, HandshakeHeader, HandshakeType, KeyShareEntry,
    KeyShares, ServerHello,
};
use siskin_dtls::{
    AlertDescription, CipherSuite, Config, ContentType, Error, Event, Misuse, PeerIncompatible,
    PeerMisbehaved, ProtocolVersion, RecordHeader, Role,
};

const V12: ProtocolVersion = ProtocolVersion::DTLS1_2;
const V13: ProtocolVersion = ProtocolVersion::DTLS1_3;

fn provider() -> Provider {
    siskin_crypto::ring()
}

pub(crate) fn configs() -> (Config, Config) {
    (config(provider(), Role::Client), config(provider(), Role::Server))
}

pub(crate) fn closed(peer: &Peer) -> Option<Error> {
    match peer.last_event() {
        Some(Event::Closed(error)) => Some(*error),
        _ => None,
    }
}

/// The version and group that both sides agree on.
fn agreed(client: &Peer, server: &Peer) -> (Option<ProtocolVersion>, Option<NamedGroup>) {
    let of = |peer: &Peer| (peer.dtls.version(), peer.dtls.group());
    assert_eq!(of(client), of(server));
    of(client)
}

/// A record in clear.
pub(crate) fn record(content_type: ContentType, sequence: u64, body: &[u8]) -> Vec<u8> {
    let header = RecordHeader { content_type, version: V12, epoch: 0, sequence, length: body.len() as u16 };
    [&header.to_bytes()[..], body].concat()
}

/// A handshake message in one piece and one record in clear.
pub(crate) fn message(kind: HandshakeType, sequence: u16, body: &[u8]) -> Vec<u8> {
    let length = body.len() as u32;
    let header = HandshakeHeader { kind, length, sequence, fragment_offset: 0, fragment_length: length };
    record(ContentType::HANDSHAKE, 90 + u64::from(sequence), &[&header.to_bytes()[..], body].concat())
}

/// The message in clear that these datagrams begin with.
pub(crate) fn first_message(datagrams: &[Vec<u8>]) -> (HandshakeType, Vec<u8>) {
    let (mut kind, mut body) = (HandshakeType(0), vec![]);
    for datagram in datagrams {
        let mut r = Reader::new(datagram);
        while datagram[0] == ContentType::HANDSHAKE.0 && !r.is_empty() {
            let Ok(header) = RecordHeader::parse(&mut r) else { break };
            if header.content_type != ContentType::HANDSHAKE {
                break;
            }
            let fragment = Fragment::parse(&mut Reader::new(r.take(header.length.into()).unwrap())).unwrap();
            kind = fragment.header.kind;
            body.extend(fragment.body);
        }
    }
    (kind, body)
}

pub(crate) fn client_hello(config: Config) -> Vec<u8> {
    let (kind, body) = first_message(&Peer::new(config, 1).flush(NOW));
    assert_eq!(kind, HandshakeType::CLIENT_HELLO);
    body
}

/// What a server says to a hello.
pub(crate) fn answer_to(config: Config, hello: &[u8]) -> (Peer, Vec<Vec<u8>>) {
    let mut server = Peer::new(config, 1);
    server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 0, hello));
    let answer = server.flush(NOW);
    (server, answer)
}

/// The same hello with another body of one extension; `None` leaves it out.
pub(crate) fn with_extension(hello: &[u8], kind: ExtensionType, body: Option<&[u8]>) -> Vec<u8> {
    let mut hello = ClientHello::parse(hello).unwrap();
    let mut extensions = vec![];
    for (found, old) in hello.extensions.iter() {
        if let Some(body) = if found == kind { body } else { Some(old) } {
            Extensions::put(&mut extensions, found, |out| out.put(body));
        }
    }
    let mut out = vec![];
    hello.extensions = Extensions::from_bytes(&extensions);
    hello.write(&mut out);
    out
}

#[test]
fn the_default_is_v13_with_post_quantum_keys() {
    let (client, server) = configs();
    let (client, server) = connected_pair(client, server);
    for peer in [&client, &server] {
        assert!(matches!(peer.events[..], [Event::Connected { .. }]), "{:?}", peer.events);
        assert_eq!(peer.dtls.cipher_suite(), Some(CipherSuite::AES_128_GCM_SHA256));
    }
    assert_eq!(agreed(&client, &server), (Some(V13), Some(NamedGroup::X25519MLKEM768)));
}

/// A hello with a post-quantum key does not fit into one datagram; whatever the pieces, the version is told by all of it.
#[test]
fn hellos_may_come_in_any_pieces_and_order() {
    for (client_max, server_max) in [(1200, 1200), (600, 600), (200, 1200), (1200, 200)] {
        for reversed in [false, true] {
            let (mut client, mut server) = configs();
            (client.max_datagram, server.max_datagram) = (client_max, server_max);
            let (mut client, mut server) = pair(client, server);
            let mut hello = client.flush(NOW);
            assert!(hello.len() > 1 && hello.iter().all(|datagram| datagram.len() <= client_max));
            let deliver = |datagrams: &mut Vec<Vec<u8>>, to: &mut Peer| {
                if reversed {
                    datagrams.reverse();
                }
                datagrams.iter().for_each(|datagram| to.take(NOW, datagram));
            };
            deliver(&mut hello, &mut server);
            let mut answer = server.flush(NOW);
            assert!(answer.len() > 1 && answer.iter().all(|datagram| datagram.len() <= server_max));
            deliver(&mut answer, &mut client);
            exchange(NOW, &mut client, &mut server);
            assert_eq!(agreed(&client, &server), (Some(V13), Some(NamedGroup::X25519MLKEM768)));
        }
    }
}

#[test]
fn one_hello_offers_both_versions() {
    let hello = client_hello(configs().0);
    let hello = ClientHello::parse(&hello).unwrap();
    assert_eq!(hello.version, V12);
    assert_eq!(
        hello.extensions.get(ExtensionType::SUPPORTED_VERSIONS),
        Some(&[4, 0xfe, 0xfc, 0xfe, 0xfd][..])
    );
    let shares = KeyShares::parse(hello.extensions.get(ExtensionType::KEY_SHARE).unwrap()).unwrap();
    let sizes: Vec<_> = shares.entries.iter().map(|entry| (entry.group, entry.share.len())).collect();
    assert_eq!(sizes, [(NamedGroup::X25519MLKEM768, 1216), (NamedGroup::X25519, 32)]);
    for kind in [ExtensionType::EXTENDED_MASTER_SECRET, ExtensionType::RENEGOTIATION_INFO] {
        assert!(hello.extensions.get(kind).is_some());
    }
}

/// Who knows DTLS 1.2 only is met there, and nobody waits for anything.
#[test]
fn both_roles_fall_back_without_a_stall() {
    for old in [Role::Client, Role::Server] {
        let one =
            |role| if role == old { config_of(V12, provider(), role) } else { config(provider(), role) };
        let (client, server) = connected_pair(one(Role::Client), one(Role::Server));
        assert_eq!(agreed(&client, &server), (Some(V12), Some(NamedGroup::X25519)));
        assert_eq!(client.dtls.stats().retransmissions + server.dtls.stats().retransmissions, 0);
    }
    let (client, server) =
        (config_of(V13, provider(), Role::Client), config_of(V12, provider(), Role::Server));
    let (mut client, mut server) = pair(client, server);
    exchange(NOW, &mut client, &mut server);
    assert_eq!(closed(&server), Some(PeerIncompatible::Version.into()));
    assert_eq!(closed(&client), Some(Error::PeerAborted(AlertDescription::PROTOCOL_VERSION)));
}

/// A peer that knows nothing of post-quantum keys costs no round trip; one that shows another group than ours, one.
#[test]
fn groups_are_met_without_needless_retries() {
    use NamedGroup as G;
    let all = vec![G::X25519MLKEM768, G::X25519, G::SECP256R1, G::SECP384R1];
    for (client_groups, server_groups, expected, datagrams) in [
        (all.clone(), vec![G::X25519], G::X25519, 2),
        (vec![G::X25519], all.clone(), G::X25519, 1),
        (all.clone(), vec![G::SECP384R1], G::SECP384R1, 3),
        (vec![G::SECP256R1, G::X25519MLKEM768], all.clone(), G::SECP256R1, 1),
        (vec![G::X25519MLKEM768, G::SECP256R1], vec![G::SECP256R1], G::SECP256R1, 2),
    ] {
        let (mut client, mut server) = configs();
        (client.groups, server.groups) = (client_groups, server_groups);
        let (mut client, mut server) = pair(client, server);
        // Datagrams of the client's hellos: a retry needs a second one.
        let hello = client.flush(NOW);
        let mut sent = hello.len();
        hello.iter().for_each(|datagram| server.take(NOW, datagram));
        server.flush(NOW).iter().for_each(|datagram| client.take(NOW, datagram));
        if !client.is_connected() {
            let hello = client.flush(NOW);
            sent += hello.len();
            hello.iter().for_each(|datagram| server.take(NOW, datagram));
        }
        exchange(NOW, &mut client, &mut server);
        assert_eq!(agreed(&client, &server), (Some(V13), Some(expected)));
        assert_eq!(sent, datagrams, "{expected:?}");
    }
}

#[test]
fn rfc8446_4_1_3_a_downgrade_is_noticed() {
    // The server knows both versions, but somebody has taken 1.3 out of the hello.
    let (client, server) = configs();
    let hello = client_hello(client.clone());
    let only_v12 = with_extension(&hello, ExtensionType::SUPPORTED_VERSIONS, Some(&[2, 0xfe, 0xfd]));
    let (_, answer) = answer_to(server, &only_v12);
    let body = first_message(&answer[..1]).1;
    assert!(ServerHello::parse(&body[..70.min(body.len())]).is_err() || body.len() > 38);
    assert_eq!(&body[26..34], b"DOWNGRD\x01");
    let mut client = Peer::new(client, 1);
    client.flush(NOW);
    answer.iter().for_each(|datagram| client.take(NOW, datagram));
    assert_eq!(closed(&client), Some(PeerMisbehaved::Downgraded.into()));
    // Who does not know 1.3 leaves no mark.
    let (_, answer) = answer_to(config_of(V12, provider(), Role::Server), &only_v12);
    assert_ne!(&first_message(&answer[..1]).1[26..34], b"DOWNGRD\x01");
}

#[test]
fn rfc9147_5_1_a_cookie_must_come_back() {
    let (client, mut server) = configs();
    server.cookie_exchange = true;
    let (connected, _) = connected_pair(client.clone(), server.clone());
    assert_eq!(connected.dtls.version(), Some(V13));
    let hello = client_hello(client);
    let (mut server, answer) = answer_to(server, &hello);
    assert_eq!(answer.len(), 1);
    assert!(answer[0].len() <= hello.len() / 3, "no amplification");
    let request = first_message(&answer).1;
    let request = ServerHello::parse(&request).unwrap();
    assert_eq!(request.random, ServerHello::RETRY_RANDOM);
    assert!(request.extensions.get(ExtensionType::COOKIE).unwrap().len() >= 18);
    server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 1, &hello));
    assert_eq!(closed(&server), Some(PeerMisbehaved::BadCookie.into()));
}

#[test]
fn rfc8446_4_1_3_the_random_value_of_a_retry_is_a_hash() {
    assert_eq!(provider().sha256.digest(&[b"HelloRetryRequest"]).as_ref(), ServerHello::RETRY_RANDOM);
}

/// A HelloRetryRequest for `group`.
fn retry_for(group: NamedGroup) -> Vec<u8> {
    let mut extensions = vec![];
    Extensions::put(&mut extensions, ExtensionType::SUPPORTED_VERSIONS, |out| out.put_u16(V13.0));
    Extensions::put(&mut extensions, ExtensionType::KEY_SHARE, |out| out.put_u16(group.0));
    server_hello(ServerHello::RETRY_RANDOM, &extensions)
}

pub(crate) fn server_hello(random: [u8; 32], extensions: &[u8]) -> Vec<u8> {
    let hello = ServerHello {
        version: V12,
        random,
        session_id: &[],
        cipher_suite: CipherSuite::AES_128_GCM_SHA256,
        compression_method: 0,
        extensions: Extensions::from_bytes(extensions),
    };
    let mut out = vec![];
    hello.write(&mut out);
    out
}

#[test]
fn rfc8446_4_1_4_retries_that_end_the_handshake() {
    let offered = |group| {
        let mut client = Peer::new(configs().0, 1);
        client.flush(NOW);
        client.take(NOW, &message(HandshakeType::SERVER_HELLO, 0, &retry_for(group)));
        client
    };
    assert_eq!(closed(&offered(NamedGroup::X25519)), Some(PeerMisbehaved::UselessRetry.into()));
    assert_eq!(closed(&offered(NamedGroup(0x001e))), Some(PeerMisbehaved::SelectedUnoffered.into()));
    let mut client = offered(NamedGroup::SECP256R1);
    let second = first_message(&client.flush(NOW)).1;
    let second = ClientHello::parse(&second).unwrap();
    let shares = KeyShares::parse(second.extensions.get(ExtensionType::KEY_SHARE).unwrap()).unwrap();
    assert_eq!(shares.entries.len(), 1);
    assert_eq!(shares.entries[0].group, NamedGroup::SECP256R1);
    client.take(NOW, &message(HandshakeType::SERVER_HELLO, 1, &retry_for(NamedGroup::SECP384R1)));
    assert_eq!(closed(&client), Some(PeerMisbehaved::UnexpectedMessage.into()));
}

#[test]
fn server_hellos_that_end_the_handshake() {
    let versions = |version: u16, out: &mut Vec<u8>| {
        Extensions::put(out, ExtensionType::SUPPORTED_VERSIONS, |out| out.put_u16(version));
    };
    let share = |group, share: &[u8], out: &mut Vec<u8>| {
        Extensions::put(out, ExtensionType::KEY_SHARE, |out| KeyShareEntry { group, share }.write(out));
    };
    type Compose<'a> = &'a dyn Fn(&mut Vec<u8>);
    let cases: [(Compose<'_>, Error); 6] = [
        (&|out| versions(V13.0, out), PeerMisbehaved::MissingExtension.into()),
        (&|out| versions(V12.0, out), PeerMisbehaved::SelectedUnoffered.into()),
        (
            &|out| {
                versions(V13.0, out);
                share(NamedGroup::X25519, &[0; 32], out);
            },
            PeerMisbehaved::BadKeyShare.into(),
        ),
        (
            &|out| {
                versions(V13.0, out);
                share(NamedGroup::X25519MLKEM768, &[1; 1119], out);
            },
            PeerMisbehaved::BadKeyShare.into(),
        ),
        (
            &|out| {
                versions(V13.0, out);
                share(NamedGroup::SECP256R1, &[4; 65], out);
            },
            PeerMisbehaved::SelectedUnoffered.into(),
        ),
        (
            &|out| {
                versions(V13.0, out);
                Extensions::put(out, ExtensionType::EXTENDED_MASTER_SECRET, |_| {});
            },
            PeerMisbehaved::MisplacedExtension.into(),
        ),
    ];
    for (compose, expected) in cases {
        let mut extensions = vec![];
        compose(&mut extensions);
        let mut client = Peer::new(configs().0, 1);
        client.flush(NOW);
        client.take(NOW, &message(HandshakeType::SERVER_HELLO, 0, &server_hello([7; 32], &extensions)));
        assert_eq!(closed(&client), Some(expected));
    }
}

#[test]
fn client_hellos_that_end_the_handshake() {
    let hello = client_hello(configs().0);
    let without = |kind| with_extension(&hello, kind, None);
    for kind in
        [ExtensionType::KEY_SHARE, ExtensionType::SUPPORTED_GROUPS, ExtensionType::SIGNATURE_ALGORITHMS]
    {
        let (server, answer) = answer_to(configs().1, &without(kind));
        assert_eq!(closed(&server), Some(PeerMisbehaved::MissingExtension.into()));
        assert_eq!(answer, [record(ContentType::ALERT, 0, &[2, AlertDescription::MISSING_EXTENSION.0])]);
    }
    // A cookie as in DTLS 1.2, and compression.
    let parsed = ClientHello::parse(&hello).unwrap();
    let (mut cookie, mut compression) = (parsed, parsed);
    (cookie.cookie, compression.compression_methods) = (&[1], &[1, 0]);
    for bad in [cookie, compression] {
        let mut body = vec![];
        bad.write(&mut body);
        let (server, _) = answer_to(configs().1, &body);
        assert_eq!(closed(&server), Some(PeerMisbehaved::BadLegacyField.into()));
    }
    // A key that is none: too short, and with coefficients beyond the modulus.
    for share in [vec![0; 100], vec![0xff; 1216]] {
        let mut body = vec![];
        let entry = KeyShareEntry { group: NamedGroup::X25519MLKEM768, share: &share };
        KeyShares { entries: vec![entry] }.write(&mut body);
        let (server, _) =
            answer_to(configs().1, &with_extension(&hello, ExtensionType::KEY_SHARE, Some(&body)));
        assert_eq!(closed(&server), Some(PeerMisbehaved::BadKeyShare.into()));
    }
}

#[test]
fn rfc8446_4_4_2_4_a_client_must_show_a_certificate() {
    // Both ends as they are, but for the fingerprint that the server expects.
    let (client, server) = configs();
    let (mut client, _) = pair(client, server.clone());
    let mut server = Peer::new(server, 5);
    let wrong =
        siskin_base::Fingerprint { algorithm: siskin_base::HashAlgorithm::Sha256, value: vec![1; 32] };
    server.dtls.set_remote_fingerprints(NOW, &[wrong]).unwrap();
    exchange(NOW, &mut client, &mut server);
    assert_eq!(closed(&server), Some(PeerMisbehaved::FingerprintMismatch.into()));
    assert_eq!(closed(&client), Some(Error::PeerAborted(AlertDescription::BAD_CERTIFICATE)));
}

#[test]
fn srtp_by_the_servers_order() {
    let (mut client, mut server) = configs();
    client.srtp_profiles = vec![SrtpProfile::AES128_CM_SHA1_80, SrtpProfile::AEAD_AES_128_GCM];
    server.srtp_profiles = vec![SrtpProfile::AEAD_AES_128_GCM, SrtpProfile::AES128_CM_SHA1_80];
    let (client, server) = connected_pair(client, server);
    let [a, b] = [&client, &server].map(|peer| match &peer.events[0] {
        Event::KeyingMaterial(material) => material.clone(),
        other => panic!("{other:?}"),
    });
    assert_eq!(a.profile, SrtpProfile::AEAD_AES_128_GCM);
    assert_eq!((&a.local, &a.remote), (&b.remote, &b.local));
}

/// The client is connected as soon as it has sent its last flight, and sends it until it is acknowledged.
#[test]
fn rfc9147_5_8_1_the_last_flight_is_sent_until_it_is_acknowledged() {
    let (client, server) = configs();
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    server.flush(NOW).iter().for_each(|datagram| client.take(NOW, datagram));
    assert!(client.is_connected());
    let mut lost = vec![];
    let mut now = NOW;
    for _ in 0..3 {
        let sent = client.flush(now);
        assert!(!sent.is_empty());
        lost.push(sent.len());
        now = client.dtls.poll_timeout().unwrap();
        client.dtls.handle_timeout(now);
    }
    assert_eq!(client.dtls.stats().retransmissions, 3);
    client.flush(now).iter().for_each(|datagram| server.take(now, datagram));
    assert!(server.is_connected());
    let ack = server.flush(now);
    assert_eq!(ack.len(), 1);
    // A lost ACK is sent again when the flight comes again.
    now += Duration::from_secs(2);
    client.dtls.handle_timeout(client.dtls.poll_timeout().unwrap());
    client.flush(now).iter().for_each(|datagram| server.take(now, datagram));
    server.flush(now).iter().for_each(|datagram| client.take(now, datagram));
    assert_eq!((client.dtls.poll_timeout(), server.dtls.poll_timeout()), (None, None));
}

#[test]
fn a_server_that_never_comes_back_is_noticed() {
    let (client, server) = configs();
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    server.flush(NOW).iter().for_each(|datagram| client.take(NOW, datagram));
    let mut now = NOW;
    while let Some(due) = client.dtls.poll_timeout() {
        client.flush(now);
        now = due;
        client.dtls.handle_timeout(now);
        client.take_events(now, &[]);
    }
    assert_eq!((now, closed(&client)), (Instant::from_millis(30_000), Some(Error::TimedOut)));
}

/// What an ACK names is not sent again.
#[test]
fn rfc9147_7_only_what_is_missing_is_sent_again() {
    let (mut client, mut server) = configs();
    (client.max_datagram, server.max_datagram) = (300, 300);
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    let flight = server.flush(NOW);
    let lost = flight.len() - 2;
    for (index, datagram) in flight.iter().enumerate() {
        if index != lost {
            client.take(NOW, datagram);
        }
    }
    // Out of order: the client says at once what it has.
    let ack = client.flush(NOW);
    assert_eq!(ack.len(), 1);
    ack.iter().for_each(|datagram| server.take(NOW, datagram));
    let again = server.flush(NOW);
    assert!(again.len() <= 2, "{} of {} datagrams", again.len(), flight.len());
    again.iter().for_each(|datagram| client.take(NOW, datagram));
    assert!(client.is_connected());
    exchange(NOW, &mut client, &mut server);
    assert!(server.is_connected());
}

/// The rest of a flight that does not come is asked for after a quarter of the timer.
#[test]
fn rfc9147_7_1_a_flight_that_stops_is_acknowledged_so_far() {
    let (mut client, mut server) = configs();
    server.max_datagram = 600;
    client.retransmit_initial = Duration::from_millis(400);
    let (mut client, mut server) = pair(client, server);
    client.flush(NOW).iter().for_each(|datagram| server.take(NOW, datagram));
    let flight = server.flush(NOW);
    flight[..flight.len() - 1].iter().for_each(|datagram| client.take(NOW, datagram));
    assert!(client.flush(NOW).is_empty());
    assert_eq!(client.dtls.poll_timeout(), Some(Instant::from_millis(100)));
    let now = Instant::from_millis(100);
    client.dtls.handle_timeout(now);
    let ack = client.flush(now);
    assert_eq!(ack.len(), 1);
    ack.iter().for_each(|datagram| server.take(now, datagram));
    server.flush(now).iter().for_each(|datagram| client.take(now, datagram));
    assert!(client.is_connected());
}

#[test]
fn key_updates_both_ways() {
    for requested in [false, true] {
        let (client, server) = configs();
        let (mut client, mut server) = connected_pair(client, server);
        for round in 0..6 {
            let before = server.seal(b"before");
            client.dtls.update_keys(NOW, requested).unwrap();
            let update = client.flush(NOW);
            assert_eq!(update.len(), 1);
            // Data goes on under the old keys until the ACK is there.
            let meanwhile = client.seal(b"meanwhile");
            update.iter().for_each(|datagram| server.take(NOW, datagram));
            server.take(NOW, &meanwhile);
            exchange(NOW, &mut client, &mut server);
            let after = client.seal(b"after");
            assert_ne!(meanwhile[0] & 3, after[0] & 3, "another epoch");
            server.take(NOW, &after);
            client.take(NOW, &before);
            let answer = server.seal(b"answer");
            assert_eq!(before[0] & 3 != answer[0] & 3, requested);
            client.take(NOW, &answer);
            assert_eq!((server.data.len(), client.data.len()), (2 * (round + 1), 2 * (round + 1)));
        }
    }
    let one = |role| config_of(V12, provider(), role);
    let (mut client, _) = connected_pair(one(Role::Client), one(Role::Server));
    assert_eq!(client.dtls.update_keys(NOW, true), Err(Misuse::NotInThisVersion));
}

#[test]
fn a_lost_key_update_is_sent_again() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    client.dtls.update_keys(NOW, false).unwrap();
    client.flush(NOW);
    let now = client.dtls.poll_timeout().unwrap();
    client.dtls.handle_timeout(now);
    exchange(now, &mut client, &mut server);
    let sealed = client.seal(b"new keys");
    assert_eq!(sealed[0] & 3, 0, "epoch 4");
    server.take(now, &sealed);
    assert_eq!(server.data, [b"new keys"]);
}

#[test]
fn rfc8446_5_5_keys_are_changed_before_they_are_worn_out() {
    let (mut client, server) = configs();
    client.limits.sealed = 40;
    let (mut client, mut server) = connected_pair(client, server);
    for _ in 0..200 {
        let sealed = client.seal(b"data");
        server.take(NOW, &sealed);
        exchange(NOW, &mut client, &mut server);
    }
    assert_eq!(server.data.len(), 200);
    // Without an ACK for the new ones, the limit is the end.
    let sealed = (0..100).take_while(|_| {
        client.flush(NOW);
        let mut packet = Packet::new();
        packet.begin(client.dtls.head_room());
        client.dtls.seal(&mut packet).is_ok()
    });
    assert!(sealed.count() <= 40);
    client.take_events(NOW, &[]);
    assert_eq!(closed(&client), Some(Error::KeyExhausted));
}

#[test]
fn rfc9147_4_5_3_too_many_forgeries_end_the_connection() {
    let (client, mut server) = configs();
    server.limits.forged = 3;
    let (mut client, mut server) = connected_pair(client, server);
    let mut forged = client.seal(b"data");
    *forged.last_mut().unwrap() ^= 1;
    (0..3).for_each(|_| server.take(NOW, &forged));
    assert!(server.dtls.is_connected());
    // New keys are asked for, but the forger does not wait.
    assert_eq!(server.flush(NOW).len(), 1);
    server.take(NOW, &forged);
    assert_eq!(closed(&server), Some(Error::KeyExhausted));
}

#[test]
fn a_record_counts_once_and_junk_never() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    let sealed = client.seal(b"once");
    (0..3).for_each(|_| server.take(NOW, &sealed));
    assert_eq!(server.data, [b"once"]);
    assert_eq!(server.dtls.stats().dropped_replayed, 2);
    let sealed = client.seal(b"data");
    for at in [1, 2, 5, sealed.len() - 1] {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        server.take(NOW, &altered);
    }
    // Another epoch, a connection ID that nobody agreed on, a length beyond the datagram, nothing to sample.
    for junk in [
        &[0x2d, 0, 0, 0, 17][..],
        &[0x3f, 1, 2, 3, 4, 5, 6],
        &[0x2f, 0, 0, 0xff, 0xff],
        &[0x2f, 0, 0, 0, 3, 1, 2, 3],
    ] {
        server.take(NOW, junk);
    }
    // In clear, from anyone: data, an alert, an ACK.
    for (content_type, body) in [
        (ContentType::APPLICATION_DATA, &b"hi"[..]),
        (ContentType::ALERT, &[2, 40]),
        (ContentType::ACK, &[0, 0]),
    ] {
        server.take(NOW, &record(content_type, 70, body));
    }
    assert!(server.dtls.is_connected());
    assert_eq!(server.data.len(), 1);
    server.take(NOW, &sealed);
    assert_eq!(server.data.len(), 2);
}

#[test]
fn closing() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    client.dtls.close(NOW);
    exchange(NOW, &mut client, &mut server);
    assert_eq!(server.last_event(), Some(&Event::PeerClosed));
    assert!(server.dtls.is_closed() && client.dtls.is_closed());
    assert_eq!((client.dtls.poll_timeout(), server.dtls.poll_timeout()), (None, None));
}

/// Nothing in clear behind the hellos is believed, whether it comes before them or after.
#[test]
fn a_stranger_cannot_slip_in_messages_in_clear() {
    let poison = |sequence| message(HandshakeType::ENCRYPTED_EXTENSIONS, sequence, &[0, 0]);
    let (client, server) = configs();
    let (mut client, mut server) = pair(client, server);
    let hello = client.flush(NOW);
    (1..6).for_each(|sequence| client.take(NOW, &poison(sequence)));
    hello.iter().for_each(|datagram| server.take(NOW, datagram));
    (1..6).for_each(|sequence| server.take(NOW, &poison(sequence)));
    let flight = server.flush(NOW);
    client.take(NOW, &flight[0]);
    (1..6).for_each(|sequence| client.take(NOW, &poison(sequence)));
    flight[1..].iter().for_each(|datagram| client.take(NOW, datagram));
    exchange(NOW, &mut client, &mut server);
    assert!(client.is_connected() && server.is_connected(), "{:?} {:?}", client.events, server.events);
}

/// Lies about a hello's length, floods of tiny pieces and overlaps cost nothing that the honest hello does not mend.
#[test]
fn poisoned_fragments_do_not_stop_an_honest_hello() {
    let fragment = |length: u32, offset: u32, body: &[u8]| {
        let header = HandshakeHeader {
            kind: HandshakeType::CLIENT_HELLO,
            length,
            sequence: 0,
            fragment_offset: offset,
            fragment_length: body.len() as u32,
        };
        record(ContentType::HANDSHAKE, 5, &[&header.to_bytes()[..], body].concat())
    };
    let (client, server) = configs();
    let (mut client, mut server) = pair(client, server);
    let hello = client.flush(NOW);
    let length = first_message(&hello).1.len() as u32;
    for index in 0..2_000 {
        server.take(NOW, &fragment(length, index * 2 % length, &[0xee]));
        server.take(NOW, &fragment(length, index % length, &[]));
        server.take(NOW, &fragment(length + 1 + index % 7, 3, &[0xee; 40]));
        server.take(NOW, &fragment(32_000, index, &[0xee; 4]));
    }
    hello.iter().for_each(|datagram| server.take(NOW, datagram));
    exchange(NOW, &mut client, &mut server);
    assert!(client.is_connected() && server.is_connected(), "{:?} {:?}", client.events, server.events);
}

#[test]
fn connection_ids_in_both_versions() {
    for version in [V13, V12] {
        for (client_cid, server_cid) in [(&[1u8, 2][..], &[9u8; 20][..]), (&[], &[7; 4]), (&[5], &[])] {
            let one = |role, cid: &[u8]| {
                let mut config = config_of(version, provider(), role);
                config.connection_id = Some(cid.into());
                config
            };
            let (mut client, mut server) =
                connected_pair(one(Role::Client, client_cid), one(Role::Server, server_cid));
            for (from, to, cid) in [(0, 1, server_cid), (1, 0, client_cid)] {
                let ends = [&mut client, &mut server];
                let sealed = ends[from].seal(b"data");
                let at = if version == V13 { 1 } else { 11 };
                assert_eq!(&sealed[at..at + cid.len()], cid);
                assert_eq!(sealed[0] == ContentType::TLS12_CID.0, version == V12 && !cid.is_empty());
                ends[to].take(NOW, &sealed);
                assert_eq!(ends[to].data, [b"data"]);
                if !cid.is_empty() {
                    let mut other = ends[from].seal(b"data");
                    other[at] ^= 1;
                    ends[to].take(NOW, &other);
                    assert_eq!(ends[to].data.len(), 1);
                }
            }
        }
    }
    // Who knows nothing of it is not bothered.
    let (mut client, server) = configs();
    client.connection_id = Some(vec![1]);
    let (mut client, mut server) = connected_pair(client, server);
    let sealed = client.seal(b"data");
    server.take(NOW, &sealed);
    assert_eq!(server.data.len(), 1);
}

#[test]
fn both_sides_log_the_same_keys() {
    let (mut client, mut server) = configs();
    (client.key_log, server.key_log) = (true, true);
    let (mut client, mut server) = connected_pair(client, server);
    let [a, b] = [&mut client, &mut server].map(|peer| {
        let lines =
            std::iter::from_fn(|| peer.dtls.poll_observation()).filter_map(|observation| match observation {
                Observation::KeyLog(line) => Some(line),
                _ => None,
            });
        lines.collect::<Vec<_>>()
    });
    assert_eq!(a, b);
    let labels: Vec<_> = a.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(
        labels,
        [
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0",
            "SERVER_TRAFFIC_SECRET_0",
            "EXPORTER_SECRET"
        ]
    );
    assert!(a.iter().all(|line| line.split(' ').map(str::len).skip(1).eq([64, 64])));
}
