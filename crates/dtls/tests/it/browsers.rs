//! ClientHellos as real browsers sent them: always in two datagrams, because a post-quantum key share does not fit into
//! one. `tests/vectors/*.hex` holds the datagrams as captured, one a line.

use crate::support::{NOW, Peer, config, config_of};
use siskin_base::SrtpProfile;
use siskin_base::wire::Reader;
use siskin_crypto::NamedGroup;
use siskin_dtls::handshake::{
    ExtensionType, Fragment, HandshakeType, KeyShareEntry, ServerHello, ServerKeyExchange, UseSrtp,
};
use siskin_dtls::{CipherSuite, ContentType, ProtocolVersion, RecordHeader, Role};

const HELLOS: [(&str, &str); 3] = [
    ("chromium", include_str!("../vectors/chromium156-client-hello.hex")),
    ("firefox", include_str!("../vectors/firefox153-client-hello.hex")),
    ("chromium with SPED", include_str!("../vectors/chromium156-sped-client-hello.hex")),
];

fn datagrams(text: &str) -> Vec<Vec<u8>> {
    let bytes = |line: &str| {
        let digits: Vec<_> = line.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    };
    text.lines().map(bytes).collect()
}

fn server() -> Peer {
    let mut config = config_of(ProtocolVersion::DTLS1_2, siskin_crypto::rustcrypto(), Role::Server);
    config.srtp_profiles = vec![SrtpProfile::AES128_CM_SHA1_80, SrtpProfile::AEAD_AES_128_GCM];
    Peer::new(config, 1)
}

/// The messages in these datagrams, each of which came in one piece.
fn messages(datagrams: &[Vec<u8>]) -> Vec<(HandshakeType, Vec<u8>)> {
    let mut messages = vec![];
    for datagram in datagrams {
        let mut r = Reader::new(datagram);
        while !r.is_empty() {
            let header = RecordHeader::parse(&mut r).unwrap();
            assert_eq!(
                (header.content_type, header.version),
                (ContentType::HANDSHAKE, ProtocolVersion::DTLS1_2)
            );
            let mut body = Reader::new(r.take(header.length.into()).unwrap());
            let fragment = Fragment::parse(&mut body).unwrap();
            if fragment.header.fragment_offset == 0 {
                messages.push((fragment.header.kind, vec![]));
            }
            messages.last_mut().unwrap().1.extend(fragment.body);
        }
    }
    messages
}

fn check_answer(name: &str, answer: &[Vec<u8>]) {
    assert!(answer.iter().all(|datagram| datagram.len() <= 1200), "{name}");
    let messages = messages(answer);
    let kinds: Vec<_> = messages.iter().map(|(kind, _)| *kind).collect();
    use HandshakeType as T;
    let flight = [
        T::SERVER_HELLO,
        T::CERTIFICATE,
        T::SERVER_KEY_EXCHANGE,
        T::CERTIFICATE_REQUEST,
        T::SERVER_HELLO_DONE,
    ];
    assert_eq!(kinds, flight, "{name}");
    let hello = ServerHello::parse(&messages[0].1).unwrap();
    assert_eq!(hello.version, ProtocolVersion::DTLS1_2);
    assert_eq!(hello.cipher_suite, CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    let extensions = hello.extensions;
    assert!(extensions.get(ExtensionType::EXTENDED_MASTER_SECRET).is_some());
    assert_eq!(extensions.get(ExtensionType::RENEGOTIATION_INFO), Some(&[0][..]));
    assert_eq!(extensions.get(ExtensionType::SUPPORTED_VERSIONS), None);
    assert_eq!(extensions.get(ExtensionType::KEY_SHARE), None);
    let srtp = UseSrtp::parse(extensions.get(ExtensionType::USE_SRTP).unwrap()).unwrap();
    assert_eq!(srtp.profiles, [SrtpProfile::AES128_CM_SHA1_80], "our own order decides");
    let exchange = ServerKeyExchange::parse(&messages[2].1).unwrap();
    assert_eq!(exchange.group, NamedGroup::X25519);
}

#[test]
fn a_split_client_hello_is_answered_in_either_order() {
    for (name, text) in HELLOS {
        let hello = datagrams(text);
        assert_eq!(hello.len(), 2);
        for order in [[0, 1], [1, 0]] {
            let mut server = server();
            server.take(NOW, &hello[order[0]]);
            assert!(server.flush(NOW).is_empty(), "{name}: answered half a hello");
            server.take(NOW, &hello[order[1]]);
            check_answer(name, &server.flush(NOW));
        }
    }
}

#[test]
fn copies_and_a_late_second_half_do_no_harm() {
    for (name, text) in HELLOS {
        let hello = datagrams(text);
        let mut server = server();
        for index in [0, 0, 0, 1, 1, 0] {
            server.take(NOW, &hello[index]);
        }
        check_answer(name, &server.flush(NOW));
    }
}

#[test]
fn small_limits_hold_a_browsers_hello() {
    for (name, text) in HELLOS {
        let config = config(siskin_crypto::rustcrypto(), Role::Server).small();
        let mut server = Peer::new(config, 1);
        datagrams(text).iter().for_each(|datagram| server.take(NOW, datagram));
        // Not an alert.
        assert!(server.flush(NOW).len() > 1 && !server.dtls.is_closed(), "{name}: {:?}", server.events);
    }
}

/// With both versions to choose from, browsers are answered in 1.3 with post-quantum keys, and nothing but the ServerHello
/// is in clear.
#[test]
fn browsers_get_v13_with_post_quantum_keys() {
    for (name, text) in HELLOS {
        let hello = datagrams(text);
        for order in [[0, 1], [1, 0]] {
            let mut server = Peer::new(config(siskin_crypto::ring(), Role::Server), 1);
            order.iter().for_each(|index| server.take(NOW, &hello[*index]));
            let answer = server.flush(NOW);
            assert!(answer.iter().all(|datagram| datagram.len() <= 1200), "{name}");
            let mut body = vec![];
            let mut encrypted = 0;
            for datagram in &answer {
                let mut r = Reader::new(datagram);
                while !r.is_empty() {
                    let mut ahead = r.clone();
                    if ahead.u8().unwrap() >> 5 == 1 {
                        ahead.take(2).unwrap();
                        ahead.vec16().unwrap();
                        encrypted += 1;
                        r = ahead;
                        continue;
                    }
                    let header = RecordHeader::parse(&mut r).unwrap();
                    let fragment =
                        Fragment::parse(&mut Reader::new(r.take(header.length.into()).unwrap())).unwrap();
                    assert_eq!(fragment.header.kind, HandshakeType::SERVER_HELLO, "{name}");
                    body.extend(fragment.body);
                }
            }
            let hello = ServerHello::parse(&body).unwrap();
            assert_eq!(hello.extensions.get(ExtensionType::SUPPORTED_VERSIONS), Some(&[0xfe, 0xfc][..]));
            assert_eq!(hello.cipher_suite, CipherSuite::AES_128_GCM_SHA256);
            let share =
                KeyShareEntry::parse(hello.extensions.get(ExtensionType::KEY_SHARE).unwrap()).unwrap();
            assert_eq!((share.group, share.share.len()), (NamedGroup::X25519MLKEM768, 1120), "{name}");
            assert!(encrypted >= 5, "{name}");
        }
    }
}
