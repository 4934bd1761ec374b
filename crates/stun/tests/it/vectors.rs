//! RFC 5769, all four messages, and appendix B of RFC 8489.

use crate::hex;
use siskin_stun::IntegrityKey;
use siskin_stun::long_term::userhash;
use siskin_stun::wire::{AttributeType, Builder, Class, Message, Method, ParseError, PasswordAlgorithm};

const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";
const MATRIX: &str = "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}";

fn short_term() -> IntegrityKey {
    IntegrityKey::short_term(&siskin_crypto::rustcrypto(), PASSWORD)
}

/// Every damaged bit must be noticed, by FINGERPRINT or by integrity; only the header of FINGERPRINT itself is unguarded.
fn assert_guarded(bytes: &[u8], key: &IntegrityKey) {
    let unguarded =
        if Message::parse(bytes).unwrap().has_fingerprint() { bytes.len() - 8 } else { bytes.len() };
    for bit in (0..bytes.len() * 8).filter(|bit| !(unguarded..unguarded + 4).contains(&(bit / 8))) {
        let mut damaged = bytes.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(!Message::parse(&damaged).is_ok_and(|message| message.verify(key)), "bit {bit}");
    }
}

#[test]
fn rfc5769_2_1_request() {
    let bytes = hex(include_str!("../vectors/rfc5769/request.hex"));
    let message = Message::parse(&bytes).unwrap();
    assert_eq!((message.class(), message.method()), (Class::Request, Method::BINDING));
    assert_eq!(format!("{:?}", message.transaction_id()), "b7e7a701bc34d686fa87dfae");
    assert_eq!(message.software(), Some("STUN test client"));
    assert_eq!(message.username(), Some("evtj:h6vY"));
    assert_eq!(message.priority(), Some(0x6e00_01ff));
    assert_eq!(message.ice_controlled(), Some(0x932f_f9b1_5126_3b36));
    assert!(message.has_fingerprint());
    assert!(message.verify(&short_term()));
    assert_guarded(&bytes, &short_term());
    assert!(!message.verify(&IntegrityKey::short_term(&siskin_crypto::rustcrypto(), "other")));
}

#[test]
fn rfc5769_2_2_ipv4_response() {
    let bytes = hex(include_str!("../vectors/rfc5769/ipv4_response.hex"));
    let message = Message::parse(&bytes).unwrap();
    assert_eq!((message.class(), message.method()), (Class::Success, Method::BINDING));
    assert_eq!(message.software(), Some("test vector"));
    assert_eq!(message.xor_mapped_address(), Some("192.0.2.1:32853".parse().unwrap()));
    assert!(message.has_fingerprint() && message.verify(&short_term()));
    assert_guarded(&bytes, &short_term());
}

#[test]
fn rfc5769_2_3_ipv6_response() {
    let bytes = hex(include_str!("../vectors/rfc5769/ipv6_response.hex"));
    let message = Message::parse(&bytes).unwrap();
    let address = "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap();
    assert_eq!(message.xor_mapped_address(), Some(address));
    assert!(message.has_fingerprint() && message.verify(&short_term()));
    assert_guarded(&bytes, &short_term());
}

#[test]
fn rfc5769_2_4_long_term_request() {
    let bytes = hex(include_str!("../vectors/rfc5769/long_term_request.hex"));
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.username(), Some(MATRIX));
    assert_eq!(message.realm(), Some("example.org"));
    assert_eq!(message.nonce(), Some(&b"f//499k954d6OL34oL9FSTvy64sA"[..]));
    assert!(!message.has_fingerprint());
    let provider = siskin_crypto::rustcrypto();
    let md5 = PasswordAlgorithm::MD5;
    let key = IntegrityKey::long_term(&provider, MATRIX, "example.org", "TheMatrIX", md5).unwrap();
    assert!(message.verify(&key));
    assert_guarded(&bytes, &key);
    // Zeros pad this one, so that it can be written again byte for byte.
    let mut out = Vec::new();
    Builder::new(&mut out, Class::Request, Method::BINDING, message.transaction_id())
        .username(MATRIX)
        .nonce(b"f//499k954d6OL34oL9FSTvy64sA")
        .realm("example.org")
        .integrity(&key)
        .finish()
        .unwrap();
    assert_eq!(out, bytes);
}

#[test]
fn rfc8489_b_1_request_with_sha256_and_userhash() {
    let bytes = hex(include_str!("../vectors/rfc8489/appendix_b_erratum_6268.hex"));
    let message = Message::parse(&bytes).unwrap();
    let provider = siskin_crypto::rustcrypto();
    assert_eq!(message.userhash(), Some(&userhash(&provider, MATRIX, "example.org")));
    assert_eq!(message.realm(), Some("example.org"));
    assert_eq!(message.nonce(), Some(&b"obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"[..]));
    assert_eq!(message.password_algorithm(), Some(PasswordAlgorithm::SHA256));
    let sha256 = PasswordAlgorithm::SHA256;
    let key = IntegrityKey::long_term(&provider, MATRIX, "example.org", "TheMatrIX", sha256).unwrap();
    assert!(message.has_integrity_sha256() && message.verify(&key));
    assert_guarded(&bytes, &key);
    let mut out = Vec::new();
    Builder::new(&mut out, Class::Request, Method::BINDING, message.transaction_id())
        .userhash(message.userhash().unwrap())
        .nonce(message.nonce().unwrap())
        .realm("example.org")
        .password_algorithm(sha256)
        .integrity_sha256(&key)
        .finish()
        .unwrap();
    assert_eq!(out, bytes);
}

#[test]
fn rfc8489_14_5_what_follows_integrity_is_not_heeded() {
    let key = short_term();
    let mut out = Vec::new();
    Builder::new(&mut out, Class::Request, Method::BINDING, siskin_stun::wire::TransactionId([1; 12]))
        .priority(1)
        .integrity(&key)
        .use_candidate()
        .attribute(AttributeType::DATA, b"x")
        .fingerprint()
        .finish()
        .unwrap();
    let message = Message::parse(&out).unwrap();
    assert!(message.verify(&key));
    assert_eq!(message.priority(), Some(1));
    assert!(!message.use_candidate());
    assert_eq!(message.attributes().count(), 1);
    assert_eq!(message.all_attributes().count(), 5);
    assert_eq!(message.unknown_required(&[]).collect::<Vec<_>>(), [AttributeType::PRIORITY]);
}

#[test]
fn rfc8489_14_7_fingerprint_is_the_last() {
    let mut out = Vec::new();
    let id = siskin_stun::wire::TransactionId([1; 12]);
    let builder = Builder::new(&mut out, Class::Indication, Method::BINDING, id).fingerprint();
    builder.software("x").finish().unwrap();
    assert_eq!(Message::parse(&out), Err(ParseError::FingerprintNotLast));
}

#[test]
fn bad_bytes_are_named() {
    let good = hex(include_str!("../vectors/rfc5769/request.hex"));
    for len in 0..good.len() {
        let expected = if len < 20 { ParseError::NotStun } else { ParseError::WrongLength };
        assert_eq!(Message::parse(&good[..len]), Err(expected));
    }
    let mut long = good.clone();
    long.extend([0; 4]);
    assert_eq!(Message::parse(&long), Err(ParseError::WrongLength));
    let mut wrong = good.clone();
    wrong[23] = 0xff;
    assert_eq!(Message::parse(&wrong), Err(ParseError::TruncatedAttribute));
    let mut wrong = good;
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(Message::parse(&wrong), Err(ParseError::WrongFingerprint));
}
