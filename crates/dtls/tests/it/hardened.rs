//! What DTLS 1.2 is not let get away with: CBC, key exchange by RSA, compression, older versions, unbound secrets.

use crate::rules_v13::{closed, first_message, message, record};
use crate::support::{NOW, Peer, config, config_of, connected_pair, exchange, pair};
use siskin_base::wire::{Reader, Writer};
use siskin_crypto::Provider;
use siskin_dtls::handshake::{ClientHello, ExtensionType, Extensions, Fragment, HandshakeType, ServerHello};
use siskin_dtls::{
    AlertDescription, CipherSuite, Config, ContentType, Error, PeerIncompatible, PeerMisbehaved,
    ProtocolVersion, RecordHeader, Role,
};

const V12: ProtocolVersion = ProtocolVersion::DTLS1_2;

fn provider() -> Provider {
    siskin_crypto::ring()
}

fn one(role: Role) -> Config {
    config_of(V12, provider(), role)
}

/// Authenticated encryption, and key exchanges that leave nothing behind: no other suite has a name, and none is offered.
#[test]
fn no_suite_of_cbc_and_none_without_forward_secrecy() {
    for suite in CipherSuite::ALL {
        let name = suite.name().unwrap();
        let sealed = name.contains("_GCM_SHA") || name.ends_with("_CHACHA20_POLY1305_SHA256");
        let ephemeral = name.starts_with("TLS_ECDHE_") || suite.0 >> 8 == 0x13;
        assert!(sealed && ephemeral && !name.contains("CBC"), "{name}");
    }
    for config in [config(provider(), Role::Client), one(Role::Client)] {
        let hello = first_message(&Peer::new(config, 1).flush(NOW)).1;
        let hello = ClientHello::parse(&hello).unwrap();
        assert!(hello.cipher_suites().all(|suite| CipherSuite::ALL.contains(&suite)));
        assert_eq!(hello.compression_methods, [0]);
        assert!(hello.session_id.is_empty());
    }
}

/// The hello of our own client, with these suites and compression methods.
fn hello_with(suites: &[u16], compression_methods: &[u8]) -> Vec<u8> {
    let own = first_message(&Peer::new(one(Role::Client), 1).flush(NOW)).1;
    let own = ClientHello::parse(&own).unwrap();
    let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    let mut hello = ClientHello::new(own.random, &suites, own.extensions);
    hello.compression_methods = compression_methods;
    let mut body = vec![];
    hello.write(&mut body);
    body
}

/// The ServerHello that these datagrams begin with.
fn server_hello_in(answer: &[Vec<u8>]) -> Vec<u8> {
    let mut r = Reader::new(&answer[0]);
    RecordHeader::parse(&mut r).unwrap();
    let hello = Fragment::parse(&mut r).unwrap();
    assert_eq!(hello.header.kind, HandshakeType::SERVER_HELLO);
    assert_eq!(hello.header.length, hello.header.fragment_length);
    hello.body.to_vec()
}

/// What a server says to it.
fn answer_to(hello: &[u8]) -> (Peer, Vec<Vec<u8>>) {
    let mut server = Peer::new(config(provider(), Role::Server), 1);
    server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 0, hello));
    let answer = server.flush(NOW);
    (server, answer)
}

#[test]
fn who_offers_nothing_better_is_refused() {
    // ECDHE_ECDSA and ECDHE_RSA with CBC; RSA with CBC and with GCM; AES-CCM-8; NULL; 3DES; RC4; anonymous.
    for suite in
        [0xc009, 0xc00a, 0xc013, 0xc023, 0x002f, 0x0035, 0x009c, 0xc0ae, 0xc006, 0x000a, 0xc007, 0xc018]
    {
        let (server, answer) = answer_to(&hello_with(&[suite], &[0]));
        assert_eq!(closed(&server), Some(PeerIncompatible::CipherSuite.into()), "{suite:04x}");
        assert_eq!(answer, [record(ContentType::ALERT, 0, &[2, AlertDescription::HANDSHAKE_FAILURE.0])]);
    }
    // An ECDHE_RSA suite is a good one, but our key is on a curve.
    let (server, _) = answer_to(&hello_with(&[0xc02f], &[0]));
    assert_eq!(closed(&server), Some(PeerIncompatible::CipherSuite.into()));
}

#[test]
fn nothing_is_compressed() {
    let good = CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256.0;
    // Who offers compression beside none gets none (RFC 7525 §3.3); who offers nothing else breaks RFC 5246 §7.4.1.2.
    let (server, answer) = answer_to(&hello_with(&[good], &[1, 0]));
    assert_eq!(closed(&server), None);
    assert_eq!(ServerHello::parse(&server_hello_in(&answer)).unwrap().compression_method, 0);
    let (server, _) = answer_to(&hello_with(&[good], &[1]));
    assert_eq!(closed(&server), Some(PeerMisbehaved::MalformedMessage.into()));
}

/// What a client says to a ServerHello of DTLS 1.2.
fn client_after(offered: Config, change: impl FnOnce(&mut ServerHello<'_>)) -> Option<Error> {
    let mut extensions = vec![];
    Extensions::put(&mut extensions, ExtensionType::EXTENDED_MASTER_SECRET, |_| {});
    let mut hello = ServerHello {
        version: V12,
        random: [2; 32],
        session_id: &[],
        cipher_suite: CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        compression_method: 0,
        extensions: Extensions::from_bytes(&extensions),
    };
    change(&mut hello);
    let mut body = vec![];
    hello.write(&mut body);
    let mut client = Peer::new(offered, 1);
    client.flush(NOW);
    client.take(NOW, &message(HandshakeType::SERVER_HELLO, 0, &body));
    closed(&client)
}

#[test]
fn a_server_chooses_what_was_offered() {
    let after = |change: fn(&mut ServerHello<'_>)| client_after(one(Role::Client), change);
    assert_eq!(after(|_| {}), None);
    let unoffered = Some(PeerMisbehaved::SelectedUnoffered.into());
    for suite in [0xc009, 0x002f, 0x009c, 0x1301] {
        let chosen = client_after(one(Role::Client), |hello| hello.cipher_suite = CipherSuite(suite));
        assert_eq!(chosen, unoffered, "{suite:04x}");
    }
    assert_eq!(after(|hello| hello.compression_method = 1), unoffered);
    let version = Some(PeerIncompatible::Version.into());
    assert_eq!(after(|hello| hello.version = ProtocolVersion::DTLS1_0), version);
    assert_eq!(after(|hello| hello.version = ProtocolVersion(0x0303)), version);
    let unbound = Some(PeerIncompatible::ExtendedMasterSecret.into());
    assert_eq!(after(|hello| hello.extensions = Extensions::from_bytes(&[])), unbound);
    let mut lenient = one(Role::Client);
    lenient.require_extended_master_secret = false;
    assert_eq!(client_after(lenient, |hello| hello.extensions = Extensions::from_bytes(&[])), None);
}

/// Both marks of RFC 8446 §4.1.3 count: a server that knows 1.3 leaves the first when it chose 1.2, one that knows 1.2 the
/// second when it chose something older.
#[test]
fn rfc8446_4_1_3_either_mark_of_a_downgrade_is_noticed() {
    let marked = |offered: Config, mark: &[u8; 8]| {
        let mut random = [2; 32];
        random[24..].copy_from_slice(mark);
        client_after(offered, |hello| hello.random = random)
    };
    for mark in [b"DOWNGRD\x01", b"DOWNGRD\0"] {
        let both = config(provider(), Role::Client);
        assert_eq!(marked(both, mark), Some(PeerMisbehaved::Downgraded.into()));
    }
    assert_eq!(marked(config(provider(), Role::Client), b"DOWNGRD\x02"), None);
    // Who has not offered 1.3 was not led away from it.
    assert_eq!(marked(one(Role::Client), b"DOWNGRD\x01"), None);
}

/// The client's version is not settled by the first piece of a ServerHello either: of DTLS 1.2, in pieces of any size and
/// in any order, behind a cookie or not.
#[test]
fn a_split_server_hello_of_1_2_is_read_by_who_offers_both() {
    for most in [128, 150, 200, 600] {
        for (reversed, cookie) in [(false, false), (true, false), (false, true), (true, true)] {
            let mut old = one(Role::Server);
            (old.max_datagram, old.cookie_exchange) = (most, cookie);
            let (mut client, mut server) = pair(config(provider(), Role::Client), old);
            for _ in 0..6 {
                for (from, to) in [(0, 1), (1, 0)] {
                    let ends = [&mut client, &mut server];
                    let mut flight = ends[from].flush(NOW);
                    if reversed {
                        flight.reverse();
                    }
                    flight.iter().for_each(|datagram| ends[to].take(NOW, datagram));
                }
            }
            assert!(client.is_connected() && server.is_connected(), "{most} {reversed} {cookie}");
            assert_eq!(client.dtls.version(), Some(V12));
            let repeated = client.dtls.stats().retransmissions + server.dtls.stats().retransmissions;
            assert_eq!(repeated, 0, "{most} {reversed} {cookie}");
        }
    }
}

/// Once connected, nothing brings a second handshake about; whoever asks is told so, and nothing changes.
#[test]
fn rfc5746_4_renegotiation_is_signalled_and_never_done() {
    let (client, server) = (one(Role::Client), one(Role::Server));
    let hello = first_message(&Peer::new(one(Role::Client), 1).flush(NOW)).1;
    let info =
        |extensions: Extensions<'_>| extensions.get(ExtensionType::RENEGOTIATION_INFO).map(<[u8]>::to_vec);
    assert_eq!(info(ClientHello::parse(&hello).unwrap().extensions), Some(vec![0]));
    let (_, answer) = answer_to(&hello);
    let body = server_hello_in(&answer);
    assert_eq!(info(ServerHello::parse(&body).unwrap().extensions), Some(vec![0]));
    // In clear, from anyone: it is not even answered.
    let (mut client, mut server) = connected_pair(client, server);
    server.take(NOW, &message(HandshakeType::CLIENT_HELLO, 7, &hello));
    client.take(NOW, &message(HandshakeType::HELLO_REQUEST, 7, &[]));
    assert!(client.flush(NOW).is_empty() && server.flush(NOW).is_empty());
    let sealed = client.seal(b"as before");
    server.take(NOW, &sealed);
    assert_eq!(server.data, [b"as before"]);
    exchange(NOW, &mut client, &mut server);
}

/// A client signals by the suite that stands for it, too (RFC 5746 §3.3).
#[test]
fn rfc5746_3_6_the_suite_that_signals_is_answered() {
    let own = first_message(&Peer::new(one(Role::Client), 1).flush(NOW)).1;
    let own = ClientHello::parse(&own).unwrap();
    let mut extensions: Vec<u8> = vec![];
    for (kind, body) in own.extensions.iter().filter(|(kind, _)| *kind != ExtensionType::RENEGOTIATION_INFO) {
        Extensions::put(&mut extensions, kind, |out| out.put(body));
    }
    for (suites, answered) in [(&[0xc0, 0x2b][..], None), (&[0xc0, 0x2b, 0, 0xff], Some(&[0][..]))] {
        let mut body = vec![];
        ClientHello::new(own.random, suites, Extensions::from_bytes(&extensions)).write(&mut body);
        let (server, answer) = answer_to(&body);
        assert_eq!(closed(&server), None);
        let hello = server_hello_in(&answer);
        let hello = ServerHello::parse(&hello).unwrap();
        assert_eq!(hello.extensions.get(ExtensionType::RENEGOTIATION_INFO), answered);
    }
}
