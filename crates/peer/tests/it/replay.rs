//! The same configuration, seed and inputs give the same bytes.

use crate::harness::{Pair, Peer, config, ms};
use siskin_base::Instant;
use siskin_cc::{Gcc, Rate, gcc};
use siskin_netsim::Link;
use siskin_peer::media::{MediaConfig, TrackKind, uri};
use siskin_peer::{
    BadRecording, Config, DtlsVersion, EstimatorFactory, MessageKind, OutgoingFrame, PeerConnectionState,
    Recording, TransceiverInit,
};

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

/// A session with a picture, recorded at the side that sends it.
fn recorded_media(config: &Config) -> (Recording, Vec<Vec<u8>>) {
    let mut recorded = config.clone();
    recorded.record = Some(1_000_000);
    let mut peer = plain();
    peer.media = Some(MediaConfig::default());
    let mut pair = Pair::with(14, Link::new(ms(20)).loss(0.05).jitter(ms(5)), recorded, peer);
    let id = pair
        .a
        .connection
        .add_transceiver(Instant::ZERO, TrackKind::Video, TransceiverInit::default())
        .expect("room for a transceiver");
    let known = pair.a.connection.transceivers().next().expect("just made");
    let mut wanted = known.header_extensions_to_negotiate();
    let stopped = wanted.iter_mut().find(|known| known.uri == uri::ABS_SEND_TIME);
    stopped.expect("one of the configuration").direction = None;
    pair.a.connection.set_header_extensions_to_negotiate(Instant::ZERO, id, &wanted).expect("not mandatory");
    pair.negotiate();
    let connected = |peer: &Peer| peer.saw(PeerConnectionState::Connected);
    pair.run_until(ms(30_000), |a, b| connected(a) && connected(b));
    let transceiver = pair.a.connection.transceivers().next().expect("just made");
    let payload_type = transceiver.send_codecs().first().expect("negotiated").payload_type;
    for number in 0..60 {
        // A frame of VP8, or a unit of H.264.
        let mut data = vec![0, 0, 1, 0x65, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0];
        data.resize(4_000, 0);
        let frame = OutgoingFrame::new(payload_type, number * 3_000, data.into());
        let now = pair.now();
        // What does not fit into the queue is refused, and refused again.
        let _refused = pair.a.connection.send_frame(now, id, None, frame);
        pair.run(ms(33));
    }
    let recording = pair.a.connection.take_recording().expect("recording was asked for");
    (recording, pair.a.sent)
}

fn plain() -> Config {
    let mut config = config();
    config.dtls_versions = vec![DtlsVersion::DTLS1_3];
    config
}

/// Limits, codecs and congestion control are not in the file: a replay has the same, or does not begin.
#[test]
fn a_recording_is_replayed_with_its_own_configuration_or_not_at_all() {
    let provider = siskin_crypto::rustcrypto();
    let mut usual = plain();
    usual.media = Some(MediaConfig::default());
    let mut small = Config::small(provider);
    (small.media, small.clock) = (Some(MediaConfig::small()), usual.clock);
    let mut slow = usual.clone();
    slow.media.as_mut().unwrap().rtp.estimator.start = Rate::from_kbps(150);
    let mut few = usual.clone();
    few.media.as_mut().unwrap().rtp.history.max_packets = 5;
    let mut one_codec = usual.clone();
    one_codec.media.as_mut().unwrap().codecs.retain(|known| known.codec.encoding() == "VP8");
    let mut foreign = usual.clone();
    let start = gcc::Config { start: Rate::from_kbps(200), ..gcc::Config::default() };
    foreign.estimator = Some(EstimatorFactory::new(move |now, _| Box::new(Gcc::new(start, now))));
    let cases = [
        ("usual", &usual, true),
        ("small", &small, true),
        ("slow", &slow, false),
        ("few", &few, false),
        ("one codec", &one_codec, false),
        ("foreign", &foreign, false),
    ];
    let mut digests = Vec::new();
    for (name, config, known) in cases {
        let (recording, sent) = recorded_media(config);
        assert!(sent.len() > 50, "{name}: {}", sent.len());
        let bytes = recording.to_bytes();
        let found = Recording::from_bytes(&bytes, provider);
        assert_eq!(found.as_ref().err(), (!known).then_some(&BadRecording::Configuration), "{name}");
        let restored = found.or_else(|_| Recording::from_bytes_with(&bytes, config)).expect(name);
        let mut replayed = Vec::new();
        let outputs = restored.replay(|_, _, bytes| replayed.push(bytes.to_vec())).unwrap();
        let differs = replayed.iter().zip(&sent).position(|(replayed, sent)| replayed != sent);
        assert_eq!((differs, replayed.len()), (None, sent.len()), "{name}: the first datagram that differs");
        assert_eq!(outputs, recording.outputs, "{name}");
        digests.push(outputs.digest);
        let other = if known { &slow } else { &usual };
        let wrong = Recording::from_bytes_with(&bytes, other);
        assert_eq!(wrong.err(), Some(BadRecording::Configuration), "{name}");
    }
    // What is told apart does differ: each of these sends something else.
    digests.sort_unstable();
    digests.dedup();
    assert!(digests.len() >= 5, "{}", digests.len());
}
