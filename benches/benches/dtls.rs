//! `siskin-dtls`: what a record and a handshake cost, with each provider, beside the bare AEAD of the fastest library.

use core::time::Duration;
use siskin_base::{BaseId, Ecn, HashAlgorithm, Instant, Packet, Path, Received, Rng};
use siskin_benches::{Bench, Contest};
use siskin_crypto::{Certificate, Provider};
use siskin_dtls::{CipherSuite, Config, Connection, Event, Role};
use std::hint::black_box;
use std::sync::Arc;

const NOW: Instant = Instant::ZERO;
const SIZES: [usize; 2] = [100, 1200];
const SUITES: [(&str, CipherSuite); 3] = [
    ("aes128gcm", CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ("aes256gcm", CipherSuite::ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ("chacha20poly1305", CipherSuite::ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
];

fn providers() -> [(&'static str, Provider); 2] {
    [("ring", siskin_crypto::ring()), ("rustcrypto", siskin_crypto::rustcrypto())]
}

fn path() -> Path {
    Path::udp(BaseId(0), ([192, 0, 2, 1], 5000).into())
}

fn received(datagram: &mut [u8]) -> Received<'_> {
    Received { path: path(), arrived: NOW, ecn: Ecn::NotEct, datagram }
}

struct Ends {
    provider: Provider,
    certificate: Arc<Certificate>,
}

impl Ends {
    fn new(provider: Provider) -> Self {
        let unix = Duration::from_secs(1_795_305_600);
        let certificate = Certificate::generate(&provider, &mut Rng::for_tests(1), unix);
        Self { provider, certificate: Arc::new(certificate.expect("the provider can")) }
    }

    fn connect(&self, suite: CipherSuite) -> (Connection, Connection) {
        let fingerprint = self.certificate.fingerprint(&self.provider, HashAlgorithm::Sha256);
        let [mut client, mut server] = [Role::Client, Role::Server].map(|role| {
            let mut config = Config::new(self.provider, self.certificate.clone(), role, path());
            config.cipher_suites = vec![suite];
            let mut dtls = Connection::new(config, Rng::for_tests(2), NOW).expect("a sound configuration");
            dtls.set_remote_fingerprints(NOW, std::slice::from_ref(&fingerprint)).expect("SHA-256");
            dtls
        });
        let mut packet = Packet::new();
        for turn in 0..4 {
            let (from, to) =
                if turn % 2 == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
            while from.poll_transmit(NOW, &mut packet).is_some() {
                let mut datagram = packet.as_bytes().to_vec();
                packet.clear();
                to.handle_datagram(NOW, received(&mut datagram));
            }
        }
        assert!(client.is_connected() && server.is_connected());
        while client.poll_event().is_some() || server.poll_event().is_some() {}
        (client, server)
    }
}

fn seal(dtls: &mut Connection, packet: &mut Packet, payload: &[u8]) {
    packet.clear();
    packet.begin(dtls.head_room());
    packet.append(payload);
    dtls.seal(packet).expect("connected");
    packet.finish();
}

/// A connection of each provider.
fn connected(suite: CipherSuite) -> [(&'static str, (Connection, Connection)); 2] {
    providers().map(|(name, provider)| (name, Ends::new(provider).connect(suite)))
}

fn records(bench: &mut Bench) {
    for size in SIZES {
        let payload = &vec![7; size];
        for (suite_name, suite) in SUITES {
            let mut contest = Contest::of_bytes(format!("dtls/seal/{suite_name}"), size);
            for (name, (mut client, _)) in connected(suite) {
                let mut packet = Packet::new();
                contest = contest.row(name, move || seal(&mut client, &mut packet, payload));
            }
            bench.race(limit(contest, suite, size));
            // A record can be opened once only: what is timed is sealing and opening one.
            let mut contest = Contest::of_bytes(format!("dtls/seal_and_open/{suite_name}"), size);
            for (name, (mut client, mut server)) in connected(suite) {
                let mut packet = Packet::new();
                let mut datagram = Vec::new();
                contest = contest.row(name, move || {
                    seal(&mut client, &mut packet, payload);
                    datagram.clear();
                    datagram.extend_from_slice(packet.as_bytes());
                    server.handle_datagram(NOW, received(&mut datagram));
                    assert!(matches!(server.poll_event(), Some(Event::ApplicationData(_))));
                });
            }
            bench.race(contest);
        }
    }
}

/// The same bytes through the bare AEAD of `ring`.
fn limit(contest: Contest<'_>, suite: CipherSuite, size: usize) -> Contest<'_> {
    let provider = siskin_crypto::ring();
    let key = match suite {
        CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => provider.aes128gcm.key(&[1; 16]),
        CipherSuite::ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => provider.aes256gcm.key(&[1; 32]),
        _ => provider.chacha20poly1305.key(&[1; 32]),
    };
    let key = key.expect("of its length");
    let mut bytes = vec![7; size];
    let mut number = 0u64;
    contest.row("limit", move || {
        number += 1;
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&number.to_be_bytes());
        key.seal(&nonce, &[0; 13], &mut bytes).expect("short")
    })
}

fn handshakes(bench: &mut Bench) {
    let mut contest = Contest::new("dtls/handshake");
    for (name, provider) in providers() {
        let ends = Ends::new(provider);
        contest = contest.row(name, move || ends.connect(SUITES[0].1));
    }
    bench.race(contest);
}

fn primitives(bench: &mut Bench) {
    let mut exchanges = Contest::new("crypto/key_exchange");
    let mut signatures = Contest::new("crypto/sign/p256");
    let mut verifications = Contest::new("crypto/verify/p256");
    for (name, provider) in providers() {
        for exchange in provider.key_exchanges {
            let mut rng = Rng::for_tests(3);
            exchanges = exchanges.row(format!("{:?}-{name}", exchange.group()), move || {
                let ours = exchange.start(&mut rng).expect("random bytes");
                let (share, _) = exchange.respond(&mut rng, ours.share()).expect("a good share");
                ours.finish(&share).expect("a good share")
            });
        }
        let ends = Ends::new(provider);
        let certificate = ends.certificate.clone();
        let mut rng = Rng::for_tests(3);
        let signature = certificate.key().sign(&mut rng, b"message").expect("signs");
        signatures = signatures.row(name, move || certificate.key().sign(&mut rng, b"message"));
        verifications = verifications.row(name, move || {
            let key = ends.certificate.key();
            provider.verify(key.public_key(), key.scheme(), b"message", &signature).expect("verifies");
        });
    }
    [exchanges, signatures, verifications].map(|contest| bench.race(contest));
}

siskin_benches::main!(records, handshakes, primitives);
