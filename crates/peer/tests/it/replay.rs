//! The same configuration, seed and inputs give the same bytes.

use crate::harness::{Pair, config, ms};
use siskin_base::Instant;
use siskin_netsim::Link;
use siskin_peer::{MessageKind, Recording};

#[test]
fn a_recorded_session_replays_bit_for_bit() {
    let mut recorded = config();
    recorded.record = Some(1_000_000);
    let link = Link::new(ms(20)).loss(0.1).jitter(ms(5));
    let mut pair = Pair::with(11, link, recorded, config());
    let channel = pair.a.channel(Instant::ZERO, "chat");
    pair.b.echoes = true;
    pair.negotiate();
    pair.run_until(ms(30_000), |a, _| a.is_open(channel));
    let now = pair.now();
    pair.a.connection.send(now, channel, MessageKind::Binary, vec![1; 50_000].into()).unwrap();
    pair.run_until(ms(30_000), |a, _| !a.messages.is_empty());
    assert_eq!(pair.a.messages.len(), 1);

    let recording = pair.a.connection.take_recording().expect("recording was asked for");
    let bytes = recording.to_bytes();
    let restored = Recording::from_bytes(&bytes, siskin_crypto::rustcrypto()).expect("just written");
    assert_eq!(restored.inputs, recording.inputs);
    let mut replayed = vec![];
    let outputs = restored.replay(|_, _, bytes| replayed.push(bytes.to_vec())).unwrap();
    assert!(replayed.len() > 20);
    let differs = replayed.iter().zip(&pair.a.sent).position(|(replayed, sent)| replayed != sent);
    assert_eq!(differs, None, "the first datagram that differs");
    assert_eq!(replayed.len(), pair.a.sent.len());
    assert_eq!(outputs, restored.outputs);
}

#[test]
fn another_seed_is_another_session() {
    let mut recorded = config();
    recorded.record = Some(10_000);
    let mut pair = Pair::with(12, Link::new(ms(20)), recorded, config());
    let channel = pair.a.channel(Instant::ZERO, "chat");
    pair.negotiate();
    pair.run_until(ms(30_000), |a, _| a.is_open(channel));
    let mut recording = pair.a.connection.take_recording().unwrap();
    recording.seed[0] ^= 1;
    assert_ne!(recording.replay(|_, _, _| ()).unwrap(), recording.outputs);
}

#[test]
fn a_damaged_recording_is_refused() {
    let provider = siskin_crypto::rustcrypto();
    assert!(Recording::from_bytes(b"", provider).is_err());
    assert!(Recording::from_bytes(b"siskin-recording\x02", provider).is_err());
}
