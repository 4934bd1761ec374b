//! What hellos may say, and what they settle (RFC 9147 §5, RFC 8446 §4).

use super::*;

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
