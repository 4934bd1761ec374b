//! `siskin-dtls`: what a record and a handshake cost, with each provider, beside other people's stacks and the bare primitives.

use core::time::Duration;
use siskin_base::{BaseId, Ecn, HashAlgorithm, Instant, Packet, Path, Received, Rng};
use siskin_benches::counted::{Work, noted};
use siskin_benches::libraries::{AwsLc, Ring};
use siskin_benches::{Bench, Contest, Prepared};
use siskin_crypto::{AeadAlgorithm, AeadKey, Certificate, MaskKey, NamedGroup, Nonce, Provider};
use siskin_dtls::{CipherSuite, Config, Connection, Event, Role};
use std::sync::Arc;

const NOW: Instant = Instant::ZERO;
const SIZES: [usize; 3] = [64, 1200, 16_384];
const SUITES: [(&str, CipherSuite, AeadAlgorithm); 6] = [
    ("v12-aes128gcm", CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, AeadAlgorithm::Aes128Gcm),
    ("v12-aes256gcm", CipherSuite::ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, AeadAlgorithm::Aes256Gcm),
    (
        "v12-chacha20poly1305",
        CipherSuite::ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        AeadAlgorithm::ChaCha20Poly1305,
    ),
    ("v13-aes128gcm", CipherSuite::AES_128_GCM_SHA256, AeadAlgorithm::Aes128Gcm),
    ("v13-aes256gcm", CipherSuite::AES_256_GCM_SHA384, AeadAlgorithm::Aes256Gcm),
    ("v13-chacha20poly1305", CipherSuite::CHACHA20_POLY1305_SHA256, AeadAlgorithm::ChaCha20Poly1305),
];
/// What is agreed on in a handshake.
const KINDS: [(&str, CipherSuite, NamedGroup); 3] = [
    ("v12", CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, NamedGroup::X25519),
    ("v13", CipherSuite::AES_128_GCM_SHA256, NamedGroup::X25519),
    ("v13-pq", CipherSuite::AES_128_GCM_SHA256, NamedGroup::X25519MLKEM768),
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

fn certificate(provider: &Provider) -> Arc<Certificate> {
    let unix = Duration::from_secs(1_795_305_600);
    let certificate = Certificate::generate(provider, &mut Rng::for_tests(1), unix);
    Arc::new(certificate.expect("the provider can"))
}

#[derive(Clone)]
struct Ends {
    provider: Provider,
    certificate: Arc<Certificate>,
    suite: CipherSuite,
    group: NamedGroup,
}

impl Ends {
    fn new(provider: Provider, suite: CipherSuite, group: NamedGroup) -> Self {
        Self { provider, certificate: certificate(&provider), suite, group }
    }

    /// A client and a server that have done their handshake.
    fn connect(&self) -> (Connection, Connection) {
        let fingerprint = self.certificate.fingerprint(&self.provider, HashAlgorithm::Sha256);
        let [mut client, mut server] = [Role::Client, Role::Server].map(|role| {
            let mut config = Config::new(self.provider, self.certificate.clone(), role, path());
            config.cipher_suites = vec![self.suite];
            config.groups = vec![self.group, NamedGroup::SECP256R1];
            let mut dtls = Connection::new(config, Rng::for_tests(2), NOW).expect("a sound configuration");
            dtls.set_remote_fingerprints(NOW, std::slice::from_ref(&fingerprint)).expect("SHA-256");
            dtls
        });
        let mut packet = Packet::new();
        for turn in 0..6 {
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

/// A payload that is where it will be encrypted.
fn put(dtls: &Connection, packet: &mut Packet, payload: &[u8]) {
    packet.clear();
    packet.begin(dtls.head_room());
    packet.append(payload);
}

fn records(bench: &mut Bench) {
    for size in SIZES {
        let payload = &vec![7; size];
        for (name, suite, aead) in SUITES {
            let is_v13 = name.starts_with("v13");
            let mut sealing = Contest::of_bytes(format!("dtls/record/seal/{name}"), size);
            let mut opening = Contest::of_bytes(format!("dtls/record/open/{name}"), size);
            for (provider_name, provider) in providers() {
                let ends = Ends::new(provider, suite, NamedGroup::X25519);
                let (pair, again) = (ends.connect(), ends.clone());
                let seal =
                    Seal { pair, ends: again, payload, ready: vec![], at: 0, left: RECORDS_WITH_A_KEY };
                sealing = sealing.prepared(provider_name, seal);
                let pair = ends.connect();
                let open = Open { pair, ends, payload, ready: vec![], at: 0, left: RECORDS_WITH_A_KEY };
                opening = opening.prepared(provider_name, open);
            }
            #[cfg(any(feature = "dtls-stacks", feature = "dtls-openssl"))]
            if aead == AeadAlgorithm::Aes128Gcm {
                (sealing, opening) = stacks::records(sealing, opening, is_v13, payload);
            }
            let secret = &[1; 32][..aead.key_len()];
            let ours = || siskin_crypto::ring().aead(aead).key(secret).expect("of its length");
            let ring = || Box::new(Ring::new(aead, secret).expect("of its length"));
            let aws_lc = || Box::new(AwsLc::new(aead, secret).expect("of its length"));
            let seal = |key| BareSeal(Bare::new(key, aead, is_v13, size));
            let open = |key| BareOpen(Bare::new(key, aead, is_v13, size));
            let sealing =
                sealing.prepared("ring itself", seal(ring())).prepared("AWS-LC itself", seal(aws_lc()));
            let opening =
                opening.prepared("ring itself", open(ring())).prepared("AWS-LC itself", open(aws_lc()));
            bench.race(sealing.prepared("limit", seal(ours())));
            bench.race(opening.prepared("limit", open(ours())));
        }
    }
}

/// Fewer than the limits of any AEAD.
const RECORDS_WITH_A_KEY: u32 = 10_000_000;

/// The layers above have put the payload into the packet.
struct Seal<'a> {
    ends: Ends,
    pair: (Connection, Connection),
    payload: &'a [u8],
    ready: Vec<Packet>,
    at: usize,
    left: u32,
}

impl Prepared for Seal<'_> {
    fn prepare(&mut self, count: u32) {
        if self.left < count {
            (self.pair, self.left) = (self.ends.connect(), RECORDS_WITH_A_KEY);
        }
        self.left -= count;
        self.at = 0;
        self.ready.resize_with(count as usize, Packet::new);
        for packet in &mut self.ready {
            put(&self.pair.0, packet, self.payload);
            packet.buffer().reserve(self.pair.0.tail_room());
        }
    }

    fn run(&mut self) {
        let packet = &mut self.ready[self.at];
        self.at += 1;
        self.pair.0.seal(packet).expect("connected");
        packet.finish();
    }
}

/// A record can be opened once only.
struct Open<'a> {
    ends: Ends,
    pair: (Connection, Connection),
    payload: &'a [u8],
    ready: Vec<Vec<u8>>,
    at: usize,
    left: u32,
}

impl Prepared for Open<'_> {
    fn prepare(&mut self, count: u32) {
        if self.left < count {
            (self.pair, self.left) = (self.ends.connect(), RECORDS_WITH_A_KEY);
        }
        self.left -= count;
        self.at = 0;
        self.ready.resize(count as usize, vec![]);
        let mut packet = Packet::new();
        for datagram in &mut self.ready {
            put(&self.pair.0, &mut packet, self.payload);
            self.pair.0.seal(&mut packet).expect("connected");
            packet.finish();
            datagram.clear();
            datagram.extend_from_slice(packet.as_bytes());
        }
    }

    fn run(&mut self) {
        let datagram = &mut self.ready[self.at];
        self.at += 1;
        let server = &mut self.pair.1;
        server.handle_datagram(NOW, received(datagram));
        assert!(matches!(server.poll_event(), Some(Event::ApplicationData(_))));
    }
}

/// The same bytes through the bare AEAD, and in 1.3 the mask of the record number.
struct Bare {
    key: Box<dyn AeadKey>,
    mask: Option<Box<dyn MaskKey>>,
    number: u64,
    ready: Vec<(Nonce, Vec<u8>)>,
    at: usize,
    size: usize,
}

impl Bare {
    fn new(key: Box<dyn AeadKey>, aead: AeadAlgorithm, is_v13: bool, size: usize) -> Self {
        let mask_key = || siskin_crypto::ring().aead(aead).mask_key(&[1; 32][..aead.key_len()]);
        let mask = is_v13.then(|| mask_key().expect("of its length"));
        // In 1.3 the content type is encrypted as well.
        Self { key, mask, number: 0, ready: vec![], at: 0, size: size + usize::from(is_v13) }
    }

    fn additional_data(&self) -> &'static [u8] {
        if self.mask.is_some() { &[0; 5] } else { &[0; 13] }
    }

    fn prepare(&mut self, count: u32) {
        self.at = 0;
        self.ready.resize(count as usize, Default::default());
        for (nonce, bytes) in &mut self.ready {
            self.number += 1;
            nonce[4..].copy_from_slice(&self.number.to_be_bytes());
            bytes.clear();
            bytes.resize(self.size, 7);
            bytes.resize(self.size + 16, 0);
        }
    }

    fn seal(&mut self) {
        let aad = self.additional_data();
        let (nonce, bytes) = &mut self.ready[self.at];
        self.at += 1;
        self.key.seal_with_tag(nonce, aad, bytes).expect("short");
        if let Some(mask) = &self.mask {
            hide(nonce, mask.mask(bytes.first_chunk().expect("16 bytes")));
        }
    }

    /// The number of a record is hidden by its mask, and the nonce is made from the number.
    fn open(&mut self) {
        let aad = self.additional_data();
        let (nonce, bytes) = &mut self.ready[self.at];
        self.at += 1;
        let mut nonce = *nonce;
        if let Some(mask) = &self.mask {
            hide(&mut nonce, mask.mask(bytes.first_chunk().expect("16 bytes")));
        }
        self.key.open_with_tag(&nonce, aad, bytes).expect("its own");
    }
}

/// In one piece: who reads a word would have to wait for a byte that was just written.
fn hide(nonce: &mut Nonce, mask: [u8; 2]) {
    let end = nonce.last_chunk_mut::<4>().expect("longer");
    *end = (u32::from_be_bytes(*end) ^ u32::from(u16::from_be_bytes(mask))).to_be_bytes();
}

struct BareSeal(Bare);

impl Prepared for BareSeal {
    fn prepare(&mut self, count: u32) {
        self.0.prepare(count);
    }

    fn run(&mut self) {
        self.0.seal();
    }
}

struct BareOpen(Bare);

impl Prepared for BareOpen {
    fn prepare(&mut self, count: u32) {
        self.0.prepare(count);
        (0..count).for_each(|_| self.0.seal());
        self.0.at = 0;
    }

    fn run(&mut self) {
        self.0.open();
    }
}

fn handshakes(bench: &mut Bench) {
    for (name, suite, group) in KINDS {
        let mut contest = Contest::new(format!("dtls/handshake/{name}"));
        for (name, provider) in providers() {
            let ends = Ends::new(provider, suite, group);
            contest = contest.row(name, move || ends.connect());
        }
        #[cfg(any(feature = "dtls-stacks", feature = "dtls-openssl"))]
        {
            contest = stacks::handshakes(contest, name, group);
        }
        let provider = siskin_crypto::ring();
        let ends = Ends::new(noted(provider), suite, group);
        let mut work = Work::of(provider, || drop(ends.connect()));
        println!("dtls/handshake/{name}/limit, both ends: {work}");
        bench.race(contest.row("limit", move || work.run()));
    }
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
        let certificate = certificate(&provider);
        let mut rng = Rng::for_tests(3);
        let signature = certificate.key().sign(&mut rng, b"message").expect("signs");
        let key = certificate.clone();
        signatures = signatures.row(name, move || key.key().sign(&mut rng, b"message"));
        verifications = verifications.row(name, move || {
            let (key, scheme) = (certificate.public_key(), certificate.key().scheme());
            provider.verify(key, scheme, b"message", &signature).expect("verifies");
        });
    }
    for contest in [exchanges, signatures, verifications] {
        bench.race(contest);
    }
}

#[cfg(any(feature = "dtls-stacks", feature = "dtls-openssl"))]
mod stacks {
    //! The others. BoringSSL and OpenSSL choose AES-128-GCM, and so does dimpl.

    use super::certificate;
    #[cfg(feature = "dtls-openssl")]
    use siskin_benches::dtls_peers::OpenSsl;
    use siskin_benches::dtls_peers::Stack;
    #[cfg(feature = "dtls-stacks")]
    use siskin_benches::dtls_peers::{BoringSsl, DimplAwsLc, RtcDtls};
    use siskin_benches::{Contest, Prepared};
    use siskin_crypto::NamedGroup;

    pub(super) fn handshakes<'a>(contest: Contest<'a>, kind: &str, group: NamedGroup) -> Contest<'a> {
        let (certificate, v13) = (certificate(&siskin_crypto::ring()), kind != "v12");
        let mut contest = contest;
        #[cfg(feature = "dtls-stacks")]
        {
            let boring = BoringSsl::new(&certificate, v13, group);
            contest = contest.row("boringssl", move || boring.connect());
            if group == NamedGroup::X25519 {
                let dimpl = DimplAwsLc::new(certificate.clone(), v13);
                contest = contest.row("dimpl", move || dimpl.connect());
            }
            if !v13 {
                let rtc = RtcDtls::new();
                contest = contest.row("rtc-dtls", move || rtc.connect());
            }
        }
        #[cfg(feature = "dtls-openssl")]
        if !v13 && group == NamedGroup::X25519 {
            let openssl = OpenSsl::new(&certificate);
            contest = contest.row("openssl", move || openssl.connect());
        }
        contest
    }

    pub(super) fn records<'a>(
        sealing: Contest<'a>,
        opening: Contest<'a>,
        v13: bool,
        payload: &'a [u8],
    ) -> (Contest<'a>, Contest<'a>) {
        let certificate = certificate(&siskin_crypto::ring());
        let mut contests = (sealing, opening);
        #[cfg(feature = "dtls-stacks")]
        {
            let boring = BoringSsl::new(&certificate, v13, NamedGroup::X25519);
            contests = add(contests, "boringssl", &boring, payload);
            contests = add(contests, "dimpl", &DimplAwsLc::new(certificate.clone(), v13), payload);
            if !v13 {
                contests = add(contests, "rtc-dtls", &RtcDtls::new(), payload);
            }
        }
        #[cfg(feature = "dtls-openssl")]
        if !v13 {
            contests = add(contests, "openssl", &OpenSsl::new(&certificate), payload);
        }
        contests
    }

    fn add<'a, S: Stack<End: 'a> + 'a>(
        (sealing, opening): (Contest<'a>, Contest<'a>),
        name: &str,
        stack: &S,
        payload: &'a [u8],
    ) -> (Contest<'a>, Contest<'a>) {
        let [mut client, _] = stack.connect();
        let sealing = sealing.row(name, move || S::seal(&mut client, payload));
        let buffer = vec![0; payload.len() + 256];
        let open = Open::<S> { ends: stack.connect(), payload, ready: vec![], buffer };
        (sealing, opening.prepared(name, open))
    }

    struct Open<'a, S: Stack> {
        ends: [S::End; 2],
        payload: &'a [u8],
        ready: Vec<Vec<u8>>,
        buffer: Vec<u8>,
    }

    impl<S: Stack> Prepared for Open<'_, S> {
        fn prepare(&mut self, count: u32) {
            self.ready = (0..count).map(|_| S::seal(&mut self.ends[0], self.payload)).collect();
            self.ready.reverse();
        }

        fn run(&mut self) {
            let datagram = self.ready.pop().expect("prepared");
            assert_eq!(S::open(&mut self.ends[1], datagram, &mut self.buffer), self.payload.len());
        }
    }
}

siskin_benches::main!(records, handshakes, primitives);
