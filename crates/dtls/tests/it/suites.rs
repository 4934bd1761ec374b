//! Every suite with every group, between both providers.

use crate::support::{NOW, certificate, config, connected_pair, exchange, pair};
use siskin_base::SrtpProfile;
use siskin_crypto::{Certificate, KeyKind, NamedGroup};
use siskin_dtls::{CipherSuite, Config, Event, PeerIncompatible, ProtocolVersion, Role};
use std::sync::Arc;

const SUITES: [CipherSuite; 3] = [
    CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
];
const SUITES_V13: [CipherSuite; 3] =
    [CipherSuite::AES_128_GCM_SHA256, CipherSuite::AES_256_GCM_SHA384, CipherSuite::CHACHA20_POLY1305_SHA256];
const GROUPS: [NamedGroup; 3] = [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];

fn configs(change: impl Fn(&mut Config)) -> [(Config, Config); 4] {
    let providers = [siskin_crypto::ring(), siskin_crypto::rustcrypto()];
    let one = |provider, role| {
        let mut config = config(provider, role);
        change(&mut config);
        config
    };
    let [a, b] = providers;
    [(a, a), (a, b), (b, a), (b, b)].map(|(x, y)| (one(x, Role::Client), one(y, Role::Server)))
}

#[test]
fn all_suites_and_groups_between_all_providers() {
    let hybrid = [NamedGroup::X25519MLKEM768];
    for suite in SUITES.into_iter().chain(SUITES_V13) {
        let is_v13 = SUITES_V13.contains(&suite);
        for group in GROUPS.into_iter().chain(hybrid).take(if is_v13 { 4 } else { 3 }) {
            let only = |config: &mut Config| {
                config.cipher_suites = vec![suite];
                config.groups = vec![group];
                // RFC 8422 §5.1: the certificates of DTLS 1.2 need their curve in the list.
                if !is_v13 && group != NamedGroup::SECP256R1 {
                    config.groups.push(NamedGroup::SECP256R1);
                }
            };
            for (client, server) in configs(only) {
                let (mut client, mut server) = connected_pair(client, server);
                assert_eq!((client.dtls.cipher_suite(), client.dtls.group()), (Some(suite), Some(group)));
                for _ in 0..3 {
                    let sealed = client.seal(b"from client");
                    server.take(NOW, &sealed);
                    let sealed = server.seal(b"from server");
                    client.take(NOW, &sealed);
                }
                assert_eq!(server.data, [b"from client"; 3]);
                assert_eq!(client.data, [b"from server"; 3]);
            }
        }
    }
}

#[test]
fn a_p384_certificate_serves_both_roles() {
    for (mut client, mut server) in configs(|_| {}) {
        for config in [&mut client, &mut server] {
            let rng = &mut siskin_base::Rng::for_tests(5);
            let unix = crate::support::UNIX;
            let made = Certificate::generate_kind(&config.provider, KeyKind::EcdsaP384, rng, unix);
            config.certificate = Arc::new(made.unwrap());
        }
        connected_pair(client, server);
    }
}

#[test]
fn both_sides_export_the_same() {
    let profiles = vec![SrtpProfile::AEAD_AES_256_GCM, SrtpProfile::AES128_CM_SHA1_80];
    for (index, (mut client, server)) in [false, true]
        .into_iter()
        .flat_map(|_| configs(|config| config.srtp_profiles = profiles.clone()))
        .enumerate()
    {
        if index < 4 {
            client.versions = vec![ProtocolVersion::DTLS1_2];
        }
        let (client, server) = connected_pair(client, server);
        let exports = [&client, &server].map(|peer| {
            let mut out = [[0; 100]; 3];
            let contexts = [None, Some(&b""[..]), Some(&b"context"[..])];
            for (out, context) in out.iter_mut().zip(contexts) {
                peer.dtls.export_keying_material("EXPERIMENTAL test", context, out).unwrap();
            }
            out
        });
        assert_eq!(exports[0], exports[1]);
        // RFC 5705 §4: no context and an empty one differ; RFC 8446 §7.5: they do not.
        assert_eq!(exports[0][0] == exports[0][1], client.dtls.version() == Some(ProtocolVersion::DTLS1_3));
        let (Event::KeyingMaterial(a), Event::KeyingMaterial(b)) = (&client.events[0], &server.events[0])
        else {
            panic!("{:?} {:?}", client.events, server.events);
        };
        assert_eq!(a.profile, SrtpProfile::AEAD_AES_256_GCM);
        assert_eq!((&a.local, &a.remote), (&b.remote, &b.local));
        assert_eq!((a.local.0.len(), a.local.1.len()), (32, 12));
    }
}

#[test]
fn nothing_in_common_is_told_apart() {
    type Change = fn(&mut Config);
    let cases: [(Change, PeerIncompatible); 2] = [
        (|server| server.cipher_suites = vec![SUITES[1]], PeerIncompatible::CipherSuite),
        (|server| server.groups = vec![GROUPS[1]], PeerIncompatible::Group),
    ];
    for (change, expected) in cases {
        let provider = siskin_crypto::ring();
        let (mut client, mut server) = (config(provider, Role::Client), config(provider, Role::Server));
        (client.cipher_suites, client.groups) = (vec![SUITES[0]], vec![GROUPS[0]]);
        change(&mut server);
        let (mut client, mut server) = pair(client, server);
        exchange(NOW, &mut client, &mut server);
        assert_eq!(server.last_event(), Some(&Event::Closed(expected.into())));
        assert!(matches!(client.last_event(), Some(Event::Closed(siskin_dtls::Error::PeerAborted(_)))));
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = || {
        let provider = siskin_crypto::rustcrypto();
        let certificate = certificate(&provider, 9);
        let config = |role| Config::new(provider, certificate.clone(), role, crate::support::path());
        let (mut client, mut server) = pair(config(Role::Client), config(Role::Server));
        let mut log = vec![];
        for _ in 0..3 {
            let sent = client.flush(NOW);
            sent.iter().for_each(|datagram| server.take(NOW, datagram));
            let answered = server.flush(NOW);
            answered.iter().for_each(|datagram| client.take(NOW, datagram));
            log.extend([sent, answered]);
        }
        assert!(client.is_connected() && server.is_connected());
        log
    };
    assert_eq!(run(), run());
}
