//! What Chromium 156 and Firefox ESR 153 put on the wire: captured messages with the passwords that signed them.
//!
//! Each file starts with `# request, 104 bytes, password …`. The captures were made on a machine without users.

use crate::hex;
use siskin_stun::IntegrityKey;
use siskin_stun::wire::{AttributeType, Builder, Class, Message, Method};
use std::path::Path;

#[test]
fn messages_verify_and_are_written_again_byte_for_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/browsers");
    let mut count = 0;
    let mut seen = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let password = text.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
        let bytes = hex(&text);
        let message = Message::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let key = IntegrityKey::short_term(&siskin_crypto::rustcrypto(), &password);
        assert!(message.has_fingerprint(), "{}", path.display());
        assert!(message.verify(&key), "{}", path.display());
        assert_eq!(message.method(), Method::BINDING);
        match message.class() {
            Class::Request => assert!(message.username().is_some() && message.priority().is_some()),
            _ => assert!(message.xor_mapped_address().is_some()),
        }

        let mut out = Vec::new();
        let mut builder = Builder::new(&mut out, message.class(), message.method(), message.transaction_id());
        for attribute in message.attributes() {
            seen.push(attribute.kind);
            builder = builder.attribute(attribute.kind, attribute.value);
        }
        builder.integrity(&key).fingerprint().finish().unwrap();
        assert_eq!(out, bytes, "{}", path.display());
        count += 1;
    }
    assert!(count >= 20, "{count}");
    for kind in [
        AttributeType::GOOG_NETWORK_INFO,
        AttributeType::DTLS_IN_STUN,
        AttributeType::DTLS_IN_STUN_ACK,
        AttributeType::USE_CANDIDATE,
        AttributeType::ICE_CONTROLLING,
        AttributeType::ICE_CONTROLLED,
    ] {
        assert!(seen.contains(&kind), "{kind:?}");
    }
}
