//! Properties of `siskin-dtls`.

use siskin_base::wire::Reader;
use siskin_base::{BaseId, Ecn, Instant, Packet, Path, Received, Rng};
use siskin_crypto::Certificate;
use siskin_dtls::handshake::{
    CertificateMessage, CertificateRequest, CertificateVerify, ClientHello, ClientKeyExchange, Fragment,
    HandshakeHeader, HandshakeType, HelloVerifyRequest, Inserted, Reassembly, ServerHello, ServerKeyExchange,
};
use siskin_dtls::{Config, Connection, Event, RecordHeader, Role};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// The input is a list of datagrams, each behind its length in 16 bits, that a stranger sends. A client and a server
/// believe none of it: neither is ever connected, hands out data, sends more than a few flights, or spins.
pub fn dtls_record(input: &[u8]) {
    if let Ok(header) = RecordHeader::parse(&mut Reader::new(input)) {
        assert_eq!(header.to_bytes(), input[..RecordHeader::LEN]);
    }
    for role in [Role::Client, Role::Server] {
        stranger(role, input);
    }
}

fn stranger(role: Role, input: &[u8]) {
    static CERTIFICATE: LazyLock<Arc<Certificate>> = LazyLock::new(|| {
        let unix = Duration::from_secs(1_795_305_600);
        let made = Certificate::generate(&siskin_crypto::rustcrypto(), &mut Rng::for_tests(1), unix);
        Arc::new(made.expect("the provider can"))
    });
    let path = Path::udp(BaseId(0), ([192, 0, 2, 1], 5000).into());
    let config = Config::new(siskin_crypto::rustcrypto(), CERTIFICATE.clone(), role, path);
    let mut now = Instant::from_millis(1);
    let mut dtls = Connection::new(config, Rng::for_tests(2), now).expect("the configuration is sound");
    let (mut datagrams, mut rest, mut packet) = (0, Reader::new(input), Packet::new());
    let mut sent = 0;
    let mut ended = false;
    while !rest.is_empty() && datagrams < 64 {
        let datagram = rest.vec16().unwrap_or_else(|_| rest.rest());
        dtls.handle_datagram(
            now,
            Received { path, arrived: now, ecn: Ecn::NotEct, datagram: &mut datagram.to_vec() },
        );
        datagrams += 1;
        while let Some(event) = dtls.poll_event() {
            assert!(matches!(event, Event::Closed(_) | Event::PeerClosed), "{event:?}");
            assert!(!ended, "something after the end");
            ended = true;
        }
        while dtls.poll_transmit(now, &mut packet).is_some() {
            sent += packet.len();
            packet.clear();
        }
        now += Duration::from_millis(100);
        if dtls.poll_timeout().is_some_and(|due| due <= now) {
            dtls.handle_timeout(now);
        }
    }
    assert!(sent <= (datagrams + 1) * 2 * 1200, "{sent} bytes for {datagrams} datagrams");
}

/// The first byte is a handshake type, the rest a body: what can be read is written back and read again the same.
pub fn dtls_handshake(input: &[u8]) {
    macro_rules! same {
        ($body:expr, $message:ident) => {
            if let Ok(first) = $message::parse($body) {
                let mut bytes = Vec::new();
                first.write(&mut bytes);
                assert_eq!($message::parse(&bytes), Ok(first));
            }
        };
    }
    let Some((kind, body)) = input.split_first() else { return };
    match HandshakeType(*kind) {
        HandshakeType::CLIENT_HELLO => same!(body, ClientHello),
        HandshakeType::SERVER_HELLO => same!(body, ServerHello),
        HandshakeType::HELLO_VERIFY_REQUEST => same!(body, HelloVerifyRequest),
        HandshakeType::CERTIFICATE => same!(body, CertificateMessage),
        HandshakeType::SERVER_KEY_EXCHANGE => same!(body, ServerKeyExchange),
        HandshakeType::CERTIFICATE_REQUEST => same!(body, CertificateRequest),
        HandshakeType::CERTIFICATE_VERIFY => same!(body, CertificateVerify),
        HandshakeType::CLIENT_KEY_EXCHANGE => same!(body, ClientKeyExchange),
        _ => {}
    }
}

/// The input is a list of fragments, four bytes each, of messages whose bytes are known: whatever their order, what comes
/// out is those messages, whole and in order. A fragment may lie about its message's length; then it must not come out.
pub fn dtls_reassembly(input: &[u8]) {
    const LIMIT: usize = 2000;
    let length = |sequence: u16| 40 + usize::from(sequence) * 7 % 400;
    let truth = |sequence: u16| -> Vec<u8> {
        (0..length(sequence)).map(|i| (i * 31) as u8 ^ sequence as u8).collect()
    };
    let mut reassembly = Reassembly::new(LIMIT, 2 * LIMIT);
    let mut expected = 0;
    for op in input.chunks_exact(4) {
        let sequence = expected + u16::from(op[0] % 12);
        let lie = op[0] >= 0xf0;
        let mut body = truth(sequence);
        if lie {
            body.resize(body.len() + 1 + usize::from(op[3]), 0xee);
        }
        let start = usize::from(op[1]) * 2 % body.len();
        let end = (start + usize::from(op[2]) * 2).min(if lie { body.len() - 1 } else { body.len() });
        let piece = body.get(start..end).unwrap_or_default();
        let header = HandshakeHeader {
            kind: HandshakeType::CLIENT_HELLO,
            length: body.len() as u32,
            sequence,
            fragment_offset: start as u32,
            fragment_length: piece.len() as u32,
        };
        let outcome = reassembly.insert(0, &Fragment { header, body: piece });
        assert_ne!(outcome, Inserted::Old, "only messages to come were sent");
        while let Some(message) = reassembly.next() {
            assert_eq!((message.sequence, message.body()), (expected, &truth(expected)[..]));
            expected += 1;
        }
    }
}
