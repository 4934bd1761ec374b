//! A whole connection between other people's ends: the keys come out, and every record opens with them.

use super::key_schedule::{DTLS13, KeySchedule, Labels, Secret};
use super::{DATA_EPOCH, HANDSHAKE_EPOCH, is_allowed, signed_content};
use crate::handshake::{CertificateMessage, CertificateVerify, Fragment, HandshakeHeader, HandshakeType};
use crate::record::{ContentType, Opened, Records};
use crate::transcript::Transcript;
use crate::{Ack, RecordNumber, Role};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use siskin_base::wire::Reader;
use siskin_crypto::{AeadAlgorithm, CertificateView, Digest};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The records by their names.
fn trace() -> BTreeMap<&'static str, Vec<u8>> {
    let (mut records, mut name) = (BTreeMap::new(), "");
    for line in include_str!("../../tests/vectors/dtls13-trace.txt").lines() {
        if line.starts_with("client") || line.starts_with("server") {
            name = line;
        } else if !line.starts_with('#') {
            records.entry(name).or_insert_with(Vec::new).extend(hex(line));
        }
    }
    records
}

/// What is in a record, and its kind and number.
fn open(records: &mut Records, record: &mut [u8]) -> (ContentType, RecordNumber, Vec<u8>) {
    let frame = records.frame(record).unwrap();
    assert_eq!(frame.len(), record.len());
    match records.open(&frame, record).unwrap() {
        Opened::Plain { content_type, number, content } => (content_type, number, record[content].to_vec()),
        _ => panic!("the record does not open"),
    }
}

/// A handshake message as the transcript takes it; and its body.
fn message(content: &[u8]) -> (HandshakeType, Vec<u8>, Vec<u8>) {
    let fragment = Fragment::parse(&mut Reader::new(content)).unwrap();
    let header = HandshakeHeader { fragment_offset: 0, ..fragment.header };
    (header.kind, [&header.to_bytes()[..], fragment.body].concat(), fragment.body.to_vec())
}

fn is(digest: &Digest, expected: &str) {
    assert_eq!(format!("{digest:?}"), expected);
}

#[test]
fn the_illustrated_connection() {
    let provider = siskin_crypto::ring();
    let (hash, aead) = (provider.sha256, AeadAlgorithm::Aes128Gcm);
    let labels = Labels { hash, prefix: DTLS13 };
    let mut trace = trace();
    let mut next = |name| trace.remove(name).unwrap();
    let [mut server, mut client] = [(); 2].map(|()| Records::new(u64::MAX, u64::MAX));
    let mut transcript = Transcript::new();
    for (name, records) in [("client hello", &mut client), ("server hello", &mut server)] {
        transcript.add(&message(&open(records, &mut next(name)).2).1);
    }
    transcript.hash_with(hash);
    is(&transcript.current(), "aee8eba0d2ee87052fbbc6864c1514c5a927d6f0ffb4f7954c7f379d95f1b1d7");

    let mut schedule = KeySchedule::new(labels);
    let shared = hex("df4a291baa1eb7cfa6934b29b474baad2697e29f1f920dcc77c8a0a088447624");
    schedule.advance(Some(&shared)).unwrap();
    let secrets = |schedule: &KeySchedule, names: [&str; 2], transcript: &Transcript| {
        names.map(|name| schedule.derive(name, &transcript.current()).unwrap())
    };
    let [of_client, of_server] = secrets(&schedule, ["c hs traffic", "s hs traffic"], &transcript);
    is(&of_client, "33e472fb8d821b0193314626bebee307ccbd1aeb3d3a17ba468888ffc5246da1");
    is(&of_server, "8ad7990b9d249bcbaa0805d8d3f3ad2259e75f3a42c5d84db3ea3c6ee57b3d38");
    check_key(labels, &of_client, "sn", "beed6218676635c2cb46a45694144fec");
    check_key(labels, &of_server, "sn", "7173fac51194e775001d625ef69d7c9f");
    client.add_reading(HANDSHAKE_EPOCH, labels.protection(&provider, aead, &of_client).unwrap());
    server.add_reading(HANDSHAKE_EPOCH, labels.protection(&provider, aead, &of_server).unwrap());

    let mut key = None;
    for (index, name) in
        ["encrypted extensions", "certificate", "certificate verify", "finished"].iter().enumerate()
    {
        let (content_type, number, content) = open(&mut server, &mut next(["server ", name].concat().leak()));
        assert_eq!((content_type, number.sequence), (ContentType::HANDSHAKE, index as u64));
        let (kind, whole, body) = message(&content);
        match kind {
            HandshakeType::CERTIFICATE => {
                let chain = CertificateMessage::parse_v13(&body).unwrap().1;
                key = Some(CertificateView::parse(chain.end_entity.unwrap()).unwrap().public_key);
            }
            HandshakeType::CERTIFICATE_VERIFY => {
                let (verify, key) = (CertificateVerify::parse(&body).unwrap(), key.as_ref().unwrap());
                assert!(is_allowed(key.kind, verify.scheme));
                let signed = signed_content(Role::Server, &transcript);
                provider.verify(key, verify.scheme, &signed, verify.signature).unwrap();
            }
            HandshakeType::FINISHED => {
                assert_eq!(labels.finished(&of_server, &transcript.current()).unwrap().as_ref(), body);
            }
            _ => {}
        }
        transcript.add(&whole);
    }
    is(&transcript.current(), "77ff5eee528abc269960b0ea316eb8578dc8325d86ec1336ffe4b2941e26d82b");
    let (_, _, content) = open(&mut client, &mut next("client finished"));
    assert_eq!(labels.finished(&of_client, &transcript.current()).unwrap().as_ref(), message(&content).2);

    schedule.advance(None).unwrap();
    let [of_client, of_server] = secrets(&schedule, ["c ap traffic", "s ap traffic"], &transcript);
    check_key(labels, &of_client, "key", "9ba90dbce8857bc1fcb81d41a0465cfe");
    check_key(labels, &of_server, "sn", "57ba02596c6a1352d7fe8416c7e17d5a");
    client.add_reading(DATA_EPOCH, labels.protection(&provider, aead, &of_client).unwrap());
    server.add_reading(DATA_EPOCH, labels.protection(&provider, aead, &of_server).unwrap());
    let (content_type, _, content) = open(&mut server, &mut next("server ack"));
    assert_eq!(content_type, ContentType::ACK);
    assert_eq!(Ack::parse(&content).unwrap().numbers, [RecordNumber { epoch: 2, sequence: 0 }]);
    assert_eq!(open(&mut client, &mut next("client data")).2, b"ping");
    assert_eq!(open(&mut server, &mut next("server data")).2, b"pong");
    let (content_type, number, content) = open(&mut server, &mut next("server alert"));
    assert_eq!((content_type, number.sequence, &content[..]), (ContentType::ALERT, 2, &[1, 0][..]));
}

fn check_key(labels: Labels, secret: &Secret, label: &str, expected: &str) {
    let mut key = [0; 16];
    labels.expand(&labels.hkdf(secret.as_ref()), label, &[], &mut key).unwrap();
    assert_eq!(key[..], hex(expected));
}
