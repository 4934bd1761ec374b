//! `simulcast/setParameters-active.https.html`, `simulcast/setParameters-encodings.https.html`,
//! `simulcast/setParameters-maxFramerate.https.html`; and what `maxBitrate` does, which no file tests. Calls are atomic, so that
//! what they say of calls that overlap is said of calls in either order.

use super::wpt_parameters::{change, encodings, given, sends, targets};
use super::*;
use crate::harness::{Pair, ms};
use siskin_netsim::Link;
use siskin_peer::stats::StatsKind;
use siskin_peer::{
    EncodingParameters, OutgoingFrame, PeerConnectionState, Priority, Recording, SetParameterOptions,
};

fn layers(rids: &[&str]) -> Vec<EncodingParameters> {
    rids.iter().map(|rid| (*rid).into()).collect()
}

/// The description with other RIDs that its author receives; none is no simulcast.
fn asking(mut description: SessionDescription, rids: &[&str]) -> SessionDescription {
    let kept = |line: &&str| !(line.starts_with("a=rid:") || line.starts_with("a=simulcast:"));
    let mut sdp: String = description.sdp.split_inclusive("\r\n").filter(kept).collect();
    rids.iter().for_each(|rid| sdp.push_str(&format!("a=rid:{rid} recv\r\n")));
    if rids.len() > 1 {
        sdp.push_str(&format!("a=simulcast:recv {}\r\n", rids.join(";")));
    }
    description.sdp = sdp;
    description
}

fn offer_and_answer(a: &mut Peer, b: &mut Peer, taken: &[&str]) {
    let offer = describe(a);
    take(b, &offer);
    let answer = describe(b);
    take(a, &asking(answer, taken));
}

fn scale(peer: &mut Peer, id: TransceiverId, scales: &[f64]) {
    let set = change(peer, T0, id, |all| {
        for (encoding, scale) in all.encodings.iter_mut().zip(scales) {
            encoding.scale_resolution_down_by = Some(*scale);
        }
    });
    set.expect("given just now");
}

fn found(peer: &mut Peer, id: TransceiverId) -> Vec<(Option<String>, f64)> {
    let all = encodings(peer, id).into_iter();
    all.map(|encoding| (encoding.rid, encoding.scale_resolution_down_by.unwrap_or_default())).collect()
}

fn named(expected: &[(&str, f64)]) -> Vec<(Option<String>, f64)> {
    expected.iter().map(|(rid, scale)| (Some((*rid).into()), *scale)).collect()
}

// simulcast/setParameters-encodings.https.html

#[test]
fn an_answer_narrows_what_was_set() {
    for (taken, left) in [(&["foo", "bar"][..], &[("foo", 2.3), ("bar", 3.3)][..]), (&[], &[("foo", 2.3)])] {
        for after_the_offer in [false, true] {
            let (mut a, mut b) = pair();
            let id = sends(&mut a, VIDEO, layers(&["foo", "bar"])).unwrap();
            if !after_the_offer {
                scale(&mut a, id, &[2.3, 3.3]);
            }
            let offer = describe(&mut a);
            take(&mut b, &offer);
            let answer = describe(&mut b);
            if after_the_offer {
                scale(&mut a, id, &[2.3, 3.3]);
            }
            take(&mut a, &asking(answer, taken));
            assert_eq!(found(&mut a, id), named(left));
        }
    }
}

#[test]
fn a_later_offer_narrows_what_was_set() {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, VIDEO, layers(&["foo", "bar"])).unwrap();
    offer_and_answer(&mut a, &mut b, &["foo", "bar"]);
    let offer = describe(&mut b);
    scale(&mut a, id, &[2.3, 3.3]);
    take(&mut a, &asking(offer, &[]));
    assert_eq!(found(&mut a, id), named(&[("foo", 2.3), ("bar", 3.3)]));
    describe(&mut a);
    assert_eq!(found(&mut a, id), named(&[("foo", 2.3)]));
}

/// What was set for the one encoding that there was is not for those that the peer asks for.
#[test]
fn an_offer_of_simulcast_knows_nothing_of_what_was_set() {
    let (mut a, mut b) = pair();
    let id = a.connection.add_track(T0, VIDEO, "camera", &[]).unwrap();
    b.connection.add_track(T0, VIDEO, "camera", &[]).unwrap();
    scale(&mut a, id, &[3.0]);
    let offer = asking(describe(&mut b), &["foo", "bar"]);
    take(&mut a, &offer);
    assert_eq!(found(&mut a, id), named(&[("foo", 2.0), ("bar", 1.0)]));
    scale(&mut a, id, &[3.0, 5.0]);
    take(&mut a, &rollback());
    assert_eq!(found(&mut a, id), [(None, 3.0)], "and what was set for those is gone with them");
}

#[test]
fn a_rollback_brings_simulcast_back_as_it_was_set() {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, VIDEO, layers(&["foo", "bar"])).unwrap();
    offer_and_answer(&mut a, &mut b, &["foo", "bar"]);
    scale(&mut a, id, &[3.0, 5.0]);
    let offer = describe(&mut b);
    take(&mut a, &asking(offer, &[]));
    assert_eq!(found(&mut a, id), named(&[("foo", 3.0), ("bar", 5.0)]));
    scale(&mut a, id, &[4.0, 6.0]);
    take(&mut a, &rollback());
    assert_eq!(found(&mut a, id), named(&[("foo", 4.0), ("bar", 6.0)]));
}

/// What a provisional answer leaves out comes back as it was, if the final one takes it.
#[test]
fn a_final_answer_takes_more_than_a_provisional_one() {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, VIDEO, layers(&["foo", "bar"])).unwrap();
    scale(&mut a, id, &[2.3, 3.3]);
    let offer = describe(&mut a);
    take(&mut b, &offer);
    let answer = describe(&mut b);
    let provisional = SessionDescription { kind: SdpType::PrAnswer, ..answer.clone() };
    take(&mut a, &asking(provisional, &[]));
    assert_eq!(found(&mut a, id), named(&[("foo", 2.3)]));
    take(&mut a, &answer);
    assert_eq!(found(&mut a, id), named(&[("foo", 2.3), ("bar", 3.3)]));
}

#[test]
fn every_description_ends_what_was_given() {
    let (mut a, mut b) = pair();
    let id = sends(&mut a, VIDEO, layers(&["foo", "bar"])).unwrap();
    b.connection.add_track(T0, VIDEO, "camera", &[]).unwrap();
    let given_before = |a: &mut Peer, step: &mut dyn FnMut(&mut Peer)| {
        let parameters = given(a, id);
        step(a);
        let set = a.connection.set_parameters(T0, id, parameters, SetParameterOptions::default());
        assert_eq!(set.map_err(|error| error.name()), Err("InvalidStateError"));
    };
    let mut offer = None;
    given_before(&mut a, &mut |a| offer = Some(describe(a)));
    take(&mut b, &offer.unwrap());
    let answer = describe(&mut b);
    given_before(&mut a, &mut |a| take(a, &answer));
    let offer = describe(&mut b);
    given_before(&mut a, &mut |a| take(a, &offer));
    given_before(&mut a, &mut |a| take(a, &rollback()));
    take(&mut a, &offer);
    given_before(&mut a, &mut |a| _ = describe(a));
}

// simulcast/setParameters-active.https.html, simulcast/setParameters-maxFramerate.https.html

const RIDS: [&str; 3] = ["q", "h", "f"];

/// A camera that is sent in layers.
fn connected(config: impl Fn() -> siskin_peer::Config) -> (Pair, TransceiverId) {
    let mut pair = Pair::with(51, Link::new(ms(5)), config(), config());
    let init = TransceiverInit { send_encodings: layers(&RIDS), ..init(Direction::SendOnly) };
    let id = pair.a.connection.add_transceiver(T0, VIDEO, init).unwrap();
    pair.negotiate();
    pair.run_until(ms(5_000), |a, b| [a, b].iter().all(|peer| peer.saw(PeerConnectionState::Connected)));
    (pair, id)
}

fn with_media() -> siskin_peer::Config {
    let mut config = config();
    config.media = Some(MediaConfig::default());
    config
}

/// A VP8 frame of that many bytes.
fn vp8(key: bool, len: usize) -> Vec<u8> {
    let mut frame = vec![u8::from(!key), 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00];
    frame.resize(len, 7);
    frame
}

/// An encoder that does as it is told, for that many thirtieths of a second: what its frames came to, by layer. A layer begins with
/// a key frame, and whenever one is asked for.
fn encode(pair: &mut Pair, id: TransceiverId, count: u32) -> [Result<u32, &'static str>; 3] {
    let mut sent = [Ok(0); 3];
    let mut due = [0.0; 3];
    for frame in 0..count {
        let asked: Vec<Option<String>> = pair
            .a
            .events
            .iter()
            .filter_map(|event| match event {
                Event::KeyFrameRequested { rid, .. } => Some(rid.clone()),
                _ => None,
            })
            .collect();
        pair.a.events.clear();
        for ((target, due), sent) in targets(&pair.a, id).into_iter().zip(&mut due).zip(&mut sent) {
            *due += target.max_framerate.unwrap_or(30.0);
            if *due < 30.0 {
                continue;
            }
            *due -= 30.0;
            let data = vp8(frame == 0 || asked.contains(&target.rid), 500).into();
            let frame = OutgoingFrame::new(target.codec.unwrap().payload_type, frame * 3_000, data);
            let result = pair.a.connection.send_frame(pair.network.now(), id, target.rid.as_deref(), frame);
            *sent = match (*sent, result) {
                (Ok(count), Ok(())) => Ok(count + 1),
                (sent, Ok(())) => sent,
                (_, Err(error)) => Err(error.name()),
            };
        }
        pair.run(ms(33));
    }
    pair.run(ms(300));
    sent
}

fn arrived(pair: &Pair) -> [usize; 3] {
    RIDS.map(|rid| {
        let of = |event: &&Event| matches!(event, Event::Frame(frame) if frame.rid.as_deref() == Some(rid));
        pair.b.events.iter().filter(of).count()
    })
}

fn active(pair: &Pair) -> Vec<(Option<String>, bool)> {
    let mut active: Vec<(Option<String>, bool)> = Vec::new();
    for known in pair.a.connection.get_stats(pair.now()) {
        if let StatsKind::OutboundRtp(stream) = known.kind {
            active.push((stream.rid, stream.active));
        }
    }
    active.sort();
    active
}

fn activate(pair: &mut Pair, id: TransceiverId, wanted: [bool; 3]) {
    let now = pair.now();
    let set = change(&mut pair.a, now, id, |all| {
        all.encodings.iter_mut().zip(wanted).for_each(|(encoding, wanted)| encoding.active = wanted);
    });
    set.unwrap();
    pair.a.drain(now);
}

#[test]
fn a_layer_that_is_not_active_is_not_sent() {
    let (mut pair, id) = connected(with_media);
    assert_eq!(encode(&mut pair, id, 10), [Ok(10); 3]);
    assert_eq!(arrived(&pair), [10; 3]);
    let refused = Err("InvalidStateError");
    let rounds = [
        ([false, true, true], [refused, Ok(10), Ok(10)], [10, 20, 20]),
        ([true, false, true], [Ok(10), refused, Ok(10)], [20, 20, 30]),
        ([false, false, false], [refused; 3], [20, 20, 30]),
        ([true, true, true], [Ok(10); 3], [30, 30, 40]),
    ];
    for (wanted, sent, expected) in rounds {
        activate(&mut pair, id, wanted);
        assert!(pair.a.events.contains(&Event::EncodingsChanged(id)));
        let told: Vec<bool> = targets(&pair.a, id).iter().map(|target| target.active).collect();
        assert_eq!(told, wanted);
        let mut stats: Vec<_> = RIDS.map(|rid| Some(rid.to_string())).into_iter().zip(wanted).collect();
        stats.sort();
        assert_eq!(active(&pair), stats);
        assert_eq!(encode(&mut pair, id, 10), sent);
        assert_eq!(arrived(&pair), expected);
    }
}

/// Whoever sees a layer again begins with a key frame; nobody is asked for one of a layer that is not sent.
#[test]
fn a_layer_that_is_active_again_begins_with_a_key_frame() {
    let (mut pair, id) = connected(with_media);
    assert_eq!(encode(&mut pair, id, 5), [Ok(5); 3]);
    activate(&mut pair, id, [false, true, true]);
    pair.a.events.clear();
    let receiver = all(&pair.b)[0].id();
    let ask = |pair: &mut Pair| {
        let now = pair.now();
        pair.b.connection.request_key_frame(now, receiver, Some("q")).unwrap();
        pair.b.drain(now);
        pair.run(ms(300));
    };
    ask(&mut pair);
    let wanted = Event::KeyFrameRequested { transceiver: id, rid: Some("q".into()) };
    assert!(!pair.a.events.contains(&wanted));
    activate(&mut pair, id, [true; 3]);
    assert!(pair.a.events.contains(&wanted));
    pair.a.events.clear();
    ask(&mut pair);
    assert!(pair.a.events.contains(&wanted));
}

#[test]
fn frame_rates_are_told_to_the_encoder() {
    let (mut pair, id) = connected(with_media);
    assert_eq!(encode(&mut pair, id, 30), [Ok(30); 3]);
    let before = arrived(&pair);
    let now = pair.now();
    let rates = [15.0, 10.0, 5.0];
    let set = change(&mut pair.a, now, id, |all| {
        all.encodings.iter_mut().zip(rates).for_each(|(encoding, rate)| encoding.max_framerate = Some(rate));
    });
    set.unwrap();
    assert_eq!(encode(&mut pair, id, 30), [Ok(15), Ok(10), Ok(5)]);
    let after = arrived(&pair);
    let came: Vec<usize> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    assert_eq!((before, came), ([30; 3], vec![15, 10, 5]));
}

// maxBitrate

/// Bits per second that the layers came with, over as many seconds as `seconds`, if each frame has `len` bytes.
fn rates(pair: &mut Pair, id: TransceiverId, rid: &str, len: usize, seconds: u32) -> (u64, u32) {
    let bits = |pair: &Pair| -> u64 {
        let of = |event: &Event| match event {
            Event::Frame(frame) if frame.rid.as_deref() == Some(rid) => frame.data.len() as u64 * 8,
            _ => 0,
        };
        pair.b.events.iter().map(of).sum()
    };
    let (before, mut refused) = (bits(pair), 0);
    for frame in 0..seconds * 30 {
        let frame = OutgoingFrame::new(96, frame * 3_000, vp8(true, len).into());
        match pair.a.connection.send_frame(pair.network.now(), id, Some(rid), frame) {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error.name(), "OperationError");
                refused += 1;
            }
        }
        pair.run(ms(33));
    }
    pair.run(ms(1_000));
    ((bits(pair) - before) / u64::from(seconds), refused)
}

fn limit(pair: &mut Pair, id: TransceiverId, most: [Option<u64>; 3]) {
    let now = pair.now();
    let set = change(&mut pair.a, now, id, |all| {
        all.encodings.iter_mut().zip(most).for_each(|(encoding, most)| encoding.max_bitrate = most);
    });
    set.unwrap();
    pair.a.drain(now);
}

#[test]
fn a_layer_never_exceeds_its_rate_for_long() {
    let (mut pair, id) = connected(with_media);
    let (free, refused) = rates(&mut pair, id, "q", 1_000, 4);
    assert!(free > 230_000 && refused == 0, "{free} {refused}");
    limit(&mut pair, id, [Some(100_000), None, None]);
    let (bound, refused) = rates(&mut pair, id, "q", 1_000, 20);
    // One second more than the rate, once.
    assert!((90_000..106_000).contains(&bound) && refused > 300, "{bound} {refused}");
    assert_eq!(rates(&mut pair, id, "h", 1_000, 2).1, 0, "others are free");
    // An encoder that keeps to it on the whole is never refused a frame, large key frames included.
    let mut taken = 0;
    for frame in 0..90_u32 {
        let len = if frame.is_multiple_of(30) { 5_000 } else { 200 };
        let frame = OutgoingFrame::new(96, frame * 3_000, vp8(true, len).into());
        taken += u32::from(pair.a.connection.send_frame(pair.network.now(), id, Some("q"), frame).is_ok());
        pair.run(ms(33));
    }
    assert_eq!(taken, 90);
    // Nothing lets one frame go.
    limit(&mut pair, id, [None, Some(0), None]);
    pair.run(ms(1_000));
    assert_eq!(rates(&mut pair, id, "h", 1_000, 1).1, 29);
}

#[test]
fn the_target_is_divided_among_those_that_are_sent() {
    let (mut pair, id) = connected(with_media);
    let shares = |pair: &Pair| -> Vec<Option<u64>> {
        targets(&pair.a, id).iter().map(|target| target.bitrate).collect()
    };
    let total = |pair: &Pair| {
        let told = pair.a.connection.get_stats(pair.now()).into_iter().find_map(|known| match known.kind {
            StatsKind::CandidatePair(stats) => stats.available_outgoing_bitrate,
            _ => None,
        });
        told.expect("the peer reports arrivals") as u64
    };
    // Their areas are 1, 4 and 16.
    let all = total(&pair);
    let part = |bits: u64| Some(all * bits / 21);
    for (share, expected) in shares(&pair).into_iter().zip([part(1), part(4), part(16)]) {
        assert!(share.unwrap().abs_diff(expected.unwrap()) <= 1, "{share:?} {expected:?}");
    }
    // With these priorities 1, 2 and 4; who encodes is told of it.
    let now = pair.now();
    pair.a.drain(now);
    pair.a.events.clear();
    let prioritize = |pair: &mut Pair, priorities: [Priority; 3]| {
        let set = change(&mut pair.a, now, id, |all| {
            all.encodings.iter_mut().zip(priorities).for_each(|(one, priority)| one.priority = priority);
        });
        set.unwrap();
    };
    prioritize(&mut pair, [Priority::HIGH, Priority::MEDIUM, Priority::LOW]);
    pair.a.drain(now);
    assert!(pair.a.events.contains(&Event::EncodingsChanged(id)));
    for (share, weight) in shares(&pair).into_iter().zip([1, 2, 4]) {
        assert!(share.unwrap().abs_diff(all * weight / 7) <= 1, "{share:?} {weight}");
    }
    prioritize(&mut pair, [Priority::LOW; 3]);
    activate(&mut pair, id, [true, true, false]);
    let three = shares(&pair);
    assert!(three[0].unwrap().abs_diff(all / 5) <= 1 && three[2] == Some(0), "{three:?} of {all}");
    // What one may not have, the others get; together they are told, and probe for, no more than all may have.
    activate(&mut pair, id, [true; 3]);
    limit(&mut pair, id, [None, None, Some(50_000)]);
    assert_eq!(shares(&pair)[2], Some(50_000));
    assert!(shares(&pair)[0].unwrap() > three[0].unwrap() / 2);
    limit(&mut pair, id, [Some(20_000), Some(40_000), Some(80_000)]);
    assert_eq!((total(&pair), shares(&pair)), (140_000, vec![Some(20_000), Some(40_000), Some(80_000)]));
    let told = pair.a.events.iter().rev().find_map(|event| match event {
        Event::TargetBitrate(bits) => Some(*bits),
        _ => None,
    });
    assert_eq!(told, Some(140_000));
    limit(&mut pair, id, [None; 3]);
    assert!(total(&pair) > 140_000, "what is known of the path is not forgotten");
}

#[test]
fn without_an_estimate_the_encoder_is_told_its_limit() {
    let mut peer = peer(1);
    let id = sends(&mut peer, VIDEO, layers(&["0", "1"])).unwrap();
    assert_eq!(targets(&peer, id)[0].bitrate, Some(0), "nothing is sent yet");
    let mut b = peer_with(2, |config| {
        let codecs = &mut config.media.get_or_insert_default().codecs;
        codecs.iter_mut().for_each(|known| known.feedback.clear());
    });
    negotiate(&mut peer, &mut b);
    change(&mut peer, T0, id, |all| all.encodings[1].max_bitrate = Some(300_000)).unwrap();
    let told: Vec<Option<u64>> = targets(&peer, id).iter().map(|target| target.bitrate).collect();
    assert_eq!(told, [None, Some(300_000)]);
}

#[test]
fn changes_are_recorded_and_replayed() {
    let (mut pair, id) = connected(|| {
        let mut config = with_media();
        config.record = Some(1_000_000);
        config
    });
    assert_eq!(encode(&mut pair, id, 10), [Ok(10); 3]);
    activate(&mut pair, id, [false, true, true]);
    limit(&mut pair, id, [Some(30_000), Some(0), None]);
    let now = pair.now();
    let chosen = siskin_peer::media::Codec::new("video/VP8", 90_000);
    let set = change(&mut pair.a, now, id, |all| {
        all.encodings[0].max_framerate = Some(7.5);
        all.encodings[1].priority = Priority::HIGH;
        all.encodings[2].codec = Some(chosen);
    });
    set.unwrap();
    assert_eq!(encode(&mut pair, id, 10), [Err("InvalidStateError"), Err("OperationError"), Ok(10)]);
    activate(&mut pair, id, [true; 3]);
    assert_eq!(encode(&mut pair, id, 10)[2], Ok(10));
    let recording = pair.a.connection.take_recording().expect("it was asked for");
    let restored = Recording::from_bytes(&recording.to_bytes(), siskin_crypto::rustcrypto()).unwrap();
    assert_eq!(restored.inputs, recording.inputs);
    let mut replayed = Vec::new();
    let outputs = restored.replay(|_, _, bytes| replayed.push(bytes.to_vec())).unwrap();
    assert_eq!(outputs, restored.outputs);
    assert!(replayed == pair.a.sent, "{} and {}", replayed.len(), pair.a.sent.len());
}
