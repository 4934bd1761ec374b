//! Frames from one end to the other, over a network that loses some.

use super::{AUDIO, VIDEO};
use crate::harness::{Pair, Peer, config, ms};
use siskin_base::Instant;
use siskin_netsim::Link;
use siskin_peer::media::{Codec, CodecParameters, MediaConfig, TrackKind};
use siskin_peer::stats::StatsKind;
use siskin_peer::{
    Direction, Event, OfferOptions, OutgoingFrame, PeerConnectionState, ReceivedFrame, SdpType,
    SessionDescription, TransceiverId, TransceiverInit,
};

/// A VP8 frame of that many bytes; its number is in it.
pub(super) fn vp8(number: u32, key: bool, len: usize) -> Vec<u8> {
    // RFC 6386 §9.1: the lowest bit is clear in key frames, which begin with a start code and their size.
    let mut frame = vec![u8::from(!key), 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00];
    frame.extend_from_slice(&number.to_be_bytes());
    frame.resize(len.max(14), number as u8);
    frame
}

fn number(frame: &ReceivedFrame) -> u32 {
    let bytes = frame.data.get(10..14).and_then(|bytes| bytes.try_into().ok());
    u32::from_be_bytes(bytes.expect("a frame of ours"))
}

pub(super) fn frames(peer: &Peer, id: TransceiverId) -> Vec<&ReceivedFrame> {
    let frames = peer.events.iter().filter_map(|event| match event {
        Event::Frame(frame) if frame.transceiver == id => Some(frame),
        _ => None,
    });
    frames.collect()
}

pub(super) fn media_config() -> siskin_peer::Config {
    let mut config = config();
    config.media = Some(MediaConfig::default());
    config
}

pub(super) fn media_pair(seed: u64, link: Link) -> Pair {
    Pair::with(seed, link, media_config(), media_config())
}

pub(super) fn add(peer: &mut Peer, kind: TrackKind, direction: Direction) -> TransceiverId {
    let init = TransceiverInit { direction, ..TransceiverInit::default() };
    peer.connection.add_transceiver(Instant::ZERO, kind, init).expect("room for one")
}

pub(super) fn payload_type(peer: &Peer, id: TransceiverId, encoding: &str) -> u8 {
    let transceiver = peer.connection.transceivers().find(|known| known.id() == id).expect("it is there");
    let codec = transceiver.send_codecs().iter().find(|codec| codec.codec.encoding() == encoding);
    codec.expect("it was negotiated").payload_type
}

fn connected(a: &Peer, b: &Peer) -> bool {
    a.saw(PeerConnectionState::Connected) && b.saw(PeerConnectionState::Connected)
}

pub(super) fn connect(pair: &mut Pair) {
    pair.negotiate();
    pair.run_until(ms(5_000), connected);
    assert!(connected(&pair.a, &pair.b));
}

/// Sends 30 frames in a second, every 30th a key frame and others when asked for; gives how many were key frames.
pub(super) fn play_video(pair: &mut Pair, id: TransceiverId, from: u32, count: u32, len: usize) -> u32 {
    let number = payload_type(&pair.a, id, "VP8");
    let (mut keys, mut wishes) = (0, 0);
    for frame in from..from + count {
        let asked = pair.a.events.iter().filter(|event| matches!(event, Event::KeyFrameRequested { .. }));
        let asked = asked.count();
        let key = frame.is_multiple_of(30) || asked > wishes;
        wishes = asked;
        keys += u32::from(key);
        let data = vp8(frame, key, len).into();
        let now = pair.now();
        let sent =
            pair.a.connection.send_frame(now, id, None, OutgoingFrame::new(number, frame * 3_000, data));
        sent.expect("the transceiver sends");
        pair.run(ms(33));
    }
    // Longer than the pacer holds anything back.
    pair.run(ms(2_500));
    keys
}

#[test]
fn audio_and_video_arrive_in_order_and_whole() {
    let mut pair = media_pair(1, Link::new(ms(1)));
    let audio = add(&mut pair.a, AUDIO, Direction::SendOnly);
    let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
    connect(&mut pair);
    let opus = payload_type(&pair.a, audio, "opus");
    for frame in 0..50_u32 {
        let now = pair.now();
        let data = vec![0xfc, frame as u8, 3, 4].into();
        pair.a.connection.send_frame(now, audio, None, OutgoingFrame::new(opus, frame * 960, data)).unwrap();
        pair.run(ms(20));
    }
    play_video(&mut pair, video, 0, 60, 20_000);

    let heard = frames(&pair.b, TransceiverId(0));
    assert_eq!(heard.iter().map(|frame| frame.data[1]).collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
    assert!(heard.windows(2).all(|two| two[1].timestamp - two[0].timestamp == 960));
    let seen = frames(&pair.b, TransceiverId(1));
    assert_eq!(seen.iter().map(|frame| number(frame)).collect::<Vec<_>>(), (0..60).collect::<Vec<_>>());
    assert!(seen.iter().all(|frame| frame.data.len() == 20_000
        && frame.data.as_ref() == vp8(number(frame), number(frame).is_multiple_of(30), 20_000)));
    let unmuted = |id| pair.b.events.contains(&Event::TrackUnmuted(TransceiverId(id)));
    assert!(unmuted(0) && unmuted(1));
}

/// From Opus to G.711 in the middle of a stream: other timestamps, of another rate, in the same stream. What was counted stays.
#[test]
fn a_codec_with_another_clock_takes_over() {
    let mut pair = media_pair(33, Link::new(ms(1)));
    let audio = add(&mut pair.a, AUDIO, Direction::SendOnly);
    connect(&mut pair);
    let inbound = |pair: &Pair| {
        let stats = pair.b.connection.get_stats(pair.now());
        let mut found = stats.into_iter().filter_map(|stats| match stats.kind {
            StatsKind::InboundRtp(stream) => Some(stream),
            _ => None,
        });
        found.next().expect("a stream")
    };
    let mut emitted = Vec::new();
    for (encoding, step, len) in [("opus", 960, 40), ("PCMU", 160, 160)] {
        let payload_type = payload_type(&pair.a, audio, encoding);
        for frame in 0..100_u32 {
            let frame = OutgoingFrame::new(payload_type, frame * step, vec![0xfc; len].into());
            pair.a.connection.send_frame(pair.now(), audio, None, frame).unwrap();
            pair.run(ms(20));
        }
        pair.run(ms(500));
        emitted.push(inbound(&pair).jitter_buffer_emitted_count);
    }
    assert_eq!(emitted, [100, 200]);
    assert_eq!(frames(&pair.b, TransceiverId(0)).len(), 200);
    // Packets that come as evenly as they were sent need no delay: by a clock of 48 kHz, each would come 17 ms later than it should.
    let inbound = inbound(&pair);
    assert!(inbound.jitter_buffer_minimum_delay / 200.0 < 0.002, "{}", inbound.jitter_buffer_minimum_delay);
    assert!(inbound.jitter_buffer_delay / 200.0 < 0.050, "{}", inbound.jitter_buffer_delay);
    assert!(inbound.jitter < 0.002, "{}", inbound.jitter);
}

/// RFC 9429 §7.3, and §4.1.8: after an answer that lets the callee send only, and after a provisional one, its media come before the
/// call is taken.
#[test]
fn rfc9429_7_3_early_media() {
    for kind in [SdpType::Answer, SdpType::PrAnswer] {
        let mut pair = media_pair(34, Link::new(ms(5)));
        let zero = Instant::ZERO;
        let caller = pair.a.connection.add_track(zero, VIDEO, "caller", &[]).unwrap();
        pair.a.connection.set_local_description(zero, None).unwrap();
        let offer = pair.a.connection.local_description().unwrap();
        pair.b.connection.set_remote_description(zero, offer).unwrap();
        let callee = TransceiverId(0);
        pair.b.connection.set_direction(zero, callee, Direction::SendOnly).unwrap();
        let answer = pair.b.connection.create_answer(zero).unwrap();
        let answer = SessionDescription { kind, ..answer };
        pair.b.connection.set_local_description(zero, Some(answer)).unwrap();
        let answer = pair.b.connection.local_description().unwrap();
        assert_eq!(answer.kind, kind);
        pair.a.connection.set_remote_description(zero, answer).unwrap();
        pair.run_until(ms(5_000), connected);
        let payload_type = payload_type(&pair.b, callee, "VP8");
        let play = |pair: &mut Pair, from_callee: bool, first: u32| {
            for frame in first..first + 10 {
                let now = pair.now();
                let (peer, id) = if from_callee { (&mut pair.b, callee) } else { (&mut pair.a, caller) };
                let data = vp8(frame, frame == first, 1_000).into();
                let frame = OutgoingFrame::new(payload_type, frame * 3_000, data);
                let sent = peer.connection.send_frame(now, id, None, frame).map_err(|error| error.name());
                assert_eq!(sent, Ok(()));
                pair.run(ms(33));
            }
            pair.run(ms(500));
        };
        play(&mut pair, true, 0);
        assert_eq!(frames(&pair.a, caller).len(), 10, "{kind:?}: before the call is taken");
        let now = pair.now();
        let early = OutgoingFrame::new(payload_type, 0, vp8(0, true, 100).into());
        let refused = pair.a.connection.send_frame(now, caller, None, early).map_err(|error| error.name());
        assert_eq!(refused, Err("InvalidStateError"), "the caller does not send yet");
        // The call is taken: with an offer, or with the final answer.
        pair.b.connection.set_direction(now, callee, Direction::SendRecv).unwrap();
        if kind == SdpType::Answer {
            pair.b.connection.set_local_description(now, None).unwrap();
            let offer = pair.b.connection.local_description().unwrap();
            pair.a.connection.set_remote_description(now, offer).unwrap();
            pair.a.connection.set_local_description(now, None).unwrap();
            let answer = pair.a.connection.local_description().unwrap();
            pair.b.connection.set_remote_description(now, answer).unwrap();
        } else {
            pair.b.connection.set_local_description(now, None).unwrap();
            let answer = pair.b.connection.local_description().unwrap();
            assert_eq!(answer.kind, SdpType::Answer);
            pair.a.connection.set_remote_description(now, answer).unwrap();
        }
        play(&mut pair, true, 10);
        play(&mut pair, false, 0);
        assert_eq!(frames(&pair.a, caller).len(), 20, "{kind:?}");
        assert_eq!(frames(&pair.b, callee).len(), 10, "{kind:?}");
    }
}

/// RFC 3264 §5.1: a number says how its author receives. The offerer's are 96 and 97; the answer that it gets has 120 and 124 for the
/// same, so that it sends by those, and goes on receiving by its own.
#[test]
fn rfc3264_5_1_payload_types_differ_by_direction() {
    let mut pair = media_pair(35, Link::new(ms(5)));
    let zero = Instant::ZERO;
    let id = pair.a.connection.add_track(zero, VIDEO, "t", &[]).unwrap();
    let only = [Codec::new("video/VP8", 90_000), Codec::new("video/rtx", 90_000)];
    pair.a.connection.set_codec_preferences(zero, id, &only).unwrap();
    pair.b.connection.add_track(zero, VIDEO, "u", &[]).unwrap();
    pair.a.connection.set_local_description(zero, None).unwrap();
    let offer = pair.a.connection.local_description().unwrap();
    assert!(offer.sdp.contains("SAVPF 96 97\r\n"), "{}", offer.sdp);
    pair.b.connection.set_remote_description(zero, offer).unwrap();
    pair.b.connection.set_local_description(zero, None).unwrap();
    let answer = pair.b.connection.local_description().unwrap();
    let numbers = [(" 96 97\r", " 120 124\r"), (":96 ", ":120 "), (":97 ", ":124 "), ("apt=96", "apt=120")];
    let sdp = numbers.iter().fold(answer.sdp.clone(), |sdp, (from, to)| sdp.replace(from, to));
    pair.a.connection.set_remote_description(zero, SessionDescription { sdp, ..answer }).unwrap();
    pair.a.drain(zero);
    let number = |codecs: &[CodecParameters]| -> Vec<u8> { codecs.iter().map(|c| c.payload_type).collect() };
    let transceiver = pair.a.connection.transceivers().next().unwrap();
    assert_eq!(number(transceiver.send_codecs()), [120, 124]);
    assert_eq!(number(transceiver.receive_codecs()), [96, 97]);
    pair.run_until(ms(5_000), connected);
    pair.a.sent.clear();
    for frame in 0..10 {
        let now = pair.now();
        let make = |number| OutgoingFrame::new(number, frame * 3_000, vp8(frame, frame == 0, 1_000).into());
        let refused = pair.a.connection.send_frame(now, id, None, make(96)).map_err(|error| error.name());
        assert_eq!(refused, Err("TypeError"));
        pair.a.connection.send_frame(now, id, None, make(120)).unwrap();
        pair.b.connection.send_frame(now, TransceiverId(0), None, make(96)).unwrap();
        pair.run(ms(33));
    }
    pair.run(ms(500));
    // SRTP leaves the header legible: RTCP has 72 to 79 there, with its marker 200 to 207.
    let rtp = pair.a.sent.iter().filter(|packet| packet[0] >> 6 == 2 && !(192..224).contains(&packet[1]));
    let mut sent: Vec<u8> = rtp.map(|packet| packet[1] & 0x7f).collect();
    sent.sort_unstable();
    sent.dedup();
    assert!(sent == [120] || sent == [120, 124], "{sent:?}");
    assert_eq!(frames(&pair.a, id).len(), 10, "by our own number");
    // In later offers the numbers of both directions stay taken, and keep their meaning.
    let now = pair.now();
    pair.a.connection.set_codec_preferences(now, id, &[]).unwrap();
    let later = pair.a.connection.create_offer(now, OfferOptions::default()).unwrap().sdp;
    assert!(later.contains("a=rtpmap:96 VP8/90000\r\n") && later.contains("a=fmtp:97 apt=96\r\n"), "{later}");
    assert!(!later.contains("a=rtpmap:120 ") && !later.contains("a=rtpmap:124 "), "{later}");
    // And where the answerer offers, it gives its own.
    pair.b.connection.set_local_description(now, None).unwrap();
    let offer = pair.b.connection.local_description().unwrap();
    let sdp = numbers.iter().fold(offer.sdp.clone(), |sdp, (from, to)| sdp.replace(from, to));
    let sdp = sdp.replace(" 96 97 ", " 120 124 ");
    pair.a.connection.set_remote_description(now, SessionDescription { sdp, ..offer }).unwrap();
    pair.a.connection.set_local_description(now, None).unwrap();
    let answer = pair.a.connection.local_description().unwrap().sdp;
    assert!(
        answer.contains("a=rtpmap:120 VP8/90000\r\n") && answer.contains("a=fmtp:124 apt=120\r\n"),
        "{answer}"
    );
}

#[test]
fn what_is_lost_is_sent_again() {
    for seed in 0..5 {
        let link = Link::new(ms(20)).loss(0.05);
        let mut pair = media_pair(100 + seed, link);
        let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
        connect(&mut pair);
        play_video(&mut pair, video, 0, 150, 12_000);
        let seen: Vec<u32> = frames(&pair.b, TransceiverId(0)).iter().map(|frame| number(frame)).collect();
        assert!(seen.windows(2).all(|two| two[0] < two[1]), "in order");
        // Ten packets make a frame: without repair 40 % of them would be whole.
        assert!(seen.len() >= 147, "seed {seed}: {} of 150", seen.len());
    }
}

#[test]
fn a_key_frame_is_asked_for_when_nothing_else_helps() {
    let mut pair = media_pair(7, Link::new(ms(1)));
    let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
    connect(&mut pair);
    let number = payload_type(&pair.a, video, "VP8");
    // It begins in the middle: nothing can be shown.
    for frame in 1..10 {
        let now = pair.now();
        let data = vp8(frame, false, 3_000).into();
        pair.a
            .connection
            .send_frame(now, video, None, OutgoingFrame::new(number, frame * 3_000, data))
            .unwrap();
        pair.run(ms(33));
    }
    assert!(frames(&pair.b, TransceiverId(0)).is_empty());
    let asked = Event::KeyFrameRequested { transceiver: video, rid: None };
    assert!(pair.a.events.contains(&asked), "{:?}", pair.a.events);
    play_video(&mut pair, video, 30, 10, 3_000);
    assert_eq!(frames(&pair.b, TransceiverId(0)).len(), 10);
}

#[test]
fn both_ways_at_once_and_the_application_asks_for_a_key_frame() {
    let mut pair = media_pair(8, Link::new(ms(1)));
    let video = add(&mut pair.a, VIDEO, Direction::SendRecv);
    pair.b.connection.add_track(Instant::ZERO, VIDEO, "camera", &["s".into()]).unwrap();
    connect(&mut pair);
    let back = payload_type(&pair.b, TransceiverId(0), "VP8");
    let number = payload_type(&pair.a, video, "VP8");
    for frame in 0..10 {
        let now = pair.now();
        for (peer, id, number) in [(&mut pair.a, video, number), (&mut pair.b, TransceiverId(0), back)] {
            let data = vp8(frame, frame == 0, 3_000).into();
            peer.connection
                .send_frame(now, id, None, OutgoingFrame::new(number, frame * 3_000, data))
                .unwrap();
        }
        pair.run(ms(33));
    }
    assert_eq!(frames(&pair.a, video).len(), 10);
    assert_eq!(frames(&pair.b, TransceiverId(0)).len(), 10);
    pair.a.connection.request_key_frame(pair.now(), video, None).unwrap();
    pair.run(ms(100));
    assert!(pair.b.events.contains(&Event::KeyFrameRequested { transceiver: TransceiverId(0), rid: None }));
}

#[test]
fn simulcast_layers_arrive_under_their_rids() {
    let mut pair = media_pair(9, Link::new(ms(5)));
    let rids: Vec<String> = ["q", "h", "f"].map(String::from).into();
    let init = TransceiverInit {
        direction: Direction::SendOnly,
        send_encodings: rids.iter().cloned().map(Into::into).collect(),
        ..TransceiverInit::default()
    };
    let video = pair.a.connection.add_transceiver(Instant::ZERO, VIDEO, init).unwrap();
    connect(&mut pair);
    let payload_type = payload_type(&pair.a, video, "VP8");
    for frame in 0..20 {
        let now = pair.now();
        for (layer, rid) in (1..).zip(&rids) {
            let data = vp8(frame, frame == 0, 2_000 * layer).into();
            let frame = OutgoingFrame::new(payload_type, frame * 3_000, data);
            pair.a.connection.send_frame(now, video, Some(rid), frame).unwrap();
        }
        pair.run(ms(33));
    }
    pair.run(ms(2_500));
    let seen = frames(&pair.b, TransceiverId(0));
    for (layer, rid) in (1..).zip(&rids) {
        let of = seen.iter().filter(|frame| frame.rid.as_ref() == Some(rid));
        assert_eq!(of.clone().count(), 20, "{rid}");
        assert!(of.clone().all(|frame| frame.data.len() == 2_000 * layer));
    }
}

#[test]
fn holding_and_resuming_goes_on_under_the_same_numbers() {
    let mut pair = media_pair(12, Link::new(ms(1)));
    let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
    connect(&mut pair);
    play_video(&mut pair, video, 0, 10, 3_000);
    pair.a.connection.set_direction(pair.now(), video, Direction::Inactive).unwrap();
    pair.negotiate();
    let now = pair.now();
    let frame = OutgoingFrame::new(payload_type(&pair.a, video, "VP8"), 0, vp8(0, true, 100).into());
    assert_eq!(
        pair.a.connection.send_frame(now, video, None, frame).map_err(|error| error.name()),
        Err("InvalidStateError")
    );
    pair.a.connection.set_direction(now, video, Direction::SendOnly).unwrap();
    pair.negotiate();
    play_video(&mut pair, video, 30, 10, 3_000);
    let seen = frames(&pair.b, TransceiverId(0));
    assert_eq!(seen.len(), 20);
    assert!(seen.iter().all(|frame| frame.ssrc == seen[0].ssrc));
    // webrtc-pc §5.3: the track is muted when the description stops it, and not before packets come again unmuted.
    let mutes =
        pair.b.events.iter().filter(|event| matches!(event, Event::TrackMuted(_) | Event::TrackUnmuted(_)));
    let id = TransceiverId(0);
    let expected = [Event::TrackUnmuted(id), Event::TrackMuted(id), Event::TrackUnmuted(id)];
    assert_eq!(mutes.cloned().collect::<Vec<_>>(), expected);
}

#[test]
fn calls_that_cannot_be_are_errors() {
    let mut pair = media_pair(13, Link::new(ms(1)));
    let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
    let now = pair.now();
    let send = |pair: &mut Pair, id, payload_type, data: Vec<u8>| {
        let frame = OutgoingFrame::new(payload_type, 0, data.into());
        pair.a.connection.send_frame(now, id, None, frame).map_err(|error| error.name())
    };
    assert_eq!(send(&mut pair, video, 96, vec![0]), Err("InvalidStateError"));
    assert_eq!(send(&mut pair, TransceiverId(9), 96, vec![0]), Err("InvalidAccessError"));
    connect(&mut pair);
    assert_eq!(send(&mut pair, video, 1, vec![0]), Err("TypeError"));
    assert_eq!(send(&mut pair, video, 96, vec![]), Err("TypeError"));
}

#[test]
fn a_connection_without_channels_says_goodbye_too() {
    let mut pair = media_pair(14, Link::new(ms(1)));
    add(&mut pair.a, AUDIO, Direction::SendOnly);
    connect(&mut pair);
    let now = pair.now();
    pair.a.connection.close(now);
    pair.run(ms(100));
    let closed = Event::DtlsStateChange(siskin_peer::DtlsTransportState::Closed);
    assert!(pair.b.events.contains(&closed), "{:?}", pair.b.events);
}

/// RFC 5506 §5, read off the wire: the first eight bytes of SRTCP are in clear, and say which packet comes first.
#[test]
fn feedback_goes_without_reports_only_where_that_was_agreed_on() {
    for agreed in [true, false] {
        let mut pair = media_pair(16, Link::new(ms(1)));
        let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
        let now = pair.now();
        pair.a.connection.set_local_description(now, None).unwrap();
        let mut offer = pair.a.connection.local_description().unwrap();
        if !agreed {
            offer.sdp = offer.sdp.replace("a=rtcp-rsize\r\n", "");
        }
        pair.b.connection.set_remote_description(now, offer).unwrap();
        pair.b.connection.set_local_description(now, None).unwrap();
        let answer = pair.b.connection.local_description().unwrap();
        pair.a.connection.set_remote_description(now, answer).unwrap();
        pair.run_until(ms(5_000), connected);
        play_video(&mut pair, video, 0, 30, 3_000);
        let types = pair.b.sent.iter().filter(|datagram| siskin_rtp::wire::is_rtcp(datagram));
        let types: Vec<u8> = types.filter_map(|datagram| datagram.get(1).copied()).collect();
        let reports = types.iter().filter(|kind| matches!(kind, 200 | 201)).count();
        assert!(reports > 0 && types.len() > 5, "{types:?}");
        assert_eq!(reports == types.len(), !agreed, "{types:?}");
    }
}

/// RFC 3611 §5.2: who only receives learns the round trip from a peer that says it answers, of each stream, and asks no other.
#[test]
fn who_only_receives_learns_the_round_trip_where_that_was_agreed_on() {
    const CLOCKS: &str = "a=rtcp-xr:rcvr-rtt=all\r\n";
    for agreed in [true, false] {
        let mut pair = media_pair(18, Link::new(ms(40)));
        let audio = add(&mut pair.a, AUDIO, Direction::SendOnly);
        let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
        let now = pair.now();
        pair.a.connection.set_local_description(now, None).unwrap();
        let mut offer = pair.a.connection.local_description().unwrap();
        assert_eq!(offer.sdp.matches(CLOCKS).count(), 2, "{}", offer.sdp);
        if !agreed {
            offer.sdp = offer.sdp.replace(CLOCKS, "a=rtcp-xr:voip-metrics\r\n");
        }
        pair.b.connection.set_remote_description(now, offer).unwrap();
        pair.b.connection.set_local_description(now, None).unwrap();
        let answer = pair.b.connection.local_description().unwrap();
        assert_eq!(answer.sdp.matches(CLOCKS).count(), if agreed { 2 } else { 0 }, "{}", answer.sdp);
        pair.a.connection.set_remote_description(now, answer).unwrap();
        pair.run_until(ms(5_000), connected);
        let opus = payload_type(&pair.a, audio, "opus");
        for frame in 0..60_u32 {
            let data = vec![0xfc, 1, 2, 3].into();
            let frame_of = OutgoingFrame::new(opus, frame * 4_800, data);
            pair.a.connection.send_frame(pair.now(), audio, None, frame_of).unwrap();
            play_frame(&mut pair, video, frame);
            pair.run(ms(100));
        }
        let stats = pair.b.connection.get_stats(pair.now());
        let remote: Vec<_> = stats
            .into_iter()
            .filter_map(|stats| match stats.kind {
                StatsKind::RemoteOutboundRtp(remote) => Some(remote),
                _ => None,
            })
            .collect();
        assert_eq!(remote.len(), 2, "audio and video");
        for remote in remote {
            let count = remote.round_trip_time_measurements;
            assert_eq!(count >= 3, agreed, "{remote:?}");
            assert_eq!(remote.round_trip_time.is_some(), agreed, "{remote:?}");
            let mean = remote.total_round_trip_time / count.max(1) as f64;
            assert!(!agreed || (0.079..0.083).contains(&mean), "40 ms there and back: {remote:?}");
        }
    }
}

/// One frame of video.
fn play_frame(pair: &mut Pair, id: TransceiverId, frame: u32) {
    let number = payload_type(&pair.a, id, "VP8");
    let data = vp8(frame, frame == 0, 500).into();
    let now = pair.now();
    pair.a.connection.send_frame(now, id, None, OutgoingFrame::new(number, frame * 9_000, data)).unwrap();
}

/// A peer can ask for key frames as often as it likes: what nobody has read yet waits once.
#[test]
fn requests_that_nobody_reads_do_not_pile_up() {
    let mut pair = media_pair(17, Link::new(ms(1)));
    let video = add(&mut pair.a, VIDEO, Direction::SendOnly);
    connect(&mut pair);
    play_video(&mut pair, video, 0, 5, 3_000);
    pair.a.holds_events = true;
    for _ in 0..50 {
        pair.b.connection.request_key_frame(pair.now(), TransceiverId(0), None).unwrap();
        pair.run(ms(50));
    }
    let received = |stats: &siskin_peer::stats::Stats| match &stats.kind {
        StatsKind::OutboundRtp(outbound) => outbound.pli_count,
        _ => None,
    };
    let stats = pair.a.connection.get_stats(pair.now());
    assert!(stats.iter().find_map(received).is_some_and(|count| count > 20), "they came");
    let before = pair.a.events.len();
    pair.a.holds_events = false;
    pair.a.drain(pair.now());
    let asked = |event: &&Event| matches!(event, Event::KeyFrameRequested { .. });
    assert_eq!(pair.a.events.iter().skip(before).filter(asked).count(), 1);
}
