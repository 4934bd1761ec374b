//! `protocol/rtp-demuxing.html`, `protocol/split.https.html`; over several transports, which is also `protocol/unbundled-pt-demuxing.https.html`:
//! `conformance`, `media/no-bundle`. And `RTCRtpParameters-codec.html`, what it says of frames.

use super::wpt_parameters::{change, targets};
use super::*;
use crate::harness::{Pair, ms};
use siskin_base::Rng;
use siskin_netsim::{Link, Network};
use siskin_peer::media::Codec;
use siskin_peer::stats::StatsKind;
use siskin_peer::{OutgoingFrame, PeerConnectionState};

fn with_media() -> siskin_peer::Config {
    let mut config = config();
    config.media = Some(MediaConfig::default());
    config
}

fn vp8() -> Codec {
    Codec::new("video/VP8", 90_000)
}

fn h264() -> Codec {
    Codec::new("video/H264", 90_000)
        .fmtp("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")
}

/// Key frames: of VP8, and of H.264 with its parameter sets.
const FRAMES: [&[u8]; 2] = [
    &[0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 1, 2, 3, 4],
    &[0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0, 0, 0, 1, 0x68, 0xce, 0, 0, 0, 1, 0x65, 0x88, 1, 2, 3],
];

fn run_until_connected(pair: &mut Pair) {
    pair.run_until(ms(5_000), |a, b| [a, b].iter().all(|peer| peer.saw(PeerConnectionState::Connected)));
}

fn number(peer: &Peer, id: TransceiverId, name: &str) -> u8 {
    let codec = get(peer, id).send_codecs().iter().find(|known| known.codec.encoding() == name);
    codec.expect("it was negotiated").payload_type
}

/// Neither MID nor SSRC says where packets belong: their payload types do.
#[test]
fn payload_types_tell_sections_of_a_bundle_apart() {
    let mut pair = Pair::with(61, Link::new(ms(5)), with_media(), with_media());
    let ids: Vec<TransceiverId> =
        ["one", "two"].map(|track| pair.a.connection.add_track(T0, VIDEO, track, &[]).unwrap()).to_vec();
    for (id, codec) in ids.iter().zip([vp8(), h264()]) {
        pair.a.connection.set_codec_preferences(T0, *id, &[codec]).unwrap();
    }
    let mut offer = describe(&mut pair.a);
    offer.sdp = offer.sdp.replace("rtp-hdrext:sdes", "rtp-hdrext:something").replace("a=ssrc:", "a=notssrc:");
    take(&mut pair.b, &offer);
    let answer = describe(&mut pair.b);
    take(&mut pair.a, &answer);
    run_until_connected(&mut pair);
    for time in 0..10_u32 {
        for ((id, name), frame) in ids.iter().zip(["VP8", "H264"]).zip(FRAMES) {
            let frame = OutgoingFrame::new(number(&pair.a, *id, name), time * 3_000, frame.to_vec().into());
            pair.a.connection.send_frame(pair.network.now(), *id, None, frame).unwrap();
        }
        pair.run(ms(33));
    }
    pair.run(ms(500));
    let received: Vec<TransceiverId> = all(&pair.b).iter().map(|known| known.id()).collect();
    for (id, name) in received.into_iter().zip(["VP8", "H264"]) {
        let frames = pair.b.events.iter().filter_map(|event| match event {
            Event::Frame(frame) if frame.transceiver == id => Some(frame.payload_type),
            _ => None,
        });
        let types: Vec<u8> = frames.collect();
        let known = get(&pair.b, id).receive_codecs().iter().find(|known| known.codec.encoding() == name);
        assert_eq!(types, [known.unwrap().payload_type; 10], "{name}");
    }
}

// protocol/split.https.html

/// One end has its sound with one peer and its pictures with another, and knows nothing of it.
#[test]
fn sections_may_be_with_different_peers() {
    let mut network = Network::new(Rng::for_tests(63), Link::new(ms(5)));
    let [mut caller, mut sound, mut pictures] = [1, 2, 3].map(peer);
    for number in 1..=3 {
        network.add_host(&[(BaseId(0), ([10, 0, 0, number], 1000).into())]);
    }
    let ids = [(AUDIO, "sound"), (VIDEO, "pictures")]
        .map(|(kind, track)| caller.connection.add_track(T0, kind, track, &[]).unwrap());
    let offer = describe(&mut caller);
    let starts: Vec<usize> = offer.sdp.match_indices("m=").map(|(at, _)| at).collect();
    let session: String =
        offer.sdp[..starts[0]].split_inclusive("\r\n").filter(|line| !line.starts_with("a=group:")).collect();
    let mut answer = String::new();
    for (index, callee) in [&mut sound, &mut pictures].into_iter().enumerate() {
        take(callee, &super::offer(&format!("{session}{}", section(&offer.sdp, index))));
        let own = describe(callee).sdp;
        if answer.is_empty() {
            answer.push_str(&own[..own.find("m=").unwrap()]);
        }
        answer.push_str(section(&own, 0));
    }
    take(&mut caller, &SessionDescription { kind: SdpType::Answer, sdp: answer });
    let mut run = |peers: [&mut Peer; 3], time: u64| {
        let [one, two, three] = peers;
        let end = network.now() + ms(time);
        network.run(&mut [one, two, three], end);
        network.advance(end);
        network.now()
    };
    let now = run([&mut caller, &mut sound, &mut pictures], 3_000);
    for peer in [&caller, &sound, &pictures] {
        assert!(peer.saw(PeerConnectionState::Connected));
    }
    let frames = [("opus", &[0xfc, 1, 2][..]), ("VP8", FRAMES[0])];
    for (id, (name, data)) in ids.into_iter().zip(frames) {
        let frame = OutgoingFrame::new(number(&caller, id, name), 0, data.to_vec().into());
        caller.connection.send_frame(now, id, None, frame).unwrap();
    }
    run([&mut caller, &mut sound, &mut pictures], 1_000);
    for (peer, (_, data)) in [&sound, &pictures].into_iter().zip(frames) {
        let got =
            peer.events.iter().filter(|event| matches!(event, Event::Frame(frame) if frame.data == data));
        assert_eq!(got.count(), 1);
    }
}

/// `RTCRtpParameters-codec.html`: what leaves is of the codec that was chosen, in each layer, and `outbound-rtp` says so.
#[test]
fn frames_are_of_the_codec_that_was_chosen() {
    let mut pair = Pair::with(62, Link::new(ms(5)), with_media(), with_media());
    let send_encodings = ["0", "1", "2"].map(Into::into).to_vec();
    let init = TransceiverInit { send_encodings, ..init(Direction::SendOnly) };
    let id = pair.a.connection.add_transceiver(T0, VIDEO, init).unwrap();
    pair.a.connection.set_codec_preferences(T0, id, &[h264(), vp8()]).unwrap();
    pair.negotiate();
    run_until_connected(&mut pair);
    // An encoder that does as it is told.
    let encode = |pair: &mut Pair, time: u32| {
        for target in targets(&pair.a, id) {
            let codec = target.codec.expect("one was negotiated");
            let data = FRAMES[usize::from(codec.codec.encoding() == "H264")].to_vec().into();
            let frame = OutgoingFrame::new(codec.payload_type, time * 3_000, data);
            pair.a.connection.send_frame(pair.network.now(), id, target.rid.as_deref(), frame).unwrap();
        }
        pair.run(ms(33));
        let stats = pair.a.connection.get_stats(pair.now());
        let mime = |id: &Option<String>| {
            let known = stats.iter().find(|known| Some(&known.id) == id.as_ref()).map(|known| &known.kind);
            match known {
                Some(StatsKind::Codec(codec)) => codec.mime_type.clone(),
                _ => String::new(),
            }
        };
        let mut codecs: Vec<(Option<String>, String)> = Vec::new();
        for known in &stats {
            if let StatsKind::OutboundRtp(stream) = &known.kind {
                codecs.push((stream.rid.clone(), mime(&stream.codec_id)));
            }
        }
        codecs.sort();
        codecs.into_iter().map(|(_, mime)| mime).collect::<Vec<String>>()
    };
    assert_eq!(encode(&mut pair, 0), ["video/H264"; 3]);
    let choose = |pair: &mut Pair, chosen: [Option<Codec>; 3]| {
        let now = pair.now();
        let set = change(&mut pair.a, now, id, |all| {
            all.encodings.iter_mut().zip(chosen).for_each(|(encoding, codec)| encoding.codec = codec);
        });
        set.unwrap();
    };
    choose(&mut pair, [None, Some(vp8()), None]);
    assert_eq!(encode(&mut pair, 1), ["video/H264", "video/VP8", "video/H264"]);
    choose(&mut pair, [Some(vp8()), Some(vp8()), Some(vp8())]);
    assert_eq!(encode(&mut pair, 2), ["video/VP8"; 3]);
    // Whoever does not do as it is told is refused.
    let frame = OutgoingFrame::new(number(&pair.a, id, "H264"), 9_000, FRAMES[1].to_vec().into());
    let refused = pair.a.connection.send_frame(pair.network.now(), id, Some("0"), frame);
    assert_eq!(refused.map_err(|error| error.name()), Err("TypeError"));
}
