//! Rules that a second reading of the RFCs found broken.

use siskin_stun::IntegrityKey;
use siskin_stun::long_term::{Client, Verdict};
use siskin_stun::wire::{
    AttributeType, Builder, Class, ErrorCode, Message, Method, NonceCookie, PasswordAlgorithm,
    SecurityFeatures, TransactionId,
};

const ID: TransactionId = TransactionId([3; 12]);

#[test]
fn rfc8489_14_6_a_shortened_sha256_proves_nothing() {
    let key = IntegrityKey::short_term(&siskin_crypto::rustcrypto(), "a password of some length");
    let mut whole = Vec::new();
    Builder::new(&mut whole, Class::Request, Method::BINDING, ID).integrity_sha256(&key).finish().unwrap();
    assert!(Message::parse(&whole).unwrap().verify(&key));
    for len in [16_u16, 20, 28] {
        // The header's length is part of what is signed, so that the whole tag is computed as if it were short.
        let mut short = whole[..20].to_vec();
        short[3] = 4 + len as u8;
        let tag = siskin_crypto::rustcrypto().hash(siskin_base::HashAlgorithm::Sha256);
        let tag = tag.hmac(b"a password of some length").sign(&[&short]);
        short.extend([0, 0x1c, 0, len as u8]);
        short.extend(&tag.as_ref()[..usize::from(len)]);
        let message = Message::parse(&short).expect("well-formed");
        assert!(!message.verify(&key), "{len} bytes");
    }
}

/// A 401 with that nonce and PASSWORD-ALGORITHMS.
fn challenge(class: Class, nonce: &[u8], algorithms: &[PasswordAlgorithm]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut builder = Builder::new(&mut out, class, Method::ALLOCATE, ID).realm("realm").nonce(nonce);
    if class == Class::Error {
        builder = builder.error(ErrorCode::UNAUTHENTICATED);
    }
    if !algorithms.is_empty() {
        builder = builder.password_algorithms(algorithms);
    }
    builder.finish().unwrap();
    out
}

#[test]
fn rfc8489_9_2_5_password_algorithms_are_answered_wherever_they_come() {
    let mut client = Client::new(siskin_crypto::rustcrypto(), "user", "pass");
    let bytes = challenge(Class::Error, b"no cookie", &[PasswordAlgorithm::SHA256]);
    assert_eq!(client.handle_response(&Message::parse(&bytes).unwrap()), Verdict::Retry);
    let mut request = Vec::new();
    client.authenticate(Builder::new(&mut request, Class::Request, Method::ALLOCATE, ID)).finish().unwrap();
    let request = Message::parse(&request).unwrap();
    assert!(request.has(AttributeType::PASSWORD_ALGORITHMS) && request.has_integrity_sha256());
}

#[test]
fn rfc8489_9_2_5_a_promise_of_algorithms_without_them_is_ignored_in_every_response() {
    let mut client = Client::new(siskin_crypto::rustcrypto(), "user", "pass");
    let mut nonce = Vec::new();
    NonceCookie { features: SecurityFeatures::PASSWORD_ALGORITHMS, rest: b"x" }.write(&mut nonce);
    for class in [Class::Success, Class::Error] {
        let bytes = challenge(class, &nonce, &[]);
        assert_eq!(client.handle_response(&Message::parse(&bytes).unwrap()), Verdict::Discard);
    }
}
