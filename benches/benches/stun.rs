//! `siskin-stun`: a connectivity check as Chromium sends it, read and verified, and built. The `limit` is the bare HMAC-SHA1
//! with a prepared key, and CRC-32, over the same bytes.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use siskin_benches::{Bench, Contest};
use siskin_stun::IntegrityKey;
use siskin_stun::wire::{Builder, Class, Message, Method, TransactionId};
use std::hint::black_box;
use stun_types::attribute::{AttributeType, RawAttribute};

const PASSWORD: &str = "4t5xsHPV+HYu4hl+Uf3mANFY";
const USERNAME: &str = "Zxw6:Hh6f";

fn build(out: &mut Vec<u8>, key: &IntegrityKey) {
    out.clear();
    let written = Builder::new(out, Class::Request, Method::BINDING, TransactionId([7; 12]))
        .username(black_box(USERNAME))
        .network_info(2, 0)
        .ice_controlling(0x62e0_b1cf_984e_d759)
        .use_candidate()
        .priority(0x6e7e_1eff)
        .integrity(key)
        .fingerprint()
        .finish();
    assert!(written.is_some());
}

fn bare(key: &Hmac<Sha1>, bytes: &[u8]) -> (u8, u32) {
    let mut mac = key.clone();
    mac.update(&bytes[..bytes.len() - 32]);
    (mac.finalize().into_bytes()[0], crc32fast::hash(&bytes[..bytes.len() - 8]))
}

fn stun(bench: &mut Bench) {
    let key = IntegrityKey::short_term(&siskin_crypto::rustcrypto(), PASSWORD);
    let mut check = Vec::new();
    build(&mut check, &key);
    let size = check.len();
    let limit = <Hmac<Sha1> as KeyInit>::new_from_slice(PASSWORD.as_bytes()).expect("any length");
    let theirs = stun_types::message::ShortTermCredentials::new(PASSWORD.to_owned()).make_key();

    let contest = Contest::of_bytes("stun/verify", size)
        .row("siskin", || {
            let message = Message::parse(black_box(&check)).expect("a check");
            assert!(message.verify(&key));
            message.priority()
        })
        .row("stun-types", || {
            let message = stun_types::message::Message::from_bytes(black_box(&check)).expect("a check");
            assert!(message.validate_integrity_with_key(&theirs).is_ok());
            message.raw_attribute(AttributeType::new(0x0024)).map(|priority| priority.value.len())
        })
        .row("limit", || bare(&limit, black_box(&check)));
    bench.race(contest);

    let mut out = Vec::new();
    let contest = Contest::of_bytes("stun/build", size)
        .row("siskin", || build(&mut out, &key))
        .row("stun-types", || build_theirs(&theirs))
        .row("limit", || bare(&limit, black_box(&check)));
    bench.race(contest);

    let contest = Contest::of_bytes("stun/demultiplex", size).row("siskin", || {
        siskin_stun::wire::is_stun(black_box(&check)).then(|| siskin_ice::local_ufrag_of(black_box(&check)))
    });
    bench.race(contest);
}

fn build_theirs(key: &stun_types::message::IntegrityKey) -> Vec<u8> {
    use stun_types::message::{IntegrityAlgorithm, MessageWrite, MessageWriteExt, MessageWriteVec};
    let mut message = stun_types::message::Message::builder_request(
        stun_types::message::BINDING,
        MessageWriteVec::with_capacity(128),
    );
    let username = stun_types::attribute::Username::new(black_box(USERNAME)).expect("short");
    message.add_attribute(&username).expect("room");
    let rest: [(u16, &[u8]); 4] = [(0xc057, &[0; 4]), (0x802a, &[7; 8]), (0x0025, &[]), (0x0024, &[7; 4])];
    for (kind, value) in rest {
        message.add_attribute(&RawAttribute::new(AttributeType::new(kind), value)).expect("room");
    }
    message.add_message_integrity_with_key(key, IntegrityAlgorithm::Sha1).expect("room");
    message.add_fingerprint().expect("room");
    message.finish()
}

siskin_benches::main!(stun);
