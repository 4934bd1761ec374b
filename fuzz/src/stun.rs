//! STUN messages: what is read can be written again, and is guarded.

use siskin_stun::IntegrityKey;
use siskin_stun::wire::{Attribute, Builder, Message, NonceCookie, is_stun};

/// A message that parses can be written again from its attributes; signed and fingerprinted, it verifies, and one flipped
/// bit is noticed.
pub fn stun_message(input: &[u8]) {
    let Ok(message) = Message::parse(input) else { return };
    assert!(is_stun(input));
    let key = IntegrityKey::short_term(&siskin_crypto::rustcrypto(), "VOkJxbRl1RmTxUk/WvJxBt");
    let attributes: Vec<Attribute<'_>> = message.attributes().collect();
    let mut out = Vec::new();
    let mut builder = Builder::new(&mut out, message.class(), message.method(), message.transaction_id());
    for attribute in &attributes {
        builder = builder.attribute(attribute.kind, attribute.value);
    }
    // What came close to the greatest length may have no room for a signature.
    let Some(len) = builder.integrity(&key).fingerprint().finish() else {
        return assert!(input.len() > 65_000);
    };
    assert_eq!(len, out.len());
    let again = Message::parse(&out).expect("what the builder wrote");
    assert_eq!((again.class(), again.method()), (message.class(), message.method()));
    assert!(again.attributes().eq(attributes.iter().copied()));
    assert!(again.verify(&key) && again.has_fingerprint());
    assert_eq!(again.xor_mapped_address(), message.xor_mapped_address());
    assert_eq!(again.error(), message.error());

    let bit = usize::from(input[19]) * 8 % ((out.len() - 8) * 8);
    out[bit / 8] ^= 1 << (input[18] % 8);
    assert!(!Message::parse(&out).is_ok_and(|damaged| damaged.verify(&key)));

    if let Some(cookie) = message.nonce().and_then(NonceCookie::parse) {
        let mut nonce = Vec::new();
        cookie.write(&mut nonce);
        assert_eq!(Some(&nonce[..]), message.nonce());
    }
    if let Some(username) = message.username() {
        let local = username.split_once(':').map(|(local, _)| local);
        assert_eq!(siskin_ice::local_ufrag_of(input), local);
    }
}
