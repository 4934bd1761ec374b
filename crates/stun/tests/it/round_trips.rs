//! Whatever is written is read again, and whatever is read does not panic.

use core::net::SocketAddr;
use proptest::prelude::*;
use siskin_stun::IntegrityKey;
use siskin_stun::wire::{
    AttributeType, Builder, Class, ErrorCode, Message, Method, NonceCookie, SecurityFeatures, TransactionId,
};

fn class() -> impl Strategy<Value = Class> {
    prop_oneof![Just(Class::Request), Just(Class::Indication), Just(Class::Success), Just(Class::Error)]
}

/// Any attribute but those that end what is heeded.
fn attribute() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let kind = any::<u16>().prop_filter("ends the list", |kind| ![0x0008, 0x001c, 0x8028].contains(kind));
    (kind, proptest::collection::vec(any::<u8>(), 0..400))
}

proptest! {
    #[test]
    fn attributes_survive(
        class in class(), method in 0_u16..0x100, id in any::<[u8; 12]>(),
        attributes in proptest::collection::vec(attribute(), 0..12),
        sha1 in any::<bool>(), sha256 in any::<bool>(), fingerprint in any::<bool>(),
    ) {
        let key = IntegrityKey::short_term(&siskin_crypto::rustcrypto(), "password");
        let mut out = b"in front".to_vec();
        let mut builder = Builder::new(&mut out, class, Method(method), TransactionId(id));
        for (kind, value) in &attributes {
            builder = builder.attribute(AttributeType(*kind), value);
        }
        if sha1 { builder = builder.integrity(&key); }
        if sha256 { builder = builder.integrity_sha256(&key); }
        if fingerprint { builder = builder.fingerprint(); }
        let len = builder.finish().unwrap();
        prop_assert_eq!(out.len(), 8 + len);
        let message = Message::parse(&out[8..]).unwrap();
        prop_assert_eq!((message.class(), message.method()), (class, Method(method)));
        prop_assert_eq!(message.transaction_id(), TransactionId(id));
        let read: Vec<_> = message.attributes().map(|a| (a.kind.0, a.value.to_vec())).collect();
        prop_assert_eq!(read, attributes);
        prop_assert_eq!(message.verify(&key), sha1 || sha256);
        prop_assert_eq!(message.has_fingerprint(), fingerprint);
    }

    #[test]
    fn addresses_survive(address in any::<SocketAddr>(), id in any::<[u8; 12]>()) {
        // Scope and flow are not on the wire.
        let address = SocketAddr::new(address.ip(), address.port());
        let mut out = Vec::new();
        Builder::new(&mut out, Class::Success, Method::BINDING, TransactionId(id))
            .xor_mapped_address(address)
            .plain_address(AttributeType::MAPPED_ADDRESS, address)
            .finish()
            .unwrap();
        let message = Message::parse(&out).unwrap();
        prop_assert_eq!(message.xor_mapped_address(), Some(address));
        prop_assert_eq!(message.plain_address(AttributeType::MAPPED_ADDRESS), Some(address));
    }

    #[test]
    fn errors_survive(code in 300_u16..700, unknown in proptest::collection::vec(any::<u16>(), 0..9)) {
        let unknown: Vec<_> = unknown.into_iter().map(AttributeType).collect();
        let mut out = Vec::new();
        Builder::new(&mut out, Class::Error, Method::BINDING, TransactionId([0; 12]))
            .error(ErrorCode(code))
            .unknown_attributes(&unknown)
            .finish()
            .unwrap();
        let message = Message::parse(&out).unwrap();
        prop_assert_eq!(message.error().unwrap().code, ErrorCode(code));
        prop_assert_eq!(message.unknown_attributes().unwrap().collect::<Vec<_>>(), unknown);
    }

    #[test]
    fn cookies_survive(features in 0_u32..0x100_0000, rest in proptest::collection::vec(any::<u8>(), 0..40)) {
        let cookie = NonceCookie { features: SecurityFeatures(features), rest: &rest };
        let mut out = Vec::new();
        cookie.write(&mut out);
        prop_assert_eq!(NonceCookie::parse(&out), Some(cookie));
    }

    #[test]
    fn any_bytes_are_read_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), fix in any::<bool>()) {
        if fix && bytes.len() >= 20 {
            let len = ((bytes.len() - 20) as u16).to_be_bytes();
            bytes[0] &= 0x3f;
            bytes[2..4].copy_from_slice(&len);
            bytes[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
        }
        if let Ok(message) = Message::parse(&bytes) {
            let _ = (message.error(), message.xor_mapped_address(), message.username(), message.nomination());
            let _ = message.password_algorithms().map(Iterator::count);
        }
    }
}

#[test]
fn what_is_too_long_is_not_written() {
    let mut out = vec![1];
    let id = TransactionId([0; 12]);
    let long = vec![0; 65_536];
    let builder = Builder::new(&mut out, Class::Request, Method::BINDING, id);
    assert_eq!(builder.attribute(AttributeType::DATA, &long).finish(), None);
    assert_eq!(out, [1]);
    let builder = Builder::new(&mut out, Class::Request, Method::BINDING, id);
    let builder = builder.attribute(AttributeType::DATA, &long[..40_000]);
    assert_eq!(builder.attribute(AttributeType::DATA, &long[..40_000]).fingerprint().finish(), None);
    assert_eq!(out, [1]);
}

#[test]
fn what_ice_adds_comes_back() {
    let build = |with: fn(Builder<'_>) -> Builder<'_>| {
        let mut out = Vec::new();
        let builder = Builder::new(&mut out, Class::Request, Method::BINDING, TransactionId([3; 12]));
        with(builder).finish().unwrap();
        out
    };
    let controlling = build(|builder| {
        builder.priority(0x6e00_1eff).use_candidate().ice_controlling(u64::MAX - 1).nomination(7)
    });
    let message = Message::parse(&controlling).unwrap();
    assert_eq!((message.priority(), message.use_candidate()), (Some(0x6e00_1eff), true));
    assert_eq!((message.ice_controlling(), message.ice_controlled()), (Some(u64::MAX - 1), None));
    assert_eq!((message.nomination(), message.network_info()), (Some(7), None));

    let controlled = build(|builder| builder.ice_controlled(5).network_info(3, 0xffff));
    let message = Message::parse(&controlled).unwrap();
    assert_eq!((message.priority(), message.use_candidate()), (None, false));
    assert_eq!((message.ice_controlling(), message.ice_controlled()), (None, Some(5)));
    assert_eq!((message.nomination(), message.network_info()), (None, Some((3, 0xffff))));
}
